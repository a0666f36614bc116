package provisiondevicerollback

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/action/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/deviceaction"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
)

// model is the action's configuration.
type model struct {
	deviceaction.Device
	Backup         types.String   `tfsdk:"backup"`
	Save           types.Bool     `tfsdk:"save"`
	ConfirmTimeout types.String   `tfsdk:"confirm_timeout"`
	Timeouts       timeouts.Value `tfsdk:"timeouts"`
}

// unknown names what is not known yet.
func (m model) unknown() []string {
	return planning.Unknown(append(m.Device.Values(),
		planning.Named{Name: "backup", Value: m.Backup}, planning.Named{Name: "save", Value: m.Save},
		planning.Named{Name: "confirm_timeout", Value: m.ConfirmTimeout}))
}

// job makes the backup the whole configuration; the caller adds DryRun.
func (m model) job(b client.Backup) client.Job {
	timeout, err := time.ParseDuration(m.ConfirmTimeout.ValueString())
	if err != nil {
		timeout = 0 // not set: the core's own default, which is the attribute's
	}
	return client.Job{
		Config: b.Text, Replace: true, Commit: true, Save: m.Save.IsNull() || m.Save.ValueBool(),
		ConfirmTimeout: timeout, About: "back to the backup " + b.String(),
	}
}
