package provision

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// Places that a difference names when it is not about the configuration itself.
const (
	headerStartup  = "startup configuration"
	headerLeftover = "unconfirmed commit"
)

// plan is the dry run: what would be changed. It leaves nothing behind.
func (r *run) plan(ctx context.Context) error {
	if err := r.begin(ctx, r.settled); err != nil {
		return err
	}
	if err := r.stage(ctx, true); err != nil {
		return err
	}
	if r.res.Diff.Empty() {
		r.res.Outcome = OutcomeNoChange
		return nil
	}
	r.res.Outcome = OutcomePlanned
	return nil
}

// stage asks the target what it would change and writes it into the result.
func (r *run) stage(ctx context.Context, verify bool) error {
	return r.step(StepStage, func(n *note) error {
		opts := StageOptions{Replace: r.req.Replace, Verify: verify}
		err := r.retryLocked(ctx, func() error {
			c, err := ask(ctx, r.link, callLimit, func(ctx context.Context) (Change, error) {
				return r.link.session.Stage(ctx, r.req.Intent, opts)
			})
			if err == nil {
				r.change = c
			}
			return err
		})
		if err != nil {
			return err
		}
		r.describe()
		n.diff = &r.res.Diff
		return nil
	})
}

// describe writes what the change would do into the result. Beside the lines
// of the configuration there are two things that only a commit or a save can
// mend, so that they are part of the difference that a person approves: a
// startup configuration that lacks what is running, and a commit that a former
// run left unconfirmed and whose timer is gone.
func (r *run) describe() {
	d := r.change.Diff()
	r.res.Running, r.res.Unsaved = r.change.Before(), r.change.Unsaved()
	if r.req.Commit && r.leftover != nil {
		d.Hunks = append([]Hunk{leftoverHunk(r.leftover)}, d.Hunks...)
	}
	if r.req.Commit && r.saveOnly() {
		d.Hunks = append(d.Hunks[:len(d.Hunks):len(d.Hunks)], Hunk{
			Header: headerStartup, Lines: []string{"+ (the running configuration is not saved; it will be)"},
		})
	}
	r.res.Diff = d
	r.limits()
	if !d.Empty() {
		r.res.ChangeID = changeID(r.change.Before(), r.req)
	}
}

// limits warns, when something would be committed, about what the target cannot
// do.
func (r *run) limits() {
	if !r.req.Commit || r.change.Diff().Empty() {
		return
	}
	for _, n := range r.caps.Notes {
		r.warn(n)
	}
	if r.caps.ViaAPI {
		return
	}
	if !r.caps.ConfirmedCommit {
		r.warn("the target cannot undo a commit by itself: a change that cuts off the management session stays until a person takes it back")
	}
	if !r.caps.Lock {
		r.warn("the target has no lock: somebody else can change it during the apply")
	}
}

// saveOnly tells that nothing but saving is left to do.
func (r *run) saveOnly() bool {
	return r.req.Save && r.change.Diff().Empty() && r.change.Unsaved()
}

// leftoverHunk is the part of a difference that confirms what a former run
// left.
func leftoverHunk(p *Pending) Hunk {
	return Hunk{
		Header: headerLeftover,
		Lines:  []string{"- (left by " + holder(p) + ", its timer is gone; what is running stays)"},
	}
}

// changeID is the fingerprint of a change: what runs, and what is asked for.
// Terraform prints it when plan and apply differ, so it explains itself. Four
// hex digits are enough to tell two apart and too few to guess from.
func changeID(before Snapshot, req Request) string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%s replace=%t", req.Intent.Digest(), req.Replace)))
	return fmt.Sprintf("running %s, intent %s (if this differs at apply, something changed after the plan: plan again)",
		short(before.Digest), short(hex.EncodeToString(sum[:])))
}

// short is the beginning of a digest.
func short(digest string) string {
	if len(digest) > 4 {
		return digest[:4]
	}
	return digest
}

// retryLocked calls f until it is not kept out by somebody else's lock any
// more, for at most LockWait.
func (r *run) retryLocked(ctx context.Context, f func() error) error {
	until := time.Now().Add(r.req.LockWait)
	for {
		err := f()
		var held *LockedError
		if !errors.As(err, &held) || !time.Now().Add(pollEvery).Before(until) {
			return err
		}
		if stopped := wait(ctx, pollEvery); stopped != nil {
			return errors.Join(stopped, err)
		}
	}
}
