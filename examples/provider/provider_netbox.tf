# The token comes from the environment: PROVISION_NETBOX_TOKEN. With Nautobot the
# block is called nautobot, and the variable PROVISION_NAUTOBOT_TOKEN.
provider "provision" {
  netbox = {
    url = "https://netbox.example.net"

    write_back = {
      journal        = true
      zabbix_host_id = "zabbix_hostid"
    }
  }

  # Which driver serves a platform; a platform that is called like a driver needs
  # no entry.
  drivers = {
    linux-frr = "frr"
  }

  # Devices log in by the entry that is called like their role, else by default.
  credentials = {
    default = { username = "netops" }
    edge    = { username = "edge" }
  }
}
