//go:build lab

package provider_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// facts asks a device what it is.
func facts(name string) string {
	return fmt.Sprintf("data \"provision_device\" \"x\" {\n  name = %q\n}\n", name)
}

// answers checks that the device is reached.
func answers(t *testing.T, config, name string, env ...string) {
	t.Helper()
	t.Setenv("CHECKPOINT_DISABLE", "1")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.ProviderFactories(t, env...),
		Steps: []resource.TestStep{{
			Config: config + facts(name),
			Check:  resource.TestCheckResourceAttr("data.provision_device.x", "facts.hostname", name),
		}},
	})
}

func TestLabLoginByKey(t *testing.T) {
	answers(t, acctest.ReadLab(t).Provider(t, nil), "r1")
}

// Everything comes from the environment: there is no provider block at all.
func TestLabEnvironmentOnly(t *testing.T) {
	lab := acctest.ReadLab(t)
	n := lab.Node(t, "r1")
	answers(t, "", "r1",
		"PROVISION_INVENTORY_FILE="+acctest.Inventory(t, map[string]acctest.Device{"r1": n.Device()}),
		"PROVISION_CREDENTIALS_DEFAULT_USERNAME="+n.User, "PROVISION_CREDENTIALS_DEFAULT_PASSWORD="+n.Password,
		"PROVISION_CREDENTIALS_DEFAULT_HOST_KEY="+n.HostKey,
	)
}

func TestLabThroughAJumpHost(t *testing.T) {
	lab := acctest.ReadLab(t)
	r1, jump := lab.Node(t, "r1"), lab.Node(t, "jump")
	key := "file(" + acctest.Quote(filepath.Join(lab.Dir, "id_ed25519")) + ")"
	answers(t, lab.Provider(t, map[string]string{
		"credentials": fmt.Sprintf("{ default = { username = %q, private_key = %s, jump_host = \"door\" }, door = { username = %q, private_key = %s } }",
			r1.User, key, jump.User, key),
		"ssh": fmt.Sprintf("{ known_hosts = [%s], jump_hosts = { door = { host = %q, port = %d, credentials = \"door\" } } }",
			acctest.Quote(filepath.Join(lab.Dir, "known_hosts")), jump.Host, jump.Port),
		"inventory_file": acctest.Quote(acctest.Inventory(t, map[string]acctest.Device{
			"r1": {Host: r1.MgmtHost, Port: r1.MgmtPort, Driver: r1.Driver()},
		})),
	}), "r1")
}

func TestLabRefusedLogins(t *testing.T) {
	lab := acctest.ReadLab(t)
	r1, other := lab.Node(t, "r1"), lab.Node(t, "r2")
	login := func(password, hostKey string) string {
		return lab.Provider(t, map[string]string{
			"ssh":         "{ known_hosts = [] }",
			"credentials": fmt.Sprintf("{ default = { username = %q, password = %q, host_key = %q } }", r1.User, password, hostKey),
		}) + facts("r1")
	}
	refused(t, login("wrong-hunter22", r1.HostKey), `(?s)r1.*login`)
	refused(t, login(r1.Password, other.HostKey), `(?s)r1.*host key`)
}

// The events and the backups of a real change hold what they should, and no
// secret where none may be.
func TestLabEventsAndBackups(t *testing.T) {
	lab := acctest.ReadLab(t)
	lab.KeepRouter(t, "r1")
	dir := t.TempDir()
	events, backups := filepath.Join(dir, "events.jsonl"), filepath.Join(dir, "backups")
	device := func(description string) string {
		return fmt.Sprintf("resource \"provision_device\" \"x\" {\n  name   = \"r1\"\n  config = %s\n}\n",
			acctest.Quote("interface lo\n description "+description+"\nexit\n"))
	}
	block := lab.Provider(t, map[string]string{
		"events_file": acctest.Quote(events), "backup_dir": acctest.Quote(backups), "backup_retention": "1",
		"redact": "[" + acctest.Quote(`planted-\w+`) + "]",
	})
	t.Setenv("CHECKPOINT_DISABLE", "1")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.ProviderFactories(t,
			"PROVISION_RUN_ID=lab-run", "PROVISION_ACTOR=tester", "PROVISION_TRIGGER=schedule"),
		Steps: []resource.TestStep{{Config: block + device("planted-one")}, {Config: block + device("planted-two")}, {Config: block + device("none")}},
	})
	committed := readEvents(t, events)
	if committed != 3 {
		t.Errorf("%d commits in the events", committed)
	}
	kept, err := filepath.Glob(filepath.Join(backups, "r1", "r1.*.lab-run.frr.backup"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("backups %q %v", kept, err)
	}
	text, err := os.ReadFile(kept[0])
	if err != nil || !strings.Contains(string(text), "planted-two") {
		t.Errorf("the backup lacks what ran before the last commit: %v\n%s", err, text)
	}
}

// readEvents checks every line and counts the commits.
func readEvents(t *testing.T, path string) (commits int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if regexp.MustCompile(`planted-\w`).Match(data) || !strings.Contains(string(data), "<redacted>") {
		t.Error("a secret is in the events")
	}
	for line := range strings.Lines(string(data)) {
		var r eventlog.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if r.Name != "r1" || r.RunID != "lab-run" || r.Actor != "tester" || r.Trigger != "schedule" || r.Driver != "frr" {
			t.Errorf("%+v", r)
		}
		if r.Step == "commit" && r.Outcome == "ok" && !r.DryRun {
			commits++
		}
	}
	return commits
}
