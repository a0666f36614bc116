#!/bin/bash
# bench.sh: time, memory and state of the provider on real routers, on a real
# Zabbix, a real NetBox and a real Nautobot, against a bare program and against
# Terraform with what does nothing. Prints a table in Markdown, and writes it to
# BENCH_OUT (bin/performance.md).
#
# RUNS=5       how often everything is measured
# SMOKE=1      three routers and hosts, one round, some minutes: shows that it works
# BENCH_N=50 BENCH_MANY=200 BENCH_LINES=18000 BENCH_HOSTS=1000 BENCH_DEVICES=1000
# BENCH_FLEET=200
#              routers; routers of the large lab; lines of a configuration (of
#              1 MB) of the simulated routers that memory is taken over; hosts
#              in Zabbix, and once five times as many; devices in NetBox and
#              Nautobot, and five times as many; devices of one site, and of 50
# BENCH_PARTS  speed replace netconf memory many zabbix fleet source; some can be had
#              in pieces: zabbix-life zabbix-wide zabbix-huge fleet-site fleet-sites
#              source-netbox source-nautobot
# BENCH_RESULTS
#              a file that the raw results are kept in; of several such files
#              "bench report -results FILE -report OUT FILE..." makes one report
# Takes 15 to 20 minutes on two idle cores without zabbix, and 8 GB of memory for
# 200 routers. Zabbix takes some ten minutes a round, most of it in Terraform, which
# writes the whole state into its file after every host. NetBox and Nautobot take some five
# minutes; a machine that never had them makes them first, which takes minutes too.
set -euo pipefail
cd "$(dirname "$0")/../.."

die() { echo "make bench: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || die "needs root: the devices live in network namespaces:  sudo env PATH=\"\$PATH\" make bench"
for tool in go terraform; do
	command -v $tool >/dev/null || die "$tool is not on the PATH; sudo has a PATH of its own, with yours:  sudo env PATH=\"\$PATH\" make bench"
done
unset "${!PROVISION_@}" "${!TF_@}"

runs=${RUNS:-5} n=${BENCH_N:-50} many=${BENCH_MANY:-200} lines=${BENCH_LINES:-18000} hosts=${BENCH_HOSTS:-1000}
devices=${BENCH_DEVICES:-1000} planned=100 fleet=${BENCH_FLEET:-200}
parts=" ${BENCH_PARTS:-speed replace netconf memory many zabbix fleet source} "
parts=${parts/ zabbix / zabbix-life zabbix-wide zabbix-huge } parts=${parts/ source / source-netbox source-nautobot } parts=${parts/ fleet / fleet-site fleet-sites }
if [ "${SMOKE:-}" = 1 ]; then runs=1 n=3 many=3 lines=2000 hosts=3 devices=30 planned=3 fleet=8; fi
out=${BENCH_OUT:-bin/performance.md}

work=$(mktemp -d "${TMPDIR:-/tmp}/provision-bench.XXXXXX")
zabbix=$(mktemp -d "${TMPDIR:-/tmp}/provision-bench-zabbix.XXXXXX")
source=$(mktemp -d "${TMPDIR:-/tmp}/provision-bench-source.XXXXXX")
chmod 755 "$zabbix" "$source" # their databases have a user of their own
export LAB_DIR=$work/lab LAB_PROFILE=full
farm='' up=''
# shellcheck disable=SC2317  # the traps reach it
finish() {
	local code=$?
	trap '' INT TERM
	[ -z "$farm" ] || kill "$farm" 2>/dev/null || :
	tools/lab/lab.sh down >/dev/null 2>&1 || :
	tools/zabbix/zabbix.sh down 7.0 "$zabbix" >/dev/null 2>&1 || :
	for product in netbox nautobot; do tools/$product/$product.sh down "$source/$product" >/dev/null 2>&1 || :; done
	[ "$code" = 0 ] || cp "$work/results.json" "${TMPDIR:-/tmp}/provision-bench.json" 2>/dev/null || :
	rm -rf "$work" "$zabbix" "$source"
	exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

SECONDS=0
bin=$work/bin
mkdir -p "$bin/provision" "$bin/noop" "$(dirname "$out")"
go build -trimpath -o "$bin/provision/terraform-provider-provision" .
go build -trimpath -o "$bin/noop/terraform-provider-noop" ./internal/bench/noop
go build -trimpath -o "$bin/bare" ./internal/bench/bare
go build -trimpath -o "$bin/bench" ./internal/bench
go build -trimpath -o "$bin/farm" ./internal/bench/farm

# lab ROUTERS: another lab in the same place, if it has another size.
lab() {
	[ "$1" != "$up" ] || return 0
	up=$1
	tools/lab/lab.sh down >/dev/null 2>&1 || :
	tools/lab/lab.sh up "$LAB_DIR" "$(tools/lab/lab.sh port "$1")" "$1" >&2
}
# measure PART DEVICES [DIRECTORY], if it is to be measured
measure() { ! wants "$1" || bench "$@"; }
# bench PART DEVICES [DIRECTORY [SOURCE]]
bench() {
	rm -rf "$work/files" && mkdir "$work/files"
	${4:+$elsewhere} "$bin/bench" "$1" -lab "${3:-$LAB_DIR}" -zabbix "$zabbix" -source "${4:-}" -work "$work/files" -bin "$bin" -results "$work/results.json" -rounds "$runs" -devices "$2" -planned "$planned"
}
# start_farm ROUTERS LINES [TASKSET]: simulated routers in $work/farm
start_farm() {
	${3:-} "$bin/farm" "$work/farm" "$1" "$2" &
	farm=$!
	for ((i = 0; i < 600; i++)); do
		[ ! -e "$work/farm/ready" ] || return 0
		kill -0 $farm || break
		read -r -t 0.1 <> <(:) || :
	done
	die "the simulated routers did not start"
}
stop_farm() {
	kill $farm
	farm=
	rm -rf "$work/farm"
}
# estate PRODUCT DEVICES: a source of truth has so many
estate() {
	if [ "$1" = netbox ]; then
		tools/netbox/netbox.sh seed "$source/netbox" estate "$2" >&2
	else
		tools/nautobot/nautobot.sh estate "$source/nautobot" "$2" >&2
	fi
}
# A source of truth is elsewhere than Terraform: it has half of the cores, and what
# asks it, with the simulated routers, the other half.
on_server='' elsewhere=''
if [ "$(nproc)" -gt 1 ]; then
	on_server="taskset -c 0-$(($(nproc) / 2 - 1))" elsewhere="taskset -c $(($(nproc) / 2))-$(($(nproc) - 1))"
fi
wants() { for p in "$@"; do case $parts in *" $p "*) return 0 ;; esac; done; return 1; }

if wants speed replace netconf; then
	lab "$n"
	tools/lab/lab.sh wait 120 >&2
	measure netconf 0
	measure speed "$n"
	measure replace "$n"
fi
if wants many; then
	lab "$many"
	measure many "$many"
fi
if wants memory; then
	tools/lab/lab.sh down >/dev/null 2>&1 || :
	up=
	start_farm "$n" "$lines"
	measure memory "$n" "$work/farm"
	stop_farm
fi
if wants zabbix-life zabbix-wide zabbix-huge; then
	tools/zabbix/zabbix.sh up 7.0 "$zabbix" "${BENCH_ZABBIX_PORT:-$(tools/zabbix/zabbix.sh port)}" >&2
	for part in zabbix-life zabbix-wide zabbix-huge; do measure $part "$hosts"; done
	tools/zabbix/zabbix.sh down 7.0 "$zabbix" >&2
fi
if wants fleet-site fleet-sites; then
	tools/zabbix/zabbix.sh up 7.0 "$zabbix" "${BENCH_ZABBIX_PORT:-$(tools/zabbix/zabbix.sh port)}" >&2
	start_farm "$fleet" 10
	for part in fleet-site fleet-sites; do measure $part "$fleet" "$work/farm"; done
	stop_farm
	tools/zabbix/zabbix.sh down 7.0 "$zabbix" >&2
fi
for product in netbox nautobot; do
	wants source-$product || continue
	$on_server tools/$product/$product.sh up "$source/$product" "$(tools/$product/$product.sh port)" >&2
	# The configurations are compared on routers that take no time of their own.
	start_farm "$planned" 10 "$elsewhere"
	estate $product "$devices"
	bench source-$product "$devices" "$work/farm" "$source/$product"
	stop_farm
	estate $product $((5 * devices))
	bench source-$product-huge $((5 * devices)) "$work" "$source/$product"
	tools/$product/$product.sh down "$source/$product" >&2
done
[ -z "${BENCH_RESULTS:-}" ] || cp "$work/results.json" "$BENCH_RESULTS"
"$bin/bench" report -results "$work/results.json" -report "$out"
cat "$out"
echo "make bench: $((SECONDS / 60)) min $((SECONDS % 60)) s; the report is in $out" >&2
