package report

import (
	"fmt"
	"strings"
	"testing"
)

// brackets writes the blocks of a difference with what changed in brackets.
func brackets(d Diff) string {
	var b strings.Builder
	for _, h := range d.Hunks {
		for _, block := range h.Blocks() {
			for _, p := range block.Parts {
				if p.Changed {
					p.Text = "[" + p.Text + "]"
				}
				b.WriteString(p.Text)
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

func TestMark(t *testing.T) {
	long := strings.Repeat("x", maxMarked)
	for name, tc := range map[string]struct{ diff, want string }{
		"an address": {
			"- ip address 10.0.0.1/24\n+ ip address 10.0.0.2/24",
			"- ip address 10.0.0.[1]/24\n+ ip address 10.0.0.[2]/24\n",
		},
		"each has its own": {
			"- neighbor a remote-as 65001\n- neighbor b remote-as 65002\n+ neighbor b remote-as 65009\n+ neighbor a remote-as 65008",
			"- neighbor [a] remote-as 6500[1]\n- neighbor [b] remote-as 6500[2]\n+ neighbor [b] remote-as 6500[9]\n+ neighbor [a] remote-as 6500[8]\n",
		},
		"an element": {
			"-   <mtu>1500</mtu>\n+   <mtu>9000</mtu>",
			"-   <mtu>[15]00</mtu>\n+   <mtu>[90]00</mtu>\n",
		},
		"a part that only comes": {
			"- description uplink\n+ description uplink to quay",
			"- description uplink\n+ description uplink[ to quay]\n",
		},
		"nothing in common but the word": {"- permit a\n+ permit bcdefghijklmn", "- permit a\n+ permit bcdefghijklmn\n"},
		"other words":                    {"- router bgp 1\n+ hostname a", "- router bgp 1\n+ hostname a\n"},
		"another one in between":         {"- ip address 1\n  !\n+ ip address 2", "- ip address 1\n  !\n+ ip address 2\n"},
		"only comes":                     {"+ ip address 1\n+ ip address 2", "+ ip address 1\n+ ip address 2\n"},
		"too long":                       {"- a " + long + "\n+ a " + long + "y", "- a " + long + "\n+ a " + long + "y\n"},
		"not ASCII":                      {"- description Zürich ü1\n+ description Zürich ü2", "- description Zürich ü[1]\n+ description Zürich ü[2]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := brackets(newRoom().parse(tc.diff)); got != tc.want {
				t.Errorf("got\n%swant\n%s", got, tc.want)
			}
		})
	}
}

// lines are so many that go and come.
func lines(n int) string {
	var b strings.Builder
	for _, sign := range "-+" {
		for i := range n {
			fmt.Fprintf(&b, "%c seq %d permit %c\n", sign, i, sign)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// What a page marks has an end, so that making it has one.
func TestMarkEnds(t *testing.T) {
	if got := brackets(newRoom().parse(lines(100))); !strings.Contains(got, "[") {
		t.Errorf("nothing is marked:\n%s", got)
	}
	if got := brackets(newRoom().parse(lines(101))); strings.Contains(got, "[") {
		t.Errorf("marked, though all is new:\n%s", got)
	}
	r := newRoom()
	r.pairs = 1
	if got := brackets(r.parse(lines(3))); strings.Count(got, "[") > 2 {
		t.Errorf("more than one pair:\n%s", got)
	}
}
