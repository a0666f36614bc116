#!/bin/bash
# test.sh [PACKAGE...]: every test, with the race detector, on real routers and
# NETCONF devices in network namespaces of this machine, on real Zabbix servers 6.0
# and 7.0, on a real NetBox and a real Nautobot, with the real Terraform and its
# states in a real PostgreSQL, and a real Chromium. Starts a lab of its own and
# always takes it down. Without packages: all, and the matrices of the simulators;
# and what engines can differ in once more on OpenTofu, built the first time.
#
# Two packages at a time run, each on devices and Zabbix servers that are its own
# meanwhile (on-a-set.sh).
#
# ENGINE: "terraform" or "tofu": everything runs on this one only.
# GO_TEST_FLAGS: further flags of go test, for example "-run Lifecycle -v".
# LAB_PARTS: what is started, "devices zabbix netbox nautobot postgres engine browser
#            gitlab" if not set; for single packages that need only some of them.
#            "engine" is a Terraform 1.14 for actions and queries, which is built once.
#            "browser" installs Chromium, which the tests of the reports start
#            themselves, and "gitlab" what runs a GitLab pipeline.
# LAB_SETS:  how many sets of devices and Zabbix servers; 2, for one package 1.
#
# shellcheck disable=SC2317  # the traps and the loop of what is started reach the functions
set -euo pipefail
cd "$(dirname "$0")/.."

die() { echo "make test: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || die "needs root: the devices live in network namespaces.
  With root:     sudo env PATH=\"\$PATH\" make test
  Without root:  make test-unit               everything that needs no real device
                 make demo LAB=simulated      the demo on simulators"
for tool in go terraform; do
	command -v $tool >/dev/null || die "$tool is not on the PATH; sudo has a PATH of its own, with yours:  sudo env PATH=\"\$PATH\" make test"
done
# Nothing of the caller's own set-up of Terraform or of the provider.
unset "${!PROVISION_@}" "${!TF_@}"
version=$(CHECKPOINT_DISABLE=1 terraform version | sed -n '1s/^Terraform v//p')
[ "$(printf '%s\n' 1.11.0 "$version" | sort -V | head -n 1)" = 1.11.0 ] || die "terraform is $version; it must be 1.11 or later"

parts=${LAB_PARTS:-devices zabbix netbox nautobot postgres engine browser gitlab}
engine=${ENGINE:-terraform} both=''
[ $# != 0 ] || [ -n "${ENGINE:-}" ] || both=yes
case $engine$both in
tofu | terraformyes | terraform) ;;
*) die "ENGINE is \"$engine\"; it is terraform or tofu" ;;
esac
sets=${LAB_SETS:-$(($# == 1 ? 1 : 2))}
work=$(mktemp -d "${TMPDIR:-/tmp}/provision-test.XXXXXX")
chmod 755 "$work"  # the servers run as other users
starting='' behind=''
finish() {
	local code=$? set version source
	trap '' INT TERM
	for set in $starting $behind; do kill -- "-$set" 2>/dev/null || :; done
	wait
	[ "$code" = 0 ] || keep_logs
	for ((set = 1; set <= sets; set++)); do
		[ ! -d "$work/lab-$set" ] || LAB_DIR=$work/lab-$set tools/lab/lab.sh down || :
		for version in 6.0 7.0; do
			[ ! -d "$work/zabbix-$version-$set" ] || tools/zabbix/zabbix.sh down "$version" "$work/zabbix-$version-$set" || :
		done
	done
	for source in netbox nautobot; do
		[ ! -d "$work/$source" ] || "tools/$source/$source.sh" down "$work/$source" || :
	done
	[ ! -d "$work/postgres" ] || tools/postgres/postgres.sh down "$work/postgres" || :
	rm -rf "$work"
	exit "$code"
}
keep_logs() {
	local kept=${TMPDIR:-/tmp}/provision-test-logs
	rm -rf "$kept" && mkdir -p "$kept"
	(cd "$work" && cp -r --parents ./lab-*/*/log ./zabbix-*/log ./netbox/log ./nautobot/log ./postgres/log "$kept") 2>/dev/null || :
	cp "$work/output" "$kept/go-test.txt" 2>/dev/null || :
	echo "make test: the devices' logs are in $kept" >&2
}
trap finish EXIT
trap 'exit 130' INT TERM

# ---- what is started, side by side ---------------------------------------------
start_packages() (
	ME="make test"
	# shellcheck source=tools/common.sh
	. tools/common.sh
	install_packages gcc libc6-dev  # the race detector is linked with C
	case $parts in *browser*) install_packages chromium ;; esac
	case $parts in *gitlab*) tools/gitlab-ci-local/gitlab-ci-local.sh >/dev/null ;; esac
)
start_devices() {
	local set
	for ((set = 1; set <= sets; set++)); do
		echo "make test: starting three routers and two NETCONF devices ($set of $sets)"
		LAB_DIR=$work/lab-$set LAB_PROFILE=full tools/lab/lab.sh up "$work/lab-$set" "$(tools/lab/lab.sh port 3)" 3
	done
	for ((set = 1; set <= sets; set++)); do LAB_DIR=$work/lab-$set tools/lab/lab.sh wait 120; done
}
start_zabbix() {
	local set version
	for ((set = 1; set <= sets; set++)); do
		for version in 6.0 7.0; do
			echo "make test: starting Zabbix $version ($set of $sets)"
			# Reading its configuration each second, four of them take a quarter of two cores.
			ZABBIX_CACHE_UPDATE=${ZABBIX_CACHE_UPDATE:-2} \
				tools/zabbix/zabbix.sh up "$version" "$work/zabbix-$version-$set" "$(tools/zabbix/zabbix.sh port)"
		done
	done
}
start_source() {  # NAME COMMAND
	echo "make test: starting $1 (the first time on a machine it is built, which takes minutes)"
	"tools/$1/$1.sh" "$2" "$work/$1" "$("tools/$1/$1.sh" port)"
}
start_netbox() { start_source netbox up; }
start_nautobot() { start_source nautobot worker; }  # the worker sends the webhooks; NetBox's starts with it
start_engine() { tools/tool.sh terraform >/dev/null; }
start_postgres() {
	echo "make test: starting a PostgreSQL for states"
	tools/postgres/postgres.sh up "$work/postgres" "$(tools/postgres/postgres.sh port)"
}
# ---- engines -------------------------------------------------------------------
# What engines can differ in: the matrices with the binary, every type and the
# reports, on simulators; the installation and a life of both resources, on real
# systems.
on_engines_simulated="./internal/provider/lifecycle/ ./internal/provider/functions/ ./internal/provider/reports/
	./internal/provider/provisiondevice/ ./internal/provider/zabbixagenthost/ ./internal/provider/provisiondevices/
	./internal/provider/provisionvirtualmachines/ ./internal/provider/provisionzabbixhosts/"
on_engines=./internal/provider/engines/
# shellcheck source=tools/engine.sh
. tools/engine.sh
on_tofu() {  # COMMAND...: runs it on OpenTofu, and says so of each package
	use_engine tofu
	"$@" 2>&1 | sed -u 's/^\(ok\|FAIL\)\([[:blank:]]*\)\([^[:blank:]]*\)/\1\2\3(OpenTofu)/'
	return "${PIPESTATUS[0]}"
}
# What has a real system runs on the simulators as well. It is behind the others:
# its output comes when they are done.
simulated() {
	local result=0
	# Without the race detector the core plays all of its histories, not a part.
	go test -count=1 -timeout 30m ./internal/provision/ || result=$?
	go test -race -count=1 -timeout 60m ./internal/provider/lifecycle/ || result=$?
	# shellcheck disable=SC2086  # a list
	[ -z "$both" ] || on_tofu go test -count=1 -timeout 60m $on_engines_simulated || result=$?
	return "$result"
}

SECONDS=0
start_packages
for part in devices zabbix netbox nautobot postgres engine; do
	case " $parts " in *" $part "*) ;; *) continue ;; esac
	set -m  # a process group of its own, so that it can be ended as a whole
	"start_$part" </dev/null &
	starting+=" $!"
	set +m
done
export TF_ACC=1 CHECKPOINT_DISABLE=1 PROVISION_SETS=$work/sets
use_engine "$engine"
if [ $# = 0 ]; then
	set -- ./...
	set -m
	simulated </dev/null >"$work/simulated" 2>&1 &
	behind=$!
	set +m
fi
for pid in $starting; do wait "$pid" || { echo "make test: a system did not start: see above" >&2; exit 1; }; done
starting=''

# ---- the tests -----------------------------------------------------------------
mkdir "$PROVISION_SETS"
for ((set = 1; set <= sets; set++)); do
	cat >"$PROVISION_SETS/$set.env" <<-EOF
		export PROVISION_LAB=$work/lab-$set
		export PROVISION_ZABBIX_60=$work/zabbix-6.0-$set PROVISION_ZABBIX_70=$work/zabbix-7.0-$set
	EOF
done
case " $parts " in *" engine "*)
	PROVISION_NEW_TERRAFORM=$(tools/tool.sh terraform)
	export PROVISION_NEW_TERRAFORM
	;;
esac
export PROVISION_NETBOX=$work/netbox PROVISION_NAUTOBOT=$work/nautobot PROVISION_POSTGRES=$work/postgres
code=0
echo "make test: the systems are up after $SECONDS s; $sets package(s) at a time"
# shellcheck disable=SC2086  # flags are words
go test -race -tags lab -count=1 -p "$sets" -timeout 60m -exec "'$PWD/tools/on-a-set.sh'" ${GO_TEST_FLAGS:-} "$@" 2>&1 |
	tee "$work/output" || code=$?
if [ -n "$behind" ]; then
	echo "make test: waiting for the tests on simulators"
	wait "$behind" || code=$?
	behind=''
	tee -a "$work/output" <"$work/simulated"
fi
# shellcheck disable=SC2086  # flags are words
[ -z "$both" ] || on_tofu go test -tags lab -count=1 -timeout 60m -exec "'$PWD/tools/on-a-set.sh'" ${GO_TEST_FLAGS:-} "$on_engines" |
	tee -a "$work/output" || code=$?

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
