package lifecycle_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// router is a real or simulated FRR router, seen from its console.
type router interface {
	// device is what the inventory file says of it.
	device() acctest.Device
	// knownHosts is its line for a known_hosts file.
	knownHosts() string
	// management is the interface's address that its users come in by.
	management() string
	// show is what is running and what is in the startup file.
	show(t *testing.T) (running, startup string)
	logins(t *testing.T) int
	leftovers(t *testing.T) []string
	configure(t *testing.T, line string)
	// reset puts it back to what it was at first.
	reset(t *testing.T)
	cut(t *testing.T)
	heal(t *testing.T)
}

// deviceSubject is provision_device with three routers: r1 is the thing of most
// cases, r2 another one, and r3 has its configuration in the inventory.
type deviceSubject struct {
	routers        [3]router
	user, password string
	events         string
}

const (
	routeOne  = "ip route 192.0.2.0/25 Null0"
	routeTwo  = "ip route 192.0.2.128/25 Null0"
	routeHand = "ip route 198.51.100.0/24 Null0"
)

// deviceHead stands before the table of devices.
const deviceHead = `---
page_title: "What each command does: the lifecycle of a device"
description: |-
  Plan, exit code, logins and commits of every case in the life of a provision_device, as a test measured them.
---

<!-- Written by a test that measured it; do not edit. To write it anew:
     tools/lab/lab.sh up DIR, then
     PROVISION_LAB=DIR go test -tags lab -count=1 ./internal/provider/lifecycle -run TestDevice -args -update
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

func (*deviceSubject) Page() page {
	return page{path: guides + "lifecycle.md", head: deviceHead, contacts: "sessions", changes: "commits"}
}

func (*deviceSubject) Cases(*testing.T) []lifecase { return cases() }

func (*deviceSubject) Runs(lifecase) bool { return true }

func (*deviceSubject) Type() string { return "provision_device" }

func (d *deviceSubject) Reset(t *testing.T, dir string) {
	t.Helper()
	for _, r := range d.routers {
		r.heal(t)
		r.reset(t)
	}
	d.events = filepath.Join(dir, "events.jsonl")
}

func (d *deviceSubject) Provider(t *testing.T, dir string) string {
	t.Helper()
	devices := map[string]acctest.Device{}
	var known []string
	for i, r := range d.routers {
		devices[fmt.Sprintf("r%d", i+1)] = r.device()
		known = append(known, r.knownHosts())
	}
	rendered, text := devices["r3"], routeOne+"\n"
	rendered.Config = &text
	devices["r3"] = rendered
	hosts := filepath.Join(dir, "known_hosts")
	if err := os.WriteFile(hosts, []byte(strings.Join(known, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return acctest.Provider(map[string]string{
		"inventory_file": acctest.Quote(acctest.Inventory(t, devices)),
		"events_file":    acctest.Quote(d.events),
		"credentials":    fmt.Sprintf("{ default = { username = %s, password = %s } }", acctest.Quote(d.user), acctest.Quote(d.password)),
		"ssh":            fmt.Sprintf("{ known_hosts = [%s] }", acctest.Quote(hosts)),
	})
}

func (d *deviceSubject) Words() map[string]string {
	named := func(name string, more ...string) string {
		return strings.Join(append([]string{fmt.Sprintf("name = %q", name)}, more...), "\n  ")
	}
	config := func(lines ...string) string { return "config = " + acctest.Quote(strings.Join(lines, "\n")+"\n") }
	const laterConfig = "config = terraform_data.later.output"
	return map[string]string{
		wordType: d.Type(), wordID: "r1", wordOtherID: "r3",
		wordFirst:     named("r1", config(routeOne)),
		wordSecond:    named("r1", config(routeOne, routeTwo)),
		wordBehaviour: named("r1", config(routeOne), "save = false", `confirm_timeout = "90s"`, `on_destroy = "keep"`, "timeouts {\n    read = \"4m\"\n  }"),
		wordOther:     named("r2", config(routeOne)),
		wordOther2:    named("r2", config(routeOne, routeTwo)),
		wordRendered:  named("r3"),
		wordBroken: named("r1", config(routeOne, routeTwo, "interface mgmt0", " no ip address "+d.routers[0].management(), "exit"),
			`confirm_timeout = "10s"`),
		wordSkipping:  named("r1", config(routeOne), `on_unreachable = "skip"`),
		wordLater:     named("r1", laterConfig),
		wordAllowed:   named("r1", laterConfig, "allow_unreviewed = true"),
		wordValue:     acctest.Quote(routeOne + "\n"),
		wordImporting: "",
		wordValue2:    acctest.Quote(routeOne + "\n" + routeTwo + "\n"),
	}
}

func (d *deviceSubject) Counts(t *testing.T) (n counts) {
	t.Helper()
	for _, r := range d.routers {
		n.contacts += r.logins(t)
	}
	n.changes = d.commits(t)
	return n
}

// commits counts those that the events of the case tell of.
func (d *deviceSubject) commits(t *testing.T) (n int) {
	t.Helper()
	data, err := os.ReadFile(d.events)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for text := range strings.Lines(string(data)) {
		var r eventlog.Record
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatal(err)
		}
		if r.Step == "commit" && !r.DryRun { // also one that did not come back
			n++
		}
	}
	return n
}

// Look compares texts by their sorted lines: a router that was put back may
// show its blocks in another order. The things are a, b and c: r1 to r3.
func (d *deviceSubject) Look(t *testing.T) look {
	t.Helper()
	var l look
	var holds []string
	for i, r := range d.routers {
		running, startup := r.show(t)
		thing := string(rune('a' + i))
		switch {
		case strings.Contains(running, routeOne) && strings.Contains(running, routeTwo):
			holds = append(holds, thing+": second")
		case strings.Contains(running, routeOne):
			holds = append(holds, thing+": first")
		}
		l.Now += sorted(running)
		l.Saved += sorted(startup)
	}
	l.Holds = strings.Join(holds, ", ")
	return l
}

// sorted are the lines of a configuration that say something.
func sorted(config string) string {
	var lines []string
	for text := range strings.Lines(config) {
		if text = strings.TrimRight(text, "\r\n "); text != "" && text != "!" && text != "end" && !strings.HasSuffix(text, "onfiguration...") && text != "Current configuration:" {
			lines = append(lines, text)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}

func (d *deviceSubject) Leftovers(t *testing.T) (all []string) {
	t.Helper()
	for i, r := range d.routers {
		for _, what := range r.leftovers(t) {
			all = append(all, fmt.Sprintf("r%d: %s", i+1, what))
		}
	}
	return all
}

func (d *deviceSubject) Drift(t *testing.T)     { d.routers[0].configure(t, "no "+routeOne) }
func (d *deviceSubject) Elsewhere(t *testing.T) { d.routers[0].configure(t, routeHand) }
func (d *deviceSubject) Cut(t *testing.T)       { d.routers[0].cut(t) }
func (d *deviceSubject) Heal(t *testing.T)      { d.routers[0].heal(t) }
