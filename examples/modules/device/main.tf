# One device, by its name in the source of truth. For a run that is about this
# one: its only state is what the run is given.

resource "provision_device" "this" {
  name   = var.name
  site   = var.site
  tenant = var.tenant

  replace_config  = var.replace_config
  commit_changes  = var.commit_changes
  confirm_timeout = var.confirm_timeout
  on_drift        = var.on_drift
  save            = var.save
}
