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

  # The devices as the function match takes them: without the keys of the file that
  # rules do not see, and with the addresses under their names in rules.
  objects = {
    for name, d in local.inventory.devices : name => merge(
      { for key, value in d : key => value if !contains(["config", "config_file", "credentials", "ipv4", "ipv6", "oob"], key) },
      { primary_ip4 = try(d.ipv4, null), primary_ip6 = try(d.ipv6, null), oob_ip = try(d.oob, null) },
      { kind = "device", name = name, status = try(d.status, "active") },
    )
  }
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
    for name, object in local.objects :
    name => provider::provision::match(local.mappings, object).explain
  }
}

# The same of the hosts themselves: also what the configuration itself says.
output "matched_rules" {
  value = { for name, h in zabbix_agent_host.device : name => h.matched_rules }
}
