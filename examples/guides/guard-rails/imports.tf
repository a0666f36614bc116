# Devices and hosts that are there already come into the state. May be removed
# once it has been applied. Each key is that of the module: the name with an
# inventory file, the id with NetBox or Nautobot: { "12" = "ams1-edge2" }.
import {
  for_each = { "ams1-edge2" = "ams1-edge2" }

  to = module.site.provision_device.this[each.key]
  id = each.value # the device's name
}

import {
  for_each = { "ams1-web1" = "ams1-web1" }

  to = module.site.zabbix_agent_host.virtual_machine[each.key]
  id = each.value # the host's technical name in Zabbix
}
