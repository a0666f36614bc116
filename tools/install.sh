#!/bin/bash
# install.sh BINARY PLUGIN_DIR VERSION: puts the provider where Terraform and
# OpenTofu look for it, each under its own registry, and says how to use it.
set -euo pipefail

binary=$1 plugins=$2 version=$3
for registry in registry.terraform.io registry.opentofu.org; do
	dir=$plugins/$registry/netprovision/provision/$version/$(go env GOOS)_$(go env GOARCH)
	mkdir -p "$dir"
	install -m 755 "$binary" "$dir/terraform-provider-provision_v$version"
	echo "installed $dir/terraform-provider-provision_v$version"
done
cat <<X2

In a configuration:

  terraform {
    required_providers {
      provision = {
        source  = "netprovision/provision"
        version = "$version"
      }
    }
  }

X2
if [ "$plugins" = "$HOME/.terraform.d/plugins" ]; then
	cat <<X2
terraform init and tofu init find it there by themselves. If your CLI
configuration (~/.terraformrc, ~/.tofurc) has a provider_installation block, add to it:
X2
else
	echo "Tell init where it is, in the CLI configuration (~/.terraformrc, ~/.tofurc):"
fi
cat <<X2

  provider_installation {
    filesystem_mirror {
      path    = "$plugins"
      include = ["netprovision/provision"]
    }
    direct {
      exclude = ["netprovision/provision"]
    }
  }

After another install of the same version: rm .terraform.lock.hcl && terraform init
X2
