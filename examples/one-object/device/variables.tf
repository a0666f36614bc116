# The same file in both folders. A run looks both up in the source of truth.

variable "name" {
  description = "Name of the object."
  type        = string
}

variable "site" {
  description = "Name of its site."
  type        = string
  default     = null
}
