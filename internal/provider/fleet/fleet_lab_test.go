//go:build lab

package fleet_test

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const ams1 = "fleet/sites/ams1"

// Three sites with a state each, on real routers, NETCONF devices, a real Zabbix
// and a real PostgreSQL.
func TestFleet(t *testing.T) {
	r := newRig(t, "fleet")
	for _, name := range []string{"ams1", "fra1", "lon1"} {
		r.says(r.Must(0, site(name), "init", "-input=false"), `Successfully configured the backend "pg"`)
		r.says(r.Must(2, site(name), "plan", "-detailed-exitcode", "-out=tfplan"), "0 to change, 0 to destroy", "@@ host + "+name)
		r.Must(0, site(name), "apply", "tfplan")
		r.says(r.Must(0, site(name), "plan", "-detailed-exitcode"), "No changes")
	}
	for router, device := range map[string]string{"r1": "ams1-edge1", "r2": "ams1-edge2", "r3": "ams1-core1"} {
		r.describes(router, device)
	}
	r.says(r.Must(0, site("fra1"), "output", "addresses"), `"fra1-access1" = "module.site.provision_device.this[\"fra1-access1\"]"`)
	t.Run("state", r.states)
	t.Run("nightly", r.nightly)
	t.Run("canary", r.canary)
	t.Run("canary joins and leaves", r.joinsAndLeaves)
	t.Run("target", r.target)
	t.Run("max_failures", r.maxFailures)
	t.Run("guard rails", r.guardRails)
	t.Run("lock", r.lock)
	t.Run("backend down", r.backendDown)
	t.Run("site nobody knows", r.unknownSite)
}

// states: each site has a schema of its own, and its state knows no other.
func (r *rig) states(t *testing.T) {
	r = r.in(t)
	_, env := environment(t, "PROVISION_POSTGRES")
	conn := strings.Replace(env["PG_CONN_STR"], "/postgres?", "/fleet?", 1)
	if got := sql(t, conn, "select schema_name from information_schema.schemata where schema_name like '___1' order by 1"); got != "ams1\nfra1\nlon1\n" {
		t.Errorf("schemas: %q", got)
	}
	if list := r.Must(0, site("lon1"), "state", "list"); strings.Contains(list, "ams1") || !strings.Contains(list, `module.site.zabbix_agent_host.device["lon1-access1"]`) {
		t.Errorf("the state of lon1: %s", list)
	}
}

// nightly: drift is a warning that names the device, and an exit code.
func (r *rig) nightly(t *testing.T) {
	r = r.in(t)
	if out := r.Must(0, site("ams1"), "plan", "-detailed-exitcode", "-var=nightly=true"); strings.Contains(out, "Check block assertion failed") {
		t.Errorf("drift where there is none:\n%s", out)
	}
	r.lab.Script(t, "", "exec", "r2", "vtysh", "-c", "configure terminal", "-c", "interface lo", "-c", "description by hand")
	r.says(r.Must(2, site("ams1"), "plan", "-detailed-exitcode", "-var=nightly=true"),
		"Check block assertion failed", "ams1 differs from the source of truth: ams1-edge2. The plan shows how", "1 to change")
	r.Must(0, site("ams1"), "apply", "-auto-approve")
	r.describes("r2", "ams1-edge2")
}

// canary: it fails, and the others are as they were. Once it is mended all of
// them follow.
func (r *rig) canary(t *testing.T) {
	r = r.in(t)
	all := []string{"ams1-edge1", "ams1-edge2", "ams1-core1"}
	r.intend("two", all...)
	r.cutsOff("ams1-edge1", "r1")
	before := r.running("r1") + r.running("r2") + r.running("r3")
	r.says(r.Must(2, site("ams1"), "plan", "-detailed-exitcode", "-var=confirm_timeout=10s", "-out=tfplan"), "3 to change")
	out := r.Must(1, site("ams1"), "apply", "tfplan")
	r.says(out, "ams1-edge1: commit failed", "State: reverted", "module.site.provision_device.canary")
	if strings.Contains(out, `provision_device.this["ams1-edge2"]: Modifying`) || strings.Contains(out, `provision_device.this["ams1-core1"]: Modifying`) {
		t.Errorf("another device was begun:\n%s", out)
	}
	if after := r.running("r1") + r.running("r2") + r.running("r3"); after != before {
		t.Errorf("the routers are not as before:\n%s\nbefore:\n%s", after, before)
	}
	r.intend("two", all...)
	r.says(r.Must(0, site("ams1"), "apply", "-auto-approve"), "0 added, 3 changed, 0 destroyed")
	r.describes("r1", "two of ams1-edge1")
	r.describes("r3", "two of ams1-core1")
	r.Must(0, site("ams1"), "plan", "-detailed-exitcode")
}

// joinsAndLeaves: with a moved block the state goes along; without one the
// device is forgotten and taken up again. The device notices neither.
func (r *rig) joinsAndLeaves(t *testing.T) {
	r = r.in(t)
	moved := read(t, filepath.Join(examples, "guides/guard-rails/moved.tf"))
	before := r.running("r3")
	r.edit(ams1+"/main.tf", `["ams1-edge1"]`, `["ams1-edge1", "ams1-core1"]`)
	r.Write(ams1+"/moved.tf", moved)
	out := r.Must(0, site("ams1"), "apply", "-auto-approve")
	r.says(out, `(moved from module.site.provision_device.this["ams1-core1"])`, "0 added, 1 changed, 0 destroyed")
	r.edit(ams1+"/main.tf", `["ams1-edge1", "ams1-core1"]`, `["ams1-edge1"]`)
	r.Write(ams1+"/moved.tf", "")
	r.says(r.Must(0, site("ams1"), "apply", "-auto-approve"), "1 added, 0 changed, 1 destroyed")
	if after := r.running("r3"); after != before {
		t.Errorf("the router noticed:\n%s\nbefore:\n%s", after, before)
	}
	r.Must(0, site("ams1"), "plan", "-detailed-exitcode")
}

// target: one device of a site takes the canary along, and nothing else.
func (r *rig) target(t *testing.T) {
	r = r.in(t)
	const one = `-target=module.site.provision_device.this["ams1-core1"]`
	r.intend("five", "ams1-core1", "ams1-edge2")
	r.says(r.Must(0, site("ams1"), "plan", one), "1 to change", "five of ams1-core1")
	r.intend("five", "ams1-edge1")
	r.says(r.Must(0, site("ams1"), "plan", one), "2 to change", "five of ams1-edge1")
	r.intend("two", "ams1-edge1", "ams1-edge2", "ams1-core1")
}

// maxFailures: without a canary the first device that fails stops the rest.
func (r *rig) maxFailures(t *testing.T) {
	r = r.in(t)
	r.intend("three", "ams1-edge2", "ams1-core1")
	r.cutsOff("ams1-edge2", "r2")
	r.cutsOff("ams1-core1", "r3")
	before := r.running("r2") + r.running("r3")
	out := r.Must(1, site("ams1"), "apply", "-auto-approve", "-parallelism=1", "-var=confirm_timeout=10s")
	r.says(out, "commit failed", "State: reverted", "(max_failures = 1)")
	if n := strings.Count(out, "State: reverted"); n != 1 {
		t.Errorf("%d devices were tried:\n%s", n, out)
	}
	if after := r.running("r2") + r.running("r3"); after != before {
		t.Errorf("the routers are not as before:\n%s\nbefore:\n%s", after, before)
	}
	r.intend("two", "ams1-edge2", "ams1-core1")
	r.Must(0, site("ams1"), "apply", "-auto-approve")
}

// guardRails: what is there is imported into the module, and what is to be kept
// is not destroyed by an oversight.
func (r *rig) guardRails(t *testing.T) {
	r = r.in(t)
	r.Must(0, site("ams1"), "state", "rm", `module.site.provision_device.this["ams1-edge2"]`, `module.site.zabbix_agent_host.virtual_machine["ams1-web1"]`)
	for _, name := range []string{"imports.tf", "kept.tf"} {
		r.Write(ams1+"/"+name, read(t, filepath.Join(examples, "guides/guard-rails", name)))
	}
	r.says(r.Must(0, site("ams1"), "apply", "-auto-approve"), "2 imported, 1 added")
	r.Must(0, site("ams1"), "plan", "-detailed-exitcode")
	r.says(r.Must(1, site("ams1"), "plan", "-destroy"), "Instance cannot be destroyed", "zabbix_agent_host.ups")
	r.Must(0, site("ams1"), "state", "rm", "zabbix_agent_host.ups")
	for _, name := range []string{"imports.tf", "kept.tf"} {
		r.Write(ams1+"/"+name, "")
	}
	r.Must(0, site("ams1"), "plan", "-detailed-exitcode")
}

// holding starts an apply of ams1 that holds the lock: it waits for an answer.
func (r *rig) holding() (kill func()) {
	r.t.Helper()
	cmd := r.Command(site("ams1"), "apply")
	answer, err := cmd.StdinPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	said, err := cmd.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = answer.Close() })
	for reader, seen := bufio.NewReader(said), ""; !strings.Contains(seen, "Enter a value:"); {
		b, err := reader.ReadByte()
		if err != nil {
			r.t.Fatalf("the apply does not ask: %v: %s", err, seen)
		}
		seen += string(b)
	}
	return func() {
		if err := cmd.Process.Kill(); err != nil {
			r.t.Error(err)
		}
		_ = cmd.Wait() // killed
	}
}

// lock: a second run is refused, and the database tells who holds it; another
// site is not concerned. A killed run leaves no lock.
func (r *rig) lock(t *testing.T) {
	r = r.in(t)
	r.intend("three", "ams1-edge2")
	kill := r.holding()
	out := r.Must(1, site("ams1"), "plan")
	r.says(out, "Error acquiring the state lock", "Workspace is already locked: default")
	_, env := environment(t, "PROVISION_POSTGRES")
	holder := "select a.pid, a.client_addr, a.backend_start from pg_locks l join pg_stat_activity a using (pid) where l.locktype = 'advisory'"
	if rows := sql(t, env["PG_CONN_STR"], holder); strings.Count(rows, "\n") != 1 || !strings.Contains(rows, "|127.0.0.1|") {
		t.Errorf("the lock is held by %q", rows)
	}
	if page := read(t, filepath.Join(root, "templates/guides/modules-and-fleet.md.tmpl")); !strings.Contains(page, holder) {
		t.Error("the guide tells another way to find who holds the lock")
	}
	r.Must(0, site("fra1"), "plan", "-detailed-exitcode")
	kill()
	r.says(r.Must(2, site("ams1"), "plan", "-detailed-exitcode", "-lock-timeout=30s"), "1 to change")
	r.intend("two", "ams1-edge2")
	r.Must(0, site("ams1"), "plan", "-detailed-exitcode")
}

// backendDown: the database dies while a router is being changed. The state is
// in a file; pushed, it is the truth.
func (r *rig) backendDown(t *testing.T) {
	r = r.in(t)
	r.intend("four", "ams1-edge1")
	cmd := r.Command(site("ams1"), "apply", "-auto-approve")
	out, err := runUntil(t, cmd, `canary["ams1-edge1"]: Modifying...`, func() { r.script("kill") })
	if err == nil {
		t.Fatalf("an apply without its backend succeeded:\n%s", out)
	}
	r.says(out, "Failed to save state", "errored.tfstate")
	r.describes("r1", "four of ams1-edge1")
	r.says(r.Must(1, site("ams1"), "plan"), "connection refused")
	r.script("start")
	r.Must(0, site("ams1"), "state", "push", "errored.tfstate")
	if err := os.Remove(filepath.Join(r.Dir, ams1, "errored.tfstate")); err != nil {
		t.Error(err)
	}
	r.says(r.Must(0, site("ams1"), "plan", "-detailed-exitcode"), "No changes")
}

// unknownSite: a mistyped site is an error, not a plan to forget everything.
func (r *rig) unknownSite(t *testing.T) {
	r = r.in(t)
	r.edit(ams1+"/main.tf", `site = "ams1"`, `site = "ams2"`)
	r.says(r.Must(1, site("ams1"), "plan"), "No device matches", "No virtual machine matches")
	r.edit(ams1+"/main.tf", `site = "ams2"`, `site = "ams1"`)
	r.edit(ams1+"/main.tf", `["ams1-edge1"]`, `["ams1-edge9"]`)
	r.says(r.Must(1, site("ams1"), "plan"), "has the name ams1-edge9: correct canary")
}

// The same module by for_each over sites, in one state.
func TestSeveralSites(t *testing.T) {
	r := newRig(t, "several")
	const small = "fleet/sites/small"
	if err := os.MkdirAll(filepath.Join(r.Dir, small), 0o700); err != nil {
		t.Fatal(err)
	}
	r.Write(small+"/main.tf", read(t, filepath.Join(examples, "guides/several-sites/main.tf")))
	r.Write(small+"/provider.tf", r.Read(ams1+"/provider.tf"))
	r.Must(0, site("small"), "init", "-input=false")
	r.Must(2, site("small"), "plan", "-detailed-exitcode", "-out=tfplan")
	r.Must(0, site("small"), "apply", "tfplan")
	r.says(r.Must(0, site("small"), "plan", "-detailed-exitcode"), "No changes")
	list := r.Must(0, site("small"), "state", "list")
	if got := len(regexp.MustCompile(`module\.site\["(fra1|lon1)"\]\.(provision_device\.this|zabbix_agent_host\.device|zabbix_agent_host\.virtual_machine)\[`).FindAllString(list, -1)); got != 5 {
		t.Errorf("%d objects are in the state: %s", got, list)
	}
}
