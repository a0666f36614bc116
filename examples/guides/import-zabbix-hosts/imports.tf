import {
  provider = provision
  for_each = { for name, h in data.provision_zabbix_hosts.web.hosts : name => h if contains(keys(local.hosts), name) }
  to       = zabbix_agent_host.web[each.key]
  id       = "hostid=${each.value.id}"
}
