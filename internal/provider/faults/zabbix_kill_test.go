//go:build lab

package faults_test

import (
	"os/exec"
	"testing"
)

// killed runs an apply and kills at a stop of the gate; then all must be well
// again.
func (e *estate) killed(s *stop, kill func(*exec.Cmd)) string {
	e.bed.t.Helper()
	code, output := e.apply(s.here, kill)
	if code == 0 {
		e.bed.t.Errorf("the apply was through although it was killed:\n%s", output)
	}
	e.truth()
	return output
}

// TestZabbixKill ends the provider and Terraform by SIGKILL in the middle of
// applies: before Zabbix has what they send, after it did it, and between two
// arrays.
func TestZabbixKill(t *testing.T) {
	const hosts = 12
	binary := binaryOf()
	s := zabbixServer(t, "7.0")
	for name, after := range map[string]bool{"before": false, "after": true} {
		t.Run(name, func(t *testing.T) {
			e := newEstate(t, s, binary, "kill-"+name, hosts)
			e.want(hosts, "1")
			e.killed(e.gate.at("host.create", after, 0), e.kill)
			made := e.recorded()
			e.want(hosts, "2")
			e.killed(e.gate.at("host.update", after, 0), e.kill)
			e.want(0, "2")
			e.killed(e.gate.at("host.update", after, 0), e.kill)
			e.want(hosts, "2") // dug up; what a buried host had stays, as with any host
			e.killed(e.gate.at("host.update", after, 0), e.kill)
			for name, id := range e.recorded() {
				if made[name] != id {
					t.Errorf("%s came back as hostid %s, was %s", name, id, made[name])
				}
			}
		})
	}
	t.Run("between arrays", func(t *testing.T) {
		e := newEstate(t, s, binary, "kill-between", hosts)
		e.want(hosts, "1")
		e.killed(e.gate.at("host.create", false, 1), e.kill)
	})
	t.Run("the provider alone", func(t *testing.T) {
		e := newEstate(t, s, binary, "kill-provider", hosts)
		e.want(hosts, "1")
		out := e.killed(e.gate.at("host.create", true, 0), e.killProvider)
		says(t, "Terraform", out, "Plugin did not respond")
	})
}

// TestZabbixInterrupted is Ctrl-C while a creation is under way: what was sent is
// waited for, and recorded.
func TestZabbixInterrupted(t *testing.T) {
	const hosts = 12
	e := newEstate(t, zabbixServer(t, "7.0"), binaryOf(), "interrupt", hosts)
	e.want(hosts, "1")
	s := e.gate.at("host.create", true, 0)
	_, out := e.apply(s.here, func(cmd *exec.Cmd) { interrupt(cmd); close(s.goOn) })
	says(t, "Terraform", out, "Interrupt received")
	if there, known := e.hosts(e.prefix), e.recorded(); len(there) != len(known) || len(there) == 0 {
		t.Errorf("%d hosts in Zabbix, %d in the state:\n%s", len(there), len(known), out)
	}
	e.truth()
}
