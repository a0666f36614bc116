package devicetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

const (
	commitID = "suite-commit"
	holder   = "the suite"
	// window is the confirm window of commits that are meant to be undone; a commit
	// on a busy machine is done within.
	window = 6 * time.Second
	// long is the confirm window of commits that are meant to be confirmed.
	long = 60 * time.Second
	// settle is how long a device may take to notice and to undo.
	settle = 30 * time.Second
	// prompt is how long a call may take to return once its context ended, with
	// what it did before; commands have a minute.
	prompt = 20 * time.Second
)

// Run runs the suite on the lab's device.
func Run(t *testing.T, lab Lab) {
	groups := []struct {
		name string
		f    func(*testing.T, Lab)
	}{
		{"config", testConfig},
		{"read", testRead},
		{"stage", testStage},
		{"bad", testBad},
		{"secret", testSecret},
		{"commit", testCommit},
		{"revert", testRevert},
		{"byhand", testByHand},
		{"lock", testLock},
		{"cancel", testCancel},
		{"drop", testDrop},
		{"core", testCore},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) { g.f(t, lab) })
	}
}

// bench is one test's view of the lab.
type bench struct {
	*testing.T
	lab Lab
	fix Fixture
	drv device.Driver
}

// on runs one test on a freshly reset device and checks that nothing is left
// when the test has closed its sessions.
func on(t *testing.T, lab Lab, name string, f func(b *bench)) {
	t.Run(name, func(t *testing.T) {
		lab.Reset(t)
		b := &bench{T: t, lab: lab, fix: lab.Fixture(), drv: lab.Driver()}
		f(b)
		b.clean()
	})
}

// clean waits until nothing of the driver is on the device. It asks soon at first
// and then less and less often: netconfd undoes no commit while it is asked more
// than once a second, and once kept a session whose client was gone for as long.
func (b *bench) clean() {
	b.Helper()
	b.cleanEvery(20*time.Millisecond, rest)
}

// rest is the time between two questions in which netconfd gets to its own work.
const rest = 2 * time.Second

// cleanEvery is clean with the times between two questions, the first and the
// longest.
func (b *bench) cleanEvery(first, longest time.Duration) {
	b.Helper()
	var left []string
	if !eventually(b.T, settle, first, longest, func() bool { left = b.lab.Leftovers(b.T); return len(left) == 0 }) {
		b.Errorf("left on the device: %q", left)
	}
}

// Eventually asks until cond holds, at most for d, and tells whether it did.
func Eventually(t *testing.T, d time.Duration, cond func() bool) bool {
	t.Helper()
	return eventually(t, d, 20*time.Millisecond, 20*time.Millisecond, cond)
}

// eventually is Eventually with the times between two questions: each is twice the
// one before, from the first to the longest.
func eventually(t *testing.T, d, first, longest time.Duration, cond func() bool) bool {
	t.Helper()
	deadline, pause := time.NewTimer(d), time.NewTimer(first)
	defer deadline.Stop()
	defer pause.Stop()
	for {
		if cond() {
			return true
		}
		select {
		case <-deadline.C:
			return cond()
		case <-pause.C:
			first = min(2*first, longest)
			pause.Reset(first)
		}
	}
}

// open gives a session that the test's end closes.
func (b *bench) open() device.Session {
	b.Helper()
	s, err := b.drv.Open(b.Context(), b.lab.Device())
	if err != nil {
		b.Fatalf("open: %v", err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

func (b *bench) close(s provision.Session) {
	b.Helper()
	if err := s.Close(); err != nil {
		b.Errorf("close: %v", err)
	}
}

func (b *bench) intent(text string) provision.Intent {
	return device.NewConfig(b.drv, []byte(text))
}

func (b *bench) stage(s provision.Session, text string, replace bool) provision.Change {
	b.Helper()
	c, err := s.Stage(b.Context(), b.intent(text), provision.StageOptions{Replace: replace, Verify: true})
	if err != nil {
		b.Fatalf("stage: %v", err)
	}
	return c
}

func (b *bench) commit(c provision.Change, w time.Duration) *provision.Pending {
	b.Helper()
	p, err := c.Commit(b.Context(), provision.CommitOptions{ID: commitID, Holder: holder, Window: w})
	if err != nil {
		b.Fatalf("commit: %v", err)
	}
	if p == nil || p.ID != commitID || p.Stuck {
		b.Fatalf("commit gave the pending %+v", p)
	}
	return p
}

func (b *bench) read(s provision.Session) provision.Snapshot {
	b.Helper()
	snap, err := s.Read(b.Context())
	if err != nil {
		b.Fatalf("read: %v", err)
	}
	return snap
}

func (b *bench) pending(s provision.Session) *provision.Pending {
	b.Helper()
	p, err := s.Pending(b.Context())
	if err != nil {
		b.Fatalf("pending: %v", err)
	}
	return p
}

// must fails the test on an error of what was done.
func (b *bench) must(what string, err error) {
	b.Helper()
	if err != nil {
		b.Fatalf("%s: %v", what, err)
	}
}

// config is running and startup as the console shows them.
type config struct{ running, startup string }

func (b *bench) config() config {
	b.Helper()
	return config{b.lab.Running(b.T), b.lab.Startup(b.T)}
}

// same checks that running and startup are what they were.
func (b *bench) same(before config) {
	b.Helper()
	now := b.config()
	if now.running != before.running {
		b.Errorf("running changed:\n--- before\n%s\n--- now\n%s", before.running, now.running)
	}
	if now.startup != before.startup {
		b.Errorf("startup changed:\n--- before\n%s\n--- now\n%s", before.startup, now.startup)
	}
}

// back waits until running is what it was, and checks startup.
func (b *bench) back(before config) {
	b.Helper()
	Eventually(b.T, window+settle, func() bool { return b.lab.Running(b.T) == before.running })
	b.same(before)
}

// has tells whether a line of the diff with this sign holds text.
func has(d provision.Diff, sign, text string) bool {
	for _, h := range d.Hunks {
		for _, l := range h.Lines {
			if strings.HasPrefix(l, sign) && strings.Contains(l, strings.TrimSpace(text)) {
				return true
			}
		}
	}
	return false
}

// target opens the lab's device for the core, without a pool between.
type target struct{ b *bench }

func (t target) Name() string   { return t.b.lab.Device().Name }
func (t target) Driver() string { return t.b.drv.Name() }
func (t target) Open(ctx context.Context, _ bool) (provision.Session, error) {
	return t.b.drv.Open(ctx, t.b.lab.Device())
}

// ended tells that an error is one a call may give whose context ended or
// whose connection broke.
func ended(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, provision.ErrConnectionLost) || errors.Is(err, provision.ErrUnreachable)
}
