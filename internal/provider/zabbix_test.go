package provider

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// zabbixBlock is a provider block with a zabbix that has a login, and this.
func zabbixBlock(more block) block {
	z := block{"url": "https://zabbix.example.net", "token": "planted-token"}
	for k, v := range more {
		z[k] = v
	}
	return block{"zabbix": z}
}

// rulesObject are mappings as an object of HCL.
func rulesObject(template string) tftypes.Value {
	text := func(s string) tftypes.Value { return tftypes.NewValue(tftypes.String, s) }
	rule := map[string]tftypes.Value{
		"name": text("default"), "default": tftypes.NewValue(tftypes.Bool, true),
		"templates": tuple(text(template)), "host_groups": tuple(text("Linux servers")),
	}
	types := map[string]tftypes.Type{}
	for k, v := range rule {
		types[k] = v.Type()
	}
	r := tftypes.NewValue(tftypes.Object{AttributeTypes: types}, rule)
	devices := tuple(r)
	return tftypes.NewValue(tftypes.Object{AttributeTypes: map[string]tftypes.Type{"devices": devices.Type()}}, map[string]tftypes.Value{"devices": devices})
}

func tuple(v tftypes.Value) tftypes.Value {
	return tftypes.NewValue(tftypes.Tuple{ElementTypes: []tftypes.Type{v.Type()}}, []tftypes.Value{v})
}

func TestNoZabbix(t *testing.T) {
	if cfg := fine(t, block{}); cfg.Zabbix != nil {
		t.Errorf("got %+v", cfg.Zabbix)
	}
}

func TestZabbixFromTheBlock(t *testing.T) {
	cfg := fine(t, zabbixBlock(block{
		"create_host_groups": true, "max_destroy": 3, "graveyard": block{"group": "old", "suffix": "-old"},
		"mappings": rulesObject("Linux"),
		"defaults": block{
			"agent_port": "10051", "use": "dns", "address": "ipv6", "inventory_mode": "manual", "on_destroy": "disable",
			"enabled": false, "adopt": true, "on_drift": "fail", "template_removal": "clear",
			"wait_for_agent": "90s", "tls": block{"connect": "psk", "accept": []any{"certificate", "psk"}, "psk_identity": "x"},
			"manage": block{"tags": "exclusive"},
		},
	}))
	z := cfg.Zabbix
	no := false
	want := client.HostDefaults{
		AgentPort: "10051", Use: zabbix.UseDNS, Address: client.AddressIPv6, InventoryMode: "manual", OnDestroy: zabbix.DestroyDisable,
		Enabled: &no, Adopt: true, OnDrift: client.DriftFail, TemplateRemoval: "clear",
		WaitForAgent: 90 * time.Second, TLS: &zabbix.TLS{Connect: zabbix.PSK, Accept: []zabbix.Encryption{zabbix.PSK, zabbix.Certificate}, PSKIdentity: "x"},
		Manage: map[zabbix.Field]string{zabbix.FieldTags: "exclusive"},
	}
	if d := cmp.Diff(want, z.Defaults); d != "" {
		t.Error(d)
	}
	if !z.CreateGroups || z.MaxDestroy != 3 || z.Graveyard != (zabbix.Graveyard{Group: "old", Suffix: "-old"}) || z.URL != "https://zabbix.example.net" || z.Server == nil {
		t.Errorf("got %+v", z)
	}
	if len(z.Mappings.Devices) != 1 || z.Mappings.Devices[0].Templates[0] != "Linux" {
		t.Errorf("mappings %+v", z.Mappings)
	}
	if got := cfg.Redact.String("the planted-token is"); strings.Contains(got, "planted") {
		t.Error("the token is not redacted")
	}
}

func TestZabbixFromTheEnvironment(t *testing.T) {
	cfg := fine(t, block{},
		"PROVISION_ZABBIX_URL=https://zabbix.example.net", "PROVISION_ZABBIX_USERNAME=Admin", "PROVISION_ZABBIX_PASSWORD=planted-password",
		"PROVISION_ZABBIX_MAX_DESTROY=2", "PROVISION_ZABBIX_GRAVEYARD_GROUP=old", "PROVISION_ZABBIX_ON_DESTROY=delete", "PROVISION_ZABBIX_ADDRESS=oob",
		"PROVISION_ZABBIX_ENABLED=false", "PROVISION_ZABBIX_ADOPT=true", "PROVISION_ZABBIX_ON_DRIFT=fail", "PROVISION_ZABBIX_CONFIG_REFRESH=3s",
		"PROVISION_ZABBIX_MANAGE=templates=exclusive", "PROVISION_ZABBIX_TLS_CONNECT=certificate", "PROVISION_ZABBIX_HEADERS=X-Gate=planted-header",
		"PROVISION_ZABBIX_MAPPINGS="+writeTemp(t, "mappings.yaml", "devices: [{name: all, default: true, templates: [Linux], host_groups: [Linux servers]}]\n"))
	z := cfg.Zabbix
	if z == nil || z.MaxDestroy != 2 || z.ConfigRefresh != 3*time.Second || z.Graveyard.Group != "old" || z.Defaults.OnDestroy != zabbix.DestroyDelete || z.Defaults.Address != client.AddressOOB ||
		z.Defaults.Manage[zabbix.FieldTemplates] != "exclusive" || z.Defaults.TLS.Connect != zabbix.Certificate || len(z.Mappings.Devices) != 1 {
		t.Errorf("got %+v", z)
	}
	if d := z.Defaults; d.Enabled == nil || *d.Enabled || !d.Adopt || d.OnDrift != client.DriftFail {
		t.Errorf("got %+v", d)
	}
	for _, secret := range []string{"planted-password", "planted-header"} {
		if strings.Contains(cfg.Redact.String("a "+secret), secret) {
			t.Errorf("%s is not redacted", secret)
		}
	}
}

func TestZabbixWhatIsUnknownStaysWithIt(t *testing.T) {
	for name, b := range map[string]block{
		"all":      {"zabbix": unknown{}},
		"url":      zabbixBlock(block{"url": unknown{}}),
		"token":    zabbixBlock(block{"token": unknown{}}),
		"mappings": zabbixBlock(block{"mappings": unknown{}}),
		"deep":     zabbixBlock(block{"mappings": tftypes.NewValue(tftypes.Tuple{ElementTypes: []tftypes.Type{tftypes.String}}, []tftypes.Value{tftypes.NewValue(tftypes.String, tftypes.UnknownValue)})}),
		"defaults": zabbixBlock(block{"defaults": block{"manage": block{"tags": unknown{}}}}),
		"yard":     zabbixBlock(block{"graveyard": unknown{}}),
	} {
		t.Run(name, func(t *testing.T) {
			cfg := fine(t, b)
			if len(cfg.Unknown) > 0 || len(cfg.Zabbix.Unknown) != 1 || cfg.Zabbix.Server != nil || !strings.HasPrefix(cfg.Zabbix.Unknown[0], "zabbix") {
				t.Errorf("devices: %v, hosts: %v", cfg.Unknown, cfg.Zabbix.Unknown)
			}
		})
	}
}

func TestZabbixRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		b        block
		at, says string
	}{
		"no url":         {block{"zabbix": block{"token": "x"}}, "zabbix.url", "set url, or PROVISION_ZABBIX_URL"},
		"junk url":       {zabbixBlock(block{"url": "zabbix"}), "zabbix.url", "no address"},
		"login in url":   {zabbixBlock(block{"url": "https://a:planted@b.example.net"}), "zabbix.url", "does not belong"},
		"no login":       {block{"zabbix": block{"url": "https://b.example.net"}}, "zabbix.token", "needs a login"},
		"no password":    {block{"zabbix": block{"url": "https://b.example.net", "username": "x"}}, "zabbix.token", "needs a login"},
		"two logins":     {zabbixBlock(block{"username": "x", "password": "y"}), "zabbix.token", "not both"},
		"use":            {zabbixBlock(block{"defaults": block{"use": "carrier pigeon"}}), "zabbix.defaults.use", "none of auto, ip, dns"},
		"on_drift":       {zabbixBlock(block{"defaults": block{"on_drift": "ignore"}}), "zabbix.defaults.on_drift", "none of revert, fail"},
		"wait":           {zabbixBlock(block{"defaults": block{"wait_for_agent": "-1s"}}), "zabbix.defaults.wait_for_agent", "duration"},
		"manage":         {zabbixBlock(block{"defaults": block{"manage": block{"tags": "mine"}}}), "zabbix.defaults.manage.tags", "neither"},
		"tls":            {zabbixBlock(block{"defaults": block{"tls": block{"psk_identity": "x"}}}), "zabbix.defaults.tls.connect", "Say how"},
		"tls kind":       {zabbixBlock(block{"defaults": block{"tls": block{"connect": "psk", "accept": []any{"x"}}}}), "zabbix.defaults.tls.accept[0]", "none of"},
		"mappings":       {zabbixBlock(block{"mappings": rulesObject("")}), "zabbix.mappings.devices[0]", "templates"},
		"mappings: text": {zabbixBlock(block{"mappings": tftypes.NewValue(tftypes.String, "x")}), "zabbix.mappings", "object"},
		"max_destroy":    {zabbixBlock(block{"max_destroy": -1}), "zabbix.max_destroy", "number"},
	} {
		t.Run(name, func(t *testing.T) {
			_, diags := build(t, c.b)
			if !diags.HasError() {
				t.Fatal("it is accepted")
			}
			d := diags.Errors()[0]
			at, ok := d.(diag.DiagnosticWithPath)
			if !ok || !strings.HasPrefix(at.Path().String(), c.at) || !strings.Contains(d.Detail(), c.says) {
				t.Errorf("got %v", d)
			}
			if strings.Contains(d.Detail(), "planted") {
				t.Errorf("a secret is shown: %v", d)
			}
		})
	}
}

func TestZabbixVariablesAreKnown(t *testing.T) {
	for wrong, right := range map[string]string{"TOKN": "TOKEN", "ENABLD": "ENABLED", "ADOPTT": "ADOPT", "ON_DRIFTS": "ON_DRIFT"} {
		_, diags := build(t, block{}, "PROVISION_ZABBIX_"+wrong+"=x")
		if len(diags) != 1 || !strings.Contains(diags[0].Detail(), "PROVISION_ZABBIX_"+right+" ") {
			t.Errorf("%s: %v", wrong, diags)
		}
	}
}
