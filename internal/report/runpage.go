package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// WriteHTML writes the run as one page.
func (r *Run) WriteHTML(w io.Writer) error {
	title := "Run report"
	if r.Meta.Title != "" {
		title = r.Meta.Title + ": run report"
	}
	return render(w, "run.html", title, r)
}

// Bad tells that somebody must look at it.
func (s State) Bad() bool {
	switch s {
	case StateUnknown, StateUnfinished, StateFailed, StateReverted:
		return true
	}
	return false
}

// Bad tells that somebody must look at the run.
func (r *Run) Bad() bool {
	return slices.ContainsFunc(r.Targets, func(t *Target) bool { return t.State.Bad() })
}

// Verdict is the run in a sentence.
func (r *Run) Verdict() string {
	var parts []string
	for _, s := range States() {
		if n := r.Totals[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return strings.Join(parts, ", ") + "."
}

// Tiles are the numbers at the top of the page.
func (r *Run) Tiles() []Tile {
	var list []Tile
	for _, s := range States() {
		if n := r.Totals[s]; n > 0 {
			list = append(list, Tile{Count: n, Label: string(s), Tone: s.Class()})
		}
	}
	return list
}

// Class is the class of the state's colour.
func (s State) Class() string {
	if s == StateSkipped {
		return "skipped"
	}
	return string(s)
}

// Filter is what the page can be filtered by.
func (r *Run) Filter() Filter {
	drivers := Selection{Name: "kind", Label: "Kind", All: "All kinds"}
	var f Filter
	for _, t := range r.Targets {
		drivers.add(t.Kind, "")
	}
	if len(drivers.Values) > 1 {
		f.Selects = append(f.Selects, drivers)
	}
	for _, s := range States() {
		if r.Totals[s] > 0 {
			f.Chips = append(f.Chips, Choice{s.Class(), strings.ToUpper(string(s[:1])) + string(s[1:])})
		}
	}
	return f
}

// Started is when the run began.
func (r *Run) Started() string { return r.Start.UTC().Format(time.RFC3339) }

// Took is how long the run lasted.
func (r *Run) Took() string { return took(r.End.Sub(r.Start)) }

// Took is how long a target was worked on.
func (t *Target) Took() string { return took(t.End.Sub(t.Start)) }

// Duration is how long a step took.
func (s Step) Duration() string { return took(s.Took) }

// took is a time as people read it.
func took(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case d == 0:
		return "0 ms"
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", ms)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", ms)
	case d < time.Minute:
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// Title says what a pass was.
func (p *Pass) Title() string {
	what := "Apply"
	if p.DryRun {
		what = "Read or dry run"
	}
	return what + " at " + p.Start.UTC().Format("15:04:05.000") + ": " + string(p.state())
}

// Lines are the steps of a pass but the last word, which heads it, unless that
// says more than the page says already.
func (p *Pass) Lines() []Step {
	return slices.DeleteFunc(slices.Clone(p.Steps), func(s Step) bool {
		return s.Name == string(provision.StepFinished) && s.Message == "" && (s.Error == "" || s.Error == p.told)
	})
}

// Bar is a part of a timeline, in percent of the whole.
type Bar struct{ X, Width string }

// bar places a time within a longer one. What is short stays visible.
func bar(start time.Time, d time.Duration, from, until time.Time) Bar {
	whole := max(until.Sub(from), time.Microsecond)
	width := min(100, max(0.8, 100*float64(d)/float64(whole)))
	x := min(100-width, max(0, 100*float64(start.Sub(from))/float64(whole)))
	return Bar{fmt.Sprintf("%.2f", x), fmt.Sprintf("%.2f", width)}
}

// Bar is the target's part of the run.
func (r *Run) Bar(t *Target) Bar { return bar(t.Start, t.End.Sub(t.Start), r.Start, r.End) }

// Bar is the step's part of the pass.
func (p *Pass) Bar(s Step) Bar { return bar(s.Start, s.Took, p.Start, p.End) }
