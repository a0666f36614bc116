package provisiondevice

import (
	"reflect"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// sample is a full state of a device.
func sample() model {
	m := imported(identity{Name: types.StringValue("r1"), Credentials: types.StringValue("lab")})
	m.Host, m.Port, m.Driver = types.StringValue("192.0.2.1"), types.Int64Value(22), types.StringValue("fake")
	m.UnmanagedLines, m.IntendedHash, m.RunningHash = types.Int64Value(1), types.StringValue("aa"), types.StringValue("bb")
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

func TestModelValuesNamesEveryAttributeButConfig(t *testing.T) {
	if got, want := len(model{}.values()), reflect.TypeFor[model]().NumField()-1; got != want {
		t.Errorf("values() lists %d of %d fields: equal() would miss a change", got, want)
	}
}

func TestEveryDefaultIsWrittenAtImport(t *testing.T) {
	s := resourceSchema(t.Context())
	state := tfsdk.State{Schema: s, Raw: tftypes.NewValue(s.Type().TerraformType(t.Context()), nil)}
	if diags := state.Set(t.Context(), imported(identity{Name: types.StringValue("r1")})); diags.HasError() {
		t.Fatal(diags)
	}
	m := imported(identity{})
	if m.CommitChanges != types.BoolValue(true) || m.Save != types.BoolValue(true) || m.ConfirmTimeout.ValueString() != "2m" {
		t.Errorf("defaults: %+v", m)
	}
	for name, value := range map[string]interface{ IsNull() bool }{
		"replace_config": m.ReplaceConfig, "on_drift": m.OnDrift, "on_destroy": m.OnDestroy, "allow_unreviewed": m.AllowUnreviewed,
	} {
		if value.IsNull() {
			t.Errorf("%s is not written at import", name)
		}
	}
	if !m.OnUnreachable.IsNull() {
		t.Error("on_unreachable must stay null: it is the provider's")
	}
}

func TestSchemaIsValidAndDocumented(t *testing.T) {
	s := resourceSchema(t.Context())
	if diags := s.ValidateImplementation(t.Context()); diags.HasError() {
		t.Fatal(diags)
	}
	for name, a := range s.Attributes {
		if a.GetMarkdownDescription() == "" {
			t.Errorf("%s has no description", name)
		}
	}
	if !s.Attributes["config"].IsWriteOnly() {
		t.Error("config must be write-only")
	}
	var id resource.IdentitySchemaResponse
	new(Resource).IdentitySchema(t.Context(), resource.IdentitySchemaRequest{}, &id)
	if diags := id.IdentitySchema.ValidateImplementation(t.Context()); diags.HasError() {
		t.Fatal(diags)
	}
}

func TestModelRefAndJob(t *testing.T) {
	m := sample()
	want := client.Ref{Name: "r1", Host: "192.0.2.1", Port: 22, Driver: "fake", Credentials: "lab"}
	if got := m.ref(); got != want {
		t.Errorf("ref %+v, want %+v", got, want)
	}
	m.ConfirmTimeout, m.ReplaceConfig, m.Save = types.StringValue("90s"), types.BoolValue(true), types.BoolValue(false)
	job := m.job([]byte("x"))
	if string(job.Config) != "x" || !job.Replace || !job.Commit || job.Save || job.ConfirmTimeout != 90*time.Second || job.DryRun {
		t.Errorf("job %+v", job)
	}
}

func TestModelApproval(t *testing.T) {
	m := sample()
	if m.pending() || *m.approval() != (provision.Approval{}) {
		t.Error("without a diff nothing is pending, and the approval is empty")
	}
	m.Diff, m.ChangeID = types.StringValue("+ x"), types.StringValue("running 1")
	if !m.pending() {
		t.Error("a diff is a pending change")
	}
	if a := m.approval(); a.Diff != "+ x" || a.ChangeID != "running 1" {
		t.Errorf("approval %+v", a)
	}
}

func TestSetEndpointKeepsWhatIsConfigured(t *testing.T) {
	e := client.Endpoint{Device: device.Device{Host: "198.51.100.1"}, Port: 2222, Driver: fakeDriver{"other"}}
	config := model{Name: types.StringValue("r1"), Host: types.StringValue("router.example.com")}
	var m model
	m.setEndpoint(config, e)
	if m.ID.ValueString() != "r1" || m.Host.ValueString() != "router.example.com" || m.Port.ValueInt64() != 2222 || m.Driver.ValueString() != "other" {
		t.Errorf("got %+v", m)
	}
}
