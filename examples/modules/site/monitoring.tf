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

# What a custom field leaves out: a filter cannot say "not", so that each field
# is asked for by itself.
data "provision_devices" "unmonitored" {
  for_each = var.monitoring.devices ? var.monitoring.exclude_custom_fields : {}

  sites         = [var.site]
  tenants       = var.tenant == null ? null : [var.tenant]
  custom_fields = { (each.key) = each.value }
  allow_empty   = true
}

data "provision_virtual_machines" "unmonitored" {
  for_each = var.monitoring.virtual_machines ? var.monitoring.exclude_custom_fields : {}

  sites         = [var.site]
  tenants       = var.tenant == null ? null : [var.tenant]
  custom_fields = { (each.key) = each.value }
  allow_empty   = true
}

locals {
  unmonitored_devices          = toset(flatten([for d in data.provision_devices.unmonitored : keys(d.devices)]))
  unmonitored_virtual_machines = toset(flatten([for d in data.provision_virtual_machines.unmonitored : keys(d.virtual_machines)]))

  monitored_devices = {
    for key, d in local.devices : key => d
    if var.monitoring.devices && !contains(var.monitoring.exclude, d.name) && !contains(local.unmonitored_devices, key)
  }
  monitored_virtual_machines = {
    for key, vm in try(data.provision_virtual_machines.this[0].virtual_machines, {}) : key => vm
    if !contains(var.monitoring.exclude, vm.name) && !contains(local.unmonitored_virtual_machines, key)
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
