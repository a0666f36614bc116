# What a run for one object needs of a site's module: its addresses.
terraform {
  required_providers {
    provision = {
      source = "netprovision/provision"
    }
  }
}

variable "name" {
  type = string
}

variable "replace_config" {
  type    = bool
  default = false
}

data "provision_devices" "this" {
  sites = [var.name]
}

data "provision_virtual_machines" "this" {
  sites       = [var.name]
  allow_empty = true
}

resource "provision_device" "this" {
  for_each = data.provision_devices.this.devices

  name           = each.value.name
  site           = each.value.site
  replace_config = var.replace_config
}

resource "zabbix_agent_host" "virtual_machine" {
  provider = provision
  for_each = data.provision_virtual_machines.this.virtual_machines

  virtual_machine = each.value.name
  site            = each.value.site
  templates       = ["Linux by Zabbix agent"]
  host_groups     = ["Linux servers"]
}
