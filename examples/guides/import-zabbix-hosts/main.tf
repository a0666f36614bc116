terraform {
  required_version = ">= 1.11"
  required_providers {
    provision = {
      source = "netprovision/provision"
    }
  }
}

provider "provision" {
  zabbix = {
    url = "https://zabbix.example.net"
  }
}

# What is in Zabbix now.
data "provision_zabbix_hosts" "web" {
  host_groups = ["Web servers"]
}

# What shall be in Zabbix: from here on the file says it, not Zabbix.
locals {
  hosts = jsondecode(file("hosts.json"))
}

resource "zabbix_agent_host" "web" {
  provider = provision
  for_each = local.hosts

  host = each.key
}
