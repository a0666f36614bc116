data "provision_devices" "edge" {
  sites    = ["ams", "fra"]
  roles    = ["edge"]
  statuses = ["active"]
}

# Each device gets the configuration that the source of truth has for it.
resource "provision_device" "edge" {
  for_each = data.provision_devices.edge.devices

  name           = each.value.name
  site           = each.value.site
  on_unreachable = "skip"
}
