//go:build lab

package faults_test

import (
	"fmt"
	"os/exec"
	"testing"
)

// TestZabbixDown kills the API in the middle of an apply of 100 hosts, and starts
// it again at once or when it has been missed.
func TestZabbixDown(t *testing.T) {
	onBoth(t, func(t *testing.T, s *server) {
		t.Parallel() // it mostly waits
		t.Cleanup(func() { s.script("start-api") })
		restarted := func(*estate) { s.script("start-api") } // which kills it before
		many, few := newEstate(t, s, binaryOf(), "down-many", 100), newEstate(t, s, binaryOf(), "down-few", 12)
		few.want(12, "1")
		few.Must(0, "apply", "-auto-approve")
		for _, c := range []struct {
			name   string
			e      *estate
			method string
			after  bool
			skip   int
			round  string
			act    func(e *estate)
		}{
			{"creating", many, "host.create", false, 3, "1", (*estate).goneForAMoment},
			{"updating", many, "host.update", false, 3, "2", restarted},
			{"updating, when it was done", few, "host.update", true, 0, "2", (*estate).goneForAMoment},
		} {
			t.Run(c.name, func(t *testing.T) {
				e := c.e.in(t)
				e.want(e.count, c.round)
				stop := e.gate.at(c.method, c.after, c.skip)
				code, out := e.apply(stop.here, func(*exec.Cmd) {
					if c.after {
						e.gate.CloseClientConnections() // its answer is lost
					}
					close(stop.goOn)
					c.act(e)
				})
				t.Logf("exit code %d, %d of %d hosts are in the state", code, len(e.recorded()), e.count)
				if code != 0 {
					says(t, "the error", out, "Host: down-", "Cause: ", "State: ", "Next: ")
				}
				e.truth()
			})
		}
	})
}

// goneForAMoment kills the API, and starts it again when it has been missed.
func (e *estate) goneForAMoment() {
	e.script("kill-api")
	lost := e.gate.lost.Load()
	eventually(e.bed.t, func() string {
		if n := e.gate.lost.Load() - lost; n < 5 {
			return fmt.Sprintf("the API is missed %d times", n)
		}
		return ""
	})
	e.script("start-api")
}

// TestZabbixDownAtPlan: a plan without the API says what to look at, and changes
// nothing in the state.
func TestZabbixDownAtPlan(t *testing.T) {
	onBoth(t, func(t *testing.T, s *server) {
		t.Parallel()
		e := newEstate(t, s, binaryOf(), "down-plan", 12)
		e.want(12, "1")
		e.Must(0, "apply", "-auto-approve")
		t.Cleanup(func() { s.script("start-api") })
		s.script("kill-api")
		known := len(e.recorded())
		out := e.Must(1, "plan")
		says(t, "the plan", out, "down-plan-000", "Next: check url in the provider's zabbix block", "web server of Zabbix's frontend is up")
		if got := len(e.recorded()); got != known || known != 12 {
			t.Errorf("%d hosts are in the state, were %d", got, known)
		}
		s.script("start-api")
		e.settled()
	})
}
