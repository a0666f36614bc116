#!/bin/bash
# demo.sh: the provider on real network devices, told step by step. Every claim
# is checked on the consoles of the devices, and one that does not hold ends the
# demo with exit code 1: the demo is a test as well.
#
#   demo.sh              run it (root; Debian 12; Go and Terraform)
#   demo.sh down         take the lab down and remove what the demo made
#   demo.sh transcript   run it and write templates/guides/demo.md
#
# LAB=simulated in the environment: the same story on simulators, without root
# and on any Linux with python3 and procps. SOURCE=netbox or SOURCE=nautobot: the same story with a real
# one of those as the source of truth, in place of the inventory file, and one step
# more. DEMO_DIR: where the demo keeps its files (default: .demo in
# the clone). DEMO_PORTBASE: the first of its loopback ports (29300): seven for
# the devices, four for Zabbix from the tenth on and three for the source of truth
# from the twentieth on (none above 32767).
set -euo pipefail
export LC_ALL=C.UTF-8

repo=$(cd "$(dirname "$0")/../.." && pwd)
state=${DEMO_DIR:-$repo/.demo} portbase=${DEMO_PORTBASE:-29300} lab_kind=${LAB:-real} format=${DEMO_FORMAT:-text}
zabbix=${TMPDIR:-/tmp}/provision-demo-zabbix.$portbase  # where another user may enter
source=${SOURCE:-file} truth_dir=${TMPDIR:-/tmp}/provision-demo-truth.$portbase
work=$state/network devices='r1 r2 r3 n1' routers='r1 r2 r3' lab_command=$state/bin/lab
# shellcheck source=tools/demo/lib.sh
. "$repo/tools/demo/lib.sh"

# Terraform is told everything by files of the demo; nothing of the user's is
# read or written.
unset "${!TF_@}" "${!PROVISION_@}"
export TF_CLI_CONFIG_FILE=$state/terraformrc CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1 TF_CLI_ARGS=-no-color PATH=$state/bin:$PATH

# ---- the lab ----------------------------------------------------------------
die() { printf 'demo: %s\n' "$*" >&2; exit 1; }

needed() {
	case $lab_kind in real | simulated) ;; *) die "LAB is \"real\" or \"simulated\", not \"$lab_kind\"" ;; esac
	case $source in
	file) ;;
	netbox | nautobot) [ "$lab_kind" = real ] || die "SOURCE=$source is a real one and needs the real lab: leave LAB out" ;;
	*) die "SOURCE is \"netbox\" or \"nautobot\" or not set, not \"$source\"" ;;
	esac
	case $portbase in [1-9]*0) ;; *) die "DEMO_PORTBASE is a port that ends in 0, not \"$portbase\"" ;; esac
	case $state in *[[:space:]]*) die "no blanks in the path, please: $state (set DEMO_DIR)" ;; esac
	local tool
	for tool in go terraform; do
		command -v $tool >/dev/null || die "$tool is not on the PATH$([ "$(id -u)" != 0 ] || printf '; sudo has a PATH of its own, with yours:  sudo env PATH="$PATH" make demo')"
	done
	if [ "$lab_kind" = simulated ]; then # the real lab installs what is missing
		[ -d /proc/self ] || die "needs Linux (the demo follows its processes in /proc)"
		command -v python3 >/dev/null || die "python3 is not on the PATH: the demo asks Zabbix with it"
		command -v pgrep >/dev/null || die "pgrep (procps) is not on the PATH: the demo finds the provider with it, to kill it"
		return
	fi
	[ "$(id -u)" = 0 ] || die "real routers in network namespaces need root:  sudo env PATH=\"\$PATH\" make demo
      without root:  make demo LAB=simulated"
	[ "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" = bookworm ] || die "the real routers and Zabbix come from the packages of Debian 12, and this system is another
      on any Linux:  make demo LAB=simulated"
}

down() {
	if [ -x "$lab_command" ]; then "$lab_command" down >/dev/null || :; fi
	if [ -f "$state/zabbixsim.pid" ]; then kill "$(cat "$state/zabbixsim.pid")" 2>/dev/null || :; fi
	local s
	for s in netbox nautobot; do
		if [ -f "$truth_dir/$s/env" ]; then "$repo/tools/$s/$s.sh" down "$truth_dir/$s" >/dev/null 2>&1 || :; fi
		[ ! -f "$truth_dir/$s/env" ] || rm -rf "${truth_dir:?}/$s"
	done
	[ ! -d "$truth_dir" ] || rmdir "$truth_dir" 2>/dev/null || :
	if [ -f "$zabbix/.zabbix" ]; then "$repo/tools/zabbix/zabbix.sh" down 7.0 "$zabbix" >/dev/null 2>&1 || :; fi
	[ ! -f "$zabbix/env" ] || rm -rf "$zabbix"
	[ ! -f "$state/.demo" ] || rm -rf "$state"
}

prepare() {
	[ ! -e "$state" ] || [ -f "$state/.demo" ] || die "$state exists and is not the demo's (set DEMO_DIR)"
	down
	mkdir -p "$state"/{bin,log,snap}
	: >"$state/.demo"
	cp -r "$repo/tools/demo/network" "$work"
	cp -r "$repo/tools/demo/monitoring" "$state/monitoring"
	cp "$repo/tools/demo/zbx.py" "$state/bin/zbx"
	sed -i.orig "s/2930\([1-9]\)/$((portbase / 10))\1/" "$work/inventory.yaml" && rm "$work/inventory.yaml.orig"
	printf 'provider_installation {\n  filesystem_mirror { path = "%s" }\n}\n' "$state/plugins" >"$TF_CLI_CONFIG_FILE"
	if [ "$lab_kind" = real ]; then
		printf '#!/bin/sh\n# The lab of this demo.\nexport LAB_DIR=%s LAB_PORTBASE=%s LAB_N=3 LAB_PROFILE=bare\nexec %s "$@"\n' \
			"$state/lab" "$portbase" "$repo/tools/lab/lab.sh" >"$lab_command"
	else
		go build -C "$repo" -buildvcs=false -o "$state/bin/simlab" ./internal/device/simlab || die "the simulators do not build"
		printf '#!/bin/sh\n# The simulated lab of this demo.\nexport LAB_DIR=%s LAB_PORTBASE=%s LAB_N=3 LAB_PROFILE=bare\nexec %s "$@"\n' \
			"$state/lab" "$portbase" "$state/bin/simlab" >"$lab_command"
	fi
	chmod 755 "$lab_command"
	export ZABBIX_URL=http://127.0.0.1:$((portbase + 10))
	printf 'export TF_CLI_CONFIG_FILE=%s CHECKPOINT_DISABLE=1 ZABBIX_URL=%s PATH=%s:$PATH\n' "$TF_CLI_CONFIG_FILE" "$ZABBIX_URL" "$state/bin" >"$state/env"
}

# zabbix_up starts Zabbix, and writes how to reach it where Terraform reads it.
zabbix_up() {
	printf '$ zabbix up\n' | block
	if [ "$lab_kind" = real ]; then
		"$repo/tools/zabbix/zabbix.sh" up 7.0 "$zabbix" $((portbase + 10)) >&2 || die "Zabbix did not come up"
	else
		mkdir -p "$zabbix"
		"$state/bin/zabbixsim" 127.0.0.1:$((portbase + 10)) "$zabbix/env" >"$state/log/zabbixsim.txt" 2>&1 </dev/null &
		echo $! >"$state/zabbixsim.pid"
		until_true 60 'the simulated Zabbix is up' test -f "$zabbix/env"
	fi
	sed -n -e 's/^ZABBIX_URL=\(.*\)/  url          = "\1"/p' -e 's/^ZABBIX_AGENT_PORT=\(.*\)/  agent_port   = "\1"/p' \
		-e 's/^ZABBIX_PSK_IDENTITY=\(.*\)/  psk_identity = "\1"/p' -e 's/^ZABBIX_PSK=\(.*\)/  psk          = "\1"/p' "$zabbix/env" |
		{ echo 'zabbix = {'; cat; echo '}'; } >"$work/zabbix.auto.tfvars"
}

# truth_up starts the source of truth, fills it, and has main.tf ask it: the devices
# are then behind the lab's jump host, at their own addresses.
truth_up() {
	[ "$source" != file ] || return 0
	printf '$ %s up\n' "$source" | block
	mkdir -p "$truth_dir"
	"$repo/tools/$source/$source.sh" up "$truth_dir/$source" $((portbase + 20)) >&2 || die "$source did not come up"
	# shellcheck source=/dev/null
	. "$truth_dir/$source/env"
	local token=${NETBOX_TOKEN:-${NAUTOBOT_TOKEN:-}}
	export TRUTH=$source TRUTH_URL=http://127.0.0.1:$((portbase + 20)) TRUTH_TOKEN=$token "PROVISION_${source^^}_TOKEN=$token"
	printf 'export TRUTH=%s TRUTH_URL=%s TRUTH_TOKEN=%s PROVISION_%s_TOKEN=%s\n' "$source" "$TRUTH_URL" "$token" "${source^^}" "$token" >>"$state/env"
	install -m 755 "$repo/tools/demo/truth.py" "$state/bin/truth"
	sed -i -e "s#^  inventory_file = .*#  $source = {\n    url        = \"$TRUTH_URL\" \# PROVISION_${source^^}_TOKEN has the token\n    write_back = { journal = true, zabbix_host_id = \"zabbix_hostid\" }\n  }#" \
		-e 's#^      private_key = .*#&\n      jump_host   = "door"#' \
		-e "s#^  ssh = {#  ssh = {\n    jump_hosts      = { door = { host = \"127.0.0.1\", port = $portbase, credentials = \"door\" } }#" \
		-e 's#^  credentials = {#&\n    door = {\n      username    = "jump"\n      private_key = file("../lab/id_ed25519")\n    }#' \
		-e 's#^  devices = yamldecode.*#  devices = { for d in data.provision_devices.ring.devices : d.name => d }#' \
		-e 's#^locals {#data "provision_devices" "ring" {\n  sites = ["ring"]\n}\n\n&#' \
		-e "s#inventory.yaml, what they should be in#$source, and what they should be; the demo writes it in#" \
		-e 's#come from the inventory$#come from the source of truth#' "$work/main.tf"
	sed -i -e 's#d.driver == "frr"#d.platform == "frr"#' \
		-e 's#^  device  = each.key#&\n\n  interface = { ip = "127.0.0.1" } \# one agent on this machine answers for all#' "$state/monitoring/monitoring.tf"
	rm "$work/inventory.yaml"
	(cd "$work" && truth fill) || die "$source could not be filled"
	# What a step changes in configs/ is in the source of truth before Terraform asks.
	printf '#!/bin/sh\ncase $1 in plan | apply) [ -e %s ] || truth tell || exit ;; esac\nexec %s "$@"\n' \
		"$state/told" "$(command -v terraform)" >"$state/bin/terraform"
	chmod 755 "$state/bin/terraform"
}

# make_ready gets what a fresh machine lacks, and shows how it goes. That takes its
# time once, and does not count as the demo's.
make_ready() {
	if [ "$lab_kind" = real ]; then
		"$repo/tools/lab/lab.sh" packages >&2 || die "the packages of the lab could not be had"
		"$repo/tools/zabbix/zabbix.sh" make 7.0 >&2 || die "Zabbix could not be made"
	else
		go build -C "$repo" -buildvcs=false -o "$state/bin/zabbixsim" ./internal/zabbix/zabbixtest/zabbixsim || die "the simulated Zabbix does not build"
	fi
	build_provider
	ready=$SECONDS
}

# lab_up starts the devices, and shows how it goes.
lab_up() {
	printf '$ lab up\n' | block
	lab up >&2 || die "the lab did not come up"
}

build_provider() {
	local os arch dir
	[ "$format" = markdown ] || printf '\n   (building the provider; the first time this takes a minute or two)\n'
	os=$(go env GOOS) arch=$(go env GOARCH)
	dir=$state/plugins/registry.terraform.io/netprovision/provision/0.0.1/${os}_$arch
	mkdir -p "$dir"
	go build -C "$repo" -buildvcs=false -o "$dir/terraform-provider-provision_v0.0.1" . || die "the provider does not build"
}

# What the consoles show. Nothing of this goes through the provider.
running() {
	case $lab_kind:$1 in
	simulated:*) lab running "$1" ;;
	real:r*) lab exec "$1" vtysh -c 'show running-config' ;;
	*) lab exec "$1" sh -c "$netconf_console" ;;
	esac
}
startup() {
	case $lab_kind:$1 in
	simulated:*) lab startup "$1" ;;
	real:r*) lab exec "$1" cat /etc/frr/frr.conf ;;
	*) lab exec "$1" cat /mnt/startup-cfg.xml ;;
	esac
}
# answers NODE: its SSH lets us in.
answers() {
	if [ "$lab_kind" = simulated ]; then lab reach "$1"; else ssh -n -F "$state/lab/ssh_config" -o ConnectTimeout=2 "$1" true; fi 2>/dev/null
}
# A NETCONF session at the device itself: hello, get-config, close. The server
# wants a pause after its hello.
netconf_console='b=urn:ietf:params:xml:ns:netconf:base:1.0 e="]]>]]>"
rpc() { sleep 0.1; echo "<rpc xmlns=\"$b\" message-id=\"1\">$1</rpc>$e"; }
{ echo "<hello xmlns=\"$b\"><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability></capabilities></hello>$e"
  rpc "<get-config><source><running/></source></get-config>"; rpc "<close-session/>"; sleep 0.1
} | SSH_CONNECTION="127.0.0.1 1 127.0.0.1 830" USER=netops HOME=/tmp \
	/usr/sbin/netconf-subsystem --ncxserver-sockname=830@/run/netconf.sock | sed -n "/<data>/,/<\/data>/p"'

# bgp_up PREFIXES: every router has two established sessions and has received
# that many prefixes on each; as each router is asked, both ends of every
# session are.
bgp_up() {
	local r
	for r in $routers; do
		lab exec "$r" vtysh -c 'show bgp summary' |
			awk -v want="$1" '/^10\./ { n++; if ($10 ~ /^[0-9]+$/ && $10 >= want) up++ } END { exit !(n == 2 && up == 2) }' || return 1
	done
}

# nothing_left: no file and no timer of ours is on a router.
nothing_left() {
	local r
	[ "$lab_kind" = real ] || return 0
	for r in $routers; do
		[ -z "$(lab exec "$r" find /run/frr /tmp -name 'provision-*')" ] || broken "nothing of the provider is left on $r"
	done
}

# has CONFIG DEVICE PATTERN / lacks ...: a line of what the console shows.
has() { "$1" "$2" | grep -E -- "$3" >/dev/null; }
lacks() { ! has "$@"; }

# ---- the story --------------------------------------------------------------
opening() {
	say "Three FRR routers in a ring, a NETCONF device and, for the last part, a Zabbix. The provider is built from this clone, Terraform finds it through a configuration file of the demo, and every claim is checked on the consoles of the devices, past the provider. Of Terraform's output what repeats is left out: attributes that stay as they are, fingerprints, and where in main.tf a message comes from."
	if [ "$lab_kind" = simulated ]; then
		say "Simulated: no FRR, no netconfd and no BGP run here. The provider talks over real SSH to programs that imitate the devices, and lab is their console; what show bgp summary prints is worked out from the configurations. Of Zabbix there is the API alone: no server, no agent, no history."
	else
		say "lab is tools/lab/lab.sh for the lab of this demo."
	fi
	make_ready
	lab_up
	zabbix_up
	truth_up
	run 'lab status'
	[ "$lab_kind" = simulated ] || say "(The jump host, n2 and b1 are of the same lab; the demo does not use them.)"
	run 'terraform init' installed
	run 'cat main.tf'
}

step_plan() {
	heading 'Plan: what would change, asked of each device'
	say "The routers hold nothing but a management configuration. Each is asked what the intended configuration would change, and nothing is left behind on it. diff_by says who worked the difference out: an FRR router does it itself; NETCONF has no operation for it, so there the provider compares what the device gives as its candidate with what it gives as running."
	run "lab exec r1 vtysh -c 'show running-config'"
	snap bare
	run 'terraform plan' planned
	prints 'Plan: 4 to add, 0 to change, 0 to destroy' 'the plan creates four devices'
	prints '\+ router bgp 65001' 'the plan shows the lines of r1'
	prints 'customer 4711' 'the plan shows the elements of n1'
	snap planned
	compare bare planned
	unchanged bare planned
	nothing_left
	ok 'no running or startup configuration has changed, and nothing was left on the routers.' \
		'no running or startup configuration has changed.'
}

step_apply() {
	heading 'Apply: the configurations are on, saved, and BGP is up'
	say "Apply locks where the device can, backs up, commits with a timer on the device that undoes the change, logs in anew, verifies, confirms and saves. Then the routers are asked whether they talk to each other."
	run 'terraform apply -auto-approve' done_part
	prints 'Apply complete! Resources: 4 added' 'four devices are provisioned'
	until_true 30 'two BGP sessions on each router, two prefixes on each' bgp_up 2
	run "lab exec r1 vtysh -c 'show bgp summary'"
	run "lab exec r2 vtysh -c 'show bgp summary'"
	run "lab exec r3 vtysh -c 'show bgp summary'"
	ok 'both ends of all three sessions are established, and two prefixes have come in on each.'
	local r
	for r in $routers; do
		has startup "$r" '^router bgp' || broken "$r has saved its configuration"
	done
	has startup n1 'customer 4711' || broken 'n1 has saved its configuration'
	ok 'all four devices have saved it: it survives a reboot.'
}

step_again() {
	heading 'Plan again: no changes'
	say "What was applied is what is wanted. Whether there is something to do is asked of the devices at every plan, not of the state file."
	run 'terraform plan -detailed-exitcode' planned
	prints 'No changes\.' 'the plan is empty'
	ok 'exit code 0: nothing to do.'
}

step_drift() {
	heading 'Somebody changes a router by hand'
	say "A neighbour is removed on r2, on its console. The plan shows exactly the lines that are missing, on that router only, and apply puts them back."
	run "lab drift r2 'router bgp 65002
  no neighbor 10.0.12.1 remote-as 65001'"
	snap drifted
	run 'terraform plan' planned
	prints 'Plan: 0 to add, 1 to change, 0 to destroy' 'one device changes'
	prints '\+ +neighbor 10.0.12.1 remote-as 65001' 'the plan shows the missing neighbour'
	hides '\+ +neighbor 10.0.23.2' 'the plan shows nothing else'
	run 'terraform apply -auto-approve' done_part
	has running r2 'neighbor 10.0.12.1 remote-as 65001' || broken 'the neighbour is back'
	snap repaired
	compare drifted repaired
	unchanged drifted repaired r1 r3 n1
	until_true 30 'BGP is up again' bgp_up 2
	ok 'the neighbour is back, BGP is up again, and the other devices were left alone.'
}

step_replace() {
	heading 'Replace: what the intent does not name goes'
	say "So far configurations were merged: what they do not name is left alone. With replace_config = true they are the whole configuration. With commit_changes = false the difference is shown, and the device is left alone at apply too."
	run "lab drift r3 'ip route 203.0.113.0/24 Null0'"
	run "echo 'replace_config = true' >terraform.tfvars"
	snap foreign
	run 'terraform apply -auto-approve -var commit_changes=false' planned
	prints '- ip route 203.0.113.0/24 Null0' 'the route would be removed'
	snap shown
	compare foreign shown
	unchanged foreign shown
	ok 'with commit_changes = false nothing has changed.'
	run 'terraform apply -auto-approve' planned
	lacks running r3 'ip route' || broken 'the route is gone'
	lacks startup r3 'ip route' || broken 'the route is gone from the saved configuration'
	snap replaced
	unchanged foreign replaced r1 r2 n1
	ok 'the route is gone from running and startup of r3; the other devices are as they were.'
}

step_mistake() {
	heading 'A mistake in line 2'
	say "r1 gets a new network, and r2 a typing error in its second line. r2 itself says which line it does not take; the plan fails, so nothing is changed anywhere, r1 included."
	run "sed -i.good 's/^  network 172.20.1.0.*/&\n  network 172.20.101.0\/24/' configs/r1.conf
sed -i.good '2s/hostname/hostnane/' configs/r2.conf"
	snap good
	refused 'terraform plan' planned
	prints 'line 2' 'the error names the line'
	prints 'r2' 'the error names the router'
	refused 'terraform apply -auto-approve' quiet
	snap refused
	compare good refused
	unchanged good refused
	ok 'neither plan nor apply has changed anything.'
	run 'for r in r1 r2; do mv configs/$r.conf.good configs/$r.conf; done'
}

step_cut_off() {
	heading 'A configuration that cuts off the management session'
	say "The intended configuration of r1 loses its management interface, and with replace_config = true that takes the address away that we come in by. The router undoes it by itself within confirm_timeout, here 15 seconds, and apply says so."
	run "sed -i.good '/^interface mgmt0/,/^exit/d' configs/r1.conf"
	snap reachable
	run 'terraform plan' planned
	prints '- +ip address 198.18.1.2/16' 'the plan shows that the address goes'
	refused 'terraform apply -auto-approve' done_part
	prints '[Rr]everted' 'the error says that the router took it back'
	answers r1 || broken 'r1 answers again'
	snap taken_back
	compare reachable taken_back
	unchanged reachable taken_back
	ok 'r1 runs and has saved what it had before, and answers.'
	run 'mv configs/r1.conf.good configs/r1.conf'
}

step_stale() {
	heading 'A saved plan that is not true any more'
	say "A plan is saved for a review. Before it is applied, somebody changes the router by hand. The plan was not made for what runs now, so the apply refuses before it changes anything."
	run "sed -i 's/description to-r3/description to-r3, rack 4/' configs/r2.conf
terraform plan -out=saved.tfplan" planned
	prints 'Plan: 0 to add, 1 to change, 0 to destroy' 'one device is to be changed'
	run "lab drift r2 'interface lo
  description changed by hand'"
	snap by_hand
	refused 'terraform apply saved.tfplan' planned
	snap refused_plan
	compare by_hand refused_plan
	unchanged by_hand refused_plan
	ok 'the refused apply has changed nothing.'
	say "A new plan shows both: what was to be changed, and what was changed by hand."
	run 'terraform apply -auto-approve' planned
	prints '\- +description changed by hand' 'the change by hand is shown'
	prints '\+ +description to-r3, rack 4' 'the change that was planned is shown'
	ok 'the new plan shows both and is applied.'
}

step_killed() {
	heading 'The provider is killed inside the commit'
	say "Each router gets a second network, and n1 another description. As soon as the first router has the change and waits for the confirmation, the provider process is killed with SIGKILL: no handler runs, nothing is cleaned up. The devices undo by themselves what was not confirmed; the next plan waits for them and says where each router is, and the next apply finishes."
	run "sed -i 's/^  network 172.20.\([123]\).0.*/&\n  network 172.21.\1.0\/24/' configs/r?.conf
sed -i 's/customer 4711/customer 4712/' configs/n1.xml"
	kill_in_commit
	run 'terraform plan' planned
	prints 'waited .* for the commit of .*; it was undone' 'the plan says what became of the commit'
	local r
	for r in $routers; do
		if has running "$r" "network 172.21.${r#r}.0/24"; then
			hides "\\+ network 172.21.${r#r}.0/24" "$r has its second network, and the plan does not add it"
		else
			prints "\\+ network 172.21.${r#r}.0/24" "$r does not have its second network, and the plan adds it"
		fi
	done
	ok 'of each router the plan says what its console says.'
	run 'terraform apply -auto-approve' done_part
	for r in $routers; do
		has running "$r" "network 172.21.${r#r}.0/24" || broken "$r has its second network"
		has startup "$r" "network 172.21.${r#r}.0/24" || broken "$r has saved its second network"
	done
	until_true 30 'every router has four prefixes from each neighbour' bgp_up 4
	has running n1 'customer 4712' || broken 'n1 has its new description'
	nothing_left
	ok 'all devices have their change, running and saved, and the routers announce it; no timer is left.' \
		'all devices have their change, running and saved.'
}

step_unreachable() {
	heading 'A router cannot be reached'
	say "The management link of r3 is cut. With on_unreachable = \"skip\" a device that does not answer keeps its state and is named in a warning; the others are planned, and applied from the same saved plan."
	run 'lab cut r3'
	run "sed -i 's/ description management/ description management, out of band/' configs/r?.conf"
	snap cut
	run 'terraform plan -var on_unreachable=skip -out=saved.tfplan' planned
	prints 'NOT CHECKED' 'the warning says that r3 was not checked'
	run 'terraform apply saved.tfplan' done_part
	has running r1 'description management, out of band' || broken 'r1 is changed'
	has running r2 'description management, out of band' || broken 'r2 is changed'
	snap skipped
	compare cut skipped
	unchanged cut skipped r3 n1
	ok 'r1 and r2 have the change, r3 is as it was.'
	say "When r3 is back, the next apply brings it up to date."
	run 'lab heal r3
terraform apply -auto-approve' done_part
	has running r3 'description management, out of band' || broken 'r3 is changed'
	ok 'r3 has the change as well.'
}

step_merge() {
	heading 'Merge: what the intent does not name stays, and is counted'
	say "Back to merging. Somebody else's route on r1 is none of our business: the plan leaves it alone, and unmanaged_lines counts it. Here diff_by is client: a router says which lines of a merge are new to it, and which old line a new one replaces is concluded by the provider."
	run "rm terraform.tfvars
lab drift r1 'ip route 198.51.100.0/24 Null0'
sed -i 's/description to-r2/description to-r2, rack 7/' configs/r1.conf"
	run 'terraform apply -auto-approve' planned
	hides '- ip route' 'the plan does not touch the route'
	has running r1 'ip route 198.51.100.0/24 Null0' || broken 'the route is still there'
	has running r1 'description to-r2, rack 7' || broken 'the change is on'
	run "terraform state show 'provision_device.this[\"r1\"]' | grep unmanaged_lines"
	prints 'unmanaged_lines += 1$' 'one line is counted'
	run 'terraform plan -detailed-exitcode' planned
	ok 'the route stays and is counted, and the next plan is empty.'
}

# ---- monitoring -------------------------------------------------------------
step_monitor() {
	heading 'The same apply puts the routers under monitoring'
	say "Each router and one virtual machine become hosts in Zabbix, by the rules in mappings.yaml, with an agent interface that is encrypted with a pre-shared key. At the same time the routers get another description. One apply does both: it configures a router, then has it monitored, and waits until data from the agent has arrived. (One agent on this machine answers for all four.)"
	run 'cp ../monitoring/monitoring.tf .
cat monitoring.tf mappings.yaml'
	run "sed -i 's/, out of band/, out of band, monitored/' configs/r?.conf"
	run 'terraform plan' planned
	prints 'Plan: 4 to add, 3 to change, 0 to destroy' 'the plan makes four hosts and changes three routers'
	run 'terraform apply -auto-approve' done_part
	prints 'Apply complete! Resources: 4 added, 3 changed' 'four hosts are made and three routers changed'
	hides 'No data' 'data has arrived from every agent'
	local r
	for r in $routers; do has running "$r" 'out of band, monitored' || broken "$r is changed"; done
	say "Data has arrived, or the apply would have warned. What Zabbix shows a moment later, asked past the provider:"
	until_true 90 'the ping of each of the four agents has arrived' pinged 4
	run 'zbx hosts'
	prints 'r1 .*monitored' 'r1 is monitored'
	prints 'Network/Ring' 'the rule of the ring gave the host groups'
	prints 'nb_rack=A7' 'a custom field became a tag'
	[ "$(grep -c 'data  *Zabbix agent ping: 1' "$out")" = 4 ] || broken 'Zabbix has data from all four agents'
	ok 'four hosts with templates, groups, tags and inventory; the agent of each has sent data over an encrypted connection.' \
		'four hosts with templates, groups, tags and inventory, and each has data (which the imitated Zabbix gives: no agent runs here, and nothing is encrypted).'
	run "terraform state show 'zabbix_agent_host.router[\"r1\"]' | grep -A 20 matched_rules | sed '/}/q'"
	say "matched_rules says why each template, group, tag and inventory value is there."
	run 'terraform plan -detailed-exitcode' planned
	prints 'No changes\.' 'the plan is empty'
	ok 'a second plan is empty.'
}

step_monitor_drift() {
	heading 'Somebody changes a host by hand'
	say "In Zabbix web1 gets another description and tag, and loses its template. The plan shows each of them, attribute by attribute, and apply puts them back."
	run "zbx set web1 '{\"description\": \"changed by hand\", \"tags\": [{\"tag\": \"nb_site\", \"value\": \"elsewhere\"}], \"templates\": []}'"
	run 'terraform plan' planned
	prints 'Plan: 0 to add, 1 to change, 0 to destroy' 'one host changes'
	prints '"changed by hand" -> "made by the demo"' 'the description is shown'
	prints '\+ "?Linux by Zabbix agent' 'the template is shown'
	prints 'nb_site' 'the tag is shown'
	run 'terraform apply -auto-approve' quiet
	run 'zbx hosts' web1
	prints 'says +made by the demo' 'the description is back'
	run 'terraform plan -detailed-exitcode' quiet
	ok 'all three are as intended again; the tag that somebody added stays, because tags are additive.'
}

step_graveyard() {
	heading 'Destroy, and bring back with the history'
	say "A host that is no longer wanted is not deleted: it is renamed, disabled and moved to the graveyard. When the same object is monitored again, its host is dug up with its history."
	local before=0 after=0 id
	if [ "$lab_kind" = real ]; then
		run 'zbx values r1'
		before=$(tail -n 1 "$out")
	fi
	id=$(zbx hosts | sed -n 's/^r1 .*hostid \([0-9]*\).*/\1/p')
	run 'mv monitoring.tf monitoring.tf.off
terraform plan' planned
	prints 'Plan: 0 to add, 0 to change, 4 to destroy' 'four hosts go'
	run 'terraform apply -auto-approve' quiet
	run 'zbx hosts' buried
	prints 'r1_archived .*disabled' 'r1 lies in the graveyard'
	run 'mv monitoring.tf.off monitoring.tf
terraform plan' planned
	prints 'dug up' 'the plan says that the hosts come back'
	run 'terraform apply -auto-approve' quiet
	if [ "$lab_kind" = real ]; then
		run 'zbx values r1'
		after=$(tail -n 1 "$out")
	fi
	[ "$after" -ge "$before" ] || broken "the history of r1 is there ($before values before, $after now)"
	zbx hosts | grep "^r1 .*hostid $id," >/dev/null || broken 'r1 is the same host'
	run 'terraform plan -detailed-exitcode' quiet
	ok 'the same hosts, with their history, are monitored again.' \
		'the same hosts, by their hostids, are monitored again (the imitated Zabbix keeps no history).'
}

# pinged N: the ping of so many agents is in Zabbix.
pinged() { [ "$(zbx hosts | grep -c 'data  *Zabbix agent ping: 1')" = "$1" ]; }

# Filters of what zbx prints.
web1() { sed -n '/^web1/,/^  data/p'; }
buried() { grep -A 2 _archived; }

# kill_in_commit runs an apply and kills the provider when the first router
# waits for its confirmation. Only a child of this very apply is killed.
kill_in_commit() {
	local tf provider='' seen line
	out_no=$((out_no + 1)) out=$state/log/$(printf '%02d' $out_no).txt rc=0
	seen=$(wc -l <"$work/events.jsonl")
	(cd "$work" && exec terraform apply -auto-approve) >"$out" 2>&1 </dev/null &
	tf=$!
	# The events are read without starting a process for each look: the time
	# between commit and confirmation is short.
	exec 5< <(exec tail -n +$((seen + 1)) -s 0.01 -f "$work/events.jsonl" --pid=$tf 2>/dev/null)
	while IFS= read -r line <&5; do
		case $line in
		*'"dry_run":false,"step":"stage"'*) [ -n "$provider" ] || provider=$(provider_of $tf) ;;
		*'"name":"r'*'"dry_run":false,"step":"commit","outcome":"ok"'*) break ;;
		esac
	done
	# shellcheck disable=SC2086 # one or more process ids
	[ -n "$provider" ] && kill -KILL $provider || broken 'the provider is inside the commit of a router'
	exec 5<&-
	wait $tf || rc=$?
	[ $rc != 0 ] || broken 'the apply fails when its provider is killed'
	{
		printf '$ terraform apply -auto-approve &\n$ kill -KILL PROVIDER    # as soon as events.jsonl tells of the first commit\n'
		done_part <"$out"
		printf '(exit code %d)\n' $rc
	} | block
	say "The last step of each device that the events of this apply tell:"
	tail -n +$((seen + 1)) "$work/events.jsonl" | sed -n 's/.*"name":"\([^"]*\)".*"dry_run":false,"step":"\([^"]*\)","outcome":"\([^"]*\)".*/\1  \2: \3/p' |
		awk '{ last[$1] = $0 } END { for (d in last) print last[d] }' | sort | block
}

# provider_of PID: the provider processes that this Terraform has started.
provider_of() {
	local p
	for p in $(pgrep -P "$1"); do
		case $(readlink "/proc/$p/exe") in "$state"/plugins/*) printf '%s\n' "$p" ;; esac
	done
}

# Only with a source of truth that is a system of its own.
step_truth() {
	[ "$source" != file ] || return 0
	heading 'The intent changes in the source of truth'
	say "All the time the configurations came from $source: what the steps before changed in configs/, the demo wrote there. Now somebody changes the intended configuration of r2 in $source itself. The next plan shows it, as r2 computes it, and the apply brings it on. What each apply did stands in the journal of the device."
	: >"$state/told"
	run "truth edit r2 'rack 4' 'rack 5'"
	run 'terraform plan' planned
	prints 'Plan: 0 to add, 1 to change, 0 to destroy' 'one device changes'
	prints '\+ +description to-r3, rack 5' 'the plan shows the new description'
	run 'terraform apply -auto-approve' done_part
	has running r2 'description to-r3, rack 5' || broken 'r2 has the new description'
	run 'terraform plan -detailed-exitcode' planned
	run 'truth journal r2 | tail -n 12'
	prints 'applied' 'the journal tells of the apply'
	prints '\+ +description to-r3, rack 5' 'the journal has the difference'
	ok "r2 runs what $source says, and $source knows it."
}

closing() {
	step_ended
	local total=$((SECONDS - ready))
	if [ "$format" = text ]; then
		printf '\n'
		bold "All claims hold ($total s, after $((ready - started)) s for what is installed and built)."
	else
		echo "$total" >"$state/seconds"
		say "All claims held when this was recorded."
	fi
}

go_on() {
	local edit='edit configs/r1.conf'
	[ "$source" = file ] || edit="truth edit r1 'rack 7' 'rack 8'"
	cat <<-EOF

	The lab is still up. To look at it and to go on by hand:
	  . $state/env
	  lab status
	  lab exec r1 vtysh -c 'show running-config'     (the console, past the provider)
	EOF
	[ "$lab_kind" = simulated ] || cat <<-EOF
	  ssh -F $state/lab/ssh_config r1
	EOF
	cat <<-EOF
	  cd $work
	  $edit, then: terraform plan, terraform apply
	  lab drift r2 'interface lo
	   description by hand', then: terraform plan

	zbx hosts       (what Zabbix has$([ "$lab_kind" = simulated ] || echo "; its frontend: $ZABBIX_URL, Admin, zabbix"))

	What was done, step by step: events.jsonl there; what ran before each commit: backups/.
	The end: make demo-down
	EOF
}

run_story() {
	opening
	step_plan
	step_apply
	step_again
	step_drift
	step_replace
	step_mistake
	step_cut_off
	step_stale
	step_killed
	step_unreachable
	step_merge
	step_monitor
	step_monitor_drift
	step_graveyard
	step_truth
	closing
}

case ${1:-run} in
run)
	needed
	prepare
	run_story
	go_on
	;;
down)
	if [ -f "$state/.demo" ]; then
		down
		echo "demo: the lab is down and $state is gone"
	else
		echo "demo: there is none in $state"
	fi
	;;
transcript)
	. "$repo/tools/demo/transcript.sh"
	;;
*)
	sed -n '2,/^set -e/p' "$0" | sed '$d; s/^# \{0,1\}//'
	exit 2
	;;
esac
