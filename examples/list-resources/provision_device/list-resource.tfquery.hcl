# terraform query
list "provision_device" "ams" {
  provider = provision

  config {
    sites = ["ams"]
    roles = ["edge"]
  }
}
