#!/bin/sh
# site.sh COMMAND: the steps of the pipeline of a fleet, from the root of the
# repository. Needs git, Terraform, openssl and Python 3.9, and one-object.sh's
# files beside it.
#
#   all [SITE]           the sites, one a line; of these only SITE, which must be there
#   changed BASE [HEAD]  the sites that two commits concern, one a line: by their
#                        root, a module they use, or a file that these read
#   plan SITE            plans, writes the report and what is agreed to, and keeps
#                        the saved plan encrypted
#   fetch SITE           gets what plan has kept for the merge (pull) request that
#                        COMMIT came with
#   apply SITE           applies that plan, or one that has the same effect
#   drift SITE           plans only to see whether anything differs
#   post SITE            writes or updates the one comment on the request
#
# Exit codes:
#   0  done; with plan: see result.json for whether anything changes
#   1  failed: the message says which site, which step, why, and what next
#   2  wrong use
#   3  drift: something differs
#   4  apply: the plan was stale, and a new one does something else. Nothing that
#      was not agreed to was done; the report of the new plan is in RUN_DIR
#   5  apply: it is too early (NOT_BEFORE). Nothing was done; run the job again then
#
# Environment:
#   SITES          folder of the sites' folders (sites)
#   RUN_DIR        folder for results (provision-run); each site has a folder in it
#   PLAN_KEY       key that plans are encrypted and signed with, at least 32
#                  characters (openssl rand -hex 32): plan, fetch and apply
#   NOT_BEFORE     apply: not before this time (RFC 3339, 2026-11-28T22:00:00+01:00).
#                  Default: the file not_before in the site's folder
#   NOT_BEFORE_WAIT  apply: how many minutes before that time the job waits for it
#                  instead (0)
#   COMMIT         commit that the run is about
#   REPORT_URL     page where the run is found
#   DEVICE_URL     page of a device, which reports link; {name} and {site} are filled
#                  in: https://netbox.example.net/dcim/devices/?name={name}
#   LOCK_TIMEOUT   how long to wait for the lock of the state (10m)
#   EVENTS_FILE    the provider's events_file, from the site's folder (events.jsonl)
#   TERRAFORM      program (terraform)
#   PROVISION_BINARY  the provider, which makes the reports; default: the one that
#                  init has chosen
#   post and fetch at GitHub: GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_API_URL, and
#     PULL_REQUEST, its number; without: the one that COMMIT came with. POST_AS is
#     the login that the token has (github-actions[bot])
#   post and fetch at GitLab: GITLAB_TOKEN, CI_API_V4_URL, CI_PROJECT_ID, and
#     CI_MERGE_REQUEST_IID; without: the one that COMMIT came with
#
# RUN_DIR/SITE afterwards: result.json ({"site", "step", "status", "changes",
# "commit"}; status is planned, failed, applied, nothing, stale, early, drift or
# none), report.md and report.html of the plan, approved.json (what a person agrees
# to: address, actions and a fingerprint of each change), tfplan.enc and seal; run.html after an apply. The
# plan is never in it in clear.
exec python3 -IB "$(dirname "$0")/site.py" "$@"
