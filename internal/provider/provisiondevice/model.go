package provisiondevice

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// The values of the attributes with a fixed choice.
const (
	driftRevert = planning.DriftRevert
	driftFail   = planning.DriftFail

	unreachableError = "error"
	unreachableSkip  = "skip"

	destroyKeep = "keep"
)

// defaultConfirmTimeout is confirm_timeout when it is not set.
const defaultConfirmTimeout = "2m"

// model is provision_device in configuration, plan and state.
type model struct {
	ID              types.String   `tfsdk:"id"`
	Name            types.String   `tfsdk:"name"`
	Site            types.String   `tfsdk:"site"`
	Tenant          types.String   `tfsdk:"tenant"`
	Host            types.String   `tfsdk:"host"`
	Port            types.Int64    `tfsdk:"port"`
	Driver          types.String   `tfsdk:"driver"`
	Credentials     types.String   `tfsdk:"credentials"`
	Config          types.String   `tfsdk:"config"`
	Intended        types.Object   `tfsdk:"intended"`
	ReplaceConfig   types.Bool     `tfsdk:"replace_config"`
	CommitChanges   types.Bool     `tfsdk:"commit_changes"`
	ConfirmTimeout  types.String   `tfsdk:"confirm_timeout"`
	Save            types.Bool     `tfsdk:"save"`
	OnDrift         types.String   `tfsdk:"on_drift"`
	OnUnreachable   types.String   `tfsdk:"on_unreachable"`
	OnDestroy       types.String   `tfsdk:"on_destroy"`
	AllowUnreviewed types.Bool     `tfsdk:"allow_unreviewed"`
	Diff            types.String   `tfsdk:"diff"`
	DiffBy          types.String   `tfsdk:"diff_by"`
	ChangeID        types.String   `tfsdk:"change_id"`
	UncommittedDiff types.String   `tfsdk:"uncommitted_diff"`
	UnmanagedLines  types.Int64    `tfsdk:"unmanaged_lines"`
	IntendedHash    types.String   `tfsdk:"intended_hash"`
	RunningHash     types.String   `tfsdk:"running_hash"`
	Timeouts        timeouts.Value `tfsdk:"timeouts"`
}

// identity is the identity of a provision_device.
type identity struct {
	Name        types.String `tfsdk:"name"`
	Site        types.String `tfsdk:"site"`
	Tenant      types.String `tfsdk:"tenant"`
	Host        types.String `tfsdk:"host"`
	Port        types.Int64  `tfsdk:"port"`
	Driver      types.String `tfsdk:"driver"`
	Credentials types.String `tfsdk:"credentials"`
}

// imported is the state right after an import: what names the device, and
// every default, so that the first plan does not have to write them.
func imported(id identity) model {
	return model{
		ID: id.Name, Name: id.Name, Site: id.Site, Tenant: id.Tenant, Host: id.Host, Port: id.Port,
		Driver: id.Driver, Credentials: id.Credentials, Intended: types.ObjectNull(intendedType()),
		ReplaceConfig:   types.BoolValue(false),
		CommitChanges:   types.BoolValue(true),
		ConfirmTimeout:  types.StringValue(defaultConfirmTimeout),
		Save:            types.BoolValue(true),
		OnDrift:         types.StringValue(driftRevert),
		OnDestroy:       types.StringValue(destroyKeep),
		AllowUnreviewed: types.BoolValue(false),
		Timeouts:        planning.NoTimeouts(),
	}
}

// identity names the device in a state.
func (m model) identity() identity {
	return identity{Name: m.Name, Site: m.Site, Tenant: m.Tenant, Host: m.Host, Port: m.Port, Driver: m.Driver, Credentials: m.Credentials}
}

// ref says which device is meant; null values come from the source of truth.
func (m model) ref() client.Ref {
	return client.Ref{
		Name:        m.Name.ValueString(),
		Site:        m.Site.ValueString(),
		Tenant:      m.Tenant.ValueString(),
		Host:        m.Host.ValueString(),
		Port:        int(m.Port.ValueInt64()),
		Driver:      m.Driver.ValueString(),
		Credentials: m.Credentials.ValueString(),
	}
}

// job says what a run shall do; the caller adds DryRun.
func (m model) job(config []byte) client.Job {
	return client.Job{
		Config:         config,
		Replace:        m.ReplaceConfig.ValueBool(),
		Commit:         m.CommitChanges.ValueBool(),
		Save:           m.Save.ValueBool(),
		ConfirmTimeout: m.confirmTimeout(),
	}
}

// confirmTimeout is confirm_timeout, which its validator has checked.
func (m model) confirmTimeout() time.Duration {
	d, err := time.ParseDuration(m.ConfirmTimeout.ValueString())
	if err != nil {
		return 0 // the core's own default, which is the attribute's
	}
	return d
}

// pending tells that this plan changes the device.
func (m model) pending() bool { return !m.Diff.IsNull() || !m.ChangeID.IsNull() }

// approval is what the plan showed; the zero one stands for "no change".
func (m model) approval() *provision.Approval {
	return &provision.Approval{Diff: m.Diff.ValueString(), ChangeID: m.ChangeID.ValueString()}
}

// setEndpoint fills in what the configuration leaves to the source of truth.
func (m *model) setEndpoint(config model, e client.Endpoint) {
	m.ID = config.Name
	m.Host, m.Port, m.Driver = config.Host, config.Port, config.Driver
	if m.Host.IsNull() {
		m.Host = types.StringValue(e.Device.Host)
	}
	if m.Port.IsNull() {
		m.Port = types.Int64Value(int64(e.Port))
	}
	if m.Driver.IsNull() {
		m.Driver = types.StringValue(e.Driver.Name())
	}
}

// sameEndpoint tells that two models mean the same device in the same way.
func (m model) sameEndpoint(o model) bool {
	return m.Host.Equal(o.Host) && m.Port.Equal(o.Port) &&
		m.Driver.Equal(o.Driver) && m.Credentials.Equal(o.Credentials)
}

// settle takes away what a plan showed and an apply has done. What is not
// committed stays.
func (m *model) settle() {
	m.Diff, m.ChangeID = types.StringNull(), types.StringNull()
	if m.UncommittedDiff.IsNull() {
		m.DiffBy = types.StringNull()
	}
}

// equal tells that two models have the same values.
func (m model) equal(o model) bool { return planning.Equal(m.values(), o.values()) }

// values lists every value but the write-only one.
func (m model) values() []attr.Value {
	return []attr.Value{
		m.ID, m.Name, m.Site, m.Tenant, m.Host, m.Port, m.Driver, m.Credentials, m.Intended,
		m.ReplaceConfig, m.CommitChanges, m.ConfirmTimeout, m.Save,
		m.OnDrift, m.OnUnreachable, m.OnDestroy, m.AllowUnreviewed,
		m.Diff, m.DiffBy, m.ChangeID, m.UncommittedDiff, m.UnmanagedLines,
		m.IntendedHash, m.RunningHash, m.Timeouts,
	}
}
