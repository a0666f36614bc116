# What runs on the router, one verb an exec:
#   sh -c THIS provision-frr VERB MARK [ARGUMENT...]
# Answers are sections, each headed by a line "--MARK NAME [WORD...]"; an answer
# without the section "done" was cut short. Everything this leaves for longer
# than one exec lies in a directory whose name begins with provision-frr.
set -u
umask 077
LC_ALL=C PATH=$PATH:/usr/lib/frr:/usr/libexec/frr:/usr/sbin:/sbin
export LC_ALL PATH
verb=$1 mark=$2
shift 2
W='' P='' B='' timer='' newline='
'

sec() { printf '\n--%s %s\n' "$mark" "$*"; }
finish() { sec done; exit 0; }
fail() { sec error "$1"; shift; printf '%s\n' "$*"; sec done; exit 70; }

need() {
	for tool in "$@"; do
		command -v "$tool" >/dev/null 2>&1 || fail missing "$tool"
	done
}

# place sets B to where files may lie: the first directory we may write to.
place() {
	for B in /run/frr /tmp; do
		[ ! -d "$B" ] || [ ! -w "$B" ] || return 0
	done
	fail place "neither /run/frr nor /tmp is writable"
}

# alive tells that process $1 runs and has the word $2 in its arguments.
alive() {
	[ -n "$1" ] && [ -r "/proc/$1/cmdline" ] && tr '\0' '\n' <"/proc/$1/cmdline" 2>/dev/null | grep -qxF -e "$2"
}

# ticking tells that the timer of the pending commit runs: its token, which
# nobody else has, stands among its arguments. Without starting a program, since
# every look asks it.
ticking() {
	x=
	[ -z "$pid" ] || { read -r x <"/proc/$pid/cmdline"; } 2>/dev/null
	case $x in *"$token"*) return 0 ;; esac
	return 1
}

# sweep removes what killed runs of this user left: the name holds the process.
sweep() {
	for d in /run/frr/provision-frr.work.* /tmp/provision-frr.work.*; do
		[ -O "$d" ] && [ -d "$d" ] || continue
		pid=${d#*.work.} pid=${pid%%.*}
		alive "$pid" provision-frr || rm -rf "$d"
	done
	found || return 0
	phase
	case $phase in
	confirmed) ticking || away ;;
	preparing) alive "$by" provision-frr || away ;;
	*) thisboot || away ;;
	esac
}

# thisboot tells that the router was not restarted since the commit.
thisboot() {
	read -r x </proc/sys/kernel/random/boot_id
	[ "$boot" = "$x" ]
}

# found looks for a pending commit and sets P and what its file says.
found() {
	id='' holder='' deadline=0 boot='' token='' pid='' by=''
	for P in /run/frr/provision-frr.pending /tmp/provision-frr.pending; do
		[ -d "$P" ] || continue
		{ while IFS='=' read -r k v; do
			case $k in
			id) id=$v ;; holder) holder=$v ;; deadline) deadline=$v ;;
			boot) boot=$v ;; token) token=$v ;; by) by=$v ;;
			esac
		done <"$P/info"; } 2>/dev/null
		{ read -r pid <"$P/pid"; } 2>/dev/null
		return 0
	done
	P=
	return 1
}

# phase sets how far the pending commit is; its file may be on the way from one
# name to the next.
phase() {
	for _ in 1 2 3; do
		for phase in armed firing failed confirmed; do
			[ ! -e "$P/$phase" ] || return 0
		done
	done
	phase=preparing
}

# away removes the pending commit in one step for whoever looks.
away() {
	mv "$P" "$P.done.$$" 2>/dev/null && rm -rf "$P.done.$$"
}

pending() {
	found || return 0
	sec pending
	phase
	ticking && up=yes || up=no
	thisboot && same=yes || same=no
	printf 'now=%s\nid=%s\nholder=%s\ndeadline=%s\nphase=%s\ntimer=%s\nthisboot=%s\n' "$(date +%s)" \
		"$id" "$holder" "$deadline" "$phase" $up $same
	[ "$phase" != failed ] || sed 's/^/why=/' "$P/failed" | tail -n 1
}

# box tells what the router lacks. It starts no program as long as nothing is
# wrong: every look begins with it.
box() {
	sec box
	for tool in frr-reload.py python3 flock setsid sha256sum timeout; do
		command -v $tool >/dev/null 2>&1 || printf 'missing=%s\n' $tool
	done
	[ -r /etc/frr/frr.conf ] || [ ! -e /etc/frr/frr.conf ] || printf 'unreadable=/etc/frr/frr.conf\nuser=%s\n' "$(id -un)"
	integrated=yes
	[ -e /etc/frr/frr.conf ] || [ ! -e /etc/frr/zebra.conf ] || integrated=no
	{ while read -r x || [ -n "$x" ]; do
		case $x in 'no service integrated-vtysh-config'*) integrated=no ;; esac
	done </etc/frr/vtysh.conf; } 2>/dev/null
	echo integrated=$integrated
}

running() {
	need vtysh
	sec running
	vtysh -c 'show running-config'
	sec runningrc $?
}

startup() {
	[ -r /etc/frr/frr.conf ] || return 0
	sec startup
	cat /etc/frr/frr.conf
}

# last ends an answer with startup. cat takes the place of this shell: a process
# less to start, which counts when many routers are looked at. Not in bash, which
# before 5.1 writes a file for what stands here.
last() {
	if [ -n "${BASH_VERSION-}" ] || [ ! -r /etc/frr/frr.conf ]; then
		startup
		finish
	fi
	sec startup
	exec cat /etc/frr/frr.conf - <<-EOF
	$newline--$mark done
	EOF
}

state() {
	box
	pending
	running
	last
}

# work makes a private directory that this very exec removes, whatever ends it.
work() {
	place
	W=$B/provision-frr.work.$$.$mark
	trap '[ -z "$timer" ] || kill -- "-$timer" 2>/dev/null; rm -rf "$W"' EXIT
	trap 'exit 71' HUP INT TERM PIPE
	x=$(mkdir "$W" 2>&1) || fail disk "$x"
}

# receive stores stdin as $1 and checks that all of it came: a connection that
# breaks ends stdin early.
receive() {
	x=$(cat 2>&1 >"$1") || fail disk "$x"
	[ "$(sha256sum <"$1")" = "$2  -" ] || fail short "the upload was cut short"
}

# put runs the rest of its arguments with its output to the file $1.
put() {
	to=$1
	shift
	"$@" >"$to" || fail disk "$to"
}

# take stores the running configuration as $1, if it has the sum $2. vtysh itself
# does not notice a full disk; what it shows ends with "end".
take() {
	vtysh -c 'show running-config' >"$1" 2>/dev/null
	[ "$(sha256sum <"$1")" != "$2  -" ] || return 0
	x=$(vtysh -c 'show running-config' 2>/dev/null | cat 2>&1 >"$1") || fail disk "$1: $x"
	grep -qx end "$1" || fail vtysh "$(vtysh -c 'show running-config' 2>&1 >/dev/null)"
	[ "$(sha256sum <"$1")" = "$2  -" ] || fail stale "running"
}

# stage gets what runs, of $3 bytes and as the router showed it, and the intent
# behind it. The router compares with that text and not with what runs by now, so
# that the difference is that between the two texts which we know.
stage() {
	mode=$1 sum=$2 size=$3
	need vtysh sha256sum frr-reload.py python3
	sweep
	work
	receive "$W/merged.conf" "$sum"
	put "$W/running.conf" head -c "$size" "$W/merged.conf"
	put "$W/intent.conf" tail -c +$((size + 1)) "$W/merged.conf"
	sec check
	vtysh -C -f "$W/intent.conf" 2>&1
	rc=$?
	sec checkrc $rc
	[ $rc = 0 ] || finish
	[ "$mode" = merge ] && to=merged || to=intent
	sec test
	frr-reload.py --test --log-level error --input "$W/running.conf" "$W/$to.conf" 2>&1
	sec testrc $?
	finish
}

# prepare fills the directory of a pending commit, and makes it the pending one
# in one step; nothing is changed yet.
prepare() {
	token=$mark.timer
	read -r boot </proc/sys/kernel/random/boot_id
	umask 022
	work
	put "$W/info" printf 'by=%s\nid=%s\nholder=%s\nboot=%s\ntoken=%s\ndeadline=0\n' $$ "$id" "$holder" "$boot" "$token"
	umask 077
	receive "$W/intent.conf" "$sum"
	take "$W/before.conf" "$before"
	[ ! -r /etc/frr/frr.conf ] || put "$W/startup.conf" cat /etc/frr/frr.conf
	conf='service integrated-vtysh-config'
	[ ! -r /etc/frr/vtysh.conf ] || conf=$(cat /etc/frr/vtysh.conf)
	x=$(mkdir "$W/old" "$W/new" 2>&1) || fail disk "$x"
	put "$W/old/vtysh.conf" printf '%s\n' "$conf"
	put "$W/new/vtysh.conf" printf '%s\n' "$conf"
	[ "$mode" = merge ] || put "$W/new/frr.conf" cat "$W/intent.conf"
	# Room for what the undoing writes, should the disk be full by then.
	put "$W/ballast" cat "$W/before.conf" "$W/before.conf" "$W/before.conf" "$W/before.conf"
	put "$W/undo.sh" printf '%s\n' "$undo"
	read -r _ _ _ _ group _ </proc/$$/stat
	put "$W/applier" echo "$group"
	put "$W/apply.lock" true
	P=$B/provision-frr.pending
	trap '' HUP INT TERM PIPE
	x=$(mv -T "$W" "$P" 2>&1) || { found && fail pending "$holder"; fail disk "$x"; }
	W=$P
	trap 'exit 71' HUP INT TERM PIPE
}

# locked ends a commit whose lock $1 is not held any more: its connection broke, this
# exec came late, and whoever asked has looked by now and was told that nothing is
# on. The commit is visible before it looks at the lock, and others take the lock
# before they look for a commit, so that one of the two sees the other.
locked() {
	[ -n "$1" ] || return 0
	x=
	{ read -r _ && read -r x; } 2>/dev/null <"$B/provision-frr.lock"
	[ "$x" != "$1" ] || return 0
	away
	fail nolock "the lock that it was to be made under is gone"
}

# arm starts the timer that undoes the commit; from then on only confirm,
# rollback or the timer end it.
arm() {
	now=$(date +%s)
	deadline=$((now + window))
	printf 'deadline=%s\n' $deadline >>"$P/info" || fail disk "$P/info"
	setsid sh "$P/undo.sh" "$token" "$window" </dev/null >/dev/null 2>&1 &
	timer=$!
	umask 022
	put "$P/pid" echo $timer
	umask 077
	kill -0 $timer 2>/dev/null || fail timer "the restore timer did not start"
	trap '' HUP PIPE INT TERM
	put "$P/armed" true
	trap - EXIT
}

commit() {
	mode=$1 sum=$2 before=$3 window=$4
	need vtysh frr-reload.py python3 flock setsid sha256sum awk
	sweep
	id=$5 holder=$6 undo=$7
	prepare
	locked "$8"
	arm
	exec 9<"$P/apply.lock"
	flock 9
	sec armed
	printf 'now=%s\ndeadline=%s\n' $now $deadline
	[ -e "$P/armed" ] || fail timer "the time was up before the change began"
	sec output
	if [ "$mode" = merge ]; then
		vtysh -f "$P/intent.conf" 2>&1
		rc=$?
	else
		[ "$mode" = replace ] || vtysh -c 'configure terminal' -c 'no password' >/dev/null 2>&1
		replace
	fi
	sec outputrc $rc
	finish
}

# replace runs frr-reload.py until the router has what it shall have or nothing
# moves any more: one run takes lines away in its first pass only, so that what
# shows up after that ("no neighbor x activate") would stay. Its own confdir
# keeps it from writing startup.
replace() {
	for _ in 1 2 3; do
		frr-reload.py --reload --stdout --log-level error --confdir "$P/new" --rundir "$P/new" "$P/new/frr.conf" 2>&1
		rc=$?
		[ $rc = 0 ] || return
		vtysh -c 'show running-config' >"$P/now.conf" 2>/dev/null || return
		! same "$P/now.conf" "$P/new/frr.conf" && ! cmp -s "$P/now.conf" "$P/was.conf" 2>/dev/null || return
		mv "$P/now.conf" "$P/was.conf"
	done
}

# same tells that two configurations have the same lines in the same contexts, as
# these are indented; order, repetition, headings, the ends of contexts, and what
# frr-reload.py neither adds nor takes away do not count.
same() {
	awk '
		FNR == 1 { split("", within); deepest = 0 }
		{ match($0, /^[ \t]*/); depth = RLENGTH; sub(/^[ \t]+/, "") }
		/^(!|$|end$|exit|Building configuration|Current configuration|frr version |frr defaults |service integrated-vtysh-config$)/ { next }
		{
			line = ""
			for (i = 0; i < depth; i++) if (within[i] != "") line = line within[i] " / "
			within[depth] = $0
			for (i = depth + 1; i <= deepest; i++) within[i] = ""
			if (depth > deepest) deepest = depth
			if (NR == FNR) one[line $0]; else two[line $0]
		}
		END {
			for (line in one) if (!(line in two)) exit 1
			for (line in two) if (!(line in one)) exit 1
		}' "$1" "$2"
}

# ours sets P to the pending commit with this id, or ends the exec.
ours() {
	found || fail nopending "there is none"
	[ "$id" = "$1" ] || fail nopending "the pending commit is $id of $holder"
	[ -O "$P" ] || fail foreign "$(stat -c %U "$P" 2>/dev/null)"
	thisboot || { away; fail nopending "the router was restarted since"; }
}

stop() {
	! ticking || kill -- "-$pid" 2>/dev/null
}

# confirm: whoever renames the file "armed" decides; the timer does the same.
confirm() {
	ours "$1"
	mv "$P/armed" "$P/confirmed" 2>/dev/null || mv "$P/failed" "$P/confirmed" 2>/dev/null ||
		fail nopending "its time was up: the router undoes it"
	stop
	away
	finish
}

rollback() {
	ours "$1"
	if mv "$P/armed" "$P/firing" 2>/dev/null; then stop; undo
	elif mv "$P/failed" "$P/firing" 2>/dev/null; then undo
	elif [ ! -e "$P/firing" ]; then fail nopending "it was confirmed"
	elif ! ticking; then undo; fi
	for _ in $(seq 1 500); do
		[ -d "$P" ] || finish
		[ ! -e "$P/failed" ] || fail undo "$(tail -n 3 "$P/failed")"
		sleep 0.1
	done
	fail undo "still at it after 50 s"
}

# undo runs apart from this exec, so that it ends whatever becomes of us.
undo() {
	setsid sh "$P/undo.sh" "$token" now </dev/null >/dev/null 2>&1 &
	printf '%s\n' $! >"$P/pid" 2>/dev/null
}

# save shows what runs in the same breath: starting vtysh is most of the work.
save() {
	need vtysh
	sec output
	vtysh -c 'write memory' -c 'show running-config' 2>&1
	sec outputrc $?
	box
	pending
	last
}

# lock holds a lock until stdin ends or stays silent for a minute.
lock() {
	need flock timeout
	place
	L=$B/provision-frr.lock
	while :; do
		umask 0
		true 2>/dev/null >>"$L"
		umask 077
		[ -r "$L" ] || fail disk "$L cannot be made"
		exec 9<"$L"
		flock -n 9 || { sec locked; head -n 1 "$L"; finish; }
		[ ! "$L" -ef /proc/$$/fd/9 ] || break
	done
	trap 'rm -f "$L"' EXIT
	trap 'exit 71' HUP INT TERM PIPE
	printf '%s\n' "$1" "$mark" >"$L"
	sec held
	box
	pending
	running
	startup
	sec done
	while timeout 60 sh -c 'read -r beat && [ "$beat" != bye ]' provision-frr 9<&-; do :; done
	exit 0
}

facts() {
	need vtysh
	sec facts
	vtysh -c 'show version' -c 'show daemons'
	sec uptime
	cat /proc/uptime
	finish
}

case $verb in
state | stage | commit | confirm | rollback | save | lock | facts) "$verb" "$@" ;;
*) fail verb "$verb" ;;
esac
