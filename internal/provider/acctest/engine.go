package acctest

import (
	"cmp"
	"os"
)

// EngineVariable names the environment variable with the path of the engine
// that the tests run, Terraform or OpenTofu; without it they run the terraform
// of the PATH. The library for acceptance tests reads the same one.
const EngineVariable = "TF_ACC_TERRAFORM_PATH"

// hostVariable names the one with the registry host that provider addresses
// without a host get. The library for acceptance tests must be told, since the
// engines differ in it.
const hostVariable = "TF_ACC_PROVIDER_HOST"

// Engine is the program that the tests run, as a name or a path.
func Engine() string { return cmp.Or(os.Getenv(EngineVariable), "terraform") }

// RegistryHost is the host that the engine takes for a provider address without
// one, such as netprovision/provision.
func RegistryHost() string { return cmp.Or(os.Getenv(hostVariable), "registry.terraform.io") }

// OpenTofu tells whether the engine is OpenTofu.
func OpenTofu() bool { return RegistryHost() == "registry.opentofu.org" }
