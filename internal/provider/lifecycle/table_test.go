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

const head = `---
page_title: "What each command does: the lifecycle of a device"
description: |-
  Plan, exit code, logins and commits of every case in the life of a provision_device, as a test measured them.
---

<!-- Written by a test that measured it; do not edit. To write it anew:
     tools/lab/lab.sh up DIR, then
     PROVISION_LAB=DIR go test -tags lab -count=1 ./internal/provider/lifecycle -args -update
     and make docs. -->

# What each command does: the lifecycle of a device

What Terraform does with a ` + "`provision_device`" + ` in each case of its life, as a test of this provider measured it
on real FRR routers with the real binary. "Sessions" are the logins that the devices' own SSH servers accepted during the
command; "commits" are those in the events file, held against the devices: what is running changed exactly when there was
a commit, and then it was saved as well. After no command was anything left on a device: no session, no lock, no file.

- Every ` + "`plan`" + ` runs with ` + "`-out=saved.plan -detailed-exitcode`" + `: 0 nothing to do, 1 error, 2 something to do.
- The resource is ` + "`it`" + `; "in state" is what the state holds after the command. "Import, update" and "update" without
  a commit at apply change only the state.
- A plan opens one session to a device, which its refresh and its dry run share. An apply that commits opens two: one for
  the dry run that Terraform asks for again and for the commit, and a fresh one, which proves that management still works
  before the commit is confirmed.
- Forgetting a device never connects to it. But Terraform refreshes before it plans a destroy, and makes an ordinary plan
  before ` + "`plan -destroy`" + `; with a dead device that takes ` + "`-refresh=false`" + `, or ` + "`on_unreachable = \"skip\"`" + `, or the
  resource taken out of the configuration.

`

// render is the page.
func render(lines []line) string {
	return head + "| case | command | plan | exit code | sessions | commits | in state | note |\n|---|---|---|---|---|---|---|---|\n" + table(lines)
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
		cells := []string{name, l.command, l.plan, fmt.Sprint(l.exit), fmt.Sprint(l.sessions), fmt.Sprint(l.commits), l.state, l.note}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	return b.String()
}

func TestTable(t *testing.T) {
	got := table([]line{
		{name: "a", command: "`plan`", want: want{plan: "create", exit: 2, sessions: 1}, note: "n"},
		{name: "a", command: "`apply saved.plan`", want: want{sessions: 2, commits: 1, state: "it"}},
		{name: "b", command: "`plan`", want: want{plan: "no-op", sessions: 1, state: "it"}},
	})
	const want = "| a | `plan` | create | 2 | 1 | 0 |  | n |\n" +
		"|  | `apply saved.plan` |  | 0 | 2 | 1 | it |  |\n" +
		"| b | `plan` | no-op | 0 | 1 | 0 | it |  |\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
