# In the root that takes edge1 over, beside its own resources.
import {
  to = provision_device.edge["edge1"]
  id = "edge1"
}

import {
  provider = provision
  to       = zabbix_agent_host.edge["edge1"]
  id       = "edge1"
}
