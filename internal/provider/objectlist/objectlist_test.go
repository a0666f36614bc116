package objectlist

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// fakeSource is a source of truth that records what it is asked for.
type fakeSource struct {
	objects []inventory.Object
	err     error
	warns   []string
	kind    inventory.Kind
	filter  inventory.Filter
}

func (s *fakeSource) Objects(_ context.Context, kind inventory.Kind, f inventory.Filter) ([]inventory.Object, error) {
	s.kind, s.filter = kind, f
	return s.objects, s.err
}

func (s *fakeSource) Warnings() []string { return s.warns }

func filter() Filter {
	return Filter{Selection: Selection{
		Sites: []string{"a"}, Roles: []string{"b"}, Tenants: []string{"g"}, Platforms: []string{"c"}, Statuses: []string{"d"}, Tags: []string{"e", "f"},
		CustomFields: map[string][]string{"rack": {"h", "i"}},
	}}
}

func TestReadHandsOverTheFilter(t *testing.T) {
	s := &fakeSource{objects: []inventory.Object{{ID: "7", Name: "r1"}, {ID: "8", Name: "r1"}}}
	got, diags := Read(t.Context(), s, inventory.VirtualMachine, filter(), Of)
	if diags.HasError() || len(got) != 2 || got["7"].Name.ValueString() != "r1" || got["8"].ID.ValueString() != "8" {
		t.Errorf("%+v %v", got, diags)
	}
	want := inventory.Filter{
		Sites: []string{"a"}, Roles: []string{"b"}, Tenants: []string{"g"}, Platforms: []string{"c"}, Statuses: []string{"d"}, Tags: []string{"e", "f"},
		CustomFields: map[string][]string{"rack": {"h", "i"}},
	}
	if d := cmp.Diff(want, s.filter); d != "" || s.kind != inventory.VirtualMachine {
		t.Errorf("%s %s", s.kind, d)
	}
}

// What the source has to say reaches who only reads it, also when that fails.
func TestReadBringsWarnings(t *testing.T) {
	for _, err := range []error{nil, errors.New("it is down")} {
		_, diags := Read(t.Context(), &fakeSource{objects: []inventory.Object{{ID: "7"}}, err: err, warns: []string{"it is newer"}}, inventory.Device, Filter{}, Of)
		if diags.WarningsCount() != 1 || diags.Warnings()[0].Summary() != "it is newer" || diags.HasError() != (err != nil) {
			t.Errorf("%v", diags)
		}
	}
}

func TestReadTellsWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		source Source
		filter Filter
		says   string
	}{
		"not configured": {nil, Filter{}, "not configured"},
		"cannot be read": {&fakeSource{err: errors.New("it is down")}, Filter{}, "it is down"},
		"no match":       {&fakeSource{}, filter(), "no device with site a and role b and tenant g and platform c and status d and tag e or f and custom field rack h or i"},
		"nothing at all": {&fakeSource{}, Filter{}, "any name at all"},
	} {
		_, diags := Read(t.Context(), c.source, inventory.Device, c.filter, Of)
		if !diags.HasError() || !strings.Contains(diags[0].Summary()+" "+diags[0].Detail(), c.says) {
			t.Errorf("%s: %v", name, diags)
		}
	}
	got, diags := Read(t.Context(), &fakeSource{}, inventory.Device, Filter{AllowEmpty: types.BoolValue(true)}, Of)
	if diags.HasError() || got == nil || len(got) != 0 {
		t.Errorf("%v %v", got, diags)
	}
}

func TestOfMakesNullOfNothing(t *testing.T) {
	o := Of(inventory.Object{ID: "7", Name: "r1"})
	if !o.Site.IsNull() || !o.Host.IsNull() || o.Tags == nil || o.Name.ValueString() != "r1" {
		t.Errorf("%+v", o)
	}
}

func TestEveryAttributeIsDocumented(t *testing.T) {
	for name, a := range FilterAttributes() {
		if a.GetMarkdownDescription() == "" {
			t.Errorf("%s has no description", name)
		}
	}
	for name, a := range ObjectAttributes() {
		if a.GetMarkdownDescription() == "" {
			t.Errorf("an object's %s has no description", name)
		}
	}
}
