# Warnings that a person reads first; they stop nothing. They look only when
# var.nightly is true: a plan with changes that are meant is no drift, and of a
# host that is still to be made nothing is known.

locals {
  differing = var.nightly ? sort(concat(
    [for d in provision_device.canary : d.name if try(coalesce(d.diff, d.uncommitted_diff), "") != ""],
    [for d in provision_device.this : d.name if try(coalesce(d.diff, d.uncommitted_diff), "") != ""],
    [for h in zabbix_agent_host.device : "${h.device} in Zabbix" if try(coalesce(h.diff), "") != ""],
    [for h in zabbix_agent_host.virtual_machine : "${h.virtual_machine} in Zabbix" if try(coalesce(h.diff), "") != ""],
  )) : []
  silent = var.nightly ? sort(concat(
    [for h in zabbix_agent_host.device : h.device if h.agent_state == "unavailable"],
    [for h in zabbix_agent_host.virtual_machine : h.virtual_machine if h.agent_state == "unavailable"],
  )) : []
}

check "drift" {
  assert {
    condition     = length(local.differing) == 0
    error_message = "${var.site} differs from the source of truth: ${join(", ", local.differing)}. The plan shows how; apply it, or correct the source of truth."
  }
}

check "agents" {
  assert {
    condition     = length(local.silent) == 0
    error_message = "Agents of ${var.site} do not answer: ${join(", ", local.silent)}. Look at the host's interface in Zabbix, and at the agent's Server and ListenIP."
  }
}
