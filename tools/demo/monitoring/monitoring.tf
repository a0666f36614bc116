# Every router and one virtual machine under Zabbix agent monitoring. What each
# is monitored with is said by the rules in mappings.yaml.

resource "zabbix_agent_host" "router" {
  provider = provision
  for_each = { for name, d in local.devices : name => d if d.driver == "frr" }

  device  = each.key
  tls_psk = var.zabbix.psk # write-only

  # Monitoring begins when the router has its configuration.
  depends_on = [provision_device.this]
}

resource "zabbix_agent_host" "web" {
  provider = provision

  virtual_machine = "web1"
  description     = "made by the demo"
  tls_psk         = var.zabbix.psk
}
