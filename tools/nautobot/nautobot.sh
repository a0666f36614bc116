#!/bin/bash
# nautobot.sh: a real Nautobot with Golden Config on the loopback of one Linux
# machine: web, PostgreSQL, Redis, on request a worker for webhooks and jobs.
# Needs root and Debian 12 (installs the packages that are missing).
#
#   nautobot.sh up DIR PORTBASE        start one with the seed beside this script
#   nautobot.sh worker DIR PORTBASE    the same, and its worker
#   nautobot.sh reset DIR PORTBASE     start again from the seed
#   nautobot.sh down DIR               end its processes; DIR stays, for its logs
#   nautobot.sh status DIR             what of it runs
#   nautobot.sh estate DIR COUNT       add devices, until it has COUNT
#   nautobot.sh manage DIR ARGS...     run nautobot-server with ARGS
#   nautobot.sh port                   a PORTBASE that is free
#
# Defaults: DIR ${TMPDIR:-/tmp}/nautobot, PORTBASE 19100.
# Ports: PORTBASE the web server; +1 the database; +2 Redis.
# DIR/env says how to get in, one NAME=VALUE a line: NAUTOBOT_URL, NAUTOBOT_TOKEN
# (may do everything), NAUTOBOT_TOKEN_READONLY, NAUTOBOT_TOKEN_SUITE (reads
# everything, but sees only the devices and virtual machines of the suite),
# NAUTOBOT_TOKEN_LIMITED (sees devices and nothing they refer to),
# NAUTOBOT_TOKEN_NONE (may nothing).
#
# What is slow to make (Python packages, a migrated database, a seeded one) is
# made once and kept in ${XDG_CACHE_HOME:-~/.cache}/terraform-provider-provision.
# Optional: NAUTOBOT_BASE_DUMP (a dump of the migrated database, spares minutes;
# found by itself in ../shared/recipes), NAUTOBOT_WEB_PROCESSES (default 4).
#
# DIR has no blanks (checked below): no quotes needed (SC2086). The variables of
# DIR/env are read where they are known (SC2154).
# shellcheck disable=SC2086,SC2154
set -euo pipefail
umask 022
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"

HERE=$(dirname "$(realpath "$0")") ME=nautobot.sh
# shellcheck source=tools/common.sh
. "$HERE/../common.sh"
close_inherited

cmd=${1:-help} D=$(realpath -m "${2:-${TMPDIR:-/tmp}/nautobot}") PB=${3:-19100}
NAUTOBOT=3.2.7 GOLDEN_CONFIG=3.0.8 NORNIR=3.3.0
RUN=$D/run LOG=$D/log WORKERS=${NAUTOBOT_WEB_PROCESSES:-4}
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/terraform-provider-provision/nautobot-$NAUTOBOT-$GOLDEN_CONFIG
VENV=$CACHE/venv
DUMP=${NAUTOBOT_BASE_DUMP:-$HERE/../../../shared/recipes/nautobot-$NAUTOBOT-$GOLDEN_CONFIG-$NORNIR.dump}
# The seed is made for this address; each DIR has git read it as its own.
GIT_BASE=file:///nautobot-lab/

# ---- what is made once ------------------------------------------------------
# Python's packages know where they are: made in place, finished with a stamp.
make_venv() {
	local want="nautobot==$NAUTOBOT nautobot-golden-config==$GOLDEN_CONFIG nautobot-plugin-nornir==$NORNIR"
	[ "$(cat $VENV/.installed 2>/dev/null)" != "$want" ] || return 0
	say "installing $want (once; about a minute)"
	rm -rf $VENV
	python3 -m venv $VENV
	$VENV/bin/pip install -q --disable-pip-version-check --retries 5 -c "$HERE/constraints.txt" $want >&2 || die "pip failed: see above"
	$VENV/bin/python -m compileall -q -j 0 $VENV/lib >/dev/null 2>&1 || :
	echo "$want" >$VENV/.installed
}
# The steps below work in DIR.
make_base() {  # the migrated database
	local pg=$D/pg
	[ ! -d $CACHE/base ] || return 0
	rm -rf $pg; mkdir -p $pg; chown postgres $pg; chmod 700 $pg
	as_postgres $PG/initdb -D $pg -U postgres -A trust -E UTF8 --no-locale --no-sync >$D/log/initdb.log
	start_data
	psql -d postgres -c "create role nautobot login superuser" -c "create database nautobot owner nautobot"
	if [ -s "$DUMP" ]; then
		say "restoring $(basename "$DUMP") instead of migrating"
		# A dump may hold a column option that this PostgreSQL does not know.
		$PG/pg_restore -f - "$DUMP" | sed '/^ALTER TABLE ONLY .* SET (pg_attver=[0-9]*);$/d' |
			psql -d nautobot >$D/log/migrate.log 2>&1 || { tail -n 5 $D/log/migrate.log >&2; die "the dump could not be restored"; }
	else
		say "migrating an empty database (once; five to eight minutes)"
		# The history of models is millions of small objects: collect less often.
		NAUTOBOT_GC_THRESHOLD=200000 manage post_upgrade --no-clear-cache --no-trace-paths --no-clearsessions --no-send-installation-metrics \
			>$D/log/migrate.log 2>&1 || { tail -n 20 $D/log/migrate.log >&2; die "the migrations failed"; }
	fi
	psql -d nautobot -c "vacuum analyze"
	stop_data
	rm -rf $CACHE/base.part; mkdir -p $CACHE/base.part
	cp -a $pg $CACHE/base.part/pg
	mv $CACHE/base.part $CACHE/base
}
make_seeded() {  # the seeded database with its git repositories
	SEEDED=$CACHE/seeded-$(cat "$HERE/seed.py" <(write_settings) | sha256sum | cut -c1-16)
	[ ! -d $SEEDED ] || return 0
	make_base
	say "seeding (once; about a minute)"
	rm -rf $D/pg $D/git $D/root
	cp -a $CACHE/base/pg $D/pg; mkdir -p $D/git $D/root
	start_data
	run_python "$HERE/seed.py" >$D/log/seed.log 2>&1 || { tail -n 30 $D/log/seed.log >&2; die "the seed failed"; }
	psql -d nautobot -c "vacuum analyze"
	stop_data
	rm -rf $CACHE/seeded-*
	mkdir -p $SEEDED.part; mkdir -p $D/root/git
	cp -a $D/pg $D/git $SEEDED.part; cp -a $D/root/git $SEEDED.part/clones
	mv $SEEDED.part $SEEDED
}
make_cache() {  # by one at a time
	local t0; t0=$(now)
	mkdir -p "$CACHE"
	exec 8>"$CACHE.lock"; flock 8
	make_venv 8>&-
	make_seeded 8>&-
	exec 8>&-
	say "what is made once is there after $(since $t0) s, in $CACHE"
}

# ---- settings ---------------------------------------------------------------
write_settings() {
	cat <<-X
	import gc, os
	from nautobot.core.settings import *  # noqa: F401,F403
	if os.getenv("NAUTOBOT_GC_THRESHOLD"):
	    gc.set_threshold(int(os.environ["NAUTOBOT_GC_THRESHOLD"]), 20, 20)
	ALLOWED_HOSTS = ["*"]
	SECRET_KEY = "loopback-only-secret-key-of-a-throwaway-nautobot-server"
	PLUGINS = ["nautobot_plugin_nornir", "nautobot_golden_config"]
	PLUGINS_CONFIG = {
	    "nautobot_plugin_nornir": {"nornir_settings": {
	        "credentials": "nautobot_plugin_nornir.plugins.credentials.env_vars.CredentialsEnvVars",
	        "runner": {"plugin": "threaded", "options": {"num_workers": 4}},
	    }},
	    "nautobot_golden_config": {
	        "enable_backup": True, "enable_compliance": True, "enable_intended": True, "enable_sotagg": True, "enable_plan": True,
	        "enable_deploy": True, "enable_postprocessing": os.getenv("LAB_POSTPROCESSING") != "0", "sot_agg_transposer": None,
	    },
	}
	MAX_PAGE_SIZE = 1000
	X
}
write_config() {
	write_settings >$D/nautobot_config.py
	cat >$D/uwsgi.ini <<-X
	[uwsgi]
	http = 127.0.0.1:$PB
	http-keepalive = 1
	http-timeout = 600
	master = true
	single-interpreter = true
	enable-threads = true
	vacuum = true
	die-on-term = true
	need-app = true
	processes = $WORKERS
	buffer-size = 65535
	post-buffering = 65536
	listen = 100
	disable-logging = true
	skip-atexit-teardown = true
	worker-reload-mercy = 2
	module = nautobot.core.wsgi:application
	X
	cat >$D/gitconfig <<-X
	[user]
	name = Nautobot
	email = nautobot@localhost
	[safe]
	directory = *
	[init]
	defaultBranch = main
	[protocol "file"]
	allow = always
	[url "file://$D/git/"]
	insteadOf = $GIT_BASE
	X
}
# The tokens are those of a server that nobody else reaches.
write_env() {
	cat >$D/env <<-X
	NAUTOBOT_PORTBASE=$PB
	NAUTOBOT_URL=http://127.0.0.1:$PB
	NAUTOBOT_TOKEN=0123456789abcdef0123456789abcdef01234567
	NAUTOBOT_TOKEN_READONLY=1111111111111111111111111111111111111111
	NAUTOBOT_TOKEN_NONE=2222222222222222222222222222222222222222
	NAUTOBOT_TOKEN_SUITE=3333333333333333333333333333333333333333
	NAUTOBOT_TOKEN_LIMITED=4444444444444444444444444444444444444444
	NAUTOBOT_GIT=$D/git
	X
	# shellcheck source=/dev/null
	. $D/env
}
server_env() {
	# shellcheck source=/dev/null
	. $D/env; PB=$NAUTOBOT_PORTBASE
	export SEED_TOKEN_ADMIN=$NAUTOBOT_TOKEN SEED_TOKEN_READONLY=$NAUTOBOT_TOKEN_READONLY SEED_TOKEN_NONE=$NAUTOBOT_TOKEN_NONE
	export SEED_TOKEN_SUITE=$NAUTOBOT_TOKEN_SUITE SEED_TOKEN_LIMITED=$NAUTOBOT_TOKEN_LIMITED SEED_GIT=$D/git SEED_GIT_BASE=$GIT_BASE
	export NAUTOBOT_ROOT=$D/root NAUTOBOT_CONFIG=$D/nautobot_config.py
	export NAUTOBOT_DB_HOST=127.0.0.1 NAUTOBOT_DB_PORT=$((PB+1)) NAUTOBOT_DB_NAME=nautobot NAUTOBOT_DB_USER=nautobot NAUTOBOT_DB_PASSWORD=nautobot
	export NAUTOBOT_REDIS_HOST=127.0.0.1 NAUTOBOT_REDIS_PORT=$((PB+2)) NAUTOBOT_INSTALLATION_METRICS_ENABLED=false NAUTOBOT_LOG_LEVEL=INFO
	export NAUTOBOT_CELERY_BEAT_HEARTBEAT_FILE=$D/run/beat NAUTOBOT_CELERY_WORKER_HEARTBEAT_FILE=$D/run/beat_worker NAUTOBOT_CELERY_WORKER_READINESS_FILE=$D/run/ready
	export NAPALM_USERNAME=lab NAPALM_PASSWORD=lab LAB_POSTPROCESSING=${LAB_POSTPROCESSING:-1}
	# What the secrets of the seed hold.
	export LAB_SECRET='p&ss<w>ord"1'
	export GIT_CONFIG_GLOBAL=$D/gitconfig GIT_CONFIG_NOSYSTEM=1 PATH=$VENV/bin:$PATH
}
manage() (
	server_env; cd $D
	exec $VENV/bin/nautobot-server "$@" 9>&-
)
run_python() {  # FILE
	PYTHON_FILE=$1 manage shell --no-imports -c 'import os; f = os.environ["PYTHON_FILE"]; exec(compile(open(f).read(), f, "exec"), {"__name__": "__main__"})'
}
psql() { $PG/psql -Xq -v ON_ERROR_STOP=1 -h 127.0.0.1 -p $((PB+1)) -U postgres "$@"; }

# ---- processes ----------------------------------------------------------------
stop_data() { stop redis TERM; stop postgres INT; }
down() {
	stop worker TERM
	# Its workers take long to leave; what they hold is thrown away.
	if alive web; then kill -KILL -- -$pid 2>/dev/null || :; fi
	stop web TERM
	stop_data
}
start_data() { start_postgres $D/pg $((PB+1)); start_redis $((PB+2)); }
# /api/status/ needs the token, the database and Redis.
answers() { curl --noproxy '*' -fs -m 20 -o /dev/null -H "Authorization: Token $NAUTOBOT_TOKEN" "$NAUTOBOT_URL/api/status/"; }
start_web() {
	(cd $D; server_env; spawn web $VENV/bin/nautobot-server start --ini $D/uwsgi.ini)
	await 120 web answers
}
start_worker() {
	! alive worker || return 0
	rm -f $D/log/worker.log
	(cd $D; server_env; spawn worker $VENV/bin/nautobot-server celery worker --loglevel INFO --concurrency 2 --without-gossip --without-mingle)
	await 120 worker grep -qs ' ready\.' $D/log/worker.log
}

up() {  # [reset]
	local t0 p; t0=$(now)
	[ "$(. /etc/os-release; echo "${VERSION_CODENAME:-}")" = bookworm ] || die "needs Debian 12"
	if [ -e $D ] && [ ! -f $D/.nautobot ] && [ -n "$(ls -A $D)" ]; then die "$D exists and is not a Nautobot"; fi
	install_packages postgresql-15 redis-server python3-venv git curl
	mkdir -p $RUN $LOG
	exec 9>$D/.nautobot; flock 9
	as_postgres test -x $D || die "user postgres cannot enter $D: a directory above it is closed to it"
	if [ "${1:-}" != reset ] && [ -f $D/env ] && . $D/env && [ $NAUTOBOT_PORTBASE = $PB ] && alive web && answers; then
		say "is up at $NAUTOBOT_URL"; return
	fi
	down  # what an earlier start left
	for p in 0 1 2; do ! listens $((PB+p)) || die "port $((PB+p)) is taken"; done
	trap 'w=$?; [ $w = 0 ] || { down; exit $w; }' EXIT  # half a Nautobot is none
	trap 'exit 130' INT TERM
	write_env; write_config
	make_cache
	if [ "${1:-}" = reset ] || [ "$(cat $D/seeded 2>/dev/null)" != $SEEDED ]; then
		rm -rf $D/seeded $D/pg $D/git $D/root; mkdir -p $D/root
		cp -a $SEEDED/pg $SEEDED/git $D; cp -a $SEEDED/clones $D/root/git
		echo $SEEDED >$D/seeded
	fi
	start_data; start_web
	say "up in $(since $t0) s: Nautobot $NAUTOBOT with Golden Config $GOLDEN_CONFIG at $NAUTOBOT_URL, $D/env says how to get in"
}
status() {
	local f code=0 pid
	[ -f $D/env ] || { echo "no Nautobot in $D"; return 1; }
	# shellcheck source=/dev/null
	. $D/env
	for f in web postgres redis worker; do
		pid=; alive $f || { pid=down; [ $f = worker ] || code=1; }
		printf '%-10s %s\n' $f $pid
	done
	echo "web        $NAUTOBOT_URL"
	return $code
}
case $cmd in
up|worker|reset|down|status|estate|manage)
	[ "$(id -u)" = 0 ] || die "needs root"
	case $D in *[[:space:]]*) die "no blanks in DIR, please: $D" ;; esac ;;
esac
case $cmd in
up) up ;;
reset) up reset ;;
worker) up; start_worker ;;
down) if [ -d $D ]; then down; fi ;;
status) status ;;
estate) ESTATE=${3:?how many} run_python "$HERE/estate.py" ;;
manage) shift 2; manage "$@" ;;
port) free_ports 3 21000 ;;
*) sed -n '2,/^# DIR has no blanks/p' "$0" | sed '$d; s/^# \{0,1\}//' | sed '$d'; [ "$cmd" = help ] ;;
esac
