mock_provider "provision" {
  override_during = plan
}

variables {
  name = "ams1-edge1"
}

run "one_device" {
  command = plan

  variables {
    site           = "ams1"
    tenant         = "net"
    replace_config = true
    commit_changes = false
  }
  assert {
    condition     = provision_device.this.name == "ams1-edge1" && provision_device.this.site == "ams1" && provision_device.this.tenant == "net"
    error_message = "It is another device."
  }
  assert {
    condition     = provision_device.this.replace_config && !provision_device.this.commit_changes
    error_message = "An option is lost."
  }
}

run "refused" {
  command = plan

  variables {
    name            = " "
    site            = ""
    tenant          = " net"
    confirm_timeout = "90"
    on_drift        = "ignore"
  }
  expect_failures = [var.name, var.site, var.tenant, var.confirm_timeout, var.on_drift]
}
