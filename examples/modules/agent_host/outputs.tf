# Nothing that comes and goes, such as diff, removes and agent_state: an output of
# it would be a change in every other plan.

output "id" {
  description = "The hostid."
  value       = zabbix_agent_host.this.id
}

output "url" {
  description = "The host's latest data in Zabbix."
  value       = zabbix_agent_host.this.url
}

output "matched_rules" {
  description = "Why: where each template, host group, proxy, tag and inventory value comes from."
  value       = zabbix_agent_host.this.matched_rules
}
