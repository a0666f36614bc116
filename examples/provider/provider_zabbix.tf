# Zabbix only: no devices are configured, so no credentials are needed.
provider "provision" {
  inventory_file = "${path.module}/inventory.yaml"

  zabbix = {
    url = "https://zabbix.example.net"
    # The token comes from the environment: PROVISION_ZABBIX_TOKEN.

    mappings = yamldecode(file("${path.module}/mappings.yaml"))

    defaults = {
      wait_for_agent = "90s"
      manage         = { templates = "exclusive" }
    }
  }

  events_file = "events.jsonl"
}
