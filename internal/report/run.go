package report

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// State is how a run ended for one thing.
type State string

// The states, the worst first: that is the order in which they are shown.
const (
	StateUnknown    State = "unknown"
	StateUnfinished State = "unfinished" // the run ended in the middle of it
	StateFailed     State = "failed"     // nothing was changed
	StateReverted   State = "reverted"
	StateSkipped    State = "not checked"
	StateApplied    State = "applied"
	StatePlanned    State = "planned"
	StateUnchanged  State = "unchanged"
	StateRead       State = "read"
)

// States lists them in their order.
func States() []State {
	return []State{StateUnknown, StateUnfinished, StateFailed, StateReverted, StateSkipped, StateApplied, StatePlanned, StateUnchanged, StateRead}
}

// notChecked is the message of a device that was left out, with
// on_unreachable = "skip".
const notChecked = "not checked"

// Run is what was done under one run id.
type Run struct {
	Meta    Meta
	Trigger string
	Start   time.Time
	End     time.Time
	Targets []*Target
	Totals  map[State]int
	// Others counts the runs of the file that this is not about, Broken its lines
	// that are no events.
	Others, Broken int

	room *room
}

// Target is what was done with one device, or with one host in Zabbix.
type Target struct {
	ID     string
	Name   string
	Driver string
	Kind   string
	State  State
	Error  string
	URL    string // the device's page
	Passes []*Pass
	Dry    []*Pass // reads and dry runs, beside the passes that change something
	Start  time.Time
	End    time.Time

	open *Pass
}

// Pass is one way from open to close.
type Pass struct {
	DryRun  bool
	Outcome string // of "finished"; empty without it
	Steps   []Step
	Start   time.Time
	End     time.Time
	Diff    Diff

	skipped bool
	told    string // the target's error
	hunks   []eventlog.Hunk
}

// Step is a step of a pass.
type Step struct {
	Name, Outcome  string
	Took           time.Duration
	Message, Error string
	Start          time.Time
}

// ReadRun reads the events of a run from a file of events: of the run with this
// id, or, without one, of the run that wrote last.
func ReadRun(file io.ReadSeeker, id string, meta Meta) (*Run, error) {
	r := &Run{Meta: meta.tidy(), Totals: map[State]int{}, room: newRoom()}
	last, runs := "", map[string]bool{}
	err := r.scan(file, func(rec *eventlog.Record) {
		last, runs[rec.RunID] = rec.RunID, true
	})
	if err != nil {
		return nil, err
	}
	if id == "" {
		id = last
	}
	if !runs[id] {
		return nil, r.none(id, len(runs))
	}
	r.Others = len(runs) - 1
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("reading the events: %w", err)
	}
	r.Broken = 0
	targets := map[[2]string]*Target{}
	err = r.scan(file, func(rec *eventlog.Record) {
		if rec.RunID == id {
			r.add(targets, rec)
		}
	})
	r.finish()
	return r, err
}

// none says why there is nothing to report.
func (r *Run) none(id string, runs int) error {
	if runs == 0 {
		return fmt.Errorf("%w: the file has no events (%d lines are something else): give the provider's events_file", ErrInput, r.Broken)
	}
	return fmt.Errorf("%w: the file has no events of the run %q, but of %s: give its id with -run-id", ErrInput, id, count(runs, "other one", "others"))
}

// scan calls back for each event. Lines that are none are counted: a power cut
// can leave half a line.
func (r *Run) scan(file io.Reader, take func(*eventlog.Record)) error {
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 0, 1<<16), maxLogLine)
	for lines.Scan() {
		var rec eventlog.Record
		if err := json.Unmarshal(lines.Bytes(), &rec); err != nil || rec.Step == "" || rec.RunID == "" {
			r.Broken++
			continue
		}
		take(&rec)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading the events: %w", err)
	}
	return nil
}

// add takes an event of the run.
func (r *Run) add(targets map[[2]string]*Target, rec *eventlog.Record) {
	end, err := time.Parse(time.RFC3339Nano, rec.Time)
	if err != nil {
		r.Broken++
		return
	}
	r.Meta.RunID, r.Meta.Actor, r.Trigger = oneLine(rec.RunID), oneLine(rec.Actor), oneLine(rec.Trigger)
	// A device and its host in Zabbix have one name.
	key := [2]string{rec.Name, rec.Driver}
	t := targets[key]
	if t == nil {
		t = &Target{Name: cut(oneLine(rec.Name), maxLine), Driver: oneLine(rec.Driver), Kind: KindDevice}
		if rec.Driver == "zabbix" {
			t.Kind = KindHost
		}
		t.URL = r.Meta.deviceLink(t.Name, r.Meta.Site)
		targets[key] = t
		r.Targets = append(r.Targets, t)
	}
	t.add(rec, end)
}

// add takes an event of the target.
func (t *Target) add(rec *eventlog.Record, end time.Time) {
	skipped := rec.Outcome == string(provision.OutcomeSkipped) && rec.Message == notChecked
	begins := rec.Step == string(provision.StepOpen)
	if p := t.open; p == nil || begins || p.DryRun != rec.DryRun {
		t.open = &Pass{DryRun: rec.DryRun, skipped: skipped}
		t.Passes = append(t.Passes, t.open)
	}
	p := t.open
	took := time.Duration(rec.DurationMS * float64(time.Millisecond))
	s := Step{
		Name: oneLine(rec.Step), Outcome: oneLine(rec.Outcome), Took: took, Start: end.Add(-took),
		Message: cut(clean(rec.Message), maxValue), Error: cut(clean(rec.Error), maxValue),
	}
	p.extend(s.Start, end)
	if len(rec.Hunks) > 0 {
		p.hunks = rec.Hunks
	}
	if rec.Step == string(provision.StepFinished) {
		p.Outcome = s.Outcome
		t.open = nil
	}
	p.Steps = append(p.Steps, s)
	if s.Error != "" {
		t.Error = s.Error
	}
}

// extend makes a pass last from and until.
func (p *Pass) extend(from, until time.Time) {
	if p.Start.IsZero() || from.Before(p.Start) {
		p.Start = from
	}
	if until.After(p.End) {
		p.End = until
	}
}

// state is how a pass ended.
func (p *Pass) state() State {
	switch provision.Outcome(p.Outcome) {
	case provision.OutcomeApplied:
		return StateApplied
	case provision.OutcomeNotApplied:
		return StateFailed
	case provision.OutcomeReverted:
		return StateReverted
	case provision.OutcomeNoChange:
		return StateUnchanged
	case provision.OutcomePlanned:
		return StatePlanned
	case provision.OutcomeOK:
		return StateRead
	case "":
		if p.skipped {
			return StateSkipped
		}
		return StateUnfinished
	}
	return StateUnknown
}

// finish judges the targets and puts the worst first.
func (r *Run) finish() {
	for _, t := range r.Targets {
		t.judge()
		r.Totals[t.State]++
		for _, p := range append(slices.Clone(t.Passes), t.Dry...) {
			p.Diff = r.room.hunks(p.hunks)
			p.hunks, p.told = nil, t.Error
		}
		if r.Start.IsZero() || t.Start.Before(r.Start) {
			r.Start = t.Start
		}
		if t.End.After(r.End) {
			r.End = t.End
		}
	}
	slices.SortStableFunc(r.Targets, func(a, b *Target) int {
		return cmp.Or(cmp.Compare(slices.Index(States(), a.State), slices.Index(States(), b.State)),
			a.Start.Compare(b.Start), strings.Compare(a.Name, b.Name))
	})
	for i, t := range r.Targets {
		t.ID = fmt.Sprintf("t%d", i+1)
	}
}

// judge takes the state from the last pass that was to change something, else
// from the last one that was more than a read, and puts the others aside.
func (t *Target) judge() {
	all := t.Passes
	t.Passes = nil
	last := len(all) - 1
	for i, p := range all {
		if !p.DryRun {
			t.Passes = append(t.Passes, p)
		}
		if p.state() != StateRead {
			last = i
		}
	}
	if len(t.Passes) == 0 {
		t.Passes = all[last : last+1]
	}
	t.Dry = slices.DeleteFunc(slices.Clone(all), func(p *Pass) bool { return slices.Contains(t.Passes, p) })
	t.State = t.Passes[len(t.Passes)-1].state()
	t.Start, t.End = t.Passes[0].Start, t.Passes[len(t.Passes)-1].End
	if i := slices.Index(States(), t.State); i >= slices.Index(States(), StateApplied) {
		t.Error = ""
	}
}

// hunks is a difference as the events have it.
func (r *room) hunks(hunks []eventlog.Hunk) Diff {
	var d Diff
	for _, h := range hunks {
		d.begin(h.Header)
		for _, line := range h.Lines {
			r.take(&d, line)
		}
	}
	d.trim()
	return d
}
