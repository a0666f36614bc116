package provisionzabbixhosts

import (
	"context"
	"errors"
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	fwresource "github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

func TestMain(m *testing.M) {
	if err := os.Setenv("CHECKPOINT_DISABLE", "1"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// fake answers with hosts and remembers the filter.
type fake struct {
	hosts  []*zabbix.Host
	err    error
	filter client.HostFilter
}

func (f *fake) Hosts(_ context.Context, filter client.HostFilter) ([]*zabbix.Host, error) {
	f.filter = filter
	return f.hosts, f.err
}

func (f *fake) HostURL(id string) string { return "https://z.example.net/" + id }

// Metadata implements provider.Provider.
func (f *fake) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "provision"
}

// Schema implements provider.Provider.
func (f *fake) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{}
}

// Configure implements provider.Provider.
func (f *fake) Configure(_ context.Context, _ provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	resp.DataSourceData = f
}

// Resources implements provider.Provider.
func (f *fake) Resources(context.Context) []func() fwresource.Resource { return nil }

// DataSources implements provider.Provider.
func (f *fake) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{NewDataSource}
}

func (f *fake) accept(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){"provision": providerserver.NewProtocol6WithError(f)},
		Steps:                    steps,
	})
}

const at = "data.provision_zabbix_hosts.all"

func TestAccHosts(t *testing.T) {
	f := &fake{hosts: []*zabbix.Host{
		{ID: "1", Name: "a", VisibleName: "A", Enabled: true, Groups: []string{"G"}, Templates: []string{"T"}},
		{ID: "2", Name: "b", VisibleName: "b"},
	}}
	f.accept(t, resource.TestStep{
		Config: `data "provision_zabbix_hosts" "all" {
  host_groups = ["G", "H"]
  templates   = ["T"]
  tags        = { site = ["fra1", "ams1"] }
}`,
		Check: resource.ComposeTestCheckFunc(
			resource.TestCheckResourceAttr(at, "hosts.%", "2"), resource.TestCheckResourceAttr(at, "hosts.a.id", "1"),
			resource.TestCheckResourceAttr(at, "hosts.a.visible_name", "A"), resource.TestCheckResourceAttr(at, "hosts.a.enabled", "true"),
			resource.TestCheckResourceAttr(at, "hosts.a.host_groups.0", "G"), resource.TestCheckResourceAttr(at, "hosts.a.url", "https://z.example.net/1"),
			resource.TestCheckResourceAttr(at, "hosts.b.templates.#", "0"), resource.TestCheckResourceAttr(at, "hosts.b.enabled", "false"),
		),
	})
	want := client.HostFilter{Groups: []string{"G", "H"}, Templates: []string{"T"}, Tags: []zabbix.Tag{{Name: "site", Value: "fra1"}, {Name: "site", Value: "ams1"}}}
	if d := cmp.Diff(want, f.filter); d != "" {
		t.Error(d)
	}
}

func TestAccNothingFound(t *testing.T) {
	f := &fake{}
	f.accept(t,
		resource.TestStep{Config: `data "provision_zabbix_hosts" "all" {}`, ExpectError: regexp.MustCompile("No host matches")},
		resource.TestStep{Config: `data "provision_zabbix_hosts" "all" { allow_empty = true }`, Check: resource.TestCheckResourceAttr(at, "hosts.%", "0")},
	)
	f.err = errors.New("no way")
	f.accept(t, resource.TestStep{Config: `data "provision_zabbix_hosts" "all" {}`, ExpectError: regexp.MustCompile("no way")})
}

func TestProviderThatIsNotConfigured(t *testing.T) {
	var resp datasource.ConfigureResponse
	(&DataSource{}).Configure(t.Context(), datasource.ConfigureRequest{ProviderData: "junk"}, &resp)
	if !resp.Diagnostics.HasError() {
		t.Error("unexpected provider data must be told")
	}
}
