# One host in Zabbix, by the name of its object in the source of truth. What it
# is monitored with comes from the mappings of the provider.

resource "zabbix_agent_host" "this" {
  provider = provision

  device          = var.kind == "device" ? var.name : null
  virtual_machine = var.kind == "virtual_machine" ? var.name : null
  site            = var.site
  tenant          = var.tenant

  adopt          = var.adopt
  on_destroy     = var.on_destroy
  wait_for_agent = var.wait_for_agent
  tls_psk        = var.tls_psk
}
