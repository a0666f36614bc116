//go:build lab

package frr_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/device/devicetest"
	"github.com/netprovision/terraform-provider-provision/internal/device/frr"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

const trapID = "trap-commit"

// rig is one test's view of a router of the lab.
type rig struct {
	*testing.T
	*realLab
}

func newRig(t *testing.T) rig {
	t.Helper()
	l := newRealLab(t, "r3")
	l.Reset(t)
	return rig{t, l}
}

func (r rig) open() device.Session {
	r.Helper()
	s, err := frr.New().Open(r.Context(), r.Device())
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = s.Close() })
	return s
}

func (r rig) try(s provision.Session, text string, replace bool) (provision.Change, error) {
	return s.Stage(r.Context(), device.NewConfig(frr.New(), []byte(text)), provision.StageOptions{Replace: replace, Verify: true})
}

func (r rig) stage(s provision.Session, text string, replace bool) provision.Change {
	r.Helper()
	c, err := r.try(s, text, replace)
	if err != nil {
		r.Fatal(err)
	}
	return c
}

func (r rig) commit(c provision.Change, window time.Duration) {
	r.Helper()
	if _, err := c.Commit(r.Context(), provision.CommitOptions{ID: trapID, Holder: "the traps", Window: window}); err != nil {
		r.Fatal(err)
	}
}

// brief is the window of commits that are meant to be undone; a commit on a busy
// machine is done well within.
const brief = 5 * time.Second

// back waits until the router runs what it was reset to.
func (r rig) back(within time.Duration) {
	r.Helper()
	if !devicetest.Eventually(r.T, within, func() bool { return r.Running(r.T) == r.base }) {
		r.Errorf("the router does not run its former configuration:\n%s", r.Running(r.T))
	}
	if !devicetest.Eventually(r.T, within, func() bool { return len(r.pendingFiles()) == 0 }) {
		r.Errorf("left: %q", r.pendingFiles())
	}
	if got := r.Startup(r.T); got != startupOf(r.base) {
		r.Errorf("startup is not what it was:\n%s", got)
	}
}

func (r rig) pendingFiles() []string {
	var files []string
	for _, l := range r.Leftovers(r.T) {
		if strings.HasPrefix(l, "/") {
			files = append(files, l)
		}
	}
	return files
}

func (r rig) same(d provision.Diff, want string) {
	r.Helper()
	if got := d.String(); got != want {
		r.Errorf("the difference is\n%s\n--- wanted\n%s", got, want)
	}
}

// frr-reload.py reads its file twice: from /dev/stdin it would show a
// difference that deletes everything.
func TestReplaceShowsOnlyWhatDiffers(t *testing.T) {
	r := newRig(t)
	s := r.open()
	want := strings.Replace(r.Fixture().Base, " description to-r1\n", " description uplink\n", 1)
	d := r.stage(s, want, true).Diff()
	r.same(d, "@@ interface eth1\n- description to-r1\n+ description uplink")
	if d.By != provision.ByDevice {
		t.Errorf("computed by %s", d.By)
	}
}

// On a mistake frr-reload.py --test prints a difference that deletes
// everything, and ends with 1.
func TestMistakeIsNoDifference(t *testing.T) {
	r := newRig(t)
	s := r.open()
	_, err := r.try(s, strings.Replace(r.Fixture().Base, "hostname r3\n", "hostname r3\nhostnme r4\n", 1), true)
	var rejected *provision.RejectedError
	if !errors.As(err, &rejected) || rejected.Line != 4 || rejected.Text != "hostnme r4" || !strings.Contains(rejected.Message, "Unknown command") {
		t.Errorf("the refusal is %v", err)
	}
	r.back(20 * time.Second)
}

// Apply can fail after earlier lines took effect.
func TestHalfAppliedCommitFailsAndGoesBack(t *testing.T) {
	for name, replace := range map[string]bool{"merge": false, "replace": true} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			s := r.open()
			text := r.Fixture().Added + "\nrouter bgp 65099\n neighbor 10.1.0.9 remote-as 64513\nexit\n"
			if replace {
				text = strings.Replace(r.Fixture().Base, "exit\n!\nend\n", "exit\n!\nrouter bgp 65099\n neighbor 10.9.9.9 remote-as 1\nexit\n!\n"+r.Fixture().Added+"\nend\n", 1)
			}
			c := r.stage(s, text, replace)
			_, err := c.Commit(t.Context(), provision.CommitOptions{ID: trapID, Holder: "the traps", Window: time.Minute})
			var rejected *provision.RejectedError
			if !errors.As(err, &rejected) || !strings.Contains(err.Error(), "BGP is already running") {
				t.Fatalf("the commit gave %v", err)
			}
			if !replace && (rejected.Line != 2 || rejected.Text != "router bgp 65099") {
				t.Errorf("the refusal is %+v", rejected)
			}
			p, err := s.Pending(t.Context())
			if err != nil || p == nil || p.ID != trapID || p.Stuck {
				t.Fatalf("pending %+v, %v", p, err)
			}
			if err := s.Rollback(t.Context(), trapID); err != nil {
				t.Fatal(err)
			}
			r.back(20 * time.Second)
		})
	}
}

// Leaving out "no ip forwarding" in a replace turns forwarding on.
func TestForwardingIsNotTurnedOnSilently(t *testing.T) {
	r := newRig(t)
	r.ChangeByHand(t, "no ip forwarding")
	s := r.open()
	r.same(r.stage(s, r.Fixture().Base, true).Diff(), "- no ip forwarding")
	r.same(r.stage(s, strings.Replace(r.Fixture().Base, "no ipv6 forwarding\n", "", 1), true).Diff(),
		"- no ip forwarding\n- no ipv6 forwarding")
	r.same(r.stage(s, "ip forwarding\n", false).Diff(), "- no ip forwarding")
}

// frr-reload.py --reload writes startup, and with its log what it was told.
func TestReplaceNeitherSavesNorLogs(t *testing.T) {
	r := newRig(t)
	s := r.open()
	fix := r.Fixture()
	text := strings.Replace(fix.Base, " neighbor 10.1.0.9 description r2\n", " neighbor 10.1.0.9 description r2\n neighbor 10.1.0.9 password "+fix.Secret+"\n", 1)
	r.commit(r.stage(s, text, true), time.Minute)
	if !strings.Contains(r.Running(t), fix.Secret) {
		t.Error("the password is not set")
	}
	if strings.Contains(r.Startup(t), fix.Secret) {
		t.Error("an unconfirmed replace is in startup")
	}
	if out := r.console(t, "grep -rl "+fix.Secret+" /var/log /tmp /run 2>/dev/null | grep -v provision-frr.pending; true"); out != "" {
		t.Errorf("the secret lies in %s", out)
	}
	if mode := r.console(t, "find /run/frr/provision-frr.pending -type f -perm /077 ! -name info ! -name pid"); mode != "" {
		t.Errorf("readable for others: %s", mode)
	}
	if err := s.Rollback(t.Context(), trapID); err != nil {
		t.Fatal(err)
	}
	r.back(20 * time.Second)
}

// A merge shows the lines that it pushes out or takes away.
func TestMergeIsHonest(t *testing.T) {
	r := newRig(t)
	s := r.open()
	text := `interface eth1
 no description
 ip ospf hello-interval 2
exit
router bgp 64514
 no neighbor 10.1.0.9 timers
 neighbor 10.1.0.14 timers 10 30
 no bgp default ipv4-unicast
exit
no ip route 203.0.113.0/24 Null0
no ip route 100.64.0.0/10 Null0
ip prefix-list P permit 10.0.0.0/8 le 24
`
	c := r.stage(s, text, false)
	r.same(c.Diff(), `@@ interface eth1
- description to-r1
- ip ospf hello-interval 1
+ ip ospf hello-interval 2
@@ router bgp 64514
- neighbor 10.1.0.9 timers 3 9
- neighbor 10.1.0.14 timers 3 9
+ neighbor 10.1.0.14 timers 10 30
+ no bgp default ipv4-unicast
- ip route 203.0.113.0/24 Null0
+ ip prefix-list P permit 10.0.0.0/8 le 24`)
	if c.Diff().By != provision.ByClient {
		t.Error("what we concluded is shown as the router's word")
	}
	r.commit(c, time.Minute)
	v, err := c.Verify(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	// The router shows "activate" once the default is off: nobody lost a line.
	if !v.Remaining.Empty() {
		t.Errorf("remaining:\n%s", v.Remaining)
	}
	if again := r.stage(s, text, false); !again.Diff().Empty() {
		t.Errorf("a second plan shows\n%s", again.Diff())
	}
	if err := s.Rollback(t.Context(), trapID); err != nil {
		t.Fatal(err)
	}
	r.back(20 * time.Second)
}

// FRR shows the system's name, whatever "hostname" says: that a line is taken
// and has no effect must not pass for success.
func TestHostnameThatDoesNotTake(t *testing.T) {
	r := newRig(t)
	s := r.open()
	c := r.stage(s, "hostname r3x\n", false)
	r.same(c.Diff(), "- hostname r3\n+ hostname r3x")
	r.commit(c, time.Minute)
	v, err := c.Verify(t.Context(), s)
	if err != nil || v.Remaining.Empty() {
		t.Errorf("remaining %q, %v", v.Remaining, err)
	}
	if err := s.Rollback(t.Context(), trapID); err != nil {
		t.Fatal(err)
	}
	r.back(20 * time.Second)
}

// frr-reload.py leaves a password where it is, and says nothing.
func TestReplaceTakesThePassword(t *testing.T) {
	r := newRig(t)
	r.ChangeByHand(t, "password "+r.Fixture().Secret)
	s := r.open()
	c := r.stage(s, r.Fixture().Base, true)
	r.same(c.Diff(), "- password <redacted>")
	r.commit(c, time.Minute)
	if v, err := c.Verify(t.Context(), s); err != nil || !v.Remaining.Empty() {
		t.Errorf("remaining\n%s\n%v", v.Remaining, err)
	}
	if err := s.Confirm(t.Context(), trapID); err != nil {
		t.Fatal(err)
	}
	r.back(20 * time.Second)
}

// What one run of frr-reload.py leaves is taken away by the next.
func TestReplaceGoesOnUntilDone(t *testing.T) {
	r := newRig(t)
	r.ChangeByHand(t, "router bgp 64514\nno bgp default ipv4-unicast")
	s := r.open()
	c := r.stage(s, r.Fixture().Base, true)
	r.commit(c, time.Minute)
	v, err := c.Verify(t.Context(), s)
	if err != nil || !v.Remaining.Empty() {
		t.Errorf("remaining\n%s\n%v", v.Remaining, err)
	}
	if err := s.Confirm(t.Context(), trapID); err != nil {
		t.Fatal(err)
	}
	r.back(20 * time.Second)
}

// An unconfirmed change that somebody saved by hand goes from startup too.
func TestUndoRestoresStartup(t *testing.T) {
	r := newRig(t)
	s := r.open()
	r.commit(r.stage(s, r.Fixture().Merge, false), brief)
	r.console(t, "vtysh -c 'write memory'")
	r.back(time.Minute)
}

func TestTimerSurvives(t *testing.T) {
	t.Run("the loss of every connection", func(t *testing.T) {
		r := newRig(t)
		r.commit(r.stage(r.open(), r.Fixture().Merge, false), brief)
		r.lab(t, "", "drop", r.name)
		r.back(time.Minute)
	})
	t.Run("a restore that fails at first", func(t *testing.T) {
		r := newRig(t)
		s := r.open()
		r.commit(r.stage(s, r.Fixture().Merge, false), brief)
		r.console(t, "mount --bind /bin/false /usr/lib/frr/frr-reload.py")
		pending := "/run/frr/provision-frr.pending/"
		if !devicetest.Eventually(t, time.Minute, func() bool {
			return strings.Contains(r.console(t, "ls "+pending), "now.conf")
		}) {
			t.Fatal("no restore was tried")
		}
		if p, err := s.Pending(t.Context()); err != nil || p == nil || p.Stuck {
			t.Errorf("while it tries: pending %+v, %v", p, err)
		}
		r.console(t, "umount -l /usr/lib/frr/frr-reload.py")
		r.back(time.Minute)
	})
	t.Run("a disk that is full by then", func(t *testing.T) {
		r := newRig(t)
		r.commit(r.stage(r.open(), r.Fixture().Merge, false), brief)
		r.console(t, "dd if=/dev/zero of=/run/fill bs=64k 2>/dev/null; dd if=/dev/zero of=/tmp/fill bs=64k 2>/dev/null; true")
		r.back(time.Minute)
	})
	t.Run("a commit that hangs", func(t *testing.T) {
		r := newRig(t)
		c := r.stage(r.open(), r.Fixture().Merge, false)
		r.console(t, `cp /usr/bin/vtysh /run/vtysh.real
printf '#!/bin/sh\ncase "$*" in *intent.conf*) sleep 1000 ;; esac\nexec /run/vtysh.real "$@"\n' >/run/vtysh.slow
chmod 755 /run/vtysh.slow && mount --bind /run/vtysh.slow /usr/bin/vtysh`)
		t.Cleanup(func() { r.console(t, "umount -l /usr/bin/vtysh; rm -f /run/vtysh.*") })
		_, err := c.Commit(t.Context(), provision.CommitOptions{ID: trapID, Holder: "the traps", Window: 2 * time.Second})
		if err == nil {
			t.Error("a commit that was ended by the timer succeeded")
		}
		r.back(time.Minute)
		if out := r.console(t, "pgrep -f '^sleep 1000' || true"); out != "" {
			t.Errorf("still hanging: %s", out)
		}
	})
	t.Run("not being killed: then it says so", func(t *testing.T) {
		for _, end := range []string{"confirm", "rollback"} {
			r := newRig(t)
			s := r.open()
			r.commit(r.stage(s, r.Fixture().Merge, false), time.Minute)
			r.console(t, "kill -KILL $(cat /run/frr/provision-frr.pending/pid)")
			// A process that was killed is there until its parent has taken note.
			var p *provision.Pending
			var err error
			if !devicetest.Eventually(t, time.Minute, func() bool {
				p, err = s.Pending(t.Context())
				return err != nil || p == nil || p.Stuck
			}) || err != nil || p == nil || p.Holder != "the traps" {
				t.Fatalf("pending %+v, %v", p, err)
			}
			if end == "rollback" {
				if err := s.Rollback(t.Context(), trapID); err != nil {
					t.Fatal(err)
				}
				r.back(20 * time.Second)
				continue
			}
			if err := s.Confirm(t.Context(), trapID); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(r.Running(t), r.Fixture().Added) || len(r.pendingFiles()) > 0 {
				t.Error("confirmed and not on, or something is left")
			}
		}
	})
}

// Confirm and the timer may come at the same moment: either both say that the
// change stays, or both that it goes.
func TestConfirmAgainstTimer(t *testing.T) {
	r := newRig(t)
	for i := range 6 {
		r.Reset(t)
		s := r.open()
		c := r.stage(s, r.Fixture().Merge, false)
		wait := time.NewTimer(brief + time.Duration(i*80-100)*time.Millisecond)
		r.commit(c, brief)
		<-wait.C
		switch err := s.Confirm(t.Context(), trapID); {
		case err == nil:
			again, err := s.Read(t.Context())
			if err != nil || !strings.Contains(string(again.Raw), r.Fixture().Added) {
				t.Errorf("confirmed, and it is not on (%v)", err)
			}
		case errors.Is(err, provision.ErrNoPending):
			r.back(time.Minute)
		default:
			t.Errorf("confirm: %v", err)
		}
		_ = s.Close()
	}
}

// What a killed exec left goes with the next one.
func TestKilledStageIsSwept(t *testing.T) {
	r := newRig(t)
	s := r.open()
	r.console(t, "for d in /run/frr /tmp; do mkdir -p $d/provision-frr.work.99999.x && chown netops $d/provision-frr.work.99999.x; done")
	r.stage(s, r.Fixture().Merge, false)
	if left := r.pendingFiles(); len(left) > 0 {
		t.Errorf("left %q", left)
	}
}

// Names of devices and holders are data.
func TestHolderIsNoCommand(t *testing.T) {
	r := newRig(t)
	s, other := r.open(), r.open()
	const name = "$(touch /tmp/provision-frr.x) `id`; 'a' \"b\"\nid=stolen"
	if err := s.Lock(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	var locked *provision.LockedError
	if err := other.Lock(t.Context(), "me"); !errors.As(err, &locked) || locked.Holder != strings.ReplaceAll(name, "\n", " ") {
		t.Errorf("locked by %+v", err)
	}
	c := r.stage(s, r.Fixture().Merge, false)
	if _, err := c.Commit(t.Context(), provision.CommitOptions{ID: name, Holder: name, Window: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if p, err := other.Pending(t.Context()); err != nil || p == nil || p.ID != strings.ReplaceAll(name, "\n", " ") {
		t.Errorf("pending %+v, %v", p, err)
	}
	_, err := r.stage(other, r.Fixture().OtherSecret, false).Commit(t.Context(), provision.CommitOptions{ID: "b", Holder: "b", Window: time.Minute})
	if !errors.As(err, &locked) || !strings.Contains(locked.Holder, "touch") {
		t.Errorf("a second commit: %v", err)
	}
	if err := s.Rollback(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	if err := s.Unlock(t.Context()); err != nil {
		t.Fatal(err)
	}
	if out := r.console(t, "ls /tmp"); out != "" {
		t.Errorf("somebody made %s", out)
	}
	r.back(20 * time.Second)
}

// rich is what normalizing, numbering and nesting can go wrong with.
const rich = `vrf RED
 ip route 10.99.0.0/16 Null0
exit-vrf
ipv6 route 2001:db8:1::/48 Null0
interface eth1
 description to  r1: two  blanks
 ipv6 address 2001:db8:0:1::1/64
 ipv6 nd prefix 2001:db8:0:1::/64
exit
router bgp 64514
 neighbor 2001:DB8::0:9 remote-as 64513
 neighbor 10.1.0.9 password not-a-word
 address-family ipv4 unicast
  neighbor 10.1.0.9 route-map OUT out
 exit-address-family
 address-family ipv6 unicast
  network 2001:db8:2::/48
  neighbor 2001:db8::9 activate
 exit-address-family
exit
ip prefix-list P permit 10.0.0.0/8 le 24
ipv6 prefix-list P6 seq 5 permit 2001:db8::/32 le 48
bgp community-list standard C seq 5 permit 65000:1 65000:2
bgp large-community-list standard L seq 5 permit 65000:1:2
route-map OUT permit 10
 match ip address prefix-list P
 set community 65000:3 additive
 set large-community 65000:1:2
 set ipv6 next-hop global ::FFFF:10.0.0.1
exit
key chain K
 key 1
  key-string a-secret
 exit
exit
banner motd line be: kind
access-list A seq 5 permit 10.0.0.0/8
bgp as-path access-list AS seq 5 permit ^65000_
`

// frr-reload.py answers the same whether it reads what runs by itself or from a
// file, as the driver has it, with everything that a router of the lab takes.
func TestReloadReadsRunningFromAFile(t *testing.T) {
	r := newRig(t)
	r.lab(t, rich, "exec", r.name, "sh", "-c", "cat >/run/rich && vtysh -f /run/rich && rm /run/rich")
	base := r.Fixture().Base
	for name, text := range map[string]string{
		"the same":         "",
		"the base":         base,
		"the base and all": strings.TrimSuffix(base, "end\n") + rich,
		"a merge":          r.Fixture().Merge,
		"other words":      strings.ReplaceAll(rich, "65000", "65001"),
		"less":             strings.ReplaceAll(rich, " set community 65000:3 additive\n", ""),
	} {
		for _, merge := range []bool{false, true} {
			out := r.lab(t, text, "exec", r.name, "sh", "-c", `mkdir /run/files && cd /run/files && cat >intent &&
				vtysh -c 'show running-config' | sed -e 1,/^Current/d -e /^end$/d >running
				[ -s intent ] && ! `+fmt.Sprint(merge)+` || cat running intent >target; [ -e target ] || cp intent target
				PATH=$PATH:/usr/lib/frr
				frr-reload.py --test --log-level error target >one 2>&1; echo rc $? >>one
				frr-reload.py --test --log-level error --input running target >two 2>&1; echo rc $? >>two
				diff one two; wc -l <running; cat one; rm -r /run/files`)
			lines, rest, _ := strings.Cut(out, "\n")
			if n, err := strconv.Atoi(lines); err != nil || n < 80 {
				t.Errorf("%s, merge %t: from a file it says otherwise, or little runs:\n%s", name, merge, out)
			}
			if !strings.HasSuffix(rest, "rc 0\n") || text != "" && !merge && !strings.Contains(rest, "Lines To") {
				t.Errorf("%s, merge %t: it compares nothing:\n%s", name, merge, rest)
			}
		}
	}
}

// A router that was changed after the stage is not committed to.
func TestStaleCommit(t *testing.T) {
	r := newRig(t)
	s := r.open()
	c := r.stage(s, r.Fixture().Merge, false)
	r.ChangeByHand(t, r.Fixture().ByHand)
	_, err := c.Commit(t.Context(), provision.CommitOptions{ID: trapID, Holder: "h", Window: time.Minute})
	if !errors.Is(err, provision.ErrStale) {
		t.Errorf("the commit gave %v", err)
	}
	if left := r.pendingFiles(); len(left) > 0 || strings.Contains(r.Running(t), r.Fixture().Added) {
		t.Errorf("left %q", left)
	}
}

// A commit that the router begins late, when its connection and with it the lock are
// gone, does nothing.
func TestLateCommit(t *testing.T) {
	r := newRig(t)
	lateCommit(t, r.Device(), r.Fixture().Merge, func() { r.console(t, "rm /run/frr/provision-frr.lock") })
	r.back(time.Minute)
}

// A disk that is full at the commit is no change of the configuration: it is
// named, nothing is on, and the router can still tell so.
func TestNoRoomAtTheCommit(t *testing.T) {
	for _, room := range []string{"0", "4k", "8k"} {
		t.Run(room, func(t *testing.T) {
			r := newRig(t)
			s := r.open()
			c := r.stage(s, r.Fixture().Merge, false)
			r.console(t, "truncate -s 0 /run/room && [ "+room+" = 0 ] || head -c "+room+" /dev/zero >/run/room; "+
				"cat /dev/zero >/run/fill 2>/dev/null; cat /dev/zero >/tmp/fill 2>/dev/null; rm /run/room")
			t.Cleanup(func() { r.console(t, "rm -f /run/fill /tmp/fill /run/room") })
			_, err := c.Commit(t.Context(), provision.CommitOptions{ID: trapID, Holder: "h", Window: time.Minute})
			if err == nil || errors.Is(err, provision.ErrStale) || !strings.Contains(err.Error(), "make room in /run and /tmp") {
				t.Errorf("the commit gave %v", err)
			}
			v, err := c.Verify(t.Context(), s)
			if err != nil || v.Running.Digest != c.Before().Digest || v.Remaining.String() != c.Diff().String() {
				t.Errorf("verify gave %+v, %v", v, err)
			}
			if left := r.pendingFiles(); len(left) > 0 {
				t.Errorf("left %q", left)
			}
		})
	}
}

// What a router lacks is named, with what to do.
func TestLackingRouters(t *testing.T) {
	for name, tc := range map[string]struct {
		breakIt, mend string
		do            func(r rig) error
		want          string
	}{
		"no room": {
			"dd if=/dev/zero of=/run/fill bs=1M 2>/dev/null; dd if=/dev/zero of=/tmp/fill bs=1M 2>/dev/null; true", "rm -f /run/fill /tmp/fill",
			func(r rig) error { _, err := r.try(r.open(), r.Fixture().Merge, false); return err },
			"make room",
		},
		"no frr-reload.py": {
			": >/run/none && chmod 644 /run/none && mount --bind /run/none /usr/lib/frr/frr-reload.py", "umount -l /usr/lib/frr/frr-reload.py; rm /run/none",
			func(r rig) error { _, err := r.try(r.open(), r.Fixture().Merge, false); return err },
			"frr-pythontools",
		},
		"no right to vtysh": {
			"sed 's/^\\(frr\\(vty\\)\\{0,1\\}:.*:\\).*/\\1/' /etc/group >/run/group && mount --bind /run/group /etc/group", "umount -l /etc/group; rm /run/group",
			func(r rig) error { _, err := frr.New().Open(r.Context(), r.Device()); return err },
			"frrvty",
		},
		"a user of vtysh": {
			"", "",
			func(r rig) error {
				d := r.Device()
				d.SSH.Username = "cli"
				_, err := frr.New().Open(r.Context(), d)
				return err
			},
			"login shell",
		},
		"startup is read-only": {
			"mount -o remount,bind,ro /etc/frr", "mount -o remount,bind,rw /etc/frr",
			func(r rig) error {
				r.ChangeByHand(r.T, r.Fixture().ByHand)
				return r.open().Save(r.Context())
			},
			"writ",
		},
		"no integrated configuration": {
			"echo no service integrated-vtysh-config >/etc/frr/vtysh.conf", "echo service integrated-vtysh-config >/etc/frr/vtysh.conf",
			func(r rig) error { return fmt.Errorf("%s", strings.Join(r.open().Capabilities().Notes, "")) },
			"integrated-vtysh-config",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			t.Cleanup(func() { r.console(t, tc.mend+"\ntrue") })
			r.console(t, tc.breakIt+"\ntrue")
			err := tc.do(r)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("it gave %v; wanted %q", err, tc.want)
			}
			t.Log(err)
		})
	}
}

func TestFiveMegabytes(t *testing.T) {
	r := newRig(t)
	s := r.open()
	var b strings.Builder
	n := 0
	for b.Len() < 5_000_000 {
		n++
		fmt.Fprintf(&b, "ip prefix-list BIG%d seq %d permit 10.%d.%d.%d/32\n", n/1000, n%1000*5+5, n>>16&255, n>>8&255, n&255)
	}
	d := r.stage(s, b.String(), false).Diff()
	if added, removed := d.Counts(); added != n || removed != 0 {
		t.Errorf("%d lines: +%d -%d", n, added, removed)
	}
}

// CRLF and a missing last newline mean nothing, also to the router itself.
func TestLineEnds(t *testing.T) {
	r := newRig(t)
	s := r.open()
	crlf := strings.TrimSuffix(strings.ReplaceAll(r.Fixture().Base, "\n", "\r\n"), "\r\n")
	if d := r.stage(s, crlf, true).Diff(); !d.Empty() {
		t.Errorf("the same with CRLF shows\n%s", d)
	}
	c := r.stage(s, r.Fixture().Added+"\r\ninterface eth1\r\n description uplink", false)
	r.same(c.Diff(), "@@ interface eth1\n- description to-r1\n+ description uplink\n"+"+ "+r.Fixture().Added)
	r.commit(c, time.Minute)
	if v, err := c.Verify(t.Context(), s); err != nil || !v.Remaining.Empty() || strings.Contains(string(v.Running.Raw), "\r") {
		t.Errorf("remaining\n%s\n%v", v.Remaining, err)
	}
	if err := s.Rollback(t.Context(), trapID); err != nil {
		t.Fatal(err)
	}
	r.back(20 * time.Second)
}
