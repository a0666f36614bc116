package frrsim

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const small = "hostname a\nno ipv6 forwarding\nip route 10.0.0.0/8 Null0\ninterface eth1\n description x\nexit\nrouter bgp 1\n neighbor 1.1.1.1 remote-as 2\n" +
	" neighbor 1.1.1.1 timers 3 9\n neighbor 1.1.1.1 timers connect 1\n address-family ipv4 unicast\n  network 10.0.0.0/8\n exit-address-family\nexit\n"

func load(t *testing.T, text string) *model {
	t.Helper()
	m := &model{}
	if errs := m.load(text); len(errs) > 0 {
		t.Fatal(errs)
	}
	return m
}

func TestShowLoadsAgain(t *testing.T) {
	one := load(t, small).show()
	if two := load(t, one).show(); one != two {
		t.Error(cmp.Diff(one, two))
	}
	for _, want := range []string{"hostname a\nno ipv6 forwarding\n!\nip route", " address-family ipv4 unicast\n  network 10.0.0.0/8\n exit-address-family\nexit\n!\n"} {
		if !strings.Contains(one, want) {
			t.Errorf("no %q in\n%s", want, one)
		}
	}
}

func TestCommands(t *testing.T) {
	for name, tc := range map[string]struct{ text, has, lacks string }{
		"one value":         {"interface eth1\n description y\n", " description y\n", " description x\n"},
		"no":                {"interface eth1\n no description\n", "interface eth1\nexit", "description"},
		"no timers":         {"router bgp 1\n no neighbor 1.1.1.1 timers\n", "timers connect 1", "timers 3 9"},
		"no neighbor":       {"router bgp 1\n no neighbor 1.1.1.1\n", "router bgp 1", "neighbor"},
		"a default":         {"ipv6 forwarding\n", "hostname a", "forwarding"},
		"no default":        {"no ip forwarding\n", "no ip forwarding\n", "\nip forwarding"},
		"numbers":           {"ip prefix-list P permit any\nip prefix-list P deny any\nip prefix-list P permit any\n", "seq 5 permit any\nip prefix-list P seq 10 deny any\n", "seq 15"},
		"a context goes":    {"no router bgp 1\n", "interface eth1", "router bgp"},
		"out of the family": {"router bgp 1\n address-family ipv4 unicast\n  network 11.0.0.0/8\n neighbor 1.1.1.1 description d\nip route 12.0.0.0/8 Null0\n", "12.0.0.0/8", "nothing"},
	} {
		m := load(t, small)
		if errs := m.load(tc.text); len(errs) > 0 {
			t.Errorf("%s: %v", name, errs)
		}
		if got := m.show(); !strings.Contains(got, tc.has) || strings.Contains(got, tc.lacks) {
			t.Errorf("%s: wanted %q and not %q in\n%s", name, tc.has, tc.lacks, got)
		}
	}
}

func TestRefusals(t *testing.T) {
	m := load(t, small)
	errs := m.load("ip route 12.0.0.0/8 Null0\nbogus line\nrouter bgp 2\n")
	if len(errs) != 2 || errs[0].Error() != "line 2: % Unknown command[4]: bogus line" || !strings.Contains(errs[1].Error(), "AS is 1") {
		t.Errorf("refused: %v", errs)
	}
	if !strings.Contains(m.show(), "12.0.0.0/8") {
		t.Error("the line before the mistake took no effect, as it does in FRR")
	}
}

// The output of frr-reload.py 8.4.4 for the same two texts.
func TestCompareSpeaksLikeFRR(t *testing.T) {
	m := load(t, small+"password x\n")
	got := m.compare("hostname a\nip route 11.0.0.0/8 Null0\ninterface eth1\nexit\nrouter bgp 1\n neighbor 1.1.1.1 remote-as 2\nexit\nroute-map R permit 10\n set metric 5\nexit\n").String()
	const want = `
Lines To Delete
===============
ipv6 forwarding
interface eth1
 no description x
router bgp 1
 no neighbor 1.1.1.1 timers 3 9
router bgp 1
 no neighbor 1.1.1.1 timers connect 1
router bgp 1
 no address-family ipv4 unicast

Lines To Add
============
no ip route 10.0.0.0/8 Null0
ip route 11.0.0.0/8 Null0
route-map R permit 10
route-map R permit 10
 set metric 5
`
	if got != want {
		t.Error(cmp.Diff(want, got))
	}
}

func TestSplit(t *testing.T) {
	got := split(`sh -c 'a '\''b'\''' provision-frr state '' x\ y`)
	if want := []string{"sh", "-c", "a 'b'", "provision-frr", "state", "", "x y"}; !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}

func TestNewRefusesBadStartup(t *testing.T) {
	if _, err := New(Options{Startup: "bogus\n"}); err == nil {
		t.Error("it booted")
	}
}
