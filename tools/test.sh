#!/bin/bash
# test.sh [PACKAGE...]: every test, on real routers and NETCONF devices in
# network namespaces of this machine, on real Zabbix servers 6.0 and 7.0, on a
# real NetBox and a real Nautobot, with the real Terraform and its states in a
# real PostgreSQL, and a real Chromium. Starts a lab of its own and always takes
# it down.
# Without packages: all.
#
# GO_TEST_FLAGS: further flags of go test, for example "-run Lifecycle -v".
# LAB_PARTS: what is started, "devices zabbix netbox nautobot postgres browser"
#            if not set; for single packages that need only some of them.
#            "browser" installs Chromium, which the tests of the reports start
#            themselves.
set -euo pipefail
cd "$(dirname "$0")/.."

die() { echo "make test: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || die "needs root: the devices live in network namespaces.
  Without root:  make test-unit               everything that needs no real device
                 make demo LAB=simulated      the demo on simulators"
for tool in go terraform; do
	command -v $tool >/dev/null || die "$tool is not on the PATH (root's PATH may be another than yours)"
done
# Nothing of the caller's own set-up of Terraform or of the provider.
unset "${!PROVISION_@}" "${!TF_@}"
version=$(CHECKPOINT_DISABLE=1 terraform version | sed -n '1s/^Terraform v//p')
[ "$(printf '%s\n' 1.11.0 "$version" | sort -V | head -n 1)" = 1.11.0 ] || die "terraform is $version; it must be 1.11 or later"

work=$(mktemp -d "${TMPDIR:-/tmp}/provision-test.XXXXXX")
export LAB_DIR=$work/lab LAB_PROFILE=full
# shellcheck disable=SC2317  # the traps reach them
finish() {
	local code=$?
	trap '' INT TERM
	[ "$code" = 0 ] || keep_logs
	tools/lab/lab.sh down || :
	for version in 6.0 7.0; do
		[ ! -d "$work/zabbix-$version" ] || tools/zabbix/zabbix.sh down "$version" "$work/zabbix-$version" || :
	done
	for source in netbox nautobot; do
		[ ! -d "$work/$source" ] || "tools/$source/$source.sh" down "$work/$source" || :
	done
	[ ! -d "$work/postgres" ] || tools/postgres/postgres.sh down "$work/postgres" || :
	rm -rf "$work"
	exit "$code"
}
# shellcheck disable=SC2317
keep_logs() {
	local kept=${TMPDIR:-/tmp}/provision-test-logs
	rm -rf "$kept" && mkdir -p "$kept"
	(cd "$work" && cp -r --parents ./lab/*/log ./zabbix-*/log ./netbox/log ./nautobot/log ./postgres/log "$kept") 2>/dev/null || :
	cp "$work/output" "$kept/go-test.txt" 2>/dev/null || :
	echo "make test: the devices' logs are in $kept" >&2
}
trap finish EXIT
trap 'exit 130' INT TERM

SECONDS=0
parts=${LAB_PARTS:-devices zabbix netbox nautobot postgres browser}
chmod 755 "$work"  # the servers run as other users
case $parts in *devices*)
	echo "make test: starting three routers and two NETCONF devices"
	tools/lab/lab.sh up "$LAB_DIR" "$(tools/lab/lab.sh port 3)" 3
	tools/lab/lab.sh wait 60 ;;
esac
case $parts in *zabbix*)
	for version in 6.0 7.0; do
		echo "make test: starting Zabbix $version"
		tools/zabbix/zabbix.sh up "$version" "$work/zabbix-$version" "$(tools/zabbix/zabbix.sh port)"
	done
	export PROVISION_ZABBIX_60=$work/zabbix-6.0 PROVISION_ZABBIX_70=$work/zabbix-7.0 ;;
esac

case $parts in *browser*)
	(
		ME="make test"
		# shellcheck source=tools/common.sh
		. tools/common.sh
		install_packages chromium
	) ;;
esac

for source in netbox nautobot; do
	case " $parts " in *" $source "*) ;; *) continue ;; esac
	echo "make test: starting $source (the first time on a machine it is built, which takes minutes)"
	how=up
	[ $source = netbox ] || how=worker  # what sends webhooks; NetBox's starts with it
	"tools/$source/$source.sh" $how "$work/$source" "$("tools/$source/$source.sh" port)"
	export "PROVISION_${source^^}=$work/$source"
done
case $parts in *postgres*)
	echo "make test: starting a PostgreSQL for states"
	tools/postgres/postgres.sh up "$work/postgres" "$(tools/postgres/postgres.sh port)"
	export PROVISION_POSTGRES=$work/postgres ;;
esac

export PROVISION_LAB=$LAB_DIR TF_ACC=1 TF_ACC_TERRAFORM_PATH CHECKPOINT_DISABLE=1
TF_ACC_TERRAFORM_PATH=$(command -v terraform)
[ $# -gt 0 ] || set -- ./...
echo "make test: one package after the other on these devices"
code=0
# shellcheck disable=SC2086  # flags are words
go test -tags lab -count=1 -p 1 -timeout 30m ${GO_TEST_FLAGS:-} "$@" 2>&1 | tee "$work/output" || code=$?

awk -v seconds="$SECONDS" '
	$1 == "ok" { ok++; sub(/s$/, "", $3); time[$2] = $3 }
	$1 == "FAIL" && NF > 1 { failed = failed "\n    " $2; bad++ }
	/^ *--- FAIL/ { tests = tests "\n    " $3 }
	END {
		printf "\nmake test: %d packages passed, %d failed, %d min %02d s\n", ok, bad, seconds / 60, seconds % 60
		for (n = 0; n < 5; n++) {
			best = ""
			for (p in time) if (best == "" || time[p] + 0 > time[best] + 0) best = p
			if (best == "" || time[best] + 0 < 1) break
			printf "  %7.1f s  %s\n", time[best], best
			delete time[best]
		}
		if (failed) print "  failed packages:" failed
		if (tests) print "  failed tests:" tests
	}' "$work/output"
exit "$code"
