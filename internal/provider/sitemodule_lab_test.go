//go:build lab

package provider_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device/devicetest"
	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// siteOf is a site of a real source of truth: routers of the lab, the first of
// which is the canary, and the objects of a hostCase.
type siteOf struct {
	name, source string // of the site, of the provider's attribute
	zabbix       string // the variable that leads to the Zabbix
	routers      []string
	router       func(*testing.T, acctest.Node) truthCase
	hosts        func(*testing.T) hostCase
}

// TestLabSiteModule uses the module for a site of a real NetBox and one of a real
// Nautobot, with real routers behind a jump host and a real Zabbix each; and has the
// agent of a machine fall silent.
func TestLabSiteModule(t *testing.T) {
	for name, s := range map[string]siteOf{
		"NetBox":   {truthSite, "netbox", "PROVISION_ZABBIX_70", []string{"r1", "r2"}, netboxCase, netboxHosts},
		"Nautobot": {"ams", "nautobot", "PROVISION_ZABBIX_60", []string{"r3"}, nautobotCase, nautobotHosts},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it waits for what Zabbix thinks of an agent
			b := newSite(t, s)
			b.lives()
			if name == "NetBox" {
				b.fallsSilent()
			}
		})
	}
}

// siteBed is a root with the module.
type siteBed struct {
	*acctest.Workspace
	siteOf

	t      *testing.T
	lab    acctest.Lab
	truths map[string]truthCase
	hosts  hostCase
	store  *zabbix.Store
	// silence ends the agent of the virtual machine.
	silence func()
}

// newSite fills the source of truth and writes the root.
func newSite(t *testing.T, s siteOf) *siteBed {
	t.Helper()
	b := &siteBed{
		Workspace: acctest.NewWorkspace(t, acctest.Binary(t)), siteOf: s, t: t, lab: acctest.ReadLab(t),
		truths: map[string]truthCase{}, hosts: s.hosts(t),
	}
	for _, r := range s.routers {
		b.lab.KeepRouter(t, r)
		b.truths[r] = s.router(t, b.lab.Node(t, r))
	}
	env := serverEnv(t, s.zabbix)
	client, err := api.New(api.Config{URL: env["ZABBIX_URL"], Username: env["ZABBIX_USER"], Password: env["ZABBIX_PASSWORD"]})
	if err != nil {
		t.Fatal(err)
	}
	b.store = zabbix.NewStore(client, zabbix.StoreOptions{})
	b.silence = anAgent(t, s.zabbix, env["ZABBIX_AGENT_PORT"])
	block, _ := strings.CutPrefix(b.hosts.block, s.source+" = ")
	b.Config(throughTheDoor(t, b.lab, map[string]string{s.source: block, "zabbix": zabbixAttribute(env)}), b.module())
	b.Must(0, "get")
	t.Cleanup(func() { b.Must(0, "destroy", "-auto-approve") })
	return b
}

// zabbixAttribute is the attribute zabbix, with rules that give the agent's items to
// nobody: the virtual machine has them of its own.
func zabbixAttribute(env map[string]string) string {
	const rule = `[{ name = "any", default = true, templates = ["ICMP Ping"], host_groups = ["Truth"] }]`
	return fmt.Sprintf(`{
    url = %q
    username = %q
    password = %q
    create_host_groups = true
    defaults = { on_destroy = "delete", use = "ip", agent_port = %s }
    mappings = { devices = %s, virtual_machines = %s }
  }`, env["ZABBIX_URL"], env["ZABBIX_USER"], env["ZABBIX_PASSWORD"], env["ZABBIX_AGENT_PORT"], rule, rule)
}

// module is the root's call of the module, as its page shows it.
func (b *siteBed) module() string {
	b.t.Helper()
	path, err := filepath.Abs("../../examples/modules/site")
	if err != nil {
		b.t.Fatal(err)
	}
	return fmt.Sprintf(`
variable "nightly" {
  type    = bool
  default = false
}

module "site" {
  source = %q

  site             = %q
  canary           = [%q]
  devices          = { platforms = ["frr"] }
  virtual_machines = { tags = [%q] }
  nightly          = var.nightly
}

output "hosts" {
  value = module.site.hosts
}
`, path, b.name, b.routers[0], truthTag)
}

// anAgent starts a real agent on the virtual machine's address; end ends it.
func anAgent(t *testing.T, server, port string) (end func()) {
	t.Helper()
	conf := acctest.File(t, "agent.conf", fmt.Sprintf(
		"Hostname=%s\nServer=127.0.0.1\nListenIP=%s\nListenPort=%s\nLogType=console\nAllowRoot=1\nPidFile=%s\n",
		truthMachine, truthVMIP, port, filepath.Join(t.TempDir(), "agent.pid")))
	cmd := exec.Command(filepath.Join(os.Getenv(server), "zabbix_agentd"), "-f", "-c", conf)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end = func() {
		_ = cmd.Process.Signal(os.Interrupt) // it ends its children
		_ = cmd.Wait()
	}
	t.Cleanup(end)
	return end
}

// intends gives each router a description of its own loopback.
func (b *siteBed) intends(words string) {
	for name, truth := range b.truths {
		truth.intend("interface lo\n description " + words + " of " + name + "\nexit\n")
	}
}

// run checks what the routers run.
func (b *siteBed) run(words string) {
	b.t.Helper()
	for _, r := range b.routers {
		says(b.t, b.lab.Script(b.t, "", "exec", r, "vtysh", "-c", "show running-config"), "description "+words+" of "+r)
	}
}

// thinks waits until Zabbix thinks so of the virtual machine's agent.
func (b *siteBed) thinks(of zabbix.Availability) {
	b.t.Helper()
	var last string
	if !devicetest.Eventually(b.t, 3*time.Minute, func() bool {
		h, err := b.store.FreshByName(b.t.Context(), truthMachine)
		if last = fmt.Sprintf("%+v, %v", h, err); h != nil {
			last = fmt.Sprintf("%+v", h.Agent)
		}
		return err == nil && h != nil && h.Agent != nil && h.Agent.Available == of
	}) {
		b.t.Fatalf("Zabbix does not think %v of the agent: %s", of, last)
	}
}

// lives is a life of the site: made, and found as it is.
func (b *siteBed) lives() {
	b.t.Helper()
	b.intends("first")
	plan := b.Must(2, "plan", "-detailed-exitcode", "-out=saved.plan")
	for i, r := range b.routers {
		says(b.t, plan, "+ description first of "+r, fmt.Sprintf("module.site.provision_device.%s[", []string{"canary", "this", "this"}[i]))
	}
	says(b.t, plan, fmt.Sprintf("Plan: %d to add, 0 to change", 2*len(b.routers)+1), "module.site.zabbix_agent_host.virtual_machine[")
	b.Must(0, "apply", "saved.plan")
	b.run("first")
	b.Must(0, "plan", "-detailed-exitcode")
	h, err := b.store.FreshByName(b.t.Context(), truthMachine)
	if err != nil || h == nil || fmt.Sprint(b.hosts.hostID("virtual_machine")) != h.ID {
		b.t.Fatalf("Zabbix has %+v (%v), the source of truth %v", h, err, b.hosts.hostID("virtual_machine"))
	}
}

// fallsSilent: a nightly plan warns of what it found, and of nothing else. Meanwhile
// the site is changed, since Zabbix gives an agent 45 seconds.
func (b *siteBed) fallsSilent() {
	b.t.Helper()
	b.thinks(zabbix.Up)
	const warning = "do not answer"
	if out := b.Must(0, "plan", "-detailed-exitcode", "-var=nightly=true"); strings.Contains(out, warning) || strings.Contains(out, "differs from") {
		b.t.Errorf("a warning where all is well:\n%s", out)
	}
	b.silence()
	b.intends("second")
	says(b.t, b.Must(2, "plan", "-detailed-exitcode", "-var=nightly=true"), "Warning: Check block assertion failed",
		b.name+" differs from the source of truth: "+strings.Join(b.routers, ", ")+".", fmt.Sprintf("0 to add, %d to change", len(b.routers)))
	b.Must(0, "apply", "-auto-approve")
	b.run("second")
	b.Must(0, "plan", "-detailed-exitcode")
	b.thinks(zabbix.Down)
	says(b.t, b.Must(0, "plan", "-detailed-exitcode", "-var=nightly=true"), "Warning: Check block assertion failed",
		"Agents of "+b.name+" do not answer: "+truthMachine+". Look at the host's interface in Zabbix")
}
