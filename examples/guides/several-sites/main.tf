# Several sites in one root and one state: for few and small ones.

terraform {
  backend "pg" {
    schema_name = "small"
  }
}

locals {
  sites = {
    fra1 = {}
    lon1 = { virtual_machines = { allow_empty = true } }
  }
}

module "site" {
  source   = "../../../modules/site"
  for_each = local.sites

  site             = each.key
  virtual_machines = try(each.value.virtual_machines, {})
}
