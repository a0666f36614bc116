package provision

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// aftermath is what follows the call of Commit until it is known where the
// target ended up. It looks at the target, decides, acts and looks again; what
// a call said counts for less than what the target shows.
type aftermath struct {
	*run
	link     *link // the session that looks and acts; nil when there is none
	pending  *Pending
	answered bool      // the target said that the commit is on
	undoing  bool      // the change shall not stay
	rolled   bool      // a rollback came back
	seen     bool      // the commit was seen on the target
	sealing  bool      // the change is on for good
	holds    bool      // we hold the lock through link
	rest     Diff      // what was left to do when it was seen last
	confirms int       // how often Confirm was called
	ended    time.Time // when Commit came back
	deadline time.Time // when the target undoes the commit
	at       Step      // the step that went wrong first,
	why      error     // and how; nil as long as all is well
}

// commit makes the staged change and follows it to its end.
func (r *run) commit(ctx context.Context) error {
	a := &aftermath{run: r}
	err := r.try(StepCommit, func(n *note) error {
		n.diff = &r.res.Diff
		p, err := ask(ctx, r.link, r.req.ConfirmTimeout, func(ctx context.Context) (*Pending, error) {
			return r.change.Commit(ctx, CommitOptions{ID: r.req.CommitID, Holder: r.req.Holder, Window: r.req.ConfirmTimeout})
		})
		a.pending = p
		return err
	})
	if a.pending == nil && (errors.Is(err, ErrStale) || errors.Is(err, ErrNotBegun)) {
		r.res.Outcome = OutcomeNotApplied
		if !errors.Is(err, ErrStale) {
			r.req.Budget.fail(r.req.Target.Name())
		}
		return r.fail(StepCommit, err)
	}
	a.begin(err)
	err = a.follow(ctx)
	if e := asError(err); e != nil && e.Outcome != OutcomeApplied {
		r.req.Budget.fail(r.req.Target.Name())
	}
	a.leave(ctx)
	return err
}

// leave ends the session that looked and acted, unless it is the one that
// staged.
func (a *aftermath) leave(ctx context.Context) {
	if a.link == nil || a.link == a.run.link {
		return
	}
	if a.link.locked {
		_ = a.try(StepUnlock, func(*note) error { return a.link.unlock(ctx) })
	}
	a.closeLink(a.link)
}

// begin takes note of what Commit said.
func (a *aftermath) begin(err error) {
	a.ended = time.Now()
	a.deadline = a.ended.Add(a.req.ConfirmTimeout)
	a.see(a.pending)
	if err != nil {
		a.pending = nil // it tells that the change began, not that it waits now
	}
	switch {
	case err == nil:
		a.answered = true
		return
	case lost(err):
		// The old session may hold the lock, and on the target the commit may
		// still be going on behind it.
		a.closeLink(a.run.link)
		a.run.link = nil
	default:
		a.undoing, a.link, a.holds = true, a.run.link, a.run.link.locked
	}
	a.blame(StepCommit, err)
}

// blame remembers the first thing that went wrong.
func (a *aftermath) blame(s Step, err error) {
	if a.why == nil {
		a.at, a.why = s, err
	}
}

// see takes over the target's word on when it undoes the commit.
func (a *aftermath) see(p *Pending) {
	if p == nil || !a.mine(p) {
		return
	}
	a.seen = true
	if !p.Deadline.IsZero() {
		a.deadline = p.Deadline
	}
}

// late tells that even a slow target should have undone the commit by now.
func (a *aftermath) late() bool { return time.Now().After(a.deadline.Add(grace)) }

// neither is what is said of a target that is somewhere else.
const neither = "read again: it is neither what it was before nor what was approved"

// follow looks and acts until the end is known.
func (a *aftermath) follow(ctx context.Context) error {
	for {
		if err := a.reopen(ctx); err != nil {
			return a.unread("no session could be opened any more")
		}
		s := a.look(ctx)
		if s.barred {
			return a.unread("nobody can look any more: the login is refused")
		}
		switch a.judge(s) {
		case toConfirm:
			if a.confirm(ctx) {
				return a.seal(ctx)
			}
		case toUndo:
			a.rollback(ctx)
		case isOn:
			return a.seal(ctx)
		case isOnDespite:
			return a.failed(OutcomeApplied, "read again: everything that was approved is on and no commit is pending",
				"plan again: it shows whether anything is left to do, such as saving")
		case isBack:
			return a.back()
		case isElsewhere:
			return a.unknown(neither, "no commit is pending any more: look at the target")
		case toWait:
			a.giveWay(ctx, s)
		}
		if a.late() {
			return a.unread("it could not be read, or did not come to rest, until " + grace.String() + " after its timer")
		}
		if err := wait(ctx, pollEvery); err != nil {
			return a.unread("the run was ended")
		}
	}
}

// reopen opens a fresh session unless there is one. It tries until well after
// the target's timer: a target that was cut off comes back with it.
func (a *aftermath) reopen(ctx context.Context) error {
	if a.link != nil {
		return nil
	}
	return a.try(StepReopen, func(n *note) error {
		pause, started := pollEvery/2, time.Now()
		var refused error
		for tries := 1; ; tries++ {
			l, err := open(ctx, a.req.Target, true, a.limit(15*time.Second))
			if err != nil {
				refused = err
			}
			a.blameCut(refused)
			if err == nil {
				a.link, a.holds = l, false
				n.message = fmt.Sprintf("try %d, after %s", tries, since(started))
				return nil
			}
			if a.late() {
				return err
			}
			if err := wait(ctx, pause); err != nil {
				return err
			}
			pause = min(2*pause, 3*time.Second)
		}
	})
}

// blameCut remembers that no session could be opened before the target's timer
// fired.
func (a *aftermath) blameCut(refused error) {
	if refused != nil && !a.sealing && time.Now().After(a.deadline) {
		a.blame(StepReopen, fmt.Errorf("no new session could be opened before the target's timer fired: "+
			"the change cut off the management session, or the target was down: %w", refused))
	}
}

// limit is the time for one call before the confirmation: at most d, and short
// enough that a call that hangs leaves time to try another session.
func (a *aftermath) limit(d time.Duration) time.Duration {
	return min(d, max(a.req.ConfirmTimeout/3, time.Second))
}

// drop ends a session that is of no more use.
func (a *aftermath) drop() {
	a.closeLink(a.link)
	if a.link == a.run.link {
		a.run.link = nil
	}
	a.link, a.holds = nil, false
}

// where is how the running state compares with the approved change.
type where int

const (
	unseen    where = iota // it could not be read
	complete               // all of the change is on
	before                 // it is what it was before the commit
	elsewhere              // neither
)

// sighting is what the target showed.
type sighting struct {
	pending *Pending
	where   where
	told    bool // pending is what Commit said, not what was read
	barred  bool // a management system does not let us look: it will not in a moment either
}

// look reads the target. The pending commit is read first: if it is gone, what
// is read afterwards stays.
func (a *aftermath) look(ctx context.Context) sighting {
	a.reserve(ctx)
	if a.link == nil {
		return sighting{}
	}
	var s sighting
	err := a.try(StepVerify, func(n *note) error {
		if err := a.lookPending(ctx, &s); err != nil {
			return err
		}
		v, err := ask(ctx, a.link, a.limit(callLimit), func(ctx context.Context) (Verification, error) {
			return a.change.Verify(ctx, a.link.session)
		})
		if err != nil {
			return err
		}
		n.diff, a.rest = &v.Remaining, v.Remaining
		s.where = a.place(v)
		return nil
	})
	if err != nil {
		a.blame(StepVerify, err)
		s.barred = a.caps.ViaAPI && errors.Is(err, ErrAuth)
		if lost(err) {
			a.drop()
			return sighting{}
		}
	}
	return s
}

// lookPending asks for the pending commit. A commit that has just told it need
// not be asked again as long as all is well.
func (a *aftermath) lookPending(ctx context.Context, s *sighting) (err error) {
	told := a.pending
	a.pending = nil
	if told != nil && a.mine(told) && time.Since(a.ended) < a.limit(recent) {
		s.pending, s.told = told, true
		return nil
	}
	s.pending, err = ask(ctx, a.link, a.limit(callLimit), a.link.session.Pending)
	a.see(s.pending)
	return err
}

// recent is for how long the answer of Commit stands for the target's state.
const recent = 5 * time.Second

// place compares a reading with the change, and remembers it.
func (a *aftermath) place(v Verification) where {
	a.res.Running, a.res.Unsaved = v.Running, v.Unsaved
	switch {
	case v.Remaining.Empty():
		return complete
	case v.Running.Digest == a.change.Before().Digest:
		return before
	}
	return elsewhere
}

// giveWay gives back the lock that reserve took, while another run's commit waits:
// the lock might keep out its confirmation.
func (a *aftermath) giveWay(ctx context.Context, s sighting) {
	if !a.holds || s.pending == nil || a.mine(s.pending) {
		return
	}
	a.holds = false
	_ = a.try(StepUnlock, func(*note) error { return a.link.unlock(ctx) })
}

// reserve takes the lock through the new session after a commit whose answer
// was lost: the target gives it when the old session is gone, and only then is
// what can be read more than a moment's truth.
func (a *aftermath) reserve(ctx context.Context) {
	if a.answered || a.holds || !a.caps.Lock {
		return
	}
	err := a.try(StepLock, func(*note) error { return a.link.lock(ctx, a.limit(callLimit), a.req.Holder) })
	a.holds = err == nil
	if lost(err) {
		a.drop()
	}
}
