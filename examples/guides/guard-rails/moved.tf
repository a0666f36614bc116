# ams1-core1 joins the canary: its state goes with it. Remove the block when it
# has been applied; when the device leaves again, write the opposite. With NetBox
# or Nautobot the id stands in place of the name: this["12"].
moved {
  from = module.site.provision_device.this["ams1-core1"]
  to   = module.site.provision_device.canary["ams1-core1"]
}
