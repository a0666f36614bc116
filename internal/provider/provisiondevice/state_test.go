package provisiondevice

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// protocol is the fake provider as Terraform speaks to it.
func protocol(t *testing.T, f *fakeCore) tfprotov6.ProviderServer {
	t.Helper()
	s, err := server(f, unreachableError)()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: dynamic(t, tftypes.NewValue(tftypes.Object{}, map[string]tftypes.Value{}))}); err != nil {
		t.Fatal(err)
	}
	return s
}

// dynamic encodes a value.
func dynamic(t *testing.T, v tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	d, err := tfprotov6.NewDynamicValue(v.Type(), v)
	if err != nil {
		t.Fatal(err)
	}
	return &d
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

// complain fails the test on any diagnostic.
func complain(t *testing.T, diags []*tfprotov6.Diagnostic, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range diags {
		t.Fatalf("%s: %s", d.Summary, d.Detail)
	}
}

// TestGoldenStates reads a state of every version that was ever released. Add a
// file when the version grows; never change one.
func TestGoldenStates(t *testing.T) {
	files, err := filepath.Glob("testdata/state_v*.json")
	if err != nil || len(files) != schemaVersion+1 {
		t.Fatalf("%d golden states for %d versions: %v", len(files), schemaVersion+1, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			version, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "state_v"), ".json"), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := protocol(t, newFake()).UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{
				TypeName: "provision_device", Version: version, RawState: &tfprotov6.RawState{JSON: raw},
			})
			complain(t, resp.Diagnostics, err)
			checkGolden(t, decode(t, resp.UpgradedState))
		})
	}
}

// checkGolden compares with what every golden state says.
func checkGolden(t *testing.T, m model) {
	t.Helper()
	want := imported(identity{
		Name: types.StringValue("r1"), Host: types.StringValue("192.0.2.1"), Port: types.Int64Value(2222),
		Driver: types.StringValue("frr"), Credentials: types.StringValue("lab"),
	})
	want.ConfirmTimeout, want.OnDrift, want.OnUnreachable = types.StringValue("90s"), types.StringValue(driftFail), types.StringValue(unreachableSkip)
	want.ReplaceConfig, want.UnmanagedLines = types.BoolValue(true), types.Int64Value(0)
	want.IntendedHash = types.StringValue(strings.Repeat("a3f1b0d2", 8))
	want.RunningHash = types.StringValue(strings.Repeat("77b2c9e4", 8))
	want.Timeouts = m.Timeouts
	if !m.equal(want) {
		t.Errorf("got  %+v\nwant %+v", m, want)
	}
	if create, _ := m.Timeouts.Create(t.Context(), 0); fmt.Sprint(create) != "30m0s" {
		t.Errorf("timeouts %v", m.Timeouts)
	}
}

// identityOf makes an identity value; what is not given is null.
func identityOf(values map[string]any) tftypes.Value {
	kinds := map[string]tftypes.Type{"name": tftypes.String, "site": tftypes.String, "tenant": tftypes.String, "host": tftypes.String, "port": tftypes.Number, "driver": tftypes.String, "credentials": tftypes.String}
	attributes := map[string]tftypes.Value{}
	for name, kind := range kinds {
		attributes[name] = tftypes.NewValue(kind, values[name])
	}
	return tftypes.NewValue(tftypes.Object{AttributeTypes: kinds}, attributes)
}

// TestImportByIdentity imports as engines from 1.12 on do.
func TestImportByIdentity(t *testing.T) {
	cases := map[string]struct {
		given map[string]any
		want  identity
	}{
		"name": {
			map[string]any{"name": "r1"},
			identity{Name: types.StringValue("r1"), Host: types.StringValue("192.0.2.1"), Port: types.Int64Value(22), Driver: types.StringValue("fake")},
		},
		"everything": {
			map[string]any{"name": "r7", "site": "ams", "tenant": "ops", "host": "192.0.2.7", "port": 2222, "driver": "fake", "credentials": "lab"},
			identity{Name: types.StringValue("r7"), Site: types.StringValue("ams"), Tenant: types.StringValue("ops"), Host: types.StringValue("192.0.2.7"), Port: types.Int64Value(2222), Driver: types.StringValue("fake"), Credentials: types.StringValue("lab")},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			resp, err := protocol(t, newFake()).ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{
				TypeName: "provision_device", Identity: &tfprotov6.ResourceIdentityData{IdentityData: dynamic(t, identityOf(c.given))},
			})
			complain(t, resp.Diagnostics, err)
			got := resp.ImportedResources[0]
			if m := decode(t, got.State); m.identity() != c.want || !m.equal(withEndpoint(imported(c.want))) {
				t.Errorf("got %+v", m)
			}
			if got.Identity == nil || len(got.Private) == 0 {
				t.Error("an import must carry its identity and a salt")
			}
		})
	}
}

// withEndpoint is an imported state as Import leaves it.
func withEndpoint(m model) model {
	m.ID = m.Name
	return m
}

// TestReadWritesTheIdentity covers states of engines that knew none.
func TestReadWritesTheIdentity(t *testing.T) {
	s := protocol(t, newFake())
	imp, err := s.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: "provision_device", ID: "r1"})
	complain(t, imp.Diagnostics, err)
	one := imp.ImportedResources[0]
	resp, err := s.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: "provision_device", CurrentState: one.State, Private: one.Private})
	complain(t, resp.Diagnostics, err)
	if resp.NewIdentity == nil {
		t.Fatal("no identity")
	}
	raw, err := resp.NewIdentity.IdentityData.Unmarshal(identityOf(nil).Type())
	if want := identityOf(map[string]any{"name": "r1", "host": "192.0.2.1", "port": 22, "driver": "fake"}); err != nil || !raw.Equal(want) {
		t.Errorf("got %s %v, want %s", raw, err, want)
	}
	if m := decode(t, resp.NewState); m.RunningHash.IsNull() {
		t.Error("Read must look at what is running")
	}
}

// TestReadThatCannotConnectKeepsTheState is promise P8.
func TestReadThatCannotConnectKeepsTheState(t *testing.T) {
	for name, breakIt := range map[string]func(*fakeCore){
		"dead":                func(f *fakeCore) { f.devices["r1"].down = true },
		"gone from inventory": func(f *fakeCore) { f.notReady = true },
		"credentials unknown": func(f *fakeCore) { f.unknown = true },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			s := protocol(t, f)
			imp, err := s.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: "provision_device", ID: "r1"})
			complain(t, imp.Diagnostics, err)
			one := imp.ImportedResources[0]
			breakIt(f)
			resp, err := s.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: "provision_device", CurrentState: one.State, Private: one.Private})
			if err != nil || len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Severity != tfprotov6.DiagnosticSeverityWarning ||
				!strings.HasPrefix(resp.Diagnostics[0].Summary, "r1: could not be read") {
				t.Fatalf("want one warning with the name: %v %+v", err, resp.Diagnostics)
			}
			if before, after := decode(t, one.State), decode(t, resp.NewState); !after.equal(before) {
				t.Errorf("the state must stay: %+v, was %+v", after, before)
			}
		})
	}
}

// TestReadTellsWhatBecameOfAKilledRun: the plan after it begins with Read, which
// waits for the commit; ModifyPlan finds nothing pending any more.
func TestReadTellsWhatBecameOfAKilledRun(t *testing.T) {
	f := newFake()
	s := protocol(t, f)
	imp, err := s.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: "provision_device", ID: "r1"})
	complain(t, imp.Diagnostics, err)
	one := imp.ImportedResources[0]
	const sentence = "r1: waited 9s for the commit of run x; it was undone"
	f.devices["r1"].waited = []string{sentence}
	resp, err := s.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: "provision_device", CurrentState: one.State, Private: one.Private})
	if err != nil || len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Severity != tfprotov6.DiagnosticSeverityWarning ||
		resp.Diagnostics[0].Summary != sentence {
		t.Fatalf("want the sentence as one warning: %v %+v", err, resp.Diagnostics)
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
}
