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

  # One line for each step, and what ran before each commit. Both are optional.
  events_file = "events.jsonl"
  backup_dir  = "backups"
}

resource "provision_device" "r1" {
  name = "r1" # address, driver and configuration come from the inventory
}
