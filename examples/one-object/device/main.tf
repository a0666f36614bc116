# One device and its host in Zabbix. Each device has a state of its own: a run says
# which schema of the database it is, and gives the variables.

terraform {
  backend "pg" {}
}

module "device" {
  source = "../../modules/device"

  name = var.name
  site = var.site
}

module "agent_host" {
  source = "../../modules/agent_host"

  name = var.name
  site = var.site
}
