variable "name" {
  description = "Name of the object in the source of truth."
  type        = string
  nullable    = false

  validation {
    condition     = trimspace(var.name) == var.name && var.name != ""
    error_message = "The name is empty, or has blanks around it."
  }
}

variable "kind" {
  description = "What the name names: `device` or `virtual_machine`."
  type        = string
  default     = "device"
  nullable    = false

  validation {
    condition     = contains(["device", "virtual_machine"], var.kind)
    error_message = "It is device or virtual_machine."
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

variable "wait_for_agent" {
  description = "After an apply that changed something, wait so long for data from the agent, such as `90s`. Null: as the provider block has it."
  type        = string
  default     = null

  validation {
    condition     = var.wait_for_agent == null || can(regex("^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$", var.wait_for_agent))
    error_message = "A duration has a number and a unit: 90s, 2m, 1m30s."
  }
}

variable "on_destroy" {
  description = "What destroy does: `graveyard`, `disable`, `keep` or `delete`. Null: as the provider block has it."
  type        = string
  default     = null

  validation {
    condition     = var.on_destroy == null || try(contains(["graveyard", "disable", "keep", "delete"], var.on_destroy), false)
    error_message = "It is graveyard, disable, keep or delete."
  }
}

variable "adopt" {
  description = "True: a host of that name that exists is taken over. Null: as the provider block has it."
  type        = bool
  default     = null
}

variable "tls_psk" {
  description = "Pre-shared key of the agent, where the provider's `zabbix.defaults.tls` wants one. It is in no plan and no state, so that an apply of a saved plan needs it again."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.tls_psk == null || can(regex("^([0-9A-Fa-f]{2}){16,256}$", var.tls_psk))
    error_message = "A pre-shared key has 32 to 512 hexadecimal digits, an even number."
  }
}
