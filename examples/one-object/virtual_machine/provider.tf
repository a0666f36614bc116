# The same file in both folders. Secrets and addresses come from the environment:
# PROVISION_NETBOX_URL and PROVISION_NETBOX_TOKEN, or those of Nautobot,
# PROVISION_CREDENTIALS_DEFAULT_PRIVATE_KEY, PROVISION_ZABBIX_URL and
# PROVISION_ZABBIX_TOKEN; PG_CONN_STR says where the states are.

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
  credentials = {
    default = { username = "netops" }
  }

  ssh = {
    known_hosts = ["../known_hosts"]
  }

  zabbix = {
    mappings           = yamldecode(file("${path.root}/../mappings.yaml"))
    create_host_groups = true
  }

  events_file = "events.jsonl"
  backup_dir  = "backups"
}
