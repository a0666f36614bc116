package provision

import (
	"context"
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

	// Approved is what the plan showed; nil in a dry run, and where the user
	// allowed a change that nobody has seen. Run stops before it changes
	// anything when the target would do something else.
	Approved *Approval
	// DoneSuffices lets a run go on that finds nothing left to do, whatever the
	// plan showed: what is to go may have been taken away by somebody else.
	DoneSuffices bool

	// CommitID names the commit on the target; the same for every run on the
	// same target, so that the next process finds what a killed one left.
	CommitID string
	// Holder says who works: shown to others who find our lock. It differs
	// from run to run: a pending commit with our CommitID but with another
	// holder is another run's.
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
	// Running is the state that the target was left in; zero when it is not
	// known.
	Running Snapshot
	// Unsaved tells that running is not, or not all, in startup.
	Unsaved bool
	// Warnings are sentences for the user; each begins with the target's name.
	Warnings []string
	// Backup is where the state before the commit is kept; may be empty.
	Backup string
}

// What Request leaves open.
const (
	defaultConfirmTimeout = 2 * time.Minute
	defaultLockWait       = 10 * time.Second
)

// Run works out what the target would change and, unless it is a dry run,
// makes it so. Errors are of type *[Error]; the Result beside an error holds
// what was found out before it.
//
// A cancelled ctx stops a run that has not committed yet. Once it has, the run
// goes on to its end (confirmed, or undone and read again), for at most
// ConfirmTimeout and a minute and a half.
func Run(ctx context.Context, req Request) (Result, error) {
	r := newRun(req)
	var err error
	if req.DryRun || !req.Commit {
		err = r.plan(ctx)
	} else {
		err = r.apply(ctx)
	}
	r.cleanUp(ctx)
	return r.finish(err)
}

// run is the state of one Run.
type run struct {
	req     Request
	started time.Time
	res     Result

	link     *link // the session that stages and commits; nil once it is closed
	caps     Capabilities
	leftover *Pending // a commit of a former run whose timer is gone
	change   Change
}

// newRun fills in what the request leaves open.
func newRun(req Request) *run {
	if req.ConfirmTimeout <= 0 {
		req.ConfirmTimeout = defaultConfirmTimeout
	}
	if req.LockWait <= 0 {
		req.LockWait = defaultLockWait
	}
	return &run{req: req, started: time.Now()}
}

// warn adds a sentence for the user. It begins with the target's name, because
// Terraform merges warnings that are equal.
func (r *run) warn(sentence string) {
	r.res.Warnings = append(r.res.Warnings, r.req.Target.Name()+": "+sentence)
}

// cleanUp takes everything of ours off the target. It has a time of its own, so
// that it also works after ctx has ended, and it never hides the run's error:
// what fails here is an event and a warning.
func (r *run) cleanUp(ctx context.Context) {
	if r.link == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpLimit)
	defer cancel()
	if r.change != nil {
		_ = r.try(StepDiscard, func(*note) error { return r.link.do(ctx, cleanUpLimit, r.change.Discard) })
	}
	if r.link.locked {
		_ = r.try(StepUnlock, func(*note) error { return r.link.unlock(ctx) })
	}
	r.closeLink(r.link)
}

// closeLink ends a session.
func (r *run) closeLink(l *link) {
	if err := r.try(StepClose, func(*note) error { return l.close() }); err != nil {
		r.warn("the session could not be closed; what it put on the target goes when the target ends it: " + err.Error())
	}
}

// finish emits the last event and gives what Run returns.
func (r *run) finish(err error) (Result, error) {
	e := r.event(StepFinished, r.started)
	e.Diff = &r.res.Diff
	e.Outcome, e.Err = r.res.Outcome, err
	if failure := asError(err); failure != nil {
		r.res.Outcome = failure.Outcome
		e.Outcome, e.Message = failure.Outcome, failure.Checked
	}
	r.emit(e)
	return r.res, err
}
