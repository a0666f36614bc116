terraform {
  required_version = ">= 1.11"

  required_providers {
    provision = {
      source = "netprovision/provision"
    }
  }
}

provider "provision" {
  inventory_file = "inventory.yaml"

  credentials = {
    default = {
      username    = "netops"
      private_key = file("~/.ssh/id_ed25519")
    }
  }

  ssh = {
    known_hosts = ["known_hosts"]
  }
}

data "provision_devices" "edge" {
  roles = ["edge"]
}

resource "provision_device" "edge" {
  for_each = data.provision_devices.edge.devices

  # The key is the id of NetBox or Nautobot, or the name in an inventory file.
  name   = each.value.name
  site   = each.value.site
  tenant = each.value.tenant
}
