# transcript.sh: runs the demo and writes what it printed as a guide. Sourced by
# demo.sh. What differs from machine to machine and from run to run is replaced,
# so that a second recording differs only where the provider does; but its head says
# when it was made and how long the demo took. One that took longer than a newcomer is
# promised is not written.
limit=240  # seconds, without what is installed and built before
guide=$repo/templates/guides/demo.md
recorded=$(mktemp)
trap 'rm -f "$recorded"' EXIT

# normalise: paths, ports, times, counters and run ids.
normalise() {
	sed -E \
		-e "s#$state#.demo#g; s#$repo/##g" \
		-e "s#127\.0\.0\.1:$((portbase / 10))([0-9])#127.0.0.1:2930\1#g; s#(port: |ports )$((portbase / 10))([0-9])#\12930\2#g" \
		-e 's/ after [0-9]+s/ after a few seconds/; s/\[[0-9]+s elapsed\]/[elapsed]/; s/\[[0-9]{2}m[0-9]{2}s elapsed\]/[elapsed]/' \
		-e 's/^(10\.[0-9.]+ +4 +[0-9]+) +[0-9]+ +[0-9]+ +[0-9]+ +0 +0 [0-9:]+/\1        10        10        0    0    0 00:00:05/' \
		-e 's/(table version) [0-9]+/\1 10/; s/(RIB entries [0-9]+, using) .*/\1 .../; s/(Peers [0-9]+, using) .*/\1 .../' \
		-e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z?/2026-01-01T00:00:00Z/g' \
		-e "s#127\.0\.0\.1:$((portbase / 10 + 1))([0-9])#127.0.0.1:2931\1#g" -e 's/hostid [0-9]{5}/hostid 10600/g; s/^[0-9]{2,4}$/42/' \
		-e 's/\b[0-9]{8}T[0-9]{6}(\.[0-9]+)?Z(-[0-9a-f]{8})?/20260101T000000Z-00000000/g; s/00000000#[A-Z2-7]{8}/00000000#AAAAAAAA/g; s/waited [0-9]+s/waited 14s/' |
		progress_in_order
}

# progress_in_order sorts the lines in which Terraform tells what it works on:
# they come as they come.
progress_in_order() {
	awk '
	function put(list, n,  i, j, x) {
		for (i = 2; i <= n; i++) {
			x = list[i]
			for (j = i - 1; j > 0 && list[j] > x; j--) list[j + 1] = list[j]
			list[j + 1] = x
		}
		for (i = 1; i <= n; i++) print list[i]
	}
	/^(provision_device\.this\[|zabbix_agent_host\.).*\.\.\./ { begun[++b] = $0; next }
	/^(provision_device\.this\[|zabbix_agent_host\.).*complete/ { ended[++e] = $0; next }
	{ put(begun, b); put(ended, e); b = e = 0; print }
	END { put(begun, b); put(ended, e) }'
}

# versions of what the recording was made on.
versions() {
	local frr netconf tf
	frr=$(dpkg-query -W -f '${Version}' frr) netconf=$(dpkg-query -W -f '${Version}' netconfd)
	tf=$(terraform version | sed -n '1s/.*v//p')
	printf 'FRR %s, netconfd (yuma123) %s, Zabbix 7.0, Terraform %s, %s' "$frr" "$netconf" "$tf" "$(. /etc/os-release && echo "$PRETTY_NAME")"
}

[ "$lab_kind" = real ] || die "the transcript is recorded on the real lab"
needed
prepare
# The actor stands in warnings.
(export PROVISION_ACTOR=demo && format=markdown && run_story) >"$recorded"
seconds=$(<"$state/seconds")
[ "$seconds" -le $limit ] || { down; die "the demo took $seconds s, and must not take more than $limit: the guide is not written"; }

mkdir -p "$(dirname "$guide")"
{
	cat <<-'EOF'
	---
	page_title: "The demo: real routers, step by step"
	description: |-
	  What make demo prints: plan, apply, drift, replace, mistakes, a device that undoes a change, a killed provider.
	---

	<!-- Written by "make demo-transcript"; do not edit. -->

	# The demo: real routers, step by step
	EOF
	printf '\nThis is what `make demo` printed on %s with %s. It took %d s; what a machine lacks is installed and built before, which is not counted. It runs on any machine with Debian 12, Go and Terraform, as root; `make demo LAB=simulated` tells the same story on simulators, without root. Times, ports, paths and counters below are replaced by fixed ones; lines that are left out are counted.\n' \
		"$(date -u +%Y-%m-%d)" "$(versions)" "$seconds"
	normalise <"$recorded"
	printf '\n## Afterwards\n\nThe lab stays up: the demo ends by saying how to look at the routers and how to go on by hand. `make demo-down` takes it down.\n'
} >"$guide"
# The generator of the documentation copies a guide that is no .tmpl as it is.
mkdir -p "$repo/docs/guides"
cp "$guide" "$repo/docs/guides/demo.md"
down
echo "demo: wrote ${guide#"$repo"/} and docs/guides/demo.md"
