//go:build lab

package faults_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
)

// TestDrop breaks the connection at every step of an apply; a new one may be
// made at once.
func TestDrop(t *testing.T) {
	lab, binary := bench(t)
	drop := func(k int, m moment) func(r *rig) {
		return func(r *rig) {
			r.want(k)
			code, out := r.apply(m.when(r), func(*exec.Cmd) { r.proxy.drop() })
			r.ended(code, out, k)
			if code != 0 {
				r.t.Log(out)
			}
			r.truth(k)
		}
	}
	frr := newFleet(t, lab, binary, routers(t, lab)...)
	for i, m := range append(moments(), within()...) {
		frr.each(t, "frr "+m.name, drop(1+i, m))
	}
	netconf := newFleet(t, lab, binary, devices(t, lab)...)
	for i, m := range append(moments(), waiting()) {
		netconf.each(t, "netconf "+m.name, drop(1+i, m))
	}
}

// TestCutWithinTheCommit takes the management path away within the commit: the
// device takes it back by itself, and the error says so.
func TestCutWithinTheCommit(t *testing.T) {
	lab, binary := bench(t)
	cut := func(m moment) func(r *rig) {
		return func(r *rig) {
			r.want(1)
			code, out := r.apply(m.when(r), func(*exec.Cmd) {
				r.proxy.close()
				// The window, and what a slow router needs to undo.
				heal := time.AfterFunc(14*time.Second, r.proxy.open)
				r.t.Cleanup(func() { heal.Stop(); r.proxy.open() })
			})
			if code == 0 {
				r.t.Errorf("the apply succeeded:\n%s", out)
			}
			says(r.t, "the error", out, "State: reverted", "took it back by itself", "read again: it is what it was before", "Next: ")
			r.ended(code, out, 1)
			r.truth(1)
		}
	}
	newFleet(t, lab, binary, routers(t, lab)[:1]...).each(t, "frr", cut(moments()[6]))
	newFleet(t, lab, binary, devices(t, lab)[:1]...).each(t, "netconf", cut(moments()[6]))
}

// TestInterrupt is Ctrl-C within a commit: the run goes on to its end.
func TestInterrupt(t *testing.T) {
	lab, binary := bench(t)
	stop := func(k int, m moment) func(r *rig) {
		return func(r *rig) {
			r.want(k)
			code, out := r.apply(m.when(r), interrupt)
			says(r.t, "Terraform", out, "Interrupt received")
			running, startup := r.has(r.t, k)
			if running != startup {
				r.t.Errorf("running %t, startup %t: a run that has begun its commit ends it:\n%s", running, startup, out)
			}
			if code != 0 && strings.Contains(out, "Cause: ") {
				r.ended(code, out, k)
			}
			r.clean()
			r.truth(k)
		}
	}
	frr := newFleet(t, lab, binary, routers(t, lab)...)
	for i, m := range append(within(), moments()[3], moments()[6]) {
		frr.each(t, "frr "+m.name, stop(1+i, m))
	}
	netconf := newFleet(t, lab, binary, devices(t, lab)...)
	for i, m := range []moment{moments()[3], moments()[4], waiting()} {
		netconf.each(t, "netconf "+m.name, stop(1+i, m))
	}
	for name, f := range map[string]fleet{"frr": frr, "netconf": netconf} {
		f.each(t, name+", twice: Terraform goes at once", func(r *rig) {
			r.want(21)
			r.killed(21, moments()[5], func(cmd *exec.Cmd) {
				interrupt(cmd)
				again := time.AfterFunc(200*time.Millisecond, func() { interrupt(cmd) })
				r.t.Cleanup(func() { again.Stop() })
			})
		})
	}
}

// TestReboot restarts the device within the confirm window: it comes back with
// its startup configuration, which lacks the change. An apply that had confirmed
// by then is no test, and the next item is tried.
func TestReboot(t *testing.T) {
	lab, binary := bench(t)
	reboot := func(r *rig) {
		const tries = 10
		for k := 1; k <= tries; k++ {
			if r.rebooted(k) {
				return
			}
		}
		r.t.Errorf("none of %d reboots was before the confirmation", tries)
	}
	newFleet(t, lab, binary, routers(t, lab)[:1]...).each(t, "frr", reboot)
	newFleet(t, lab, binary, devices(t, lab)[:1]...).each(t, "netconf", reboot)
}

// rebooted applies item k and restarts the device after the commit. It tells
// whether that was before the confirmation.
func (r *rig) rebooted(k int) bool {
	r.t.Helper()
	r.Config(r.provider(nil), r.resource(text(r.intent(k)), `confirm_timeout = "60s"`))
	seen := len(r.Read("events.jsonl"))
	code, out := r.apply(r.step("commit"), func(*exec.Cmd) {
		r.proxy.close() // the device is gone at once, though ending it takes a while
		r.lab.Script(r.t, "", "kill", r.node().Name)
		r.lab.Script(r.t, "", "start", r.node().Name)
		r.proxy.open()
	})
	r.t.Log(out)
	r.ended(code, out, k)
	confirmed := slices.ContainsFunc(r.events(seen), func(e eventlog.Record) bool {
		return !e.DryRun && e.Step == "confirm" && e.Outcome == "ok"
	})
	if !confirmed {
		if code != 1 {
			r.t.Errorf("the exit code is %d", code)
		}
		says(r.t, "the error", out, "State: reverted", "read again: it is what it was before", "Next: ")
	}
	r.truth(k)
	return !confirmed
}
