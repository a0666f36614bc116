//go:build lab

package faults_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// binaryVariable leads to the folder of the provider's binary.
const binaryVariable = "FAULTS_PROVIDER"

// TestMain builds the provider once and lets one test run for each device: most
// of their time they wait for a timer of the device, not for the processor.
func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 2
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "provision-faults-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := errors.Join(acctest.Build(dir), os.Setenv(binaryVariable, dir), flag.Set("test.parallel", "5")); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// bench gives the lab and the folder of the provider's binary.
func bench(t testing.TB) (lab acctest.Lab, binary string) {
	t.Helper()
	return acctest.ReadLab(t), binaryOf()
}

// binaryOf is the folder of the provider's binary.
func binaryOf() string { return os.Getenv(binaryVariable) }

// patience is how long a condition that must come true is waited for, on a
// machine that does other things as well.
const patience = 5 * time.Minute

// bed is a workspace whose calls of Terraform are disturbed.
type bed struct {
	*acctest.Workspace
	t testing.TB
}

// rig is a device behind a proxy and a workspace that provisions it.
type rig struct {
	bed
	box
	lab   acctest.Lab
	proxy *proxy
}

// newRig makes a rig; what the test leaves on the device is the caller's.
func newRig(t testing.TB, lab acctest.Lab, binary string, b box) *rig {
	t.Helper()
	n := b.node()
	return &rig{
		bed: bed{acctest.NewWorkspace(t, binary), t}, box: b, lab: lab,
		proxy: newProxy(t, net.JoinHostPort(n.Host, strconv.Itoa(n.Port))),
	}
}

// in is the rig in another test.
func (r *rig) in(t testing.TB) *rig {
	again := *r
	again.bed = bed{r.With(t), t}
	return &again
}

// provider is the provider block; more wins.
func (r *rig) provider(more map[string]string) string {
	r.t.Helper()
	n := r.node()
	device := n.Device()
	device.Host, device.Port = "127.0.0.1", r.proxy.port
	attributes := map[string]string{
		"credentials": fmt.Sprintf("{ default = { username = %q, private_key = file(%q), host_key = %q } }",
			n.User, filepath.Join(r.lab.Dir, "id_ed25519"), n.HostKey),
		"ssh":            "{ known_hosts = [], connect_timeout = \"20s\" }",
		"inventory_file": acctest.Quote(acctest.Inventory(r.t, map[string]acctest.Device{n.Name: device})),
		"events_file":    `"events.jsonl"`,
	}
	for name, expression := range more {
		attributes[name] = expression
	}
	return r.lab.Provider(r.t, attributes)
}

// resource is a provision_device of the rig's device with these lines.
func (r *rig) resource(lines ...string) string {
	return fmt.Sprintf("resource \"provision_device\" \"it\" {\n  name = %q\n  %s\n}\n", r.node().Name, strings.Join(lines, "\n  "))
}

// text is the attribute config.
func text(config string) string { return "config = " + acctest.Quote(config) }

// want configures item k.
func (r *rig) want(k int, lines ...string) {
	r.t.Helper()
	r.Config(r.provider(nil), r.resource(append([]string{text(r.intent(k)), `confirm_timeout = "10s"`}, lines...)...))
}

// apply disturbs an apply.
func (b *bed) apply(when func() bool, act func(*exec.Cmd)) (int, string) {
	b.t.Helper()
	return b.disturb(when, act, "apply", "-auto-approve")
}

// disturb starts Terraform and calls act as soon as when holds. It returns the
// exit code and all that was printed. A call that ends before that is no test.
func (b *bed) disturb(when func() bool, act func(*exec.Cmd), args ...string) (int, string) {
	b.t.Helper()
	var out bytes.Buffer
	cmd := b.Command(args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	acted := b.until(ended, when)
	if acted {
		act(cmd)
	}
	select {
	case <-ended:
	case <-time.After(patience):
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
		b.t.Fatalf("terraform %s did not end:\n%s", args[0], out.String())
	}
	if !acted {
		b.t.Fatalf("terraform %s ended before the moment that the test waits for:\n%s", args[0], out.String())
	}
	return cmd.ProcessState.ExitCode(), acctest.Unwrap(out.String())
}

// until waits for a condition; false if ended came first.
func (b *bed) until(ended <-chan struct{}, when func() bool) bool {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !when() {
		select {
		case <-ended:
			return when()
		case <-tick.C:
		}
	}
	return true
}

// eventually waits until nothing is wrong any more.
func eventually(t testing.TB, wrong func() string) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for {
		what := wrong()
		if what == "" {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal(what)
		}
	}
}

// step tells when the run of an apply has ended a step.
func (b *bed) step(name string) func() bool { return b.stepOf(name, false) }

// stepOf tells when a run, dry or not, has ended a step: it reads the events
// from where they end now.
func (b *bed) stepOf(name string, dry bool) func() bool {
	seen := len(b.Read("events.jsonl"))
	return func() bool {
		for _, e := range b.events(seen) {
			if e.Step == name && e.DryRun == dry {
				return true
			}
		}
		return false
	}
}

// events are those after so many bytes of the file.
func (b *bed) events(from int) []eventlog.Record {
	b.t.Helper()
	var out []eventlog.Record
	for line := range strings.Lines(b.Read("events.jsonl")[from:]) {
		var e eventlog.Record
		if err := json.Unmarshal([]byte(line), &e); err == nil {
			out = append(out, e)
		}
	}
	return out
}

// kill ends the provider and Terraform as a power cut would.
func (b *bed) kill(cmd *exec.Cmd) {
	pids := children(b.t, cmd.Process.Pid)
	_ = cmd.Process.Kill() // first: it must not live to tell that its plugin died
	end(pids)
}

// killProvider leaves Terraform alive.
func (b *bed) killProvider(cmd *exec.Cmd) {
	end(children(b.t, cmd.Process.Pid))
}

func end(pids []int) {
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// children are the processes that Terraform has started.
func children(t testing.TB, pid int) []int {
	t.Helper()
	var out []int
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		list, err := os.ReadFile(task)
		if err != nil {
			continue // the thread has ended
		}
		for _, word := range strings.Fields(string(list)) {
			if child, err := strconv.Atoi(word); err == nil {
				out = append(out, child)
			}
		}
	}
	return out
}

// interrupt is Ctrl-C: the terminal tells it to all of them.
func interrupt(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }

// planned makes a plan and gives its difference and all that was printed.
func (r *rig) planned() (code int, diff, output string) {
	r.t.Helper()
	code, output = r.Terraform("plan", "-detailed-exitcode", "-out=truth.plan")
	if code != 0 && code != 2 {
		r.t.Fatalf("the plan failed:\n%s", output)
	}
	cmd := r.Command("show", "-json", "truth.plan")
	raw, err := cmd.Output()
	if err != nil {
		r.t.Fatal(err)
	}
	var plan struct {
		Changes []struct {
			Change struct {
				Actions []string
				After   struct{ Diff string }
			}
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal(raw, &plan); err != nil {
		r.t.Fatal(err)
	}
	if len(plan.Changes) != 1 {
		r.t.Fatalf("the plan has %d resources:\n%s", len(plan.Changes), output)
	}
	return code, plan.Changes[0].Change.After.Diff, output
}

// truth checks, after whatever happened to an apply of item k: a plan that says
// what the console shows, an apply that finishes, a plan without changes, and
// nothing left on the device.
func (r *rig) truth(k int) {
	r.t.Helper()
	code, diff, output := r.planned()
	running, startup := r.has(r.t, k)
	marks, removed := 0, 0
	for line := range strings.Lines(diff) {
		switch {
		case strings.Contains(line, r.mark(k)):
			marks++
		case strings.HasPrefix(line, "- ") && !strings.HasPrefix(line, "- (left by"):
			removed++
		}
	}
	switch {
	case removed > 0, running && marks != 0, !running && marks != 1:
		r.t.Errorf("item is running: %t; the plan says:\n%s", running, output)
	case running && startup && diff != "", !(running && startup) && code == 0:
		r.t.Errorf("item is running: %t, saved: %t; the plan says with exit code %d:\n%s", running, startup, code, output)
	}
	r.Must(0, "apply", "-auto-approve")
	if running, startup := r.has(r.t, k); !running || !startup {
		r.t.Errorf("after the apply: running %t, startup %t", running, startup)
	}
	if code, output := r.Terraform("plan", "-detailed-exitcode"); code != 0 {
		r.t.Errorf("the second plan is not empty:\n%s", output)
	}
	r.clean()
}

// clean checks that nothing is left on the device.
func (r *rig) clean() {
	r.t.Helper()
	eventually(r.t, func() string {
		if left := r.leftovers(r.t); len(left) > 0 {
			return fmt.Sprintf("left on the device: %q", left)
		}
		return ""
	})
}

// ended checks that what an apply said of item k is what the console shows.
func (r *rig) ended(code int, output string, k int) {
	r.t.Helper()
	running, startup := r.has(r.t, k)
	if code == 0 {
		if !running || !startup {
			r.t.Errorf("the apply said nothing, but running: %t, saved: %t:\n%s", running, startup, output)
		}
		return
	}
	says(r.t, "the error", output, "Error: "+r.node().Name+": ", "Device: "+r.node().Name, "Cause: ", "State: ", "Next: ")
	for state, on := range map[string]bool{"not applied": false, "reverted": false, "applied": true} {
		if strings.Contains(output, "State: "+state) && on != running {
			r.t.Errorf("item is running: %t, but the error says:\n%s", running, output)
		}
	}
}

// says fails unless a text has all of these words.
func says(t testing.TB, what, text string, wants ...string) {
	t.Helper()
	for _, w := range wants {
		if !strings.Contains(text, w) {
			t.Errorf("%s does not say %q:\n%s", what, w, text)
		}
	}
}
