package devicetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

func testCommit(t *testing.T, lab Lab) {
	for _, replace := range []bool{false, true} {
		name := map[bool]string{false: "merge", true: "replace"}[replace]
		on(t, lab, name+" confirmed from a fresh session and saved", func(b *bench) { commitAndSave(b, replace) })
	}
	on(t, lab, "wrong id", func(b *bench) {
		s := b.open()
		for name, f := range map[string]func(string) error{
			"confirm":  func(id string) error { return s.Confirm(b.Context(), id) },
			"rollback": func(id string) error { return s.Rollback(b.Context(), id) },
		} {
			if err := f("nobody's"); !errors.Is(err, provision.ErrNoPending) {
				b.Errorf("%s without a pending commit: %v", name, err)
			}
		}
		b.close(s)
	})
	on(t, lab, "reboot in the window", func(b *bench) {
		if !b.caps().Startup {
			return
		}
		before := b.config()
		s := b.open()
		b.commit(b.stage(s, b.fix.Merge, false), long)
		b.lab.Reboot(b.T)
		_ = s.Close()
		b.back(before)
		s = b.open()
		if p := b.pending(s); p != nil && !p.Stuck {
			b.Errorf("after a reboot %+v waits to undo what is not on", p)
		}
		b.stage(s, b.fix.Merge, false)
		b.close(s)
	})
}

// caps asks the device what it can do.
func (b *bench) caps() provision.Capabilities {
	s := b.open()
	defer b.close(s)
	return s.Capabilities()
}

func commitAndSave(b *bench, replace bool) {
	text := map[bool]string{false: b.fix.Merge, true: b.fix.Replace}[replace]
	before := b.config()
	s := b.open()
	b.must("lock", s.Lock(b.Context(), holder))
	c := b.stage(s, text, replace)
	p := b.commit(c, long)
	if left := time.Until(p.Deadline); !p.Deadline.IsZero() && (left <= 0 || left > 2*long) {
		b.Errorf("the deadline is in %v", left)
	}
	if b.lab.Startup(b.T) != before.startup {
		b.Error("an unconfirmed commit is in startup")
	}
	fresh := b.open()
	b.verify(c, fresh)
	b.confirm(fresh)
	b.must("save", fresh.Save(b.Context()))
	b.must("discard", c.Discard(b.Context()))
	b.must("unlock", s.Unlock(b.Context()))
	again := b.stage(fresh, text, replace)
	if !again.Diff().Empty() || again.Unsaved() {
		b.Errorf("afterwards unsaved %t and still\n%s", again.Unsaved(), again.Diff())
	}
	b.close(s)
	b.close(fresh)
	b.landed(replace)
}

// verify makes sure that a change that is not confirmed yet is on.
func (b *bench) verify(c provision.Change, fresh provision.Session) {
	b.Helper()
	v, err := c.Verify(b.Context(), fresh)
	b.must("verify", err)
	if !v.Remaining.Empty() || v.Running.Digest == c.Before().Digest || !v.Unsaved {
		b.Errorf("verified: unsaved %t, same as before %t, remaining:\n%s",
			v.Unsaved, v.Running.Digest == c.Before().Digest, v.Remaining)
	}
}

// confirm confirms what is pending, which can be done once.
func (b *bench) confirm(fresh provision.Session) {
	b.Helper()
	if got := b.pending(fresh); got == nil || (got.ID != "" && got.ID != commitID) || got.Stuck {
		b.Errorf("a fresh session sees the pending %+v", got)
	}
	b.must("confirm", fresh.Confirm(b.Context(), commitID))
	if got := b.pending(fresh); got != nil {
		b.Errorf("still pending after the confirmation: %+v", got)
	}
	if err := fresh.Confirm(b.Context(), commitID); !errors.Is(err, provision.ErrNoPending) {
		b.Errorf("a second confirmation: %v", err)
	}
}

// landed makes sure that a change is running and saved.
func (b *bench) landed(replace bool) {
	b.Helper()
	now := b.config()
	for name, text := range map[string]string{"running": now.running, "startup": now.startup} {
		if !strings.Contains(text, b.fix.Added) || (replace && strings.Contains(text, b.fix.Extra)) {
			b.Errorf("%s is\n%s", name, text)
		}
	}
}

func testRevert(t *testing.T, lab Lab) {
	for _, replace := range []bool{false, true} {
		name := map[bool]string{false: "merge", true: "replace"}[replace]
		text := map[bool]string{false: lab.Fixture().Merge, true: lab.Fixture().Replace}[replace]
		on(t, lab, name+" not confirmed", func(b *bench) {
			before := b.config()
			s := b.open()
			b.commit(b.stage(s, text, replace), window)
			if b.lab.Running(b.T) == before.running {
				b.Error("the commit changed nothing")
			}
			b.back(before)
			b.gone(s)
			b.close(s)
		})
		on(t, lab, name+" rolled back", func(b *bench) {
			before := b.config()
			s := b.open()
			b.commit(b.stage(s, text, replace), long)
			fresh := b.open()
			b.must("rollback", fresh.Rollback(b.Context(), commitID))
			b.back(before)
			b.gone(fresh)
			b.close(s)
			b.close(fresh)
		})
	}
	on(t, lab, "session closed and not confirmed", func(b *bench) {
		before := b.config()
		s := b.open()
		b.commit(b.stage(s, b.fix.Merge, false), window)
		b.close(s)
		b.back(before)
	})
	on(t, lab, "cut off", testCutOff)
	on(t, lab, "management path lost", func(b *bench) {
		before := b.config()
		s := b.open()
		b.commit(b.stage(s, b.fix.Merge, false), window)
		b.lab.Cut(b.T)
		b.back(before)
		b.lab.Heal(b.T)
		_ = s.Close()
	})
}

// gone waits until no commit is pending: the device takes the mark away after
// it has taken the change away.
func (b *bench) gone(s provision.Session) {
	b.Helper()
	if !Eventually(b.T, settle, func() bool { return b.pending(s) == nil }) {
		b.Error("a commit that was undone is still pending")
	}
}

// testCutOff commits a configuration that ends the management session; the
// device must take it back without us.
func testCutOff(b *bench) {
	if b.fix.CutOff == "" {
		return
	}
	before := b.config()
	d := b.lab.Device()
	d.SSH.CommandTimeout = 3 * window // a stage on a busy machine takes less
	s, err := b.drv.Open(b.Context(), d)
	b.must("open", err)
	c := b.stage(s, b.fix.CutOff, false)
	_, err = c.Commit(b.Context(), provision.CommitOptions{ID: commitID, Holder: holder, Window: window})
	if err != nil && !ended(err) {
		b.Errorf("cut off in the commit: %v", err)
	}
	b.back(before)
	_ = s.Close()
	var fresh provision.Session
	if !Eventually(b.T, settle, func() bool { fresh, err = b.drv.Open(b.Context(), b.lab.Device()); return err == nil }) {
		b.Fatalf("the device took it back and does not answer: %v", err)
	}
	b.gone(fresh)
	b.close(fresh)
}

func testByHand(t *testing.T, lab Lab) {
	on(t, lab, "stays in a merge", func(b *bench) {
		b.lab.ChangeByHand(b.T, b.fix.ByHand)
		hand := b.config()
		s := b.open()
		c := b.stage(s, b.fix.Merge, false)
		b.commit(c, long)
		v, err := c.Verify(b.Context(), s)
		b.must("verify", err)
		if !v.Remaining.Empty() {
			b.Errorf("remaining:\n%s", v.Remaining)
		}
		b.must("rollback", s.Rollback(b.Context(), commitID))
		b.back(hand)
		b.close(s)
	})
	on(t, lab, "goes in a replace and comes back in a rollback", func(b *bench) {
		b.lab.ChangeByHand(b.T, b.fix.ByHand)
		hand := b.config()
		s := b.open()
		c := b.stage(s, b.fix.Base, true)
		if _, removed := c.Diff().Counts(); removed == 0 {
			b.Errorf("a change by hand shows no line too many:\n%s", c.Diff())
		}
		b.commit(c, window)
		b.back(hand)
		b.close(s)
	})
	on(t, lab, "undone in the window shows", func(b *bench) {
		s := b.open()
		base := b.intent(b.fix.Base)
		c := b.stage(s, b.fix.Merge, false)
		b.commit(c, long)
		b.must("rollback", s.Rollback(b.Context(), commitID))
		v, err := c.Verify(b.Context(), s)
		b.must("verify", err)
		if v.Remaining.Empty() {
			b.Error("a change that is not on has nothing remaining")
		}
		again, err := s.Stage(b.Context(), base, provision.StageOptions{Replace: true})
		b.must("stage", err)
		if !again.Diff().Empty() {
			b.Errorf("after the rollback:\n%s", again.Diff())
		}
		b.close(s)
	})
}

func testLock(t *testing.T, lab Lab) {
	on(t, lab, "excludes and names the holder", func(b *bench) {
		one, two := b.open(), b.open()
		if !one.Capabilities().Lock {
			return
		}
		b.must("unlock without a lock", one.Unlock(b.Context()))
		b.must("lock", one.Lock(b.Context(), "run of alice"))
		var locked *provision.LockedError
		if err := two.Lock(b.Context(), holder); !errors.As(err, &locked) {
			b.Fatalf("a second lock: %v", err)
		}
		if locked.Holder == "" {
			b.Error("nobody holds the lock")
		}
		b.must("unlock", one.Unlock(b.Context()))
		b.must("lock after unlock", two.Lock(b.Context(), holder))
		b.must("unlock", two.Unlock(b.Context()))
		b.close(one)
		b.close(two)
	})
	for name, end := range map[string]func(*bench, *link, provision.Session){
		"goes with close":          func(b *bench, _ *link, s provision.Session) { b.close(s) },
		"goes with the connection": func(_ *bench, l *link, _ provision.Session) { l.cut() },
	} {
		on(t, lab, name, func(b *bench) {
			l := b.link(-1)
			one, err := b.drv.Open(b.Context(), l.device)
			b.must("open", err)
			if !one.Capabilities().Lock {
				return
			}
			b.must("lock", one.Lock(b.Context(), holder))
			end(b, l, one)
			two := b.open()
			if !Eventually(b.T, settle, func() bool { err = two.Lock(b.Context(), holder); return err == nil }) {
				b.Errorf("still locked: %v", err)
			}
			_ = one.Close()
			b.close(two)
		})
	}
}
