import {
  to = provision_device.edge1
  id = "edge1"
}
