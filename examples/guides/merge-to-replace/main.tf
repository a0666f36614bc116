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

variable "replace_config" {
  description = "true: what the intended configuration does not name is removed."
  type        = bool
  default     = false
}

variable "commit_changes" {
  description = "false: show the difference and leave the device alone."
  type        = bool
  default     = true
}

resource "provision_device" "r1" {
  name           = "r1"
  replace_config = var.replace_config
  commit_changes = var.commit_changes
}
