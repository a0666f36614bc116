package provisiondevicecheck

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/action/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/objectvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provider/deviceaction"
)

// description heads the documentation page of the action.
const description = "Asks a device what an apply of its intended configuration would change. " +
	"The device itself works out the answer, as in a plan of `provision_device`; nothing is changed, and nothing is left behind on it.\n\n" +
	"It needs no resource and no state: for a look at night, before a maintenance, or at a device that is not managed yet."

// actionSchema is the schema of the action.
func actionSchema(ctx context.Context) schema.Schema {
	attributes := deviceaction.DeviceAttributes()
	attributes["config"] = schema.StringAttribute{
		Optional: true, WriteOnly: true,
		MarkdownDescription: "The intended configuration, in the device's own language. It is write-only, so that an ephemeral value can be given: Terraform keeps any other value in a saved plan file. Default: what the source of truth has for the device.",
	}
	attributes["intended"] = intendedAttribute()
	attributes["replace_config"] = schema.BoolAttribute{
		Optional:            true,
		MarkdownDescription: "`true`: as if the intended configuration became the whole configuration. Default `false`: as if it was merged into what is there.",
	}
	attributes["save"] = schema.BoolAttribute{
		Optional:            true,
		MarkdownDescription: "`true` (default): that the running configuration is not saved is a difference, because an apply would save it. `false`: only what runs is looked at.",
	}
	attributes["fail_on_difference"] = schema.BoolAttribute{
		Optional:            true,
		MarkdownDescription: "`true`: a difference is an error, so that a pipeline stops. Default `false`: it is told.",
	}
	return schema.Schema{
		MarkdownDescription: description,
		Attributes:          attributes,
		Blocks: map[string]schema.Block{"timeouts": timeouts.BlockWithOpts(ctx, timeouts.Opts{
			InvokeDescription: "Time for the whole check. As a duration, such as \"90s\" or \"10m\". Default 5m.",
		})},
	}
}

// intendedAttribute says where in the source of truth the intended configuration
// comes from.
func intendedAttribute() schema.Attribute {
	some := []validator.String{stringvalidator.LengthAtLeast(1)}
	return schema.SingleNestedAttribute{
		Optional: true, Validators: []validator.Object{objectvalidator.ConflictsWith(path.MatchRoot("config"))},
		MarkdownDescription: "Where in the source of truth the intended configuration comes from, as for `provision_device`.",
		Attributes: map[string]schema.Attribute{
			"from": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.OneOf(inventory.FromStored, inventory.FromRendered)},
				MarkdownDescription: "`stored`: the configuration that Golden Config made last (Nautobot only). `rendered`: it is rendered now.",
			},
			"branch": schema.StringAttribute{
				Optional: true, Validators: some,
				MarkdownDescription: "Branch of the repository of templates to render from (Nautobot only): what a change would do before it is merged.",
			},
			"template": schema.StringAttribute{
				Optional: true, Validators: some,
				MarkdownDescription: "Id of a config template to render in place of the device's own (NetBox only).",
			},
			"variables": schema.MapAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Variables that the template sees beside the device's config context (NetBox only).",
			},
		},
	}
}
