# terraform apply -invoke=action.provision_device_check.edge1
action "provision_device_check" "edge1" {
  config {
    name = "edge1"
  }
}

# As if the file became the whole configuration; a difference is an error.
action "provision_device_check" "edge2" {
  config {
    name               = "edge2"
    config             = file("${path.module}/edge2.conf")
    replace_config     = true
    fail_on_difference = true
  }
}
