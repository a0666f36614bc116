package zabbixagenthost

import (
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// full is a host of which everything is set.
func full() *zabbix.Host {
	return &zabbix.Host{
		ID: "10105", Name: "r1", VisibleName: "Router 1", Description: "d", Enabled: true,
		Agent:     &zabbix.Interface{IP: "192.0.2.1", DNS: "r1.example.net", Port: "10050", Use: zabbix.UseIP, Available: zabbix.Up},
		Templates: []string{"A", "B"}, Groups: []string{"G"}, Tags: []zabbix.Tag{{Name: "site", Value: "fra1"}, {Name: "site", Value: "ams1"}, {Name: "auto", Automatic: true}},
		Macros:    []zabbix.Macro{{Name: "{$A}", Value: "1", Description: "one"}, {Name: "{$S}", Kind: zabbix.MacroSecret}, {Name: "{$V}", Value: "p:k", Kind: zabbix.MacroVault}},
		Inventory: map[string]string{"location": "A4"}, InventoryMode: zabbix.InventoryManual, Proxy: "p",
		TLS: zabbix.TLS{Connect: zabbix.PSK, Accept: []zabbix.Encryption{zabbix.NoEncryption, zabbix.PSK}},
	}
}

// sample is its state right after an import.
func sample() model {
	m := imported("10105", "r1", client.HostDefaults{OnDestroy: zabbix.DestroyBury, OnDrift: client.DriftRevert})
	m = sight{host: full(), all: true}.of(m)
	m.Object, m.URL = types.StringValue("device:42"), types.StringValue("https://z.example.net/")
	return m
}

func TestModelFitsTheSchema(t *testing.T) {
	s := resourceSchema(t.Context())
	state := tfsdk.State{Schema: s, Raw: tftypes.NewValue(s.Type().TerraformType(t.Context()), nil)}
	if diags := state.Set(t.Context(), sample()); diags.HasError() {
		t.Fatal(diags)
	}
	var back model
	if diags := state.Get(t.Context(), &back); diags.HasError() {
		t.Fatal(diags)
	}
	if !back.equal(sample()) {
		t.Errorf("got %+v, want %+v", back, sample())
	}
}

func TestModelValuesNamesEveryAttributeButSecrets(t *testing.T) {
	if got, want := len(model{}.values()), reflect.TypeFor[model]().NumField()-2; got != want {
		t.Errorf("values() lists %d of %d fields: equal() would miss a change", got, want)
	}
}

func TestEmptyKnowsTheTypeOfEveryCollection(t *testing.T) {
	s := resourceSchema(t.Context())
	state := tfsdk.State{Schema: s, Raw: tftypes.NewValue(s.Type().TerraformType(t.Context()), nil)}
	if diags := state.Set(t.Context(), empty()); diags.HasError() {
		t.Fatal(diags)
	}
	for _, v := range empty().values() {
		if !v.IsNull() {
			t.Errorf("%v is set", v)
		}
	}
}

func TestSchemaHasADescriptionForEverything(t *testing.T) {
	for name, a := range resourceSchema(t.Context()).Attributes {
		if a.GetMarkdownDescription() == "" {
			t.Errorf("%s has none", name)
		}
	}
}

// TestForgetLeavesNothingKnownThatApplyFindsOut: with unknown values every
// computed attribute that the configuration does not set is unknown.
func TestForgetLeavesNothingKnownThatApplyFindsOut(t *testing.T) {
	p := planner{config: empty(), plan: empty()}
	p.config.Host = types.StringUnknown()
	p.config.Interface = types.ObjectValueMust(interfaceType().AttrTypes, map[string]attr.Value{
		"ip": types.StringValue("192.0.2.1"), "dns": types.StringNull(), "port": types.StringNull(), "use": types.StringNull(),
	})
	p.forget()
	s := resourceSchema(t.Context())
	plan := tfsdk.State{Schema: s, Raw: tftypes.NewValue(s.Type().TerraformType(t.Context()), nil)}
	if diags := plan.Set(t.Context(), p.plan); diags.HasError() {
		t.Fatal(diags)
	}
	var raw map[string]tftypes.Value
	if err := plan.Raw.As(&raw); err != nil {
		t.Fatal(err)
	}
	for name, a := range s.Attributes {
		known := raw[name].IsFullyKnown()
		if a.IsComputed() && known && name != "allow_unreviewed" {
			t.Errorf("%s is %s", name, raw[name])
		}
		if !a.IsComputed() && !known {
			t.Errorf("%s is not known", name)
		}
	}
	if text(p.plan.Interface, "ip") != "192.0.2.1" || !field(p.plan.Interface, "dns").IsUnknown() {
		t.Errorf("interface %v", p.plan.Interface)
	}
}

// protocol is the provider as Terraform speaks to it.
func protocol(t *testing.T, r *rig) tfprotov6.ProviderServer {
	t.Helper()
	s, err := providerserver.NewProtocol6WithError(r)()
	if err != nil {
		t.Fatal(err)
	}
	config, err := tfprotov6.NewDynamicValue(tftypes.Object{}, tftypes.NewValue(tftypes.Object{}, map[string]tftypes.Value{}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: &config}); err != nil {
		t.Fatal(err)
	}
	return s
}

// decode reads a state that the protocol carries.
func decode(t *testing.T, d *tfprotov6.DynamicValue) model {
	t.Helper()
	s := resourceSchema(t.Context())
	raw, err := d.Unmarshal(s.Type().TerraformType(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	var m model
	if diags := (tfsdk.State{Raw: raw, Schema: s}).Get(t.Context(), &m); diags.HasError() {
		t.Fatal(diags)
	}
	return m
}

// TestGoldenStates reads a state of every version that was ever released. Add a
// file when the version grows; never change one.
func TestGoldenStates(t *testing.T) {
	files, err := filepath.Glob("testdata/state_v*.json")
	if err != nil || len(files) != schemaVersion+1 {
		t.Fatalf("%d golden states for %d versions: %v", len(files), schemaVersion+1, err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			version, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), "state_v"), ".json"), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := protocol(t, newRig(t)).UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{
				TypeName: typeName, Version: version, RawState: &tfprotov6.RawState{JSON: raw},
			})
			if err != nil || len(resp.Diagnostics) > 0 {
				t.Fatal(err, resp)
			}
			checkGolden(t, decode(t, resp.UpgradedState))
		})
	}
}

// checkGolden compares with what every golden state says.
func checkGolden(t *testing.T, m model) {
	t.Helper()
	want := sample()
	want.Device, want.WaitForAgent = types.StringValue("r1"), types.StringValue("90s")
	want.Adopt, want.TemplateRemoval, want.OnUnreachable = types.BoolValue(true), types.StringValue("clear"), types.StringValue("skip")
	want.Manage = types.ObjectValueMust(manageType().AttrTypes, map[string]attr.Value{
		"templates": types.StringValue("exclusive"), "host_groups": types.StringNull(), "tags": types.StringNull(),
		"macros": types.StringNull(), "inventory": types.StringNull(),
	})
	want.SecretMacrosHash = tableOf(map[string]string{"{$S}": strings.Repeat("a3f1b0d2", 8)})
	want.TLSPSKHash = types.StringValue(strings.Repeat("77b2c9e4", 8))
	want.MatchedRules = tableOf(map[string]string{"templates": "configuration"})
	want.Timeouts = m.Timeouts
	if !m.equal(want) {
		t.Errorf("got  %+v\nwant %+v", m, want)
	}
}

// TestImportByIdentity imports as engines from 1.12 on do.
func TestImportByIdentity(t *testing.T) {
	r := newRig(t)
	r.fake.AddHost(t, hostByHand("r1"))
	kind := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"host": tftypes.String}}
	id, err := tfprotov6.NewDynamicValue(kind, tftypes.NewValue(kind, map[string]tftypes.Value{"host": tftypes.NewValue(tftypes.String, "r1")}))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := protocol(t, r).ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{
		TypeName: typeName, Identity: &tfprotov6.ResourceIdentityData{IdentityData: &id},
	})
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatal(err, resp)
	}
	got := resp.ImportedResources[0]
	m := decode(t, got.State)
	if m.ID.ValueString() != r.id("r1") || m.Host.ValueString() != "r1" || got.Identity == nil || len(got.Private) == 0 {
		t.Errorf("got %+v", m)
	}
	if !m.MatchedRules.IsNull() {
		t.Error("the first plan after an import must be an update, which makes what is named there ours")
	}
}

func TestImportOfNothing(t *testing.T) {
	for id, says := range map[string]string{"nowhere": "no such host", "hostid=99999": "no such host", "hostid=x": "not understood", "hostid=": "not understood"} {
		resp, err := protocol(t, newRig(t)).ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: typeName, ID: id})
		if err != nil || len(resp.Diagnostics) != 1 || !strings.Contains(resp.Diagnostics[0].Summary, says) {
			t.Errorf("%s: %v %+v", id, err, resp.Diagnostics)
		}
	}
}

func TestParseImportID(t *testing.T) {
	for id, want := range map[string]zabbix.Ref{
		"r1": {Name: "r1", Host: "r1"}, "10105": {Name: "10105", Host: "10105"}, "hostid=10105": {Name: "hostid=10105", ID: "10105"},
	} {
		if got, err := parseImportID(id); err != nil || got != want {
			t.Errorf("%s: %+v %v", id, got, err)
		}
	}
	for _, id := range []string{"", "hostid=", "hostid=1a"} {
		if _, err := parseImportID(id); err == nil {
			t.Errorf("%q is accepted", id)
		}
	}
}

func TestProviderThatIsNotConfigured(t *testing.T) {
	b, diags := newBackend(nil)
	if diags.HasError() || !b.ready().HasError() {
		t.Error("validation comes before configuration, and a plan without a client must not panic")
	}
	if _, diags := newBackend("junk"); !diags.HasError() {
		t.Error("unexpected provider data must be told")
	}
	if b, _ := newBackend(&client.Client{}); b.hashes == nil {
		t.Error("the configured provider has no hashes")
	}
}
