#!/bin/bash
# on-a-set.sh PROGRAM ARGUMENT...: runs the tests of a package on a set of
# systems that no other package uses meanwhile; test.sh has go test call it.
# PROVISION_SETS is a folder with a file N.env for each set, which says where its
# systems are.
set -euo pipefail

# There is one NetBox and one Nautobot: packages that write to one take turns.
netbox='' nautobot=''
case $PWD in
*/internal/inventory/netbox) netbox=yes ;;
*/internal/inventory/nautobot) nautobot=yes ;;
*/internal/provider) netbox=yes nautobot=yes ;;
esac
[ -z "$netbox" ] || { exec 7>"$PROVISION_SETS/netbox.lock"; flock 7; }
[ -z "$nautobot" ] || { exec 8>"$PROVISION_SETS/nautobot.lock"; flock 8; }
while :; do
	for set in "$PROVISION_SETS"/*.env; do
		exec 9>"${set%.env}.lock"
		flock --nonblock 9 || continue
		# shellcheck source=/dev/null
		. "$set"
		"$@" 7>&- 8>&- 9>&-  # what the tests leave running keeps no set
		exit
	done
	sleep 0.2
done
