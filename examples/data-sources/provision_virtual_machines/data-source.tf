data "provision_virtual_machines" "web" {
  sites    = ["ams"]
  statuses = ["active"]

  custom_fields = {
    owner = ["web", "shop"]
  }
}

resource "zabbix_agent_host" "web" {
  provider = provision
  for_each = data.provision_virtual_machines.web.virtual_machines

  virtual_machine = each.value.name
  site            = each.value.site
}
