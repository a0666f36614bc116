package provisiondevicecheck

import (
	"github.com/hashicorp/terraform-plugin-framework-timeouts/action/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/deviceaction"
)

// model is the action's configuration.
type model struct {
	deviceaction.Device
	Config           types.String   `tfsdk:"config"`
	Intended         *intended      `tfsdk:"intended"`
	ReplaceConfig    types.Bool     `tfsdk:"replace_config"`
	Save             types.Bool     `tfsdk:"save"`
	FailOnDifference types.Bool     `tfsdk:"fail_on_difference"`
	Timeouts         timeouts.Value `tfsdk:"timeouts"`
}

// intended says where the intended configuration comes from.
type intended struct {
	From      types.String      `tfsdk:"from"`
	Branch    types.String      `tfsdk:"branch"`
	Template  types.String      `tfsdk:"template"`
	Variables map[string]string `tfsdk:"variables"`
}

// intent is intended in the words of the source of truth.
func (m model) intent() inventory.Intent {
	if m.Intended == nil {
		return inventory.Intent{}
	}
	i := inventory.Intent{
		From: m.Intended.From.ValueString(), Branch: m.Intended.Branch.ValueString(), Template: m.Intended.Template.ValueString(),
	}
	for name, value := range m.Intended.Variables {
		if i.Variables == nil {
			i.Variables = map[string]any{}
		}
		i.Variables[name] = value
	}
	return i
}

// job is the dry run of an apply. Save counts unless it is said not to.
func (m model) job(config []byte) client.Job {
	return client.Job{
		Config: config, DryRun: true, Commit: true, Replace: m.ReplaceConfig.ValueBool(), Save: m.Save.IsNull() || m.Save.ValueBool(),
	}
}
