#!/bin/bash
# lab.sh: a lab of real network devices on one Linux machine, inside network
# namespaces: FRR routers that peer with each other (BGP and OSPF), two NETCONF
# servers (yuma123), one BIRD, one jump host.  Every device is reached over a
# real OpenSSH on a loopback port.  Needs root (for the namespaces), bash, and
# Debian's packages (installs the ones that are missing).
#
#   lab.sh up|down|status [DIR] [PORTBASE] [N]
#   lab.sh packages                install what is missing, and no more; up does so too
#   lab.sh wait [SECONDS]          until every configured BGP and OSPF session is up
#   lab.sh drift I LINES           change router I behind the client's back
#   lab.sh kill I | start I        crash router I, boot it from its saved config
#   lab.sh cut I [link|refuse] | heal I   lose the management path to router I
#   lab.sh drop I                  end router I's ssh connections, leave the path
#   lab.sh show I | exec I CMD...  look at router I from its console
#   lab.sh file I PATH             print a file of router I
#   lab.sh logins I                how many logins its sshd has accepted so far
#   lab.sh port [N]                a PORTBASE that is free for N routers
#
# I is a number (router) or a node name (r1, n1, b1, jump).
# Defaults: DIR $LAB_DIR, else $PROVISION_LAB, else ${TMPDIR:-/tmp}/lab;
# PORTBASE 19300 ($LAB_PORTBASE), N 3 ($LAB_N).  The other commands take DIR
# from the same variables.
#
# LAB_PROFILE=full (default): the routers boot with links, OSPF and BGP.
# LAB_PROFILE=bare: they boot with a management configuration only (hostname,
# log, forwarding, mgmt0); the links are wired, and nothing is set on them.
# Optional: LAB_STRIDE (ports per loopback address, default 1000), LAB_PAD
# (extra community-list lines per router, profile full), LAB_JOBS (boots at
# once, default 8), LAB_PASSWORD.
#
# Ports: PORTBASE jump; +1..+N routers; then n1, n2 (NETCONF), b1 (BIRD).
# DIR/inventory.json, DIR/inventory.tsv, DIR/ssh_config, DIR/known_hosts,
# DIR/id_ed25519 and DIR/password say how to get in.
#
# DIR has no blanks (checked below), nor have names: no quotes needed (SC2086,
# SC2046). Subshells are to keep their name, kind, ... to themselves (SC2030,
# SC2031); what is in single quotes expands on the node (SC2016).
# shellcheck disable=SC2016,SC2030,SC2031,SC2046,SC2086
set -eu
umask 022
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"

ME=lab.sh
# shellcheck source=tools/common.sh
. "$(dirname "$(realpath "$0")")/../common.sh"

cmd=${1:-help}; [ $# -gt 0 ] && shift
DIR=${LAB_DIR:-${PROVISION_LAB:-${TMPDIR:-/tmp}/lab}} PB=${LAB_PORTBASE:-19300} N=${LAB_N:-3}
case $cmd in up|down|status)
	DIR=${1:-$DIR} PB=${2:-$PB} N=${3:-$N} ;;
esac
case $DIR in /*) ;; *) DIR=$PWD/$DIR ;; esac
case $DIR in *[[:space:]]*) echo "lab.sh: no blanks in DIR, please: $DIR" >&2; exit 1 ;; esac
PROFILE=${LAB_PROFILE:-full}
# The lab that is up in DIR knows its own PORTBASE, N and profile.
# shellcheck source=/dev/null
if [ "$cmd" != up ] && [ -f "$DIR/env" ]; then . "$DIR/env"; fi
P=lab$PB MGMT=lab$PB-mgmt
STRIDE=${LAB_STRIDE:-1000} JOBS=${LAB_JOBS:-8} PAD=${LAB_PAD:-0}
PASSWORD=${LAB_PASSWORD:-lab-Netops1}

needs_root() {
	[ "$(id -u)" = 0 ] || die "needs root for network namespaces; without it: make test-unit, make demo LAB=simulated"
}

# ---- what each node is ------------------------------------------------------
node() {  # I or name -> sets name
	case $1 in [0-9]*) name=r$1 ;; *) name=$1 ;; esac
	[ -d "$DIR/$name" ] || die "no node $name in $DIR"
}
place() {  # name -> kind, mgmt address and port, loopback address and port
	local slot i
	case $1 in
	jump) kind=jump mip=198.18.0.1 mport=22 slot=0 ;;
	r*) i=${1#r} kind=router mip=198.18.$((i/250+1)).$((i%250+1)) mport=22 slot=$i ;;
	n*) i=${1#n} kind=netconf mip=198.18.100.$i mport=830 slot=$((N+i)) ;;
	b*) i=${1#b} kind=bird mip=198.18.101.$i mport=22 slot=$((N+2+i)) ;;
	esac
	lip=127.0.0.$((1+slot/STRIDE)) lport=$((PB+slot%STRIDE))
}
nodes() { local i; echo jump; for ((i=1;i<=N;i++)); do echo r$i; done; echo n1 n2 b1; }

# ---- packages ---------------------------------------------------------------
packages() {
	command -v apt-get >/dev/null || die "needs Debian 12 (apt-get); without it: make test-unit, make demo LAB=simulated"
	install_packages frr frr-pythontools openssh-server openssh-client bird2 netconfd iproute2 openssl procps
}

# ---- files ------------------------------------------------------------------
mgmt_ifc() { printf 'interface mgmt0\n description management\n ip address %s/16\nexit\n!\n' "$mip"; }
frr_conf() {  # router number -> its saved configuration on stdout
	local i=$1 next prev k hello dead
	hello=1 dead=4; [ "$N" -le 20 ] || { hello=10; dead=40; }
	next=$((i<N?i+1:1)) prev=$((i>1?i-1:N))
	lnk() { printf '10.1.%d.%d' $(($1/64)) $(($1%64*4+$2)); }
	ifc() { printf 'interface %s\n description %s\n ip address %s/30\n ip ospf area 0.0.0.0\n ip ospf dead-interval %s\n ip ospf hello-interval %s\n ip ospf network point-to-point\n ip ospf retransmit-interval 1\nexit\n!\n' $1 $2 $3 $dead $hello; }
	nbr() { printf ' neighbor %s remote-as %s\n neighbor %s description %s\n neighbor %s timers 3 9\n neighbor %s timers connect 1\n' $1 $2 $1 $3 $1 $1; }
	printf 'frr version 8.4.4\nfrr defaults traditional\nhostname r%s\nlog file /var/log/frr/frr.log informational\nno ipv6 forwarding\nservice integrated-vtysh-config\n!\n' $i
	if [ "$PROFILE" = bare ]; then mgmt_ifc; echo end; return; fi
	printf 'ip route 203.0.113.0/24 Null0\n!\n'
	printf 'interface lo\n ip address 10.0.%d.%d/32\n ip ospf area 0.0.0.0\nexit\n!\n' $((i/250)) $((i%250+1))
	mgmt_ifc
	[ "$N" -lt 2 ] || [ $((i==N && N==2)) = 1 ] || ifc eth1 to-r$next $(lnk $i 1)
	[ "$N" -lt 2 ] || [ $((i==1 && N==2)) = 1 ] || ifc eth2 to-r$prev $(lnk $prev 2)
	[ $i != 1 ] || printf 'interface eth3\n description to-b1\n ip address 10.2.0.1/30\nexit\n!\n'
	printf 'router bgp %d\n bgp router-id 10.0.%d.%d\n no bgp ebgp-requires-policy\n no bgp network import-check\n' $((64511+i)) $((i/250)) $((i%250+1))
	[ "$N" -lt 2 ] || [ $((i==N && N==2)) = 1 ] || nbr $(lnk $i 2) $((64511+next)) r$next
	[ "$N" -lt 2 ] || [ $((i==1 && N==2)) = 1 ] || nbr $(lnk $prev 1) $((64511+prev)) r$prev
	[ $i != 1 ] || nbr 10.2.0.2 64500 b1
	printf ' !\n address-family ipv4 unicast\n  network 172.%d.%d.0/24\n exit-address-family\nexit\n!\n' $((20+i/256)) $((i%256))
	printf 'router ospf\n ospf router-id 10.0.%d.%d\nexit\n!\n' $((i/250)) $((i%250+1))
	for ((k=1;k<=PAD;k++)); do
		printf 'bgp community-list standard PAD seq %d permit 65000:%d\n' $((k*5)) $k
	done
	[ "$PAD" = 0 ] || echo '!'
	echo end
}

write_node() {
	local d=$DIR/$name sub=
	mkdir -p $d/ssh/keys $d/home/netops $d/home/cli $d/log/frr $d/data
	place $name
	ssh-keygen -q -t ed25519 -N '' -C $name -f $d/ssh/ssh_host_ed25519_key
	for u in netops cli jump; do cp $DIR/id_ed25519.pub $d/ssh/keys/$u; done
	case $kind in
	netconf) sub="Subsystem netconf \"/usr/sbin/netconf-subsystem --ncxserver-sockname=830@/run/netconf.sock\"" ;;
	jump) sub="AllowUsers jump" ;;
	*) sub="Subsystem sftp internal-sftp" ;;
	esac
	cat >$d/ssh/sshd_config <<-X
	ListenAddress 0.0.0.0:$mport
	HostKey /etc/ssh/ssh_host_ed25519_key
	AuthorizedKeysFile /etc/ssh/keys/%u
	StrictModes no
	UsePAM no
	UseDNS no
	PermitRootLogin no
	PasswordAuthentication yes
	KbdInteractiveAuthentication no
	AllowTcpForwarding $([ $kind = jump ] && echo yes || echo no)
	X11Forwarding no
	SetEnv PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	PrintMotd no
	PrintLastLog no
	MaxStartups 200
	MaxSessions 50
	PidFile none
	$sub
	X
	case $kind in
	router)
		frr_conf ${name#r} >$d/data/frr.conf
		printf 'bgpd=yes\nospfd=yes\nvtysh_enable=yes\nzebra_options="-A 127.0.0.1 -s 90000000"\nbgpd_options="-A 127.0.0.1"\nospfd_options="-A 127.0.0.1"\nstaticd_options="-A 127.0.0.1"\n' >$d/data/daemons
		echo 'service integrated-vtysh-config' >$d/data/vtysh.conf
		chown frr:frrvty $d/data/*; chmod 640 $d/data/*
		chown frr:frr $d/data $d/log/frr; chmod 775 $d/data $d/log/frr ;;
	bird)
		cat >$d/data/bird.conf <<-X
		log "/var/log/bird/bird.log" all;
		router id 10.2.0.2;
		protocol device { }
		protocol static nets { ipv4; route 172.31.0.0/24 unreachable; }
		protocol bgp r1 {
		  local 10.2.0.2 as 64500;
		  neighbor 10.2.0.1 as 64512;
		  connect retry time 1; connect delay time 1; hold time 9;
		  ipv4 { import all; export all; };
		}
		X
		mkdir -p $d/log/bird; chown bird:bird $d/log/bird
		chown -R bird:bird $d/data; chmod 775 $d/data; chmod 664 $d/data/bird.conf ;;
	netconf)
		echo '<config xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"/>' >$d/data/startup-cfg.xml
		chown -R 2001:2001 $d/data ;;
	esac
	chown 2001:2001 $d/home/netops; chown 2002:2002 $d/home/cli
	local key; read -r _ key _ <$d/ssh/ssh_host_ed25519_key.pub
	printf '[%s]:%s ssh-ed25519 %s\n' $lip $lport "$key" >>$DIR/known_hosts
	if [ $mport = 22 ]; then printf '%s ssh-ed25519 %s\n' $mip "$key"
	else printf '[%s]:%s ssh-ed25519 %s\n' $mip $mport "$key"; fi >>$DIR/known_hosts
	local user=netops; [ $kind != jump ] || user=jump
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' $name $kind $lip $lport $user $mip $mport >>$DIR/inventory.tsv
	printf 'Host %s\n HostName %s\n Port %s\n User %s\n' $name $lip $lport $user >>$DIR/ssh_config
	[ $kind = jump ] || printf 'Host j-%s\n HostName %s\n Port %s\n User %s\n ProxyJump jump\n' $name $mip $mport $user >>$DIR/ssh_config
	printf '%s{"name":"%s","kind":"%s","host":"%s","port":%s,"user":"%s","password":"%s","mgmt_host":"%s","mgmt_port":%s,"host_key":"ssh-ed25519 %s"}' \
		"$sep" $name $kind $lip $lport $user "$PASSWORD" $mip $mport "$key" >>$DIR/inventory.json
	sep=$',\n'
}

write_files() {
	mkdir -p $DIR/etc; : >$DIR/.lab
	printf 'PB=%s N=%s LAB_STRIDE=%s PROFILE=%s\n' $PB $N $STRIDE $PROFILE >$DIR/env
	printf '%s\n' "$PASSWORD" >$DIR/password; chmod 600 $DIR/password
	ssh-keygen -q -t ed25519 -N '' -C lab -f $DIR/id_ed25519
	local h; h=$(openssl passwd -6 "$PASSWORD")
	{ grep -v -E '^(netops|cli|jump):' /etc/passwd
	  echo 'netops:x:2001:2001::/home/netops:/bin/bash'
	  echo 'cli:x:2002:2002::/home/cli:/usr/bin/vtysh'
	  echo 'jump:x:2003:2003::/nonexistent:/usr/sbin/nologin'; } >$DIR/etc/passwd
	{ grep -v -E '^(netops|cli|jump):' /etc/shadow
	  printf '%s:%s:20000:0:99999:7:::\n' netops "$h" cli "$h" jump "$h"; } >$DIR/etc/shadow
	chmod 640 $DIR/etc/shadow; chgrp shadow $DIR/etc/shadow
	{ sed -E 's/^((frr|frrvty|bird):[^:]*:[0-9]*:)(.+)$/\1\3,netops,cli/; s/^((frr|frrvty|bird):[^:]*:[0-9]*:)$/\1netops,cli/' /etc/group
	  printf '%s\n' netops:x:2001: cli:x:2002: jump:x:2003:; } >$DIR/etc/group
	: >$DIR/known_hosts; : >$DIR/inventory.tsv
	printf 'Host *\n IdentityFile "%s/id_ed25519"\n IdentitiesOnly yes\n UserKnownHostsFile "%s/known_hosts"\n StrictHostKeyChecking yes\n LogLevel ERROR\n' "$DIR" "$DIR" >$DIR/ssh_config.tail
	: >$DIR/ssh_config; printf '[\n' >$DIR/inventory.json
	sep=
	for name in $(nodes); do write_node; done
	printf '\n]\n' >>$DIR/inventory.json
	cat $DIR/ssh_config.tail >>$DIR/ssh_config; rm $DIR/ssh_config.tail
	cat >$DIR/boot.sh <<'X'
#!/bin/sh
# PID 1 of a node. Arguments: DIR NAME KIND ADDRESS
D=$1/$2
hostname "$2"
for f in passwd shadow group; do mount --bind "$1/etc/$f" /etc/$f; done
mount --bind "$D/ssh" /etc/ssh
[ "$3" != router ] || mount --bind "$D/data" /etc/frr
[ "$3" != bird ] || mount --bind "$D/data" /etc/bird
[ "$3" != netconf ] || mount --bind "$D/data" /mnt
mount --bind "$D/log" /var/log
mount --bind "$D/home" /home
mount -t tmpfs -o mode=755,size=64m run /run
mount -t tmpfs -o mode=1777,size=256m tmp /tmp
mkdir -p /run/sshd /run/lock
cd /
case $3 in
router)
	install -d -o frr -g frr -m 775 /run/frr  # 775: frr-reload.py writes here
	for d in zebra staticd bgpd ospfd; do /usr/lib/frr/$d -d -A 127.0.0.1; done
	vtysh -b
	/usr/lib/frr/watchfrr -d zebra staticd bgpd ospfd ;;
bird)
	ip address add "$4/16" dev mgmt0
	ip address add 10.2.0.2/30 dev eth1
	install -d -o bird -g bird -m 755 /run/bird
	bird -u bird -g bird ;;
netconf)
	ip address add "$4/16" dev mgmt0
	cd /mnt
	HOME=/mnt netconfd --ncxserver-sockname=/run/netconf.sock --port=830 --target=candidate \
		--with-startup=true --access-control=off --superuser=netops --module=ietf-interfaces --module=iana-if-type \
		--startup=/mnt/startup-cfg.xml --log=/var/log/netconfd.log &
	while [ ! -S /run/netconf.sock ]; do sleep 0.02; done
	chmod 666 /run/netconf.sock ;;
esac
: >/var/log/ready
exec /usr/sbin/sshd -D -E /var/log/sshd.log
X
	cat >$DIR/relay.py <<'X'
"""Carries connections from loopback ports of the host into the management network."""
import asyncio, ctypes, os, signal, socket, sys
base, mgmt = sys.argv[1:3]
libc = ctypes.CDLL(None, use_errno=True)
HOST, MGMT = os.open("/proc/self/ns/net", 0), os.open("/run/netns/" + mgmt, 0)
def enter(fd):
    if libc.setns(fd, 0x40000000):
        raise OSError(ctypes.get_errno(), "setns")
class Pipe(asyncio.Protocol):
    def __init__(self, peer=None): self.peer, self.tr, self.buf, self.eof = peer, None, [], False
    def connection_made(self, tr):
        self.tr = tr
        for b in self.buf: tr.write(b)
        if self.eof: tr.write_eof()
    def put(self, data):
        if self.tr: self.tr.write(data)
        else: self.buf.append(data)
    def data_received(self, data): self.peer.put(data)
    def eof_received(self):
        p = self.peer
        if p.tr and not p.tr.is_closing(): p.tr.write_eof()
        else: p.eof = True
        return True
    def pause_writing(self): self.peer.tr and self.peer.tr.pause_reading()
    def resume_writing(self): self.peer.tr and self.peer.tr.resume_reading()
    def connection_lost(self, exc):
        p = self.peer
        if p.tr and not p.tr.is_closing(): p.tr.close() if exc is None else p.tr.abort()
class Front(Pipe):
    def __init__(self, to):
        super().__init__(); self.to = to; self.peer = Pipe(self)
    def connection_made(self, tr):
        super().connection_made(tr)
        tr.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.task = asyncio.ensure_future(self.dial())
    async def dial(self):
        try: await asyncio.get_running_loop().create_connection(lambda: self.peer, *self.to)
        except OSError: self.tr.abort(); return
        if self.tr.is_closing(): self.peer.tr.abort()
listening = {}
async def main():
    loop = asyncio.get_running_loop()
    async def scan():
        for line in open(base + "/inventory.tsv"):
            name, kind, lip, lport, user, mip, mport = line.split()
            want = not os.path.exists(f"{base}/{name}/refuse")
            if want and name not in listening:
                enter(HOST)
                s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try: s.bind((lip, int(lport)))
                except OSError as e: sys.exit(f"relay: {lip}:{lport}: {e}")
                finally: enter(MGMT)
                to = (mip, int(mport))
                listening[name] = await loop.create_server(lambda to=to: Front(to), sock=s, backlog=200)
            elif not want and name in listening:
                listening.pop(name).close()
        open(base + "/relay.ready", "w").close()
    loop.add_signal_handler(signal.SIGHUP, lambda: asyncio.ensure_future(scan()))
    await scan()
    await asyncio.Event().wait()
asyncio.run(main())
X
}

# ---- namespaces -------------------------------------------------------------
wire() {
	local i
	for name in $(nodes); do
		[ $name = jump ] || ip netns add $P-$name
	done
	ip netns add $MGMT
	ip netns exec $MGMT sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	printf '%s\n' 'link set lo up' 'link add br0 type bridge' 'link set br0 up' 'address add 198.18.0.1/16 dev br0' \
		'route change 198.18.0.0/16 dev br0 proto kernel scope link src 198.18.0.1 quickack 1' |
		ip -n $MGMT -batch -
	{ for name in $(nodes); do
		[ $name = jump ] || printf 'link add p-%s type veth peer name mgmt0 netns %s\nlink set p-%s master br0 up\n' $name $P-$name $name
	  done
	  for ((i=1;i<N;i++)); do printf 'link add eth1 netns %s type veth peer name eth2 netns %s\n' $P-r$i $P-r$((i+1)); done
	  [ $N -lt 3 ] || printf 'link add eth1 netns %s type veth peer name eth2 netns %s\n' $P-r$N $P-r1
	  [ $N -lt 1 ] || printf 'link add eth3 netns %s type veth peer name eth1 netns %s\n' $P-r1 $P-b1
	} | ip -n $MGMT -batch -
}

boot() {  # name: start its processes; returns at once
	place $name
	local ns=$P-$name; [ $kind != jump ] || ns=$MGMT
	rm -f $DIR/$name/log/ready
	if [ $kind != jump ]; then
		# IPv6 off (no DAD waits), forwarding on, links up.
		nsenter --net=/run/netns/$ns sh -c '
			for f in all default; do echo 1 >/proc/sys/net/ipv6/conf/$f/disable_ipv6; done
			echo 1 >/proc/sys/net/ipv4/ip_forward
			for l in lo mgmt0 eth1 eth2 eth3; do echo "link set $l up"; done | ip -force -batch - 2>/dev/null' || :
	fi
	setsid nsenter --net=/run/netns/$ns unshare --uts --mount --ipc --pid --fork --kill-child --mount-proc \
		/bin/sh $DIR/boot.sh $DIR $name $kind $mip </dev/null >$DIR/$name/log/boot.log 2>&1 &
	echo $! >$DIR/$name/pid
	disown
}
booted() {  # name: until it has finished booting and its ssh answers
	local i p line; place $name
	for ((i=0;i<3000;i++)); do
		if [ -e $DIR/$name/log/ready ]; then
			line=
			if [ -e $DIR/$name/refuse ] || [ -e $DIR/$name/cutlink ]; then return 0; fi
			{ exec 5<>/dev/tcp/$lip/$lport && read -r -t 2 line <&5; exec 5>&-; } 2>/dev/null || :
			case $line in SSH-2.0*) return 0 ;; esac
		fi
		kill -0 "$(<$DIR/$name/pid)" 2>/dev/null || { cat $DIR/$name/log/boot.log >&2; die "$name died while booting"; }
		sleep 0.02
	done
	die "$name did not boot in 60 s"
}
all_booted() { for name in "$@"; do booted; done; }
pid1() {  # name -> host pid of the node's PID 1
	local p c; p=$(cat $DIR/$name/pid 2>/dev/null) && kill -0 $p 2>/dev/null || return 1
	read -r c <"/proc/$p/task/$p/children" || [ -n "$c" ] || return 1
	c=${c%% *}; [ -n "$c" ] && echo $c
}
inside() {  # run a command on the console of node $name
	local p; p=$(pid1) || die "$name is not running"
	nsenter -t $p -n -u -m -i -p -- "$@"
}
hup() { rm -f $DIR/relay.ready; kill -HUP "$(<$DIR/relay.pid)"; while [ ! -e $DIR/relay.ready ]; do sleep 0.01; done; }

ours() { local f; for f in "/run/netns/$P"-*; do [ ! -e "$f" ] || echo "${f##*/}"; done; }
down() {
	local ns pids i
	ns=$(ours)
	for i in 1 2 3 4 5; do  # every process that lives in one of our namespaces
		[ -n "$ns" ] || break
		pids=$({ (cd /run/netns && stat -L -c '%i ns' $ns); stat -L -c '%i %n' /proc/[0-9]*/ns/net 2>/dev/null || :; } |
			awk '$2 == "ns" { own[$1] = 1; next } $1 in own { split($2, p, "/"); print p[3] }')
		[ -n "$pids" ] || break
		kill -9 $pids 2>/dev/null || :; sleep 0.05
	done
	[ -z "$ns" ] || printf 'netns del %s\n' $ns | ip -force -batch -
	rm -f /run/$P.dir
	if [ -f "$DIR/.lab" ]; then rm -rf "$DIR"; fi
}

claim() {  # the lab that owns a PORTBASE, so that another DIR does not tear it down
	local other; other=$(cat /run/$P.dir 2>/dev/null) || other=
	if [ -n "$other" ] && [ "$other" != "$DIR" ] && [ -f "$other/env" ] && [ -n "$(ours)" ]; then
		die "PORTBASE $PB belongs to the lab in $other: take another, or: lab.sh down $other"
	fi
}

up() {
	local t0 w=0 q=; t0=$(now)
	case $PROFILE in full|bare) ;; *) die "LAB_PROFILE is full or bare, not $PROFILE" ;; esac
	packages
	claim
	if [ -e "$DIR" ] && [ ! -f "$DIR/.lab" ] && [ -n "$(ls -A "$DIR")" ]; then die "$DIR exists and is not a lab"; fi
	if [ -f "$DIR/env" ]; then (
		# shellcheck source=/dev/null
		. "$DIR/env"; P=lab$PB; down
	); fi
	down
	trap 'w=$?; [ $w = 0 ] || { down; exit $w; }' EXIT  # half a lab is no lab
	trap 'exit 130' INT TERM
	mkdir -p "$DIR"; echo "$DIR" >/run/$P.dir
	write_files; wire
	/usr/bin/python3 $DIR/relay.py $DIR $MGMT </dev/null >$DIR/relay.log 2>&1 &
	echo $! >$DIR/relay.pid; disown
	for ((w=0;w<500;w++)); do
		[ ! -e $DIR/relay.ready ] || break
		kill -0 "$(<$DIR/relay.pid)" 2>/dev/null || { cat $DIR/relay.log >&2; die "a port is taken"; }
		sleep 0.01
	done
	w=0
	for name in $(nodes); do
		boot; q="$q $name"; w=$((w+1))
		if [ $w -ge $JOBS ]; then all_booted $q; q='' w=0; fi
	done
	all_booted $q
	echo "lab.sh: up in $(since $t0) s: $N routers (profile $PROFILE) on ports $((PB+1)).., inventory $DIR/inventory.tsv"
}

free_port() {  # prints a PORTBASE none of whose ports is listened on
	local pb i p taken; taken=" $(ss -Htln | awk '{ sub(/.*:/, "", $4); printf "%s ", $4 }')"
	for ((i=0;i<200;i++)); do
		pb=$((26000 + RANDOM % 60 * 100))  # above those of the servers
		[ ! -e /run/lab$pb.dir ] || continue
		for ((p=pb;p<=pb+N+3;p++)); do case $taken in *" $p "*) continue 2 ;; esac; done
		echo $pb; return
	done
	die "no free ports between 26000 and 32000"
}

peers() {  # router $name -> "BGP-up BGP-all OSPF-full OSPF-links"
	inside vtysh -c 'show bgp summary json' -c 'show ip ospf neighbor json' -c 'show ip ospf interface json' 2>/dev/null | awk '
		/"state":"(Established|Active|Connect|Idle|OpenSent|OpenConfirm|Clearing)/ { n++; if (/Established/) e++ }
		/"nbrState":"Full/ { f++ } /"networkType":"POINTOPOINT"/ { l++ }
		END { print e+0, n+0, f+0, l+0 }'
}

status() {
	[ -f "$DIR/env" ] || { echo "no lab in $DIR"; return 1; }
	local s x
	for name in $(nodes); do
		place $name; s=down x=
		if pid1 >/dev/null; then s=up; [ $kind != router ] || { set -- $(peers); x="bgp $1/$2 ospf $3/$4"; }; fi
		[ ! -e $DIR/$name/cutlink ] || x="$x cut"; [ ! -e $DIR/$name/refuse ] || x="$x refused"
		printf '%-6s %-8s %s:%s %s %s\n' $name $kind $lip $lport $s "$x"
	done
}

case $cmd in
up|packages|down|status|wait|drift|kill|start|cut|heal|drop|show|file|exec|logins|port) needs_root ;;
esac
case $cmd in
up) up ;;
packages) packages ;;
port) N=${1:-$N}; free_port ;;
down) down ;;
status) status ;;
wait)
	t0=$(now) limit=${1:-60} left=$(nodes | grep '^r' || :)
	while [ -n "$left" ]; do
		more=
		for name in $left; do
			set -- $(peers)
			# A full lab has sessions on every router: none seen is not yet asked.
			if [ "$1" = "$2" ] && [ "$3" = "$4" ] && { [ $PROFILE = bare ] || [ "$N" -lt 2 ] || [ "$2" -gt 0 ]; }; then :
			else more="$more $name"; fi
		done
		left=$more; [ -n "$left" ] || break
		[ $(( ($(now)-t0)/1000000 )) -lt "$limit" ] || die "not up:$left"
		sleep 0.1
	done
	echo "lab.sh: all sessions up after $(since $t0) s" ;;
drift)
	node "${1:?}"; shift
	set -- "$@"; a=(-c 'configure terminal')
	while IFS= read -r line; do [ -z "$line" ] || a+=(-c "$line"); done < <(printf '%s\n' "$@")
	inside vtysh "${a[@]}" ;;
kill)
	node "${1:?}"; p=$(cat $DIR/$name/pid); c=$(pid1) || die "$name is not running"
	kill -9 $p $c 2>/dev/null || :
	while kill -0 $c 2>/dev/null; do sleep 0.01; done
	for l in mgmt0 eth1 eth2 eth3; do printf 'address flush dev %s\nlink set %s down\n' $l $l; done |
		ip -n $P-$name -force -batch - 2>/dev/null || :
	ip -n $P-$name address flush dev lo scope global; ip -n $P-$name route flush table main 2>/dev/null || : ;;
start)
	node "${1:?}"; ! pid1 >/dev/null || die "$name is running"
	t0=$(now); boot; booted; echo "lab.sh: $name booted in $(since $t0) s" ;;
cut)
	node "${1:?}"
	case ${2:-link} in
	link) ip -n $MGMT link set p-$name down; : >$DIR/$name/cutlink ;;
	refuse) : >$DIR/$name/refuse; hup ;;
	*) die "cut I link|refuse" ;;
	esac ;;
heal)
	node "${1:?}"
	if [ -e $DIR/$name/cutlink ]; then ip -n $MGMT link set p-$name up; rm $DIR/$name/cutlink; fi
	if [ -e $DIR/$name/refuse ]; then rm $DIR/$name/refuse; hup; fi ;;
show)
	node "${1:?}"; place $name
	case $kind in
	router) inside vtysh -c 'show running-config' -c 'show bgp summary' -c 'show ip ospf neighbor'; inside ip -br address ;;
	bird) inside birdc show protocols all; inside cat /etc/bird/bird.conf ;;
	*) inside ip -br address ;;
	esac ;;
drop)
	# The listener is PID 1 of the node; every other sshd serves a connection.
	node "${1:?}"
	inside sh -c 'for p in $(pgrep -x sshd); do [ "$p" = 1 ] || kill -9 "$p" 2>/dev/null; done; :' ;;
file) node "${1:?}"; inside cat -- "${2:?}" ;;
logins) node "${1:?}"; grep -c ' *Accepted ' $DIR/$name/log/sshd.log || [ $? = 1 ] ;;
exec) node "${1:?}"; shift; inside "$@" ;;
*) sed -n '2,/^# DIR has no blanks/p' "$0" | sed '$d; s/^# \{0,1\}//' | sed '$d'; [ "$cmd" = help ] ;;
esac
