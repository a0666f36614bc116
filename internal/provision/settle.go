package provision

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A commit that waits for its confirmation belongs to another run: one that
// works now, or one that was killed. While it waits, what is running may be gone
// in a moment, and a plan made from it would be a lie. So every run, dry or not,
// waits until it is confirmed or undone.
//
// A commit is stuck when the target's timer is gone (the target restarted and
// only the mark is left, or the process that held the timer was killed): nobody
// will undo it. Undoing it here would change a running state that nobody has
// looked at, on top of which the approved difference was worked out. So what is
// running stays and counts as running: the plan shows the difference to it, and
// one more hunk that says that the leftover goes. The apply, under the lock and
// after the comparison, confirms it, which changes nothing in the running
// configuration, and commits the approved difference on top.

// begin opens the target and makes the first contact. A kept connection may
// have broken while nobody used it; nothing has been asked of the target yet,
// so a new one is as good.
func (r *run) begin(ctx context.Context, contact func(context.Context) error) error {
	if err := r.open(ctx, false); err != nil {
		return err
	}
	err := contact(ctx)
	if !errors.Is(err, ErrConnectionLost) {
		return err
	}
	r.closeLink(r.link)
	r.link = nil
	if err := r.open(ctx, true); err != nil {
		return err
	}
	return contact(ctx)
}

// open opens the session that stages and commits.
func (r *run) open(ctx context.Context, fresh bool) error {
	return r.step(StepOpen, func(*note) error {
		l, err := open(ctx, r.req.Target, fresh, openLimit)
		if err != nil {
			return err
		}
		r.link, r.caps = l, l.session.Capabilities()
		return nil
	})
}

// settled waits until no commit is pending.
func (r *run) settled(ctx context.Context) error {
	p, err := r.pending(ctx)
	if err != nil {
		return r.step(StepSettle, func(*note) error { return err })
	}
	return r.settle(ctx, p)
}

// lockSettled locks the target at a moment when no commit is pending. Targets
// give up the lock during a commit if it would keep out the confirmation, so
// holding it does not yet mean that nobody is at work.
func (r *run) lockSettled(ctx context.Context) error {
	for range lockRounds {
		err := r.lock(ctx)
		var held *LockedError
		if err != nil && !errors.As(err, &held) {
			return err
		}
		p, pendingErr := r.pending(ctx)
		switch {
		case pendingErr != nil:
			return r.step(StepSettle, func(*note) error { return pendingErr })
		case err == nil && (p == nil || p.Stuck):
			return r.settle(ctx, p)
		case p == nil || p.Stuck:
			return err
		}
		if err := r.unlock(ctx); err != nil {
			return err
		}
		if err := r.settle(ctx, p); err != nil {
			return err
		}
	}
	return r.step(StepLock, func(*note) error { return errors.New("other runs keep committing to this target") })
}

// lockRounds is how many commits of others are waited for.
const lockRounds = 3

// lock locks the target, waiting for others.
func (r *run) lock(ctx context.Context) error {
	if !r.caps.Lock {
		r.skip(StepLock, "the target has no lock")
		return nil
	}
	return r.step(StepLock, func(*note) error {
		return r.retryLocked(ctx, func() error { return r.link.lock(ctx, callLimit, r.req.Holder) })
	})
}

// unlock gives the lock back before the end of the run.
func (r *run) unlock(ctx context.Context) error {
	if !r.link.locked {
		return nil
	}
	return r.step(StepUnlock, func(*note) error { return r.link.unlock(ctx) })
}

// pending asks for the commit that waits for its confirmation.
func (r *run) pending(ctx context.Context) (*Pending, error) {
	return ask(ctx, r.link, callLimit, r.link.session.Pending)
}

// settle waits until p, which may be nil, is confirmed or undone.
func (r *run) settle(ctx context.Context, p *Pending) error {
	r.leftover = nil
	if p == nil {
		r.skip(StepSettle, "no commit is pending")
		return nil
	}
	return r.step(StepSettle, func(n *note) error {
		if !p.Stuck {
			return r.await(ctx, p, n)
		}
		r.strand(p, n)
		return nil
	})
}

// strand takes note of a commit whose timer is gone.
func (r *run) strand(p *Pending, n *note) {
	r.leftover = p
	n.message = fmt.Sprintf("the commit of %s was never confirmed and its timer is gone", holder(p))
	r.warn("it runs a commit of " + holder(p) + " that was never confirmed, and its timer is gone: the target will not undo it by itself. " +
		"plan and apply start from what is running.")
}

// await waits for a commit that has a timer.
func (r *run) await(ctx context.Context, p *Pending, n *note) error {
	started := time.Now()
	during, err := ask(ctx, r.link, callLimit, r.link.session.Read)
	if err != nil {
		return err
	}
	until := p.Deadline
	if until.IsZero() {
		until = started.Add(r.req.ConfirmTimeout)
	}
	until = until.Add(grace)
	for q := p; q != nil; {
		if time.Now().After(until) {
			return fmt.Errorf("the commit of %s still waits for its confirmation after %s", holder(q), since(started))
		}
		if err := wait(ctx, pollEvery); err != nil {
			return fmt.Errorf("waiting for the commit of %s: %w", holder(q), err)
		}
		if q, err = r.pending(ctx); err != nil {
			return err
		}
		if q != nil && q.Stuck {
			r.strand(q, n)
			return nil
		}
	}
	after, err := ask(ctx, r.link, callLimit, r.link.session.Read)
	if err != nil {
		return err
	}
	// Equal texts do not tell a confirmation from an undoing that was already
	// done when the wait began and only had its mark to remove.
	how := "it was undone"
	if after.Digest == during.Digest {
		how = "it is over, and what was running then still runs"
	}
	n.message = fmt.Sprintf("waited %s for the commit of %s; %s", since(started), holder(p), how)
	r.warn(n.message)
	return nil
}

// holder names who made a pending commit.
func holder(p *Pending) string {
	if p.Holder == "" {
		return "an unknown run"
	}
	return p.Holder
}

// since is the time since t in whole seconds.
func since(t time.Time) time.Duration { return time.Since(t).Round(time.Second) }
