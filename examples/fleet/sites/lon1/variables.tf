# The same file at every site: what one run may want otherwise. The module says
# what they mean and which values they have.

variable "replace_config" {
  type    = bool
  default = false
}

variable "commit_changes" {
  type    = bool
  default = true
}

variable "on_unreachable" {
  type    = string
  default = null
}

variable "confirm_timeout" {
  type    = string
  default = null
}

variable "nightly" {
  type    = bool
  default = false
}
