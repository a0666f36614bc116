package provision

import (
	"context"
	"errors"
	"time"
)

// Request says what Run shall do.
type Request struct {
	Target Target
	Intent Intent

	// DryRun works out the change and leaves nothing behind on the target.
	DryRun bool
	// Replace makes the intent the whole configuration.
	Replace bool
	// Commit: false loads, compares and discards, also without DryRun.
	Commit bool
	// Save copies running to startup after the confirmation.
	Save bool
	// ConfirmTimeout is the time within which the target undoes a commit that
	// is not confirmed. Zero means two minutes.
	ConfirmTimeout time.Duration
	// LockWait is how long a lock of somebody else is waited for. Zero means
	// ten seconds.
	LockWait time.Duration

	// Approved is what the plan showed; nil in a dry run. Run stops before it
	// changes anything when the target would do something else.
	Approved *Approval

	// CommitID names the commit on the target; the same for every run on the
	// same target, so that the next process finds what a killed one left.
	CommitID string
	// Holder says who works: shown to others who find our lock.
	Holder string

	// Backup keeps the state before a commit and returns where; nil for none.
	Backup func(Snapshot) (string, error)
	// Emit receives one event per step; nil for none.
	Emit func(Event)
	// Budget limits failed commits over several runs; nil for no limit.
	Budget *Budget
}

// Approval is what a plan showed.
type Approval struct {
	Diff     string // Result.Diff.String()
	ChangeID string // Result.ChangeID
}

// Result is what Run found and did.
type Result struct {
	Outcome Outcome
	// Diff is what was, or would be, changed; redacted.
	Diff Diff
	// ChangeID explains itself in Terraform's own error when plan and apply
	// differ; see DESIGN promise P2. Empty when there is nothing to change.
	ChangeID string
	// Running is the state that the target was left in.
	Running Snapshot
	// Unsaved tells that running is not, or not all, in startup.
	Unsaved bool
	// Warnings are sentences for the user.
	Warnings []string
	// Backup is where the state before the commit is kept; may be empty.
	Backup string
}

// Run works out what the target would change and, unless it is a dry run,
// makes it so. Errors are of type *[Error].
func Run(ctx context.Context, req Request) (Result, error) {
	return Result{}, errors.New("not written yet")
}

// Observe opens the target, waits for a pending commit to end and reads the
// running state. Errors are of type *[Error].
func Observe(ctx context.Context, t Target, emit func(Event)) (Snapshot, error) {
	return Snapshot{}, errors.New("not written yet")
}

// Budget counts failed commits. It is safe for concurrent use.
type Budget struct{}
