package provision

import (
	"errors"
	"fmt"
	"strings"
)

// What can be wrong, whatever the target. Drivers wrap these; callers ask with
// errors.Is.
var (
	// ErrUnreachable: no connection could be made.
	ErrUnreachable = errors.New("unreachable")
	// ErrAuth: the login was refused, or the target's host key is not the
	// known one.
	ErrAuth = errors.New("login refused")
	// ErrConnectionLost: the connection broke; whether the target did what
	// was asked is unknown.
	ErrConnectionLost = errors.New("connection lost")
	// ErrNotBegun: a commit failed before anything was done about what it is for.
	ErrNotBegun = errors.New("not begun")
	// ErrNoPending: there is no such pending commit.
	ErrNoPending = errors.New("no such pending commit")
	// ErrStale: the target is not what the plan was made from.
	ErrStale = errors.New("changed since the plan")
	// ErrTooManyFailures: max_failures commits failed in this process.
	ErrTooManyFailures = errors.New("not started because of earlier failures")
)

// LockedError tells who holds a lock.
type LockedError struct {
	// Holder is who holds it, as the target names them: a session id, a user,
	// a run.
	Holder string
	// Next says what a person should do; empty: wait, or end that session.
	Next string
}

// Error implements error.
func (e *LockedError) Error() string { return "locked by " + e.Holder }

// AdvisedError is a failure of which a target knows what a person should do, in
// the terms of its own configuration.
type AdvisedError struct {
	Next string // begins with a small letter and ends without a full stop
	Err  error
}

// Error implements error.
func (e *AdvisedError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *AdvisedError) Unwrap() error { return e.Err }

// RejectedError is a target's refusal of an intent, in the target's words.
type RejectedError struct {
	// Line is the line of the intent, from 1; 0 if the target names none.
	Line int
	// Text is the offending line, redacted; may be empty.
	Text string
	// Message is what the target said, redacted.
	Message string
}

// Error implements error.
func (e *RejectedError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("line %d: %s", e.Line, e.Message)
	}
	return e.Message
}

// Outcome is where a target ended up.
type Outcome string

// The outcomes of a run and of its steps.
const (
	OutcomeOK         Outcome = "ok"          // the step succeeded
	OutcomeFailed     Outcome = "failed"      // the step failed
	OutcomeSkipped    Outcome = "skipped"     // the step was not needed
	OutcomeNoChange   Outcome = "no change"   // the target is what it should be
	OutcomePlanned    Outcome = "planned"     // a dry run found a change
	OutcomeNotApplied Outcome = "not applied" // nothing was changed
	OutcomeApplied    Outcome = "applied"     // the change is on and confirmed
	OutcomeReverted   Outcome = "reverted"    // it was on and has been undone; checked by reading
	OutcomeUnknown    Outcome = "unknown"     // it could not be found out
)

// Error is a failed run: which target, at which step, why, where the target
// ended up and what to do next.
type Error struct {
	Target  string
	Driver  string
	Step    Step
	Outcome Outcome
	// Checked says how the outcome was found out.
	Checked string
	// Next says what a person should do.
	Next string
	Err  error
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %s: %v", e.Target, e.Driver, e.Step, e.Err)
	if e.Outcome != "" {
		fmt.Fprintf(&b, "\nState: %s", e.Outcome)
		if e.Checked != "" {
			fmt.Fprintf(&b, " (%s)", e.Checked)
		}
	}
	if e.Next != "" {
		fmt.Fprintf(&b, "\nNext: %s", e.Next)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }
