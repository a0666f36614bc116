package inventory_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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
	o := inventory.Object{Site: "ams", Tenant: "ops", Tags: []string{"a", "b"}, CustomFields: map[string]any{"rack": 4, "roles": []any{"x", "y"}, "none": nil}}
	fields := func(name string, values ...string) inventory.Filter {
		return inventory.Filter{CustomFields: map[string][]string{name: values}}
	}
	for _, c := range []struct {
		f    inventory.Filter
		want bool
	}{
		{inventory.Filter{}, true},
		{inventory.Filter{Sites: []string{"x", "ams"}}, true},
		{inventory.Filter{Sites: []string{"AMS"}}, false},
		{inventory.Filter{Tenants: []string{"ops"}}, true},
		{inventory.Filter{Tenants: []string{"dev"}}, false},
		{inventory.Filter{Tags: []string{"b", "c"}}, true},
		{inventory.Filter{Tags: []string{"c"}}, false},
		{inventory.Filter{Sites: []string{"ams"}, Roles: []string{"edge"}}, false},
		{inventory.Filter{Platforms: []string{""}}, true},
		{fields("rack", "4", "5"), true},
		{fields("rack", "5"), false},
		{fields("rack"), true},
		{fields("roles", "y"), true},
		{fields("none", ""), false},
		{fields("missing", "x"), false},
	} {
		if got := c.f.Matches(o); got != c.want {
			t.Errorf("%+v: %v", c.f, got)
		}
	}
}

func TestChoose(t *testing.T) {
	named := []inventory.Object{{ID: "1", Site: "ams"}, {ID: "2", Site: "fra", Tenant: "ops", URL: "u2"}, {ID: "3", Site: "fra", Tenant: "dev"}}
	for _, c := range []struct {
		site, tenant string
		id           string
		err          error
		says         string
	}{
		{"ams", "", "1", nil, ""},
		{"", "dev", "3", nil, ""},
		{"fra", "", "", inventory.ErrAmbiguous, `site "fra", tenant "dev" (3); site "fra", tenant "ops" (u2)`},
		{"", "", "", inventory.ErrAmbiguous, "set site or tenant"},
		{"ber", "", "", inventory.ErrNotFound, `at site "ber"; there are: site "ams"`},
		{"ams", "ops", "", inventory.ErrNotFound, `at site "ams" of tenant "ops"`},
	} {
		o, err := inventory.Choose(inventory.Ref{Name: "r1", Site: c.site, Tenant: c.tenant}, named, "the source")
		if o.ID != c.id || !errors.Is(err, c.err) || (err != nil && !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%+v: %q, %v", c, o.ID, err)
		}
	}
	if len(named) != 3 || named[2].ID != "3" {
		t.Errorf("the list was changed: %+v", named)
	}
}
