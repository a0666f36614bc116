package zabbixagenthost

import (
	"cmp"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// sight turns a host as Zabbix has it into a state. Of an additive field the
// state holds what is ours, as far as it is there; of an exclusive one, and right
// after an import, everything that is there. So what somebody else changed shows
// attribute by attribute, and what others added does not.
type sight struct {
	host      *zabbix.Host
	exclusive map[zabbix.Field]bool
	all       bool // right after an import
}

// of is the state with what was seen.
func (s sight) of(m model) model {
	h := s.host
	m.ID, m.Host = types.StringValue(h.ID), types.StringValue(h.Name)
	m.VisibleName, m.Description, m.Enabled = s.visibleName(m), types.StringValue(h.Description), types.BoolValue(h.Enabled)
	if h.Agent != nil {
		m.Interface = interfaceOf(*h.Agent, m.Interface)
	} else {
		m.Interface = types.ObjectNull(interfaceType().AttrTypes)
	}
	m.InventoryMode = types.StringValue(h.InventoryMode.String())
	m.Proxy, m.ProxyGroup = as(h.Proxy, m.Proxy), as(h.ProxyGroup, m.ProxyGroup)
	m.TLS = tlsOf(s.tls(m.TLS), m.TLS)
	m.Templates = s.names(zabbix.FieldTemplates, h.Templates, m.Templates)
	m.HostGroups = s.names(zabbix.FieldGroups, h.Groups, m.HostGroups)
	m.Tags, m.Macros, m.Inventory = s.tags(m.Tags), s.macros(m), s.inventory(m.Inventory)
	m.SecretMacrosHash, m.TLSPSKHash = s.secrets(m.SecretMacrosHash), s.psk(m.TLSPSKHash)
	m.AgentState = types.StringValue(client.AgentState(h))
	return m
}

// visibleName is the visible name; "" stays where it says that there is none.
func (s sight) visibleName(m model) types.String {
	if s.host.VisibleName == s.host.Name && !m.VisibleName.IsNull() && m.VisibleName.ValueString() == "" {
		return m.VisibleName
	}
	return types.StringValue(s.host.VisibleName)
}

// whole tells that the state holds everything of a field.
func (s sight) whole(f zabbix.Field) bool { return s.all || s.exclusive[f] }

// names is one set of names.
func (s sight) names(f zabbix.Field, there []string, was types.Set) types.Set {
	switch {
	case s.whole(f):
		return setOf(there)
	case was.IsNull():
		return was
	}
	ours := namesOf(was)
	return setOf(slices.DeleteFunc(slices.Clone(there), func(n string) bool { return !slices.Contains(ours, n) }))
}

// tags are the tags; those that a discovery rule owns are nobody's here.
func (s sight) tags(was types.Map) types.Map {
	ours := tagsFrom(was)
	var tags []zabbix.Tag
	for _, t := range s.host.Tags {
		t := zabbix.Tag{Name: t.Name, Value: t.Value, Automatic: t.Automatic}
		if !t.Automatic && (s.whole(zabbix.FieldTags) || slices.Contains(ours, t)) {
			tags = append(tags, t)
		}
	}
	if was.IsNull() && !s.whole(zabbix.FieldTags) {
		return was
	}
	return tagsOf(tags)
}

// macros are those whose values are no secret, under the names that the state
// has for them.
func (s sight) macros(m model) types.Map {
	was := m.Macros
	if was.IsNull() && !s.whole(zabbix.FieldMacros) {
		return was
	}
	names := map[string]string{}
	for name := range was.Elements() {
		names[zabbix.MacroKey(name)] = name
	}
	elements := map[string]attr.Value{}
	for _, macro := range s.host.Macros {
		name, mine := names[zabbix.MacroKey(macro.Name)]
		if macro.Automatic || macro.Kind == zabbix.MacroSecret || !mine && !s.whole(zabbix.FieldMacros) {
			continue
		}
		if !mine {
			name = macro.Name
		}
		like, _ := was.Elements()[name].(types.Object)
		elements[name] = macroOf(macro, like)
	}
	return types.MapValueMust(macroType(), elements)
}

// inventory are the fields. One that is to be empty, and is, stays.
func (s sight) inventory(was types.Map) types.Map {
	if was.IsNull() && !s.whole(zabbix.FieldInventory) {
		return was
	}
	ours := tableFrom(was)
	table := map[string]string{}
	for k, v := range s.host.Inventory {
		if _, mine := ours[k]; mine || s.whole(zabbix.FieldInventory) {
			table[k] = v
		}
	}
	for k, v := range ours {
		if _, there := table[k]; v == "" && !there {
			table[k] = ""
		}
	}
	return tableOf(table)
}

// secrets are the fingerprints of the secret macros that are there.
func (s sight) secrets(was types.Map) types.Map {
	if was.IsNull() {
		return was
	}
	there := map[string]bool{}
	for _, macro := range s.host.Macros {
		there[zabbix.MacroKey(macro.Name)] = macro.Kind == zabbix.MacroSecret
	}
	table := tableFrom(was)
	for name := range table {
		if !there[zabbix.MacroKey(name)] {
			delete(table, name)
		}
	}
	return tableOf(table)
}

// usesPSK tells that the host uses a pre-shared key. Zabbix forgets key and
// identity of one that does not.
func (s sight) usesPSK() bool {
	return s.host.TLS.Connect == zabbix.PSK || slices.Contains(s.host.TLS.Accept, zabbix.PSK)
}

// tls is the encryption. Zabbix never returns the identity of the key: it stays
// what the last apply sent.
func (s sight) tls(was types.Object) zabbix.TLS {
	t := s.host.TLS
	if s.usesPSK() {
		t.PSKIdentity = cmp.Or(t.PSKIdentity, text(was, "psk_identity"))
	}
	return t
}

// psk is the fingerprint of the key.
func (s sight) psk(was types.String) types.String {
	if !s.usesPSK() {
		return types.StringNull()
	}
	return was
}

// changed names the attributes that differ between two states.
func changed(before, after model) []string {
	var names []string
	was := before.fields()
	for i, f := range after.fields() {
		if !f.Value.Equal(was[i].Value) {
			names = append(names, f.Name)
		}
	}
	return names
}

// noted are names in a fixed order, each once.
func noted(names ...string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
