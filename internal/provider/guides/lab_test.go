//go:build lab

package guides_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// guide is a folder of examples/guides with the lab's addresses and logins, as
// a reader has it after having followed the text.
type guide struct {
	*acctest.Workspace
	lab acctest.Lab
	t   *testing.T
}

// newGuide copies the files of a guide. at says which router of the lab stands
// behind an address of the guide. Routers are put back at the end.
func newGuide(t *testing.T, name string, at map[string]string) *guide {
	t.Helper()
	g := &guide{Workspace: acctest.NewWorkspace(t, acctest.Binary(t)), lab: acctest.ReadLab(t), t: t}
	if err := os.CopyFS(g.Dir, os.DirFS(filepath.Join(root, "examples/guides", name))); err != nil {
		t.Fatal(err)
	}
	inventory := g.Read("inventory.yaml")
	for address, router := range at {
		g.lab.KeepRouter(t, router)
		n := g.lab.Node(t, router)
		was := "host: " + address + "\n"
		if !strings.Contains(inventory, was) {
			t.Fatalf("the inventory of the guide has no %s", address)
		}
		inventory = strings.ReplaceAll(inventory, was, "host: "+n.Host+"\n    port: "+strconv.Itoa(n.Port)+"\n")
	}
	g.Write("inventory.yaml", inventory)
	g.Write("known_hosts", read(t, filepath.Join(g.lab.Dir, "known_hosts")))
	// HOME of a workspace is its folder.
	if err := os.Mkdir(filepath.Join(g.Dir, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	g.Write(".ssh/id_ed25519", read(t, filepath.Join(g.lab.Dir, "id_ed25519")))
	return g
}

// plan expects an exit code of -detailed-exitcode and these texts.
func (g *guide) plan(code int, texts ...string) {
	g.t.Helper()
	g.says(g.Must(code, "plan", "-detailed-exitcode", "-out=tfplan"), texts...)
}

// says checks that an output has these texts.
func (g *guide) says(out string, texts ...string) {
	g.t.Helper()
	for _, text := range texts {
		if !strings.Contains(out, text) {
			g.t.Errorf("%q is not in:\n%s", text, out)
		}
	}
}

// apply applies the saved plan.
func (g *guide) apply(texts ...string) {
	g.t.Helper()
	g.says(g.Must(0, "apply", "tfplan"), texts...)
}

// running is what a router runs, as the guides tell people to read it.
func (g *guide) running(router string) string {
	g.t.Helper()
	return g.lab.Script(g.t, "", "exec", router, "vtysh", "-c", "show running-config no-header")
}

// runs checks that a router runs these lines, or does not.
func (g *guide) runs(router string, yes bool, lines ...string) {
	g.t.Helper()
	now := g.running(router)
	for _, l := range lines {
		if strings.Contains(now, l+"\n") != yes {
			g.t.Errorf("%s runs %q: %t, want %t:\n%s", router, l, !yes, yes, now)
		}
	}
}

// byHand configures a router without Terraform.
func (g *guide) byHand(router string, lines ...string) {
	g.t.Helper()
	args := []string{"exec", router, "vtysh", "-c", "configure terminal"}
	for _, l := range lines {
		args = append(args, "-c", l)
	}
	g.lab.Script(g.t, "", args...)
}

// edit replaces a text in a file of the guide.
func (g *guide) edit(name, old, text string) {
	g.t.Helper()
	was := g.Read(name)
	if !strings.Contains(was, old) {
		g.t.Fatalf("%s has no %q:\n%s", name, old, was)
	}
	g.Write(name, strings.Replace(was, old, text, 1))
}

// events are the steps that were not part of a dry run, up to now.
func (g *guide) events() []string {
	var steps []string
	for _, m := range regexp.MustCompile(`"dry_run":false,"step":"(\w+)"`).FindAllStringSubmatch(g.Read("events.jsonl"), -1) {
		steps = append(steps, m[1])
	}
	return steps
}

const (
	described = " description loopback of r1"
	byHand    = " description changed by hand"
)

func TestGuideFirstDevice(t *testing.T) {
	g := newGuide(t, "first-device", map[string]string{"192.0.2.11": "r1"})
	before := g.running("r1")
	g.plan(2, "1 to add", "ip prefix-list CUSTOMERS seq 10 permit 198.51.100.0/24", "@@ interface lo +"+described, "unmanaged_lines")
	if after := g.running("r1"); after != before {
		t.Errorf("a plan changed the router:\n%s", after)
	}
	g.apply("1 added")
	g.runs("r1", true, described, "ip prefix-list CUSTOMERS seq 20 permit 203.0.113.0/24", "ip route 198.51.100.0/24 Null0")
	g.plan(0, "No changes")
	if backups, err := filepath.Glob(filepath.Join(g.Dir, "backups/r1/*.backup")); err != nil || len(backups) != 1 {
		t.Errorf("backups %q %v", backups, err)
	}
	if got, want := strings.Join(g.events(), " "), "open lock settle stage compare backup commit reconnect verify confirm save check close discard unlock close finished"; got != want {
		t.Errorf("steps of the apply: %s\nwant: %s", got, want)
	}
	t.Run("change", g.change)
	t.Run("by hand", g.changedByHand)
	t.Run("mistake", g.mistake)
	t.Run("host key", g.unknownHostKey)
	g.says(g.Must(0, "destroy", "-auto-approve"), "1 destroyed")
	g.runs("r1", true, described)
}

func (g *guide) change(t *testing.T) {
	g = g.in(t)
	const old, next = "ip prefix-list CUSTOMERS seq 20 permit 203.0.113.0/24", "ip prefix-list CUSTOMERS seq 20 permit 192.0.2.0/24"
	g.edit("configs/r1.conf", old, next)
	g.plan(2, "- "+old+" + "+next, `diff_by = "client"`)
	g.apply("1 changed")
	g.runs("r1", true, next)
	g.runs("r1", false, old)
}

func (g *guide) changedByHand(t *testing.T) {
	g = g.in(t)
	g.byHand("r1", "interface lo", strings.TrimSpace(byHand))
	g.plan(2, "r1: changed outside Terraform since run", "@@ interface lo -"+byHand+" +"+described)
	g.apply("1 changed")
	g.runs("r1", true, described)
}

func (g *guide) mistake(t *testing.T) {
	g = g.in(t)
	g.edit("configs/r1.conf", "description", "descripton")
	g.says(g.Must(1, "plan"), "r1: stage failed", "line 3: % Unknown command", "State: not applied")
	g.edit("configs/r1.conf", "descripton", "description")
	g.plan(0)
}

func (g *guide) unknownHostKey(t *testing.T) {
	g = g.in(t)
	known := g.Read("known_hosts")
	g.Write("known_hosts", "")
	g.says(g.Must(1, "plan"), "unknown host key", "console", "r1: open failed")
	g.Write("known_hosts", known)
}

// in is the guide in a part of its test.
func (g *guide) in(t *testing.T) *guide {
	return &guide{Workspace: g.With(t), lab: g.lab, t: t}
}

// An import of devices that run what is intended writes the state only; from
// then on a device that changed after the plan is our own error.
func TestGuideImportRunningDevices(t *testing.T) {
	g := newGuide(t, "import-running-devices", map[string]string{"192.0.2.11": "r1", "192.0.2.12": "r2"})
	g.Env = append(g.Env, "PROVISION_EVENTS_FILE="+filepath.Join(g.Dir, "events.jsonl"))
	for _, r := range []string{"r1", "r2"} {
		g.byHand(r, "interface lo", "description loopback of "+r, "end", "write memory")
	}
	out := g.Must(2, "plan", "-detailed-exitcode", "-out=tfplan")
	g.says(out, "2 to import, 0 to add, 2 to change, 0 to destroy")
	if strings.Contains(out, "change_id") {
		t.Errorf("the plan of an import changes a device that runs what is intended:\n%s", out)
	}
	g.apply("2 imported, 0 added, 2 changed")
	if steps := g.events(); len(steps) > 0 {
		t.Errorf("an update of the state alone did more than look: %v", steps)
	}
	g.plan(0, "No changes")
	t.Run("drift", g.driftAfterImport)
	t.Run("stale plan", g.stalePlan)
	t.Run("stale plan of an import", g.staleImport)
	t.Run("stale plan of a create", g.staleCreate)
	t.Run("generated", g.generated)
}

func (g *guide) driftAfterImport(t *testing.T) {
	g = g.in(t)
	g.byHand("r1", "interface lo", strings.TrimSpace(byHand))
	g.plan(2, "r1: changed outside Terraform since run", "0 to add, 1 to change")
	g.apply("1 changed")
	g.runs("r1", true, described)
}

func (g *guide) stalePlan(t *testing.T) {
	g = g.in(t)
	g.edit("configs/r1.conf", "loopback of r1", "the new loopback of r1")
	g.plan(2, "0 to add, 1 to change")
	g.byHand("r1", "interface lo", strings.TrimSpace(byHand))
	g.refused()
	g.edit("configs/r1.conf", "the new loopback of r1", "loopback of r1")
	g.byHand("r1", "interface lo", strings.TrimSpace(described))
}

// refused applies the saved plan, which must end with the provider's own error
// and leave the router alone.
func (g *guide) refused() {
	g.t.Helper()
	out := g.Must(1, "apply", "tfplan")
	g.says(out, "r1: compare failed", "changed since the plan", "State: not applied")
	if strings.Contains(out, "inconsistent") {
		g.t.Errorf("Terraform's own message:\n%s", out)
	}
	g.runs("r1", true, byHand)
}

func (g *guide) staleImport(t *testing.T) {
	g = g.in(t)
	g.Must(0, "state", "rm", `provision_device.edge["r1"]`)
	g.plan(2, "1 to import")
	g.byHand("r1", "interface lo", strings.TrimSpace(byHand))
	g.refused()
	g.byHand("r1", "interface lo", strings.TrimSpace(described))
}

// What the guide says about a create: Terraform's own error, which carries
// change_id.
func (g *guide) staleCreate(t *testing.T) {
	g = g.in(t)
	imports := g.Read("imports.tf")
	g.Write("imports.tf", "")
	g.Must(0, "state", "rm", `provision_device.edge["r1"]`)
	g.plan(2, "1 to add")
	g.byHand("r1", "interface lo", strings.TrimSpace(byHand))
	g.says(g.Must(1, "apply", "tfplan"), "Provider produced inconsistent final plan", "if this differs at apply, something changed after the plan")
	g.runs("r1", true, byHand)
	g.byHand("r1", "interface lo", strings.TrimSpace(described))
	g.Write("imports.tf", imports)
}

func (g *guide) generated(t *testing.T) {
	g = g.in(t)
	g.Must(0, "state", "rm", "provision_device.edge", "data.provision_devices.edge")
	provider, _, _ := strings.Cut(g.Read("main.tf"), "data \"")
	g.Write("main.tf", provider)
	g.Write("imports.tf", "import {\n  to = provision_device.r1\n  id = \"r1\"\n}\n")
	g.says(g.Must(0, "plan", "-generate-config-out=generated.tf"), "1 to import, 0 to add, 1 to change")
	g.says(acctest.Unwrap(g.Read("generated.tf")), `config = null`, `name = "r1"`)
	g.Must(0, "apply", "-auto-approve")
	g.plan(0, "No changes")
}

func TestGuideMergeToReplace(t *testing.T) {
	g := newGuide(t, "merge-to-replace", map[string]string{"192.0.2.11": "r1"})
	const old = "ip prefix-list OLD seq 5 permit 192.0.2.0/24"
	g.byHand("r1", old, "end", "write memory")
	g.plan(2, "unmanaged_lines")
	g.apply("1 added")
	g.runs("r1", true, described, old)

	look := []string{"plan", "-var=replace_config=true", "-var=commit_changes=false"}
	g.says(g.Must(0, look...), "uncommitted_diff", "- hostname r1", "- no ipv6 forwarding", "- "+old, "are left alone")

	all := g.running("r1")
	g.Write("configs/r1.conf", all)
	g.plan(0, "No changes")
	if out := g.Must(0, look...); strings.Contains(out, "uncommitted_diff") {
		t.Errorf("the whole running configuration differs from itself:\n%s", out)
	}

	g.edit("configs/r1.conf", old+"\n", "")
	g.edit("configs/r1.conf", "no ipv6 forwarding\n", "")
	g.says(g.Must(0, look...), "uncommitted_diff = <<-EOT - no ipv6 forwarding - "+old+" EOT", "0 lines to add and 2 to remove")
	g.runs("r1", true, old)

	g.Write("configs/r1.conf", strings.Replace(all, old+"\n", "", 1))
	g.says(g.Must(0, "plan", "-var=replace_config=true", "-out=tfplan"), `"- `+old+`"`, `diff_by = "device"`)
	g.apply("1 changed")
	if now := g.running("r1"); lines(now) != lines(strings.Replace(all, old+"\n", "", 1)) {
		t.Errorf("the replace changed more than one line:\n%s\nbefore:\n%s", now, all)
	}
	g.says(g.Must(0, "plan", "-var=replace_config=true", "-detailed-exitcode"), "No changes")
}

// lines are the lines of a configuration that are no separators.
func lines(text string) string {
	return regexp.MustCompile(`(?m)^!\n`).ReplaceAllString(text, "")
}
