package frr_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/device/devicetest"
	"github.com/netprovision/terraform-provider-provision/internal/device/frr"
	"github.com/netprovision/terraform-provider-provision/internal/device/frr/frrsim"
	devssh "github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

const simMgmt = "198.18.1.4"

// simLab is a simulated router.
type simLab struct{ router *frrsim.Router }

func newSimLab(t *testing.T) *simLab {
	t.Helper()
	r, err := frrsim.New(frrsim.Options{
		Startup:    routerConf("r3", simMgmt),
		Management: simMgmt + "/16",
		Users:      map[string]sshtest.User{"netops": {Password: "lab-Netops1"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return &simLab{r}
}

func (l *simLab) Driver() device.Driver { return frr.New() }

func (l *simLab) Device() device.Device {
	s := l.router.Server()
	return device.Device{
		Name: "r3", Host: s.Host(), Port: s.Port(),
		SSH: devssh.Config{
			Username: "netops", Password: "lab-Netops1",
			HostKey: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.HostKey()))),
		},
	}
}

func (l *simLab) Fixture() devicetest.Fixture { return fixture(routerConf("r3", simMgmt), simMgmt) }

func (l *simLab) Reset(t *testing.T) {
	t.Helper()
	if err := l.router.Reset(l.Fixture().Base); err != nil {
		t.Fatal(err)
	}
}

func (l *simLab) Running(*testing.T) string { return l.router.Running() }
func (l *simLab) Startup(*testing.T) string { return l.router.Startup() }

func (l *simLab) ChangeByHand(t *testing.T, lines string) {
	t.Helper()
	if err := l.router.Configure(lines); err != nil {
		t.Fatal(err)
	}
}

func (l *simLab) Leftovers(*testing.T) []string { return l.router.Leftovers() }
func (l *simLab) Reboot(*testing.T)             { l.router.Reboot() }
func (l *simLab) Cut(*testing.T)                { l.router.Cut() }
func (l *simLab) Heal(*testing.T)               { l.router.Heal() }

func TestSuiteOnSimulator(t *testing.T) {
	devicetest.Run(t, newSimLab(t))
}

func intent(text string) provision.Intent { return device.NewConfig(frr.New(), []byte(text)) }

// execs opens a session on a fresh simulator, runs f and returns how many
// remote commands that took.
func execs(t *testing.T, f func(s device.Session, fix devicetest.Fixture)) int {
	t.Helper()
	l := newSimLab(t)
	s, err := frr.New().Open(t.Context(), l.Device())
	if err != nil {
		t.Fatal(err)
	}
	f(s, l.Fixture())
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return l.router.Server().Counts().Requests
}

// Each remote command costs a start of vtysh and a round trip.
func TestRemoteCommands(t *testing.T) {
	ctx := t.Context()
	stage := func(s device.Session, text string, replace bool) provision.Change {
		if p, err := s.Pending(ctx); p != nil || err != nil {
			t.Fatalf("pending %+v, %v", p, err)
		}
		c, err := s.Stage(ctx, intent(text), provision.StageOptions{Replace: replace})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if n := execs(t, func(s device.Session, fix devicetest.Fixture) { stage(s, fix.Base, true) }); n != 1 {
		t.Errorf("a plan without a change takes %d commands", n)
	}
	// As Terraform does it: Read, then ModifyPlan on the same session.
	if n := execs(t, func(s device.Session, fix devicetest.Fixture) {
		if _, err := s.Pending(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Read(ctx); err != nil {
			t.Fatal(err)
		}
		stage(s, fix.Merge+fix.Base, false)
	}); n != 2 {
		t.Errorf("reading and planning a change takes %d commands", n)
	}
	if n := execs(t, func(s device.Session, fix devicetest.Fixture) { stage(s, fix.Replace, true) }); n != 2 {
		t.Errorf("a plan with a change takes %d commands", n)
	}
	n := execs(t, func(s device.Session, fix devicetest.Fixture) {
		if err := s.Lock(ctx, "h"); err != nil {
			t.Fatal(err)
		}
		c := stage(s, fix.Merge, false)
		if _, err := c.Commit(ctx, provision.CommitOptions{ID: "i", Holder: "h", Window: time.Minute}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Verify(ctx, s); err != nil {
			t.Fatal(err)
		}
		if err := s.Confirm(ctx, "i"); err != nil {
			t.Fatal(err)
		}
		if err := s.Save(ctx); err != nil {
			t.Fatal(err)
		}
		if v, err := c.Verify(ctx, s); err != nil || !v.Remaining.Empty() || v.Unsaved {
			t.Fatalf("after saving: %+v, %v", v, err)
		}
	})
	if n != 7 { // open, lock, stage, commit, verify, confirm, save with a last look
		t.Errorf("an apply takes %d commands", n)
	}
}

// An apply works the plan out again and asks once more under the lock: the
// router compares again only when it, or the intent, is not the same any more.
func TestDifferenceIsAskedOnce(t *testing.T) {
	ctx := t.Context()
	for name, c := range map[string]struct {
		byHand bool
		text   func(fix devicetest.Fixture) string
		verify bool
		want   int // further commands beside the lock's
	}{
		"nothing changed": {want: 0},
		"changed by hand": {byHand: true, want: 1},
		"another intent":  {text: func(fix devicetest.Fixture) string { return fix.WithSecret }, want: 1},
		"a dry run asks":  {verify: true, want: 1},
	} {
		t.Run(name, func(t *testing.T) {
			l := newSimLab(t)
			s, err := frr.New().Open(ctx, l.Device())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			planned, err := s.Stage(ctx, intent(l.Fixture().Merge), provision.StageOptions{Verify: true})
			if err != nil {
				t.Fatal(err)
			}
			if c.byHand {
				l.ChangeByHand(t, l.Fixture().ByHand)
			}
			if err := s.Lock(ctx, "h"); err != nil {
				t.Fatal(err)
			}
			asked := l.router.Server().Counts().Requests
			text := l.Fixture().Merge
			if c.text != nil {
				text = c.text(l.Fixture())
			}
			again, err := s.Stage(ctx, intent(text), provision.StageOptions{Verify: c.verify})
			if err != nil {
				t.Fatal(err)
			}
			if n := l.router.Server().Counts().Requests - asked; n != c.want {
				t.Errorf("%d commands, want %d", n, c.want)
			}
			if same := again.Diff().String() == planned.Diff().String(); same != (c.text == nil) {
				t.Errorf("the difference is %q, at plan it was %q", again.Diff(), planned.Diff())
			}
			if again.Diff().By != planned.Diff().By || again.Diff().By == "" {
				t.Errorf("the difference is by %q, at plan by %q", again.Diff().By, planned.Diff().By)
			}
		})
	}
}

// What was staged from an earlier answer is committed as if it had been asked
// for, and a router that moved since is still found out.
func TestCommitFromARecalledDifference(t *testing.T) {
	ctx := t.Context()
	l := newSimLab(t)
	s, err := frr.New().Open(ctx, l.Device())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	stage := func() provision.Change {
		t.Helper()
		c, err := s.Stage(ctx, intent(l.Fixture().Merge), provision.StageOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	options := provision.CommitOptions{ID: "i", Holder: "h", Window: time.Minute}
	stage()
	stale := stage()
	l.ChangeByHand(t, l.Fixture().ByHand)
	if _, err := stale.Commit(ctx, options); !errors.Is(err, provision.ErrStale) {
		t.Fatalf("the router was changed by hand; commit says %v", err)
	}
	stage()
	c := stage()
	if _, err := c.Commit(ctx, options); err != nil {
		t.Fatal(err)
	}
	if v, err := c.Verify(ctx, s); err != nil || !v.Remaining.Empty() {
		t.Fatalf("after the commit: %+v, %v", v, err)
	}
	if err := s.Rollback(ctx, "i"); err != nil {
		t.Fatal(err)
	}
	v, err := c.Verify(ctx, s)
	if err != nil || v.Remaining.String() != c.Diff().String() {
		t.Errorf("after the rollback %q remains (%v), want %q", v.Remaining, err, c.Diff())
	}
}

// The difference is to the configuration that was read, to the letter: the router
// compares with the text that it is given and not with what runs by then, and the
// commit finds out.
func TestDifferenceIsToWhatWasRead(t *testing.T) {
	ctx := t.Context()
	l := newSimLab(t)
	s, err := frr.New().Open(ctx, l.Device())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	stage := func() provision.Change {
		t.Helper()
		c, err := s.Stage(ctx, intent(l.Fixture().Merge), provision.StageOptions{Verify: true})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	seen, err := s.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.router.Configure(l.Fixture().Merge); err != nil {
		t.Fatal(err)
	}
	c := stage() // from the look that was read
	if c.Before().Digest != seen.Digest || c.Diff().Empty() {
		t.Errorf("read %s, staged from %s with the difference %q", seen.Digest, c.Before().Digest, c.Diff())
	}
	if _, err := c.Commit(ctx, provision.CommitOptions{ID: "i", Holder: "h", Window: time.Minute}); !errors.Is(err, provision.ErrStale) {
		t.Errorf("the commit gave %v", err)
	}
	if again := stage(); !again.Diff().Empty() {
		t.Errorf("a new look shows %q", again.Diff())
	}
}

// What a look showed is not shown twice to the same question.
func TestEveryReadIsNew(t *testing.T) {
	l := newSimLab(t)
	s, err := frr.New().Open(t.Context(), l.Device())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	one, err := s.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l.ChangeByHand(t, l.Fixture().ByHand)
	two, err := s.Read(t.Context())
	if err != nil || one.Digest == two.Digest {
		t.Errorf("a change by hand is not seen (%v)", err)
	}
}

func TestForeignIntent(t *testing.T) {
	l := newSimLab(t)
	s, err := frr.New().Open(t.Context(), l.Device())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if _, err := s.Stage(t.Context(), nil, provision.StageOptions{}); err == nil {
		t.Error("no intent was staged")
	}
	if _, err := s.Stage(t.Context(), intent("! nothing\n"), provision.StageOptions{}); err == nil {
		t.Error("an empty configuration was staged")
	}
	if err := s.Lock(t.Context(), "h"); err != nil {
		t.Fatal(err)
	}
	if err := s.Lock(t.Context(), "h"); err == nil {
		t.Error("one session locks twice")
	}
}

func TestOpenRefused(t *testing.T) {
	l := newSimLab(t)
	d := l.Device()
	d.SSH.Password = "wrong-password"
	if _, err := frr.New().Open(t.Context(), d); !errors.Is(err, provision.ErrAuth) || strings.Contains(err.Error(), "wrong-password") {
		t.Errorf("a wrong password: %v", err)
	}
	d = l.Device()
	_ = l.router.Close()
	if _, err := frr.New().Open(t.Context(), d); !errors.Is(err, provision.ErrUnreachable) {
		t.Errorf("a closed port: %v", err)
	}
}

func TestReplaceTakesThePasswordOfTheSimulator(t *testing.T) {
	l := newSimLab(t)
	l.ChangeByHand(t, "password hunter2-hunter2")
	s, err := frr.New().Open(t.Context(), l.Device())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	c, err := s.Stage(t.Context(), intent(l.Fixture().Base), provision.StageOptions{Replace: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Diff(); got.String() != "- password <redacted>" || got.By != provision.ByClient {
		t.Errorf("by %s:\n%s", got.By, got)
	}
	if _, err := c.Commit(t.Context(), provision.CommitOptions{ID: "i", Holder: "h", Window: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(l.router.Running(), "password") {
		t.Error("the password is still there")
	}
}

// A commit that comes when its lock is gone does nothing: whoever has the lock by
// then was told that nothing is on.
func TestLateCommitOnSimulator(t *testing.T) {
	l := newSimLab(t)
	lateCommit(t, l.Device(), l.Fixture().Merge, l.router.BreakLock)
	if text := l.router.Running(); strings.Contains(text, l.Fixture().Added) {
		t.Errorf("the change is on:\n%s", text)
	}
	if !devicetest.Eventually(t, time.Minute, func() bool { return len(l.router.Leftovers()) == 0 }) {
		t.Errorf("left %q", l.router.Leftovers())
	}
}

// lateCommit commits after the lock was lost, and once more after another session
// has taken it.
func lateCommit(t *testing.T, d device.Device, text string, breakLock func()) {
	t.Helper()
	open := func() device.Session {
		t.Helper()
		s, err := frr.New().Open(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	s, other := open(), open()
	if err := s.Lock(t.Context(), "h"); err != nil {
		t.Fatal(err)
	}
	c, err := s.Stage(t.Context(), intent(text), provision.StageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	breakLock()
	for _, by := range []string{"nobody", "another session"} {
		if by != "nobody" {
			if err := other.Lock(t.Context(), "h"); err != nil {
				t.Fatal(err)
			}
		}
		p, err := c.Commit(t.Context(), provision.CommitOptions{ID: "i", Holder: "h", Window: time.Minute})
		if p != nil || err == nil || !strings.Contains(err.Error(), "the lock that it was to be made under is gone") {
			t.Errorf("the lock is held by %s: the commit gave %v, %v", by, p, err)
		}
		if p, err := other.Pending(t.Context()); p != nil || err != nil {
			t.Errorf("the lock is held by %s: pending is %v, %v", by, p, err)
		}
	}
	if err := errors.Join(other.Unlock(t.Context()), other.Close()); err != nil {
		t.Error(err)
	}
	_ = s.Close() // its lock is gone
}
