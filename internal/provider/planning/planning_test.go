package planning_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// memory is a private state.
type memory map[string][]byte

func (m memory) GetKey(_ context.Context, key string) ([]byte, diag.Diagnostics) { return m[key], nil }

func (m memory) SetKey(_ context.Context, key string, value []byte) diag.Diagnostics {
	m[key] = value
	return nil
}

// more is what a resource keeps beside.
type more struct {
	planning.Kept
	ID string `json:"id"`
}

func TestWhatIsKeptComesBackWithWhatAResourceAdds(t *testing.T) {
	m := memory{}
	k := more{planning.NewKept().Remembering(&secret.Hasher{}).Left("digest", "run-7"), "12"}
	if diags := planning.Store(t.Context(), m, k); diags.HasError() {
		t.Fatal(diags)
	}
	if strings.Contains(string(m[planning.PrivateKey]), "digest") {
		t.Errorf("a digest is kept as it is: %s", m[planning.PrivateKey])
	}
	var got more
	ok, diags := planning.Load(t.Context(), m, &got)
	if !ok || diags.HasError() || got.ID != "12" || got.Run != "run-7" || got.Applied != k.Fingerprint("digest") || string(got.Salt) != string(k.Salt) {
		t.Errorf("got %+v %v, want %+v", got, diags, k)
	}
	for name, m := range map[string]memory{"none": {}, "junk": {planning.PrivateKey: []byte("{")}} {
		if ok, diags := planning.Load(t.Context(), m, &more{}); ok || diags.HasError() {
			t.Errorf("%s: %t %v", name, ok, diags)
		}
	}
}

func TestKeptKnowsWhatChanged(t *testing.T) {
	k := planning.NewKept()
	if k.Changed("a") {
		t.Error("without an apply nothing has changed since")
	}
	if k = k.Left("a", "run-1"); k.Changed("a") || !k.Changed("b") {
		t.Error("changed is what differs from what the last apply left")
	}
	if k.Found("x", "run-2").Run != "run-1" {
		t.Error("what an apply left stays what it is")
	}
	if k := planning.NewKept().Found("x", "run-2"); k.Applied != "x" || k.Run != "run-2" {
		t.Errorf("after an import: %+v", k)
	}
}

func TestUnknownLooksIntoValues(t *testing.T) {
	s, unknown := types.StringValue("x"), types.StringUnknown()
	set := func(v attr.Value) attr.Value { return types.SetValueMust(types.StringType, []attr.Value{v}) }
	table := func(v attr.Value) attr.Value {
		return types.MapValueMust(types.StringType, map[string]attr.Value{"k": v})
	}
	object := func(v attr.Value) attr.Value {
		return types.ObjectValueMust(map[string]attr.Type{"a": types.StringType}, map[string]attr.Value{"a": v})
	}
	nested := types.MapValueMust(types.SetType{ElemType: types.StringType}, map[string]attr.Value{"k": set(unknown)})
	got := planning.Unknown([]planning.Named{
		{"plain", unknown},
		{"set", set(unknown)},
		{"map", table(unknown)},
		{"object", object(unknown)},
		{"nested", nested},
		{"known", s},
		{"null", types.StringNull()},
		{"known set", set(s)},
		{"known map", table(s)},
		{"known object", object(s)},
	})
	if want := "plain set map object nested"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnreviewed(t *testing.T) {
	diags := planning.Unreviewed("r1", "the host", []string{"host", "tags"}, false)
	if len(diags) != 2 || !diags.HasError() {
		t.Fatal(diags)
	}
	at, ok := diags[1].(diag.DiagnosticWithPath)
	if !ok || !at.Path().Equal(path.Root("tags")) || at.Summary() != "r1: tags is not known at plan" || !strings.Contains(at.Detail(), "change the host without") {
		t.Errorf("%v", diags[1])
	}
	diags = planning.Unreviewed("r1", "the host", []string{"host", "tags"}, true)
	if len(diags) != 1 || diags.HasError() || !strings.Contains(diags[0].Detail(), "host, tags") {
		t.Errorf("%v", diags)
	}
}

func TestStaleSaysWhatToDo(t *testing.T) {
	err := planning.Stale("r1", "zabbix", "the host", "host", provision.Diff{Hunks: []provision.Hunk{{Lines: []string{"+ x"}}}})
	var run *provision.Error
	if !errors.As(err, &run) || !errors.Is(err, provision.ErrStale) || run.Step != provision.StepCompare || run.Outcome != provision.OutcomeNotApplied {
		t.Fatal(err)
	}
	for _, want := range []string{"the host is not the one", "-refresh=false", "+ x"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}

func TestDriftIsAWarningOrAnError(t *testing.T) {
	d := planning.Drift{Name: "r1", Run: "run-1", Detail: "Found.", Remedy: "Mend:", Reverts: "puts it back", Diff: provision.Diff{Hunks: []provision.Hunk{{Lines: []string{"+ x"}}}}}
	if got := d.Tell(planning.DriftRevert); got.Severity() != diag.SeverityWarning || !strings.Contains(got.Detail(), "Found. The plan puts it back") {
		t.Errorf("%v", got)
	}
	got := d.Tell(planning.DriftFail)
	if got.Severity() != diag.SeverityError || got.Summary() != "r1: changed outside Terraform since run run-1" || !strings.Contains(got.Detail(), "Mend:\n+ x") {
		t.Errorf("%v", got)
	}
}

func TestSkippable(t *testing.T) {
	for err, want := range map[error]bool{
		provision.ErrUnreachable: true, provision.ErrConnectionLost: true, context.DeadlineExceeded: true, client.ErrNotReady: true,
		provision.ErrAuth: false, errors.New("odd"): false,
	} {
		if got := planning.Skippable(fmt.Errorf("x: %w", err)); got != want {
			t.Errorf("%v: %t", err, got)
		}
	}
	d := planning.NotChecked("r1", "host", "Zabbix", &provision.Error{Step: provision.StepOpen, Err: errors.New("refused\nmore")})
	if d.Severity() != diag.SeverityWarning || d.Summary() != "NOT CHECKED: r1: open: refused" || !strings.Contains(d.Detail(), "the host keeps its state") {
		t.Errorf("%v", d)
	}
}

func TestWithKeepsThePath(t *testing.T) {
	d := planning.With(diag.NewAttributeErrorDiagnostic(path.Root("host"), "s", "d"), " more")
	at, ok := d.(diag.DiagnosticWithPath)
	if !ok || !at.Path().Equal(path.Root("host")) || d.Detail() != "d more" {
		t.Errorf("%v", d)
	}
	if d := planning.With(diag.NewErrorDiagnostic("s", "d"), " more"); d.Detail() != "d more" {
		t.Errorf("%v", d)
	}
}

func TestSmallHelp(t *testing.T) {
	if !planning.Text("").IsNull() || planning.Text("x").ValueString() != "x" {
		t.Error("Text")
	}
	a, b := []attr.Value{types.StringValue("a")}, []attr.Value{types.StringValue("b")}
	if planning.Equal(a, b) || !planning.Equal(a, a) || planning.Equal(a, nil) {
		t.Error("Equal")
	}
	if diags := planning.Warnings("Host r1.", []string{"r1: x"}); len(diags) != 1 || diags[0].Summary() != "r1: x" || diags[0].Detail() != "Host r1." {
		t.Errorf("%v", diags)
	}
	if d := planning.NotRead("r1", errors.New("gone")); d.Summary() != "r1: could not be read: gone" || d.Severity() != diag.SeverityWarning {
		t.Errorf("%v", d)
	}
	if diags := planning.SetIdentity(t.Context(), nil, nil); diags.HasError() {
		t.Errorf("engines without identities: %v", diags)
	}
}
