package provision

import "testing"

func TestDiffLeavesRunning(t *testing.T) {
	startup, leftover := Hunk{Header: headerStartup}, leftoverHunk(&Pending{Holder: "run 1"})
	lines := Hunk{Lines: []string{"+ ntp server 192.0.2.1"}}
	cases := map[string]struct {
		hunks []Hunk
		want  bool
	}{
		"empty":               {nil, true},
		"save only":           {[]Hunk{startup}, true},
		"leftover only":       {[]Hunk{leftover}, true},
		"both":                {[]Hunk{leftover, startup}, true},
		"lines":               {[]Hunk{lines}, false},
		"leftover and lines":  {[]Hunk{leftover, lines}, false},
		"a place in a config": {[]Hunk{{Header: "router bgp 64512"}}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := (Diff{Hunks: c.hunks}).LeavesRunning(); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
