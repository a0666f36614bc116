# One site, one state: a schema of its own in PostgreSQL. PG_CONN_STR says where
# the database is and how to log in.

terraform {
  backend "pg" {
    schema_name = "fra1"
  }
}

module "site" {
  source = "../../../modules/site"

  site = "fra1"

  replace_config  = var.replace_config
  commit_changes  = var.commit_changes
  on_unreachable  = var.on_unreachable
  confirm_timeout = var.confirm_timeout
  nightly         = var.nightly
}
