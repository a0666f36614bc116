# What the variables refuse, before anybody is asked anything.

mock_provider "provision" {}

variables {
  site = "ams1"
}

run "site_with_blanks" {
  command = plan

  variables {
    site = " ams1"
  }
  expect_failures = [var.site]
}

run "tenant_without_a_name" {
  command = plan

  variables {
    tenant = ""
  }
  expect_failures = [var.tenant]
}

run "empty_filters" {
  command = plan

  variables {
    devices          = { roles = [] }
    virtual_machines = { tags = [] }
  }
  expect_failures = [var.devices, var.virtual_machines]
}

run "canary_without_a_name" {
  command = plan

  variables {
    canary = [""]
  }
  expect_failures = [var.canary]
}

run "words_and_durations" {
  command = plan

  variables {
    confirm_timeout = "90"
    on_drift        = "ignore"
    on_unreachable  = "forget"
  }
  expect_failures = [var.confirm_timeout, var.on_drift, var.on_unreachable]
}

run "words_of_monitoring" {
  command = plan

  variables {
    monitoring = { on_destroy = "bury", wait_for_agent = "soon" }
  }
  expect_failures = [var.monitoring]
}

run "custom_field_without_values" {
  command = plan

  variables {
    monitoring = { exclude_custom_fields = { no_monitoring = [] } }
  }
  expect_failures = [var.monitoring]
}

run "key_that_is_none" {
  command = plan

  variables {
    tls_psk = "abc"
  }
  expect_failures = [var.tls_psk]
}
