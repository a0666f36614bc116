# Three FRR routers in a ring and one NETCONF device. Where they are is in
# inventory.yaml, what they should be in configs/.

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
      private_key = file("../lab/id_ed25519")
    }
  }

  ssh = {
    known_hosts     = ["../lab/known_hosts"]
    connect_timeout = "5s"
  }

  events_file = "events.jsonl"
  backup_dir  = "backups"
}

locals {
  # A map of the devices by name.
  devices = yamldecode(file("inventory.yaml")).devices
}

variable "replace_config" {
  description = "true: what a configuration does not name is removed."
  type        = bool
  default     = false
}

variable "commit_changes" {
  description = "false: show the difference, also at apply, and leave the device alone."
  type        = bool
  default     = true
}

variable "on_unreachable" {
  description = "skip: a device that does not answer is left out of the plan."
  type        = string
  default     = "error"
}

resource "provision_device" "this" {
  for_each = local.devices

  name = each.key # address, driver and configuration come from the inventory

  replace_config  = var.replace_config
  commit_changes  = var.commit_changes
  on_unreachable  = var.on_unreachable
  confirm_timeout = "15s" # as short as a demonstration needs it; the default is 2m
}
