# May be removed once the import has been applied.
import {
  for_each = data.provision_devices.edge.devices

  to = provision_device.edge[each.key]
  id = each.key
}
