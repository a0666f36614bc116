package zabbixagenthost

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/server/servertest"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// estate answers with hosts and remembers the filter.
type estate struct {
	hosts  []*zabbix.Host
	err    error
	filter client.HostFilter
}

func (e *estate) Hosts(_ context.Context, f client.HostFilter) ([]*zabbix.Host, error) {
	e.filter = f
	return e.hosts, e.err
}

func (e *estate) HostDefaults() client.HostDefaults {
	return client.HostDefaults{OnDestroy: zabbix.DestroyBury, OnDrift: client.DriftRevert}
}
func (e *estate) HostURL(id string) string { return "https://z.example.net/" + id }

// lists serves the list with an estate.
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

// twoHosts has one with everything that tells secrets, and a plain one.
func twoHosts() *estate {
	return &estate{hosts: []*zabbix.Host{
		{
			ID: "101", Name: "r1", VisibleName: "Router 1", Enabled: true, Groups: []string{"Routers"}, Templates: []string{"ICMP"},
			Tags:   []zabbix.Tag{{Name: "site", Value: "fra1"}},
			Macros: []zabbix.Macro{{Name: "{$A}", Value: "1"}, {Name: "{$B}", Value: "hunter22", Kind: zabbix.MacroSecret}},
		},
		{ID: "102", Name: "r2", VisibleName: "r2"},
	}}
}

func TestListNamesEachHostAsAnImportDoes(t *testing.T) {
	e := twoHosts()
	found, said := servertest.New(t, lists{e}, nil).List(typeName, map[string]any{
		"host_groups": []string{"G", "H"}, "templates": []string{"T"}, "tags": map[string][]string{"site": {"fra1", "ams1"}},
	}, false, 0)
	want := []servertest.Listed{
		{Name: "r1 (Router 1)", Identity: map[string]any{"host": "r1"}},
		{Name: "r2", Identity: map[string]any{"host": "r2"}},
	}
	if d := cmp.Diff(want, found); d != "" || said != "" {
		t.Error(d, said)
	}
	filter := client.HostFilter{Groups: []string{"G", "H"}, Templates: []string{"T"}, Tags: []zabbix.Tag{{Name: "site", Value: "fra1"}, {Name: "site", Value: "ams1"}}}
	if d := cmp.Diff(filter, e.filter); d != "" {
		t.Error(d)
	}
}

func TestListWithWhatAnImportHolds(t *testing.T) {
	found, said := servertest.New(t, lists{twoHosts()}, nil).List(typeName, nil, true, 1)
	if len(found) != 1 || said != "" {
		t.Fatalf("a limit of 1 gave %d: %s", len(found), said)
	}
	got := found[0].Resource
	for name, want := range map[string]any{
		"id": "101", "host": "r1", "visible_name": "Router 1", "enabled": true, "on_destroy": "graveyard", "on_drift": "revert", "url": "https://z.example.net/101",
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	text := fmt.Sprint(got)
	for _, want := range []string{"Routers", "ICMP", "fra1", "{$A}"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}
	if strings.Contains(text, "hunter22") || strings.Contains(text, "{$B}") {
		t.Errorf("a secret macro is listed: %q", text)
	}
}

func TestListThatFails(t *testing.T) {
	for want, data := range map[string]any{
		"ERROR: zabbix_agent_host: failed: no way": &estate{err: errors.New("no way")},
		"not configured": nil,
	} {
		if found, said := servertest.New(t, lists{data}, nil).List(typeName, nil, false, 0); !strings.Contains(said, want) || len(found) > 0 {
			t.Errorf("%q and %v", said, found)
		}
	}
	var resp resource.ConfigureResponse
	(&List{}).Configure(t.Context(), resource.ConfigureRequest{ProviderData: "junk"}, &resp)
	if !resp.Diagnostics.HasError() {
		t.Error("unexpected provider data must be told")
	}
}
