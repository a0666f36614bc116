package inventory_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

func TestNear(t *testing.T) {
	names := []string{"ams-edge1", "ams-edge2", "fra-core1", "x"}
	for _, c := range []struct {
		name string
		want []string
	}{
		{"ams-edge3", []string{"ams-edge1", "ams-edge2"}},
		{"AMS-EDGE1", []string{"ams-edge1", "ams-edge2"}},
		{"edge2", []string{"ams-edge2"}},
		{"fra-cor1", []string{"fra-core1"}},
		{"zzzzzz", nil},
		{"", []string{"x"}},
	} {
		if got := inventory.Near(c.name, names); !slices.Equal(got, c.want) {
			t.Errorf("Near(%q) = %q, want %q", c.name, got, c.want)
		}
	}
}

func TestNearGivesAtMostFive(t *testing.T) {
	var names []string
	for i := range 9 {
		names = append(names, fmt.Sprintf("router%d", i))
	}
	if got := inventory.Near("router", names); len(got) != 5 {
		t.Errorf("got %q", got)
	}
}

func TestMatches(t *testing.T) {
	d := inventory.Device{Site: "ams", Tags: []string{"a", "b"}}
	for _, c := range []struct {
		f    inventory.Filter
		want bool
	}{
		{inventory.Filter{}, true},
		{inventory.Filter{Sites: []string{"x", "ams"}}, true},
		{inventory.Filter{Sites: []string{"AMS"}}, false},
		{inventory.Filter{Tags: []string{"b", "c"}}, true},
		{inventory.Filter{Tags: []string{"c"}}, false},
		{inventory.Filter{Sites: []string{"ams"}, Roles: []string{"edge"}}, false},
		{inventory.Filter{Platforms: []string{""}}, true},
	} {
		if got := c.f.Matches(d); got != c.want {
			t.Errorf("%+v: %v", c.f, got)
		}
		if got := c.f.MatchesVirtualMachine(inventory.VirtualMachine{Site: d.Site, Tags: d.Tags}); got != c.want {
			t.Errorf("virtual machine, %+v: %v", c.f, got)
		}
	}
}
