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
W='' P='' B='' timer=''

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

# sweep removes what killed runs of this user left: the name holds the process.
sweep() {
	for d in /run/frr/provision-frr.work.* /tmp/provision-frr.work.*; do
		[ -O "$d" ] && [ -d "$d" ] || continue
		pid=${d#*.work.} pid=${pid%%.*}
		alive "$pid" provision-frr || rm -rf "$d"
	done
	found || return 0
	case $(phase) in
	confirmed) alive "$pid" "$token" || away ;;
	preparing) alive "$by" provision-frr || away ;;
	*) [ "$boot" = "$(bootid)" ] || away ;;
	esac
}

bootid() { read -r x </proc/sys/kernel/random/boot_id && printf %s "$x"; }

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

phase() {
	for _ in 1 2 3; do
		for s in armed firing failed confirmed; do
			[ ! -e "$P/$s" ] || { echo $s; return; }
		done
	done
	echo preparing
}

# away removes the pending commit in one step for whoever looks.
away() {
	mv "$P" "$P.done.$$" 2>/dev/null && rm -rf "$P.done.$$"
}

pending() {
	found || return 0
	sec pending
	p=$(phase)
	up=no
	alive "$pid" "$token" && up=yes
	printf 'id=%s\nholder=%s\ndeadline=%s\nphase=%s\ntimer=%s\nthisboot=%s\n' "$id" "$holder" "$deadline" "$p" "$up" \
		"$([ "$boot" = "$(bootid)" ] && echo yes || echo no)"
	[ "$p" != failed ] || sed 's/^/why=/' "$P/failed" | tail -n 1
}

box() {
	sec box
	printf 'now=%s\nuser=%s\n' "$(date +%s)" "$(id -un)"
	for tool in frr-reload.py python3 flock setsid sha256sum timeout; do
		command -v $tool >/dev/null 2>&1 || printf 'missing=%s\n' $tool
	done
	[ -r /etc/frr/frr.conf ] || [ ! -e /etc/frr/frr.conf ] || echo unreadable=/etc/frr/frr.conf
	if grep -qs '^no service integrated-vtysh-config' /etc/frr/vtysh.conf; then echo integrated=no
	elif [ ! -e /etc/frr/frr.conf ] && [ -e /etc/frr/zebra.conf ]; then echo integrated=no
	else echo integrated=yes; fi
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

state() {
	box
	pending
	running
	startup
	finish
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
	x=$("$@" 2>&1 >"$to") || fail disk "$to: $x"
}

# take stores the running configuration as $1. vtysh itself does not notice a
# full disk; what it shows ends with "end".
take() {
	x=$(vtysh -c 'show running-config' 2>/dev/null | cat 2>&1 >"$1") || fail disk "$1: $x"
	grep -qx end "$1" || fail vtysh "$(vtysh -c 'show running-config' 2>&1 >/dev/null)"
}

plain() { grep -v -e '^Building configuration' -e '^Current configuration' "$1"; }

stage() {
	mode=$1 sum=$2
	need vtysh sha256sum frr-reload.py python3
	sweep
	work
	receive "$W/intent.conf" "$sum"
	sec check
	vtysh -C -f "$W/intent.conf" 2>&1
	rc=$?
	sec checkrc $rc
	[ $rc = 0 ] || finish
	take "$W/running.conf"
	sec running
	cat "$W/running.conf"
	sec runningrc 0
	startup
	if [ "$mode" = merge ]; then
		{ plain "$W/running.conf" | grep -vx end; cat "$W/intent.conf"; } >"$W/target.conf" || fail disk "$W/target.conf"
	else
		put "$W/target.conf" cat "$W/intent.conf"
	fi
	sec test
	frr-reload.py --test --log-level error "$W/target.conf" 2>&1
	sec testrc $?
	finish
}

# prepare fills the directory of a pending commit, and makes it the pending one
# in one step; nothing is changed yet.
prepare() {
	work
	token=$mark.timer
	x=$(printf 'by=%s\nid=%s\nholder=%s\nboot=%s\ntoken=%s\ndeadline=0\n' $$ "$id" "$holder" "$(bootid)" "$token" 2>&1 >"$W/info") || fail disk "$x"
	receive "$W/intent.conf" "$sum"
	take "$W/before.conf"
	[ "$(sha256sum <"$W/before.conf")" = "$before  -" ] || fail stale "running"
	[ ! -r /etc/frr/frr.conf ] || put "$W/startup.conf" cat /etc/frr/frr.conf
	for d in old new; do
		x=$(mkdir "$W/$d" 2>&1) || fail disk "$x"
		if [ -r /etc/frr/vtysh.conf ]; then put "$W/$d/vtysh.conf" cat /etc/frr/vtysh.conf
		else put "$W/$d/vtysh.conf" echo service integrated-vtysh-config; fi
	done
	put "$W/old/frr.conf" plain "$W/before.conf"
	put "$W/new/frr.conf" cat "$W/intent.conf"
	# Room for what the undoing writes, should the disk be full by then.
	put "$W/ballast" cat "$W/before.conf" "$W/before.conf" "$W/before.conf"
	put "$W/undo.sh" printf '%s\n' "$undo"
	read -r _ _ _ _ group _ </proc/$$/stat
	put "$W/applier" echo "$group"
	put "$W/apply.lock" :
	chmod 755 "$W"
	chmod 644 "$W/info"
	P=$B/provision-frr.pending
	trap '' HUP INT TERM PIPE
	x=$(mv -T "$W" "$P" 2>&1) || { found && fail pending "$holder"; fail disk "$x"; }
	W=$P
	trap 'exit 71' HUP INT TERM PIPE
}

# arm starts the timer that undoes the commit; from then on only confirm,
# rollback or the timer end it.
arm() {
	deadline=$(($(date +%s) + window))
	printf 'deadline=%s\n' $deadline >>"$P/info" || fail disk "$P/info"
	setsid sh "$P/undo.sh" "$token" "$window" </dev/null >/dev/null 2>&1 &
	timer=$!
	put "$P/pid" echo $timer
	chmod 644 "$P/pid"
	kill -0 $timer 2>/dev/null || fail timer "the restore timer did not start"
	trap '' HUP PIPE INT TERM
	put "$P/armed" :
	trap - EXIT
}

commit() {
	mode=$1 sum=$2 before=$3 window=$4
	need vtysh frr-reload.py python3 flock setsid sha256sum
	sweep
	id=$5 holder=$6 undo=$7
	prepare
	arm
	exec 9<"$P/apply.lock"
	flock 9
	sec armed
	printf 'now=%s\ndeadline=%s\n' "$(date +%s)" $deadline
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
	was=
	for _ in 1 2 3; do
		frr-reload.py --reload --stdout --log-level error --confdir "$P/new" --rundir "$P/new" "$P/new/frr.conf" 2>&1
		rc=$?
		[ $rc = 0 ] || return
		vtysh -c 'show running-config' >"$P/now.conf" 2>/dev/null || return
		is=$(words "$P/now.conf")
		[ "$is" != "$was" ] && [ "$is" != "$(words "$P/new/frr.conf")" ] || return
		was=$is
	done
}

# words is a sum over the lines of a configuration, whatever their order.
words() { plain "$1" | sed 's/^[ \t]*//; /^!/d; /^$/d' | sort | sha256sum; }

# ours sets P to the pending commit with this id, or ends the exec.
ours() {
	found || fail nopending "there is none"
	[ "$id" = "$1" ] || fail nopending "the pending commit is $id of $holder"
	[ -O "$P" ] || fail foreign "$(stat -c %U "$P" 2>/dev/null)"
	[ "$boot" = "$(bootid)" ] || { away; fail nopending "the router was restarted since"; }
}

stop() {
	! alive "$pid" "$token" || kill -- "-$pid" 2>/dev/null
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
	elif ! alive "$pid" "$token"; then undo; fi
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

save() {
	need vtysh
	sec output
	vtysh -c 'write memory' 2>&1
	sec outputrc $?
	box
	pending
	running
	startup
	finish
}

# lock holds a lock until stdin ends or stays silent for a minute.
lock() {
	need flock timeout stat
	place
	L=$B/provision-frr.lock
	while :; do
		(umask 0; : >>"$L") 2>/dev/null
		[ -r "$L" ] || fail disk "$L cannot be made"
		exec 9<"$L"
		flock -n 9 || { sec locked; cat "$L"; finish; }
		[ "$(stat -c %i "$L" 2>/dev/null)" != "$(stat -L -c %i /proc/$$/fd/9)" ] || break
	done
	trap 'rm -f "$L"' EXIT
	trap 'exit 71' HUP INT TERM PIPE
	printf '%s\n' "$1" >"$L"
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
