variable "name" {
  description = "Name of the device in the source of truth."
  type        = string
  nullable    = false

  validation {
    condition     = trimspace(var.name) == var.name && var.name != ""
    error_message = "The name is empty, or has blanks around it."
  }
}

variable "site" {
  description = "Site of the object. Needed only where the source of truth has the name more than once."
  type        = string
  default     = null

  validation {
    condition     = var.site == null || try(trimspace(var.site) == var.site && var.site != "", false)
    error_message = "The name of the site is empty, or has blanks around it: leave it out if it does not matter."
  }
}

variable "tenant" {
  description = "Tenant of the object. Needed only where the source of truth has the name more than once."
  type        = string
  default     = null

  validation {
    condition     = var.tenant == null || try(trimspace(var.tenant) == var.tenant && var.tenant != "", false)
    error_message = "The name of the tenant is empty, or has blanks around it: leave it out if it does not matter."
  }
}

variable "replace_config" {
  description = "True: the intended configuration becomes the whole configuration, and what it does not name is removed. False: it is merged into what is there."
  type        = bool
  default     = false
  nullable    = false
}

variable "commit_changes" {
  description = "False: the device is asked what would change, at apply too, and is left alone."
  type        = bool
  default     = true
  nullable    = false
}

variable "confirm_timeout" {
  description = "Time after which the device undoes a commit by itself unless it was confirmed, such as `90s` or `2m`. Null: 2m."
  type        = string
  default     = null

  validation {
    condition     = var.confirm_timeout == null || can(regex("^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$", var.confirm_timeout))
    error_message = "A duration has a number and a unit: 90s, 2m, 1m30s."
  }
}

variable "on_drift" {
  description = "What a plan does about a device that somebody else changed: `revert` plans to put it back, `fail` stops."
  type        = string
  default     = "revert"
  nullable    = false

  validation {
    condition     = contains(["revert", "fail"], var.on_drift)
    error_message = "It is revert or fail."
  }
}

variable "save" {
  description = "False: changes are not copied to the startup configuration, and a reboot of the device loses them."
  type        = bool
  default     = true
  nullable    = false
}
