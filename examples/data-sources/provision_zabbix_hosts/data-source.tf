# What is in Zabbix now.
data "provision_zabbix_hosts" "web" {
  host_groups = ["Web servers"]
  tags        = { site = ["ams", "fra"] }
}

# What shall be in Zabbix: {"web1": {}, "web2": {}}. The file says it, not Zabbix.
locals {
  hosts = jsondecode(file("${path.module}/hosts.json"))
}

# Brings all of them into the state, with one block.
import {
  provider = provision
  for_each = { for name, h in data.provision_zabbix_hosts.web.hosts : name => h if contains(keys(local.hosts), name) }
  to       = zabbix_agent_host.web[each.key]
  id       = "hostid=${each.value.id}"
}

resource "zabbix_agent_host" "web" {
  provider = provision
  for_each = local.hosts

  host = each.key
}
