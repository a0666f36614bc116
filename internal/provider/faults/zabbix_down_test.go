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
	const hosts = 100
	s := zabbixServer(t, "7.0")
	t.Cleanup(func() { s.script("start-api") })
	restarted := func(*estate) { s.script("start-api") } // which kills it before
	e := newEstate(t, s, binaryOf(), "down", hosts)
	for _, c := range []struct {
		name, method, round string
		after               bool
		act                 func(e *estate)
	}{
		{"creating", "host.create", "1", false, (*estate).goneForAMoment},
		{"updating", "host.update", "2", false, restarted},
		{"updating, when it was done", "host.update", "3", true, (*estate).goneForAMoment},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := e.in(t)
			e.want(hosts, c.round)
			stop := e.gate.at(c.method, c.after, 3)
			code, out := e.apply(stop.here, func(*exec.Cmd) {
				if c.after {
					e.gate.CloseClientConnections() // its answer is lost
				}
				close(stop.goOn)
				c.act(e)
			})
			t.Logf("exit code %d, %d of %d hosts are in the state", code, len(e.recorded()), hosts)
			if code != 0 {
				says(t, "the error", out, "Host: down-0", "Cause: ", "State: ", "Next: ")
			}
			e.truth()
		})
	}
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
	s := zabbixServer(t, "7.0")
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
}
