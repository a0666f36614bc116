//go:build lab

package provisiondevice_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	routeA = "ip route 192.0.2.0/25 Null0"
	routeB = "ip route 192.0.2.128/25 Null0"
)

// router is a resource of a router.
func router(name string, attributes ...string) string {
	return fmt.Sprintf("resource \"provision_device\" %q {\n  name = %q\n  %s\n}\n", name, name, strings.Join(attributes, "\n  "))
}

func text(lines ...string) string { return fmt.Sprintf("config = %q", strings.Join(lines, "\n")+"\n") }

func labLifeOfADevice(t *testing.T, l *lab) {
	before := l.running("r1")
	l.config(router("r1", text(routeA)))
	contains(t, "plan", l.plan(2), "will be created", "+ "+routeA, "change_id")
	if after := l.running("r1"); after != before {
		t.Fatalf("a plan must change nothing:\n%s", after)
	}
	l.apply(0)
	contains(t, "running", l.running("r1"), routeA)
	contains(t, "startup", l.console("r1", "cat", "/etc/frr/frr.conf"), routeA)
	contains(t, "second plan", l.plan(0), "No changes")

	l.byHand("r1", "no "+routeA)
	contains(t, "plan after drift", l.plan(2), "r1: changed outside Terraform since run", "+ "+routeA, "updated in-place")
	l.config(router("r1", text(routeA), `on_drift = "fail"`))
	contains(t, "plan that fails on drift", l.plan(1), "r1: changed outside Terraform since run", "+ "+routeA)
	lacks(t, "running", l.running("r1"), routeA)
	l.config(router("r1", text(routeA)))
	l.apply(0)
	contains(t, "running", l.running("r1"), routeA)

	l.byHand("r1", routeB) // nothing that the merge names
	contains(t, "plan after drift elsewhere", l.plan(0), "No changes")
	contains(t, "running", l.running("r1"), routeB)

	commits := l.commits()
	l.config(router("r1", text(routeA), "save = false", `confirm_timeout = "90s"`))
	contains(t, "apply of behaviour", l.apply(0), "1 changed")
	if got := l.commits(); got != commits {
		t.Errorf("%d commits, want %d: behaviour is nothing that the router must hear", got, commits)
	}
	l.config("")
	l.sh("", "cut", "r1", "refuse")
	defer l.sh("", "heal", "r1")
	contains(t, "forgetting a dead device", l.apply(0), "1 destroyed")
}

func labWithoutCommit(t *testing.T, l *lab) {
	before := l.running("r1")
	l.config(router("r1", text(routeA), "commit_changes = false"))
	contains(t, "apply", l.apply(0), "r1: commit_changes is false", "uncommitted_diff", "+ "+routeA)
	if after := l.running("r1"); after != before {
		t.Errorf("the router must be left alone:\n%s", after)
	}
	contains(t, "second plan", l.plan(0), "No changes", "r1: commit_changes is false")
	l.config(router("r1", text(routeA, routeB), "commit_changes = false"))
	contains(t, "changed", l.apply(0), "1 changed")
	contains(t, "then none", l.plan(0), "No changes")
}

func labReplace(t *testing.T, l *lab) {
	full := l.console("r1", "vtysh", "-c", "show running-config")
	_, full, _ = strings.Cut(full, "Current configuration:\n!\n")
	const gone = "ip route 203.0.113.0/24 Null0"
	intended := strings.Replace(full, gone, routeA, 1)
	l.write("r1.conf", intended)
	l.config(router("r1", `config = file("r1.conf")`, "replace_config = true"))
	contains(t, "plan", l.plan(2), "- "+gone, "+ "+routeA)
	l.apply(0)
	now := l.running("r1")
	contains(t, "running", now, routeA)
	lacks(t, "running", now, gone)
	contains(t, "second plan", l.plan(0), "No changes")
}

func labStaleSavedPlan(t *testing.T, l *lab) {
	l.config(router("r1", text(routeA)))
	l.apply(0)
	l.config(router("r1", text(routeA, routeB)))
	l.plan(2, "-out=saved.plan")
	l.byHand("r1", "ip route 192.0.2.0/26 Null0")
	commits := l.commits()
	out := l.tf(1, "apply", "saved.plan")
	contains(t, "refusal", out, "r1: compare failed", "changed since the plan", "Plan again")
	lacks(t, "running", l.running("r1"), routeB)
	if l.commits() != commits {
		t.Error("a stale plan must commit nothing")
	}
	l.apply(0)
	contains(t, "running", l.running("r1"), routeB)
}

func labMistakeInLineTwo(t *testing.T, l *lab) {
	before := l.running("r1")
	l.config(router("r1", text(routeA, "ip rouxe 192.0.2.128/25 Null0")))
	contains(t, "plan", l.plan(1), "r1: stage failed", "line 2", "Unknown command")
	if l.running("r1") != before {
		t.Error("nothing may be changed")
	}
}

func labSkip(t *testing.T, l *lab) {
	both := func(lines ...string) string {
		return router("r1", text(lines...)) + router("r2", text(lines...), `on_unreachable = "skip"`)
	}
	l.config(both(routeA))
	l.apply(0)
	l.sh("", "cut", "r2", "refuse")
	t.Cleanup(func() { l.sh("", "heal", "r2") })
	l.config(both(routeA, routeB))
	contains(t, "plan", l.plan(2, "-out=saved.plan"), "NOT CHECKED: r2: open: ssh to", "connection refused", "0 to add, 1 to change")
	contains(t, "apply of the saved plan", l.tf(0, "apply", "saved.plan"), "0 added, 1 changed")
	contains(t, "events", l.file("events.jsonl"), `"skipped"`)
	contains(t, "running", l.running("r1"), routeB)
	l.sh("", "heal", "r2")
	contains(t, "apply after it is back", l.apply(0), "1 changed")
	contains(t, "running", l.running("r2"), routeB)
}

func labImportWithGeneratedConfiguration(t *testing.T, l *lab) {
	l.config("import {\n  to = provision_device.r1\n  id = \"r1\"\n}\n")
	// config is write-only, so it is not generated: the plan asks for it.
	contains(t, "plan", l.plan(1, "-generate-config-out=generated.tf"), "there is no intended configuration")
	generated := l.file("generated.tf")
	contains(t, "generated", generated, `resource "provision_device" "r1"`, `"r1"`)
	generated = regexp.MustCompile(`(?m)^\s*config\s.*\n`).ReplaceAllString(generated, "")
	l.write("generated.tf", strings.Replace(generated, "name ", text("ip route 203.0.113.0/24 Null0")+"\n  name ", 1))
	commits := strings.Count(l.file("events.jsonl"), `"step":"commit"`)
	contains(t, "apply", l.apply(0), "1 imported, 0 added")
	contains(t, "plan", l.plan(0), "No changes")
	if l.commits() != commits {
		t.Error("an import of what is there commits nothing")
	}
}

func labNoSecretGetsOut(t *testing.T, l *lab) {
	const block = "variable \"text\" {\n  ephemeral = true\n}\n"
	const config = `config = "router bgp 64512\n neighbor 10.1.0.6 password ${var.text}\nexit\n"`
	l.config(block, router("r1", config))
	out := l.plan(2, "-out=saved.plan")
	contains(t, "plan", out, "password <redacted>")
	out += l.apply(0)
	contains(t, "running", l.running("r1"), planted)
	l.byHand("r1", "hostname r1") // nothing: the plan is empty
	out += l.plan(0)
	for what, where := range map[string]string{"output": out, "state": l.file("terraform.tfstate"), "events": l.file("events.jsonl")} {
		lacks(t, what, where, planted)
	}
	plan := l.tf(0, "show", "-json", "saved.plan")
	contains(t, "saved plan", plan, "redacted")
	lacks(t, "saved plan", plan, planted)
}

func labUnknownConfiguration(t *testing.T, l *lab) {
	later := "resource \"terraform_data\" \"later\" {\n  input = \"" + routeA + "\\n\"\n}\n"
	const use = "config = terraform_data.later.output"
	l.config(later, router("r1", use))
	contains(t, "plan", l.plan(1), "r1: config is not known at plan")
	l.config(later, router("r1", use, "allow_unreviewed = true"))
	contains(t, "apply", l.apply(0), "r1: planned without a difference to review")
	contains(t, "running", l.running("r1"), routeA)
	contains(t, "second plan", l.plan(0), "No changes")
}

func labDataSources(t *testing.T, l *lab) {
	l.config(`
data "provision_devices" "edge" {
  roles = ["edge"]
}
data "provision_device" "r1" {
  name                = "r1"
  with_running_config = true
}
output "names" { value = join(",", keys(data.provision_devices.edge.devices)) }
output "version" { value = data.provision_device.r1.facts["version"] }
output "has_config" { value = nonsensitive(strcontains(data.provision_device.r1.running_config, "hostname r1")) }
`)
	contains(t, "apply", l.apply(0), `names = "r1,r2,r3"`, "version = \"8.", "has_config = true")
}

// labExamples runs the examples of the docs as they are, but for an address
// that nobody has.
func labExamples(t *testing.T, l *lab) {
	_, full, _ := strings.Cut(l.running("r2"), "Current configuration:\n!\n")
	route := routeA + "\n"
	l.inventory(map[string]string{"edge1": "r1", "edge2": "r2"}, map[string]string{"edge1": route, "edge2": route})
	l.write("edge1.conf", route)
	l.write("edge2.conf", full)
	l.copy(filepath.Join(l.Dir, "known_hosts"), "known_hosts")
	l.copy(filepath.Join(l.Dir, "id_ed25519"), ".ssh/id_ed25519")
	const examples = "../../../examples/"
	l.copy(examples+"provider/provider.tf", "provider.tf")
	l.copy(examples+"resources/provision_device/resource.tf", "main.tf")
	lab := l.Node(t, "r3")
	l.write("main.tf", strings.NewReplacer("192.0.2.10", lab.Host, "= 22\n", fmt.Sprintf("= %d\n", lab.Port)).Replace(l.file("main.tf")))
	l.apply(0)
	contains(t, "plan", l.plan(0), "No changes")
	contains(t, "running", l.running("r1"), routeA)
	lacks(t, "running", l.running("r3"), "198.51.100.0/24")
	for address, id := range map[string]string{"edge1": "edge1", "lab": fmt.Sprintf("lab,host=%s,port=%d,driver=frr,credentials=default", lab.Host, lab.Port)} {
		l.tf(0, "state", "rm", "provision_device."+address)
		l.tf(0, "import", "provision_device."+address, id)
	}
	contains(t, "plan after import", l.plan(2), "0 to add")
	l.tf(0, "apply", "-auto-approve", "-target=provision_device.edge1")

	l.write("main.tf", "removed {\n  from = provision_device.edge1\n  lifecycle {\n    destroy = false\n  }\n}\n")
	l.copy(examples+"data-sources/provision_device/data-source.tf", "one.tf")
	l.copy(examples+"data-sources/provision_devices/data-source.tf", "many.tf")
	contains(t, "apply", l.apply(0), `edge1_version = "8.`)
	contains(t, "running", l.running("r2"), routeA)
	contains(t, "plan", l.plan(0), "No changes")
}

// copy puts a file into the working directory.
func (l *lab) copy(from, to string) {
	l.t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		l.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Join(l.work, to)), 0o700); err != nil {
		l.t.Fatal(err)
	}
	l.write(to, string(text))
}
