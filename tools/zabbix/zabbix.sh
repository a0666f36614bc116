#!/bin/bash
# zabbix.sh: a real Zabbix on the loopback of one Linux machine: API, server,
# agent, PostgreSQL.  Needs root and Debian 12 (installs the packages that are
# missing; Zabbix itself is only unpacked, so that both versions can be up).
#
#   zabbix.sh up VERSION DIR PORTBASE      start an empty one (VERSION 6.0 or 7.0)
#   zabbix.sh make VERSION                 what is made once (below), and no more; up does so too
#   zabbix.sh down VERSION DIR             end its processes; DIR stays, for its logs
#   zabbix.sh status VERSION DIR           what of it runs
#   zabbix.sh kill-api VERSION DIR         kill the API, as a crash does; the rest runs on
#   zabbix.sh start-api VERSION DIR        start it again
#   zabbix.sh port                         a PORTBASE that is free
#
# Defaults: VERSION 7.0, DIR ${TMPDIR:-/tmp}/zabbix-VERSION, PORTBASE 18080.
# Ports: PORTBASE the API; +1 the server; +2 the agent, which accepts plain
# connections and its key (PSK); +3 the database.
# DIR/env says how to get in: ZABBIX_URL, ZABBIX_USER, ZABBIX_PASSWORD,
# ZABBIX_AGENT_PORT, ZABBIX_PSK_IDENTITY, ZABBIX_PSK, one NAME=VALUE a line.
#
# What is slow to make (unpacked packages, a filled database) is made once and
# kept in ${XDG_CACHE_HOME:-~/.cache}/terraform-provider-provision/zabbix-VERSION.
# Optional: ZABBIX_PHP_WORKERS (requests that the API serves at once, default 4),
# ZABBIX_CACHE_UPDATE (seconds until the server sees a change of the configuration;
# default 1, Zabbix's own is 60 in 6.0 and 10 in 7.0).
#
# DIR has no blanks (checked below): no quotes needed (SC2086). The variables of
# DIR/env are read where they are known (SC2154).
# shellcheck disable=SC2086,SC2154
set -euo pipefail
umask 022
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"

HERE=$(dirname "$(realpath "$0")") ME=zabbix.sh
# shellcheck source=tools/common.sh
. "$HERE/../common.sh"
close_inherited

cmd=${1:-help} V=${2:-7.0}
D=$(realpath -m "${3:-${TMPDIR:-/tmp}/zabbix-$V}") PB=${4:-18080}
U=postgres PG=/usr/lib/postgresql/15/bin WORKERS=${ZABBIX_PHP_WORKERS:-4} REFRESH=${ZABBIX_CACHE_UPDATE:-1}
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/terraform-provider-provision/zabbix-$V

as() { setpriv --reuid=$U --regid=$U --init-groups -- "$@"; }

# ---- packages ---------------------------------------------------------------
packages() {
	# The libraries are what the unpacked packages need.
	install_packages postgresql-15 curl fping fonts-dejavu-core \
		php8.2-cli php8.2-pgsql php8.2-bcmath php8.2-gd php8.2-mbstring php8.2-xml \
		libcurl3-gnutls libevent-2.1-7 libevent-core-2.1-7 libevent-extra-2.1-7 libevent-pthreads-2.1-7 \
		libldap-2.5-0 libmodbus5 libodbc2 libopenipmi0 libpcre2-8-0 libpq5 libsnmp40 libssh2-1 libxml2
}

# ---- what is made once ------------------------------------------------------
unpack() {  # DIRECTORY: Zabbix's packages, from the mirror that this machine uses
	local w=$1 code=bookworm suite mirror o f
	suite=$code; [ $V = 6.0 ] || suite=$code-backports
	mirror=$(debian_mirror)
	[ -n "$mirror" ] || die "apt has no source for $code main"
	mkdir -p $w/apt/lists/partial $w/apt/cache/archives/partial $w/debs
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >$w/apt/sources.list
	o="-qq -o Dir::Etc::sourcelist=$w/apt/sources.list -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists=$w/apt/lists"
	o="$o -o Dir::Cache=$w/apt/cache -o APT::Sandbox::User=root -o Acquire::Retries=3"
	apt-get $o update >&2
	(cd $w/debs; apt-get $o download zabbix-server-pgsql zabbix-frontend-php zabbix-agent >&2)
	for f in $w/debs/*.deb; do dpkg -x $f $w/root; done
}
fill() {  # DIRECTORY: a database with Zabbix's schema and templates
	local w=$1 pg=$1/pg
	psql() { as $PG/psql -Xq -v ON_ERROR_STOP=1 -h $w -U "$@"; }
	as $PG/initdb -D $pg -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N >$w/initdb.log
	as $PG/pg_ctl -D $pg -l $pg.log -w -o "-c listen_addresses= -c unix_socket_directories=$w -c fsync=off -c full_page_writes=off" start >/dev/null 9>&-
	psql postgres -c 'create role zabbix login' -c 'create database zabbix owner zabbix' postgres
	zcat $w/root/usr/share/zabbix-server-pgsql/{schema,images,data}.sql.gz | psql zabbix zabbix >$w/import.log 2>&1 ||
		{ tail -n 5 $w/import.log >&2; die "the schema could not be imported"; }
	# Without statistics the first links of templates take minutes.
	psql postgres -c 'vacuum analyze' zabbix
	# The built-in host is off, to keep the server quiet.
	psql zabbix -c 'update hosts set status=1 where hostid=10084' zabbix
	as $PG/pg_ctl -D $pg -m fast -w stop >/dev/null
}
make_cache() (  # whole or not at all, by one at a time
	mkdir -p "${CACHE%/*}"
	exec 9>"$CACHE.lock"; flock 9
	[ ! -d "$CACHE" ] || exit 0
	t0=$(now)
	say "making Zabbix $V (once; about a minute)"
	w=$(mktemp -d "${TMPDIR:-/tmp}/zabbix-$V.XXXXXX"); chown $U $w
	trap '[ ! -f $w/pg/postmaster.pid ] || as $PG/pg_ctl -D $w/pg -m immediate -w stop >/dev/null || :; rm -rf $w' EXIT
	unpack $w; say "unpacked after $(since $t0) s"
	fill $w
	rm -rf "$CACHE.part"; mkdir -p "$CACHE.part"
	cp -a $w/root/usr/sbin/zabbix_server $w/root/usr/sbin/zabbix_agentd "$CACHE.part"
	cp -a $w/root/usr/share/zabbix "$CACHE.part/web"
	cp -a $w/pg "$CACHE.part/pg"
	mv "$CACHE.part" "$CACHE"
	say "made in $(since $t0) s, kept in $CACHE"
)

make_once() {
	[ "$(. /etc/os-release; echo "${VERSION_CODENAME:-}")" = bookworm ] || die "needs Debian 12"
	packages
	make_cache
}

# ---- processes --------------------------------------------------------------
mine() {  # PIDFILE: sets pid if that process runs and is of this DIR
	[ -s "$1" ] && pid=$(head -n 1 "$1") && tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "$D/"
}
gone() {  # PID: waits until it has ended (a zombie has), and makes it
	local i
	for ((i=0;i<200;i++)); do
		grep -qs '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status" || return 0
		sleep 0.05
	done
	kill -9 "$1" 2>/dev/null || :
}
down() {
	local f group
	# The group: workers outlive the one that started them.
	if mine $D/run/php.pid; then kill -- -$pid 2>/dev/null || :; gone $pid; fi
	for f in agent server; do
		mine $D/run/$f.pid || continue
		group=$(ps -o pgid= -p $pid | tr -d ' ')
		# The data goes with the next start: no need for the server's long farewell.
		kill -9 -- -${group:-$pid} 2>/dev/null || :; gone $pid
	done
	if mine $D/pg/postmaster.pid; then
		as $PG/pg_ctl -D $D/pg -m immediate -w stop >/dev/null || kill -QUIT $pid
		gone $pid
	fi
	rm -f $D/run/*
}

start_database() {
	rm -rf $D/pg; cp -a "$CACHE/pg" $D/pg
	as $PG/pg_ctl -D $D/pg -l $D/log/pg.log -w -o "-c listen_addresses=127.0.0.1 -c port=$((PB+3)) -c unix_socket_directories=$D/run \
		-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_wal_size=4GB -c max_connections=200" start >/dev/null
}
start_api() {
	local config=include/classes/core/CConfigFile.php
	if [ ! -d $D/web ]; then
		rm -rf $D/web.part; cp -a "$CACHE/web" $D/web.part
		# Debian's packages have one place for the configuration built in.
		sed -i "s#'/etc/zabbix/zabbix.conf.php'#'$D/zabbix.conf.php'#" $D/web.part/$config
		grep -q "'$D/zabbix.conf.php'" $D/web.part/$config || die "$config has no place for the configuration"
		mv $D/web.part $D/web
	fi
	cat >$D/zabbix.conf.php <<-X
	<?php
	\$DB['TYPE']='POSTGRESQL'; \$DB['SERVER']='127.0.0.1'; \$DB['PORT']='$((PB+3))';
	\$DB['DATABASE']='zabbix'; \$DB['USER']='zabbix'; \$DB['PASSWORD']='';
	\$DB['SCHEMA']=''; \$DB['ENCRYPTION']=false; \$DB['DOUBLE_IEEE754']=true;
	\$ZBX_SERVER='127.0.0.1'; \$ZBX_SERVER_PORT='$((PB+1))'; \$ZBX_SERVER_NAME='lab';
	\$IMAGE_FORMAT_DEFAULT=IMAGE_FORMAT_PNG;
	X
	PHP_CLI_SERVER_WORKERS=$WORKERS setsid setpriv --reuid=$U --regid=$U --init-groups -- \
		php -d date.timezone=UTC -d memory_limit=512M -d post_max_size=64M -d max_execution_time=300 -d max_input_time=300 \
		-d opcache.enable_cli=1 -d session.save_path=$D/tmp -S 127.0.0.1:$PB -t $D/web >$D/log/php.log 2>&1 </dev/null 9>&- &
	echo $! >$D/run/php.pid
	disown
}
start_server() {
	cp -a "$CACHE/zabbix_server" "$CACHE/zabbix_agentd" $D
	cat >$D/server.conf <<-X
	DBHost=127.0.0.1
	DBPort=$((PB+3))
	DBName=zabbix
	DBUser=zabbix
	ListenIP=127.0.0.1
	ListenPort=$((PB+1))
	LogFile=$D/log/server.log
	PidFile=$D/run/server.pid
	SocketDir=$D/run
	CacheUpdateFrequency=$REFRESH
	StartPollers=3
	StartDBSyncers=1
	StartTrappers=2
	StartLLDProcessors=1
	StartPreprocessors=1
	AllowUnsupportedDBVersions=1
	FpingLocation=/usr/bin/fping
	X
	cat >$D/agent.conf <<-X
	Hostname=zbx-agent
	Server=127.0.0.1
	ListenIP=127.0.0.1
	ListenPort=$((PB+2))
	LogFile=$D/log/agent.log
	PidFile=$D/run/agent.pid
	TLSAccept=unencrypted,psk
	TLSPSKIdentity=$ZABBIX_PSK_IDENTITY
	TLSPSKFile=$D/agent.psk
	X
	printf '%s\n' $ZABBIX_PSK >$D/agent.psk; chown $U $D/agent.psk; chmod 600 $D/agent.psk
	as $D/zabbix_server -c $D/server.conf 9>&-
	as $D/zabbix_agentd -c $D/agent.conf 9>&-
}
write_env() {
	cat >$D/env <<-X
	ZABBIX_VERSION=$V
	ZABBIX_PORTBASE=$PB
	ZABBIX_URL=http://127.0.0.1:$PB
	ZABBIX_USER=Admin
	ZABBIX_PASSWORD=zabbix
	ZABBIX_AGENT_PORT=$((PB+2))
	ZABBIX_PSK_IDENTITY=lab-psk
	ZABBIX_PSK=$(printf 'a%.0s' {1..64})
	X
	# shellcheck source=/dev/null
	. $D/env
}
api_version() {
	curl --noproxy '*' -sf -m 5 -H 'Content-Type: application/json-rpc' \
		-d '{"jsonrpc":"2.0","method":"apiinfo.version","params":{},"id":1}' "http://127.0.0.1:$PB/api_jsonrpc.php" |
		sed -n 's/.*"result":"\([^"]*\)".*/\1/p'
}
wait_for() {  # WHAT COMMAND...: until it succeeds
	local i what=$1; shift
	for ((i=0;i<600;i++)); do
		"$@" && return 0
		sleep 0.05
	done
	die "$what does not answer: see $D/log"
}
api_answers() { [ -n "$(api_version)" ]; }

up() {
	local t0 p; t0=$(now)
	[ $((PB+3)) -le 32767 ] || die "PORTBASE $PB is too large: Zabbix takes no port above 32767"
	make_once
	if [ -e $D ] && [ ! -f $D/.zabbix ] && [ -n "$(ls -A $D)" ]; then die "$D exists and is not a Zabbix"; fi
	mkdir -p $D/run $D/log $D/tmp
	exec 9>$D/.zabbix; flock 9
	down  # what an earlier start left
	for p in 0 1 2 3; do ! listens $((PB+p)) || die "port $((PB+p)) is taken"; done
	as test -x $D || die "user $U cannot enter $D: a directory above it is closed to it"
	chown $U $D $D/run $D/log $D/tmp
	trap 'w=$?; [ $w = 0 ] || { down; exit $w; }' EXIT  # half a Zabbix is none
	trap 'exit 130' INT TERM
	write_env
	start_database 9>&-
	start_api
	start_server
	wait_for "the API" api_answers
	wait_for "the server" listens $((PB+1))
	wait_for "the agent" listens $((PB+2))
	say "up in $(since $t0) s: Zabbix $(api_version) at $ZABBIX_URL, $D/env says how to get in"
}
status() {
	local f code=0 pid
	[ -f $D/env ] || { echo "no Zabbix in $D"; return 1; }
	# shellcheck source=/dev/null
	. $D/env; PB=$ZABBIX_PORTBASE
	for f in php.pid server.pid agent.pid ../pg/postmaster.pid; do
		pid=; mine $D/run/$f || { pid=down code=1; }
		printf '%-10s %s\n' "$(basename $f .pid)" $pid
	done
	echo "api        ${ZABBIX_URL} $(api_version || :)"
	return $code
}
kill_api() {
	if mine $D/run/php.pid; then kill -9 -- -$pid 2>/dev/null || :; gone $pid; fi
	rm -f $D/run/php.pid
}
again_api() {
	[ -f $D/env ] || die "no Zabbix in $D"
	# shellcheck source=/dev/null
	. $D/env; PB=$ZABBIX_PORTBASE
	kill_api
	start_api
	wait_for "the API" api_answers
}

case $cmd in
up|make|down|status|kill-api|start-api)
	[ "$(id -u)" = 0 ] || die "needs root"
	case $V in 6.0|7.0) ;; *) die "VERSION is 6.0 or 7.0, not $V" ;; esac
	case $D in *[[:space:]]*) die "no blanks in DIR, please: $D" ;; esac ;;
esac
case $cmd in
up) up ;;
make) make_once ;;
down) if [ -d $D ]; then down; fi ;;
status) status ;;
kill-api) kill_api ;;
start-api) again_api ;;
port) free_ports 4 17000 ;;
*) sed -n '2,/^# DIR has no blanks/p' "$0" | sed '$d; s/^# \{0,1\}//' | sed '$d'; [ "$cmd" = help ] ;;
esac
