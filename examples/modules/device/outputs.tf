# Nothing that comes and goes, such as diff and change_id: an output of it would
# be a change in every other plan.

output "host" {
  description = "Address that the device was reached at."
  value       = provision_device.this.host
}

output "driver" {
  description = "Driver that speaks to it."
  value       = provision_device.this.driver
}
