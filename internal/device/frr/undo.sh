# Undoes the commit whose directory holds this file:
#   sh undo.sh TOKEN SECONDS|now
# At its deadline, unless the file "armed" was renamed by a confirmation; "now"
# when a rollback has renamed it already.
set -u
umask 077
LC_ALL=C PATH=$PATH:/usr/lib/frr:/usr/libexec/frr:/usr/sbin:/sbin
export LC_ALL PATH
cd "${0%/*}" || exit 1
P=$PWD

away() {
	cd / && mv "$P" "$P.done.$$" 2>/dev/null && rm -rf "$P.done.$$"
	exit 0
}

if [ "$2" != now ]; then
	sleep "$2"
	if ! mv armed firing 2>/dev/null; then
		[ ! -e confirmed ] || away
		exit 0
	fi
fi

# A commit that is still at work must not go on after the undoing.
exec 8<apply.lock
if ! flock -n 8; then
	read -r group <applier && kill -s KILL -- "-$group" 2>/dev/null
	flock -w 10 8
fi
exec 8<&-

sum() { grep -v '^Building configuration' "$1" | sort | sha256sum; }

restore() {
	grep -v -e '^Building configuration' -e '^Current configuration' before.conf >old/frr.conf || return 1
	frr-reload.py --reload --stdout --log-level error --confdir "$P/old" --rundir "$P/old" "$P/old/frr.conf" >restore.log 2>&1
	vtysh -c 'show running-config' >now.conf 2>>restore.log || return 1
	[ "$(sum before.conf)" = "$(sum now.conf)" ] && return 0
	echo 'the running configuration is not what it was' >>restore.log
	return 1
}

# Somebody may have saved the unconfirmed change.
startup() {
	[ -e startup.conf ] && ! cmp -s startup.conf /etc/frr/frr.conf || return 0
	{ cat startup.conf >/etc/frr/frr.conf; } 2>/dev/null && return 0
	t=/etc/frr/.provision-frr.$$
	{ cp startup.conf "$t" && chgrp frrvty "$t" && chmod 640 "$t" && mv "$t" /etc/frr/frr.conf; } 2>restore.log && return 0
	rm -f "$t"
	return 1
}

rm -f ballast
for pause in 1 1 2 4 8 15 0; do
	restore && startup && away
	sleep $pause
done
cp restore.log firing 2>/dev/null
mv firing failed
