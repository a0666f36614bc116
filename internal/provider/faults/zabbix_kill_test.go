//go:build lab

package faults_test

import (
	"fmt"
	"os/exec"
	"slices"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
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
	onBoth(t, func(t *testing.T, s *server) {
		t.Parallel()
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
	})
}

// TestZabbixInterrupted is Ctrl-C while a creation is under way: what was sent is
// waited for, and recorded.
func TestZabbixInterrupted(t *testing.T) {
	const hosts = 12
	onBoth(t, func(t *testing.T, s *server) {
		t.Parallel()
		e := newEstate(t, s, binaryOf(), "interrupt", hosts)
		e.want(hosts, "1")
		stop := e.gate.at("host.create", true, 0)
		_, out := e.apply(stop.here, func(cmd *exec.Cmd) { interrupt(cmd); close(stop.goOn) })
		says(t, "Terraform", out, "Interrupt received")
		if there, known := e.hosts(e.prefix), e.recorded(); len(there) != len(known) || len(there) == 0 {
			t.Errorf("%d hosts in Zabbix, %d in the state:\n%s", len(there), len(known), out)
		}
		e.truth()
	})
}

// TestZabbixKillWithinAnUpdate ends the provider by SIGKILL, with Terraform or
// without, at each gap of an update of several calls: a host group is made, then
// the interfaces change, then all the rest. The plan names what is left to do.
func TestZabbixKillWithinAnUpdate(t *testing.T) {
	const hosts = 3
	onBoth(t, func(t *testing.T, s *server) {
		t.Parallel()
		e := newEstate(t, s, binaryOf(), "kill-within", hosts)
		e.manyCalls()
		e.want(hosts, "1")
		e.Must(0, "apply", "-auto-approve")
		made := e.recorded()
		for _, c := range []struct {
			round  string
			method string
			after  bool
			kill   func(*exec.Cmd)
		}{
			{"2", "hostgroup.create", false, e.kill},
			{"3", "hostgroup.create", true, e.killProvider},
			{"4", "hostinterface.update", false, e.killProvider},
			{"5", "hostinterface.update", true, e.kill},
			{"6", "host.update", false, e.killProvider},
			{"7", "host.update", true, e.kill},
		} {
			t.Run(c.method+map[bool]string{false: ", before", true: ", after"}[c.after], func(t *testing.T) {
				e := e.in(t)
				e.want(hosts, c.round)
				e.killed(e.gate.at(c.method, c.after, 0), c.kill)
				for name, id := range e.recorded() {
					if made[name] != id {
						t.Errorf("%s has hostid %s, was %s", name, id, made[name])
					}
				}
			})
		}
	})
}

// manyCalls has each round be an update of several calls.
func (e *estate) manyCalls() {
	e.bed.t.Helper()
	group := func(round string) string { return "Faults/" + e.prefix + " " + round }
	var groups []string
	for round := range 9 {
		groups = append(groups, group(fmt.Sprint(round)))
	}
	e.ungroup(groups...)
	e.limits = "create_host_groups = true"
	e.lines = []string{
		`interface = { ip = "192.0.2.%s", port = "1005%s" }`, `host_groups = ["Linux servers", "` + group("%s") + `"]`,
		`macros = { "{$ROUND}" = { value = "%s" } }`, `description = "round %s"`,
	}
	e.parts = parts{
		"interface": func(h *zabbix.Host, round string) bool {
			return h.Agent.IP == "192.0.2."+round && h.Agent.Port == "1005"+round
		},
		"host_groups": func(h *zabbix.Host, round string) bool {
			return slices.Equal(h.Groups, []string{group(round), "Linux servers"})
		},
		"description": func(h *zabbix.Host, round string) bool { return h.Description == "round "+round },
		"macros": func(h *zabbix.Host, round string) bool {
			return slices.ContainsFunc(h.Macros, func(m zabbix.Macro) bool { return m.Name == "{$ROUND}" && m.Value == round })
		},
	}
}
