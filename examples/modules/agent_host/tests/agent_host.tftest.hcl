mock_provider "provision" {
  override_during = plan
}

variables {
  name = "ams1-web1"
}

run "a_device" {
  command = plan

  variables {
    site   = "ams1"
    tenant = "net"
  }
  assert {
    condition     = zabbix_agent_host.this.device == "ams1-web1" && zabbix_agent_host.this.site == "ams1" && zabbix_agent_host.this.tenant == "net"
    error_message = "It is another object."
  }
}

run "a_virtual_machine" {
  command = plan

  variables {
    kind           = "virtual_machine"
    wait_for_agent = "90s"
    on_destroy     = "keep"
    adopt          = true
    tls_psk        = "0123456789abcdef0123456789abcdef"
  }
  assert {
    condition     = zabbix_agent_host.this.virtual_machine == "ams1-web1" && zabbix_agent_host.this.wait_for_agent == "90s" && zabbix_agent_host.this.on_destroy == "keep" && zabbix_agent_host.this.adopt
    error_message = "It is another object, or an option is lost."
  }
}

run "refused" {
  command = plan

  variables {
    name           = ""
    kind           = "host"
    site           = " ams1"
    tenant         = ""
    wait_for_agent = "soon"
    on_destroy     = "bury"
    tls_psk        = "abc"
  }
  expect_failures = [var.name, var.kind, var.site, var.tenant, var.wait_for_agent, var.on_destroy, var.tls_psk]
}
