//go:build lab

package provider_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// newer is a workspace for a Terraform that knows actions and queries.
func newer(t *testing.T) *acctest.Workspace {
	t.Helper()
	w := acctest.NewWorkspace(t, acctest.Binary(t))
	w.Engine = acctest.NewEngine(t)
	return w
}

// tells checks what Terraform printed.
func tells(t *testing.T, output string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(output, want) {
			t.Errorf("it does not say %q:\n%s", want, output)
		}
	}
	if strings.Contains(output, "planted") {
		t.Errorf("a secret is told:\n%s", output)
	}
}

// Real Terraform 1.14, real router: asked, changed, asked again, put back, and put
// forth again.
func TestLabActionsOnARouter(t *testing.T) {
	lab, w := acctest.ReadLab(t), newer(t)
	lab.KeepRouter(t, "r1")
	running := func() string { return lab.Script(t, "", "exec", "r1", "vtysh", "-c", "show running-config") }
	_, as, _ := strings.Cut(running(), "\nrouter bgp ")
	as, _, _ = strings.Cut(as, "\n")
	after := "interface lo\n description acted\nexit\nrouter bgp " + as + "\n neighbor 192.0.2.99 remote-as 65099\n neighbor 192.0.2.99 password planted-one\nexit\n"
	provider := lab.Provider(t, map[string]string{"backup_dir": `"backups"`, "events_file": `"events.jsonl"`})
	device := "resource \"provision_device\" \"r1\" {\n  name   = \"r1\"\n  config = " + acctest.Quote(after) + "\n}\n"
	action := func(kind, label, config string) string {
		return fmt.Sprintf("action %q %q {\n  config {\n    name = \"r1\"\n%s\n  }\n}\n", kind, label, config)
	}
	actions := action("provision_device_check", "ask", "config = "+acctest.Quote(after)) +
		action("provision_device_check", "strict", "config = "+acctest.Quote(after)+"\nfail_on_difference = true") +
		action("provision_device_rollback", "back", "backup = \"latest\"") +
		action("provision_device_rollback", "junk", "backup = \"r2.20260101T000000.000000000Z.run.frr.backup\"")
	invoke := func(code int, name string) string {
		t.Helper()
		return w.Must(code, "apply", "-auto-approve", "-invoke=action."+name)
	}
	w.Config(provider, actions)
	before := running()
	tells(t, invoke(0, "provision_device_check.ask"), "r1: stage: ok", "r1: an apply would change this", "+ description acted", "compared by the device")
	tells(t, invoke(1, "provision_device_check.strict"), "r1: is not as intended")
	tells(t, invoke(1, "provision_device_rollback.back"), "r1: invalid backup", "there is no backup")
	if now := running(); now != before {
		t.Errorf("what only asks changed the router:\n%s", now)
	}

	w.Config(provider, actions, device)
	w.Must(0, "apply", "-auto-approve")
	changed := running()
	tells(t, invoke(0, "provision_device_check.strict"), "r1: an apply would change nothing")
	tells(t, w.Must(0, "plan", "-invoke=action.provision_device_rollback.back"), "r1: goes back to a backup of 20", "- description acted", ".frr.backup, made")
	tells(t, invoke(1, "provision_device_rollback.junk"), "r1: invalid backup", "the newest of 1 there are")
	if now := running(); now != changed {
		t.Errorf("a plan changed the router:\n%s", now)
	}

	tells(t, invoke(0, "provision_device_rollback.back"), "r1: backup: ok", "r1: confirm: ok", "r1: save: ok", "r1: runs the backup of", "what ran before is in")
	if now := running(); now != before {
		t.Errorf("the router was not put back:\n%s\nnot\n%s", now, before)
	}
	if startup := lab.Script(t, "", "exec", "r1", "cat", "/etc/frr/frr.conf"); strings.Contains(startup, "acted") {
		t.Errorf("startup has what was rolled back:\n%s", startup)
	}
	if out := w.Must(2, "plan", "-detailed-exitcode"); !strings.Contains(out, "changed outside Terraform") {
		t.Errorf("the resource does not see the rollback:\n%s", out)
	}
	invoke(0, "provision_device_rollback.back")
	if now := running(); now != changed {
		t.Errorf("a rollback of the rollback:\n%s\nnot\n%s", now, changed)
	}
	events := w.Read("events.jsonl")
	tells(t, events, `"trigger":"action"`, `"trigger":"demand"`, "back to the backup ")
}

// Real Terraform 1.14, real NETCONF device.
func TestLabActionsOnANetconfDevice(t *testing.T) {
	lab, w := acctest.ReadLab(t), newer(t)
	name := ""
	for _, n := range lab.Nodes {
		if n.Driver() == "netconf" && (name == "" || n.Name < name) {
			name = n.Name
		}
	}
	const ns = `xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"`
	iface := func(description string) string {
		return acctest.Quote(`<interfaces ` + ns + `><interface><name>act0</name><description>` + description + `</description>` +
			`<type xmlns:ianaift="urn:ietf:params:xml:ns:yang:iana-if-type">ianaift:ethernetCsmacd</type></interface></interfaces>`)
	}
	provider := lab.Provider(t, map[string]string{"backup_dir": `"backups"`})
	actions := fmt.Sprintf(`
action "provision_device_check" "one" {
  config {
    name   = %[1]q
    config = %[2]s
  }
}
action "provision_device_rollback" "back" {
  config {
    name   = %[1]q
    backup = "latest"
  }
}
`, name, iface("one"))
	device := func(description string) string {
		return fmt.Sprintf("resource \"provision_device\" \"x\" {\n  name   = %q\n  config = %s\n}\n", name, iface(description))
	}
	w.Config(provider, actions, device("one"))
	w.Must(0, "apply", "-auto-approve")
	w.Config(provider, actions, device("two"))
	w.Must(0, "apply", "-auto-approve")
	tells(t, w.Must(0, "apply", "-auto-approve", "-invoke=action.provision_device_check.one"), name+": an apply would change this", "one")
	tells(t, w.Must(0, "apply", "-auto-approve", "-invoke=action.provision_device_rollback.back"), name+": confirm: ok", name+": runs the backup of")
	tells(t, w.Must(0, "apply", "-auto-approve", "-invoke=action.provision_device_check.one"), name+": an apply would change nothing")
	// Off again: the first backup is what the device had before.
	first, err := filepath.Glob(filepath.Join(w.Dir, "backups", name, "*.netconf.backup"))
	if err != nil || len(first) == 0 {
		t.Fatalf("%q %v", first, err)
	}
	w.Config(provider, strings.Replace(actions, `"latest"`, acctest.Quote(filepath.Base(first[0])), 1))
	tells(t, w.Must(0, "apply", "-auto-approve", "-invoke=action.provision_device_rollback.back"), name+": runs the backup of")
}

// Real Terraform 1.14, real routers: the examples of the actions and of a list as they
// are, and an import by identity.
func TestLabExamplesOfActions(t *testing.T) {
	lab, w := acctest.ReadLab(t), newer(t)
	devices := map[string]acctest.Device{"r3": lab.Node(t, "r3").Device()}
	const change = "interface lo\n description acted\nexit\n"
	for name, router := range map[string]string{"edge1": "r1", "edge2": "r2"} {
		lab.KeepRouter(t, router)
		d, config := lab.Node(t, router).Device(), change
		d.Site, d.Role, d.Config = "ams", "edge", &config
		devices[name] = d
	}
	running := func(router string) string {
		return lab.Script(t, "", "exec", router, "vtysh", "-c", "show running-config no-header")
	}
	provider := lab.Provider(t, map[string]string{"inventory_file": acctest.Quote(acctest.Inventory(t, devices)), "backup_dir": `"backups"`})
	actions := example(t, "actions/provision_device_check/action.tf") + example(t, "actions/provision_device_rollback/action.tf")
	invoke := func(code int, name string) string {
		t.Helper()
		return w.Must(code, "apply", "-auto-approve", "-invoke=action."+name)
	}
	w.Config(provider, actions)
	before := running("r1")
	w.Write("edge2.conf", running("r2"))
	tells(t, invoke(0, "provision_device_check.edge1"), "edge1: an apply would change this", "+ description acted")
	tells(t, invoke(0, "provision_device_check.edge2"), "edge2: an apply would change nothing")
	w.Write("edge2.conf", w.Read("edge2.conf")+change)
	tells(t, invoke(1, "provision_device_check.edge2"), "edge2: is not as intended")

	w.Write("all.tfquery.hcl", example(t, "list-resources/provision_device/list-resource.tfquery.hcl"))
	if out := w.Must(0, "query"); !strings.Contains(out, "name=edge1") || !strings.Contains(out, "name=edge2") || strings.Contains(out, "name=r3") {
		t.Errorf("the list is not the edges:\n%s", out)
	}

	device := "resource \"provision_device\" \"edge1\" {\n  name = \"edge1\"\n}\n"
	w.Config(provider, actions, device)
	w.Must(0, "apply", "-auto-approve")
	changed := running("r1")
	tells(t, invoke(0, "provision_device_rollback.edge1"), "edge1: runs the backup of")
	if now := running("r1"); now != before || now == changed {
		t.Errorf("the router was not put back:\n%s\nnot\n%s", now, before)
	}
	w.Must(0, "state", "rm", "provision_device.edge1")
	w.Config(provider, device, example(t, "resources/provision_device/import-by-identity.tf"))
	tells(t, w.Must(2, "plan", "-detailed-exitcode"), "1 to import, 0 to add", "+ description acted")
	tells(t, w.Must(0, "apply", "-auto-approve"), "1 imported, 0 added")
	if now := running("r1"); now != changed {
		t.Errorf("what was imported is not as intended:\n%s\nnot\n%s", now, changed)
	}
	tells(t, w.Must(0, "plan", "-detailed-exitcode"), "No changes")
}

// example gives a file of examples/.
func example(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../examples", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Real Terraform 1.14, real Zabbix, and an inventory.
func TestLabQuery(t *testing.T) {
	for _, version := range []string{"60", "70"} {
		t.Run(version, func(t *testing.T) {
			w := newer(t)
			inv := acctest.File(t, "inventory.yaml", "devices:\n  q1: {host: 127.0.0.1, site: fra1, driver: frr}\n  q2: {host: 127.0.0.2, site: ams1, driver: frr}\n")
			env := zabbixOf(t, version)
			w.Env = append(w.Env, "PROVISION_ZABBIX_PASSWORD="+env["ZABBIX_PASSWORD"])
			provider := acctest.Provider(map[string]string{
				"inventory_file": acctest.Quote(inv),
				"zabbix":         fmt.Sprintf("{\n  url = %q\n  username = %q\n  defaults = { on_destroy = \"delete\" }\n}", env["ZABBIX_URL"], env["ZABBIX_USER"]),
			})
			w.Config(provider, `
resource "zabbix_agent_host" "q1" {
  provider    = provision
  device      = "q1"
  host_groups = ["Linux servers"]
  tags        = { query = ["`+version+`"] }
}
`)
			w.Must(0, "apply", "-auto-approve")
			t.Cleanup(func() { w.Must(0, "destroy", "-auto-approve") })
			devices := `
list "provision_device" "fra1" {
  provider = provision
  config {
    sites = ["fra1"]
  }
}
`
			hosts := `
list "zabbix_agent_host" "ours" {
  provider         = provision
  include_resource = true
  config {
    tags = { query = ["` + version + `"] }
  }
}
`
			w.Write("all.tfquery.hcl", devices+hosts)
			out := w.Must(0, "query")
			tells(t, out, "list.provision_device.fra1", "name=q1", "q1 (fra1)", "list.zabbix_agent_host.ours", "host=q1")
			if strings.Contains(out, "q2") {
				t.Errorf("what the filter does not select is listed:\n%s", out)
			}
			// What a query writes takes the host into a state that does not have it.
			w.Must(0, "state", "rm", "zabbix_agent_host.q1")
			w.Config(provider)
			w.Write("all.tfquery.hcl", hosts)
			w.Must(0, "query", "-generate-config-out=generated.tf")
			tells(t, w.Must(0, "apply", "-auto-approve"), "1 imported, 0 added", "0 destroyed")
			tells(t, w.Must(0, "plan", "-detailed-exitcode"), "No changes")
		})
	}
}

// zabbixOf reads how to get into a Zabbix of the lab.
func zabbixOf(t *testing.T, version string) map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join(os.Getenv("PROVISION_ZABBIX_"+version), "env"))
	if err != nil {
		t.Fatalf("these tests run on a real Zabbix (make test): %v", err)
	}
	defer f.Close()
	env := map[string]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		if k, v, ok := strings.Cut(s.Text(), "="); ok {
			env[k] = v
		}
	}
	return env
}
