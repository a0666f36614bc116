package provisiondevice

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tftype"
)

// schemaVersion is the version of the state. testdata holds a golden state of
// every version; all of them must be read for ever.
const schemaVersion = 0

// description heads the documentation page of the resource.
const description = "Puts an intended configuration on a network device.\n\n" +
	"`terraform plan` is a dry run on the device itself: the device is asked what would change, " +
	"and nothing is left behind on it. `terraform apply` makes exactly that change, or stops before it changes anything: " +
	"it locks where the device can, backs up, commits with a timer after which the device undoes the change by itself, " +
	"logs in anew, verifies, confirms and saves.\n\n" +
	"Requires Terraform or OpenTofu 1.11 or later, because `config` is write-only."

// resourceSchema is the schema of provision_device.
func resourceSchema(ctx context.Context) schema.Schema {
	attributes := endpointAttributes()
	for _, more := range []map[string]schema.Attribute{behaviourAttributes(), computedAttributes()} {
		for name, a := range more {
			attributes[name] = a
		}
	}
	return schema.Schema{
		Version:             schemaVersion,
		MarkdownDescription: description,
		Attributes:          attributes,
		Blocks:              map[string]schema.Block{"timeouts": limits().Block(ctx)},
	}
}

// limits are what the timeouts block limits.
func limits() planning.Limits {
	return planning.Limits{
		Create: "Time for the first apply; from the commit on it goes to its end whatever the time. Default 20m.",
		Read:   "Time for reading the device, and for the dry run of a plan. Default 5m.",
		Update: "Time for every other apply; from the commit on it goes to its end whatever the time. Default 20m.",
		Delete: "Without effect: destroy does not connect to the device.",
	}
}

// endpointAttributes say which device, how to reach it and what to put on it.
func endpointAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "The same as `name`.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		},
		"name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "Name of the device in the source of truth. Another name is another device: it replaces the resource, which forgets the old device and leaves it as it is.",
			Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"host": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Address or DNS name of the device. Default: from the source of truth.",
			Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"port": schema.Int64Attribute{
			Optional: true, Computed: true,
			MarkdownDescription: "TCP port. Default: from the source of truth, the credentials entry, or the driver, in this order.",
			Validators:          []validator.Int64{int64validator.Between(1, 65535)},
		},
		"driver": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Driver that speaks to the device, such as `frr` or `netconf`. Default: from the source of truth, by the platform and the provider's `drivers`.",
			Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"site": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Site of the device. Needed only where the source of truth has the name more than once.",
			Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"tenant": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Tenant of the device. Needed only where the source of truth has the name more than once.",
			Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"credentials": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Name of the entry of the provider's `credentials` to log in with. Default: the entry that the source of truth names, " +
				"else the entry named like the device's secrets group, role or platform, else `default`.",
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"config": schema.StringAttribute{
			Optional: true, WriteOnly: true,
			MarkdownDescription: "The intended configuration, in the device's own language. It is write-only: it is never in the plan or in the state. Default: what the source of truth has for the device.",
		},
		"intended": intendedAttribute(),
		"replace_config": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "`true`: the intended configuration becomes the whole configuration, and what it does not name is removed. `false` (default): it is merged into what is there, and what it does not name is left alone and counted in `unmanaged_lines`.",
		},
	}
}

// behaviourAttributes say how a run behaves.
func behaviourAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"commit_changes": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "`false`: load, compare and discard, at apply too; the difference is in `uncommitted_diff` and a warning names the device. Default `true`.",
		},
		"confirm_timeout": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(defaultConfirmTimeout),
			MarkdownDescription: "Time after which the device undoes a commit by itself unless it was confirmed, as a Go duration (`90s`, `2m`). Default `2m`. A device that counts in coarser units rounds up.",
			Validators:          []validator.String{tftype.PositiveDuration()},
		},
		"save": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "`true` (default): copy running to startup after the confirmation. `false`: running only; a reboot of the device loses the change.",
		},
		"on_drift": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(driftRevert),
			MarkdownDescription: "What to do when somebody else changed what the intended configuration names. `revert` (default): the plan puts it back, and a warning names the device. `fail`: the plan stops and shows what was changed.",
			Validators:          []validator.String{stringvalidator.OneOf(driftRevert, driftFail)},
		},
		"on_unreachable": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "What to do when a device that is in the state does not answer, or is no longer ready in the source of truth. `error`: the plan fails. `skip`: the device keeps its state, gets no planned change and a warning `NOT CHECKED`. Default: the provider's `on_unreachable`. On create both are errors.",
			Validators:          []validator.String{stringvalidator.OneOf(unreachableError, unreachableSkip)},
		},
		"on_destroy": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString(destroyKeep),
			MarkdownDescription: "What destroy does. `keep` (default, and the only value): forget the device without connecting to it; it stays as it is.",
			Validators:          []validator.String{stringvalidator.OneOf(destroyKeep)},
		},
		"allow_unreviewed": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "`true`: a plan in which the device or its configuration is not known yet is a warning, and apply changes the device without a reviewed difference. Default `false`: it is an error.",
		},
	}
}

// computedAttributes say what was found and what will be done.
func computedAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"diff": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "What this apply changes on the device, without secrets. It comes and goes: a plan sets it when a change is pending, and the next refresh sets it to null. Do not read it in outputs or expressions.",
		},
		"diff_by": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "Who computed `diff` or `uncommitted_diff`: `device`, or `client` when the provider compared texts that the device gave. Null without one.",
		},
		"change_id": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "Ties the apply to the plan: what was running and what was intended when the plan was made. Comes and goes like `diff`.",
		},
		"uncommitted_diff": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "With `commit_changes = false`: what would be changed, without secrets. Else null.",
		},
		"unmanaged_lines": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "How many lines of the running configuration the intended configuration does not name, at the last update of this resource. 0 with `replace_config`.",
		},
		"intended_hash": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "Fingerprint of the intended configuration of the last apply that had something to do. Salted and slow, so that it gives no secret away.",
		},
		"running_hash": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "Fingerprint of the running configuration when it was last read. Salted and slow, so that it gives no secret away.",
		},
	}
}

// identitySchemaOf is the identity of a provision_device.
func identitySchemaOf() identityschema.Schema {
	return identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"name":        identityschema.StringAttribute{RequiredForImport: true, Description: "Name of the device in the source of truth."},
		"host":        identityschema.StringAttribute{OptionalForImport: true, Description: "Address or DNS name; default from the source of truth."},
		"port":        identityschema.Int64Attribute{OptionalForImport: true, Description: "TCP port; default from the source of truth or the driver."},
		"driver":      identityschema.StringAttribute{OptionalForImport: true, Description: "Driver; default from the source of truth."},
		"site":        identityschema.StringAttribute{OptionalForImport: true, Description: "Site, where the name is there more than once."},
		"tenant":      identityschema.StringAttribute{OptionalForImport: true, Description: "Tenant, where the name is there more than once."},
		"credentials": identityschema.StringAttribute{OptionalForImport: true, Description: "Entry of the provider's credentials."},
	}}
}
