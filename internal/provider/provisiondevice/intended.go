package provisiondevice

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/objectvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
)

// intendedAttribute says where in the source of truth the intended configuration
// comes from.
func intendedAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "Where in the source of truth the intended configuration comes from, instead of `config`. " +
			"Default: Nautobot's stored one, NetBox's rendered one, the inventory file's own.",
		Validators: []validator.Object{objectvalidator.ConflictsWith(path.MatchRoot("config"))},
		Attributes: map[string]schema.Attribute{
			"from": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.OneOf(inventory.FromStored, inventory.FromRendered)},
				MarkdownDescription: "`stored`: the configuration that Golden Config made last (Nautobot only). `rendered`: it is rendered now.",
			},
			"branch": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Branch of the repository of templates to render from (Nautobot only): a plan shows what a change would do before it is merged.",
			},
			"template": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Id of a config template to render in place of the device's own (NetBox only).",
			},
			"variables": schema.MapAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Variables that the template sees beside the device's config context (NetBox only).",
			},
		},
	}
}

// intendedType is the type of intended.
func intendedType() map[string]attr.Type {
	return map[string]attr.Type{
		"from": types.StringType, "branch": types.StringType, "template": types.StringType,
		"variables": types.MapType{ElemType: types.StringType},
	}
}

// intentOf reads intended, all of which is known.
func intentOf(o types.Object) inventory.Intent {
	text := func(name string) string {
		s, _ := o.Attributes()[name].(types.String)
		return s.ValueString()
	}
	intent := inventory.Intent{From: text("from"), Branch: text("branch"), Template: text("template")}
	variables, _ := o.Attributes()["variables"].(types.Map)
	for name, v := range variables.Elements() {
		if s, ok := v.(types.String); ok {
			if intent.Variables == nil {
				intent.Variables = map[string]any{}
			}
			intent.Variables[name] = s.ValueString()
		}
	}
	return intent
}

// inObject names the values within an object and its maps.
func inObject(name string, o types.Object) []planning.Named {
	var all []planning.Named
	for _, key := range slices.Sorted(maps.Keys(o.Attributes())) {
		v := o.Attributes()[key]
		all = append(all, planning.Named{Name: name + "." + key, Value: v})
		if m, ok := v.(types.Map); ok {
			for _, k := range slices.Sorted(maps.Keys(m.Elements())) {
				all = append(all, planning.Named{Name: name + "." + key + "." + k, Value: m.Elements()[k]})
			}
		}
	}
	return all
}
