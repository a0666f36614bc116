#!/bin/bash
# netbox.sh: a real NetBox on the loopback of one Linux machine, with the
# PostgreSQL and Redis that it needs.  Needs root and Debian 12 (installs the
# packages that are missing; NetBox itself comes from the Python package index).
#
#   netbox.sh up [DIR] [PORTBASE]      start it; what is in it stays
#   netbox.sh down [DIR]               end its processes; DIR stays
#   netbox.sh reset [DIR]              down; the next up starts an empty one
#   netbox.sh status [DIR]             what of it runs
#   netbox.sh seed DIR NAME [ARG...]   make it hold exactly one of seed.py's seeds
#   netbox.sh port                     a PORTBASE that is free
#
# Defaults: DIR ${TMPDIR:-/tmp}/netbox, PORTBASE 19200.
# Ports: PORTBASE NetBox; +1 the database; +2 Redis.
# DIR/env says how to get in, one NAME=VALUE a line: NETBOX_URL, NETBOX_TOKEN (v2),
# NETBOX_TOKEN_V1, NETBOX_USER, NETBOX_PASSWORD; after a seed also the tokens of
# users that may less (seed.py says which). DIR/nb is NetBox's management command.
#
# What is slow to make (a Python, NetBox's environment, a migrated database) is
# made once and kept in ${XDG_CACHE_HOME:-~/.cache}/terraform-provider-provision/netbox-VERSION.
# A migrated database beside the clone (../shared/recipes/netbox-VERSION.sql.gz),
# or named by NETBOX_SQL, spares the migrations, about 5 minutes of one core.
# Optional: NETBOX_WORKERS (requests at once, default 2).
#
# DIR has no blanks (checked below): no quotes needed (SC2086).
# shellcheck disable=SC2086
set -euo pipefail
umask 022
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
unset PYTHONPATH PYTHONHOME PYTHONSTARTUP DJANGO_SETTINGS_MODULE NETBOX_CONFIGURATION

HERE=$(dirname "$(realpath "$0")") ME=netbox.sh
# shellcheck source=tools/common.sh
. "$HERE/../common.sh"
close_inherited

VERSION=4.7.3
cmd=${1:-help} D=$(realpath -m "${2:-${TMPDIR:-/tmp}/netbox}") PB=${3:-19200} WORKERS=${NETBOX_WORKERS:-2}
RUN=$D/run LOG=$D/log
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/terraform-provider-provision/netbox-$VERSION
# Of a test instance on loopback only. v2 tokens have a key of 12 characters.
SECRET=loopback-test-only-loopback-test-only-loopback-test-only
USERNAME=admin PASSWORD=admin-Netbox-1 KEY=loopbackkey1 TOKEN=0123456789abcdef0123456789abcdef01234567

# ---- what is made once --------------------------------------------------------
# NetBox needs Python 3.12. Debian 12 has an older one: that of the next Debian and
# the libraries it needs are unpacked, not installed, and told with patchelf to
# use the loader and the libraries there.
python_of_system() {
	local p
	for p in python3.13 python3.14 python3.12 python3; do
		p=$(command -v $p) || continue
		$p -c 'import sys,venv,ssl,sqlite3; sys.exit(sys.version_info < (3,12))' 2>/dev/null && { echo $p; return; }
	done
	return 1
}
unpack_python() {
	local suite=trixie w=$CACHE/apt lib mirror o f
	[ ! -e $CACHE/py/.ok ] || return 0
	say "unpacking python3.13 of Debian $suite"
	install_packages patchelf
	mirror=$(debian_mirror); [ -n "$mirror" ] || die "apt has no source for bookworm main"
	rm -rf $CACHE/py $w; mkdir -p $CACHE/py $w/lists/partial $w/cache/archives/partial
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >$w/sources.list
	: >$w/status  # nothing is installed: apt then wants every library, libc included
	o="-q -y -o Dir::Etc::sourcelist=$w/sources.list -o Dir::Etc::sourceparts=/dev/null -o Dir::State=$w -o Dir::State::Lists=$w/lists"
	o="$o -o Dir::State::status=$w/status -o Dir::Cache=$w/cache -o APT::Install-Recommends=false -o Acquire::Languages=none"
	o="$o -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Acquire::Retries=3"
	apt-get $o update >$CACHE/apt.log 2>&1 && apt-get $o --download-only install python3.13 >>$CACHE/apt.log 2>&1 ||
		{ tail -n 5 $CACHE/apt.log >&2; die "python3.13 of $suite cannot be had"; }
	for f in $w/cache/archives/*.deb; do dpkg-deb -x $f $CACHE/py; done
	lib=$CACHE/py/usr/lib/$(dpkg-query -W -f '${Architecture}' libc6 | sed 's/amd64/x86_64/; s/arm64/aarch64/')-linux-gnu
	patchelf --set-interpreter "$(ls $lib/ld-linux*.so.? | head -n 1)" --force-rpath --set-rpath $lib $CACHE/py/usr/bin/python3.13
	$CACHE/py/usr/bin/python3.13 -c 'import ssl,sqlite3,ctypes,lzma,bz2,zlib,uuid' || die "the unpacked python3.13 does not work"
	rm -rf $w; : >$CACHE/py/.ok
}
make_venv() {
	local v=$CACHE/venv py pip
	[ ! -e $v/.ok ] || return 0
	py=$(python_of_system) || { unpack_python; py=$CACHE/py/usr/bin/python3.13; }
	say "fetching NetBox $VERSION and the Python packages it needs"
	rm -rf $v; $py -m venv --without-pip $v
	pip="python3 -m pip --python $v/bin/python --disable-pip-version-check install -q --no-compile --root-user-action ignore"
	{
		$pip --no-deps netbox==$VERSION
		# psycopg as it is built, not compiled here; without the tools for NetBox's own pages.
		$v/bin/python - >$v/requirements.txt <<-'P'
			import re
			from importlib.metadata import requires
			for r in requires('netbox'):
			    if 'extra ==' not in r and not re.match(r'(mkdocs|zensical)', r):
			        print(r.replace('psycopg[c,pool]', 'psycopg[binary,pool]'))
		P
		$pip -r $v/requirements.txt
	} >$CACHE/pip.log 2>&1 || { tail -n 5 $CACHE/pip.log >&2; die "pip failed: see $CACHE/pip.log"; }
	: >$v/.ok
}
manage() {  # NETBOX_ROOT COMMAND...: NetBox's management command; fewer garbage collections, which migrations are slow by
	local root=$1; shift
	NETBOX_ROOT=$root $CACHE/venv/bin/python -c 'import gc, sys; gc.set_threshold(50000, 20, 20)
from netbox.cli import main; main(sys.argv[1:])' "$@"
}
psql() { $PG/psql -Xq -v ON_ERROR_STOP=1 -h 127.0.0.1 -U postgres "$@"; }
make_database() (  # a stopped cluster with NetBox's database, and a copy of that to start again from
	[ ! -d $CACHE/pg ] || exit 0
	w=$(mktemp -d "${TMPDIR:-/tmp}/netbox-db.XXXXXX"); chmod 755 $w
	RUN=$w LOG=$w pb=$(free_ports 3 22000)
	trap 'stop redis KILL; stop postgres QUIT; rm -rf $w' EXIT
	mkdir $w/pg $w/root; chown postgres $w/pg
	as_postgres $PG/initdb -D $w/pg -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N >$w/initdb.log
	start_postgres $w/pg $((pb+1))
	psql -p $((pb+1)) -d postgres -c 'create database netbox'
	if [ -s "$SQL" ] && [ "$(zcat $SQL | sed -n 1p)" = "-- netbox $VERSION" ]; then
		say "the database comes from $SQL"
		zcat $SQL | psql -p $((pb+1)) -d netbox >$w/sql.log 2>&1 || { tail -n 5 $w/sql.log >&2; die "$SQL cannot be loaded"; }
	else
		say "migrating an empty database (once; about 5 minutes of one core)"
		start_redis $((pb+2))
		configuration $w/root $pb
		manage $w/root migrate --no-input >$w/migrate.log 2>&1 || { tail -n 5 $w/migrate.log >&2; die "the migrations failed"; }
		manage $w/root shell --no-imports >$w/user.log 2>&1 <<-P || { tail -n 5 $w/user.log >&2; die "there is no superuser"; }
			from users.models import User, Token
			u = User.objects.create_superuser('$USERNAME', 'admin@example.com', '$PASSWORD')
			Token(user=u, version=1, token='$TOKEN', description='v1').save()
			Token(user=u, version=2, key='$KEY', token='$TOKEN', description='v2').save()
		P
	fi
	psql -p $((pb+1)) -d netbox -c 'vacuum analyze'
	psql -p $((pb+1)) -d postgres -c 'create database empty template netbox'
	stop redis TERM; stop postgres INT
	rm -rf $CACHE/pg.part; cp -a $w/pg $CACHE/pg.part; mv $CACHE/pg.part $CACHE/pg
)
make_cache() (  # by one at a time
	mkdir -p $CACHE
	exec 9>$CACHE.lock; flock 9
	[ ! -e $CACHE/.ok ] || exit 0
	t0=$(now)
	say "making NetBox $VERSION (once; a minute, without a migrated database 6 minutes)"
	make_venv
	make_database
	: >$CACHE/.ok
	say "made in $(since $t0) s, kept in $CACHE"
)

# ---- one NetBox ----------------------------------------------------------------
configuration() {  # NETBOX_ROOT PORTBASE
	mkdir -p $1/conf $1/media $1/scripts $1/reports
	cat >$1/conf/configuration.py <<-C
		ALLOWED_HOSTS = ['*']
		DATABASES = {'default': {
		    'NAME': 'netbox', 'USER': 'postgres', 'PASSWORD': '', 'HOST': '127.0.0.1', 'PORT': '$(($2+1))',
		    'CONN_MAX_AGE': 300, 'CONN_HEALTH_CHECKS': True,
		}}
		REDIS = {
		    'tasks': {'HOST': '127.0.0.1', 'PORT': $(($2+2)), 'USERNAME': '', 'PASSWORD': '', 'DATABASE': 0, 'SSL': False},
		    'caching': {'HOST': '127.0.0.1', 'PORT': $(($2+2)), 'USERNAME': '', 'PASSWORD': '', 'DATABASE': 1, 'SSL': False},
		}
		SECRET_KEY = '$SECRET'
		API_TOKEN_PEPPERS = {1: '$SECRET'}
		CENSUS_REPORTING_ENABLED = False
		ISOLATED_DEPLOYMENT = True
		RELEASE_CHECK_URL = None
	C
}
write_env() {
	cat >$D/env <<-X
	NETBOX_VERSION=$VERSION
	NETBOX_PORTBASE=$PB
	NETBOX_URL=http://127.0.0.1:$PB
	NETBOX_TOKEN=nbt_$KEY.$TOKEN
	NETBOX_TOKEN_V1=$TOKEN
	NETBOX_USER=$USERNAME
	NETBOX_PASSWORD=$PASSWORD
	X
	[ ! -f $D/env.seed ] || cat $D/env.seed >>$D/env
	cat >$D/nb <<-X
	#!/bin/sh
	NETBOX_ROOT='$D/root' exec '$CACHE/venv/bin/python' -m netbox "\$@"
	X
	chmod 755 $D/nb
}
answers() { curl --noproxy '*' -sf -m 5 -o /dev/null -H "Authorization: Token $TOKEN" http://127.0.0.1:$PB/api/status/; }
down() {
	stop gunicorn INT  # at once, without waiting for open connections
	stop rqworker TERM
	stop redis TERM
	stop postgres INT
}
up() {
	local t0 p; t0=$(now)
	[ "$(. /etc/os-release; echo "${VERSION_CODENAME:-}")" = bookworm ] || die "needs Debian 12"
	install_packages postgresql-15 redis-server curl python3-pip
	make_cache
	if [ -e $D ] && [ ! -f $D/.netbox ] && [ -n "$(ls -A $D)" ]; then die "$D exists and is not a NetBox"; fi
	mkdir -p $RUN $LOG
	exec 9>$D/.netbox; flock 9
	if alive gunicorn && alive postgres && alive redis && [ -f $D/env ] && grep -qx NETBOX_PORTBASE=$PB $D/env && answers; then
		say "is up: http://127.0.0.1:$PB"; return
	fi
	down  # what an earlier start left
	for p in 0 1 2; do ! listens $((PB+p)) || die "port $((PB+p)) is taken"; done
	as_postgres test -x $D || die "user postgres cannot enter $D: a directory above it is closed to it"
	trap 'w=$?; [ $w = 0 ] || { down; exit $w; }' EXIT  # half a NetBox is none
	trap 'exit 130' INT TERM
	if [ ! -d $D/pg ]; then rm -rf $D/pg.part $D/env.seed; cp -a $CACHE/pg $D/pg.part; mv $D/pg.part $D/pg; fi
	configuration $D/root $PB
	write_env
	start_postgres $D/pg $((PB+1))
	start_redis $((PB+2))
	# Webhooks and background tasks; NetBox does without when it is slow to come.
	spawn rqworker $D/nb rqworker high default low
	spawn gunicorn env NETBOX_ROOT=$D/root $CACHE/venv/bin/python -m gunicorn netbox.wsgi \
		--bind 127.0.0.1:$PB --workers $WORKERS --threads 4 --preload --timeout 120 --graceful-timeout 1 --worker-tmp-dir $RUN --log-level warning
	await 120 gunicorn answers
	say "up in $(since $t0) s: NetBox $VERSION at http://127.0.0.1:$PB, $D/env says how to get in"
}
seed() {  # NAME [ARG...]
	local t0; t0=$(now)
	# shellcheck source=/dev/null
	[ -f $D/env ] && . $D/env || die "no NetBox in $D"
	PB=$NETBOX_PORTBASE
	exec 9>$D/.netbox; flock 9
	alive postgres || die "NetBox in $D is not up"
	say "making it hold: $*"
	# The empty database takes the place of the one that is there.
	psql -p $((PB+1)) -d postgres -c 'drop database netbox with (force)' -c 'create database netbox template empty'
	redis-cli -h 127.0.0.1 -p $((PB+2)) -n 1 flushdb >/dev/null
	NETBOX_ROOT=$D/root NETBOX_SEED="$*" $CACHE/venv/bin/python -m netbox shell --no-imports <$HERE/seed.py >$D/env.seed.part 2>$LOG/seed.log ||
		{ tail -n 5 $LOG/seed.log >&2; die "the seed failed: see $LOG/seed.log"; }
	grep -qx SEED=done $D/env.seed.part || { tail -n 5 $LOG/seed.log >&2; die "the seed failed: see $LOG/seed.log"; }
	grep '^NETBOX_' $D/env.seed.part >$D/env.seed || :
	rm -f $D/env.seed.part
	write_env
	psql -p $((PB+1)) -d netbox -c analyze
	say "seeded in $(since $t0) s"
}
status() {
	local p code=0
	[ -f $D/env ] || { echo "no NetBox in $D"; return 1; }
	# shellcheck source=/dev/null
	. $D/env
	for p in gunicorn rqworker redis postgres; do
		alive $p || { pid=down code=1; }
		printf '%-10s %s\n' $p $pid
	done
	echo "NetBox     $NETBOX_URL"
	return $code
}

SQL=${NETBOX_SQL:-$(realpath -m "$HERE/../../../shared/recipes")/netbox-$VERSION.sql.gz}
case $cmd in
up|down|reset|status|seed)
	[ "$(id -u)" = 0 ] || die "needs root"
	case $D in *[[:space:]]*) die "no blanks in DIR, please: $D" ;; esac ;;
esac
case $cmd in
up) up ;;
down) if [ -d $D ]; then down; fi ;;
reset) if [ -d $D ]; then down; rm -rf $D/pg $D/env.seed; fi ;;
status) status ;;
seed) [ $# -ge 3 ] || die "seed DIR NAME"; shift 2; seed "$@" ;;
port) free_ports 3 20000 ;;
*) sed -n '2,/^# DIR has no blanks/p' "$0" | sed '$d; s/^# \{0,1\}//' | sed '$d'; [ "$cmd" = help ] ;;
esac
