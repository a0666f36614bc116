package report

import (
	"fmt"
	"html"
	"io"
	"strings"
)

// Limits of a comment on a merge request, in bytes.
const (
	// GitHubLimit is the most that GitHub takes (65,536 characters). GitLab takes
	// a million.
	GitHubLimit = 65_536
	// SmallestLimit still holds the verdict and the note of what is left out.
	SmallestLimit = 2000
)

// Limits within the Markdown.
const (
	maxEntries = 20  // of a list
	maxEntry   = 600 // bytes of an entry
	reserve    = 700 // for the note at the end
)

// markdown is a text that must not become too long.
type markdown struct {
	b     strings.Builder
	limit int
	left  int // changes that do not fit in
	bare  int // changes without their difference
	short int // entries of lists
}

// WriteMarkdown writes the plan as Markdown of at most so many bytes. What does
// not fit in is counted, and the end says where it is. Everything from outside
// stands in code, where it neither formats nor mentions anybody.
func (p *Plan) WriteMarkdown(w io.Writer, limit int) error {
	m := &markdown{limit: limit - reserve}
	m.head(p)
	m.errors(p)
	m.notices("Not checked", p.NotChecked)
	m.notices("Changed outside Terraform", p.Drifted)
	m.lost(p)
	m.notices("Warnings", p.Warnings)
	m.checks(p)
	m.cells(p)
	m.changes(p)
	m.outputs(p)
	m.end(p)
	_, err := io.WriteString(w, m.b.String())
	return err
}

// add adds a block if there is room for it.
func (m *markdown) add(block string) bool {
	if m.b.Len()+len(block) > m.limit {
		return false
	}
	m.b.WriteString(block)
	return true
}

// code is a text as code within a line.
func code(s string) string {
	s = cut(oneLine(s), maxEntry)
	if s == "" {
		return ""
	}
	fence := strings.Repeat("`", longest(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// cell is a text as code in a table, where a bar ends a cell even in code.
func cell(s string) string { return strings.ReplaceAll(code(s), "|", `\|`) }

// longest is the length of the longest run of a character.
func longest(s string, of rune) int {
	most, n := 0, 0
	for _, r := range s {
		if n++; r != of {
			n = 0
		}
		most = max(most, n)
	}
	return most
}

// tag is a text within HTML, where Markdown does not count.
func tag(s string) string { return "<code>" + html.EscapeString(cut(oneLine(s), maxEntry)) + "</code>" }

// head is the title, the verdict and who asked.
func (m *markdown) head(p *Plan) {
	title := "Plan"
	if p.Meta.Title != "" {
		title += " " + code(p.Meta.Title)
	}
	m.add("## " + title + "\n\n**" + p.Verdict() + "**\n\n")
	var parts []string
	if id := code(p.Meta.RunID); id != "" {
		parts = append(parts, "run "+id)
	}
	for _, part := range []struct{ name, value string }{
		{"commit", p.Meta.Commit}, {"asked by", p.Meta.Actor}, {"planned", p.Time}, {p.Engine, p.Version},
	} {
		if part.value != "" {
			parts = append(parts, part.name+" "+code(part.value))
		}
	}
	for _, l := range []struct{ name, url string }{{"run in the CI", p.Meta.RunURL}, {"full page", p.Meta.PageURL}} {
		if l.url != "" {
			parts = append(parts, "["+l.name+"](<"+l.url+">)")
		}
	}
	m.add(strings.Join(parts, " · ") + "\n\n")
	if p.Incomplete && !p.Failed {
		m.add("The plan is not complete: it was limited with -target, or something was put off.\n\n")
	}
	if !p.HasLog {
		m.add("Warnings, and devices that could not be checked, are not known: the report was made without the log of the plan.\n\n")
	}
}

// list adds a heading with entries.
func (m *markdown) list(title string, entries []string) {
	if len(entries) == 0 || !m.add(fmt.Sprintf("### %s (%d)\n\n", title, len(entries))) {
		m.short += len(entries)
		return
	}
	for i, e := range entries {
		if i == maxEntries || !m.add("- "+e+"\n") {
			m.short += len(entries) - i
			m.add(fmt.Sprintf("- … and %d more\n", len(entries)-i))
			break
		}
	}
	m.add("\n")
}

func (m *markdown) notices(title string, notices []*Notice) {
	var entries []string
	for _, n := range notices {
		entries = append(entries, code(n.Summary))
	}
	m.list(title, entries)
}

// errors stand with what they say: they are why there is nothing to approve.
func (m *markdown) errors(p *Plan) {
	var entries []string
	for _, n := range p.Errors {
		entries = append(entries, strings.TrimSuffix(code(n.Summary)+": "+code(n.Detail), ": "))
	}
	m.list("Errors", entries)
}

func (m *markdown) lost(p *Plan) {
	var entries []string
	for _, l := range p.Lost {
		entries = append(entries, l.Change.Kind+" "+code(l.Change.Name)+": "+code(l.What))
	}
	m.list("What will be lost", entries)
}

func (m *markdown) checks(p *Plan) {
	var entries []string
	for _, c := range p.Checks {
		entries = append(entries, code(c.Address)+" "+c.Status+": "+code(strings.Join(c.Problems, "; ")))
	}
	m.list("Checks that did not pass", entries)
}

// cells is the table by site and kind.
func (m *markdown) cells(p *Plan) {
	if len(p.Cells) == 0 {
		return
	}
	columns := p.Columns()
	table := "### By site and kind\n\n| Site | Kind | " + strings.Join(columns, " | ") + " |\n|---|---|" + strings.Repeat("--:|", len(columns)) + "\n"
	for i, c := range p.Cells {
		if i == 3*maxEntries {
			table += fmt.Sprintf("\n… and %d more lines\n", len(p.Cells)-i)
			break
		}
		site := cell(c.Site)
		if site == "" {
			site = "no site"
		}
		table += "| " + site + " | " + c.Kind + " |"
		for _, n := range p.Numbers(c) {
			table += fmt.Sprintf(" %d |", n)
		}
		table += "\n"
	}
	if !m.add(table + "\n") {
		m.short += len(p.Cells)
	}
}

// changes are folded, one by one; when the room ends, first without differences.
func (m *markdown) changes(p *Plan) {
	if len(p.Changes) == 0 || !m.add(fmt.Sprintf("### Changes (%d)\n\n", len(p.Changes))) {
		m.left = len(p.Changes)
		return
	}
	for i, c := range p.Changes {
		head := m.summary(c)
		switch {
		case m.add("<details><summary>" + head + "</summary>\n\n" + m.body(c) + "</details>\n"):
		case m.add("<p>" + head + "</p>\n\n"):
			m.bare++
		default:
			m.left = len(p.Changes) - i
			return
		}
	}
	m.add("\n")
}

// summary is a change in a line.
func (m *markdown) summary(c *Change) string {
	s := "<b>" + c.Label() + "</b> " + tag(c.Name) + " " + c.Kind
	if c.Site != "" {
		s += " at " + tag(c.Site)
	}
	if c.Diff.Added+c.Diff.Removed > 0 {
		s += fmt.Sprintf(" +%d −%d", c.Diff.Added, c.Diff.Removed)
	}
	if c.Drifted {
		s += ", changed outside Terraform"
	}
	return s
}

// body is what a change does.
func (m *markdown) body(c *Change) string {
	var b strings.Builder
	b.WriteString("resource " + code(c.Address))
	for _, l := range []struct{ name, url string }{{"host in Zabbix", c.URL}, {"device", c.DeviceURL}} {
		if l.url != "" {
			b.WriteString(" · [" + l.name + "](<" + l.url + ">)")
		}
	}
	b.WriteString("\n\n")
	if c.HeldBack {
		b.WriteString("`commit_changes` is false: this difference is only shown, an apply leaves the device alone.\n\n")
	}
	b.WriteString(fenced(c.Diff))
	b.WriteString(table(c.Rows))
	b.WriteString(table(c.Settings))
	return b.String()
}

// table is what changes, attribute by attribute.
func table(rows []Row) string {
	if len(rows) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("| Attribute | Before | After |\n|---|---|---|\n")
	for _, r := range rows {
		b.WriteString("| " + cell(r.Attribute) + " | " + cell(r.Before) + " | " + cell(r.After) + " |\n")
	}
	return b.String() + "\n"
}

// outputs are the outputs that change.
func (m *markdown) outputs(p *Plan) {
	if len(p.Outputs) > 0 && !m.add("### Outputs\n\n"+table(p.Outputs)) {
		m.short += len(p.Outputs)
	}
}

// fenced is a difference as a block of code that nothing in it can end.
func fenced(d Diff) string {
	var b strings.Builder
	for _, h := range d.Hunks {
		if h.Header != "" {
			b.WriteString("@@ " + h.Header + " @@\n")
		}
		for _, l := range h.Lines {
			b.WriteString(l.Sign + " " + l.Text + "\n")
		}
	}
	text := b.String()
	if text != "" {
		fence := strings.Repeat("`", max(3, longest(text, '`')+1))
		text = fence + "diff\n" + text + fence + "\n\n"
	}
	if d.Left > 0 {
		text += count(d.Left, "further line is", "further lines are") + " not shown.\n\n"
	}
	if d.Instead != "" {
		text += "Difference: " + d.Instead + "\n\n"
	}
	return text
}

// end says what is missing and where it is.
func (m *markdown) end(p *Plan) {
	var missing []string
	for _, part := range []struct {
		n         int
		one, many string
	}{
		{m.left, "change is left out", "changes are left out"},
		{m.bare, "change stands without its difference", "changes stand without their differences"},
		{m.short, "entry of the lists is left out", "entries of the lists are left out"},
	} {
		if part.n > 0 {
			missing = append(missing, count(part.n, part.one, part.many))
		}
	}
	if len(missing) == 0 {
		return
	}
	where := "the HTML page has all of it"
	if p.Meta.PageURL != "" && len(p.Meta.PageURL) < reserve/2 {
		where = "the [full page](<" + p.Meta.PageURL + ">) has all of it"
	}
	m.limit += reserve
	m.add("\n**Cut to fit in here:** " + strings.Join(missing, ", ") + "; " + where + ".\n")
}
