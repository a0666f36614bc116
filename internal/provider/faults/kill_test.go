//go:build lab

package faults_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// applySteps are the steps of a run that commits, in their order.
func applySteps() []string {
	return []string{
		"open", "settle", "lock", "stage", "compare", "backup", "commit", "reconnect",
		"verify", "confirm", "save", "check", "discard", "unlock", "close", "finished",
	}
}

// fleet hands out devices of a kind, each to one test at a time.
type fleet chan *rig

// newFleet makes rigs whose devices are provisioned with item 0.
func newFleet(t *testing.T, lab acctest.Lab, binary string, boxes ...box) fleet {
	t.Helper()
	f := make(fleet, len(boxes))
	for _, b := range boxes {
		r := newRig(t, lab, binary, b)
		r.want(0)
		r.Must(0, "apply", "-auto-approve")
		f <- r
	}
	return f
}

// each runs a test on the next device that is free.
func (f fleet) each(t *testing.T, name string, test func(r *rig)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		r := <-f
		defer func() { f <- r }()
		test(r.in(t))
	})
}

func routers(t *testing.T, lab acctest.Lab) []box {
	t.Helper()
	var out []box
	for _, name := range []string{"r1", "r2", "r3"} {
		lab.KeepRouter(t, name)
		out = append(out, frrBox{lab, name})
	}
	return out
}

// devices are the NETCONF devices of the lab; they are put back after the test.
func devices(t *testing.T, lab acctest.Lab) []box {
	t.Helper()
	var out []box
	for _, name := range []string{"n1", "n2"} {
		file := filepath.Join(lab.Dir, name, "data", "startup-cfg.xml")
		startup := read(t, file)
		t.Cleanup(func() {
			lab.Script(t, "", "kill", name)
			if err := os.WriteFile(file, []byte(startup), 0o644); err != nil {
				t.Error(err)
			}
			lab.Script(t, "", "start", name)
		})
		out = append(out, netconfBox{lab, name})
	}
	return out
}

// moment is when a run is disturbed.
type moment struct {
	name string
	when func(r *rig) func() bool
}

// moments are the ends of all steps.
func moments() []moment {
	var out []moment
	for _, step := range applySteps() {
		out = append(out, moment{"after " + step, func(r *rig) func() bool { return r.step(step) }})
	}
	return out
}

// within are moments inside a commit of FRR: when the router has one of these files,
// the last of which stays until the commit is confirmed.
func within() []moment {
	var out []moment
	for name, patterns := range map[string][]string{
		"while the commit is prepared": {"provision-frr.work.*/before.conf", "provision-frr.pending"},
		"before the timer is armed":    {"provision-frr.pending"},
		"within the commit":            {"provision-frr.pending/armed"},
	} {
		out = append(out, moment{name, func(r *rig) func() bool {
			return func() bool {
				return slices.ContainsFunc(patterns, func(p string) bool { return r.box.(frrBox).file(r.t, p) })
			}
		}})
	}
	return out
}

// waiting is the moment when a NETCONF device waits for the confirmation.
func waiting() moment {
	return moment{"while the commit waits", func(r *rig) func() bool {
		s := r.box.(netconfBox).session(r.t)
		return func() bool {
			if !pending(r.t, s) {
				return false
			}
			_ = s.Close()
			return true
		}
	}}
}

// TestKill ends the provider and Terraform by SIGKILL.
func TestKill(t *testing.T) {
	lab, binary := bench(t)
	kill := func(k int, m moment) func(r *rig) {
		return func(r *rig) {
			r.want(k)
			r.killed(k, m, r.kill)
		}
	}
	routers := newFleet(t, lab, binary, routers(t, lab)...)
	for i, m := range append(moments(), within()...) {
		routers.each(t, "frr "+m.name, kill(1+i, m))
	}
	for i, m := range append(within(), moments()[6]) {
		routers.each(t, "frr, replace, "+m.name, func(r *rig) {
			k := 101 + i
			r.replace(k)
			r.killed(k, m, r.kill)
		})
	}
	servers := newFleet(t, lab, binary, devices(t, lab)...)
	for i, m := range append(moments(), waiting()) {
		servers.each(t, "netconf "+m.name, kill(1+i, m))
	}
	for name, f := range map[string]fleet{"frr": routers, "netconf": servers} {
		for i, m := range []moment{moments()[6], moments()[9]} {
			f.each(t, name+", created, "+m.name, func(r *rig) {
				k := 111 + i
				created := newRig(r.t, r.lab, binary, r.box)
				created.want(k)
				created.killed(k, m, created.kill)
			})
		}
		f.each(t, name+", the provider alone", func(r *rig) {
			r.want(121)
			out := r.killed(121, moments()[4], r.killProvider)
			// It depends on what Terraform hears of first.
			if !strings.Contains(out, "Plugin did not respond") && !strings.Contains(out, "ApplyResourceChange request was cancelled") {
				r.t.Errorf("Terraform says %s", out)
			}
		})
	}
}

// killed runs an apply of item k and kills at a moment; then all must be well
// again. It returns what was printed before that.
func (r *rig) killed(k int, m moment, kill func(*exec.Cmd)) string {
	r.t.Helper()
	code, out := r.apply(m.when(r), kill)
	if code == 0 {
		r.t.Log("the apply was through before it was killed: " + out)
	}
	r.truth(k)
	return out
}

// replace configures what the router runs, and item k, as the whole
// configuration.
func (r *rig) replace(k int) {
	r.t.Helper()
	_, whole, _ := strings.Cut(r.box.(frrBox).running(r.t), "Current configuration:\n!\n")
	r.Config(r.provider(nil), r.resource(text(strings.TrimSuffix(whole, "end\n")+r.intent(k)),
		"replace_config = true", `confirm_timeout = "10s"`))
}
