terraform {
  required_providers {
    provision = {
      source = "netprovision/provision"
    }
  }
}

variable "login" {
  type = object({ username = string, password = string, port = number })
}

variable "known_hosts" {
  type = string
}

variable "replace_config" {
  type    = bool
  default = false
}

# Source of truth and Zabbix come from the environment.
provider "provision" {
  credentials = { default = var.login }
  ssh         = { known_hosts = [var.known_hosts] }
}

module "site" {
  source = "../../modules/site"

  name           = "quay"
  replace_config = var.replace_config
}
