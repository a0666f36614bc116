# One virtual machine as a host in Zabbix. Each has a state of its own: a run says
# which schema of the database it is, and gives the variables.

terraform {
  backend "pg" {}
}

module "agent_host" {
  source = "../../modules/agent_host"

  name = var.name
  kind = "virtual_machine"
  site = var.site
}
