// Package provisiondevicecheck is the action provision_device_check: a dry run on
// demand.
package provisiondevicecheck

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/deviceaction"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tfdiag"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// invokeTimeout is what a check may take when its timeouts block says nothing.
const invokeTimeout = 5 * time.Minute

// core is what this package asks of the configured provider.
type core interface {
	Resolve(ctx context.Context, ref client.Ref) (client.Endpoint, error)
	IntendedConfig(ctx context.Context, e client.Endpoint, intent inventory.Intent) ([]byte, error)
	Run(ctx context.Context, e client.Endpoint, job client.Job) (provision.Result, error)
}

var (
	_ core                       = (*client.Client)(nil)
	_ action.ActionWithConfigure = (*Action)(nil)
)

// Action is provision_device_check.
type Action struct{ core core }

// New makes the action.
func New() action.Action { return &Action{} }

// Metadata implements action.Action.
func (a *Action) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_device_check"
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

// Invoke asks the device. It changes nothing.
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
	name := data.Name.ValueString()
	res, err := a.check(ctx, data, deviceaction.Tell(resp.SendProgress))
	resp.Diagnostics.Append(planning.Warnings("Device "+name+".", res.Warnings)...)
	if err != nil {
		resp.Diagnostics.Append(tfdiag.Error(name, err))
		return
	}
	resp.SendProgress(action.InvokeProgressEvent{Message: answer(name, res)})
	if !res.Diff.Empty() && data.FailOnDifference.ValueBool() {
		resp.Diagnostics.Append(different(name, res))
	}
}

// check is the dry run.
func (a *Action) check(ctx context.Context, data model, tell func(provision.Event)) (provision.Result, error) {
	e, err := a.core.Resolve(ctx, data.Ref())
	if err != nil {
		return provision.Result{}, err
	}
	config := []byte(data.Config.ValueString())
	if data.Config.IsNull() {
		if config, err = a.core.IntendedConfig(ctx, e, data.intent()); err != nil {
			return provision.Result{}, err
		}
	}
	job := data.job(config)
	job.Tell = tell
	return a.core.Run(ctx, e, job)
}

// answer is what the check has to say.
func answer(name string, res provision.Result) string {
	text := name + ": an apply would change nothing"
	if !res.Diff.Empty() {
		text = name + ": an apply would change this: " + deviceaction.Difference(res.Diff)
	}
	if n := res.Diff.Unmanaged; n > 0 {
		text += fmt.Sprintf("\n%s: %d lines of the running configuration are not in the intended one, and would stay", name, n)
	}
	return text
}

// different is the error of fail_on_difference.
func different(name string, res provision.Result) diag.Diagnostic {
	added, removed := res.Diff.Counts()
	return diag.NewErrorDiagnostic(fmt.Sprintf("%s: is not as intended: %d to add, %d to remove", name, added, removed),
		"Nothing was changed on the device (fail_on_difference is true). Apply the intended configuration, or correct it where the device is right. The difference:\n"+
			res.Diff.String())
}
