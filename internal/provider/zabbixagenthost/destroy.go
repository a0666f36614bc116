package zabbixagenthost

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tfdiag"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tfmodel"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// planDestroy says what destroy will do, which acts from the state, and counts
// it; what it shows is kept for Delete. Forgetting a host does not connect to Zabbix.
func (r *Resource) planDestroy(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) diag.Diagnostics {
	diags := r.ready()
	var state model
	diags.Append(tfmodel.Get(ctx, req.State, &state)...)
	if diags.HasError() {
		return diags
	}
	limit, more := state.Timeouts.Read(ctx, readTimeout)
	diags.Append(more...)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	in := state.farewell()
	if in.Destroy != zabbix.DestroyKeep {
		if err := r.core.ClaimEnd(in.Name, in.ID); err != nil {
			diags.Append(tfdiag.HostError(state.name(), err))
			return diags
		}
	}
	approved, more := r.foretell(ctx, state.name(), in)
	diags.Append(more...)
	if approved == nil || diags.HasError() {
		return diags
	}
	k, _, more := loadKept(ctx, req.Private)
	diags.Append(more...)
	k.Farewell = approved
	diags.Append(k.store(ctx, resp.Private)...)
	return diags
}

// farewell is the intent of a destroy.
func (m model) farewell() zabbix.Intent {
	return zabbix.Intent{
		ID: m.ID.ValueString(), Name: m.Host.ValueString(), Object: m.Object.ValueString(),
		Destroy: zabbix.Destroy(m.OnDestroy.ValueString()),
	}
}

// foretell warns of what a destroy will do, and gives what apply may then do; nil
// when that is nothing.
func (b backend) foretell(ctx context.Context, name string, in zabbix.Intent) (*provision.Approval, diag.Diagnostics) {
	var diags diag.Diagnostics
	if in.Destroy == zabbix.DestroyKeep {
		diags.AddWarning(name+": will be forgotten (on_destroy = \"keep\")", "The host stays in Zabbix as it is.")
		return nil, diags
	}
	if err := b.core.CountDestroy(in.ID, name, false); err != nil {
		return nil, diag.Diagnostics{tfdiag.HostError(name, err)}
	}
	res, err := b.core.RunHost(ctx, client.HostJob{Name: name, Intent: in, DryRun: true})
	diags.Append(warnings(name, res.Warnings)...)
	if err != nil {
		diags.Append(tfdiag.HostErrors(name, err)...)
		return nil, diags
	}
	diags.Append(warnings(name, named(name, res.Summary.Warnings()))...)
	return &provision.Approval{Diff: res.Diff.String(), ChangeID: res.ChangeID}, diags
}

// replace counts and foretells the end of the host that a replacement takes the
// place of; false after an error.
func (p *planner) replace(ctx context.Context) bool {
	h, err := p.core.LookAtHost(ctx, zabbix.Ref{Name: p.name(), ID: p.replaces})
	if err != nil {
		p.failed(ctx, err)
		return false
	}
	if h.Summary.Host == nil {
		p.replaces = "" // Read has found that it is gone: this is no replacement
		return true
	}
	p.former = h.Summary.Host.Name
	_, diags := p.foretell(ctx, p.name(), zabbix.Intent{
		ID: p.replaces, Name: h.Summary.Host.Name, Object: p.kept.Object, Destroy: zabbix.Destroy(p.kept.OnDestroy),
	})
	p.diags.Append(diags...)
	return !p.diags.HasError()
}

// succeeds finds out whether the new host takes the place of a tainted one, and
// foretells the end of that; false after an error.
func (p *planner) succeeds(ctx context.Context, name string) bool {
	if p.prior != nil || p.replaces != "" {
		return true
	}
	f, tainted, err := p.core.Succeed(name)
	if err != nil {
		p.failed(ctx, err)
		return false
	}
	if !tainted {
		return true
	}
	p.replaces, p.kept.Object, p.kept.OnDestroy = f.ID, f.Object, string(f.OnDestroy)
	return p.replace(ctx)
}

// hidden is the hostid of the host that will have gone from this name when the
// new one is made; empty: none will. A host of another name is in nobody's way,
// and apply, which is not told of the replacement, would not hide it either.
func (p *planner) hidden(name string) string {
	if p.former != name {
		return ""
	}
	switch zabbix.Destroy(p.kept.OnDestroy) {
	case zabbix.DestroyBury, zabbix.DestroyDelete:
		return p.replaces
	}
	return ""
}

// Delete does what on_destroy says, if that is still what the plan showed. A host
// that Zabbix surely has no more needs nothing. A replacement has no plan of its own
// for the end of the former host.
func (r *Resource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model
	resp.Diagnostics.Append(r.ready()...)
	resp.Diagnostics.Append(tfmodel.Get(ctx, req.State, &state)...)
	k, _, diags := loadKept(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	limit, diags := state.Timeouts.Delete(ctx, applyTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	in := state.farewell()
	if in.Destroy == zabbix.DestroyKeep {
		return
	}
	if err := r.core.CountDestroy(in.ID, state.name(), true); err != nil {
		resp.Diagnostics.Append(tfdiag.HostError(state.name(), err))
		return
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	res, err := r.core.RunHost(ctx, client.HostJob{Name: state.name(), Intent: in, Approved: k.Farewell})
	resp.Diagnostics.Append(warnings(state.name(), res.Warnings)...)
	if err != nil {
		resp.Diagnostics.Append(tfdiag.HostErrors(state.name(), err)...)
	}
}
