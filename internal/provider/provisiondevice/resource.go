// Package provisiondevice is the resource and the data source
// provision_device: a network device with an intended configuration.
package provisiondevice

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tfdiag"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tfmodel"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// What the operations may take when the timeouts block says nothing. Reading
// includes the dry run of a plan; applying includes the confirmation.
const (
	readTimeout  = 5 * time.Minute
	applyTimeout = 20 * time.Minute
)

var (
	_ resource.ResourceWithConfigure   = (*Resource)(nil)
	_ resource.ResourceWithIdentity    = (*Resource)(nil)
	_ resource.ResourceWithImportState = (*Resource)(nil)
	_ resource.ResourceWithModifyPlan  = (*Resource)(nil)
)

// Resource is provision_device.
type Resource struct{ backend }

// NewResource makes the resource.
func NewResource() resource.Resource { return &Resource{} }

// Metadata implements resource.Resource.
func (r *Resource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_device"
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

// Create puts the configuration on a device that is not in the state yet. A
// failed one sets no state: the device itself is the truth.
func (r *Resource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	plan, config, diags := get(ctx, req.Plan, req.Config)
	resp.Diagnostics.Append(diags...)
	limit, diags := plan.Timeouts.Create(ctx, applyTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	done, err := r.apply(ctx, limit, plan, config)
	resp.Diagnostics.Append(warnings(plan.Name.ValueString(), done.Warnings)...)
	if err != nil {
		resp.Diagnostics.Append(tfdiag.Error(plan.Name.ValueString(), err))
		return
	}
	k := done.note(r.remembering(newKept()), plan)
	configured := config.identity() // what the source of truth says may change
	plan = done.state(plan, k)
	resp.Diagnostics.Append(tfmodel.Set(ctx, &resp.State, &plan)...)
	resp.Diagnostics.Append(planning.SetIdentity(ctx, resp.Identity, configured)...)
	resp.Diagnostics.Append(k.store(ctx, resp.Private)...)
}

// Read looks at what is running. A device that cannot be reached stays in the
// state: the plan, which knows the configuration's endpoint, tells whether
// that is an error.
func (r *Resource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(r.ready()...)
	resp.Diagnostics.Append(tfmodel.Get(ctx, req.State, &state)...)
	k, diags := loadKept(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	limit, diags := state.Timeouts.Read(ctx, readTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	k = r.remembering(k)
	seen, err := r.observe(ctx, limit, state)
	resp.Diagnostics.Append(warnings(state.Name.ValueString(), seen.Warnings)...)
	if err != nil {
		resp.Diagnostics.Append(planning.NotRead(state.Name.ValueString(), err))
	} else {
		state.RunningHash = types.StringValue(k.Fingerprint(seen.Running.Digest))
	}
	state.settle()
	resp.Diagnostics.Append(tfmodel.Set(ctx, &resp.State, &state)...)
	resp.Diagnostics.Append(planning.SetIdentity(ctx, resp.Identity, state.identity())...)
	resp.Diagnostics.Append(k.store(ctx, resp.Private)...)
}

// Update makes the planned change. A plan that changes nothing on the device
// only writes the state. After a failure the prior state stays.
func (r *Resource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	plan, config, diags := get(ctx, req.Plan, req.Config)
	resp.Diagnostics.Append(diags...)
	k, diags := loadKept(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	limit, diags := plan.Timeouts.Update(ctx, applyTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	k = r.remembering(k)
	if plan.pending() {
		done, err := r.apply(ctx, limit, plan, config)
		k = done.note(k, plan)
		resp.Diagnostics.Append(warnings(plan.Name.ValueString(), done.Warnings)...)
		if err != nil {
			resp.Diagnostics.Append(k.store(ctx, resp.Private)...)
			resp.Diagnostics.Append(tfdiag.Error(plan.Name.ValueString(), err))
			return
		}
		plan = done.state(plan, k)
	} else {
		k = k.adopted(plan, r.core.RunID())
	}
	resp.Diagnostics.Append(k.store(ctx, resp.Private)...)
	resp.Diagnostics.Append(tfmodel.Set(ctx, &resp.State, &plan)...)
	resp.Diagnostics.Append(planning.SetIdentity(ctx, resp.Identity, plan.identity())...)
}

// Delete forgets the device (on_destroy = keep) and does not connect to it.
func (r *Resource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// ImportState takes over a device by id or by identity and writes every
// default. It asks the source of truth, not the device: Read follows.
func (r *Resource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resp.Diagnostics.Append(r.ready()...)
	id, diags := importIdentity(ctx, req)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	state := imported(id)
	e, err := r.core.Resolve(ctx, state.ref())
	if err != nil {
		resp.Diagnostics.Append(tfdiag.Error(id.Name.ValueString(), err))
		return
	}
	state.setEndpoint(state, e)
	resp.Diagnostics.Append(tfmodel.Set(ctx, &resp.State, &state)...)
	resp.Diagnostics.Append(planning.SetIdentity(ctx, resp.Identity, id)...)
	resp.Diagnostics.Append(newKept().store(ctx, resp.Private)...)
}

// importIdentity reads what an import names the device by.
func importIdentity(ctx context.Context, req resource.ImportStateRequest) (identity, diag.Diagnostics) {
	var id identity
	if req.ID == "" && req.Identity != nil {
		diags := req.Identity.Get(ctx, &id)
		return id, diags
	}
	id, err := parseImportID(req.ID)
	if err != nil {
		return id, diag.Diagnostics{diag.NewErrorDiagnostic("Import id not understood",
			err.Error()+"\n\nUse the device's name, or name,site=...,tenant=...,host=...,port=...,driver=...,credentials=...")}
	}
	return id, nil
}

// get reads plan and configuration; the latter holds the write-only values.
func get(ctx context.Context, from tfsdk.Plan, with tfsdk.Config) (plan, config model, diags diag.Diagnostics) {
	diags.Append(tfmodel.Get(ctx, from, &plan)...)
	diags.Append(tfmodel.Get(ctx, with, &config)...)
	return plan, config, diags
}

// outcome is a finished run with the digest of what it was to put on.
type outcome struct {
	provision.Result
	err      error
	intended string
	runID    string
}

// apply runs the core on the planned endpoint. With nothing approved the core
// only looks.
func (r *Resource) apply(ctx context.Context, limit time.Duration, plan, config model) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	e, text, err := intent(ctx, r.core, config)
	if err != nil {
		return outcome{err: err}, err
	}
	job := plan.job(text)
	job.Approved = plan.approval()
	res, err := r.core.Run(ctx, e, job)
	return outcome{Result: res, err: err, intended: e.Driver.Digest(text), runID: r.core.RunID()}, err
}

// observe reads what runs on the device that the state names.
func (r *Resource) observe(ctx context.Context, limit time.Duration, state model) (provision.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	e, err := r.core.Resolve(ctx, state.ref())
	if err != nil {
		return provision.Result{}, err
	}
	return r.core.Observe(ctx, e)
}

// note remembers how a run left the device: also a failed one whose change is
// on, because what it left is nobody else's drift. What another run or person
// left must not become ours.
func (o outcome) note(k kept, plan model) kept {
	mine := o.err == nil || o.Outcome == provision.OutcomeApplied
	if !mine || o.Running.Digest == "" || !plan.CommitChanges.ValueBool() {
		return k
	}
	return k.applied(o.Running.Digest, o.runID)
}

// state is the plan with what only the run could tell.
func (o outcome) state(plan model, k kept) model {
	plan.IntendedHash = types.StringValue(k.Fingerprint(o.intended))
	plan.RunningHash = types.StringValue(k.Fingerprint(o.Running.Digest))
	return plan
}

// warnings are the sentences of a run.
func warnings(name string, sentences []string) diag.Diagnostics {
	return planning.Warnings("Device "+name+".", sentences)
}
