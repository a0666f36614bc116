# Everything but the configuration comes from the source of truth; what the
# configuration does not name stays as it is.
resource "provision_device" "edge1" {
  name   = "edge1"
  config = file("${path.module}/edge1.conf")
}

# The configuration is the whole configuration: what it does not name goes.
resource "provision_device" "edge2" {
  name            = "edge2"
  config          = file("${path.module}/edge2.conf")
  replace_config  = true
  confirm_timeout = "90s"
  on_drift        = "fail"

  timeouts {
    update = "10m"
  }
}

# A device that is in no source of truth, looked at without being changed.
resource "provision_device" "lab" {
  name           = "lab"
  host           = "192.0.2.10"
  port           = 22
  driver         = "frr"
  config         = "ip route 198.51.100.0/24 Null0\n"
  commit_changes = false
}
