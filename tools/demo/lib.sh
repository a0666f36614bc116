# lib.sh: how the demo speaks, runs commands and checks what it claims.
# Sourced by demo.sh; wants $state (the state directory) and $format (text or
# markdown).

step_no=0 out_no=0 started=$SECONDS ready=$SECONDS step_started=$SECONDS
out=$state/log/none

# ---- speaking ---------------------------------------------------------------
bold() { if [ -t 1 ]; then printf '\033[1m%s\033[0m\n' "$*"; else printf '%s\n' "$*"; fi; }

# heading TITLE: begins a step, and says how long the one before took.
heading() {
	step_ended
	step_no=$((step_no + 1)) step_started=$SECONDS
	if [ "$format" = markdown ]; then
		printf '\n## %d. %s\n' $step_no "$1"
	else
		printf '\n'
		bold "== $step_no. $1"
	fi
	if [ "$lab_kind" = simulated ]; then
		say "(Simulated: the devices of this step, and Zabbix, are programs that imitate them.)"
	fi
}

step_ended() {
	[ "$format" = text ] && [ $step_no -gt 0 ] || return 0
	printf '   (step %d took %d s)\n' $step_no $((SECONDS - step_started))
}

# say TEXT...: a paragraph.
say() {
	printf '\n'
	if [ "$format" = markdown ]; then printf '%s\n' "$*"; else printf '%s\n' "$*" | fold -s -w 78 | sed 's/ *$//'; fi
}

# block: standard input as something that a program printed.
block() {
	if [ "$format" = markdown ]; then
		printf '\n```console\n'
		cat
		printf '```\n'
	else
		printf '\n'
		sed 's/^/   /'
	fi
}

# ok SENTENCE [SIMULATED]: a claim that was checked and holds. SIMULATED is what of it
# was checked where the systems are simulated, if that is less.
ok() {
	local claim=$1
	[ "$lab_kind" = real ] || claim=${2:-$1}
	if [ "$format" = markdown ]; then printf '\n*Checked:* %s\n' "$claim"; else printf '\n   [ok] %s\n' "$claim"; fi
}

# broken SENTENCE: a claim that does not hold ends the demo.
broken() {
	{
		printf '\n   [BROKEN] step %d: %s\n' $step_no "$1"
		[ ! -f "$out" ] || printf '   What the last command printed, in full: %s\n' "$out"
		printf '   The lab is left as it is: look at it with "%s status".\n' "$lab_command"
	} >&2
	exit 1
}

# ---- running ----------------------------------------------------------------

# run COMMAND [FILTER]: prints and runs a command that must succeed. Its whole
# output is kept in $out; FILTER prints what of it is worth reading.
run() {
	execute "$@"
	[ "$rc" = 0 ] || broken "the command above ended with $rc, not with 0"
}

# refused COMMAND [FILTER]: the same for a command that must fail.
refused() {
	execute "$@"
	[ "$rc" != 0 ] || broken "the command above should have failed"
}

execute() {
	local filter=${2:-whole}
	out_no=$((out_no + 1)) out=$state/log/$(printf '%02d' $out_no).txt rc=0
	(cd "$work" && eval "$1") >"$out" 2>&1 </dev/null || rc=$?
	{
		prompt "$1"
		$filter <"$out"
		[ "$rc" = 0 ] || printf '(exit code %d)\n' "$rc"
	} | block
}

# prompt prints commands as they are typed; indented lines go on with one.
prompt() { printf '%s\n' "$1" | sed '/^ /!s/^/$ /'; }

# Filters. Each of them says what it leaves out.
whole() { cat; }
quiet() { :; }

# installed prints what terraform init has installed.
installed() { sed -n 's/^- Installed/[...]\n&/p'; }

# planned prints the part of a plan that tells: the difference of each device,
# not what stays as it is, not fingerprints, not places in main.tf.
planned() {
	awk '
	/^Terraform used the selected|^plan\. Resource actions|^symbols:|^Terraform will perform/ { next }
	/^following symbols:|^  [+~-] (create|update in-place|destroy)$/ { next }
	/: (Refreshing state|Reading|Read complete)/ { next }
	/^─/ { exit }
	/ will be / { new = / will be created/ }
	/^  with (provision_device|zabbix_agent_host)/ { skip = 4 } skip && skip-- { next }
	/^ +~ (intended|running)_hash / || /^        (id|name) +=/ || /^        # \([0-9]+ unchanged/ { next }
	deep { if (/^        []}]/) deep = 0; next }
	new && /^      \+ [a-z_]+ += / && !/^      \+ (diff|diff_by|change_id) / { left++; deep = /[[{]$/; next }
	/^    }$/ { if (left) printf "      # (%d attributes left out here)\n", left; left = 0 }
	/^$/ { if (blank++) next } /./ { blank = 0 }
	{ print }'
}

# done_part prints what an apply did; its plan was shown before.
done_part() {
	awk '
	/^Plan: / { if (!told++) print "[... the plan ...]"; print; on = 1; next }
	/: Refreshing state|: Still (modifying|creating)/ { next }
	on || /^(Error|Warning|No changes|Apply complete)/ || /: (Creating|Modifying)/ { on = 1; print }' | planned
}

# ---- checking ---------------------------------------------------------------

# prints PATTERN SENTENCE: the last command's output has a line that matches.
prints() { flat <"$out" | grep -E -- "$1" >/dev/null || broken "$2 (nothing matches: $1)"; }

# hides PATTERN SENTENCE: the last command's output has no such line.
hides() { ! flat <"$out" | grep -E -- "$1" >/dev/null || broken "$2 (something matches: $1)"; }

# (grep reads to the end, without -q: with pipefail a writer that is cut short
# would count.)
# flat undoes the line breaks and the bar that Terraform puts into messages, and
# prints both forms, so that patterns need not know of them.
flat() { awk '{ print; sub(/^│ */, ""); all = all " " $0 } END { gsub(/ +/, " ", all); print all }'; }

# snap NAME: keeps running and startup of every device, as the consoles show them.
snap() {
	local d
	mkdir -p "$state/snap/$1"
	for d in $devices; do
		running "$d" >"$state/snap/$1/$d.running"
		startup "$d" >"$state/snap/$1/$d.startup"
	done
}

# hash_of SNAP DEVICE: a short fingerprint of its running configuration.
hash_of() { sha256sum <"$state/snap/$1/$2.running" | cut -c1-8; }

# unchanged BEFORE AFTER [DEVICE...]: running and startup are the same.
unchanged() {
	local a=$1 b=$2 d
	shift 2
	for d in ${*:-$devices}; do
		cmp -s "$state/snap/$a/$d.running" "$state/snap/$b/$d.running" || broken "$d has changed: $(diff "$state/snap/$a/$d.running" "$state/snap/$b/$d.running")"
		cmp -s "$state/snap/$a/$d.startup" "$state/snap/$b/$d.startup" || broken "the startup configuration of $d has changed"
	done
}

# compare BEFORE AFTER: the fingerprints side by side, as the consoles give them.
compare() {
	local d
	{
		printf '%-8s %-10s %-10s\n' console before after
		for d in $devices; do printf '%-8s %-10s %-10s\n' "$d" "$(hash_of "$1" "$d")" "$(hash_of "$2" "$d")"; done
	} | block
}

# until_true SECONDS SENTENCE COMMAND...: waits for a condition.
until_true() {
	local limit=$((SECONDS + $1)) what=$2
	shift 2
	until "$@"; do
		[ $SECONDS -lt $limit ] || broken "$what: not within the time"
		read -r -t 0.2 <> <(:) || :
	done
}
