package functions_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
	"github.com/netprovision/terraform-provider-provision/internal/provider/functions"
)

func TestMain(m *testing.M) {
	if err := os.Setenv("CHECKPOINT_DISABLE", "1"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// rules are written as they stand in a provider block.
const rules = `
locals {
  rules = {
    devices = [
      { name = "all", default = true, templates = ["ICMP"], host_groups = ["Network"], proxy = "p0" },
      { name = "core", roles = ["core"], sites = toset(["ams"]), templates = ["Core"], proxy_group = "g1" },
    ]
    virtual_machines = [{ name = "vm", default = true, templates = ["Linux"], sites = null }]
    tags      = { prefix = "nb_", default_tag = "id", object_tags = ["prod"], values = { owner = "custom_fields.owners" } }
    inventory = { site_rack = ["custom_fields.rack", "site"], hw_arch = "custom_fields.height" }
    exclude   = { custom_field = "no_zabbix" }
  }
  r1 = {
    kind = "device", id = "42", name = "r1", site = "ams", role = "core", platform = null, tags = ["prod", "x"],
    custom_fields = { rack = "A4", owners = ["net", null, "sys"], height = 1.5, no_zabbix = false }
  }
}
`

// output makes an output of an expression, as JSON.
func output(expression string) string {
	return rules + "output \"x\" {\n  value = jsonencode(" + expression + ")\n}\n"
}

func TestAccMatch(t *testing.T) {
	is := func(expression, want string) resource.TestStep {
		return resource.TestStep{Config: output(expression), Check: resource.TestCheckOutput("x", want)}
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.ProviderFactories(t),
		Steps: []resource.TestStep{
			is("provider::provision::match(local.rules, local.r1)",
				`{"excluded":null,"explain":["template Core: rule \"core\"","proxy group g1: rule \"core\"",`+
					`"tag nb_id=42: tags.default_tag","tag nb_prod=prod: tags.object_tags",`+
					`"tag nb_owner=net: tags.values.owner (custom_fields.owners)","tag nb_owner=sys: tags.values.owner (custom_fields.owners)",`+
					`"inventory hw_arch=1.5: inventory.hw_arch (custom_fields.height)","inventory site_rack=A4: inventory.site_rack (custom_fields.rack)"],`+
					`"host_groups":[],"inventory":{"hw_arch":"1.5","site_rack":"A4"},"proxy":null,"proxy_group":"g1","rules":["core"],`+
					`"tags":[{"name":"nb_id","value":"42"},{"name":"nb_prod","value":"prod"},{"name":"nb_owner","value":"net"},{"name":"nb_owner","value":"sys"}],`+
					`"templates":["Core"]}`),
			is(`provider::provision::match(local.rules, { kind = "device", name = "r2", site = "fra" })`,
				`{"excluded":null,"explain":["template ICMP: rule \"all\"","host group Network: rule \"all\"","proxy p0: rule \"all\"",`+
					`"tag nb_id=r2: tags.default_tag","inventory site_rack=fra: inventory.site_rack (site)"],`+
					`"host_groups":["Network"],"inventory":{"site_rack":"fra"},"proxy":"p0","proxy_group":null,"rules":["all"],`+
					`"tags":[{"name":"nb_id","value":"r2"}],"templates":["ICMP"]}`),
			is(`provider::provision::match(local.rules, { kind = "virtual_machine", name = "web1", cluster = "c1" }).tags[1]`,
				`{"name":"nb_Cluster","value":"c1"}`),
			is(`provider::provision::match(local.rules, { kind = "device", name = "r3", custom_fields = { no_zabbix = true } })`,
				`{"excluded":"its custom field \"no_zabbix\" is true (exclude.custom_field)",`+
					`"explain":["excluded: its custom field \"no_zabbix\" is true (exclude.custom_field)"],`+
					`"host_groups":[],"inventory":{},"proxy":null,"proxy_group":null,"rules":[],"tags":[],"templates":[]}`),
			is(`provider::provision::match(yamldecode("devices: [{name: all, default: true, templates: [T]}]"), local.r1).templates`, `["T"]`),
		},
	})
}

func TestAccMatchRefusals(t *testing.T) {
	refused := func(expression, want string) resource.TestStep {
		return resource.TestStep{Config: output(expression), ExpectError: regexp.MustCompile(want)}
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.ProviderFactories(t),
		Steps: []resource.TestStep{
			refused(`provider::provision::match({ devices = [{ name = "core", site = ["x"] }] }, local.r1)`,
				`(?s)Invalid value for "rules" parameter: devices\[0\]\s+"core":\s+unknown\s+key\s+"site";\s+did\s+you\s+mean\s+"sites"\?.*there\s+is\s+no\s+default`),
			refused(`provider::provision::match(local.rules, { kind = "device", nam = "r1" })`,
				`(?s)Invalid value for "object" parameter: unknown\s+key\s+"nam";\s+did\s+you\s+mean\s+"name"\?`),
			refused(`provider::provision::match(null, local.r1)`, `Invalid value for "rules" parameter: argument must not be null`),
			refused(`provider::provision::match(local.rules, "r1")`, `Invalid value for "object" parameter: an\s+object\s+is\s+needed,\s+not\s+a\s+text`),
			refused(`provider::provision::match(merge(local.rules, { inventory = { name = "tags" } }), local.r1)`,
				`(?s)r1:\s+mappings:\s+inventory\.name\s+\(tags\):\s+the\s+path\s+leads\s+to\s+a\s+list`),
		},
	})
}

// TestAccMatchWhatIsUnknown: a part that is known only at apply makes the result
// unknown, in either argument, and at apply it is there.
func TestAccMatchWhatIsUnknown(t *testing.T) {
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.ProviderFactories(t),
		Steps: []resource.TestStep{{
			Config: rules + `
resource "terraform_data" "late" {
  input = "core"
}
output "object" {
  value = provider::provision::match(local.rules, merge(local.r1, { role = terraform_data.late.output })).templates[0]
}
output "rules" {
  value = provider::provision::match(merge(local.rules, { tags = { prefix = terraform_data.late.output, default_tag = "id" } }), local.r1).tags[0].name
}
`,
			Check: resource.ComposeTestCheckFunc(
				resource.TestCheckOutput("object", "Core"),
				resource.TestCheckOutput("rules", "coreid"),
			),
		}},
	})
}

// TestRunWithAnUnknownPart: an engine may call with values that are unknown
// somewhere within (Terraform 1.11 does not).
func TestRunWithAnUnknownPart(t *testing.T) {
	f := functions.NewMatch()
	var def function.DefinitionResponse
	f.Definition(t.Context(), function.DefinitionRequest{}, &def)
	result, err := def.Definition.Return.GetType().ValueFromTerraform(t.Context(), tftypes.NewValue(def.Definition.Return.GetType().TerraformType(t.Context()), nil))
	if err != nil {
		t.Fatal(err)
	}
	part := types.DynamicValue(types.ObjectValueMust(map[string]attr.Type{"merge": types.BoolType}, map[string]attr.Value{"merge": types.BoolUnknown()}))
	resp := function.RunResponse{Result: function.NewResultData(result)}
	f.Run(t.Context(), function.RunRequest{Arguments: function.NewArgumentsData([]attr.Value{part, part})}, &resp)
	if resp.Error != nil || !resp.Result.Value().IsUnknown() {
		t.Errorf("%v, %v", resp.Error, resp.Result.Value())
	}
}

func TestTheExampleWorks(t *testing.T) {
	example, err := os.ReadFile("../../../examples/functions/match/function.tf")
	if err != nil {
		t.Fatal(err)
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.ProviderFactories(t),
		Steps: []resource.TestStep{{
			Config: string(example) + "output \"rules\" {\n  value = jsonencode(provider::provision::match(local.mappings, { kind = \"device\", name = \"x\", role = \"core\" }).rules)\n}\n",
			Check:  resource.TestCheckOutput("rules", `["core routers"]`),
		}},
	})
}

func TestDefinitionIsValidAndDocumented(t *testing.T) {
	f := functions.NewMatch()
	var resp function.DefinitionResponse
	f.Definition(t.Context(), function.DefinitionRequest{}, &resp)
	var valid function.DefinitionValidateResponse
	resp.Definition.ValidateImplementation(t.Context(), function.DefinitionValidateRequest{FuncName: "match"}, &valid)
	if valid.Diagnostics.HasError() {
		t.Error(valid.Diagnostics)
	}
	for _, p := range resp.Definition.Parameters {
		if p.GetMarkdownDescription() == "" {
			t.Errorf("%s has no description", p.GetName())
		}
	}
	if resp.Definition.Summary == "" || resp.Definition.MarkdownDescription == "" {
		t.Error("the function has no description")
	}
}
