package zabbixagenthost

import (
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// typeName is the Terraform type.
const typeName = "zabbix_agent_host"

// model is zabbix_agent_host in configuration, plan and state.
type model struct {
	ID               types.String   `tfsdk:"id"`
	Device           types.String   `tfsdk:"device"`
	VirtualMachine   types.String   `tfsdk:"virtual_machine"`
	Site             types.String   `tfsdk:"site"`
	Tenant           types.String   `tfsdk:"tenant"`
	Object           types.String   `tfsdk:"object"`
	Host             types.String   `tfsdk:"host"`
	VisibleName      types.String   `tfsdk:"visible_name"`
	Description      types.String   `tfsdk:"description"`
	Enabled          types.Bool     `tfsdk:"enabled"`
	Interface        types.Object   `tfsdk:"interface"`
	Templates        types.Set      `tfsdk:"templates"`
	HostGroups       types.Set      `tfsdk:"host_groups"`
	Tags             types.Map      `tfsdk:"tags"`
	Macros           types.Map      `tfsdk:"macros"`
	SecretMacros     types.Map      `tfsdk:"secret_macros"`
	SecretMacrosHash types.Map      `tfsdk:"secret_macros_hash"`
	Inventory        types.Map      `tfsdk:"inventory"`
	InventoryMode    types.String   `tfsdk:"inventory_mode"`
	Proxy            types.String   `tfsdk:"proxy"`
	ProxyGroup       types.String   `tfsdk:"proxy_group"`
	Manage           types.Object   `tfsdk:"manage"`
	TLS              types.Object   `tfsdk:"tls"`
	TLSPSK           types.String   `tfsdk:"tls_psk"`
	TLSPSKHash       types.String   `tfsdk:"tls_psk_hash"`
	Adopt            types.Bool     `tfsdk:"adopt"`
	OnDestroy        types.String   `tfsdk:"on_destroy"`
	TemplateRemoval  types.String   `tfsdk:"template_removal"`
	WaitForAgent     types.String   `tfsdk:"wait_for_agent"`
	OnDrift          types.String   `tfsdk:"on_drift"`
	OnUnreachable    types.String   `tfsdk:"on_unreachable"`
	AllowUnreviewed  types.Bool     `tfsdk:"allow_unreviewed"`
	URL              types.String   `tfsdk:"url"`
	AgentState       types.String   `tfsdk:"agent_state"`
	MatchedRules     types.Map      `tfsdk:"matched_rules"`
	Removes          types.Map      `tfsdk:"removes"`
	Diff             types.String   `tfsdk:"diff"`
	ChangeID         types.String   `tfsdk:"change_id"`
	Timeouts         timeouts.Value `tfsdk:"timeouts"`
}

// identity is the identity of a zabbix_agent_host.
type identity struct {
	Host types.String `tfsdk:"host"`
}

// at is the path of an attribute.
func at(name string) path.Expression { return path.MatchRoot(name) }

// empty is a model in which every collection knows its type and all is null.
func empty() model {
	return model{
		Interface: types.ObjectNull(interfaceType().AttrTypes), TLS: types.ObjectNull(tlsType().AttrTypes),
		Manage:    types.ObjectNull(manageType().AttrTypes),
		Templates: types.SetNull(types.StringType), HostGroups: types.SetNull(types.StringType),
		Tags: types.MapNull(tagType()), Macros: types.MapNull(macroType()), Inventory: types.MapNull(types.StringType),
		SecretMacros: types.MapNull(types.StringType), SecretMacrosHash: types.MapNull(types.StringType),
		MatchedRules: types.MapNull(types.StringType), Removes: types.MapNull(removesType()),
		Timeouts: planning.NoTimeouts(),
	}
}

// imported is the state right after an import: which host it is, and every
// default. Read, which follows, fills in the rest.
func imported(id, host string, defaults client.HostDefaults) model {
	m := empty()
	m.ID, m.Host = types.StringValue(id), types.StringValue(host)
	m.OnDestroy = types.StringValue(string(defaults.OnDestroy))
	m.OnDrift = types.StringValue(defaults.OnDrift)
	m.AllowUnreviewed = types.BoolValue(false)
	return m
}

// ref says which object is meant.
func (m model) ref() client.HostRef {
	return client.HostRef{
		Device: m.Device.ValueString(), VirtualMachine: m.VirtualMachine.ValueString(),
		Site: m.Site.ValueString(), Tenant: m.Tenant.ValueString(), Host: m.Host.ValueString(),
		NeedsAddress: !m.hasAddress(),
	}
}

// hasAddress tells that the model says where the agent is.
func (m model) hasAddress() bool {
	return !field(m.Interface, "ip").IsNull() || !field(m.Interface, "dns").IsNull()
}

// name is what a host is called in messages: the object's name, else its own.
func (m model) name() string {
	for _, n := range []types.String{m.Device, m.VirtualMachine, m.Host} {
		if n.ValueString() != "" {
			return n.ValueString()
		}
	}
	return typeName
}

// target says which host the state means.
func (m model) target() zabbix.Ref {
	return zabbix.Ref{Name: m.name(), ID: m.ID.ValueString(), Host: m.Host.ValueString()}
}

// pending tells that this plan changes the host.
func (m model) pending() bool { return !m.Diff.IsNull() || !m.ChangeID.IsNull() }

// approval is what the plan showed.
func (m model) approval() *provision.Approval {
	return &provision.Approval{Diff: m.Diff.ValueString(), ChangeID: m.ChangeID.ValueString()}
}

// settle takes away what a plan showed and an apply has done.
func (m *model) settle() {
	m.Diff, m.ChangeID, m.Removes = types.StringNull(), types.StringNull(), types.MapNull(removesType())
}

// exclusive are the fields in which only what is named here stays.
func (m model) exclusive(defaults client.HostDefaults) map[zabbix.Field]bool {
	fields := map[zabbix.Field]bool{}
	own := m.Manage.Attributes()
	for _, f := range fieldsWithOwnership() {
		how := defaults.Manage[f]
		if v, ok := own[string(f)].(types.String); ok && !v.IsNull() {
			how = v.ValueString()
		}
		if how == client.Exclusive {
			fields[f] = true
		}
	}
	return fields
}

// fieldsWithOwnership are the fields of manage.
func fieldsWithOwnership() []zabbix.Field {
	return []zabbix.Field{zabbix.FieldTemplates, zabbix.FieldGroups, zabbix.FieldTags, zabbix.FieldMacros, zabbix.FieldInventory}
}

// equal tells that two models have the same values.
func (m model) equal(o model) bool { return planning.Equal(m.values(), o.values()) }

// values lists every value but the write-only ones.
func (m model) values() []attr.Value {
	list := []attr.Value{
		m.ID, m.Device, m.VirtualMachine, m.Site, m.Tenant, m.Object, m.Manage, m.SecretMacrosHash, m.TLSPSKHash,
		m.Adopt, m.OnDestroy, m.TemplateRemoval, m.WaitForAgent, m.OnDrift, m.OnUnreachable, m.AllowUnreviewed,
		m.URL, m.AgentState, m.MatchedRules, m.Removes, m.Diff, m.ChangeID, m.Timeouts,
	}
	for _, f := range m.fields() {
		list = append(list, f.Value)
	}
	return list
}

// fields are the attributes that say what the host is, by name.
func (m model) fields() []planning.Named {
	return []planning.Named{
		{Name: "host", Value: m.Host},
		{Name: "visible_name", Value: m.VisibleName},
		{Name: "description", Value: m.Description},
		{Name: "enabled", Value: m.Enabled},
		{Name: "interface", Value: m.Interface},
		{Name: "templates", Value: m.Templates},
		{Name: "host_groups", Value: m.HostGroups},
		{Name: "tags", Value: m.Tags},
		{Name: "macros", Value: m.Macros},
		{Name: "inventory", Value: m.Inventory},
		{Name: "inventory_mode", Value: m.InventoryMode},
		{Name: "proxy", Value: m.Proxy},
		{Name: "proxy_group", Value: m.ProxyGroup},
		{Name: "tls", Value: m.TLS},
	}
}
