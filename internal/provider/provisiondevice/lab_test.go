//go:build lab

package provisiondevice_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// lab is the real routers and the real binary, as a user has them.
type lab struct {
	t    *testing.T
	dir  string // of the lab
	work string // of the Terraform configuration
}

const (
	planted = "Planted-Secret-7f3a"
	header  = `
terraform {
  required_providers {
    provision = { source = "netprovision/provision" }
  }
}

variable "dir" {}

provider "provision" {
  inventory_file = "inventory.yaml"
  events_file    = "events.jsonl"
  credentials    = { default = { username = "netops", private_key = file("${var.dir}/id_ed25519") } }
  ssh            = { known_hosts = ["${var.dir}/known_hosts"] }
}
`
)

// TestLab runs the real binary against the real routers.
func TestLab(t *testing.T) {
	dir := os.Getenv("PROVISION_LAB")
	if dir == "" {
		t.Fatal("PROVISION_LAB does not name a lab: make one with tools/lab/lab.sh up DIR, or run the tests without the tag lab")
	}
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "terraform-provider-provision"), "../../..").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, test := range map[string]func(*testing.T, *lab){
		"life of a device":                    labLifeOfADevice,
		"without commit":                      labWithoutCommit,
		"replace":                             labReplace,
		"stale saved plan":                    labStaleSavedPlan,
		"mistake in line two":                 labMistakeInLineTwo,
		"skip":                                labSkip,
		"import with generated configuration": labImportWithGeneratedConfiguration,
		"no secret gets out":                  labNoSecretGetsOut,
		"unknown configuration":               labUnknownConfiguration,
		"data sources":                        labDataSources,
	} {
		t.Run(name, func(t *testing.T) { test(t, newLab(t, dir, bin)) })
	}
}

// newLab makes a working directory; what the test changes on the routers is
// taken back at its end.
func newLab(t *testing.T, dir, bin string) *lab {
	t.Helper()
	l := &lab{t: t, dir: dir, work: t.TempDir()}
	l.write("terraform.rc", fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"netprovision/provision\" = %q\n  }\n  direct {}\n}\n", bin))
	l.write("inventory.yaml", l.inventory())
	for _, r := range []string{"r1", "r2"} {
		before := l.console(r, "cat", "/etc/frr/frr.conf")
		t.Cleanup(func() { l.restore(r, before) })
	}
	return l
}

// inventory is the routers of the lab as an inventory file.
func (l *lab) inventory() string {
	var nodes []struct {
		Name, Kind, Host string
		Port             int
	}
	raw, err := os.ReadFile(filepath.Join(l.dir, "inventory.json"))
	if err == nil {
		err = json.Unmarshal(raw, &nodes)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	text := "devices:\n"
	for _, n := range nodes {
		if n.Kind == "router" {
			text += fmt.Sprintf("  %s: {host: %s, port: %d, driver: frr, role: edge}\n", n.Name, n.Host, n.Port)
		}
	}
	return text
}

// restore makes startup and running what they were.
func (l *lab) restore(router, startup string) {
	l.sh(startup, "exec", router, "sh", "-c", `cat >/etc/frr/frr.conf && chown frr:frr /etc/frr/frr.conf && chmod 640 /etc/frr/frr.conf &&
		/usr/lib/frr/frr-reload.py --reload /etc/frr/frr.conf >/dev/null`)
}

// sh runs the lab's script.
func (l *lab) sh(stdin string, args ...string) string {
	l.t.Helper()
	cmd := exec.Command("bash", append([]string{"../../../tools/lab/lab.sh"}, args...)...)
	cmd.Env, cmd.Stdin = append(os.Environ(), "LAB_DIR="+l.dir), strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		l.t.Fatalf("lab.sh %q: %v: %s", args, err, out)
	}
	return string(out)
}

// console runs a command on a router's console.
func (l *lab) console(router string, command ...string) string {
	l.t.Helper()
	return l.sh("", append([]string{"exec", router}, command...)...)
}

// running is what the router itself shows.
func (l *lab) running(router string) string {
	return l.console(router, "vtysh", "-c", "show running-config")
}

// byHand changes a router behind Terraform's back.
func (l *lab) byHand(router, line string) {
	l.console(router, "vtysh", "-c", "configure terminal", "-c", line)
}

// write puts a file into the working directory.
func (l *lab) write(name, text string) {
	l.t.Helper()
	if err := os.WriteFile(filepath.Join(l.work, name), []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
}

// config is the configuration with these blocks.
func (l *lab) config(blocks ...string) { l.write("main.tf", header+strings.Join(blocks, "\n")) }

// tf runs terraform and wants this exit code; it returns all that was printed,
// unwrapped.
func (l *lab) tf(code int, args ...string) string {
	l.t.Helper()
	args = append(args, "-no-color", "-var", "dir="+l.dir)
	cmd := exec.Command("terraform", args...)
	cmd.Dir = l.work
	cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(l.work, "terraform.rc"), "CHECKPOINT_DISABLE=1", "TF_VAR_text="+planted)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		l.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		l.t.Fatalf("terraform %q: exit code %d, want %d:\n%s", args, got, code, out.String())
	}
	return regexp.MustCompile(`\s+`).ReplaceAllString(strings.ReplaceAll(out.String(), "│", ""), " ")
}

func (l *lab) plan(code int, args ...string) string {
	l.t.Helper()
	return l.tf(code, append([]string{"plan", "-detailed-exitcode"}, args...)...)
}

func (l *lab) apply(code int) string {
	l.t.Helper()
	return l.tf(code, "apply", "-auto-approve")
}

// file reads a file of the working directory.
func (l *lab) file(name string) string {
	l.t.Helper()
	raw, err := os.ReadFile(filepath.Join(l.work, name))
	if err != nil {
		l.t.Fatal(err)
	}
	return string(raw)
}

// commits counts the commits that the event log tells of.
func (l *lab) commits() int {
	return strings.Count(l.file("events.jsonl"), `"step":"commit"`)
}

// contains fails unless text has all of these.
func contains(t *testing.T, what, text string, wants ...string) {
	t.Helper()
	for _, w := range wants {
		if !strings.Contains(text, w) {
			t.Errorf("%s lacks %q:\n%s", what, w, text)
		}
	}
}

// lacks fails if text has any of these.
func lacks(t *testing.T, what, text string, unwanted ...string) {
	t.Helper()
	for _, w := range unwanted {
		if strings.Contains(text, w) {
			t.Errorf("%s has %q:\n%s", what, w, text)
		}
	}
}

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
	cmd := exec.Command("terraform", "apply", "-no-color", "saved.plan")
	cmd.Dir, cmd.Env = l.work, append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(l.work, "terraform.rc"), "CHECKPOINT_DISABLE=1")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("a stale plan must be refused:\n%s", out)
	}
	contains(t, "refusal", string(out), "r1: compare failed", "changed since the plan", "Plan again")
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
	out := l.apply(0)
	contains(t, "apply", out, "NOT CHECKED: r2: open: ssh to", "connection refused", "0 added, 1 changed")
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
	show := exec.Command("terraform", "show", "-json", "saved.plan")
	show.Dir, show.Env = l.work, append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(l.work, "terraform.rc"), "CHECKPOINT_DISABLE=1")
	plan, err := show.Output()
	if err != nil {
		t.Fatal(err)
	}
	lacks(t, "saved plan", string(plan), planted)
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
