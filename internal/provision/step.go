package provision

import (
	"context"
	"errors"
	"time"
)

// note is what a step has to say in its event beside its error.
type note struct {
	message string
	diff    *Diff
	outcome Outcome // empty: ok or failed, by the error
}

// step runs f as one step before the commit: an error becomes an *Error that
// says that nothing was changed.
func (r *run) step(s Step, f func(*note) error) error {
	if err := r.try(s, f); err != nil {
		return r.fail(s, err)
	}
	return nil
}

// try runs f as one step of the run: it takes the time and emits the event.
func (r *run) try(s Step, f func(*note) error) error {
	started := time.Now()
	var n note
	err := f(&n)
	e := r.event(s, started)
	e.Outcome, e.Message, e.Diff, e.Err = n.outcome, n.message, n.diff, err
	switch {
	case err != nil:
		e.Outcome = OutcomeFailed
	case e.Outcome == "":
		e.Outcome = OutcomeOK
	}
	r.emit(e)
	return err
}

// skip emits the event of a step that was not needed.
func (r *run) skip(s Step, why string) {
	e := r.event(s, time.Now())
	e.Outcome, e.Message = OutcomeSkipped, why
	r.emit(e)
}

// event begins an event that ends now.
func (r *run) event(s Step, started time.Time) Event {
	now := time.Now()
	return Event{
		Time: now, Name: r.req.Target.Name(), Driver: r.req.Target.Driver(), DryRun: r.req.DryRun,
		Step: s, Duration: now.Sub(started),
	}
}

// emit hands an event on.
func (r *run) emit(e Event) {
	if r.req.Emit != nil {
		r.req.Emit(e)
	}
}

// fail makes the error of a step before the commit: nothing has been changed.
func (r *run) fail(s Step, err error) *Error {
	return &Error{
		Target: r.req.Target.Name(), Driver: r.req.Target.Driver(), Step: s,
		Outcome: OutcomeNotApplied, Checked: "no commit was started", Next: next(err), Err: err,
	}
}

// next says what a person should do about a cause before the commit.
func next(err error) string {
	var locked *LockedError
	var rejected *RejectedError
	var advised *AdvisedError
	switch {
	case errors.As(err, &advised):
		return advised.Next + ", then plan again"
	case errors.As(err, &locked) && locked.Next != "":
		return locked.Next + "; then plan again"
	case errors.As(err, &locked):
		return "wait until " + locked.Holder + " is done, or end that session on the target; then plan again"
	case errors.As(err, &rejected):
		return "correct the intended configuration, then plan again"
	case errors.Is(err, ErrStale):
		return "plan again and look at the new difference"
	case errors.Is(err, ErrTooManyFailures):
		return "mend what failed first, then plan again"
	case errors.Is(err, ErrAuth):
		return "check the credentials of this target and its host key, then plan again"
	case errors.Is(err, ErrUnreachable):
		return "check the address, the port and that the target is up, then plan again"
	case errors.Is(err, ErrConnectionLost), errors.Is(err, context.DeadlineExceeded):
		return "check the path to the target, then plan again"
	case errors.Is(err, context.Canceled):
		return "plan again when you want to go on"
	}
	return "plan again; if it fails the same way, look at the target"
}

// asError gives the *Error in err, nil if there is none.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}
