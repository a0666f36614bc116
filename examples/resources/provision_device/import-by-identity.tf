# Terraform 1.12 and later.
import {
  to = provision_device.edge1
  identity = {
    name = "edge1"
  }
}
