terraform {
  required_version = ">= 1.11"
  required_providers {
    provision = {
      source = "netprovision/provision"
    }
  }
}

locals {
  mappings  = yamldecode(file("mappings.yaml"))
  inventory = yamldecode(file("inventory.yaml"))
}

provider "provision" {
  inventory_file = "inventory.yaml"

  zabbix = {
    url                = "https://zabbix.example.net"
    mappings           = local.mappings
    create_host_groups = true
  }
}

# One block for each kind: a device and a virtual machine may have the same name.
resource "zabbix_agent_host" "device" {
  provider = provision
  for_each = local.inventory.devices

  device = each.key
}

resource "zabbix_agent_host" "vm" {
  provider = provision
  for_each = local.inventory.virtual_machines

  virtual_machine = each.key
}

# What the rules give, and which rule gives it, without asking Zabbix.
output "explain" {
  value = {
    for name, d in local.inventory.devices :
    name => provider::provision::match(local.mappings, merge(d, { kind = "device", name = name })).explain
  }
}

# The same of the hosts themselves: also what the configuration itself says.
output "matched_rules" {
  value = { for name, h in zabbix_agent_host.device : name => h.matched_rules }
}
