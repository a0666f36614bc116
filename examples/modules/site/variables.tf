variable "site" {
  description = "Name of the site as the source of truth has it: its name in NetBox, the location's name in Nautobot, the value of `site` in an inventory file."
  type        = string
  nullable    = false

  validation {
    condition     = trimspace(var.site) == var.site && var.site != ""
    error_message = "The name of the site is empty, or has blanks around it."
  }
}

variable "tenant" {
  description = "Only objects of this tenant. Null: whoever they belong to."
  type        = string
  default     = null

  validation {
    condition     = var.tenant == null || try(trimspace(var.tenant) == var.tenant && var.tenant != "", false)
    error_message = "The name of the tenant is empty, or has blanks around it: leave it out for all tenants."
  }
}

variable "devices" {
  description = "Which devices of the site: a device must match every list that is given. No match is an error unless `allow_empty` is true, because a mistyped filter would otherwise plan to forget everything."
  type = object({
    roles         = optional(list(string))
    platforms     = optional(list(string))
    statuses      = optional(list(string))
    tags          = optional(list(string))
    custom_fields = optional(map(list(string)))
    allow_empty   = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for list in [var.devices.roles, var.devices.platforms, var.devices.statuses, var.devices.tags] : try(length(list) > 0, list == null)])
    error_message = "A list without an entry filters nothing: leave it out."
  }
}

variable "virtual_machines" {
  description = "Which virtual machines of the site, with the same filters. A site without any needs `allow_empty = true`."
  type = object({
    roles         = optional(list(string))
    platforms     = optional(list(string))
    statuses      = optional(list(string))
    tags          = optional(list(string))
    custom_fields = optional(map(list(string)))
    allow_empty   = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for list in [var.virtual_machines.roles, var.virtual_machines.platforms, var.virtual_machines.statuses, var.virtual_machines.tags] : try(length(list) > 0, list == null)])
    error_message = "A list without an entry filters nothing: leave it out."
  }
}

variable "canary" {
  description = "Names of the devices that are planned and applied first; when one of them fails, no other device of the site is begun. They are `provision_device.canary[KEY]`, all others `provision_device.this[KEY]`: with a `moved` block a device joins or leaves without being forgotten."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.canary : trimspace(name) == name && name != ""])
    error_message = "A name of a device is empty, or has blanks around it."
  }
}

variable "replace_config" {
  description = "True: the intended configuration becomes the whole configuration, and what it does not name is removed. False: it is merged into what is there."
  type        = bool
  default     = false
  nullable    = false
}

variable "commit_changes" {
  description = "False: the devices are asked what would change, at apply too, and are left alone. Hosts in Zabbix are not concerned."
  type        = bool
  default     = true
  nullable    = false
}

variable "confirm_timeout" {
  description = "Time after which a device undoes a commit by itself unless it was confirmed, such as `90s` or `2m`. Null: 2m."
  type        = string
  default     = null

  validation {
    condition     = var.confirm_timeout == null || can(regex("^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$", var.confirm_timeout))
    error_message = "A duration has a number and a unit: 90s, 2m, 1m30s."
  }
}

variable "save" {
  description = "False: changes are not copied to the startup configuration, and a reboot of the device loses them."
  type        = bool
  default     = true
  nullable    = false
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

variable "on_unreachable" {
  description = "What a plan does about a device or host in the state that does not answer or is not ready: `error` stops, `skip` leaves it as it is with a warning. Null: as the provider block has it. The canary always stops."
  type        = string
  default     = null

  validation {
    condition     = var.on_unreachable == null || try(contains(["error", "skip"], var.on_unreachable), false)
    error_message = "It is error or skip."
  }
}

variable "monitoring" {
  description = "What of the site is a host in Zabbix: its `devices`, its `virtual_machines`, without the names in `exclude` and without objects of which any custom field in `exclude_custom_fields` has one of its values, such as `{ no_monitoring = [\"true\"] }`. `wait_for_agent`, `on_destroy` and `adopt` are those of `zabbix_agent_host`; what is null is as the provider block has it."
  type = object({
    devices               = optional(bool, true)
    virtual_machines      = optional(bool, true)
    exclude               = optional(set(string), [])
    exclude_custom_fields = optional(map(list(string)), {})
    wait_for_agent        = optional(string)
    on_destroy            = optional(string)
    adopt                 = optional(bool)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.monitoring.on_destroy == null || try(contains(["graveyard", "disable", "keep", "delete"], var.monitoring.on_destroy), false)
    error_message = "on_destroy is graveyard, disable, keep or delete."
  }
  validation {
    condition     = var.monitoring.wait_for_agent == null || can(regex("^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$", var.monitoring.wait_for_agent))
    error_message = "wait_for_agent is a duration, with a number and a unit: 90s, 2m."
  }
  validation {
    condition     = alltrue([for values in values(var.monitoring.exclude_custom_fields) : try(length(values) > 0, false)])
    error_message = "A custom field without a value in exclude_custom_fields leaves nothing out: give the values, or take it away."
  }
}

variable "tls_psk" {
  description = "Pre-shared key of the agents, where the provider's `zabbix.defaults.tls` wants one. It is in no plan and no state, so that an apply of a saved plan needs it again."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.tls_psk == null || can(regex("^([0-9A-Fa-f]{2}){16,256}$", var.tls_psk))
    error_message = "A pre-shared key has 32 to 512 hexadecimal digits, an even number."
  }
}

variable "nightly" {
  description = "True: the checks warn by name of what differs from the source of truth and of agents that do not answer. For a run in which no change is expected; the exit code of `terraform plan -detailed-exitcode` tells the same of changes."
  type        = bool
  default     = false
  nullable    = false
}
