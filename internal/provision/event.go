package provision

import "time"

// Step is one step of a run.
type Step string

// The steps of a run, in their order.
const (
	StepOpen     Step = "open"
	StepSettle   Step = "settle" // wait for, or end, a commit that a former run left
	StepLock     Step = "lock"
	StepRead     Step = "read"
	StepStage    Step = "stage"
	StepCompare  Step = "compare" // with what the plan showed
	StepBackup   Step = "backup"
	StepCommit   Step = "commit"
	StepReopen   Step = "reconnect"
	StepVerify   Step = "verify"
	StepConfirm  Step = "confirm"
	StepSave     Step = "save"
	StepCheck    Step = "check" // read again after everything
	StepRollback Step = "rollback"
	StepDiscard  Step = "discard"
	StepUnlock   Step = "unlock"
	StepClose    Step = "close"
	StepFinished Step = "finished" // the run as a whole
)

// Event is one finished step. It holds no secrets.
type Event struct {
	Time     time.Time     // when the step ended
	Name     string        // the target's name
	Driver   string        // the target's driver
	DryRun   bool          // whether the run was a dry run
	Step     Step          // which step
	Outcome  Outcome       // how it ended
	Duration time.Duration // how long it took
	Diff     *Diff         // the difference that the step found, redacted
	Message  string        // what else there is to say
	Err      error         // why it failed
}
