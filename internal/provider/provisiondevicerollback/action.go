// Package provisiondevicerollback is the action provision_device_rollback: back to
// what ran before.
package provisiondevicerollback

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/deviceaction"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tfdiag"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// What the dry run of a plan, and the action, may take when the timeouts block says
// nothing.
const (
	planTimeout   = 5 * time.Minute
	invokeTimeout = 20 * time.Minute
)

// core is what this package asks of the configured provider.
type core interface {
	Resolve(ctx context.Context, ref client.Ref) (client.Endpoint, error)
	Backup(e client.Endpoint, which string) (client.Backup, error)
	Learn(ctx context.Context, e client.Endpoint) error
	Run(ctx context.Context, e client.Endpoint, job client.Job) (provision.Result, error)
}

var (
	_ core                        = (*client.Client)(nil)
	_ action.ActionWithConfigure  = (*Action)(nil)
	_ action.ActionWithModifyPlan = (*Action)(nil)
)

// Action is provision_device_rollback.
type Action struct{ core core }

// New makes the action.
func New() action.Action { return &Action{} }

// Metadata implements action.Action.
func (a *Action) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_device_rollback"
}

// Schema implements action.Action.
func (a *Action) Schema(ctx context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = actionSchema(ctx)
}

// Configure implements action.ActionWithConfigure.
func (a *Action) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	configured, diags := planning.Configured[core](req.ProviderData)
	a.core = configured
	resp.Diagnostics.Append(diags...)
}

// ModifyPlan is the dry run. An action has no planned values: what it would change
// is a warning.
func (a *Action) ModifyPlan(ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse) {
	var data model
	resp.Diagnostics.Append(planning.Ready(a.core)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if unknown := data.unknown(); len(unknown) > 0 {
		resp.Diagnostics.Append(unreviewed(data.Name.ValueString(), unknown)...)
		return
	}
	ctx, cancel := context.WithTimeout(deviceaction.Triggered(ctx), planTimeout)
	defer cancel()
	s, diags := a.look(ctx, data)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		return
	}
	resp.Diagnostics.AddWarning(s.summary(), s.detail())
}

// Invoke puts the backup on the device.
func (a *Action) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var data model
	resp.Diagnostics.Append(planning.Ready(a.core)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	limit, diags := data.Timeouts.Invoke(ctx, invokeTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(deviceaction.Triggered(ctx), limit)
	defer cancel()
	s, diags := a.look(ctx, data)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		return
	}
	tell := func(text string) { resp.SendProgress(action.InvokeProgressEvent{Message: text}) }
	tell(s.summary() + ": " + s.detail())
	if s.res.Diff.Empty() {
		return
	}
	job := data.job(s.backup)
	job.Approved = &provision.Approval{Diff: s.res.Diff.String(), ChangeID: s.res.ChangeID}
	job.Tell = deviceaction.Tell(resp.SendProgress)
	res, err := a.core.Run(ctx, s.endpoint, job)
	resp.Diagnostics.Append(s.warnings(res)...)
	if err != nil {
		resp.Diagnostics.Append(problem(s.name, err))
		return
	}
	tell(done(s, res))
}

// seen is what a dry run saw.
type seen struct {
	name     string
	endpoint client.Endpoint
	backup   client.Backup
	res      provision.Result
}

// look finds the device and the backup, and asks the device what would change.
func (a *Action) look(ctx context.Context, data model) (seen, diag.Diagnostics) {
	s := seen{name: data.Name.ValueString()}
	var err error
	if s.endpoint, err = a.core.Resolve(ctx, data.Ref()); err != nil {
		return s, diag.Diagnostics{problem(s.name, err)}
	}
	if s.backup, err = a.core.Backup(s.endpoint, data.Backup.ValueString()); err != nil {
		return s, diag.Diagnostics{problem(s.name, err)}
	}
	var diags diag.Diagnostics
	if err := a.core.Learn(ctx, s.endpoint); err != nil {
		diags.AddWarning(s.name+": secrets are masked by patterns alone",
			"Its intended configuration, which tells the secrets that the source of truth fills in, could not be read: "+err.Error()+
				"\n\nWhat the driver and the provider's redact know is masked.")
	}
	job := data.job(s.backup)
	job.DryRun = true
	s.res, err = a.core.Run(ctx, s.endpoint, job)
	diags.Append(s.warnings(s.res)...)
	if err != nil {
		diags.Append(problem(s.name, err))
	}
	return s, diags
}

// summary says what the rollback does, in one line.
func (s seen) summary() string {
	if s.res.Diff.Empty() {
		return s.name + ": runs what the backup has: there is nothing to roll back"
	}
	added, removed := s.res.Diff.Counts()
	return fmt.Sprintf("%s: goes back to a backup of %s: %d to add, %d to remove", s.name, s.backup.Made.Format(time.RFC3339), added, removed)
}

// detail names the backup and shows the difference.
func (s seen) detail() string {
	text := "Backup: " + s.backup.String()
	if !s.res.Diff.Empty() {
		text += "\nDifference, compared by the " + s.res.Diff.By + ":\n" + s.res.Diff.String()
	}
	return text
}

// warnings are the sentences of a run.
func (s seen) warnings(res provision.Result) diag.Diagnostics {
	return planning.Warnings("Device "+s.name+".", res.Warnings)
}

// done says where the device is now.
func done(s seen, res provision.Result) string {
	text := s.name + ": runs the backup of " + s.backup.Made.Format(time.RFC3339) + " now"
	if res.Backup != "" {
		text += "; what ran before is in " + res.Backup
	}
	return text
}

// problem is an error of a device. What the device or its driver refuses is the
// backup's text here.
func problem(name string, err error) diag.Diagnostic {
	d := tfdiag.Error(name, err)
	if at, ok := d.(diag.DiagnosticWithPath); ok && at.Path().Equal(path.Root("config")) {
		return diag.NewAttributeErrorDiagnostic(path.Root("backup"), d.Summary(), d.Detail())
	}
	return d
}

// unreviewed refuses what nobody could look at (promise P12).
func unreviewed(name string, unknown []string) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, n := range unknown {
		diags.AddAttributeError(path.Root(n), name+": "+n+" is not known at plan",
			"What cannot be reviewed is not applied: give a value that is known at plan, or apply first what it comes from (-target).")
	}
	return diags
}
