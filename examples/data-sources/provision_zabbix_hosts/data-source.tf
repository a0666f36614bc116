data "provision_zabbix_hosts" "web" {
  host_groups = ["Web servers"]
  tags        = { site = ["ams", "fra"] }
}

# Brings all of them into the state, with one block.
import {
  provider = provision
  for_each = data.provision_zabbix_hosts.web.hosts
  to       = zabbix_agent_host.web[each.key]
  id       = "hostid=${each.value.id}"
}

resource "zabbix_agent_host" "web" {
  provider = provision
  for_each = data.provision_zabbix_hosts.web.hosts

  host = each.key
}
