terraform {
  required_version = ">= 1.11"
  required_providers {
    provision = {
      source = "netprovision/provision"
    }
  }
}

provider "provision" {
  # The source of truth: which devices there are and how they are reached.
  inventory_file = "${path.module}/inventory.yaml"

  # How to log in. Every secret may come from the environment instead, such as
  # PROVISION_CREDENTIALS_DEFAULT_PASSWORD.
  credentials = {
    default = {
      username    = "netops"
      private_key = file("~/.ssh/id_ed25519")
    }
  }

  ssh = {
    known_hosts = ["${path.module}/known_hosts"]
  }

  # What was done, one JSON object a line, and what ran before each commit.
  events_file = "events.jsonl"
  backup_dir  = "backups"
}
