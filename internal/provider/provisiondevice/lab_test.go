//go:build lab

package provisiondevice_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// lab is the real routers and the real binary, as a user has them.
type lab struct {
	acctest.Lab
	t    *testing.T
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
	real := acctest.ReadLab(t)
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
		"examples":                            labExamples,
	} {
		t.Run(name, func(t *testing.T) { test(t, newLab(t, real, bin)) })
	}
}

// newLab makes a working directory; what the test changes on the routers is
// taken back at its end.
func newLab(t *testing.T, real acctest.Lab, bin string) *lab {
	t.Helper()
	l := &lab{Lab: real, t: t, work: t.TempDir()}
	l.write("terraform.rc", fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"netprovision/provision\" = %q\n  }\n  direct {}\n}\n", bin))
	l.inventory(map[string]string{"r1": "r1", "r2": "r2", "r3": "r3"}, nil)
	for _, r := range []string{"r1", "r2", "r3"} {
		l.clear(r)
		real.KeepRouter(t, r)
	}
	return l
}

// clear takes off a router what the tests put on it, should something have left
// it there.
func (l *lab) clear(router string) {
	l.t.Helper()
	l.console(router, "sh", "-c", fmt.Sprintf(
		"vtysh -c 'configure terminal' -c 'no %s'; vtysh -c 'configure terminal' -c 'no %s'; vtysh -c 'write memory'; true", routeA, routeB))
}

// inventory writes an inventory file: routers of the lab by the names that the
// configuration has for them, edges in ams, with these configurations.
func (l *lab) inventory(routers, configs map[string]string) {
	l.t.Helper()
	devices := map[string]acctest.Device{}
	for name, router := range routers {
		d := l.Node(l.t, router).Device()
		d.Role, d.Site = "edge", "ams"
		if text, ok := configs[name]; ok {
			d.Config = &text
		}
		devices[name] = d
	}
	text, err := os.ReadFile(acctest.Inventory(l.t, devices))
	if err != nil {
		l.t.Fatal(err)
	}
	l.write("inventory.yaml", string(text))
}

// sh runs a command of the lab's script.
func (l *lab) sh(stdin string, args ...string) string {
	l.t.Helper()
	return l.Script(l.t, stdin, args...)
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

// terraform runs it and returns all that it printed and its exit code.
func (l *lab) terraform(args ...string) (string, int) {
	l.t.Helper()
	cmd := exec.Command(acctest.Engine(), append(args, "-no-color")...)
	cmd.Dir = l.work
	cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(l.work, "terraform.rc"), "CHECKPOINT_DISABLE=1",
		"TF_VAR_text="+planted, "TF_VAR_dir="+l.Dir, "HOME="+l.work)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		l.t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// tf runs terraform and wants this exit code; it returns all that was printed,
// unwrapped.
func (l *lab) tf(code int, args ...string) string {
	l.t.Helper()
	out, got := l.terraform(args...)
	if got != code {
		l.t.Fatalf("terraform %q: exit code %d, want %d:\n%s", args, got, code, out)
	}
	return regexp.MustCompile(`\s+`).ReplaceAllString(strings.ReplaceAll(out, "│", ""), " ")
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
