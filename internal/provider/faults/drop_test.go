//go:build lab

package faults_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"
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
// its startup configuration, which lacks the change.
func TestReboot(t *testing.T) {
	lab, binary := bench(t)
	reboot := func(r *rig) {
		r.Config(r.provider(nil), r.resource(text(r.intent(1)), `confirm_timeout = "60s"`))
		code, out := r.apply(r.step("commit"), func(*exec.Cmd) {
			lab.Script(r.t, "", "kill", r.node().Name)
			lab.Script(r.t, "", "start", r.node().Name)
		})
		r.t.Log(out)
		r.ended(code, out, 1)
		if code != 0 {
			says(r.t, "the error", out, "State: ", "read again", "Next: ")
		}
		r.truth(1)
	}
	newFleet(t, lab, binary, routers(t, lab)[:1]...).each(t, "frr", reboot)
	newFleet(t, lab, binary, devices(t, lab)[:1]...).each(t, "netconf", reboot)
}
