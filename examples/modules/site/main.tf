# The devices of one site. The source of truth says which there are, where they
# are and what they should run; the keys are its ids (names with an inventory
# file), so that a device keeps its address here when it gets another name.

data "provision_devices" "this" {
  sites         = [var.site]
  tenants       = var.tenant == null ? null : [var.tenant]
  roles         = var.devices.roles
  platforms     = var.devices.platforms
  statuses      = var.devices.statuses
  tags          = var.devices.tags
  custom_fields = var.devices.custom_fields
  allow_empty   = var.devices.allow_empty

  lifecycle {
    postcondition {
      condition     = length(setsubtract(var.canary, [for d in self.devices : d.name])) == 0
      error_message = "No device of ${var.site}, as it is filtered, has the name ${join(", ", setsubtract(var.canary, [for d in self.devices : d.name]))}: correct canary, which must name devices of this module."
    }
  }
}

locals {
  devices = data.provision_devices.this.devices

  canary = { for key, d in local.devices : key => d if contains(var.canary, d.name) }
  others = { for key, d in local.devices : key => d if !contains(var.canary, d.name) }
}

# They go first; when one of them fails, no other device of the site is begun.
resource "provision_device" "canary" {
  for_each = local.canary

  name   = each.value.name
  site   = each.value.site
  tenant = each.value.tenant

  replace_config  = var.replace_config
  commit_changes  = var.commit_changes
  confirm_timeout = var.confirm_timeout
  on_drift        = var.on_drift
  on_unreachable  = "error" # one that is not looked at says nothing about the others
  save            = var.save

  lifecycle {
    precondition {
      condition     = each.value.host != null
      error_message = "${each.value.name} has no address in the source of truth: give it a primary address, or a status that devices.statuses leaves out."
    }
  }
}

resource "provision_device" "this" {
  for_each = local.others

  name   = each.value.name
  site   = each.value.site
  tenant = each.value.tenant

  replace_config  = var.replace_config
  commit_changes  = var.commit_changes
  confirm_timeout = var.confirm_timeout
  on_drift        = var.on_drift
  on_unreachable  = var.on_unreachable
  save            = var.save

  depends_on = [provision_device.canary]

  lifecycle {
    precondition {
      condition     = each.value.host != null
      error_message = "${each.value.name} has no address in the source of truth: give it a primary address, or a status that devices.statuses leaves out."
    }
  }
}
