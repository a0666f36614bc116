# common.sh: what the scripts that start real systems have in common; sourced.
# They set ME, the name that their messages begin with. Needs bash.
# shellcheck shell=bash

die() { echo "$ME: $*" >&2; exit 1; }
say() { echo "$ME: $*" >&2; }
now() { echo "${EPOCHREALTIME/./}"; }
since() { local d=$(( $(now) - $1 )); printf '%d.%02d' $((d/1000000)) $((d%1000000/10000)); }
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# close_inherited: what runs on keeps nothing open of the caller's, such as a lock.
close_inherited() {
	local fd
	for fd in /proc/$$/fd/*; do
		fd=${fd##*/}
		if [ "$fd" -gt 2 ] && [ "$fd" -lt 255 ]; then eval "exec $fd>&-"; fi
	done
}

# install_packages NAME...: the Debian packages that are missing.
install_packages() {
	local p miss=
	for p in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || miss="$miss $p"
	done
	[ -n "$miss" ] || return 0
	say "installing the Debian packages that are missing:$miss"; mkdir -p /run/lock
	# shellcheck disable=SC2086  # lists
	(
		flock 9
		made=
		if [ ! -e /usr/sbin/policy-rc.d ]; then  # no service starts
			printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d; made=1
		fi
		trap '[ -z "$made" ] || rm -f /usr/sbin/policy-rc.d' EXIT
		export DEBIAN_FRONTEND=noninteractive
		o="-o DPkg::Lock::Timeout=300 -o Acquire::Retries=3"
		set -o pipefail
		say "reading the package lists"
		apt-get $o -qq update
		apt-get $o -y --no-install-recommends install $miss |
			sed -un -e 's/^Get:\([0-9]*\) [^ ]* [^ ]* [^ ]* \([^ ]*\).*/  fetched \1: \2/p' -e 's/^Setting up \([^ ]*\).*/  set up \1/p'
	) 9>/run/lock/lab.sh.apt </dev/null >&2 || die "apt-get failed: see above"
}

# debian_mirror: where apt of this machine gets Debian's packages from.
debian_mirror() {
	# shellcheck disable=SC2016  # apt's own
	apt-get indextargets --format '$(CREATED_BY) $(RELEASE) $(COMPONENT) $(REPO_URI)' |
		awk -v c=bookworm '$1 == "Packages" && $2 == c && $3 == "main" && !n++ { print $4 }'
}

# free_ports COUNT FROM: the first of COUNT (10 at most) free ports in a row. They
# are taken some time after they were chosen: who looks meanwhile gets others.
free_ports() {
	local claims=${XDG_CACHE_HOME:-$HOME/.cache}/terraform-provider-provision/ports first i p
	mkdir -p "$claims"
	find "$claims" -type f -mmin +5 -delete 2>/dev/null || :  # others clean up as well
	for ((i=0;i<200;i++)); do
		first=$(($2 + RANDOM % 300 * 10))
		for ((p=0;p<$1;p++)); do ! listens $((first+p)) || continue 2; done
		(set -C; : >"$claims/$first") 2>/dev/null || continue
		echo "$first"; return
	done
	die "no free ports from $2 on"
}

# ---- processes, of servers that stay in the foreground ------------------------
# RUN/NAME.pid holds "PID STARTTIME" (field 22 of /proc/PID/stat): a number that
# the system has given to another process is not taken for ours. LOG/NAME.log is
# what it said.
start_time() {
	local s; read -r s 2>/dev/null <"/proc/$1/stat" || return 1
	s=${s##*) }
	# shellcheck disable=SC2086  # its words
	set -- $s
	[ "$1" != Z ] || return 1
	echo "${20}"
}
alive() {  # NAME: sets pid
	local t; pid=
	[ -s "$RUN/$1.pid" ] && read -r pid t <"$RUN/$1.pid" && [ -n "$t" ] && [ "$(start_time "$pid")" = "$t" ]
}
spawn() {  # NAME COMMAND...: in a session of its own
	local name=$1; shift
	setsid "$@" >>"$LOG/$name.log" 2>&1 </dev/null 9>&- &
	echo "$! $(start_time $!)" >"$RUN/$name.pid"
	disown
}
stop() {  # NAME SIGNAL: waits until it has ended, and makes it
	local i
	if alive "$1"; then
		kill -s "$2" "$pid" 2>/dev/null || :
		for ((i=0;i<300;i++)); do alive "$1" || break; sleep 0.05; done
		if alive "$1"; then say "$1 ($pid) did not stop in 15 s: killed"; kill -KILL "$pid" 2>/dev/null || :; fi
	fi
	rm -f "$RUN/$1.pid"
}
await() {  # SECONDS NAME COMMAND...: until the command succeeds, while NAME runs
	local i n=$(($1 * 20)) name=$2; shift 2
	for ((i=0;i<n;i++)); do
		"$@" >/dev/null 2>&1 && return 0
		alive "$name" || break
		sleep 0.05
	done
	tail -n 5 "$LOG/$name.log" >&2
	die "$name does not answer: see $LOG/$name.log"
}

# ---- PostgreSQL and Redis -----------------------------------------------------
PG=/usr/lib/postgresql/15/bin
as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"; }
start_postgres() {  # DATADIR PORT
	rm -f "$1/postmaster.pid"  # of a machine that went down
	(cd / && spawn postgres setpriv --reuid=postgres --regid=postgres --init-groups -- "$PG/postgres" -D "$1" \
		-c listen_addresses=127.0.0.1 -c "port=$2" -c unix_socket_directories= -c fsync=off -c synchronous_commit=off \
		-c full_page_writes=off -c max_connections=100 -c max_wal_size=1GB -c log_min_messages=warning)
	await 30 postgres "$PG/pg_isready" -q -h 127.0.0.1 -p "$2"
}
start_redis() {  # PORT
	spawn redis redis-server --bind 127.0.0.1 --port "$1" --save '' --appendonly no --dir "$RUN" --daemonize no --logfile ''
	await 10 redis listens "$1"
}
