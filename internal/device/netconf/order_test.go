package netconf_test

import (
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/device/devicetest"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/netconfsim"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// apply plans, commits, confirms and saves, and gives what the plan showed. A plan
// that shows nothing is not committed.
func apply(t *testing.T, lab devicetest.Lab, text string, replace bool) (string, error) {
	t.Helper()
	s := driven(t, lab)
	defer func() { must(t, s.Close()) }()
	c := stage(t, s, text, provision.StageOptions{Replace: replace, Verify: true})
	shown := c.Diff().String()
	if c.Diff().Empty() {
		if c.Unsaved() {
			t.Error("without a difference it is not saved")
		}
		return shown, nil
	}
	if _, err := c.Commit(t.Context(), persist); err != nil {
		return shown, err
	}
	fresh := driven(t, lab)
	defer func() { must(t, fresh.Close()) }()
	v, err := c.Verify(t.Context(), fresh)
	must(t, err)
	if !v.Remaining.Empty() {
		t.Errorf("remains:\n%s", v.Remaining)
	}
	must(t, fresh.Confirm(t.Context(), persist.ID), fresh.Save(t.Context()))
	return shown, nil
}

// search is a leaf-list whose order is the user's.
func search(domains ...string) string {
	var b strings.Builder
	for _, d := range domains {
		b.WriteString("<search>" + d + "</search>")
	}
	return sys + "<dns-resolver>" + b.String() + "</dns-resolver></system>\n"
}

func testOrder(t *testing.T, lab devicetest.Lab) {
	eth0, eth1 := iface("eth0", "uplink"), iface("eth1", "spare")
	contact := sys + "<contact>noc</contact></system>\n"
	for name, replace := range map[string]bool{"replace": true, "merge": false} {
		t.Run(name, func(t *testing.T) {
			lab.Reset(t)
			// The same interfaces in another order are the same.
			shown, err := apply(t, lab, interfaces(eth1, eth0)+contact, replace)
			must(t, err)
			if shown != "" {
				t.Errorf("another order of interfaces:\n%s", shown)
			}
			// Nor does the order show beside what changes, and there is nothing left.
			mixed := interfaces(iface("eth2", "added"), iface("eth1", "changed"), eth0) + contact
			shown, err = apply(t, lab, mixed, replace)
			must(t, err)
			if strings.Contains(shown, "(order)") || !strings.Contains(shown, "+ changed") || !strings.Contains(shown, isAdded) {
				t.Errorf("another order and something else:\n%s", shown)
			}
			if shown, err = apply(t, lab, mixed, replace); err != nil || shown != "" {
				t.Errorf("once more: %v\n%s", err, shown)
			}
		})
	}
	t.Run("ordered by the user", func(t *testing.T) {
		lab.Reset(t)
		all := func(domains ...string) string { return interfaces(eth0, eth1) + search(domains...) }
		_, err := apply(t, lab, all("a.example", "b.example"), true)
		must(t, err)
		shown, err := apply(t, lab, all("b.example", "a.example"), true)
		must(t, err)
		if want := "@@ /system/dns-resolver/search (order)\n- a.example\n- b.example\n+ b.example\n+ a.example"; shown != want {
			t.Errorf("%s\nwant\n%s", shown, want)
		}
		running := lab.Running(t)
		if strings.Index(running, "b.example") > strings.Index(running, "a.example") {
			t.Errorf("the order is not on:\n%s", running)
		}
		if shown, err = apply(t, lab, all("b.example", "a.example"), true); err != nil || shown != "" {
			t.Errorf("once more: %v\n%s", err, shown)
		}
	})
}

func TestOrderOnSimulator(t *testing.T) {
	for name, own := range map[string]bool{"sorted": false, "an order of its own": true} {
		t.Run(name, func(t *testing.T) { testOrder(t, newSim(t, netconfsim.Options{OwnOrder: own})) })
	}
}

// The data models are asked for only when an order differs, and once a session.
func TestModelsAreAskedForOnce(t *testing.T) {
	var asked []string
	lab := newSim(t, netconfsim.Options{OwnOrder: true, Faults: func(op string) netconfsim.Fault {
		if op == "get-schema" {
			asked = append(asked, op)
		}
		return netconfsim.None
	}})
	s := driven(t, lab)
	stage(t, s, added, provision.StageOptions{})
	if len(asked) != 0 {
		t.Errorf("asked for %d models for nothing", len(asked))
	}
	other := interfaces(iface("eth1", "spare"), iface("eth0", "uplink"))
	stage(t, s, other, provision.StageOptions{Replace: true})
	stage(t, s, other, provision.StageOptions{Replace: true})
	if len(asked) != 2 { // the module and the one that it imports
		t.Errorf("asked for %d models", len(asked))
	}
}

// While a commit waits for its confirmation nothing is asked: a new entry that the
// device puts behind the others is where it belongs.
func TestModelsAreNotAskedForInTheWindow(t *testing.T) {
	lab := newSim(t, netconfsim.Options{OwnOrder: true, Faults: func(op string) netconfsim.Fault {
		if op == "get-schema" {
			return netconfsim.Hang
		}
		return netconfsim.None
	}})
	text := interfaces(iface("eth2", "added"), iface("eth0", "uplink"), iface("eth1", "spare")) + sys + "<contact>noc</contact></system>\n"
	shown, err := apply(t, lab, text, true)
	must(t, err)
	if strings.Contains(shown, "(order)") || !strings.Contains(shown, "eth2") {
		t.Errorf("the plan:\n%s", shown)
	}
	if running := lab.Running(t); strings.Index(running, "eth2") < strings.Index(running, "eth1") {
		t.Errorf("the device has the order that it was sent:\n%s", running)
	}
}

// Without the data models every order counts, and a device that keeps its own says
// ok and changes nothing: the error says why.
func TestOrderWithoutModels(t *testing.T) {
	const monitoring = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
	for name, o := range map[string]netconfsim.Options{
		"no monitoring":  {OwnOrder: true, Without: []string{monitoring}},
		"no get-schema":  {OwnOrder: true, NoSchemas: []string{"ietf-interfaces"}},
		"one is missing": {OwnOrder: true, NoSchemas: []string{"ietf-yang-types"}},
		"no data": {OwnOrder: true, Faults: func(op string) netconfsim.Fault {
			if op == "get-schema" {
				return netconfsim.Nothing // ok instead of a text
			}
			return netconfsim.None
		}},
	} {
		t.Run(name, func(t *testing.T) {
			lab := newSim(t, o)
			swapped := strings.Replace(fixture().Base, iface("eth0", "uplink")+iface("eth1", "spare"), iface("eth1", "spare")+iface("eth0", "uplink"), 1)
			shown, err := apply(t, lab, swapped, true)
			if !strings.Contains(shown, "/interfaces/interface (order)") {
				t.Errorf("the order does not count:\n%s", shown)
			}
			if err == nil || !strings.Contains(err.Error(), "write them in the order in which it shows them") {
				t.Errorf("the commit: %v", err)
			}
		})
	}
}
