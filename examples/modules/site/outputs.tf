# No whole objects: diff, removes and change_id come and go, and an output with
# them would be a change in every other plan.

output "devices" {
  description = "Names of the devices by key, the canary's among them."
  value       = { for key, d in local.devices : key => d.name }
}

output "canary" {
  description = "Names of the devices that go first, by key."
  value       = { for key, d in local.canary : key => d.name }
}

output "addresses" {
  description = "Addresses inside the module by name of the device, for `-target` and `terraform state`."
  value = merge(
    { for key, d in local.canary : d.name => "provision_device.canary[${jsonencode(key)}]" },
    { for key, d in local.others : d.name => "provision_device.this[${jsonencode(key)}]" },
  )
}

output "hosts" {
  description = "Hosts in Zabbix: where a person finds each, by its technical name."
  value = merge(
    { for h in zabbix_agent_host.device : h.host => h.url },
    { for h in zabbix_agent_host.virtual_machine : h.host => h.url },
  )
}
