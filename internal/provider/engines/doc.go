// Package engines holds the tests of what must be so on Terraform and on
// OpenTofu alike: how the provider is installed, and a life of both resources
// side by side. The engine is the one that acctest.Engine names; tools/test.sh
// runs them on both.
package engines
