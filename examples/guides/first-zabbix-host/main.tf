terraform {
  required_version = ">= 1.11"
  required_providers {
    provision = {
      source = "netprovision/provision"
    }
  }
}

provider "provision" {
  inventory_file = "inventory.yaml"
  events_file    = "events.jsonl"

  zabbix = {
    url = "https://zabbix.example.net"
    # The token comes from the environment: PROVISION_ZABBIX_TOKEN.
  }
}

resource "zabbix_agent_host" "web1" {
  provider = provision

  virtual_machine = "web1"
  templates       = ["Linux by Zabbix agent"]
  host_groups     = ["Linux servers"]
  wait_for_agent  = "2m"
}

output "web1" {
  value = zabbix_agent_host.web1.url
}
