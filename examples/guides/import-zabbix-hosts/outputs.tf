# The list of names for hosts.json.
output "hosts" {
  value = jsonencode({ for name in keys(data.provision_zabbix_hosts.web.hosts) : name => {} })
}

# One import block for each host, for generated configuration.
output "imports" {
  value = join("\n", [for name, h in data.provision_zabbix_hosts.web.hosts : <<-EOT
    import {
      to = zabbix_agent_host.${replace(name, "/[^A-Za-z0-9_-]/", "_")}
      id = "hostid=${h.id}"

      provider = provision
    }
  EOT
  ])
}
