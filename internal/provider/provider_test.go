package provider_test

import (
	"context"
	"regexp"
	"testing"

	tfprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/netprovision/terraform-provider-provision/internal/provider"
	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

const all = "data \"provision_devices\" \"all\" {}\n"

// refused runs a configuration through Terraform and expects an error.
func refused(t *testing.T, config, want string, env ...string) {
	t.Helper()
	t.Setenv("CHECKPOINT_DISABLE", "1")
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.ProviderFactories(t, env...),
		Steps:                    []resource.TestStep{{Config: config, PlanOnly: true, ExpectError: regexp.MustCompile(want)}},
	})
}

func TestAccInventoryOfTheBlock(t *testing.T) {
	t.Setenv("CHECKPOINT_DISABLE", "1")
	inv := acctest.Inventory(t, map[string]acctest.Device{"r1": {Host: "192.0.2.1", Driver: "frr"}})
	other := acctest.Inventory(t, map[string]acctest.Device{"r2": {Host: "192.0.2.2", Driver: "frr"}})
	has := func(name string) resource.TestCheckFunc {
		return resource.TestCheckResourceAttr("data.provision_devices.all", "devices."+name+".name", name)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.ProviderFactories(t, "PROVISION_INVENTORY_FILE="+other),
		Steps: []resource.TestStep{
			{Config: acctest.Provider(map[string]string{"inventory_file": acctest.Quote(inv)}) + all, Check: has("r1")},
			{Config: acctest.Provider(nil) + all, Check: has("r2")},
			{Config: all, Check: has("r2")},
		},
	})
}

func TestAccMistakesOfTheBlock(t *testing.T) {
	refused(t, acctest.Provider(map[string]string{
		"credentials":  `{ default = { username = "u", private_key = "~/.ssh/id" } }`,
		"max_failures": "-1",
		"redact":       `["("]`,
	})+all, `(?s)credentials\["default"\]\.private_key.*max_failures.*redact\[0\]|(?s)max_failures.*private_key`)
}

func TestAccMistakesOfTheInventory(t *testing.T) {
	inv := acctest.File(t, "inventory.yaml", "devices:\n  r1:\n    hots: x\n")
	refused(t, acctest.Provider(map[string]string{"inventory_file": acctest.Quote(inv)})+all,
		`(?s)inventory_file.*inventory\.yaml:3:\s+unknown\s+field\s+"hots"`)
}

func TestAccMistakesOfTheEnvironment(t *testing.T) {
	refused(t, all, `PROVISION_TRIGGER`, "PROVISION_TRIGGER=cron")
}

func TestAccNoInventory(t *testing.T) {
	refused(t, acctest.Provider(nil)+all, `inventory_file`)
}

func TestSchemaIsValid(t *testing.T) {
	server := providerserver.NewProtocol6(provider.New("test", nil, func() []string { return nil }))()
	resp, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatalf("%v %v", resp.Diagnostics, err)
	}
	if len(resp.ResourceSchemas) != 2 || len(resp.DataSourceSchemas) != 5 {
		t.Errorf("%d resources, %d data sources", len(resp.ResourceSchemas), len(resp.DataSourceSchemas))
	}
	describe(t, "provider", resp.Provider.Block.Attributes)
}

// describe looks for attributes without a description, and for secrets that
// are not sensitive.
func describe(t *testing.T, at string, attributes []*tfprotov6.SchemaAttribute) {
	t.Helper()
	secrets := map[string]bool{"password": true, "private_key": true, "passphrase": true, "enable_password": true, "options": true, "token": true, "headers": true}
	for _, a := range attributes {
		name := at + "." + a.Name
		if a.Description == "" {
			t.Errorf("%s has no description", name)
		}
		if a.Sensitive != secrets[a.Name] {
			t.Errorf("%s: sensitive is %v", name, a.Sensitive)
		}
		if a.NestedType != nil {
			describe(t, name, a.NestedType.Attributes)
		}
	}
}

func TestAnOldEngineIsRefused(t *testing.T) {
	p := provider.New("test", nil, func() []string { return nil })
	var resp tfprovider.ConfigureResponse
	p.Configure(t.Context(), tfprovider.ConfigureRequest{TerraformVersion: "1.10.5"}, &resp)
	if !resp.Diagnostics.HasError() || resp.ResourceData != nil {
		t.Errorf("%v", resp.Diagnostics)
	}
}

func TestCloseWithoutClients(t *testing.T) {
	if err := provider.New("test", nil, func() []string { return nil }).Close(context.Background()); err != nil {
		t.Error(err)
	}
}
