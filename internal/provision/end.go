package provision

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// confirm makes the commit permanent; false if that is not certain.
func (a *aftermath) confirm(ctx context.Context) bool {
	a.confirms++
	err := a.try(StepConfirm, func(*note) error {
		return a.call(ctx, a.limit(callLimit), func(ctx context.Context) error {
			return a.link.session.Confirm(ctx, a.req.CommitID)
		})
	})
	if err == nil {
		return true
	}
	a.blame(StepConfirm, err)
	if lost(err) {
		a.drop()
	}
	return false
}

// rollback undoes the commit.
func (a *aftermath) rollback(ctx context.Context) {
	a.undoing = true
	a.blame(StepVerify, &incompleteError{a.rest})
	err := a.try(StepRollback, func(*note) error {
		return a.call(ctx, a.req.ConfirmTimeout, func(ctx context.Context) error {
			return a.link.session.Rollback(ctx, a.req.CommitID)
		})
	})
	// A target without confirmed commit has nothing to try again with.
	a.rolled = a.rolled || err == nil || !a.caps.ConfirmedCommit
	if lost(err) {
		a.drop()
	}
}

// incompleteError is a commit that the target took without a word and that is
// not, or not all, on.
type incompleteError struct{ rest Diff }

// restLines is how many lines of the rest an error shows.
const restLines = 20

// Error implements error.
func (e *incompleteError) Error() string {
	const text = "the target does not have all of the change after the commit"
	if e.rest.Empty() {
		return text
	}
	lines := strings.Split(e.rest.String(), "\n")
	if more := len(lines) - restLines; more > 0 {
		lines = append(lines[:restLines], fmt.Sprintf("(and %d lines more)", more))
	}
	return text + "; this is left to do:\n" + strings.Join(lines, "\n")
}

// next says what to do about it.
func (e *incompleteError) next() string {
	if e.rest.Empty() {
		return "mend the cause, then plan again"
	}
	return "write these lines of the intended configuration as the target itself shows them (in full, with the defaults and the order that it gives them), " +
		"or find out why it does not keep them; then plan again"
}

// call makes a call without an answer through the present session.
func (a *aftermath) call(ctx context.Context, limit time.Duration, f func(context.Context) error) error {
	return a.link.do(ctx, limit, f)
}

// seal saves a change that is on for good, and reads the target a last time.
func (a *aftermath) seal(ctx context.Context) error {
	a.sealing, a.why = true, nil
	a.deadline = time.Now().Add(afterLimit)
	if !a.caps.ConfirmedCommit && !a.change.Diff().Empty() {
		a.skip(StepConfirm, "the target has no confirmed commit")
	}
	a.save(ctx)
	w, err := a.check(ctx)
	switch {
	case err != nil:
		a.blame(StepCheck, err)
		return a.failed(OutcomeUnknown, "it was verified and confirmed, but could not be read after that",
			"plan again: it shows what the target runs")
	case w == before:
		a.blame(StepCheck, errors.New("the change was on and confirmed, and is gone again: the target restarted, or somebody took it back"))
		return a.failed(OutcomeReverted, "read again: it is what it was before", "find out who or what took it back, then plan again")
	case w == elsewhere:
		a.blame(StepCheck, errors.New("somebody changed the target at the same time"))
		return a.unknown(neither, "find out who changed it")
	case a.req.Save && a.res.Unsaved:
		a.blame(StepCheck, errors.New("the startup configuration lacks the change although it was saved"))
		return a.failed(a.appliedUnlessRest(), "read again: the running configuration has the change, the startup configuration has not",
			"plan again: it shows that saving is left to do")
	}
	a.res.Outcome = OutcomeApplied
	return nil
}

// appliedUnlessRest is the outcome when only the saving failed: without a change
// of the running configuration nothing was done.
func (a *aftermath) appliedUnlessRest() Outcome {
	if a.change.Diff().Empty() {
		return OutcomeNotApplied
	}
	return OutcomeApplied
}

// save copies running to startup, if that is asked for.
func (a *aftermath) save(ctx context.Context) {
	switch {
	case !a.req.Save:
		a.skip(StepSave, "save is off")
		return
	case !a.caps.Startup:
		a.skip(StepSave, "the target keeps no startup configuration apart")
		return
	}
	err := a.reopen(ctx)
	if err == nil {
		err = a.try(StepSave, func(*note) error { return a.call(ctx, afterLimit, a.link.session.Save) })
	}
	if err == nil {
		return
	}
	a.blame(StepSave, err)
	if lost(err) && a.link != nil {
		a.drop()
	}
}

// check reads the target a last time, through a new session if need be.
func (a *aftermath) check(ctx context.Context) (where, error) {
	for {
		if err := a.reopen(ctx); err != nil {
			return unseen, err
		}
		w := unseen
		err := a.try(StepCheck, func(n *note) error {
			v, err := ask(ctx, a.link, afterLimit, func(ctx context.Context) (Verification, error) {
				return a.change.Verify(ctx, a.link.session)
			})
			if err == nil {
				w, n.diff = a.place(v), &v.Remaining
			}
			return err
		})
		if err == nil || a.late() {
			return w, err
		}
		if lost(err) {
			a.drop()
		}
		if err := wait(ctx, pollEvery); err != nil {
			return unseen, err
		}
	}
}

// back ends a run whose target is what it was before.
func (a *aftermath) back() error {
	a.blame(StepVerify, errors.New("the target undid the commit before it could be confirmed: its timer fired, or it restarted"))
	var incomplete *incompleteError
	switch {
	case a.rolled && errors.As(a.why, &incomplete):
		return a.failed(OutcomeReverted, "rolled back, then read again: it is what it was before", incomplete.next())
	case a.rolled:
		return a.failed(OutcomeReverted, "rolled back, then read again: it is what it was before", "mend the cause, then plan again")
	case a.answered || a.seen || time.Now().After(a.deadline):
		what := "mend the cause, then plan again"
		if !a.answered && lost(a.why) {
			what = "the connection went with the change and came back without it: the change may cut off the management session; correct it, then plan again"
		}
		return a.failed(OutcomeReverted, fmt.Sprintf("the target took it back by itself within %s; read again: it is what it was before", a.req.ConfirmTimeout), what)
	}
	what := "mend the cause, then plan again"
	var advised *AdvisedError
	if lost(a.why) || errors.As(a.why, &advised) {
		what = next(a.why)
	}
	return a.failed(OutcomeNotApplied, "read again: it is what it was before, and no commit is pending", what)
}

// unread ends a run whose target could not be read, or did not come to rest.
func (a *aftermath) unread(checked string) error {
	a.res.Running = Snapshot{}
	what := "look at the target"
	if advised := (*AdvisedError)(nil); errors.As(a.why, &advised) {
		what = advised.Next + ", and " + what
	}
	if a.caps.ConfirmedCommit {
		what += fmt.Sprintf(": its timer for undoing an unconfirmed commit was due at %s, so it may be what it was before",
			a.deadline.UTC().Format(time.RFC3339))
	}
	return a.unknown(checked, what)
}

// unknown ends a run whose target is somewhere that we cannot name.
func (a *aftermath) unknown(checked, what string) error {
	a.blame(StepVerify, errors.New("the target is not what it should be"))
	if a.res.Backup != "" {
		what += "; the state before is kept in " + a.res.Backup
	}
	return a.failed(OutcomeUnknown, checked, what+"; then plan again: the plan shows what it runs")
}

// failed makes the error of a run that failed after its commit.
func (a *aftermath) failed(o Outcome, checked, what string) error {
	a.res.Outcome = o
	return &Error{
		Target: a.req.Target.Name(), Driver: a.req.Target.Driver(), Step: a.at,
		Outcome: o, Checked: checked, Next: what, Err: a.why,
	}
}
