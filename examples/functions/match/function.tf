locals {
  mappings = {
    devices = [
      { name = "any device", default = true, templates = ["ICMP Ping"], host_groups = ["Network"] },
      { name = "core routers", roles = ["core"], templates = ["Linux by Zabbix agent"], host_groups = ["Network/Core"], proxy = "ams-proxy" },
    ]
    tags = {
      prefix      = "netbox_"
      default_tag = "id"
      values      = { rack = "custom_fields.rack" }
    }
    inventory = { site_rack = ["custom_fields.rack", "site"] }
  }
}

# What the rules give a core router with a rack: the rule "core routers" wins.
output "r1" {
  value = provider::provision::match(local.mappings, {
    kind          = "device"
    id            = "42"
    name          = "r1"
    site          = "ams"
    role          = "core"
    custom_fields = { rack = "A4" }
  })
}
