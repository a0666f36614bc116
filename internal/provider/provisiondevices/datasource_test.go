package provisiondevices

import (
	"context"
	"errors"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	fw "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	fwresource "github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

func TestMain(m *testing.M) {
	if err := os.Setenv("CHECKPOINT_DISABLE", "1"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// fakeSource is a source of truth that records the filters it was given.
type fakeSource struct {
	devices []inventory.Device
	err     error
	filters []inventory.Filter
}

func (s *fakeSource) Devices(_ context.Context, f inventory.Filter) ([]inventory.Device, error) {
	s.filters = append(s.filters, f)
	var out []inventory.Device
	for _, d := range s.devices {
		if len(f.Sites) == 0 || slices.Contains(f.Sites, d.Site) {
			out = append(out, d)
		}
	}
	return out, s.err
}

// fakeProvider serves the data source with a fake source.
type fakeProvider struct{ source *fakeSource }

func (p *fakeProvider) Metadata(_ context.Context, _ fw.MetadataRequest, resp *fw.MetadataResponse) {
	resp.TypeName = "provision"
}

func (p *fakeProvider) Schema(_ context.Context, _ fw.SchemaRequest, resp *fw.SchemaResponse) {
	resp.Schema = schema.Schema{}
}

func (p *fakeProvider) Configure(_ context.Context, _ fw.ConfigureRequest, resp *fw.ConfigureResponse) {
	resp.DataSourceData = p.source
}

func (p *fakeProvider) Resources(context.Context) []func() fwresource.Resource { return nil }

func (p *fakeProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{NewDataSource}
}

// at is the data source that the tests read.
const at = "data.provision_devices.all"

func block(attributes string) string {
	return "data \"provision_devices\" \"all\" {\n" + attributes + "\n}\n" +
		"output \"names\" {\n  value = join(\",\", [for name, d in data.provision_devices.all.devices : \"${name}=${d.role == null ? \"none\" : d.role}\"])\n}\n"
}

func TestAccDevices(t *testing.T) {
	source := &fakeSource{devices: []inventory.Device{
		{Name: "r1", Host: "192.0.2.1", Port: 2222, Driver: "frr", Platform: "frr8", Site: "ber", Role: "edge", Status: "active", Tags: []string{"bgp", "core"}},
		{Name: "rack 4, left", Site: "muc"},
	}}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
			"provision": providerserver.NewProtocol6WithError(&fakeProvider{source}),
		},
		Steps: []resource.TestStep{
			{
				Config: block(""),
				Check: resource.ComposeTestCheckFunc(
					resource.TestCheckResourceAttr(at, "devices.%", "2"),
					resource.TestCheckResourceAttr(at, "devices.r1.name", "r1"),
					resource.TestCheckResourceAttr(at, "devices.r1.host", "192.0.2.1"),
					resource.TestCheckResourceAttr(at, "devices.r1.port", "2222"),
					resource.TestCheckResourceAttr(at, "devices.r1.driver", "frr"),
					resource.TestCheckResourceAttr(at, "devices.r1.platform", "frr8"),
					resource.TestCheckResourceAttr(at, "devices.r1.site", "ber"),
					resource.TestCheckResourceAttr(at, "devices.r1.status", "active"),
					resource.TestCheckResourceAttr(at, "devices.r1.tags.0", "bgp"),
					resource.TestCheckNoResourceAttr(at, "devices.rack 4, left.host"),
					resource.TestCheckNoResourceAttr(at, "devices.rack 4, left.port"),
					resource.TestCheckOutput("names", "r1=edge,rack 4, left=none"),
				),
			},
			{Config: block(`sites = ["muc"]`), Check: resource.TestCheckOutput("names", "rack 4, left=none")},
			{Config: block(`sites = ["nowhere", "here"]` + "\n" + `tags = ["x"]`), ExpectError: regexp.MustCompile(`site\s+nowhere\s+or\s+here\s+and\s+tag\s+x`)},
			{Config: block("sites = [\"nowhere\"]\nallow_empty = true"), Check: resource.TestCheckOutput("names", "")},
			{
				PreConfig:   func() { source.err = errors.New("the file is gone") },
				Config:      block(""),
				ExpectError: regexp.MustCompile("the file is gone"),
			},
		},
	})
}

func TestModelFilter(t *testing.T) {
	m := model{Sites: []string{"a"}, Roles: []string{"b"}, Platforms: []string{"c"}, Statuses: []string{"d"}, Tags: []string{"e", "f"}}
	f := m.filter()
	if f.Sites[0] != "a" || f.Roles[0] != "b" || f.Platforms[0] != "c" || f.Statuses[0] != "d" || f.Tags[1] != "f" {
		t.Errorf("filter %+v", f)
	}
	if got, want := m.filterText(), "site a and role b and platform c and status d and tag e or f"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (model{}).filterText(); got != "any name at all" {
		t.Errorf("got %q", got)
	}
}

func TestSchemaIsValidAndDocumented(t *testing.T) {
	var resp datasource.SchemaResponse
	NewDataSource().Schema(t.Context(), datasource.SchemaRequest{}, &resp)
	if diags := resp.Schema.ValidateImplementation(t.Context()); diags.HasError() {
		t.Fatal(diags)
	}
	for name, a := range resp.Schema.Attributes {
		if a.GetMarkdownDescription() == "" {
			t.Errorf("%s has no description", name)
		}
	}
	for name, a := range deviceAttributes() {
		if a.GetMarkdownDescription() == "" {
			t.Errorf("devices.%s has no description", name)
		}
	}
}

func TestConfigureRefusesJunk(t *testing.T) {
	d := &DataSource{}
	var resp datasource.ConfigureResponse
	d.Configure(t.Context(), datasource.ConfigureRequest{ProviderData: 7}, &resp)
	if !resp.Diagnostics.HasError() {
		t.Error("unexpected provider data must be told")
	}
	resp = datasource.ConfigureResponse{}
	d.Configure(t.Context(), datasource.ConfigureRequest{}, &resp)
	if resp.Diagnostics.HasError() {
		t.Error("validation comes before configuration")
	}
}
