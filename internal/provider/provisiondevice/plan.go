package provisiondevice

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tfmodel"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// ModifyPlan is the dry run. Terraform calls it at plan, and again at apply in
// another process without Read before it: what it plans must follow from the
// prior state, the configuration and the device alone.
func (r *Resource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return // forgetting a device does not connect to it
	}
	resp.Diagnostics.Append(r.ready()...)
	p := planner{backend: r.backend}
	resp.Diagnostics.Append(p.get(ctx, req)...)
	if resp.Diagnostics.HasError() {
		return
	}
	limit, diags := p.plan.Timeouts.Read(ctx, readTimeout)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(p.make(ctx, limit)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(tfmodel.Set(ctx, &resp.Plan, &p.plan)...)
}

// planner works out the plan of one device.
type planner struct {
	backend
	config model  // as it is written, with the write-only configuration
	prior  *model // nil: the device is not in the state
	kept   kept
	plan   model // what comes out
	diags  diag.Diagnostics
}

// get reads the request. A state of another name is no prior state: the plan
// is a replacement.
func (p *planner) get(ctx context.Context, req resource.ModifyPlanRequest) diag.Diagnostics {
	diags := tfmodel.Get(ctx, req.Config, &p.config)
	diags.Append(tfmodel.Get(ctx, req.Plan, &p.plan)...)
	if req.State.Raw.IsNull() || diags.HasError() {
		return diags
	}
	var prior model
	diags.Append(tfmodel.Get(ctx, req.State, &prior)...)
	if prior.Name.Equal(p.plan.Name) {
		p.prior = &prior
	}
	var more diag.Diagnostics
	p.kept, more = loadKept(ctx, req.Private)
	p.kept = p.remembering(p.kept)
	diags.Append(more...)
	return diags
}

// make does the dry run and fills in the plan.
func (p *planner) make(ctx context.Context, limit time.Duration) diag.Diagnostics {
	if unknown := p.unknown(); len(unknown) > 0 {
		p.unreviewed(unknown)
		return p.diags
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	e, intended, res, err := p.dryRun(ctx)
	p.diags.Append(warnings(p.name(), res.Warnings)...)
	if err != nil {
		p.failed(ctx, err)
		return p.diags
	}
	p.plan.setEndpoint(p.config, e)
	digest := e.Driver.Digest(intended)
	switch {
	case !p.plan.CommitChanges.ValueBool():
		p.show(digest, res)
	case !res.Diff.Empty():
		p.change(digest, res)
	default:
		p.nothing(digest, res)
	}
	return p.diags
}

// name is the device's name.
func (p *planner) name() string { return p.config.Name.ValueString() }

// dryRun asks the device what would change.
func (p *planner) dryRun(ctx context.Context) (client.Endpoint, []byte, provision.Result, error) {
	e, intended, err := intent(ctx, p.core, p.config)
	if err != nil {
		return e, nil, provision.Result{}, err
	}
	job := p.plan.job(intended)
	job.DryRun = true
	res, err := p.core.Run(ctx, e, job)
	return e, intended, res, err
}

// intent finds the device and its intended configuration: the attribute's,
// else the source of truth's.
func intent(ctx context.Context, c core, config model) (client.Endpoint, []byte, error) {
	e, err := c.Resolve(ctx, config.ref())
	if err != nil {
		return e, nil, err
	}
	if !config.Config.IsNull() {
		return e, []byte(config.Config.ValueString()), nil
	}
	intended, err := c.IntendedConfig(ctx, e, intentOf(config.Intended))
	return e, intended, err
}

// show plans what commit_changes = false does: nothing, and say so.
func (p *planner) show(digest string, res provision.Result) {
	difference := res.Diff.String()
	if difference != "" {
		added, removed := res.Diff.Counts()
		p.diags.AddWarning(fmt.Sprintf("%s: commit_changes is false: %d lines to add and %d to remove are left alone", p.name(), added, removed),
			"Apply will not change the device. The difference is in uncommitted_diff.")
	}
	if p.prior != nil && p.prior.UncommittedDiff.ValueString() != difference && !p.fresh(res) {
		return
	}
	p.carry(digest, res)
	if p.prior != nil && p.prior.UncommittedDiff.ValueString() != difference {
		p.plan.UnmanagedLines = types.Int64Value(int64(res.Diff.Unmanaged))
	}
	p.plan.UncommittedDiff = planning.Text(difference)
	if difference != "" {
		p.plan.DiffBy = planning.Text(res.Diff.By)
	}
	p.exact()
}

// nothing plans that the device stays as it is.
func (p *planner) nothing(digest string, res provision.Result) {
	p.carry(digest, res)
	p.plan.UncommittedDiff = types.StringNull()
	p.exact()
}

// carry takes the computed values over from the state. What the state lacks,
// after an import, is filled in: it is known here.
func (p *planner) carry(digest string, res provision.Result) {
	m := &p.plan
	m.Diff, m.DiffBy, m.ChangeID = types.StringNull(), types.StringNull(), types.StringNull()
	unmanaged := types.Int64Value(int64(res.Diff.Unmanaged))
	if p.prior == nil {
		m.IntendedHash, m.RunningHash, m.UnmanagedLines = types.StringUnknown(), types.StringUnknown(), unmanaged
		return
	}
	m.IntendedHash, m.RunningHash, m.UnmanagedLines = p.prior.IntendedHash, p.prior.RunningHash, p.prior.UnmanagedLines
	if m.IntendedHash.IsNull() {
		m.IntendedHash = types.StringValue(p.kept.Fingerprint(digest))
	}
	if m.RunningHash.IsNull() {
		m.RunningHash = types.StringValue(p.kept.Fingerprint(res.Running.Digest))
	}
	if m.UnmanagedLines.IsNull() {
		m.UnmanagedLines = unmanaged
	}
}

// exact makes the plan the prior state when they differ only by the last
// apply's diff, which is still there when nothing was refreshed.
func (p *planner) exact() {
	if p.prior == nil {
		return
	}
	same := p.plan
	same.Diff, same.DiffBy, same.ChangeID = p.prior.Diff, p.prior.DiffBy, p.prior.ChangeID
	if same.equal(*p.prior) {
		p.plan = same
	}
}

// change plans a change of the device.
func (p *planner) change(digest string, res provision.Result) {
	if !p.fresh(res) {
		return
	}
	p.drift(digest, res)
	m := &p.plan
	m.Diff, m.DiffBy, m.ChangeID = planning.Text(res.Diff.String()), planning.Text(res.Diff.By), planning.Text(res.ChangeID)
	m.UncommittedDiff = types.StringNull()
	m.UnmanagedLines = types.Int64Value(int64(res.Diff.Unmanaged))
	m.IntendedHash, m.RunningHash = types.StringUnknown(), types.StringUnknown()
}
