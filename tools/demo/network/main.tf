# Three FRR routers in a ring and one NETCONF device, and a Zabbix that shall
# monitor them. Where they are is in inventory.yaml, what they should be in
# configs/, what they are monitored with in mappings.yaml.

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

  zabbix = {
    url      = var.zabbix.url
    username = "Admin"
    password = "zabbix" # as a fresh Zabbix has it
    mappings = yamldecode(file("mappings.yaml"))

    create_host_groups = true

    defaults = {
      agent_port     = var.zabbix.agent_port
      wait_for_agent = "2m"
      inventory_mode = "manual"
      tls            = { connect = "psk", psk_identity = var.zabbix.psk_identity }
    }
  }

  events_file = "events.jsonl"
  backup_dir  = "backups"
}

locals {
  # A map of the devices by name.
  devices = yamldecode(file("inventory.yaml")).devices
}

variable "zabbix" {
  description = "How Zabbix is reached, and the agents, which accept this key."
  type        = object({ url = string, agent_port = string, psk_identity = string, psk = string })
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
