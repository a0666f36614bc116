# The site in Zabbix. What a host is monitored with comes from the mappings of
# the provider. Hosts wait for no device: one that fails is all the more to be
# monitored.

data "provision_virtual_machines" "this" {
  count = var.monitoring.virtual_machines ? 1 : 0

  sites         = [var.site]
  tenants       = var.tenant == null ? null : [var.tenant]
  roles         = var.virtual_machines.roles
  platforms     = var.virtual_machines.platforms
  statuses      = var.virtual_machines.statuses
  tags          = var.virtual_machines.tags
  custom_fields = var.virtual_machines.custom_fields
  allow_empty   = var.virtual_machines.allow_empty
}

locals {
  monitored_devices = {
    for key, d in local.devices : key => d if var.monitoring.devices && !contains(var.monitoring.exclude, d.name)
  }
  monitored_virtual_machines = {
    for key, vm in try(data.provision_virtual_machines.this[0].virtual_machines, {}) : key => vm
    if !contains(var.monitoring.exclude, vm.name)
  }
}

resource "zabbix_agent_host" "device" {
  provider = provision
  for_each = local.monitored_devices

  device = each.value.name
  site   = each.value.site
  tenant = each.value.tenant

  adopt          = var.monitoring.adopt
  on_destroy     = var.monitoring.on_destroy
  on_unreachable = var.on_unreachable
  wait_for_agent = var.monitoring.wait_for_agent
  tls_psk        = var.tls_psk
}

resource "zabbix_agent_host" "virtual_machine" {
  provider = provision
  for_each = local.monitored_virtual_machines

  virtual_machine = each.value.name
  site            = each.value.site
  tenant          = each.value.tenant

  adopt          = var.monitoring.adopt
  on_destroy     = var.monitoring.on_destroy
  on_unreachable = var.on_unreachable
  wait_for_agent = var.monitoring.wait_for_agent
  tls_psk        = var.tls_psk
}
