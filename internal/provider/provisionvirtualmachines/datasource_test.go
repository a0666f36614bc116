package provisionvirtualmachines

import (
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

func block(attributes string) string {
	return "data \"provision_virtual_machines\" \"all\" {\n" + attributes + "\n}\n" +
		"output \"names\" {\n  value = join(\",\", [for id, vm in data.provision_virtual_machines.all.virtual_machines : \"${id}=${vm.name}\"])\n}\n"
}

func TestAccVirtualMachines(t *testing.T) {
	const at = "data.provision_virtual_machines.all"
	source := &objectlisttest.Source{List: []inventory.Object{
		{Kind: inventory.VirtualMachine, ID: "17", Name: "web1", Host: "192.0.2.1", PrimaryIP4: "192.0.2.1", Site: "ber", Cluster: "c1", Tags: []string{"prod"}, URL: "u"},
		{Kind: inventory.VirtualMachine, ID: "18", Name: "db1", Site: "muc", CustomFields: map[string]any{"owner": "dba"}},
		{Kind: inventory.Device, ID: "19", Name: "r1"},
	}}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: objectlisttest.Factories(source, NewDataSource),
		Steps: []resource.TestStep{
			{
				Config: block(""),
				Check: resource.ComposeTestCheckFunc(
					resource.TestCheckResourceAttr(at, "virtual_machines.%", "2"),
					resource.TestCheckResourceAttr(at, "virtual_machines.17.host", "192.0.2.1"),
					resource.TestCheckResourceAttr(at, "virtual_machines.17.cluster", "c1"),
					resource.TestCheckResourceAttr(at, "virtual_machines.17.tags.0", "prod"),
					resource.TestCheckNoResourceAttr(at, "virtual_machines.18.host"),
					resource.TestCheckOutput("names", "17=web1,18=db1"),
				),
			},
			{Config: block(`custom_fields = { owner = ["dba", "x"] }`), Check: resource.TestCheckOutput("names", "18=db1")},
			{Config: block(`sites = ["nowhere"]`), ExpectError: regexp.MustCompile(`No virtual machine matches`)},
			{Config: block("sites = [\"nowhere\"]\nallow_empty = true"), Check: resource.TestCheckOutput("names", "")},
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
}
