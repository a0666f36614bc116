package provision

import (
	"cmp"
	"context"
	"fmt"
)

// apply makes the approved change.
func (r *run) apply(ctx context.Context) error {
	if a := r.req.Approved; a != nil && *a == (Approval{}) {
		return r.applyNothing(ctx)
	}
	if err := r.begin(ctx, r.lockSettled); err != nil {
		return err
	}
	if err := r.stage(ctx, false); err != nil {
		return err
	}
	if err := r.compare(); err != nil {
		return err
	}
	switch {
	case r.res.Diff.Empty():
		r.res.Outcome = OutcomeNoChange
		return nil
	case r.change.Diff().Empty():
		return r.applyRest(ctx)
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	return r.commit(context.WithoutCancel(ctx))
}

// applyNothing serves a plan without a change: it opens no lock and no commit,
// and only looks whether the plan still holds.
func (r *run) applyNothing(ctx context.Context) error {
	if err := r.plan(ctx); err != nil {
		return err
	}
	return r.compare()
}

// compare stops the run when the target would do something else than the plan
// showed.
func (r *run) compare() error {
	a := r.req.Approved
	switch {
	case a == nil:
		r.skip(StepCompare, "there is no plan to compare with")
		return nil
	case r.req.DoneSuffices && r.res.Diff.Empty() && a.Diff != "":
		r.skip(StepCompare, "nothing is left to do: somebody else has done what the plan showed")
		return nil
	}
	return r.step(StepCompare, func(n *note) error {
		if r.res.Diff.String() == a.Diff && r.res.ChangeID == a.ChangeID {
			return nil
		}
		n.diff = &r.res.Diff
		r.res.Outcome = OutcomeNotApplied
		return fmt.Errorf("%w: the plan was made from %s, now it is %s", ErrStale, orNothing(a.ChangeID), orNothing(r.res.ChangeID))
	})
}

// orNothing names a change.
func orNothing(changeID string) string {
	if changeID == "" {
		return "\"no change\""
	}
	return fmt.Sprintf("%q", changeID)
}

// prepare does what comes right before a commit.
func (r *run) prepare(ctx context.Context) error {
	if err := r.backup(); err != nil {
		return err
	}
	if err := r.req.Budget.admit(); err != nil {
		return r.step(StepCommit, func(*note) error { return err })
	}
	if err := r.confirmLeftover(ctx); err != nil {
		return err
	}
	// The last moment at which a cancelled run stops without a trace.
	if ctx.Err() != nil {
		return r.step(StepCommit, func(*note) error { return context.Cause(ctx) })
	}
	return nil
}

// backup keeps the state before the commit.
func (r *run) backup() error {
	if r.req.Backup == nil {
		r.skip(StepBackup, "no backups are kept")
		return nil
	}
	return r.step(StepBackup, func(n *note) error {
		where, err := r.req.Backup(r.change.Before())
		r.res.Backup, n.message = where, where
		return err
	})
}

// confirmLeftover ends the stuck commit of a former run. It changes nothing in
// the running configuration.
func (r *run) confirmLeftover(ctx context.Context) error {
	if r.leftover == nil {
		return nil
	}
	return r.step(StepSettle, func(n *note) error {
		n.message = "confirmed the commit that " + holder(r.leftover) + " left"
		return r.link.do(ctx, callLimit, func(ctx context.Context) error {
			return r.link.session.Confirm(ctx, cmp.Or(r.leftover.ID, r.req.CommitID))
		})
	})
}

// applyRest ends a leftover and saves, where the running configuration is
// already what the intent asks for.
func (r *run) applyRest(ctx context.Context) error {
	if err := r.confirmLeftover(ctx); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	a := &aftermath{run: r, link: r.link}
	defer a.leave(ctx)
	return a.seal(ctx)
}
