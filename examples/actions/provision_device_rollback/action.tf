# terraform apply -invoke=action.provision_device_rollback.edge1
action "provision_device_rollback" "edge1" {
  config {
    name   = "edge1"
    backup = "latest"
  }
}
