package lifecycle_test

import (
	"fmt"
	"strings"
	"testing"
)

// line is a line of the table.
type line struct {
	name, command string
	want
	note string
}

// page is a guide that a test writes.
type page struct {
	path string
	// head is the text before the table.
	head string
	// contacts and changes are what the table calls the counts.
	contacts, changes string
}

// render is the page with its table.
func (p page) render(lines []line) string {
	return p.head + "| case | command | plan | exit code | " + p.contacts + " | " + p.changes + " | in state | note |\n|---|---|---|---|---|---|---|---|\n" + table(lines)
}

// table are lines of the table; a case's name stands in its first one.
func table(lines []line) string {
	var b strings.Builder
	last := ""
	for _, l := range lines {
		name := l.name
		if name == last {
			name = ""
		}
		last = l.name
		exit := fmt.Sprint(l.exit)
		if l.exit == either {
			exit = "0 or 2"
		}
		contacts := fmt.Sprint(l.contacts)
		if l.contacts == some {
			contacts = "some"
		}
		cells := []string{name, l.command, l.plan, exit, contacts, fmt.Sprint(l.changes), l.state, l.note}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	return b.String()
}

func TestTable(t *testing.T) {
	got := table([]line{
		{name: "a", command: "`plan`", want: want{plan: "create", exit: 2, contacts: 1}, note: "n"},
		{name: "a", command: "`apply saved.plan`", want: want{contacts: 2, changes: 1, state: "it"}},
		{name: "b", command: "`plan`", want: want{plan: "no-op", exit: either, contacts: some, state: "it"}},
	})
	const want = "| a | `plan` | create | 2 | 1 | 0 |  | n |\n" +
		"|  | `apply saved.plan` |  | 0 | 2 | 1 | it |  |\n" +
		"| b | `plan` | no-op | 0 or 2 | some | 0 | it |  |\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
