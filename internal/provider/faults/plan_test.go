//go:build lab

package faults_test

import (
	"os/exec"
	"testing"
)

// TestPlanLeavesNothing breaks the connection, or kills everything, at every
// step of a plan: nothing stays on the device (promise P1), and what the plan
// says, if it comes to that, is true.
func TestPlanLeavesNothing(t *testing.T) {
	lab, binary := bench(t)
	fleets := map[string]fleet{
		"frr":     newFleet(t, lab, binary, routers(t, lab)...),
		"netconf": newFleet(t, lab, binary, devices(t, lab)...),
	}
	for name, f := range fleets {
		for i, step := range []string{"open", "settle", "read", "stage", "discard", "finished"} {
			f.each(t, name+" dropped after "+step, func(r *rig) { r.planBroken(1+i, step, func(*exec.Cmd) { r.proxy.drop() }) })
			f.each(t, name+" killed after "+step, func(r *rig) { r.planBroken(11+i, step, r.kill) })
		}
	}
	fleets["frr"].each(t, "frr killed within the stage", func(r *rig) {
		r.want(21)
		when := func() bool { return r.box.(frrBox).file(r.t, "provision-frr.work.*") }
		r.disturb(when, r.kill, "plan")
		r.planned() // sweeps what a killed run could not remove
		r.clean()
	})
}

// planBroken disturbs a plan of item k.
func (r *rig) planBroken(k int, step string, act func(*exec.Cmd)) {
	r.t.Helper()
	r.want(k)
	code, out := r.disturb(r.stepOf(step, true), act, "plan", "-detailed-exitcode")
	r.clean()
	if running, startup := r.has(r.t, k); running || startup {
		r.t.Errorf("a plan changed the device: running %t, startup %t", running, startup)
	}
	switch code {
	case 2:
		says(r.t, "the plan", out, "1 to change")
	case 1:
		says(r.t, "the error", out, "Error: "+r.node().Name+": ", "Device: "+r.node().Name, "Cause: ", "State: not applied", "Next: ")
	case 0:
		r.t.Errorf("the plan says that there is nothing to do:\n%s", out)
	}
	r.planned()
	r.clean()
}
