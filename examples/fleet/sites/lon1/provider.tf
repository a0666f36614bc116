# The same file at every site. Secrets come from the environment:
# PROVISION_CREDENTIALS_DEFAULT_PRIVATE_KEY, PROVISION_ZABBIX_TOKEN; the address
# of Zabbix too, as PROVISION_ZABBIX_URL.

terraform {
  required_version = ">= 1.11"

  required_providers {
    provision = {
      source  = "netprovision/provision"
      version = ">= 0.0.1, < 2.0.0"
    }
  }
}

provider "provision" {
  inventory_file = "../../inventory.yaml"
  # netbox = { url = "https://netbox.example.net" } # PROVISION_NETBOX_TOKEN

  credentials = {
    default = { username = "netops" }
  }

  ssh = {
    known_hosts = ["../../known_hosts"]
  }

  zabbix = {
    mappings           = yamldecode(file("${path.root}/../../mappings.yaml"))
    create_host_groups = true
  }

  # After one failed commit no further one starts.
  max_failures = 1

  events_file = "events.jsonl"
  backup_dir  = "backups"
}
