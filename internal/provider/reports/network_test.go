package reports_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

// planted is a secret: no report may have it.
const planted = "planted-Report-secret"

// site is a module that is used once for each site.
const site = `
terraform {
  required_providers {
    provision = { source = "netprovision/provision" }
  }
}

variable "devices" { type = any }
variable "hosts" { type = any }

resource "provision_device" "this" {
  for_each       = var.devices
  name           = each.key
  config         = each.value.config
  commit_changes = try(each.value.commit, true)
  on_unreachable = "skip"
}

resource "zabbix_agent_host" "this" {
  provider    = provision
  for_each    = var.hosts
  host        = each.key
  interface   = { ip = each.value.ip }
  host_groups = each.value.groups
  templates   = each.value.templates
  tags        = try(each.value.tags, {})
  macros      = try(each.value.macros, {})
  on_destroy  = try(each.value.on_destroy, "graveyard")
  manage      = { tags = "exclusive" }

  secret_macros = try(each.value.secrets, {})
}
`

// network is two sites on simulators and a workspace that provisions them.
type network struct {
	*acctest.Workspace
	acctest.Simulated
	t      *testing.T
	binary string
	zabbix *zabbixtest.Server
	// blocks stand beside the modules.
	blocks string
}

// newNetwork starts the devices and the Zabbix.
func newNetwork(t *testing.T) *network {
	t.Helper()
	binary := acctest.Binary(t)
	routers := map[string]string{}
	for i, name := range []string{"fra1-r1", "muc1-r1", "muc1-r2"} {
		routers[name] = fmt.Sprintf("frr version 8.4.4\nfrr defaults traditional\nhostname %s\nservice integrated-vtysh-config\n!\n"+
			"ip prefix-list OLD seq 5 permit 192.0.2.0/24\n!\ninterface lo\n ip address 10.0.0.%d/32\nexit\n!\nend\n", name, i+1)
	}
	n := &network{
		Workspace: acctest.NewWorkspace(t, binary), binary: filepath.Join(binary, "terraform-provider-provision"), t: t,
		Simulated: acctest.Simulate(t, routers, map[string]string{"fra1-n1": ""}), zabbix: zabbixtest.New(t, zabbixtest.Options{}),
	}
	n.Env = []string{"PROVISION_RUN_ID=pipeline-4711", "PROVISION_ACTOR=alice"}
	if err := os.Mkdir(filepath.Join(n.Workspace.Dir, "site"), 0o700); err != nil {
		t.Fatal(err)
	}
	n.Write("site/main.tf", site)
	return n
}

// want writes the configuration of the two sites, whose arguments are given.
func (n *network) want(fra1, muc1 string) {
	n.t.Helper()
	n.Config(n.Provider(n.t, map[string]string{
		"zabbix":      fmt.Sprintf("{ url = %q, username = %q, password = %q, create_host_groups = true }", n.zabbix.URL(), zabbixtest.AdminUser, zabbixtest.AdminPassword),
		"events_file": `"events.jsonl"`,
		"ssh":         fmt.Sprintf("{ known_hosts = [%q], connect_timeout = \"30s\" }", filepath.Join(n.Simulated.Dir, "known_hosts")),
	}), n.blocks, fmt.Sprintf("module \"site\" {\n  source = \"./site\"\n  for_each = {\n    fra1 = {%s}\n    muc1 = {%s}\n  }\n"+
		"  devices = each.value.devices\n  hosts = each.value.hosts\n}\n", fra1, muc1))
}

// plan makes a plan and writes plan.json and plan.log; it gives the exit code of
// Terraform.
func (n *network) plan(args ...string) int {
	n.t.Helper()
	if n.Workspace.Read("terraform.tfstate") == "" {
		n.Must(0, "get")
	}
	if err := os.Remove(filepath.Join(n.Workspace.Dir, "tfplan")); err != nil && !errors.Is(err, os.ErrNotExist) {
		n.t.Fatal(err) // a plan that fails early would leave it
	}
	cmd := n.Command(append([]string{"plan", "-json", "-detailed-exitcode", "-out=tfplan"}, args...)...)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		n.t.Fatal(err)
	}
	n.Write("plan.log", string(out))
	code := cmd.ProcessState.ExitCode()
	n.Write("plan.json", "")
	if raw, err := n.Command("show", "-json", "tfplan").Output(); err == nil {
		n.Write("plan.json", string(raw))
	}
	return code
}

// report runs the provider's own binary on what plan has written, and gives the
// two reports.
func (n *network) report(args ...string) (page, markdown string) {
	n.t.Helper()
	cmd := exec.Command(n.binary, append([]string{
		"report", "plan", "-title", "Core network", "-commit", "3f2c1d9", "-log", "plan.log", "-html", "plan.html", "-markdown", "plan.md",
		"-device-url", "https://netbox.example.net/dcim/devices/?name={name}",
	}, args...)...)
	cmd.Dir, cmd.Env, cmd.Stdin = n.Workspace.Dir, n.Env, strings.NewReader(n.Read("plan.json"))
	if out, err := cmd.CombinedOutput(); err != nil {
		n.t.Fatalf("report plan: %v: %s", err, out)
	}
	return n.Read("plan.html"), n.Read("plan.md")
}

// device is an HCL object of a device of a site.
func device(config string, more ...string) string {
	return "{ config = " + acctest.Quote(config) + strings.Join(append([]string{""}, more...), ", ") + " }"
}

// same is a report in which what differs from run to run is always the same:
// ports, ids, times, fingerprints and the engine.
func same(text string) string {
	for _, r := range []struct{ pattern, with string }{
		{`127\.0\.0\.1:\d+`, "127.0.0.1:10022"},
		{`("port":\s*)[2-6]\d{4}`, "${1}10022"},
		{`hostid \d+`, "hostid 10084"},
		{`hostids%5B%5D=\d+`, "hostids%5B%5D=10084"},
		{`("id":\s*)"101\d\d"`, `${1}"10084"`},
		{`\b[0-9a-f]{64}\b`, strings.Repeat("0", 64)},
		{`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}`, "00000000-0000-4000-8000-000000000000"},
		{`running [0-9a-f]{4}, intent [0-9a-f]{4}`, "running 0000, intent 0000"},
		{`20\d\d-\d\d-\d\dT[0-9:.]+(Z|[-+][0-9:]+)`, "2026-01-02T03:04:05Z"},
		{"(Terraform|OpenTofu) `1\\.[0-9.]+`", "Terraform `1.11.4`"},
		{`/[^" ]*/Test\w+/\d+`, "/net"},
	} {
		text = regexp.MustCompile(r.pattern).ReplaceAllString(text, r.with)
	}
	return text
}
