//go:build lab

package faults_test

import (
	"os/exec"
	"slices"
	"testing"
)

// beside runs the apply of one estate while the other's is held at a stop, and
// gives what came of the one that was held.
func (e *estate) beside(s *stop, other *estate) (int, string) {
	return e.apply(s.here, func(*exec.Cmd) {
		other.Must(0, "apply", "-auto-approve")
		close(s.goOn)
	})
}

// TestZabbixTwoApplies has two applies of one host at once.
func TestZabbixTwoApplies(t *testing.T) {
	onBoth(t, func(t *testing.T, s *server) {
		t.Parallel()
		mine := newEstate(t, s, binaryOf(), "two", 1)
		theirs := newEstate(t, s, binaryOf(), "two", 1)
		mine.want(1, "1")
		theirs.want(1, "1")

		// Both create: one is made, and the other's says that it exists.
		code, out := mine.beside(mine.gate.at("host.create", false, 0), theirs)
		if code != 1 || len(mine.recorded()) != 0 {
			t.Errorf("exit code %d, state %v:\n%s", code, mine.recorded(), out)
		}
		says(t, "the apply", out, "two-000", "already exists", "Next: ")
		theirs.settled()
		mine.want(1, "9")
		says(t, "the plan", mine.Must(1, "plan"), "the host exists already", "terraform import")
		// What is as intended and bears a run's mark may be what a killed run left:
		// from one state nobody can tell, so that the plan says what to look at.
		mine.want(1, "1")
		says(t, "the plan", mine.Must(0, "plan"), "was made by run", "it is taken over", "If another state has it, take it out of one of the two")

		// Both know it and change it: what the other did before is seen, and what it
		// does in the moment after that is the gap that Zabbix leaves.
		mine.Must(0, "apply", "-auto-approve")
		theirs.settled()
		mine.settled()
		for _, c := range []struct {
			round string
			stop  stop
			code  int
			says  []string
		}{
			{"2", stop{method: "host.get", ready: mine.step("compare")}, 1, []string{"two-000: commit failed", "somebody changed the host in Zabbix in the meantime; nothing was sent", "State: not applied"}},
			{"3", stop{method: "host.update"}, 0, nil},
		} {
			mine.want(1, c.round)
			theirs.want(1, c.round)
			code, out := mine.beside(mine.gate.set(c.stop), theirs)
			if code != c.code {
				t.Errorf("exit code %d:\n%s", code, out)
			}
			says(t, "the apply", out, c.says...)
			mine.truth()
			theirs.truth()
		}
	})
}

// TestZabbixGroupMadeMeanwhile has another run make the host group that a saved plan
// wants to make: what was agreed to is done all the same.
func TestZabbixGroupMadeMeanwhile(t *testing.T) {
	onBoth(t, func(t *testing.T, s *server) {
		t.Parallel()
		e := newEstate(t, s, binaryOf(), "groupmade", 1)
		const group = "Faults/made meanwhile"
		s.ungroup(group)
		e.limits = "create_host_groups = true"
		e.Config(e.provider(), e.host("it", `host_groups = ["Linux servers", "`+group+`"]`))
		out := e.Must(0, "plan", "-out=saved.plan")
		says(t, "the plan", out, "host groups that will be made: "+group, "+ "+group)
		s.call("hostgroup.create", object{"name": group}, nil)
		e.Must(0, "apply", "saved.plan")
		if h := s.hosts("groupmade")["groupmade-it"]; h == nil || !slices.Contains(h.Groups, group) {
			t.Errorf("the host is not in the group: %+v", h)
		}
		e.Must(0, "plan", "-detailed-exitcode")
		e.Must(0, "destroy", "-auto-approve")
	})
}
