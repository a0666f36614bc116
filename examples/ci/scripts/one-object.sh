#!/bin/sh
# one-object.sh find|plan|pending|apply: one run of Terraform for one device or virtual
# machine, or for all those that hooks have told of, from the root of the repository.
# Needs Terraform, openssl and Python 3.9.
#
#   find    prints which site the object is in; hook: which sites have objects that
#           were changed and not planned yet
#   plan    plans the object with the site's own root and state, writes a report,
#           links it at the object, and applies if the site's changes are to be
#           applied without a person and this one may be; hook: plans what was
#           changed in the site and not planned yet
#   pending prints which sites have left a saved plan in provision-run-SITE below
#           RUN_DIR, or one of them in RUN_DIR
#   apply   applies what plan has saved, after a person has agreed
#
# Everything comes by environment, and is checked before it is used:
#
#   KIND          device or virtual_machine
#   OBJECT_ID     its number in NetBox, or its UUID in Nautobot
#   SITES         folder of the sites' folders (sites)
#   SITE          folder below SITES; empty: where the source of truth has it
#   OBJECTS       in place of SITES, where there is no fleet: folder of the roots device
#                 and virtual_machine, which get the variables name and site. Each
#                 object has a state of its own, and is its own site: device-12
#   STATE         OBJECTS: what init is told of the backend (schema_name={object})
#   TRIGGER       demand (default), button or hook
#   ACTOR         who started it
#   AUTO_APPLY    sites, separated by blanks, whose changes are applied without a
#                 person; OBJECTS: objects, or sites they are in, by a name without
#                 blanks. Set it in the pipeline's file, where it is reviewed
#   EVENT_TIME    hook: when the object was changed
#   CHANGED       hook: names of the fields that were changed
#   LOOKBACK      hook: how many seconds of changes are looked at (2700)
#   GATHERED      hook: file that remembers which changes were planned
#   WRITE_BACK_FIELD  custom field that applies write, and no reason for a run
#   REPORT_URL    page where the run and its report are found
#   RUN_DIR       folder for plan, report and result (provision-run)
#   PLAN_PASSPHRASE   what the saved plan is encrypted with, at least 32 characters
#                 (openssl rand -hex 32): plan and apply
#   TERRAFORM     program (terraform)
#   PROVISION_BINARY  the provider, which makes the report; default: the one that
#                 init has put below the site's root; none: what Terraform shows
#   PROVISION_RUN_ID  run, as the provider writes it down; default: made of what
#                 GitHub and GitLab say of the repository and the run
#
# and, as for the provider, PROVISION_NETBOX_URL and PROVISION_NETBOX_TOKEN, or
# PROVISION_NAUTOBOT_URL and PROVISION_NAUTOBOT_TOKEN (_CA_FILE, _CERT_FILE,
# _KEY_FILE, _HEADERS if there is need; with OBJECTS also
# PROVISION_NAUTOBOT_LOCATION_TYPE, if sites have another type than Site). Terraform
# gets the whole environment but PLAN_PASSPHRASE: what the root of the site needs
# stands there too, such as PG_CONN_STR, PROVISION_CREDENTIALS_DEFAULT_PRIVATE_KEY,
# PROVISION_ZABBIX_URL and PROVISION_ZABBIX_TOKEN.
#
# RUN_DIR afterwards: report.md, report.html, result.json, and what waits for a person:
# tfplan.enc.
exec python3 -I "$(dirname "$0")/one_object.py" "$@"
