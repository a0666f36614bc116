//go:build lab

package faults_test

import (
	"os/exec"
	"testing"
)

// TestZabbixDown kills the API in the middle of an apply of 100 hosts and starts
// it again: at once, or when the apply has failed.
func TestZabbixDown(t *testing.T) {
	const hosts = 100
	s := zabbixServer(t, "7.0")
	t.Cleanup(func() { s.script("start-api") })
	for _, c := range []struct {
		name  string
		stop  string
		round string
		act   func(s *server)
	}{
		{"creating, for good", "host.create", "1", func(s *server) { s.script("kill-api") }},
		{"updating, restarted", "host.update", "2", func(s *server) { s.script("start-api") }},
		{"creating, restarted", "host.create", "1", func(s *server) { s.script("start-api") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEstate(t, s, binaryOf(), "down", hosts)
			if c.stop == "host.update" {
				e.want(hosts, "0")
				e.Must(0, "apply", "-auto-approve")
			}
			e.want(hosts, c.round)
			stop := e.gate.at(c.stop, false, 3)
			code, out := e.apply(stop.here, func(*exec.Cmd) { c.act(s); close(stop.goOn) })
			t.Logf("exit code %d, %d of %d hosts are in the state", code, len(e.recorded()), hosts)
			if c.name == "creating, for good" {
				if code != 1 {
					t.Errorf("exit code %d:\n%s", code, out)
				}
				says(t, "the error", out, "Host: down-0", "Cause: ", "State: ", "Next: ", "zabbix block")
				code, plan := e.Terraform("plan")
				if code != 1 {
					t.Errorf("a plan without Zabbix succeeds:\n%s", plan)
				}
				says(t, "the plan", plan, "Next: check url in the provider's zabbix block", "web server of Zabbix's frontend is up")
				s.script("start-api")
			}
			e.truth()
		})
	}
}
