// Package eventlog writes what the core did to a file that machines read:
// JSON Lines, one object per step.
package eventlog

import (
	"context"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// What started a run.
const (
	TriggerDemand   = "demand"   // a person, by hand
	TriggerButton   = "button"   // a link on the device's page
	TriggerHook     = "hook"     // a change in the source of truth
	TriggerSchedule = "schedule" // the clock

	// TriggerAction is an action of Terraform, whatever started the process: it
	// does one thing on demand, beside what is planned and applied.
	TriggerAction = "action"
)

// Triggers lists what may have started a process.
func Triggers() []string {
	return []string{TriggerDemand, TriggerButton, TriggerHook, TriggerSchedule}
}

// Run says who works and why; it is the same for all events of a process.
type Run struct {
	ID      string
	Actor   string // a person or an account
	Trigger string // one of Triggers, or TriggerAction
}

// triggered is the key of a context's trigger.
type triggered struct{}

// Triggered is ctx for a part of the process's work that something else started.
func Triggered(ctx context.Context, trigger string) context.Context {
	return context.WithValue(ctx, triggered{}, trigger)
}

// In is the run as it stands for work in ctx.
func (r Run) In(ctx context.Context) Run {
	if trigger, ok := ctx.Value(triggered{}).(string); ok {
		r.Trigger = trigger
	}
	return r
}

// Sink receives events. An error tells that the event is lost; it must not
// stop the run.
type Sink func(ctx context.Context, ev provision.Event) error

// Record is an event as it stands in the file.
type Record struct {
	Time       string  `json:"time"` // RFC 3339 with nanoseconds, UTC
	RunID      string  `json:"run_id"`
	Name       string  `json:"name"`
	Driver     string  `json:"driver"`
	Actor      string  `json:"actor"`
	Trigger    string  `json:"trigger"`
	DryRun     bool    `json:"dry_run"`
	Step       string  `json:"step"`
	Outcome    string  `json:"outcome"`
	DurationMS float64 `json:"duration_ms"`
	Hunks      []Hunk  `json:"hunks,omitempty"` // redacted
	Message    string  `json:"message,omitempty"`
	Error      string  `json:"error,omitempty"`
}

// Hunk is a run of changed lines: "- " before, "+ " after.
type Hunk struct {
	Header string   `json:"header,omitempty"`
	Lines  []string `json:"lines"`
}

// NewRecord makes the record of an event of a run.
func NewRecord(run Run, ev provision.Event) Record {
	r := Record{
		Time: ev.Time.UTC().Format(time.RFC3339Nano), RunID: run.ID, Name: ev.Name, Driver: ev.Driver,
		Actor: run.Actor, Trigger: run.Trigger, DryRun: ev.DryRun,
		Step: string(ev.Step), Outcome: string(ev.Outcome),
		DurationMS: float64(ev.Duration.Microseconds()) / 1000, Message: ev.Message,
	}
	if ev.Err != nil {
		r.Error = ev.Err.Error()
	}
	if ev.Diff != nil {
		for _, h := range ev.Diff.Hunks {
			r.Hunks = append(r.Hunks, Hunk{Header: h.Header, Lines: h.Lines})
		}
	}
	return r
}
