# terraform query -generate-config-out=hosts.tf
list "zabbix_agent_host" "routers" {
  provider         = provision
  include_resource = true
  limit            = 100

  config {
    host_groups = ["Routers"]
    tags        = { site = ["ams", "fra"] }
  }
}
