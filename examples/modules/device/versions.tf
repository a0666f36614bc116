terraform {
  required_version = ">= 1.11"

  required_providers {
    provision = {
      source  = "netprovision/provision"
      version = ">= 0.0.1, < 2.0.0"
    }
  }
}
