// Package zabbixagenthost is the resource and the data source zabbix_agent_host:
// a host in Zabbix with one agent interface.
package zabbixagenthost

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tfdiag"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tfmodel"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// What the operations may take when the timeouts block says nothing. Reading
// includes the comparison of a plan; waiting for the agent has its own time.
const (
	readTimeout  = 5 * time.Minute
	applyTimeout = 10 * time.Minute
)

var (
	_ resource.ResourceWithConfigure      = (*Resource)(nil)
	_ resource.ResourceWithIdentity       = (*Resource)(nil)
	_ resource.ResourceWithImportState    = (*Resource)(nil)
	_ resource.ResourceWithModifyPlan     = (*Resource)(nil)
	_ resource.ResourceWithValidateConfig = (*Resource)(nil)
)

// Resource is zabbix_agent_host.
type Resource struct{ backend }

// NewResource makes the resource.
func NewResource() resource.Resource { return &Resource{} }

// Metadata implements resource.Resource. The name of the type has no prefix of
// the provider's.
func (r *Resource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = typeName
}

// Schema implements resource.Resource.
func (r *Resource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = resourceSchema(ctx)
}

// IdentitySchema implements resource.ResourceWithIdentity.
func (r *Resource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identitySchemaOf()
}

// Configure implements resource.ResourceWithConfigure.
func (r *Resource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	b, diags := newBackend(req.ProviderData)
	r.backend = b
	resp.Diagnostics.Append(diags...)
}

// Create makes, takes over or digs up the host. A failed one sets no state: what
// it had made it has taken back, or the error says what is left. A host that was
// made is in the state whatever its agent does (promise P11).
func (r *Resource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	plan, config, diags := get(ctx, req.Plan, req.Config)
	resp.Diagnostics.Append(diags...)
	limit, diags := plan.Timeouts.Create(ctx, applyTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	a := apply{backend: r.backend, plan: plan, config: config, kept: r.remembering(newKept())}
	err := a.run(ctx, limit)
	resp.Diagnostics.Append(a.diags...)
	if err != nil {
		resp.Diagnostics.Append(tfdiag.HostErrors(plan.name(), err)...)
		return
	}
	resp.Diagnostics.Append(a.kept.store(ctx, resp.Private)...)
	resp.Diagnostics.Append(tfmodel.Set(ctx, &resp.State, &a.plan)...)
	resp.Diagnostics.Append(planning.SetIdentity(ctx, resp.Identity, identity{a.plan.Host})...)
}

// Read looks at the host. One that Zabbix surely has no more leaves the state;
// one that cannot be seen, or not be reached, stays (promise P8): the plan tells
// whether that is an error.
func (r *Resource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(r.ready()...)
	resp.Diagnostics.Append(tfmodel.Get(ctx, req.State, &state)...)
	k, _, diags := loadKept(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	limit, diags := state.Timeouts.Read(ctx, readTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	seen, err := r.core.LookAtHost(ctx, state.target())
	resp.Diagnostics.Append(warnings(state.name(), seen.Warnings)...)
	state.settle()
	switch {
	case err != nil:
		resp.Diagnostics.Append(planning.NotRead(state.name(), err))
	case seen.Summary.Host == nil:
		resp.Diagnostics.Append(planning.SetIdentity(ctx, resp.Identity, identity{state.Host})...) // which must be there
		resp.State.RemoveResource(ctx)
		return
	default:
		state, k = r.noticed(state, k, seen)
		r.core.NoteHost(client.Former{ID: k.ID, Name: state.Host.ValueString(), Object: k.Object, OnDestroy: zabbix.Destroy(k.OnDestroy)})
	}
	resp.Diagnostics.Append(tfmodel.Set(ctx, &resp.State, &state)...)
	resp.Diagnostics.Append(planning.SetIdentity(ctx, resp.Identity, identity{state.Host})...)
	resp.Diagnostics.Append(k.store(ctx, resp.Private)...)
}

// noticed is the state with what Read saw.
func (b backend) noticed(state model, k kept, seen client.HostResult) (model, kept) {
	s := sight{host: seen.Summary.Host, exclusive: state.exclusive(b.core.HostDefaults()), all: k.Imported}
	now := s.of(state)
	if k.doubts() && now.AgentState.ValueString() == client.AgentAvailable {
		now.AgentState = types.StringValue(client.AgentUnknown)
	}
	now.URL = types.StringValue(b.core.HostURL(now.ID.ValueString()))
	if !k.Imported {
		k.Changed = noted(append(k.Changed, changed(state, now)...)...)
	}
	k.ID, k.OnDestroy, k.Object, k.Seen = now.ID.ValueString(), now.OnDestroy.ValueString(), now.Object.ValueString(), seen.Running.Digest
	k.Farewell = nil // of a destroy that failed
	return now, k
}

// Update makes the planned change, waits where that is planned, and else only
// writes the state. After a failure the prior state stays.
func (r *Resource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	plan, config, diags := get(ctx, req.Plan, req.Config)
	resp.Diagnostics.Append(diags...)
	var prior model
	resp.Diagnostics.Append(tfmodel.Get(ctx, req.State, &prior)...)
	k, _, diags := loadKept(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	limit, diags := plan.Timeouts.Update(ctx, applyTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	a := apply{backend: r.backend, plan: plan, config: config, prior: &prior, kept: r.remembering(k)}
	err := a.run(ctx, limit)
	resp.Diagnostics.Append(a.diags...)
	if err != nil {
		resp.Diagnostics.Append(tfdiag.HostErrors(plan.name(), err)...)
		return
	}
	resp.Diagnostics.Append(a.kept.store(ctx, resp.Private)...)
	resp.Diagnostics.Append(tfmodel.Set(ctx, &resp.State, &a.plan)...)
	resp.Diagnostics.Append(planning.SetIdentity(ctx, resp.Identity, identity{a.plan.Host})...)
}

// ImportState takes over a host by its technical name or hostid, or by identity.
// Read, which follows, fills in the state.
func (r *Resource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resp.Diagnostics.Append(r.ready()...)
	ref, diags := importRef(ctx, req)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	seen, err := r.core.LookAtHost(ctx, ref)
	switch {
	case err != nil:
		resp.Diagnostics.Append(tfdiag.HostErrors(ref.Name, err)...)
		return
	case seen.Summary.Host == nil:
		resp.Diagnostics.AddError(ref.Name+": there is no such host", notThere)
		return
	}
	h := seen.Summary.Host
	k := newKept()
	k.Imported = true
	state := imported(h.ID, h.Name, r.core.HostDefaults())
	state, k = r.noticed(state, k, seen)
	resp.Diagnostics.Append(tfmodel.Set(ctx, &resp.State, &state)...)
	resp.Diagnostics.Append(planning.SetIdentity(ctx, resp.Identity, identity{state.Host})...)
	resp.Diagnostics.Append(k.store(ctx, resp.Private)...)
}

// notThere says why a host may not be found.
const notThere = "Zabbix has no host of that name or hostid, or the API's user may not see it. Names are compared to the letter."

// importRef reads what an import names the host by.
func importRef(ctx context.Context, req resource.ImportStateRequest) (zabbix.Ref, diag.Diagnostics) {
	if req.ID == "" && req.Identity != nil {
		var id identity
		diags := req.Identity.Get(ctx, &id)
		return zabbix.Ref{Name: id.Host.ValueString(), Host: id.Host.ValueString()}, diags
	}
	ref, err := parseImportID(req.ID)
	if err != nil {
		return ref, diag.Diagnostics{diag.NewErrorDiagnostic("Import id not understood",
			err.Error()+"\n\nUse the host's technical name, or hostid=10105.")}
	}
	return ref, nil
}

// get reads plan and configuration; the latter holds the write-only values.
func get(ctx context.Context, from tfsdk.Plan, with tfsdk.Config) (plan, config model, diags diag.Diagnostics) {
	diags.Append(tfmodel.Get(ctx, from, &plan)...)
	diags.Append(tfmodel.Get(ctx, with, &config)...)
	return plan, config, diags
}

// apply is one apply; plan and kept become what is to be remembered.
type apply struct {
	backend
	config model
	plan   model
	prior  *model // nil: the host is made
	kept   kept
	host   *zabbix.Host // as the run left it; nil when none was needed
	diags  diag.Diagnostics
}

// run makes the planned change, if there is one, and waits for the agent.
func (a *apply) run(ctx context.Context, limit time.Duration) error {
	w, err := a.change(ctx, limit)
	if err != nil {
		return err
	}
	if a.plan.URL.IsUnknown() {
		a.plan.URL = types.StringValue(a.core.HostURL(a.plan.ID.ValueString()))
	}
	switch limit := w.waits(); {
	case !a.plan.AgentState.IsUnknown():
	case limit > 0:
		a.await(ctx, limit)
	default:
		a.plan.AgentState = types.StringValue(client.AgentState(a.host))
	}
	if w.waits() == 0 {
		a.kept.Waiting = false
	}
	return nil
}

// change runs the core. A plan that changes nothing in Zabbix asks nothing of it,
// but the source of truth gets the hostid if it has another one.
func (a *apply) change(ctx context.Context, limit time.Duration) (*wish, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	w, err := newWish(ctx, a.core, a.config, a.prior, a.kept)
	if err != nil {
		return nil, err
	}
	var digest string
	if a.plan.pending() || a.prior == nil {
		res, err := a.core.RunHost(ctx, client.HostJob{Name: a.config.name(), Intent: w.intent, Approved: a.plan.approval(), Object: w.subject.Inventory})
		a.diags.Append(warnings(a.plan.name(), res.Warnings)...)
		if err != nil {
			return nil, err
		}
		if err := a.found(res); err != nil {
			return nil, err
		}
		digest = res.Running.Digest
		if res.Summary.Reaches {
			a.kept.Reached = time.Now()
		}
	} else {
		a.diags.Append(warnings(a.plan.name(), a.core.WriteHostID(ctx, w.subject.Inventory, a.plan.ID.ValueString()))...)
	}
	a.fingerprints()
	a.kept = a.kept.left(a.plan, digest, a.core.RunID(), w.named())
	return w, nil
}

// found takes over what only the run could tell.
func (a *apply) found(res client.HostResult) error {
	a.host = cmp.Or(res.Host, res.Summary.Host)
	if a.host == nil {
		return fmt.Errorf("%s: the host is not there after the apply: plan again", a.plan.name())
	}
	a.plan.ID = types.StringValue(a.host.ID)
	return nil
}

// fingerprints are those of what was written.
func (a *apply) fingerprints() {
	hashes := map[string]string{}
	values := tableFrom(a.config.SecretMacros)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		hashes[name] = a.kept.Fingerprint(values[name])
	}
	if !a.config.SecretMacros.IsNull() {
		a.plan.SecretMacrosHash = tableOf(hashes)
	}
	if !a.config.TLSPSK.IsNull() {
		a.plan.TLSPSKHash = types.StringValue(a.kept.Fingerprint(a.config.TLSPSK.ValueString()))
	}
}

// await waits for data from the agent. None is a warning: the host exists, and
// the next plan waits again.
func (a *apply) await(ctx context.Context, limit time.Duration) {
	report, err := a.core.WaitForAgent(ctx, a.plan.ID.ValueString(), client.AgentWait{
		Limit: limit, Reached: a.kept.Reached, Proxied: a.plan.Proxy.ValueString()+a.plan.ProxyGroup.ValueString() != "",
	})
	a.plan.AgentState = types.StringValue(report.State)
	if a.kept.Waiting = report.Waits; err == nil && !report.Waits {
		a.kept.Reached = time.Time{}
	}
	name := a.plan.name()
	switch {
	case err != nil:
		a.plan.AgentState = types.StringValue(client.AgentUnknown)
		a.kept.Waiting = true
		a.diags.AddWarning(name+": could not find out about its agent: "+planning.Where(err), err.Error()+"\n\nThe host itself is as it should be.")
	case report.Trouble != "":
		a.diags.AddWarning(name+": "+report.Trouble, "The host itself is as it should be."+report.Next)
	}
}

// warnings are the sentences of a run.
func warnings(name string, sentences []string) diag.Diagnostics {
	return planning.Warnings("Host "+name+".", sentences)
}

// sentence lists names.
func sentence(names []string) string { return strings.Join(names, ", ") }
