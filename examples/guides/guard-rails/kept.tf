# A host that is in no source of truth, whose history nobody shall lose by an
# oversight: a plan that would destroy it is an error.
resource "zabbix_agent_host" "ups" {
  provider = provision

  host        = "ams1-ups1"
  interface   = { ip = "192.0.2.51" }
  templates   = ["ICMP Ping"]
  host_groups = ["Network"]

  lifecycle {
    prevent_destroy = true
  }
}
