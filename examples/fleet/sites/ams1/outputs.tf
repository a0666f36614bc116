# The same file at every site. Texts only: see the module's outputs.

output "addresses" {
  description = "Address in this state by name of the device, for -target and terraform state."
  value       = { for name, address in module.site.addresses : name => "module.site.${address}" }
}

output "hosts" {
  description = "Where a person finds each host in Zabbix."
  value       = module.site.hosts
}
