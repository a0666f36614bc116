//go:build lab

package provider_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// hub is a repository at GitHub with the workflow that people copy. Act knows no
// environments, so that no run waits for a reviewer before its last job: up to the
// plan is what happens without one, and all of it what happens with one.
type hub struct {
	*acctest.Act
	t   *testing.T
	dir string
}

// newHub makes one of a folder that has sites and scripts.
func newHub(t *testing.T, dir string, secrets, vars, env map[string]string) *hub {
	t.Helper()
	copyInto(t, filepath.Join(dir, ".github/workflows"), "../../examples/ci/github")
	sitesInTheRoot(t, filepath.Join(dir, ".github/workflows/one-object.yml"))
	h := &hub{Act: acctest.NewAct(t, "../..", secrets, vars, env), t: t, dir: dir}
	acctest.Git(h.t, h.dir, "init", "--quiet", "--initial-branch=main")
	acctest.Git(h.t, h.dir, "remote", "add", "origin", "https://github.com/network/provision")
	h.commit()
	return h
}

func (h *hub) commit() {
	h.t.Helper()
	acctest.Git(h.t, h.dir, "add", "--all")
	acctest.Git(h.t, h.dir, "commit", "--quiet", "--message=change")
}

// run starts the workflow as ann, and gives what it said.
func (h *hub) run(well bool, e event, more ...string) string {
	h.t.Helper()
	h.forget()
	return acctest.Ends(h.t, h.started(e, more...), well)
}

// started is a run of the workflow that does not run yet.
func (h *hub) started(e event, more ...string) *exec.Cmd {
	h.t.Helper()
	inputs := map[string]string{}
	for name, v := range e {
		inputs[strings.ToLower(name)] = v
	}
	payload := map[string]any{"ref": "refs/heads/main", "inputs": inputs}
	return h.Command(h.t, h.dir, "one-object.yml", "workflow_dispatch", payload, append(more, "--actor", "ann")...)
}

// forget takes away what an earlier run has left: a run downloads its own only.
func (h *hub) forget() {
	h.t.Helper()
	left, err := filepath.Glob(filepath.Join(h.Artifacts, "provision-run-*"))
	if err != nil {
		h.t.Fatal(err)
	}
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			h.t.Fatal(err)
		}
	}
}

// variables are those of an environment but some.
func variables(env []string, without ...string) map[string]string {
	all := map[string]string{}
	for _, kv := range env {
		name, value, _ := strings.Cut(kv, "=")
		all[name] = value
	}
	for _, name := range without {
		delete(all, name)
	}
	return all
}

// GitHub runs one object: by hand, by the button, by a hook.
func TestLabStartGitHub(t *testing.T) {
	j := newJobs(t)
	copyInto(t, filepath.Join(j.dir, "ci/scripts"), "../../examples/ci/scripts")
	for _, site := range []string{"ams", "fra"} {
		if err := os.WriteFile(filepath.Join(j.dir, "sites", site, "main.tf"), []byte("# nothing\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// The minute that a hook waits is written down, and is over.
	if err := os.WriteFile(filepath.Join(j.fake, "sleep"), []byte("#!/bin/sh\necho \"slept $*\" >>\"$FAKE/calls\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	j.answers("/api/dcim/devices/", `{"results":[{"id":12,"name":"$(touch $FAKE/x)","site":{"slug":"ams","name":"Amsterdam"}}]}`)
	env := variables(j.env)
	t.Setenv("PATH", env["PATH"]) // act's and its steps'
	h := newHub(t, j.dir, map[string]string{"PROVISION_NETBOX_TOKEN": env["PROVISION_NETBOX_TOKEN"], "PLAN_PASSPHRASE": passphrase},
		map[string]string{"PROVISION_NETBOX_URL": env["PROVISION_NETBOX_URL"]}, map[string]string{"FAKE": j.fake})
	h.pressed(j)
	h.hooked(j)
	// A failed plan fails the run, and nothing can be applied.
	says(t, h.run(false, event{"KIND": "device", "OBJECT_ID": "13"}), "NetBox has no device 13")
	h.applied(j, 2)
	if _, err := os.Stat(filepath.Join(j.fake, "x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a name was run as a command: %v", err)
	}
}

// applied checks how many plans were applied so far.
func (h *hub) applied(j *jobs, want int) {
	h.t.Helper()
	if n := strings.Count(j.calls(), "\napplied"); n != want {
		h.t.Fatalf("applied %d times, want %d: %s", n, want, j.calls())
	}
}

// pressed: a press of the button is planned, and applied once a person agrees.
func (h *hub) pressed(j *jobs) {
	h.t.Helper()
	button := event{"KIND": "device", "OBJECT_ID": "12", "TRIGGER": "button", "ACTOR": "mallory"}
	says(h.t, h.run(true, button, "--job", "plan"), "It waits for a person")
	says(h.t, j.calls(), "button/ann: -chdir=sites/ams plan") // not whom the form names
	if strings.Contains(j.calls(), "slept") {
		h.t.Errorf("a button waits for others: %s", j.calls())
	}
	h.applied(j, 0)
	left := filepath.Join(h.Artifacts, "provision-run-ams")
	says(h.t, j.read(left, "result.json"), `"pending": true`, `"site": "ams"`)
	says(h.t, j.read(left, "tfplan.enc"), "Salted__")
	if j.read(left, "report.md") == "" || j.read(left, "tfplan") != "" {
		h.t.Error("the artifacts have no report, or the plan in clear")
	}
	h.run(true, button)
	says(h.t, j.calls(), "button/ann: -chdir=sites/ams apply")
	h.applied(j, 1)
}

// hooked: a hook waits for others of its site, and for a person unless the file
// says that the site's updates are applied at once.
func (h *hub) hooked(j *jobs) {
	h.t.Helper()
	hook := event{"KIND": "device", "OBJECT_ID": "12", "TRIGGER": "hook", "ACTOR": "bob", "EVENT_TIME": time.Now().UTC().Format(time.RFC3339), "CHANGED": "name"}
	says(h.t, h.run(true, hook, "--job", "plan"), "It waits for a person")
	says(h.t, j.calls(), "slept 60\n", "hook/bob: -chdir=sites/ams plan")
	h.applied(j, 1)
	file := filepath.Join(h.dir, ".github/workflows/one-object.yml")
	if err := os.WriteFile(file, []byte(strings.Replace(j.read(file), `AUTO_APPLY: ""`, `AUTO_APPLY: "ams"`, 1)), 0o600); err != nil {
		h.t.Fatal(err)
	}
	h.commit()
	hook["EVENT_TIME"] = time.Now().Add(time.Second).UTC().Format(time.RFC3339) // another change
	says(h.t, h.run(true, hook), "It is applied at once")
	says(h.t, j.calls(), "hook/bob: -chdir=sites/ams apply")
	h.applied(j, 2)
}

// GitHub runs a press of the button on the page of a real NetBox, for a real router.
func TestLabStartGitHubNetBox(t *testing.T) {
	w, lab := netboxStarts(t), acctest.ReadLab(t)
	lab.KeepRouter(t, "r1")
	r1 := lab.Node(t, "r1")
	running := func() string { return lab.Script(t, "", "exec", "r1", "vtysh", "-c", "show running-config") }
	w.intend(0, "interface lo\n description one press at GitHub\nexit\n")
	all := variables(w.env)
	env := variables(w.env, "PATH", "HOME", "PROVISION_NETBOX_TOKEN", "PROVISION_NETBOX_URL", "REPORT_URL", "GATHERED", "PLAN_PASSPHRASE") // which the workflow sets
	env["TF_VAR_known_hosts"] = filepath.Join(lab.Dir, "known_hosts")
	env["TF_VAR_login"] = fmt.Sprintf(`{"username":%q,"password":%q,"port":%d}`, r1.User, r1.Password, r1.Port)
	h := newHub(t, w.dir, map[string]string{"PROVISION_NETBOX_TOKEN": all["PROVISION_NETBOX_TOKEN"], "PLAN_PASSPHRASE": passphrase},
		map[string]string{"PROVISION_NETBOX_URL": all["PROVISION_NETBOX_URL"]}, env)
	press := demand("device", w.devices[0])
	press["TRIGGER"] = "button"
	says(t, h.run(true, press, "--job", "plan"), "1 to add", "It waits for a person")
	says(t, strings.Join(w.notes("device", w.devices[0]), "\n"), "Plan by button, ` ann `", "waits for a person", "[Report](https://github.com/network/provision/actions/runs/")
	if strings.Contains(running(), "one press") {
		t.Fatal("a plan changed the router")
	}
	says(t, h.run(true, press), "1 added")
	says(t, running(), "description one press at GitHub")
}
