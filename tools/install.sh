#!/bin/bash
# install.sh BINARY PLUGIN_DIR VERSION: puts the provider where Terraform looks
# for it, and says how to use it.
set -euo pipefail

binary=$1 plugins=$2 version=$3
dir=$plugins/registry.terraform.io/netprovision/provision/$version/$(go env GOOS)_$(go env GOARCH)
mkdir -p "$dir"
install -m 755 "$binary" "$dir/terraform-provider-provision_v$version"
cat <<X2
installed $dir/terraform-provider-provision_v$version

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
terraform init finds it there by itself. If your CLI configuration
(~/.terraformrc) has a provider_installation block, add to it:
X2
else
	echo "Tell terraform init where it is, in the CLI configuration (~/.terraformrc):"
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
