//go:build lab

package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// newGitLab makes a repository of a folder that has sites and scripts, with the
// pipeline that people copy.
func newGitLab(t *testing.T, dir string, env []string) *acctest.GitLab {
	t.Helper()
	copyInto(t, filepath.Join(dir, "ci"), "../../examples/ci/gitlab")
	sitesInTheRoot(t, filepath.Join(dir, "ci/one-object.yml"))
	if err := os.WriteFile(filepath.Join(dir, ".gitlab-ci.yml"), []byte("include: {local: ci/one-object.yml}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return acctest.NewGitLab(t, "../..", dir, env)
}

// sitesInTheRoot writes into a pipeline where the sites of the tests are.
func sitesInTheRoot(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), "fleet/sites", "sites", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func copyInto(t *testing.T, dir, from string) {
	t.Helper()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// GitLab runs one object: by hand, by the button, by a hook.
func TestLabStartGitLab(t *testing.T) {
	j := newJobs(t)
	copyInto(t, filepath.Join(j.dir, "ci/scripts"), "../../examples/ci/scripts")
	for _, site := range []string{"ams", "fra"} {
		if err := os.WriteFile(filepath.Join(j.dir, "sites", site, "main.tf"), []byte("# nothing\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g := newGitLab(t, j.dir, append(j.env, "PLAN_PASSPHRASE="+passphrase, "KIND=", "OBJECT_ID=", "ACTOR="))
	g.Run(0, nil) // a pipeline of something else
	if j.calls() != "" {
		t.Fatalf("without KIND it ran: %s", j.calls())
	}
	vars := event{"KIND": "device", "OBJECT_ID": "12", "TRIGGER": "button", "ACTOR": "mallory"}
	out := g.Run(0, vars)
	says(t, out, "It waits for a person", "PASS  one-object:plan")
	says(t, j.calls(), "button/ann: -chdir=sites/ams plan") // not whom the form names
	if strings.Contains(j.calls(), "apply") || strings.Contains(out, "one-object:apply starting") {
		t.Fatalf("it did not wait: %s", out)
	}
	left := filepath.Join(g.Artifacts("one-object:plan"), "provision-run/ams")
	says(t, j.read(left, "result.json"), `"pending": true`, `"site": "ams"`)
	says(t, j.read(left, "tfplan.enc"), "Salted__")
	if j.read(left, "report.md") == "" || j.read(left, "tfplan") != "" {
		t.Error("the artifacts have no report, or the plan in clear")
	}
	g.Press(0, "one-object:apply", vars)
	says(t, j.calls(), "button/ann: -chdir=sites/ams apply", "\napplied")

	// A pipeline's own AUTO_APPLY does not count; the file's does.
	hook := event{"KIND": "device", "OBJECT_ID": "12", "TRIGGER": "hook", "ACTOR": "bob", "AUTO_APPLY": "ams"}
	says(t, g.Run(0, hook), "It waits for a person", "PASS  one-object:hook")
	if n := strings.Count(j.calls(), "\napplied"); n != 1 {
		t.Fatalf("applied %d times: %s", n, j.calls())
	}
	g.Edit("ci/one-object.yml", `AUTO_APPLY=""`, `AUTO_APPLY="ams"`)
	g.Commit()
	delete(hook, "AUTO_APPLY")
	says(t, g.Run(0, hook), "It is applied at once")
	says(t, j.calls(), "hook/bob: -chdir=sites/ams apply")
	if n := strings.Count(j.calls(), "\napplied"); n != 2 {
		t.Errorf("applied %d times: %s", n, j.calls())
	}
	// A failed plan fails the pipeline, and nothing can be applied.
	says(t, g.Run(1, event{"KIND": "device", "OBJECT_ID": "13"}), "FAIL  one-object:plan", "NetBox has no device 13")
	if found, err := filepath.Glob(filepath.Join(j.dir, ".gitlab-ci-local/builds/*/x")); err != nil || len(found) > 0 {
		t.Errorf("a name was run as a command: %q %v", found, err)
	}
}

// GitLab runs a press of the button on the page of a real NetBox, for a real router.
func TestLabStartGitLabNetBox(t *testing.T) {
	w, lab := netboxStarts(t), acctest.ReadLab(t)
	lab.KeepRouter(t, "r1")
	r1 := lab.Node(t, "r1")
	if r1.Host != "127.0.0.1" {
		t.Fatalf("r1 has the address %s, and not that of the first device in NetBox", r1.Host)
	}
	running := func() string { return lab.Script(t, "", "exec", "r1", "vtysh", "-c", "show running-config") }
	w.intend(0, "interface lo\n description one press\nexit\n")
	g := newGitLab(t, w.dir, append(w.env, "PLAN_PASSPHRASE="+passphrase, "TF_VAR_known_hosts="+filepath.Join(lab.Dir, "known_hosts"),
		fmt.Sprintf(`TF_VAR_login={"username":%q,"password":%q,"port":%d}`, r1.User, r1.Password, r1.Port)))
	vars := demand("device", w.devices[0])
	vars["TRIGGER"] = "button"
	says(t, g.Run(0, vars), "1 to add", "It waits for a person")
	says(t, strings.Join(w.notes("device", w.devices[0]), "\n"), "Plan by button, ` ann `", "waits for a person", "[Report](https://ci.example.net/network/provision/")
	if strings.Contains(running(), "one press") {
		t.Fatal("a plan changed the router")
	}
	says(t, g.Press(0, "one-object:apply", vars), "1 added")
	says(t, running(), "description one press")
	if found, err := filepath.Glob(filepath.Join(w.dir, ".gitlab-ci-local/builds/*/x")); err != nil || len(found) > 0 {
		t.Errorf("a name was run as a command: %q %v", found, err)
	}
}
