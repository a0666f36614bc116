package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// ring are the routers of the demo with the demo's own configurations, changed
// by edit (nil for not).
func ring(t *testing.T, edit func(name, config string) string) fabric {
	t.Helper()
	var f fabric
	for _, name := range []string{"r1", "r2", "r3"} {
		text, err := os.ReadFile("../../../tools/demo/network/configs/" + name + ".conf")
		if err != nil {
			t.Fatal(err)
		}
		config := string(text)
		if edit != nil {
			config = edit(name, config)
		}
		f = append(f, parseSpeaker(name, config))
	}
	return f
}

// states are the column State/PfxRcd of a summary, by neighbour.
func states(f fabric, i int) map[string]string {
	found := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^(10\.\S+) (?:.*)- +(\d+|Active|Idle \(Admin\)) +\d+ `).FindAllStringSubmatch(f.summary(f[i]), -1) {
		found[m[1]] = m[2]
	}
	return found
}

func TestRingIsEstablished(t *testing.T) {
	f := ring(t, nil)
	want := []map[string]string{
		{"10.0.12.2": "2", "10.0.31.1": "2"},
		{"10.0.12.1": "2", "10.0.23.2": "2"},
		{"10.0.31.2": "2", "10.0.23.1": "2"},
	}
	for i := range f {
		got := states(f, i)
		for address, prefixes := range want[i] {
			if got[address] != prefixes {
				t.Errorf("%s, neighbour %s: %q, want %q\n%s", f[i].name, address, got[address], prefixes, f.summary(f[i]))
			}
		}
	}
}

func TestSessionNeedsBothEnds(t *testing.T) {
	tests := map[string]struct{ old, new, state string }{
		"neighbour gone":      {" neighbor 10.0.12.1 remote-as 65001\n", "", "Active"},
		"wrong AS":            {"neighbor 10.0.12.1 remote-as 65001", "neighbor 10.0.12.1 remote-as 65009", "Active"},
		"shut down":           {"neighbor 10.0.12.1 description r1", "neighbor 10.0.12.1 shutdown", "Active"},
		"address of the link": {"ip address 10.0.12.2/30", "ip address 10.0.99.2/30", "Active"},
		"no BGP":              {"router bgp 65002", "router ospf", "Active"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := ring(t, func(router, config string) string {
				if router != "r2" {
					return config
				}
				if !strings.Contains(config, tt.old) {
					t.Fatalf("r2 has no %q", tt.old)
				}
				return strings.Replace(config, tt.old, tt.new, 1)
			})
			if got := states(f, 0)["10.0.12.2"]; got != tt.state {
				t.Errorf("r1 sees r2 as %q, want %q", got, tt.state)
			}
			// r3 still reaches r1, but r2's prefix does not come over r1 any more.
			if got := states(f, 0)["10.0.31.1"]; name != "no BGP" && got != "2" {
				t.Errorf("r1 has %q prefixes of r3, want 2", got)
			}
			if got := states(f, 2)["10.0.31.2"]; got != "1" {
				t.Errorf("r3 has %q prefixes of r1, want 1", got)
			}
		})
	}
}

func TestAdministrativelyDown(t *testing.T) {
	f := ring(t, func(name, config string) string {
		if name != "r1" {
			return config
		}
		return strings.Replace(config, "neighbor 10.0.12.2 description r2", "neighbor 10.0.12.2 shutdown", 1)
	})
	if got := states(f, 0)["10.0.12.2"]; got != "Idle (Admin)" {
		t.Errorf("got %q", got)
	}
}

func TestNoBGP(t *testing.T) {
	f := fabric{parseSpeaker("r1", "hostname r1\n!\ninterface mgmt0\n ip address 198.18.1.2/16\nexit\n")}
	if got := f.summary(f[0]); got != "% BGP instance not found\n" {
		t.Errorf("got %q", got)
	}
}
