import {
  provider = provision
  to       = zabbix_agent_host.edge1
  id       = "edge1"
}
