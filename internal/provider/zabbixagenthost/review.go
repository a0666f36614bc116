package zabbixagenthost

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
)

// unknown names the attributes of the configuration without which nothing can be
// reviewed and whose values are not known yet.
func (p *planner) unknown() []string {
	c := p.config
	return planning.Unknown(slices.Concat(c.fields(), []planning.Named{
		{Name: "device", Value: c.Device},
		{Name: "virtual_machine", Value: c.VirtualMachine},
		{Name: "site", Value: c.Site},
		{Name: "tenant", Value: c.Tenant},
		{Name: "secret_macros", Value: c.SecretMacros},
		{Name: "manage", Value: c.Manage},
		{Name: "tls_psk", Value: c.TLSPSK},
		{Name: "adopt", Value: c.Adopt},
		{Name: "on_destroy", Value: c.OnDestroy},
		{Name: "template_removal", Value: c.TemplateRemoval},
		{Name: "wait_for_agent", Value: c.WaitForAgent},
		{Name: "on_drift", Value: c.OnDrift},
		{Name: "on_unreachable", Value: c.OnUnreachable},
		{Name: "allow_unreviewed", Value: c.AllowUnreviewed},
	}))
}

// unreviewed refuses a plan that shows nothing, or lets it through with a
// warning when it is allowed to.
func (p *planner) unreviewed(names []string) {
	allowed := p.config.AllowUnreviewed.ValueBool()
	if allowed {
		p.forget()
	}
	p.diags.Append(planning.Unreviewed(p.name(), "the host", names, allowed)...)
}

// forget makes everything unknown that the configuration does not say.
func (p *planner) forget() {
	c, m := p.config, p.config
	m.ID = types.StringUnknown()
	if p.prior != nil {
		m.ID = p.prior.ID
	}
	unknown := []*types.String{
		&m.Host, &m.VisibleName, &m.Description, &m.InventoryMode, &m.Proxy, &m.ProxyGroup, &m.Object, &m.OnDestroy, &m.OnDrift,
		&m.TLSPSKHash, &m.URL, &m.AgentState, &m.Diff, &m.ChangeID,
	}
	for _, v := range unknown {
		if v.IsNull() {
			*v = types.StringUnknown()
		}
	}
	setNull(&m.Enabled, types.BoolUnknown())
	setNull(&m.Templates, types.SetUnknown(types.StringType))
	setNull(&m.HostGroups, types.SetUnknown(types.StringType))
	setNull(&m.Tags, types.MapUnknown(tagType()))
	setNull(&m.Macros, types.MapUnknown(macroType()))
	setNull(&m.Inventory, types.MapUnknown(types.StringType))
	m.Interface, m.TLS = opened(c.Interface, interfaceType().AttrTypes), opened(c.TLS, tlsType().AttrTypes)
	setNull(&m.Interface, types.ObjectUnknown(interfaceType().AttrTypes))
	setNull(&m.TLS, types.ObjectUnknown(tlsType().AttrTypes))
	m.SecretMacros, m.TLSPSK = types.MapNull(types.StringType), types.StringNull()
	m.SecretMacrosHash = types.MapUnknown(types.StringType)
	m.MatchedRules, m.Removes = types.MapUnknown(types.StringType), types.MapUnknown(removesType())
	m.AllowUnreviewed = p.plan.AllowUnreviewed // with its default
	p.plan = m
}

// opened is an object in which what is not set is unknown.
func opened(o types.Object, attributeTypes map[string]attr.Type) types.Object {
	if o.IsNull() || o.IsUnknown() {
		return o
	}
	values := o.Attributes()
	for name, v := range values {
		if !v.IsNull() {
			continue
		}
		values[name] = types.StringUnknown()
		if _, ok := v.(types.Set); ok {
			values[name] = types.SetUnknown(types.StringType)
		}
	}
	return types.ObjectValueMust(attributeTypes, values)
}
