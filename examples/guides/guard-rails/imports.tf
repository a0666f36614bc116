# Devices and hosts that are there already come into the state. May be removed
# once it has been applied.
import {
  for_each = toset(["ams1-edge2"])

  to = module.site.provision_device.this[each.key]
  id = each.key
}

import {
  for_each = toset(["ams1-web1"])

  to = module.site.zabbix_agent_host.virtual_machine[each.key]
  id = each.key
}
