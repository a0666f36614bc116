//go:build lab

package faults_test

import (
	"fmt"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// unchanged checks that Zabbix and the state have the hosts that were there before.
func (e *estate) unchanged(before map[string]*zabbix.Host) {
	e.bed.t.Helper()
	now, known := e.hosts(e.prefix), e.recorded()
	if !reflect.DeepEqual(now, before) {
		e.bed.t.Errorf("Zabbix had %v, has %v", before, now)
	}
	for name, h := range before {
		if h.Mark.BuriedName == "" && known[name] != "" && known[name] != h.ID {
			e.bed.t.Errorf("%s has hostid %s, the state has %q", name, h.ID, known[name])
		}
	}
}

// TestZabbixTokenRevoked takes the token away in the middle of an apply: before the
// second array of creations, and between the two calls of an update.
func TestZabbixTokenRevoked(t *testing.T) {
	const hosts = 12
	onBoth(t, func(t *testing.T, s *server) {
		t.Parallel()
		for _, c := range []struct {
			name, method, round string
			stop                stop
			revoked             object
			says                []string
		}{
			{"creating", "host.create", "1", stop{skip: 1}, object{"status": 1}, []string{"State: not applied"}},
			{"updating", "hostinterface.update", "2", stop{after: true}, object{"expires_at": 1}, []string{"State: unknown", "nobody can look any more", "could not be taken back"}},
		} {
			t.Run(c.name, func(t *testing.T) {
				e := newEstate(t, s, binaryOf(), "revoked-"+c.name, hosts)
				e.lines = []string{`interface = { ip = "192.0.2.%s" }`}
				e.parts = parts{"interface": func(h *zabbix.Host, round string) bool { return h.Agent.IP == "192.0.2."+round }}
				password := e.login
				id, token := s.token("faults "+e.prefix, nil)
				e.login = fmt.Sprintf("token = %q", token)
				if c.round == "2" {
					e.want(hosts, "1")
					e.Must(0, "apply", "-auto-approve")
				}
				e.want(hosts, c.round)
				c.stop.method, c.revoked["tokenid"] = c.method, id
				held := e.gate.set(c.stop)
				code, out := e.apply(held.here, func(*exec.Cmd) {
					s.call("token.update", c.revoked, nil)
					close(held.goOn)
				})
				if code != 1 {
					t.Errorf("exit code %d", code)
				}
				says(t, "the apply", out, append(c.says, "Error: "+e.prefix, "login refused", "the API token is not valid, or has expired", "State: ", "Next: ", "check token")...)
				says(t, "the plan", e.Must(1, "plan"), "Error: "+e.prefix, "login refused", "Next: check token")
				e.login = password
				e.want(hosts, c.round)
				e.truth()
			})
		}
	})
}

// TestZabbixMaxDestroy: one host too many is one error in a plan, before anything is
// done, and while it is done one for each that comes after.
func TestZabbixMaxDestroy(t *testing.T) {
	const hosts, refusal = 4, "would be one more than the 2 hosts that may be destroyed or replaced at once"
	limit := func(n string) []string { return []string{"PROVISION_ZABBIX_MAX_DESTROY=" + n} }
	onBoth(t, func(t *testing.T, s *server) {
		t.Parallel()
		e := newEstate(t, s, binaryOf(), "most", hosts)
		e.limits = "prefetch = true" // and no limit but the environment's
		e.want(hosts, "1")
		e.Must(0, "apply", "-auto-approve")
		before, state := e.hosts(e.prefix), e.Read("terraform.tfstate")
		e.Env = limit("4")
		e.Must(0, "plan", "-destroy", "-out=saved.plan")
		e.Env = limit("2")
		refused := func(times int, args ...string) {
			out := e.Must(1, args...)
			says(t, args[0], out, "Error: most-00", "(hostid ", refusal, "raise max_destroy for this run (PROVISION_ZABBIX_MAX_DESTROY)")
			if n := strings.Count(out, refusal); n != times {
				t.Errorf("%s says it %d times:\n%s", args[0], n, out)
			}
		}
		refused(1, "plan", "-destroy")
		refused(1, "destroy", "-auto-approve")
		e.unchanged(before)
		if e.Read("terraform.tfstate") != state {
			t.Error("the state has changed")
		}
		refused(2, "apply", "saved.plan")
		buried := func() (n int) {
			for name, h := range e.hosts(e.prefix) {
				if h.Mark.BuriedName != "" && before[h.Mark.BuriedName].ID == h.ID {
					n++
				} else if e.recorded()[name] != h.ID {
					t.Errorf("%s (hostid %s) is neither in the graveyard nor in the state", name, h.ID)
				}
			}
			return n
		}
		if n, known := buried(), len(e.recorded()); n != 2 || known != 2 {
			t.Errorf("%d hosts are in the graveyard, %d in the state", n, known)
		}
		says(t, "the destroy", e.Must(0, "destroy", "-auto-approve"), "2 destroyed")
		if n, known := buried(), len(e.recorded()); n != hosts || known != 0 {
			t.Errorf("%d hosts are in the graveyard, %d in the state", n, known)
		}
	})
}
