package reports_test

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// update writes what Terraform made as the examples of the report's own tests,
// with their reports.
var update = flag.Bool("update", false, "write the plans and events of the real Terraform, and their reports, as golden files")

// examples is where the report's own tests have them.
const examples = "../../report/testdata"

const (
	iface = `<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"><interface><name>eth0</name>` +
		`<type xmlns:ianaift="urn:ietf:params:xml:ns:yang:iana-if-type">ianaift:ethernetCsmacd</type>`
	ends = `</interface></interfaces>`
)

// blocks are what stands beside the modules: a check, an output and a resource
// of another provider, with secrets.
const blocks = `
check "agents" {
  assert {
    condition     = alltrue([for state in module.site["fra1"].agents : state == "available"])
    error_message = "An agent in fra1 is silent."
  }
}

output "token" {
  value     = "` + planted + `"
  sensitive = true
}

resource "terraform_data" "ticket" {
  input = { number = 4711, token = sensitive("` + planted + `") }
}

resource "terraform_data" "after" {
  input = terraform_data.ticket.id
}
`

const agents = `
output "agents" {
  value = { for name, h in zabbix_agent_host.this : name => h.agent_state }
}
`

func loopback(name string) string {
	return "interface lo\n description loopback of " + name + "\nexit\n"
}

// first wants everything to be made.
func (n *network) first() {
	n.want(`
      devices = {
        fra1-r1 = `+device("ip prefix-list CUSTOMERS seq 10 permit 198.51.100.0/24\nip prefix-list CUSTOMERS seq 20 permit 203.0.113.0/24\n"+loopback("fra1-r1"))+`
        fra1-n1 = `+device(iface+ends)+`
      }
      hosts = {
        fra1-r1 = {
          ip = "192.0.2.11", groups = ["Linux servers", "Sites/fra1"], templates = ["Linux by Zabbix agent"], tags = { site = ["fra1"] }
          macros = { "{$LIMIT}" = { value = "90" } }, secrets = { "{$TOKEN}" = "`+planted+`" }
        }
        fra1-old = { ip = "192.0.2.12", groups = ["Linux servers"], templates = ["ICMP Ping"], on_destroy = "delete" }
      }
    `, `
      devices = { muc1-r1 = `+device(loopback("muc1-r1"))+`, muc1-r2 = `+device(loopback("muc1-r2"))+` }
      hosts   = { muc1-r1 = { ip = "192.0.2.21", groups = ["Linux servers"], templates = ["Linux by Zabbix agent", "ICMP Ping"] } }
    `)
}

// changes wants a bit of everything, after others have changed a device and a
// host, and another device has gone off.
func (n *network) changes() {
	n.t.Helper()
	if err := n.Routers["muc1-r1"].Configure("interface lo\n description by hand\nexit\n"); err != nil {
		n.t.Fatal(err)
	}
	n.Routers["muc1-r2"].Server().Refuse()
	n.zabbix.ByHand(n.t, "host.update", map[string]any{"hostid": n.zabbix.Host("fra1-r1").ID, "tags": []any{
		map[string]any{"tag": "site", "value": "fra1"}, map[string]any{"tag": "owner", "value": "@netops"},
	}})
	n.Write("site/main.tf", site+agents)
	n.blocks = blocks
	n.want(`
      devices = {
        fra1-r1 = `+device("ip prefix-list CUSTOMERS seq 10 permit 198.51.100.0/24\ninterface lo\n description <b>core</b> & edge\nexit\n"+
		"router bgp 65001\n neighbor 10.0.0.2 remote-as 65002\n neighbor 10.0.0.2 password "+planted+"\nexit\n")+`
        fra1-n1 = `+device(iface+"<description>uplink</description>"+ends, "commit = false")+`
      }
      hosts = {
        fra1-r1 = {
          ip = "192.0.2.13", groups = ["Linux servers", "Sites/fra1"], templates = ["ICMP Ping"], tags = { site = ["fra1"], role = ["core"] }
          macros = { "{$LIMIT}" = { value = "95" } }, secrets = { "{$TOKEN}" = "`+planted+`-2" }
        }
      }
    `, `
      devices = { muc1-r1 = `+device(loopback("muc1-r1"))+`, muc1-r2 = `+device(loopback("muc1-r2"))+` }
      hosts = {
        muc1-r1 = { ip = "192.0.2.21", groups = ["Linux servers"], templates = ["Linux by Zabbix agent"] }
        muc1-r2 = { ip = "192.0.2.22", groups = ["Linux servers"], templates = ["Linux by Zabbix agent"] }
      }
    `)
}

// TestPlans lets the real Terraform make plans of all kinds, and the provider's
// binary their reports.
func TestPlans(t *testing.T) {
	n := newNetwork(t)
	n.first()
	n.expect("first", 2, "**7 to create.**", engine()+" `1.")
	n.script(0, "7 to create.")
	n.Must(0, "apply", "tfplan")
	n.expect("none", 0, "**No changes. What is intended is what is there.**")
	n.Env[0] = "PROVISION_RUN_ID=pipeline-4712"
	n.changes()
	n.expect("changes", 2, "**1 to delete, 5 to update, 3 to create, 1 held back, 1 not checked.**", "`NOT CHECKED: muc1-r2: open: ",
		"`muc1-r1: changed outside Terraform since run pipeline-4711`", "loses templates: ICMP Ping", "An agent in fra1 is silent.", "password <redacted>")
	n.run("pipeline-4712", "1 not checked, 7 planned.", "connection refused")
	n.Env[0] = "PROVISION_RUN_ID=pipeline-4711"
	n.Must(0, "apply", "-auto-approve", "tfplan")
	n.expect("destroy", 2, "is disabled and moved to the graveyard", "is forgotten; the device stays as it is", "-destroy")
	n.mistake()
	n.expect("failed", 1, "**The plan failed: it cannot be applied.", "fra1-r9", "- `fra1-r9: ")
	n.blocks = "locals {\n  broken = null.attribute\n}\noutput \"broken\" {\n  value = local.broken\n}"
	n.mistake()
	n.expect("invalid", 1, "**The plan failed: it cannot be applied.", "### Errors (")
	n.script(1, "Attempt to get attribute from null value")
	n.run("pipeline-4711", "8 applied", ">commit<", ">reconnect<", "alice", "router bgp 65001")
	if *update {
		n.keepEvents()
	}
}

// script runs the guide's own script, with the binary where init puts it.
func (n *network) script(code int, says string) {
	n.t.Helper()
	guide, err := os.ReadFile("../../../templates/guides/plan-report.md.tmpl")
	if err != nil {
		n.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(guide), "```sh\n")
	script, _, _ := strings.Cut(rest, "```")
	dir := filepath.Join(n.Workspace.Dir, ".terraform/providers/registry.terraform.io/netprovision/provision/1.0.0/linux_amd64")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		n.t.Fatal(err)
	}
	if err := os.Symlink(n.binary, filepath.Join(dir, "terraform-provider-provision_v1.0.0")); err != nil && !errors.Is(err, os.ErrExist) {
		n.t.Fatal(err)
	}
	cmd := exec.Command("bash", "-euc", script)
	cmd.Dir, cmd.Env = n.Workspace.Dir, append(n.Command().Env, n.asTerraform(), "CI_COMMIT_SHORT_SHA=3f2c1d9", "CI_PIPELINE_URL=https://ci.example.net/7")
	out, err := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code || !strings.Contains(n.Read("plan.md"), says) || !strings.Contains(n.Read("plan.html"), says) {
		n.t.Errorf("the guide's script: exit code %d, want %d (%v): %s\n%s", got, code, err, out, n.Read("plan.md"))
	}
}

// engine is what a report calls the engine of the tests.
func engine() string {
	if acctest.OpenTofu() {
		return "OpenTofu"
	}
	return "Terraform"
}

// asTerraform is a PATH on which the engine of the tests is terraform.
func (n *network) asTerraform() string {
	n.t.Helper()
	dir := n.t.TempDir()
	path, err := exec.LookPath(acctest.Engine())
	if err == nil {
		err = os.Symlink(path, filepath.Join(dir, "terraform"))
	}
	if err != nil {
		n.t.Fatal(err)
	}
	return "PATH=" + dir + string(os.PathListSeparator) + os.Getenv("PATH")
}

// mistake wants a device that the inventory does not have.
func (n *network) mistake() {
	n.want(`
      devices = { fra1-r1 = `+device(loopback("fra1-r1"))+`, fra1-r9 = `+device(loopback("fra1-r9"))+` }
      hosts   = {}
    `, `
      devices = {}
      hosts   = {}
    `)
}

// expect makes a plan and its reports, and compares them with the golden ones.
func (n *network) expect(name string, code int, says ...string) {
	n.t.Helper()
	var args []string
	if last := len(says) - 1; says[last] == "-destroy" {
		args, says = says[last:], says[:last]
	}
	if got := n.plan(args...); got != code {
		n.t.Fatalf("%s: terraform plan: exit code %d, want %d:\n%s", name, got, code, n.Read("plan.log"))
	}
	page, markdown := n.report()
	for _, text := range says {
		if !strings.Contains(markdown, text) {
			n.t.Errorf("%s: the Markdown does not say %q:\n%s", name, text, markdown)
		}
	}
	for what, text := range map[string]string{"page": page, "Markdown": markdown} {
		if strings.Contains(text, planted) {
			n.t.Errorf("%s: the secret is in the %s", name, what)
		}
	}
	n.golden(name+".md", same(markdown))
	if *update {
		n.keep(name+".json", strings.ReplaceAll(same(n.Read("plan.json")), planted, "planted-Secret"))
		n.keep(name+".log", strings.ReplaceAll(same(n.Read("plan.log")), planted, "planted-Secret"))
	}
}

// golden compares a text with a file of this package's testdata.
func (n *network) golden(name, got string) {
	n.t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			n.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		n.t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		n.t.Errorf("%s is not the golden one; if it shall be so: go test -update\n%s", name, diff)
	}
}

// keep writes an example for the report's own tests.
func (n *network) keep(name, text string) {
	n.t.Helper()
	if err := os.WriteFile(filepath.Join(examples, name), []byte(text), 0o644); err != nil {
		n.t.Fatal(err)
	}
}

// run makes the report of a run.
func (n *network) run(id string, says ...string) {
	n.t.Helper()
	cmd := exec.Command(n.binary, "report", "run", "-run-id", id, "-html", "run.html", "events.jsonl")
	cmd.Dir, cmd.Env = n.Workspace.Dir, n.Env
	if out, err := cmd.CombinedOutput(); err != nil {
		n.t.Fatalf("report run: %v: %s", err, out)
	}
	page := n.Read("run.html")
	_, verdict, _ := strings.Cut(page, `<div class="verdict`)
	verdict, _, _ = strings.Cut(verdict, "</div>")
	for _, text := range append(says, id) {
		if !strings.Contains(page, text) {
			n.t.Errorf("the page of %s does not say %q, but %q", id, text, verdict)
		}
	}
	if strings.Contains(page, planted) {
		n.t.Error("the secret is in the run's page")
	}
}

// keepEvents keeps those of the applies: of the reads and dry runs there are too
// many for an example.
func (n *network) keepEvents() {
	n.t.Helper()
	var kept strings.Builder
	for line := range strings.Lines(n.Read("events.jsonl")) {
		if strings.Contains(line, `"dry_run":false`) {
			kept.WriteString(line)
		}
	}
	n.keep("events.jsonl", kept.String())
}
