#!/bin/bash
# postgres.sh: a real PostgreSQL on the loopback of one Linux machine, for states
# of Terraform. Needs root and Debian 12 (installs the package if it is missing).
#
#   postgres.sh up DIR PORT     make an empty one and start it
#   postgres.sh kill DIR        end it at once, as a crash does
#   postgres.sh start DIR       start it again, with what was in it
#   postgres.sh down DIR        end it; DIR stays, for its log
#   postgres.sh port            a port that is free
#
# DIR/env says how to get in: PG_CONN_STR=..., as Terraform's backend "pg" reads it.
#
# DIR has no blanks (checked below): no quotes needed (SC2086).
# shellcheck disable=SC2086
set -euo pipefail
umask 022
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"

HERE=$(dirname "$(realpath "$0")") ME=postgres.sh
# shellcheck source=tools/common.sh
. "$HERE/../common.sh"
close_inherited

cmd=${1:-help} D=$(realpath -m "${2:-${TMPDIR:-/tmp}/postgres}")
RUN=$D/run LOG=$D/log

kill_it() { stop postgres QUIT; }  # no shutdown checkpoint
up() {  # PORT
	local t0; t0=$(now)
	[ -n "$1" ] || die "up wants a port: postgres.sh up DIR PORT"
	[ "$(. /etc/os-release; echo "${VERSION_CODENAME:-}")" = bookworm ] || die "needs Debian 12"
	install_packages postgresql-15
	if [ -e $D ] && [ ! -f $D/env ] && [ -n "$(ls -A $D)" ]; then die "$D exists and is not a PostgreSQL of this script"; fi
	mkdir -p $RUN $LOG
	kill_it  # what an earlier start left
	! listens $1 || die "port $1 is taken"
	chown postgres $D
	as_postgres test -x $D || die "user postgres cannot enter $D: a directory above it is closed to it"
	rm -rf $D/data
	(cd / && as_postgres "$PG/initdb" -D $D/data -U terraform -A trust -E UTF8 --locale=C.UTF-8 -N) >$LOG/initdb.log
	printf 'PG_CONN_STR=postgres://terraform@127.0.0.1:%s/postgres?sslmode=disable\nPG_PORT=%s\n' $1 $1 >$D/env
	start_postgres $D/data $1
	say "up in $(since $t0) s on port $1, $D/env says how to get in"
}

case $cmd in
up|kill|start|down)
	[ "$(id -u)" = 0 ] || die "needs root"
	case $D in *[[:space:]]*) die "no blanks in DIR, please: $D" ;; esac ;;
esac
case $cmd in
up) up "${3:-}" ;;
kill|down) [ ! -d $D ] || kill_it ;;
start)
	[ -f $D/env ] || die "no PostgreSQL in $D"
	kill_it
	start_postgres $D/data "$(sed -n 's/^PG_PORT=//p' $D/env)" ;;
port) free_ports 1 23000 ;;
*) sed -n '2,/^# DIR has no blanks/p' "$0" | sed '$d; s/^# \{0,1\}//' | sed '$d'; [ "$cmd" = help ] ;;
esac
