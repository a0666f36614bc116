import {
  provider = provision
  to       = zabbix_agent_host.edge1
  identity = {
    host = "edge1"
  }
}
