package provider_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// routers is one more than Terraform works on at once.
const routers = 11

// TestAccOneOfManyHangs: a device that accepts the connection and never speaks
// neither holds up the others nor is waited for twice, and they are applied.
func TestAccOneOfManyHangs(t *testing.T) {
	const limit = 6 * time.Second // all log in at once within
	startups := map[string]string{}
	for i := range routers {
		name := fmt.Sprintf("r%d", i)
		startups[name] = "frr version 8.4.4\nfrr defaults traditional\nhostname " + name + "\nservice integrated-vtysh-config\n!\nend\n"
	}
	sim := acctest.Simulate(t, startups, nil)
	events := filepath.Join(sim.Dir, "events.jsonl")
	block := sim.Provider(t, map[string]string{
		"events_file": acctest.Quote(events), "on_unreachable": acctest.Quote("skip"),
		"ssh": fmt.Sprintf("{ known_hosts = [%s], connect_timeout = %q }", acctest.Quote(filepath.Join(sim.Dir, "known_hosts")), limit),
	})
	config := func(description string) string {
		text := block
		for name := range startups {
			text += fmt.Sprintf("resource \"provision_device\" %q {\n  name   = %q\n  config = %s\n}\n",
				name, name, acctest.Quote("interface lo\n description "+description+"\nexit\n"))
		}
		return text
	}
	t.Setenv("CHECKPOINT_DISABLE", "1")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.ProviderFactories(t),
		Steps: []resource.TestStep{
			{Config: config("first")},
			{
				PreConfig: func() {
					sim.Routers["r0"].Server().SetSilent(true)
					sim.Routers["r0"].Server().Drop()
					if err := os.Truncate(events, 0); err != nil {
						t.Error(err)
					}
				},
				Config: config("second"),
				// r0 is skipped as long as it is silent, so nothing is left to plan.
			},
		},
	})
	for name, r := range sim.Routers {
		want := "second"
		if name == "r0" {
			want = "first"
		}
		if running := r.Running(); !strings.Contains(running, "description "+want) {
			t.Errorf("%s runs:\n%s", name, running)
		}
	}
	checkWaits(t, events, limit)
}

// checkWaits reads in the events how long the opens of r0 took: a plan waits once,
// and what it shares costs nothing. The others are done meanwhile.
func checkWaits(t *testing.T, events string, limit time.Duration) {
	t.Helper()
	waited, shared := 0, 0
	gaveUp, last := map[string]time.Time{}, map[string]map[string]time.Time{} // by run; the others' by name
	text, err := os.ReadFile(events)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var e eventlog.Record
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339Nano, e.Time)
		if err != nil {
			t.Fatal(err)
		}
		if e.Name != "r0" {
			if last[e.RunID] == nil {
				last[e.RunID] = map[string]time.Time{}
			}
			last[e.RunID][e.Name] = at
		}
		switch took := time.Duration(e.DurationMS * float64(time.Millisecond)); {
		case e.Step != "open" || e.Outcome != "failed":
		case e.Name != "r0":
			t.Errorf("%s was not opened: %s", e.Name, e.Error)
		case took > limit/2:
			waited++
			gaveUp[e.RunID] = at
		default:
			shared++
		}
	}
	if waited == 0 || shared == 0 { // a refresh alone has nothing to share
		t.Errorf("waited %d times for r0 and shared that %d times", waited, shared)
	}
	for run, end := range gaveUp {
		if len(last[run]) != routers-1 {
			t.Errorf("%d others were looked at while r0 was waited for", len(last[run]))
		}
		for name, at := range last[run] {
			if !at.Before(end) {
				t.Errorf("%s was done %s after r0 was given up", name, at.Sub(end))
			}
		}
	}
}
