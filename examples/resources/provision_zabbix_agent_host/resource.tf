# Address, templates, host groups, proxy and tags come from the source of truth
# and the provider's mappings.
resource "zabbix_agent_host" "edge1" {
  provider = provision

  device = "edge1"
}

# What is set here wins over the mappings. Templates that others link stay.
resource "zabbix_agent_host" "web1" {
  provider = provision

  virtual_machine = "web1"
  templates       = ["Linux by Zabbix agent", "Nginx by Zabbix agent"]
  macros          = { "{$NGINX.STUB_STATUS.PATH}" = { value = "status" } }
  wait_for_agent  = "90s"
}

# A host that is in no source of truth, with an encrypted connection. Exactly
# these tags: others go.
variable "lab_psk" {
  type      = string
  ephemeral = true
  sensitive = true
}

resource "zabbix_agent_host" "lab" {
  provider = provision

  host        = "lab"
  interface   = { ip = "192.0.2.10" }
  templates   = ["Linux by Zabbix agent"]
  host_groups = ["Linux servers"]
  tags        = { site = ["ams"], role = ["lab", "test"] }
  manage      = { tags = "exclusive" }

  tls     = { connect = "psk", psk_identity = "lab" }
  tls_psk = var.lab_psk

  on_destroy = "delete"
}
