package report

import (
	"io"
	"slices"
	"strings"
)

// WriteHTML writes the plan as one page.
func (p *Plan) WriteHTML(w io.Writer) error {
	title := "Plan report"
	if p.Meta.Title != "" {
		title = p.Meta.Title + ": plan report"
	}
	return render(w, "plan.html", title, p)
}

// Tiles are the numbers at the top of the page.
func (p *Plan) Tiles() []Tile {
	var list []Tile
	for _, a := range Actions() {
		if n := p.Totals[a]; n > 0 && a != ActionNone {
			list = append(list, Tile{Count: n, Label: "to " + string(a), Tone: string(a)})
		}
	}
	list = append(list, Tile{Count: p.Totals[ActionNone], Label: "unchanged", Tone: "none"})
	for _, t := range []Tile{
		{len(p.Errors), "errors", "failed", "s-errors"},
		{len(p.NotChecked), "not checked", "warn", "s-skipped"},
		{len(p.Drifted), "changed outside", "warn", "s-drift"},
		{len(p.Warnings), "warnings", "warn", "s-warnings"},
	} {
		if t.Count > 0 {
			list = append(list, t)
		}
	}
	return list
}

// columns are the actions that occur.
func (p *Plan) columns() []Action {
	return slices.DeleteFunc(Actions(), func(a Action) bool { return p.Totals[a] == 0 && a != ActionNone })
}

// Columns head the table by site and kind.
func (p *Plan) Columns() []string {
	var list []string
	for _, a := range p.columns() {
		list = append(list, strings.ToUpper(string(a[:1]))+string(a[1:]))
	}
	if len(p.NotChecked) > 0 {
		list = append(list, "Not checked")
	}
	if len(p.Unmanaged) > 0 {
		list = append(list, "Unmanaged lines")
	}
	return list
}

// Numbers are a line of the table by site and kind.
func (p *Plan) Numbers(c Cell) []int {
	var list []int
	for _, a := range p.columns() {
		list = append(list, c.Count[a])
	}
	if len(p.NotChecked) > 0 {
		list = append(list, c.NotChecked)
	}
	if len(p.Unmanaged) > 0 {
		list = append(list, c.Unmanaged)
	}
	return list
}

// Filter is what the changes can be filtered by.
func (p *Plan) Filter() Filter {
	sites, kinds := Selection{Name: "site", Label: "Site", All: "All sites"}, Selection{Name: "kind", Label: "Kind", All: "All kinds"}
	marks := map[string]bool{}
	for _, c := range p.Changes {
		sites.add(c.Site, "no site")
		kinds.add(c.Kind, "")
		for _, m := range strings.Fields(c.Marks()) {
			marks[m] = true
		}
	}
	f := Filter{}
	for _, s := range []Selection{sites, kinds} {
		if len(s.Values) > 1 {
			f.Selects = append(f.Selects, s)
		}
	}
	for _, a := range Actions() {
		if marks[string(a)] {
			f.Chips = append(f.Chips, Choice{string(a), strings.ToUpper(string(a[:1])) + string(a[1:])})
		}
	}
	for _, c := range []Choice{{markHeld, "Held back"}, {markDrifted, "Changed outside"}, {markLoses, "Loses"}, {markWarned, "With warnings"}} {
		if marks[c.Value] {
			f.Chips = append(f.Chips, c)
		}
	}
	return f
}

// add makes a value one of the choices.
func (s *Selection) add(value, empty string) {
	c := Choice{value, value}
	if value == "" {
		c.Label = empty
	}
	if !slices.Contains(s.Values, c) {
		s.Values = append(s.Values, c)
	}
}

// What a change can be filtered by beside its action.
const (
	markHeld    = "held"
	markDrifted = "drifted"
	markLoses   = "loses"
	markWarned  = "warned"
)

// Marks are the words by which the page filters.
func (c *Change) Marks() string {
	var marks []string
	if c.Pending() {
		marks = append(marks, string(c.Action))
	}
	for _, m := range []struct {
		on   bool
		mark string
	}{{c.HeldBack, markHeld}, {c.Drifted, markDrifted}, {len(c.Lost) > 0, markLoses}, {len(c.Notices) > 0, markWarned}} {
		if m.on {
			marks = append(marks, m.mark)
		}
	}
	return strings.Join(marks, " ")
}

// Label is what the page calls the action.
func (c *Change) Label() string {
	if c.HeldBack {
		return "held back"
	}
	return string(c.Action)
}

// Badge is the class of its colour.
func (c *Change) Badge() string {
	if c.HeldBack {
		return "skipped"
	}
	return string(c.Action)
}

// Nothing tells that there is nothing to show of a change.
func (c *Change) Nothing() bool {
	return c.Action == ActionUpdate && c.Diff.Empty() && c.Diff.Left == 0 && len(c.Rows) == 0 && len(c.Settings) == 0
}
