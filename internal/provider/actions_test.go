package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/netprovision/terraform-provider-provision/internal/device/drivers"
	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
	"github.com/netprovision/terraform-provider-provision/internal/provider"
	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
	"github.com/netprovision/terraform-provider-provision/internal/provider/server/servertest"
)

// acted is a simulated lab whose devices were changed by an apply with backups, and
// the provider that shall act on them.
type acted struct {
	acctest.Simulated
	servertest.Protocol

	events, backups string
}

// Configurations of the simulated devices, before and after the apply.
const (
	routerBefore = "frr version 8.4.4\nfrr defaults traditional\nhostname r1\nservice integrated-vtysh-config\n!\n" +
		"interface lo\n ip address 10.0.0.1/32\nexit\n!\n" +
		"router bgp 65001\n neighbor 192.0.2.9 remote-as 65009\n neighbor 192.0.2.9 password planted-before\nexit\n!\nend\n"
	routerChange = "interface lo\n description changed\nexit\nrouter bgp 65001\n neighbor 192.0.2.9 password planted-after\nexit\n"
	netconfAfter = `<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"><interface><name>eth0</name>` +
		`<type xmlns:ianaift="urn:ietf:params:xml:ns:yang:iana-if-type">ianaift:ethernetCsmacd</type></interface></interfaces>`
)

// act makes the apply and serves the provider anew, as another process would.
func act(t *testing.T) acted {
	t.Helper()
	a := acted{Simulated: acctest.Simulate(t, map[string]string{"r1": routerBefore}, map[string]string{"n1": ""})}
	a.events, a.backups = filepath.Join(a.Dir, "events.jsonl"), filepath.Join(a.Dir, "backups")
	config := a.Provider(t, map[string]string{"backup_dir": acctest.Quote(a.backups)})
	for name, text := range map[string]string{"r1": routerChange, "n1": netconfAfter} {
		config += fmt.Sprintf("resource \"provision_device\" %q {\n  name   = %q\n  config = %s\n}\n", name, name, acctest.Quote(text))
	}
	t.Setenv("CHECKPOINT_DISABLE", "1")
	resource.UnitTest(t, resource.TestCase{ProtoV6ProviderFactories: acctest.ProviderFactories(t), Steps: []resource.TestStep{{Config: config}}})
	devices := map[string]acctest.Device{}
	for name, n := range a.Nodes {
		d := n.Device()
		if name == "r1" {
			text := routerChange
			d.Config = &text
		}
		devices[name] = d
	}
	r1 := a.Nodes["r1"]
	env := []string{
		"PROVISION_INVENTORY_FILE=" + acctest.Inventory(t, devices), "PROVISION_BACKUP_DIR=" + a.backups, "PROVISION_EVENTS_FILE=" + a.events,
		"PROVISION_CREDENTIALS_DEFAULT_USERNAME=" + r1.User, "PROVISION_CREDENTIALS_DEFAULT_PASSWORD=" + r1.Password,
		"PROVISION_KNOWN_HOSTS=" + filepath.Join(a.Dir, "known_hosts"), "PROVISION_RUN_ID=act-7", "PROVISION_TRIGGER=schedule",
	}
	p := provider.New("test", drivers.All(), func() []string { return env })
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := p.Close(ctx); err != nil {
			t.Errorf("closing the provider: %v", err)
		}
	})
	a.Protocol = servertest.New(t, p, nil)
	return a
}

// records are the events that the action wrote; each must say that it was one.
func (a acted) records(t *testing.T) (steps map[string]int, text string) {
	t.Helper()
	data, err := os.ReadFile(a.events)
	if err != nil {
		t.Fatal(err)
	}
	steps = map[string]int{}
	for line := range strings.Lines(string(data)) {
		var r eventlog.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if r.Trigger != eventlog.TriggerAction || r.RunID != "act-7" {
			t.Errorf("an event of %q, run %q: %s", r.Trigger, r.RunID, line)
		}
		steps[r.Step]++
	}
	return steps, string(data)
}

func TestCheckOfSimulatedDevices(t *testing.T) {
	a := act(t)
	progress, said := a.Invoke("provision_device_check", map[string]any{"name": "r1"})
	if told := strings.Join(progress, "\n"); said != "" || !strings.Contains(told, "r1: an apply would change nothing") || !strings.Contains(told, "r1: stage: ok") {
		t.Errorf("%q, %q", told, said)
	}
	before := a.Netconf["n1"].Running()
	progress, said = a.Invoke("provision_device_check", map[string]any{
		"name": "n1", "config": strings.ReplaceAll(netconfAfter, "eth0", "eth1"), "replace_config": true,
	})
	told := strings.Join(progress, "\n")
	for _, want := range []string{"n1: an apply would change this", "eth1", "compared by the"} {
		if !strings.Contains(told, want) {
			t.Errorf("%q (%q) does not say %q", told, said, want)
		}
	}
	if after := a.Netconf["n1"].Running(); after != before {
		t.Errorf("a check changed the device:\n%s", after)
	}
	if steps, _ := a.records(t); steps["commit"] != 0 || steps["stage"] != 2 {
		t.Errorf("steps %v", steps)
	}
}

func TestRollbackOfSimulatedDevices(t *testing.T) {
	a := act(t)
	changed := a.Routers["r1"].Running()
	for _, name := range []string{"r1", "n1"} {
		progress, said := a.Invoke("provision_device_rollback", map[string]any{"name": name, "backup": "latest"})
		if told := strings.Join(progress, "\n"); strings.Contains(said, "ERROR") || !strings.Contains(told, name+": confirm: ok") || !strings.Contains(told, "what ran before is in "+a.backups) {
			t.Errorf("%s: %q, %q", name, told, said)
		}
		if strings.Contains(said+strings.Join(progress, ""), "planted") {
			t.Errorf("%s: a secret is told: %q", name, progress)
		}
	}
	if running := a.Routers["r1"].Running(); strings.Contains(running, "changed") || !strings.Contains(running, "planted-before") {
		t.Errorf("r1 runs:\n%s", running)
	}
	if startup := a.Routers["r1"].Startup(); strings.Contains(startup, "changed") {
		t.Errorf("r1 starts with:\n%s", startup)
	}
	if running := a.Netconf["n1"].Running(); strings.Contains(running, "eth0") {
		t.Errorf("n1 runs:\n%s", running)
	}
	steps, text := a.records(t)
	if steps["commit"] != 2 || steps["confirm"] != 2 || !strings.Contains(text, "back to the backup "+a.backups) || strings.Contains(text, "planted") {
		t.Errorf("steps %v in\n%s", steps, text)
	}
	// The latest is now what ran before the rollback.
	if _, said := a.Invoke("provision_device_rollback", map[string]any{"name": "r1", "backup": "latest"}); strings.Contains(said, "ERROR") {
		t.Error(said)
	}
	if running := a.Routers["r1"].Running(); running != changed {
		t.Errorf("back and forth is not the same:\n%s\nnot\n%s", running, changed)
	}
}

func TestABackupOfAnotherDeviceIsRefused(t *testing.T) {
	a := act(t)
	kept, err := filepath.Glob(filepath.Join(a.backups, "n1", "*.netconf.backup"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("%q %v", kept, err)
	}
	before := a.Routers["r1"].Running()
	for which, want := range map[string]string{kept[0]: "another device", filepath.Base(kept[0]): "there is no backup", "junk": "the newest of 1"} {
		if _, said := a.Invoke("provision_device_rollback", map[string]any{"name": "r1", "backup": which}); !strings.Contains(said, `ERROR at AttributeName("backup")`) || !strings.Contains(said, want) {
			t.Errorf("%s: %q", which, said)
		}
	}
	if after := a.Routers["r1"].Running(); after != before {
		t.Errorf("a refused rollback changed the router:\n%s", after)
	}
}
