package provisiondevices

import (
	"errors"
	"os"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provider/objectlist/objectlisttest"
)

func TestMain(m *testing.M) {
	if err := os.Setenv("CHECKPOINT_DISABLE", "1"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// at is the data source that the tests read.
const at = "data.provision_devices.all"

func block(attributes string) string {
	return "data \"provision_devices\" \"all\" {\n" + attributes + "\n}\n" +
		"output \"names\" {\n  value = join(\",\", [for name, d in data.provision_devices.all.devices : \"${name}=${d.role == null ? \"none\" : d.role}\"])\n}\n"
}

func TestAccDevices(t *testing.T) {
	source := &objectlisttest.Source{List: []inventory.Object{
		{Kind: inventory.Device, ID: "17", Name: "r1", Host: "192.0.2.1", Port: 2222, Driver: "frr", Platform: "frr8", Site: "ber", Role: "edge", Status: "active", Tags: []string{"bgp", "core"}},
		{Kind: inventory.Device, ID: "rack 4, left", Name: "rack 4, left", Site: "muc"},
	}}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: objectlisttest.Factories(source, NewDataSource),
		Steps: []resource.TestStep{
			{
				Config: block(""),
				Check: resource.ComposeTestCheckFunc(
					resource.TestCheckResourceAttr(at, "devices.%", "2"),
					resource.TestCheckResourceAttr(at, "devices.17.name", "r1"),
					resource.TestCheckResourceAttr(at, "devices.17.host", "192.0.2.1"),
					resource.TestCheckResourceAttr(at, "devices.17.port", "2222"),
					resource.TestCheckResourceAttr(at, "devices.17.driver", "frr"),
					resource.TestCheckResourceAttr(at, "devices.17.platform", "frr8"),
					resource.TestCheckResourceAttr(at, "devices.17.site", "ber"),
					resource.TestCheckResourceAttr(at, "devices.17.status", "active"),
					resource.TestCheckResourceAttr(at, "devices.17.tags.0", "bgp"),
					resource.TestCheckNoResourceAttr(at, "devices.rack 4, left.host"),
					resource.TestCheckNoResourceAttr(at, "devices.rack 4, left.port"),
					resource.TestCheckOutput("names", "17=edge,rack 4, left=none"),
				),
			},
			{Config: block(`sites = ["muc"]`), Check: resource.TestCheckOutput("names", "rack 4, left=none")},
			{Config: block(`sites = ["nowhere", "here"]` + "\n" + `tags = ["x"]`), ExpectError: regexp.MustCompile(`site\s+nowhere\s+or\s+here\s+and\s+tag\s+x`)},
			{Config: block("sites = [\"nowhere\"]\nallow_empty = true"), Check: resource.TestCheckOutput("names", "")},
			{
				PreConfig:   func() { source.Err = errors.New("the file is gone") },
				Config:      block(""),
				ExpectError: regexp.MustCompile("the file is gone"),
			},
		},
	})
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
