# Needs Terraform 1.12 or later. (The generator of the docs takes this example only
# from an engine that knows identities, so it has a name of its own.)
import {
  provider = provision
  to       = zabbix_agent_host.edge1
  identity = {
    host = "edge1"
  }
}
