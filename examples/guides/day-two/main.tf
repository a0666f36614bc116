terraform {
  required_version = ">= 1.11"
  required_providers {
    provision = {
      source = "netprovision/provision"
    }
  }
}

variable "login_key" {
  description = "Private key that the provider logs in to the devices with."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "agent_psk" {
  description = "Pre-shared keys of the Zabbix agents by device."
  type        = map(string)
  sensitive   = true
  ephemeral   = true
}

provider "provision" {
  inventory_file = "inventory.yaml"
  events_file    = "events.jsonl"

  credentials = {
    default = { username = "netops", private_key = var.login_key }
  }

  ssh = {
    known_hosts = ["known_hosts"]
  }

  zabbix = {
    url = "https://zabbix.example.net"
    # The token comes from the environment: PROVISION_ZABBIX_TOKEN.
  }
}

locals {
  devices = yamldecode(file("${path.module}/inventory.yaml")).devices
}

resource "provision_device" "edge" {
  for_each = local.devices

  name = each.key
}

resource "zabbix_agent_host" "edge" {
  for_each = local.devices
  provider = provision

  device      = each.key
  templates   = ["Linux by Zabbix agent"]
  host_groups = ["Linux servers"]

  tls     = { connect = "psk", psk_identity = each.value.custom_fields.psk_identity }
  tls_psk = var.agent_psk[each.key]
}
