import {
  to = provision_device.edge1
  identity = {
    name = "edge1"
  }
}
