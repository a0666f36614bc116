# The module without a network: the source of truth is a file, devices and hosts
# are stand-ins. (Terraform 1.11 cannot mock a map of objects, which is what the
# data sources give; what needs none is in variables.tftest.hcl. Runs only plan:
# it applies no test of a module that has an ephemeral variable.)

provider "provision" {
  inventory_file = "tests/inventory.yaml"
}

override_resource {
  target          = provision_device.this
  override_during = plan
  values          = { diff = null, uncommitted_diff = null }
}

override_resource {
  target          = provision_device.canary
  override_during = plan
  values          = { diff = null, uncommitted_diff = null }
}

override_resource {
  target          = zabbix_agent_host.device
  override_during = plan
  values          = { diff = null, agent_state = "available" }
}

override_resource {
  target          = zabbix_agent_host.virtual_machine
  override_during = plan
  values          = { diff = null, agent_state = "available" }
}

variables {
  site = "ams1"
}

run "everything_of_the_site" {
  command = plan

  assert {
    condition     = toset(keys(provision_device.this)) == toset(["ams1-edge1", "ams1-edge2", "ams1-core1"]) && length(provision_device.canary) == 0
    error_message = "The keys of the devices are not those of the source of truth."
  }
  assert {
    condition     = provision_device.this["ams1-edge2"].name == "ams1-edge2" && provision_device.this["ams1-edge2"].site == "ams1" && provision_device.this["ams1-edge2"].tenant == "net"
    error_message = "A device is not asked for by name, site and tenant."
  }
  assert {
    condition     = zabbix_agent_host.device["ams1-core1"].device == "ams1-core1" && zabbix_agent_host.virtual_machine["ams1-web1"].virtual_machine == "ams1-web1"
    error_message = "Not everything is monitored."
  }
  assert {
    condition     = output.devices == { "ams1-edge1" = "ams1-edge1", "ams1-edge2" = "ams1-edge2", "ams1-core1" = "ams1-core1" }
    error_message = "The output does not name the devices."
  }
  assert {
    condition     = data.provision_devices.this.sites == tolist(["ams1"]) && data.provision_devices.this.tenants == null && !data.provision_devices.this.allow_empty
    error_message = "The source of truth is not asked for the site."
  }
}

run "canary_first" {
  command = plan

  variables {
    canary         = ["ams1-edge2"]
    on_unreachable = "skip"
  }
  assert {
    condition     = toset(keys(provision_device.canary)) == toset(["ams1-edge2"]) && toset(keys(provision_device.this)) == toset(["ams1-edge1", "ams1-core1"])
    error_message = "The canary is not apart from the others."
  }
  assert {
    condition     = provision_device.canary["ams1-edge2"].on_unreachable == "error" && provision_device.this["ams1-edge1"].on_unreachable == "skip"
    error_message = "A canary that does not answer must stop the plan."
  }
  assert {
    condition     = output.addresses["ams1-edge2"] == "provision_device.canary[\"ams1-edge2\"]" && output.addresses["ams1-core1"] == "provision_device.this[\"ams1-core1\"]"
    error_message = "The addresses are not those of the devices."
  }
  assert {
    condition     = length(zabbix_agent_host.device) == 3
    error_message = "Monitoring does not depend on who is the canary."
  }
}

run "options_reach_every_device" {
  command = plan

  variables {
    canary          = ["ams1-edge1"]
    replace_config  = true
    commit_changes  = false
    confirm_timeout = "1m30s"
    on_drift        = "fail"
    save            = false
  }
  assert {
    condition = alltrue([
      for d in concat(values(provision_device.canary), values(provision_device.this)) :
      d.replace_config && !d.commit_changes && d.confirm_timeout == "1m30s" && d.on_drift == "fail" && !d.save
    ])
    error_message = "An option does not reach all devices."
  }
}

run "filters_reach_the_source_of_truth" {
  command = plan

  variables {
    tenant           = "net"
    devices          = { roles = ["edge"], platforms = ["frr"], statuses = ["active"], tags = ["prod"], custom_fields = { rack = ["A4"] }, allow_empty = true }
    virtual_machines = { roles = ["web"], allow_empty = true }
  }
  assert {
    condition = (data.provision_devices.this.tenants == tolist(["net"]) && data.provision_devices.this.roles == tolist(["edge"]) &&
      data.provision_devices.this.platforms == tolist(["frr"]) && data.provision_devices.this.statuses == tolist(["active"]) &&
      data.provision_devices.this.tags == tolist(["prod"]) && data.provision_devices.this.custom_fields["rack"] == tolist(["A4"]) &&
    data.provision_devices.this.allow_empty)
    error_message = "A filter of devices is lost."
  }
  assert {
    condition     = data.provision_virtual_machines.this[0].roles == tolist(["web"]) && data.provision_virtual_machines.this[0].allow_empty
    error_message = "A filter of virtual machines is lost."
  }
}

run "monitoring_off" {
  command = plan

  variables {
    monitoring = { devices = false, virtual_machines = false, exclude_custom_fields = { no_monitoring = ["true"] } }
  }
  assert {
    condition     = length(data.provision_devices.unmonitored) == 0 && length(data.provision_virtual_machines.unmonitored) == 0
    error_message = "The source of truth is asked for nothing."
  }
  assert {
    condition     = length(zabbix_agent_host.device) == 0 && length(zabbix_agent_host.virtual_machine) == 0 && length(data.provision_virtual_machines.this) == 0
    error_message = "Something is monitored."
  }
}

run "monitoring_without_some" {
  command = plan

  variables {
    monitoring = { exclude = ["ams1-edge1", "ams1-web1"], wait_for_agent = "90s", on_destroy = "disable", adopt = true }
    tls_psk    = "0123456789abcdef0123456789abcdef"
  }
  assert {
    condition     = toset(keys(zabbix_agent_host.device)) == toset(["ams1-edge2", "ams1-core1"]) && length(zabbix_agent_host.virtual_machine) == 0
    error_message = "Exclusion does not go by name."
  }
  assert {
    condition     = zabbix_agent_host.device["ams1-edge2"].wait_for_agent == "90s" && zabbix_agent_host.device["ams1-edge2"].on_destroy == "disable" && zabbix_agent_host.device["ams1-edge2"].adopt
    error_message = "An option of monitoring is lost."
  }
}

run "monitoring_without_what_a_custom_field_leaves_out" {
  command = plan

  variables {
    monitoring = { exclude_custom_fields = { no_monitoring = ["true"] } }
  }
  assert {
    condition     = toset(keys(zabbix_agent_host.device)) == toset(["ams1-edge1", "ams1-edge2"]) && length(zabbix_agent_host.virtual_machine) == 0
    error_message = "The custom field does not leave out what it marks, and only that."
  }
  assert {
    condition     = length(provision_device.this) == 3
    error_message = "What is not monitored is configured all the same."
  }
  assert {
    condition = alltrue([
      for d in [data.provision_devices.unmonitored["no_monitoring"], data.provision_virtual_machines.unmonitored["no_monitoring"]] :
      d.sites == tolist(["ams1"]) && d.allow_empty
    ])
    error_message = "Other sites are asked for, or a site without a marked object fails."
  }
}

run "monitoring_without_what_any_custom_field_leaves_out" {
  command = plan

  variables {
    monitoring = { exclude = ["ams1-web1"], exclude_custom_fields = { no_monitoring = ["true"], life = ["planned", "retired"], unheard_of = ["x"] } }
  }
  assert {
    condition     = toset(keys(zabbix_agent_host.device)) == toset(["ams1-edge1"]) && length(zabbix_agent_host.virtual_machine) == 0
    error_message = "One field of several is not enough."
  }
}

run "drift_is_named" {
  command = plan

  variables {
    nightly = true
    canary  = ["ams1-edge1"]
  }
  override_resource {
    target          = provision_device.this
    override_during = plan
    values          = { diff = "@@ interface lo\n- description other", uncommitted_diff = null }
  }
  override_resource {
    target          = provision_device.canary
    override_during = plan
    values          = { diff = null, uncommitted_diff = null }
  }
  override_resource {
    target          = zabbix_agent_host.device
    override_during = plan
    values          = { diff = null, agent_state = "unavailable" }
  }
  override_resource {
    target          = zabbix_agent_host.virtual_machine
    override_during = plan
    values          = { diff = "@@ tags", agent_state = "available" }
  }
  assert {
    condition     = local.differing == tolist(["ams1-core1", "ams1-edge2", "ams1-web1 in Zabbix"]) && local.silent == tolist(["ams1-core1", "ams1-edge1", "ams1-edge2"])
    error_message = "The checks name others than those that differ."
  }
  expect_failures = [check.drift, check.agents]
}

run "meant_changes_are_no_drift" {
  command = plan

  override_resource {
    target          = provision_device.this
    override_during = plan
    values          = { diff = "@@ interface lo", uncommitted_diff = null }
  }
  assert {
    condition     = length(local.differing) == 0 && length(local.silent) == 0
    error_message = "The checks look although nothing was asked of them."
  }
}

run "canary_that_is_not_there" {
  command = plan

  variables {
    canary = ["ams1-edge9"]
  }
  expect_failures = [data.provision_devices.this]
}

run "device_without_an_address" {
  command = plan

  variables {
    site             = "lon1"
    virtual_machines = { allow_empty = true }
  }
  expect_failures = [provision_device.this]
}

run "canary_without_an_address" {
  command = plan

  variables {
    site             = "lon1"
    virtual_machines = { allow_empty = true }
    canary           = ["lon1-edge1"]
  }
  expect_failures = [provision_device.canary]
}
