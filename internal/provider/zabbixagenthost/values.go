package zabbixagenthost

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// The types of a macro in the schema. A secret one has an attribute of its own.
const (
	macroText  = "text"
	macroVault = "vault"
)

// tagType is the values of one tag.
func tagType() types.SetType { return types.SetType{ElemType: types.StringType} }

// removesType is what one field loses.
func removesType() types.ListType { return types.ListType{ElemType: types.StringType} }

// texts is an object of strings.
func texts(names ...string) types.ObjectType {
	t := types.ObjectType{AttrTypes: map[string]attr.Type{}}
	for _, n := range names {
		t.AttrTypes[n] = types.StringType
	}
	return t
}

func interfaceType() types.ObjectType { return texts("ip", "dns", "port", "use") }

func macroType() types.ObjectType { return texts("value", "description", "type") }

func manageType() types.ObjectType {
	return texts("templates", "host_groups", "tags", "macros", "inventory")
}

func tlsType() types.ObjectType {
	t := texts("connect", "psk_identity", "issuer", "subject")
	t.AttrTypes["accept"] = types.SetType{ElemType: types.StringType}
	return t
}

// setOf makes a set of names.
func setOf(names []string) types.Set {
	elements := make([]attr.Value, 0, len(names))
	for _, n := range slices.Compact(slices.Sorted(slices.Values(names))) {
		elements = append(elements, types.StringValue(n))
	}
	return types.SetValueMust(types.StringType, elements)
}

// namesOf are the elements of a set, sorted; nil of a null one.
func namesOf(s types.Set) []string {
	var names []string
	for _, e := range s.Elements() {
		if v, ok := e.(types.String); ok {
			names = append(names, v.ValueString())
		}
	}
	slices.Sort(names)
	return names
}

// listOf makes a list of texts.
func listOf(lines []string) types.List {
	elements := make([]attr.Value, 0, len(lines))
	for _, l := range lines {
		elements = append(elements, types.StringValue(l))
	}
	return types.ListValueMust(types.StringType, elements)
}

// tableOf makes a map of texts.
func tableOf(table map[string]string) types.Map {
	elements := make(map[string]attr.Value, len(table))
	for k, v := range table {
		elements[k] = types.StringValue(v)
	}
	return types.MapValueMust(types.StringType, elements)
}

// tableFrom is a map of texts; nil of a null one. Values that are not known, or
// null, are left out.
func tableFrom(m types.Map) map[string]string {
	if m.IsNull() || m.IsUnknown() {
		return nil
	}
	table := map[string]string{}
	for k, e := range m.Elements() {
		if v, ok := e.(types.String); ok && !v.IsNull() && !v.IsUnknown() {
			table[k] = v.ValueString()
		}
	}
	return table
}

// tagsOf makes the map of tags.
func tagsOf(tags []zabbix.Tag) types.Map {
	values := map[string][]string{}
	for _, t := range tags {
		values[t.Name] = append(values[t.Name], t.Value)
	}
	elements := make(map[string]attr.Value, len(values))
	for name, v := range values {
		elements[name] = setOf(v)
	}
	return types.MapValueMust(tagType(), elements)
}

// tagsFrom are the tags of a map, by name and value.
func tagsFrom(m types.Map) []zabbix.Tag {
	var tags []zabbix.Tag
	for _, name := range slices.Sorted(maps.Keys(m.Elements())) {
		values, _ := m.Elements()[name].(types.Set)
		for _, v := range namesOf(values) {
			tags = append(tags, zabbix.Tag{Name: name, Value: v})
		}
	}
	return tags
}

// macrosFrom are the macros of a map, by name.
func macrosFrom(m types.Map) []zabbix.Macro {
	var list []zabbix.Macro
	for _, name := range slices.Sorted(maps.Keys(m.Elements())) {
		o, _ := m.Elements()[name].(types.Object)
		macro := zabbix.Macro{Name: name, Value: text(o, "value"), Description: text(o, "description")}
		if text(o, "type") == macroVault {
			macro.Kind = zabbix.MacroVault
		}
		list = append(list, macro)
	}
	return list
}

// macroOf is a macro as an element of the map, written as like is where that
// means the same.
func macroOf(m zabbix.Macro, like types.Object) types.Object {
	kind := macroText
	if m.Kind == zabbix.MacroVault {
		kind = macroVault
	}
	wasKind := field(like, "type")
	if wasKind.IsNull() && kind == macroText {
		kind = ""
	}
	return types.ObjectValueMust(macroType().AttrTypes, map[string]attr.Value{
		"value":       types.StringValue(m.Value),
		"description": as(m.Description, field(like, "description")),
		"type":        as(kind, wasKind),
	})
}

// interfaceOf is an interface as the schema has it, written as like is where
// that means the same.
func interfaceOf(i zabbix.Interface, like types.Object) types.Object {
	ip := as(i.IP, field(like, "ip"))
	if was := field(like, "ip"); client.SameIP(was.ValueString(), i.IP) {
		ip = was
	}
	return types.ObjectValueMust(interfaceType().AttrTypes, map[string]attr.Value{
		"ip": ip, "dns": as(i.DNS, field(like, "dns")),
		"port": as(i.Port, field(like, "port")), "use": as(string(i.Use), field(like, "use")),
	})
}

// interfaceFrom is an interface of the schema.
func interfaceFrom(o types.Object) zabbix.Interface {
	return zabbix.Interface{IP: text(o, "ip"), DNS: text(o, "dns"), Port: text(o, "port"), Use: zabbix.Use(text(o, "use"))}
}

// tlsOf is an encryption as the schema has it, written as like is where that
// means the same.
func tlsOf(t zabbix.TLS, like types.Object) types.Object {
	accept := make([]string, 0, len(t.Accept))
	for _, e := range t.Accept {
		accept = append(accept, e.String())
	}
	return types.ObjectValueMust(tlsType().AttrTypes, map[string]attr.Value{
		"connect": as(t.Connect.String(), field(like, "connect")), "accept": setOf(accept),
		"psk_identity": as(t.PSKIdentity, field(like, "psk_identity")),
		"issuer":       as(t.Issuer, field(like, "issuer")),
		"subject":      as(t.Subject, field(like, "subject")),
	})
}

// field is a string of an object; null when the object is.
func field(o types.Object, name string) types.String {
	v, ok := o.Attributes()[name].(types.String)
	if !ok {
		return types.StringNull()
	}
	return v
}

// text is a string of an object; empty when it is null.
func text(o types.Object, name string) string { return field(o, name).ValueString() }

// as is a text as an attribute, null when empty; where it says the same as was,
// it is was: null and empty are the same to Zabbix.
func as(s string, was types.String) types.String {
	if !was.IsUnknown() && was.ValueString() == s {
		return was
	}
	return planning.Text(s)
}
