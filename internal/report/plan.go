package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// Plan is a plan as people read it.
type Plan struct {
	Meta       Meta
	Engine     string // Terraform, or OpenTofu where the log says so: the plan's JSON does not
	Version    string // of the engine
	Time       string
	Failed     bool
	Incomplete bool // targeted, or something was deferred

	Changes []*Change // those that are shown, in their order
	Cells   []Cell
	Totals  map[Action]int
	Held    int // differences that are only shown, with commit_changes = false

	// HasLog tells that warnings are known: a plan's JSON has none.
	HasLog     bool
	Errors     []*Notice
	NotChecked []*Notice
	Drifted    []*Notice
	Warnings   []*Notice

	Lost      []Lost
	Unmanaged []*Change
	Checks    []Check
	Outputs   []Row
	Deferred  []string
	// Cut tells that lines of differences are left out of the page.
	Cut int

	all  []*Change
	room *room
}

// Cell counts what a plan does with one kind at one site.
type Cell struct {
	Site, Kind string
	Count      map[Action]int
	NotChecked int
	Unmanaged  int
}

// Lost is what goes with one thing.
type Lost struct {
	Change *Change
	What   string
}

// Check is a check that did not pass.
type Check struct {
	Address, Status string
	Problems        []string
}

// ReadPlan reads the output of "terraform show -json PLANFILE" and, when there is
// one, of "terraform plan -json", which has the warnings. log may be nil.
func ReadPlan(plan, log io.Reader, meta Meta) (*Plan, error) {
	p := &Plan{Meta: meta.tidy(), Engine: "Terraform", Totals: map[Action]int{}, room: newRoom()}
	keys := planKeys{
		drift:  p.drift,
		change: func(rc *tfjson.ResourceChange) { p.add(rc) },
		later:  p.deferred,
	}
	err := keys.read(plan)
	if err != nil && (log == nil || !errors.Is(err, errEmpty)) {
		return nil, err
	}
	if log != nil {
		if err := p.readLog(log); err != nil {
			return nil, err
		}
	}
	if err != nil && len(p.Errors) == 0 {
		return nil, err
	}
	keys.failed = keys.failed || len(p.Errors) > 0 // which left no plan, or not a whole one
	p.finish(&keys)
	return p, nil
}

// add takes a change of the plan. Data sources are read in every plan.
func (p *Plan) add(rc *tfjson.ResourceChange) {
	if rc.Mode != tfjson.DataResourceMode {
		p.all = append(p.all, p.newChange(rc))
	}
}

// passing are the computed attributes of the provider that come and go by nature:
// they are no drift.
func passing(name string) bool {
	return slices.Contains([]string{
		"diff", "diff_by", "change_id", "removes", "uncommitted_diff", "agent_state", "url", "unmanaged_lines",
	}, name)
}

// drift notes what was found changed outside Terraform.
func (p *Plan) drift(rc *tfjson.ResourceChange) {
	if rc.Change == nil || rc.Mode == tfjson.DataResourceMode {
		return
	}
	gone := rc.Change.Actions.Delete()
	ours := rc.Type == typeDevice || rc.Type == typeHost
	rows := compare(before(rc.Change), after(rc.Change), func(name string) bool { return ours && passing(name) })
	if len(rows) == 0 && !gone {
		return
	}
	c := p.newChange(&tfjson.ResourceChange{Address: rc.Address, ModuleAddress: rc.ModuleAddress, Type: rc.Type, Change: &tfjson.Change{
		Before: rc.Change.Before, BeforeSensitive: rc.Change.BeforeSensitive,
	}})
	n := &Notice{Address: c.Address, Who: c.Name, Summary: c.Name + ": changed outside Terraform", Rows: rows}
	switch {
	case gone:
		n.Summary, n.Rows = c.Name+": gone, deleted outside Terraform", nil
	case rc.Type == typeDevice:
		n.Rows = nil // fingerprints say nothing
		n.Detail = "The running configuration is not the one that the last apply left."
	}
	p.Drifted = append(p.Drifted, n)
}

// deferred notes what waits for another plan.
func (p *Plan) deferred(d *tfjson.DeferredResourceChange) {
	if d.ResourceChange != nil {
		p.Deferred = append(p.Deferred, oneLine(d.ResourceChange.Address)+" ("+oneLine(d.Reason)+")")
	}
}

// finish puts together what was read.
func (p *Plan) finish(keys *planKeys) {
	p.Version, p.Time, p.Failed = oneLine(keys.head.TerraformVersion), oneLine(keys.head.Timestamp), keys.failed
	p.Incomplete = keys.head.Complete != nil && !*keys.head.Complete
	p.sort()
	byAddress := map[string]*Change{}
	for i, c := range p.all {
		c.ID = fmt.Sprintf("c%d", i+1)
		byAddress[c.Address] = c
	}
	p.attach(byAddress)
	if len(keys.head.Checks) > 0 { // the checks themselves say more
		p.Warnings = slices.DeleteFunc(p.Warnings, func(n *Notice) bool { return n.Summary == sayCheck })
	}
	for _, c := range p.all {
		p.count(c)
	}
	p.all = nil
	for _, name := range slices.Sorted(maps.Keys(keys.outputs)) {
		p.output(name, keys.outputs[name])
	}
	for _, c := range keys.head.Checks {
		p.check(c)
	}
}

// sort puts what is lost first within a site and a kind.
func (p *Plan) sort() {
	slices.SortStableFunc(p.all, func(a, b *Change) int {
		return cmp.Or(
			a.place().compare(b.place()),
			cmp.Compare(slices.Index(Actions(), a.Action), slices.Index(Actions(), b.Action)),
			strings.Compare(a.Name, b.Name), strings.Compare(a.Address, b.Address),
		)
	})
}

// place orders things by site, then by kind. What has no site is last.
type place struct {
	nowhere bool
	site    string
	kind    int
}

func (c *Change) place() place {
	return place{c.Site == "", c.Site, slices.Index([]string{KindDevice, KindHost, KindOther}, c.Kind)}
}

func (p place) compare(q place) int {
	if p.nowhere != q.nowhere {
		return strings.Compare(q.site, p.site) // the empty one comes last
	}
	return cmp.Or(strings.Compare(p.site, q.site), cmp.Compare(p.kind, q.kind))
}

// attach brings notices and the things that they are about together.
func (p *Plan) attach(byAddress map[string]*Change) {
	for _, list := range [][]*Notice{p.Errors, p.NotChecked, p.Drifted, p.Warnings} {
		// Terraform tells them as they come; equal plans have equal reports.
		slices.SortStableFunc(list, func(a, b *Notice) int { return strings.Compare(a.Summary, b.Summary) })
		for _, n := range list {
			if c := byAddress[n.Address]; c != nil {
				n.ID, n.Who = c.ID, c.Name
				c.Notices = append(c.Notices, n)
			}
		}
	}
	for _, n := range p.NotChecked {
		if c := byAddress[n.Address]; c != nil {
			c.Skipped = true
		}
	}
	for _, n := range p.Drifted {
		if c := byAddress[n.Address]; c != nil {
			c.Drifted = true
		}
	}
}

// count adds a change to the sums. Changes come in the order of their places.
func (p *Plan) count(c *Change) {
	if n := len(p.Cells); n == 0 || p.Cells[n-1].Site != c.Site || p.Cells[n-1].Kind != c.Kind {
		p.Cells = append(p.Cells, Cell{Site: c.Site, Kind: c.Kind, Count: map[Action]int{}})
	}
	cell := &p.Cells[len(p.Cells)-1]
	cell.Unmanaged += c.Unmanaged
	if c.Skipped {
		cell.NotChecked++
	} else {
		cell.Count[c.Action]++
		p.Totals[c.Action]++
	}
	if c.Unmanaged > 0 {
		p.Unmanaged = append(p.Unmanaged, c)
	}
	for _, what := range c.Lost {
		p.Lost = append(p.Lost, Lost{c, what})
	}
	p.Cut += c.Diff.Left
	if c.HeldBack {
		p.Held++
	}
	if c.Shown() {
		p.Changes = append(p.Changes, c)
	}
}

// output takes a change of an output.
func (p *Plan) output(name string, c *tfjson.Change) {
	if c == nil || c.Actions.NoOp() {
		return
	}
	under := func(s side) side { // as an object, so that the rows have the name
		return side{map[string]any{name: s.value}, map[string]any{name: s.sensitive}, map[string]any{name: s.unknown}}
	}
	p.Outputs = append(p.Outputs, compare(under(before(c)), under(after(c)), nil)...)
}

// check takes a check that did not pass.
func (p *Plan) check(c tfjson.CheckResultStatic) {
	if c.Status == tfjson.CheckStatusPass || c.Status == "" {
		return
	}
	check := Check{Address: oneLine(c.Address.ToDisplay), Status: oneLine(string(c.Status))}
	for _, i := range c.Instances {
		for _, problem := range i.Problems {
			check.Problems = append(check.Problems, cut(clean(problem.Message), maxValue))
		}
	}
	if check.Status == string(tfjson.CheckStatusUnknown) && len(check.Problems) == 0 {
		return // it is made at apply
	}
	p.Checks = append(p.Checks, check)
}

// Pending is how many things an apply does something with.
func (p *Plan) Pending() int {
	n := 0
	for a, count := range p.Totals {
		if a != ActionNone && a != ActionRead {
			n += count
		}
	}
	return n
}

// counts are how many things each action does something with.
func (p *Plan) counts() []string {
	var out []string
	for _, a := range Actions() {
		if n := p.Totals[a]; n > 0 && a != ActionNone && a != ActionRead {
			out = append(out, fmt.Sprintf("%d to %s", n, a))
		}
	}
	return out
}

// asIntended tells that nothing changes, and that there is a log, which tells what
// could not be checked.
func (p *Plan) asIntended() bool { return p.Pending() == 0 && len(p.Outputs) == 0 && p.HasLog }

// Verdict is the plan in a sentence.
func (p *Plan) Verdict() string {
	if p.Failed {
		return "The plan failed: it cannot be applied."
	}
	parts := p.counts()
	switch {
	case len(parts) > 0:
	case len(p.Outputs) > 0:
		parts = append(parts, "No changes but of outputs")
	default:
		parts = append(parts, "No changes")
	}
	if p.Held > 0 {
		parts = append(parts, fmt.Sprintf("%d held back", p.Held))
	}
	if len(p.NotChecked) > 0 {
		parts = append(parts, fmt.Sprintf("%d not checked", len(p.NotChecked)))
	}
	if len(parts) == 1 && p.asIntended() {
		return "No changes. What is intended is what is there."
	}
	return strings.Join(parts, ", ") + "."
}
