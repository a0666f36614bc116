//go:build lab

package faults_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestZabbixByHand: what somebody does to hosts in Zabbix is in the plan, host by
// host, and the apply makes it good.
func TestZabbixByHand(t *testing.T) {
	onBoth(t, func(t *testing.T, s *server) {
		s.templates()
		e := newEstate(t, s, binaryOf(), "hand", 0)
		group := s.group("Hypervisors")
		changes := []struct {
			label, says string
			params      object
		}{
			{"disabled", "enabled", object{"status": 1}},
			{"moved", "host_groups", object{"groups": []object{{"groupid": group}}}},
			{"renamed", ": host", object{"host": "hand-else"}},
			{"unlinked", "templates", object{"templates": []object{}}},
			{"untagged", "tags", object{"tags": []object{}}},
			{"described", "description", object{"description": "by hand"}},
			{"open", "tls", object{"tls_connect": 1, "tls_accept": 1}},
			{"emptied", "inventory", object{"inventory": object{"location": ""}}},
		}
		blocks := []string{e.provider(), e.host("deleted")}
		for _, c := range changes {
			blocks = append(blocks, e.host(c.label, `templates = ["faults.child1"]`, `tags = { site = ["ams"] }`, `description = "ours"`, "enabled = true",
				`inventory = { location = "A4" }`, `tls = { connect = "psk", psk_identity = "faults-hand" }`, `tls_psk = "`+strings.Repeat("d", 32)+`"`))
		}
		e.Config(blocks...)
		e.Must(0, "apply", "-auto-approve")
		made := e.hosts("hand")
		for _, c := range changes {
			c.params["hostid"] = made["hand-"+c.label].ID
			s.call("host.update", c.params, nil)
		}
		s.call("host.delete", []string{made["hand-deleted"].ID}, nil)
		out := e.Must(2, "plan", "-detailed-exitcode")
		says(t, "the plan", out, "1 to add, 8 to change, 0 to destroy")
		for _, c := range changes {
			_, after, _ := strings.Cut(out, "hand-"+c.label+": changed outside Terraform since run")
			told, _, _ := strings.Cut(after, "Warning:")
			says(t, c.label, told, c.says)
		}
		e.Must(0, "apply", "-auto-approve")
		e.Must(0, "plan", "-detailed-exitcode")
		there := e.hosts("hand")
		for name, h := range made {
			if got := there[name]; got == nil || (got.ID == h.ID) == (name == "hand-deleted") {
				t.Errorf("%s: was hostid %s, is %+v", name, h.ID, got)
			}
		}
		if len(there) != len(made) {
			t.Errorf("%d hosts, were %d", len(there), len(made))
		}
	})
}

// TestZabbixChangedAfterAPlannedDestroy: the apply of a planned destroy takes away
// no host that somebody has changed since.
func TestZabbixChangedAfterAPlannedDestroy(t *testing.T) {
	onBoth(t, func(t *testing.T, s *server) {
		e := newEstate(t, s, binaryOf(), "bye", 0)
		e.Config(e.provider(), e.host("bury"), e.host("delete", `on_destroy = "delete"`), e.host("same"), e.host("gone"))
		e.Must(0, "apply", "-auto-approve")
		made := e.hosts("bye")
		e.Must(0, "plan", "-destroy", "-out=bye.tfplan")
		for _, name := range []string{"bye-bury", "bye-delete"} {
			s.call("host.update", object{"hostid": made[name].ID, "description": "in use again"}, nil)
		}
		s.call("host.delete", []string{made["bye-gone"].ID}, nil)
		out := e.Must(1, "apply", "bye.tfplan")
		there := e.hosts("bye")
		for _, name := range []string{"bye-bury", "bye-delete"} {
			says(t, "the apply", out, "Error: "+name+": compare failed", "changed since the plan", "State: not applied")
			if there[name] == nil || there[name].ID != made[name].ID {
				t.Errorf("%s is gone", name)
			}
		}
		if there["bye-same"] != nil || there["bye-same_archived"] == nil {
			t.Error("the host that nobody changed is not in the graveyard")
		}
		if strings.Contains(out, "Error: bye-gone") {
			t.Error("a host that is gone already is no error")
		}
		e.Must(0, "destroy", "-auto-approve")
		if left := e.hosts("bye"); left["bye-bury"] != nil || left["bye-delete"] != nil {
			t.Error("a new plan does not take them away either")
		}
	})
}

// TestZabbixExpiredToken: an expired token is an error that says what to renew,
// and takes nothing out of the state.
func TestZabbixExpiredToken(t *testing.T) {
	onBoth(t, func(t *testing.T, s *server) {
		e := newEstate(t, s, binaryOf(), "token", 1)
		e.want(1, "1")
		e.Must(0, "apply", "-auto-approve")
		password := e.login
		_, token := s.token("faults expired", object{"expires_at": time.Now().Add(-time.Hour).Unix()})
		e.login = fmt.Sprintf("token = %q", token)
		e.want(1, "1")
		out := e.Must(1, "plan")
		says(t, "the plan", out, "token-000: stage failed", "login refused", "the API token is not valid, or has expired", "Next: check token")
		if strings.Contains(strings.ReplaceAll(out, " ", ""), token) {
			t.Error("the plan shows the token")
		}
		e.login = password
		e.want(1, "1")
		e.settled()
	})
}
