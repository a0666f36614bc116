data "zabbix_agent_host" "edge1" {
  provider = provision

  host = "edge1"
}

output "edge1_templates" {
  value = data.zabbix_agent_host.edge1.templates
}
