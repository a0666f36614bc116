package provisiondevice

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provider/server/servertest"
)

// truth is a source of truth that remembers the filters it was asked with.
type truth struct {
	all     []inventory.Object
	warned  []string
	err     error
	filters []inventory.Filter
}

func (s *truth) Objects(_ context.Context, kind inventory.Kind, f inventory.Filter) ([]inventory.Object, error) {
	s.filters = append(s.filters, f)
	var found []inventory.Object
	for _, o := range s.all {
		if o.Kind == kind && (len(f.Sites) == 0 || f.Sites[0] == o.Site) {
			found = append(found, o)
		}
	}
	return found, s.err
}

func (s *truth) Warnings() []string { return s.warned }

// lists serves the list with a source of truth.
type lists struct{ data any }

func (lists) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "provision"
}

func (lists) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{}
}

func (l lists) Configure(_ context.Context, _ provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	resp.ListResourceData = l.data
}
func (lists) DataSources(context.Context) []func() datasource.DataSource { return nil }
func (lists) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{NewResource}
}

func (lists) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{NewList}
}

// estate has a name twice, and a device without any.
func estate() *truth {
	device := func(name, site, tenant string) inventory.Object {
		return inventory.Object{Kind: inventory.Device, Name: name, Site: site, Tenant: tenant, Host: "192.0.2.1", Driver: "frr"}
	}
	return &truth{all: []inventory.Object{device("sw1", "fra1", ""), device("r1", "fra1", "net"), device("", "fra1", ""), device("sw1", "ams1", "net")}}
}

func TestListNamesEachDeviceAsAnImportDoes(t *testing.T) {
	s := estate()
	found, said := servertest.New(t, lists{s}, nil).List("provision_device", nil, false, 0)
	want := []servertest.Listed{
		{Name: "r1 (fra1)", Identity: map[string]any{"name": "r1"}},
		{Name: "sw1 (ams1)", Identity: map[string]any{"name": "sw1", "site": "ams1", "tenant": "net"}},
		{Name: "sw1 (fra1)", Identity: map[string]any{"name": "sw1", "site": "fra1"}},
	}
	if d := cmp.Diff(want, found); d != "" || said != "" {
		t.Error(d, said)
	}
}

// A filter may hide the other device of a name, and the name alone is ambiguous all
// the same.
func TestListKnowsTwinsThatItDoesNotShow(t *testing.T) {
	s := estate()
	found, _ := servertest.New(t, lists{s}, nil).List("provision_device", map[string]any{"sites": []string{"ams1"}}, false, 0)
	want := []servertest.Listed{{Name: "sw1 (ams1)", Identity: map[string]any{"name": "sw1", "site": "ams1", "tenant": "net"}}}
	if d := cmp.Diff(want, found); d != "" {
		t.Error(d)
	}
}

func TestListHandsOverTheFilter(t *testing.T) {
	s := &truth{}
	found, said := servertest.New(t, lists{s}, nil).List("provision_device", map[string]any{
		"sites": []string{"a"}, "roles": []string{"b"}, "tenants": []string{"c"}, "platforms": []string{"d"}, "statuses": []string{"e"}, "tags": []string{"f", "g"},
		"custom_fields": map[string][]string{"rack": {"h"}},
	}, false, 0)
	want := inventory.Filter{
		Sites: []string{"a"}, Roles: []string{"b"}, Tenants: []string{"c"}, Platforms: []string{"d"}, Statuses: []string{"e"}, Tags: []string{"f", "g"},
		CustomFields: map[string][]string{"rack": {"h"}},
	}
	if d := cmp.Diff(want, s.filters[0]); d != "" || said != "" || len(found) > 0 {
		t.Error(d, said, found)
	}
}

func TestListWithResources(t *testing.T) {
	found, said := servertest.New(t, lists{estate()}, nil).List("provision_device", nil, true, 1)
	if len(found) != 1 || said != "" {
		t.Fatalf("a limit of 1 gave %d: %s", len(found), said)
	}
	want := map[string]any{
		"id": "r1", "name": "r1", "replace_config": false, "commit_changes": true, "confirm_timeout": "2m", "save": true,
		"on_drift": "revert", "on_destroy": "keep", "allow_unreviewed": false,
	}
	if d := cmp.Diff(want, found[0].Resource); d != "" {
		t.Errorf("what the source of truth knows is left to it: %s", d)
	}
}

func TestListThatFails(t *testing.T) {
	s := estate()
	s.err, s.warned = errors.New("it is down"), []string{"it is newer"}
	for name, c := range map[string]struct {
		data any
		want []string
	}{
		"the source":     {s, []string{"WARNING: it is newer", "ERROR: The source of truth could not be read: it is down"}},
		"not configured": {nil, []string{"not configured"}},
	} {
		found, said := servertest.New(t, lists{c.data}, nil).List("provision_device", nil, false, 0)
		for _, want := range c.want {
			if !strings.Contains(said, want) || len(found) > 0 {
				t.Errorf("%s: %q and %v", name, said, found)
			}
		}
	}
	var resp resource.ConfigureResponse
	(&List{}).Configure(t.Context(), resource.ConfigureRequest{ProviderData: "junk"}, &resp)
	if !resp.Diagnostics.HasError() {
		t.Error("unexpected provider data must be told")
	}
}
