package provisiondevicerollback

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/action/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/netprovision/terraform-provider-provision/internal/provider/deviceaction"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tftype"
)

// description heads the documentation page of the action.
const description = "Puts a device back to a backup of `backup_dir`, as a whole: what the backup does not have is removed.\n\n" +
	"It is an apply like any other: the present configuration is backed up first, and the change is locked, committed with a timer after which the device undoes it by itself, " +
	"verified from a new login, confirmed and saved. The plan shows the difference as a warning. Terraform keeps no plan of an action, " +
	"so the difference is worked out again when the action runs, and told before anything is changed.\n\n" +
	"A `provision_device` of the same device plans its intended configuration again afterwards: correct that first."

// actionSchema is the schema of the action.
func actionSchema(ctx context.Context) schema.Schema {
	attributes := deviceaction.DeviceAttributes()
	attributes["backup"] = schema.StringAttribute{
		Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		MarkdownDescription: "The backup: the name of a file of the device in `backup_dir`, or its path as events give it. " +
			"`latest` is the newest one when the action runs: what ran before the last commit. Backups of another device or another driver are refused.",
	}
	attributes["save"] = schema.BoolAttribute{
		Optional:            true,
		MarkdownDescription: "`true` (default): the running configuration is copied to startup after the confirmation. `false`: running only.",
	}
	attributes["confirm_timeout"] = schema.StringAttribute{
		Optional: true, Validators: []validator.String{tftype.PositiveDuration()},
		MarkdownDescription: "Time after which the device undoes the rollback by itself unless it was confirmed, as a Go duration (`90s`, `2m`). Default `2m`.",
	}
	return schema.Schema{
		MarkdownDescription: description,
		Attributes:          attributes,
		Blocks: map[string]schema.Block{"timeouts": timeouts.BlockWithOpts(ctx, timeouts.Opts{
			InvokeDescription: "Time for the rollback; from the commit on it goes to its end whatever the time. As a duration, such as \"90s\" or \"10m\". Default 20m.",
		})},
	}
}
