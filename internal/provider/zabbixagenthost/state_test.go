package zabbixagenthost

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

// hostByHand is a host that somebody else made.
func hostByHand(name string) zabbixtest.Host {
	return zabbixtest.Host{
		Name: name, InventoryMode: -1, Templates: []string{linux},
		Interfaces: []zabbixtest.Interface{{Type: 1, Main: true, UseIP: true, IP: "192.0.2.1", Port: "10050"}},
	}
}

// macro is a macro as the schema has it; nil is null.
func macro(value string, description, kind any) types.Object {
	text := func(v any) attr.Value {
		if s, ok := v.(string); ok {
			return types.StringValue(s)
		}
		return types.StringNull()
	}
	return types.ObjectValueMust(macroType().AttrTypes, map[string]attr.Value{"value": types.StringValue(value), "description": text(description), "type": text(kind)})
}

func TestSightOfAnAdditiveField(t *testing.T) {
	m := empty()
	m.Templates, m.HostGroups = setOf([]string{"A", "gone"}), types.SetNull(types.StringType)
	m.Tags = tagsOf([]zabbix.Tag{{Name: "site", Value: "fra1"}, {Name: "gone", Value: "x"}})
	m.Macros = types.MapValueMust(macroType(), map[string]attr.Value{"{$A}": macro("9", "one", nil), "{$GONE}": macro("9", nil, nil), "{$S}": macro("9", nil, nil)})
	m.Inventory = tableOf(map[string]string{"location": "old", "gone": "x", "cleared": ""})
	m.SecretMacrosHash = tableOf(map[string]string{"{$S}": "h", "{$A}": "h", "{$GONE}": "h"})
	got := sight{host: full()}.of(m)
	for name, c := range map[string]struct{ got, want attr.Value }{
		"templates":   {got.Templates, setOf([]string{"A"})},
		"host_groups": {got.HostGroups, types.SetNull(types.StringType)},
		"tags":        {got.Tags, tagsOf([]zabbix.Tag{{Name: "site", Value: "fra1"}})},
		"macros":      {got.Macros, types.MapValueMust(macroType(), map[string]attr.Value{"{$A}": macro("1", "one", nil)})},
		"inventory":   {got.Inventory, tableOf(map[string]string{"location": "A4", "cleared": ""})},
		"secrets":     {got.SecretMacrosHash, tableOf(map[string]string{"{$S}": "h"})},
	} {
		if !c.got.Equal(c.want) {
			t.Errorf("%s: got %v, want %v", name, c.got, c.want)
		}
	}
}

func TestSightOfAnExclusiveField(t *testing.T) {
	m := empty()
	m.Templates, m.Tags = setOf([]string{"A"}), tagsOf(nil)
	got := sight{host: full(), exclusive: map[zabbix.Field]bool{zabbix.FieldTemplates: true, zabbix.FieldTags: true, zabbix.FieldMacros: true, zabbix.FieldInventory: true}}.of(m)
	if !got.Templates.Equal(setOf([]string{"A", "B"})) || !got.Tags.Equal(tagsOf([]zabbix.Tag{{Name: "site", Value: "fra1"}, {Name: "site", Value: "ams1"}})) ||
		len(got.Macros.Elements()) != 2 || !got.Inventory.Equal(tableOf(map[string]string{"location": "A4"})) {
		t.Errorf("got %+v", got)
	}
}

// TestSightKeepsTheSpelling: planned values equal the configuration to the
// letter, and what means the same in Zabbix is no change.
func TestSightKeepsTheSpelling(t *testing.T) {
	h := full()
	h.VisibleName, h.Agent.IP, h.Agent.DNS, h.Proxy, h.TLS = "r1", "2001:db8::1", "", "", zabbix.TLS{Connect: zabbix.NoEncryption, Accept: []zabbix.Encryption{zabbix.NoEncryption}}
	h.Macros = []zabbix.Macro{{Name: `{$P:"ctx"}`, Value: "1"}}
	m := empty()
	m.VisibleName, m.Proxy = types.StringValue(""), types.StringValue("")
	m.Interface = types.ObjectValueMust(interfaceType().AttrTypes, map[string]attr.Value{
		"ip": types.StringValue("2001:DB8:0::1"), "dns": types.StringValue(""), "port": types.StringValue("10050"), "use": types.StringValue("ip"),
	})
	m.Macros = types.MapValueMust(macroType(), map[string]attr.Value{"{$P:ctx}": macro("1", "", macroText)})
	got := sight{host: h}.of(m)
	for name, c := range map[string]struct{ got, want attr.Value }{
		"visible_name": {got.VisibleName, m.VisibleName}, "proxy": {got.Proxy, m.Proxy},
		"interface": {got.Interface, m.Interface}, "macros": {got.Macros, m.Macros},
	} {
		if !c.got.Equal(c.want) {
			t.Errorf("%s: got %v, want %v", name, c.got, c.want)
		}
	}
}

func TestSightOfTheKey(t *testing.T) {
	m := empty()
	m.TLSPSKHash = types.StringValue("h")
	m.TLS = tlsOf(zabbix.TLS{Connect: zabbix.PSK, Accept: []zabbix.Encryption{zabbix.PSK}, PSKIdentity: "mine"}, m.TLS)
	if got := (sight{host: full()}).of(m); got.TLSPSKHash.IsNull() || text(got.TLS, "psk_identity") != "mine" {
		t.Errorf("Zabbix returns neither key nor identity: %v %v", got.TLSPSKHash, got.TLS)
	}
	h := full()
	h.TLS = zabbix.TLS{Connect: zabbix.NoEncryption, Accept: []zabbix.Encryption{zabbix.NoEncryption}}
	if got := (sight{host: h}).of(m); !got.TLSPSKHash.IsNull() || text(got.TLS, "psk_identity") != "" {
		t.Errorf("Zabbix forgets both with the encryption: %v %v", got.TLSPSKHash, got.TLS)
	}
}

func TestChangedNamesAttributes(t *testing.T) {
	a, b := sample(), sample()
	if got := changed(a, b); len(got) > 0 {
		t.Errorf("got %v", got)
	}
	b.Description, b.Tags, b.Diff = types.StringValue("x"), tagsOf(nil), types.StringValue("x")
	if got := changed(a, b); len(got) != 2 || got[0] != "description" || got[1] != "tags" {
		t.Errorf("got %v", got)
	}
}
