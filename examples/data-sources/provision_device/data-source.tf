data "provision_device" "edge1" {
  name = "edge1"
}

output "edge1_version" {
  value = data.provision_device.edge1.facts["version"]
}
