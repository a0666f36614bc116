# May be removed once the import has been applied.
import {
  for_each = data.provision_devices.edge.devices

  to = provision_device.edge[each.key]
  # The name, with site and tenant where the source of truth says them: "r1",
  # "r1,site=ams,tenant=noc".
  id = join(",", compact([
    each.value.name,
    each.value.site == null ? "" : "site=${each.value.site}",
    each.value.tenant == null ? "" : "tenant=${each.value.tenant}",
  ]))
}
