package zabbixagenthost

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tfdiag"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tfmodel"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// ModifyPlan is the dry run. Terraform calls it at plan, and again at apply in
// another process without Read before it: what it plans must follow from the
// prior state, the configuration, the source of truth and the host alone.
func (r *Resource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(r.planDestroy(ctx, req, resp)...)
		return
	}
	resp.Diagnostics.Append(r.ready()...)
	p := planner{backend: r.backend}
	resp.Diagnostics.Append(p.get(ctx, req)...)
	if p.kept.Farewell != nil { // of a destroy that failed; this may be a replacement
		p.kept.Farewell = nil
		resp.Diagnostics.Append(p.kept.store(ctx, resp.Private)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	limit, diags := p.plan.Timeouts.Read(ctx, readTimeout)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(p.make(ctx, limit)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if p.other != "" {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root(p.other))
	}
	resp.Diagnostics.Append(tfmodel.Set(ctx, &resp.Plan, &p.plan)...)
}

// planner works out the plan of one host.
type planner struct {
	backend
	config model  // as it is written, with the write-only values
	prior  *model // nil: the host is not in the state
	kept   kept
	plan   model // what comes out
	diags  diag.Diagnostics

	// replaces is the hostid of the host that the new one takes the place of:
	// Terraform plans a replacement a second time without a prior state, but with
	// what the first plan kept.
	replaces string
	former   string // its technical name
	// other is the attribute that names another object than the state's; empty:
	// none does.
	other string
}

// get reads the request.
func (p *planner) get(ctx context.Context, req resource.ModifyPlanRequest) diag.Diagnostics {
	diags := tfmodel.Get(ctx, req.Config, &p.config)
	diags.Append(tfmodel.Get(ctx, req.Plan, &p.plan)...)
	if diags.HasError() {
		return diags
	}
	k, known, more := loadKept(ctx, req.Private)
	p.kept = p.remembering(k)
	diags.Append(more...)
	if req.State.Raw.IsNull() {
		if known {
			p.replaces = k.ID
		}
		return diags
	}
	var prior model
	diags.Append(tfmodel.Get(ctx, req.State, &prior)...)
	p.prior = &prior
	return diags
}

// name is what the host is called in messages.
func (p *planner) name() string {
	if n := p.config.name(); n != typeName || p.prior == nil {
		return n
	}
	return p.prior.name()
}

// make does the dry run and fills in the plan.
func (p *planner) make(ctx context.Context, limit time.Duration) diag.Diagnostics {
	if unknown := p.unknown(); len(unknown) > 0 {
		p.unreviewed(unknown)
		return p.diags
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if p.replaces != "" && !p.replace(ctx) {
		return p.diags
	}
	w, err := newWish(ctx, p.core, p.config, p.prior, p.kept)
	if err != nil {
		p.failed(ctx, err)
		return p.diags
	}
	if p.other = p.another(w); p.other != "" {
		return p.diags // Terraform plans again, without the prior state
	}
	if !p.succeeds(ctx, w.intent.Name) {
		return p.diags
	}
	res, err := p.dryRun(ctx, w)
	p.diags.Append(warnings(p.name(), res.Warnings)...)
	if err != nil {
		p.failed(ctx, err)
		return p.diags
	}
	p.fill(w, res)
	return p.diags
}

// newWish works out what the host shall be.
func newWish(ctx context.Context, c core, config model, prior *model, k kept) (*wish, error) {
	w := &wish{config: config, prior: prior, kept: k, defaults: c.HostDefaults(), plan: empty()}
	var err error
	if w.subject, err = c.Subject(ctx, config.ref()); err != nil {
		return nil, err
	}
	return w, w.make()
}

// another is the attribute that names another object of the source of truth than
// the state's. The same object under a new name is not another, and neither is a
// host that had no object before, or has none any more.
func (p *planner) another(w *wish) string {
	if p.prior == nil || p.prior.Device.IsNull() && p.prior.VirtualMachine.IsNull() || w.subject.Object == "" {
		return ""
	}
	if p.prior.Object.IsNull() || p.prior.Object.ValueString() == w.subject.Object {
		return ""
	}
	if !p.config.Device.Equal(p.prior.Device) {
		return "device"
	}
	return "virtual_machine"
}

// dryRun asks what would change. Two resources must not claim one host.
func (p *planner) dryRun(ctx context.Context, w *wish) (client.HostResult, error) {
	if err := p.core.ClaimHost(w.intent.Name, w.intent.ID, p.replaces); err != nil {
		return client.HostResult{}, err
	}
	job := client.HostJob{Name: p.name(), Intent: w.intent, DryRun: true, Without: p.hidden(w.intent.Name)}
	res, err := p.core.RunHost(ctx, job)
	if h := res.Summary.Host; err == nil && h != nil && w.intent.ID == "" && h.ID != p.replaces {
		err = p.core.ClaimFound(w.intent.Name, h.ID)
	}
	return res, err
}

// fill makes the plan of what was wished and what was found.
func (p *planner) fill(w *wish, res client.HostResult) {
	w.stays(res.Summary.Host)
	allow := p.plan.AllowUnreviewed // with its default
	p.plan = w.plan
	m := &p.plan
	m.AllowUnreviewed = allow
	m.settle()
	if p.prior == nil {
		m.ID, m.URL, m.AgentState = types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	} else {
		m.URL, m.AgentState = p.prior.URL, p.prior.AgentState
	}
	if !res.Diff.Empty() {
		p.change(w, res)
	} else {
		p.tell(res) // a host that is taken over as it is
		p.wait(w)
	}
	p.exact()
}

// change plans a change of the host.
func (p *planner) change(w *wish, res client.HostResult) {
	if !p.fresh(res) {
		return
	}
	p.drift(w, res)
	p.tell(res)
	m := &p.plan
	m.Diff, m.ChangeID = planning.Text(res.Diff.String()), planning.Text(res.ChangeID)
	m.Removes = removesOf(res.Summary.Removes)
	if w.waits() > 0 {
		m.AgentState = types.StringUnknown()
	}
}

// tell warns of what a person should know beside the difference.
func (p *planner) tell(res client.HostResult) {
	p.diags.Append(warnings(p.name(), named(p.name(), res.Summary.Warnings()))...)
}

// removesOf is what each field loses; null when none does.
func removesOf(lost map[zabbix.Field][]string) types.Map {
	elements := map[string]attr.Value{}
	for f, names := range lost {
		if len(names) > 0 {
			elements[string(f)] = listOf(names)
		}
	}
	if len(elements) == 0 {
		return types.MapNull(removesType())
	}
	return types.MapValueMust(removesType(), elements)
}

// wait plans an update that only waits, where the last one waited in vain.
func (p *planner) wait(w *wish) {
	if p.prior == nil || !p.kept.Waiting || w.waits() == 0 || p.prior.AgentState.ValueString() == client.AgentAvailable {
		return
	}
	p.diags.AddWarning(p.name()+": no data from the agent yet", "The last apply waited for it in vain. This one waits again, for "+w.waits().String()+
		". Zabbix says that the agent is "+p.prior.AgentState.ValueString()+".")
	p.plan.AgentState = types.StringUnknown()
}

// waits is how long an apply waits for data; 0: it does not.
func (w *wish) waits() time.Duration {
	if d, err := time.ParseDuration(w.config.WaitForAgent.ValueString()); err == nil {
		return d
	}
	return w.defaults.WaitForAgent
}

// exact makes the plan the prior state when they differ only by what the last
// apply showed, which is still there when nothing was refreshed.
func (p *planner) exact() {
	if p.prior == nil {
		return
	}
	same := p.plan
	same.Diff, same.ChangeID, same.Removes = p.prior.Diff, p.prior.ChangeID, p.prior.Removes
	if !p.plan.pending() && same.equal(*p.prior) {
		p.plan = same
	}
}

// fresh reports an error when the host is not what it was when it was read. Read
// has just been there at plan; at apply it has not, and then the approved plan
// was made from something else.
func (p *planner) fresh(res client.HostResult) bool {
	if p.prior == nil || p.kept.Seen == "" || p.kept.Seen == res.Running.Digest {
		return true
	}
	p.diags.Append(tfdiag.HostError(p.name(), planning.Stale(p.name(), zabbix.DriverName, "the host in Zabbix", "host", res.Diff)))
	return false
}

// drift tells that somebody else changed what the configuration says since the
// last apply.
func (p *planner) drift(w *wish, res client.HostResult) {
	var changed []string
	for _, name := range p.kept.Changed {
		if w.managed[name] {
			changed = append(changed, name)
		}
	}
	if p.prior == nil || len(changed) == 0 {
		return
	}
	p.diags.Append(planning.Drift{
		Name: p.name(), Run: p.kept.Run, Diff: res.Diff,
		Detail:  "Somebody else changed these attributes in Zabbix, or a later run was killed: " + sentence(changed) + ".",
		Remedy:  "Take the change into the configuration, undo it in Zabbix, or set on_drift = \"revert\". To make the host what is intended:",
		Reverts: "puts back what is intended",
	}.Tell(p.plan.OnDrift.ValueString()))
}

// failed reports a dry run that failed, or skips a host that cannot be looked at
// where that is wanted.
func (p *planner) failed(ctx context.Context, err error) {
	if errors.Is(err, client.ErrUnknown) && p.config.AllowUnreviewed.ValueBool() {
		p.unreviewed([]string{err.Error()})
		return
	}
	if p.prior == nil || !p.skips() || !planning.Skippable(err) {
		p.diags.Append(tfdiag.HostErrors(p.name(), err)...)
		return
	}
	p.diags.Append(planning.NotChecked(p.name(), "host", "Zabbix", err))
	p.core.Skipped(ctx, p.name(), zabbix.DriverName, err)
	p.keepPrior()
}

// skips tells whether a host that cannot be looked at is left out.
func (p *planner) skips() bool {
	if p.config.OnUnreachable.IsNull() {
		return p.onUnreachable == client.OnUnreachableSkip
	}
	return p.config.OnUnreachable.ValueString() == client.OnUnreachableSkip
}

// keepPrior plans no change. Terraform accepts the prior value of an attribute
// that is only optional where the configuration has one as well: those follow it.
func (p *planner) keepPrior() {
	m, c := *p.prior, p.config
	follow := func(was *types.String, now types.String) {
		if was.IsNull() != now.IsNull() {
			*was = now
		}
	}
	follow(&m.Device, c.Device)
	follow(&m.VirtualMachine, c.VirtualMachine)
	follow(&m.Site, c.Site)
	follow(&m.Tenant, c.Tenant)
	follow(&m.TemplateRemoval, c.TemplateRemoval)
	follow(&m.WaitForAgent, c.WaitForAgent)
	follow(&m.OnUnreachable, c.OnUnreachable)
	if m.Adopt.IsNull() != c.Adopt.IsNull() {
		m.Adopt = c.Adopt
	}
	m.Manage, m.Timeouts = c.Manage, c.Timeouts
	p.plan = m
}

// named puts the host's name before each sentence: Terraform merges warnings
// that are equal.
func named(name string, sentences []string) []string {
	list := slices.Clone(sentences)
	for i := range list {
		list[i] = name + ": " + list[i]
	}
	return list
}
