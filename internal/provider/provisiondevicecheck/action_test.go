package provisiondevicecheck

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/server/servertest"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// fake answers with one result and remembers what it was asked.
type fake struct {
	result  provision.Result
	err     error // of Run
	unknown error // of Resolve
	none    error // of IntendedConfig

	ref    client.Ref
	intent inventory.Intent
	job    client.Job
	limit  bool // the run had a deadline
}

func (f *fake) Resolve(_ context.Context, ref client.Ref) (client.Endpoint, error) {
	f.ref = ref
	return client.Endpoint{Device: device.Device{Name: ref.Name}}, f.unknown
}

func (f *fake) IntendedConfig(_ context.Context, _ client.Endpoint, intent inventory.Intent) ([]byte, error) {
	f.intent = intent
	return []byte("from the source"), f.none
}

func (f *fake) Run(ctx context.Context, e client.Endpoint, job client.Job) (provision.Result, error) {
	_, f.limit = ctx.Deadline()
	if job.Tell != nil {
		job.Tell(provision.Event{Name: e.Device.Name, Step: provision.StepOpen, Outcome: provision.OutcomeOK})
	}
	job.Tell = nil
	f.job = job
	return f.result, f.err
}

// served serves the action with a fake.
type served struct{ data any }

func (served) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "provision"
}

func (served) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{}
}

func (s served) Configure(_ context.Context, _ provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	resp.ActionData = s.data
}
func (served) Resources(context.Context) []func() resource.Resource       { return nil }
func (served) DataSources(context.Context) []func() datasource.DataSource { return nil }
func (served) Actions(context.Context) []func() action.Action             { return []func() action.Action{New} }

// invoke invokes the action and gives the progress as one text.
func invoke(t *testing.T, f *fake, config map[string]any) (progress, said string) {
	t.Helper()
	lines, said := servertest.New(t, served{f}, nil).Invoke("provision_device_check", config)
	return strings.Join(lines, "\n"), said
}

// change is a result with a difference.
func change() provision.Result {
	return provision.Result{
		Outcome: provision.OutcomePlanned,
		Diff: provision.Diff{
			By: provision.ByDevice, Unmanaged: 3,
			Hunks: []provision.Hunk{{Header: "router bgp 65001", Lines: []string{"- neighbor a", "+ neighbor b", "+ neighbor c"}}},
		},
		Warnings: []string{"r1: the target has no lock"},
	}
}

func TestWhatAnApplyWouldChangeIsTold(t *testing.T) {
	f := &fake{result: change()}
	progress, said := invoke(t, f, map[string]any{"name": "r1"})
	want := `r1: open: ok
r1: an apply would change this: 2 to add, 1 to remove (compared by the device):
@@ router bgp 65001
- neighbor a
+ neighbor b
+ neighbor c
r1: 3 lines of the running configuration are not in the intended one, and would stay`
	if d := cmp.Diff(want, progress); d != "" {
		t.Error(d)
	}
	if said != "WARNING: r1: the target has no lock: Device r1.\n" {
		t.Errorf("said %q", said)
	}
	if d := cmp.Diff(client.Job{Config: []byte("from the source"), DryRun: true, Commit: true, Save: true}, f.job); d != "" {
		t.Error(d)
	}
	if !f.limit {
		t.Error("a check without a limit of time")
	}
}

func TestNothingToChange(t *testing.T) {
	progress, said := invoke(t, &fake{result: provision.Result{Outcome: provision.OutcomeNoChange}}, map[string]any{"name": "r1", "fail_on_difference": true})
	if progress != "r1: open: ok\nr1: an apply would change nothing" || said != "" {
		t.Errorf("%q, %q", progress, said)
	}
}

func TestEverythingOfTheConfigurationCounts(t *testing.T) {
	f := &fake{}
	_, said := invoke(t, f, map[string]any{
		"name": "r1", "site": "fra1", "tenant": "net", "host": "192.0.2.1", "port": 2022, "driver": "frr", "credentials": "core",
		"config": "hostname r1", "replace_config": true, "save": false,
	})
	if said != "" {
		t.Fatal(said)
	}
	if d := cmp.Diff(client.Ref{Name: "r1", Site: "fra1", Tenant: "net", Host: "192.0.2.1", Port: 2022, Driver: "frr", Credentials: "core"}, f.ref); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(client.Job{Config: []byte("hostname r1"), DryRun: true, Commit: true, Replace: true}, f.job); d != "" {
		t.Error(d)
	}
}

func TestIntendedFromElsewhere(t *testing.T) {
	f := &fake{}
	_, said := invoke(t, f, map[string]any{"name": "r1", "intended": map[string]any{
		"from": "rendered", "branch": "next", "template": "7", "variables": map[string]any{"as": "65001"},
	}})
	if said != "" {
		t.Fatal(said)
	}
	want := inventory.Intent{From: "rendered", Branch: "next", Template: "7", Variables: map[string]any{"as": "65001"}}
	if d := cmp.Diff(want, f.intent, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Secret" }, cmp.Ignore())); d != "" {
		t.Error(d)
	}
}

func TestADifferenceCanBeAnError(t *testing.T) {
	_, said := invoke(t, &fake{result: change()}, map[string]any{"name": "r1", "fail_on_difference": true})
	for _, want := range []string{"ERROR: r1: is not as intended: 2 to add, 1 to remove", "Nothing was changed", "+ neighbor c"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q does not say %q", said, want)
		}
	}
}

func TestFailuresAreToldWithDeviceStepAndNext(t *testing.T) {
	at := func(attribute string) error {
		return &client.AttributeError{Attribute: attribute, Err: fmt.Errorf("r1: %w", client.ErrNotReady)}
	}
	for name, c := range map[string]struct {
		f    *fake
		want []string
	}{
		"not in the source": {&fake{unknown: at("name")}, []string{`ERROR at AttributeName("name"): r1: not ready`}},
		"no configuration":  {&fake{none: at("config")}, []string{`ERROR at AttributeName("config")`}},
		"does not answer": {
			&fake{result: provision.Result{Warnings: []string{"r1: w"}}, err: &provision.Error{
				Target: "r1", Driver: "frr", Step: provision.StepOpen, Outcome: provision.OutcomeNotApplied, Next: "check the address", Err: provision.ErrUnreachable,
			}},
			[]string{"WARNING: r1: w", "ERROR: r1: open failed", "Cause: unreachable", "Next: check the address"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			progress, said := invoke(t, c.f, map[string]any{"name": "r1"})
			for _, want := range c.want {
				if !strings.Contains(said, want) {
					t.Errorf("%q does not say %q", said, want)
				}
			}
			if strings.Contains(progress, "an apply would") {
				t.Errorf("told an answer that there is not: %q", progress)
			}
		})
	}
}

func TestWhatCannotBeMeantIsRefused(t *testing.T) {
	for want, config := range map[string]map[string]any{
		`AttributeName("name")`:                             {"name": ""},
		`AttributeName("port")`:                             {"name": "r1", "port": 70000},
		`AttributeName("intended")`:                         {"name": "r1", "config": "x", "intended": map[string]any{"from": nil, "branch": nil, "template": nil, "variables": nil}},
		`AttributeName("intended").AttributeName("from")`:   {"name": "r1", "intended": map[string]any{"from": "cache", "branch": nil, "template": nil, "variables": nil}},
		`AttributeName("timeouts").AttributeName("invoke")`: {"name": "r1", "timeouts": map[string]any{"invoke": "soon"}},
	} {
		f := &fake{}
		if _, said := invoke(t, f, config); !strings.Contains(said, "ERROR at "+want) || f.ref != (client.Ref{}) {
			t.Errorf("%v: %q", config, said)
		}
	}
}

func TestAProviderThatIsNotConfigured(t *testing.T) {
	if _, said := servertest.New(t, served{}, nil).Invoke("provision_device_check", map[string]any{"name": "r1"}); !strings.Contains(said, "not configured") {
		t.Errorf("said %q", said)
	}
	var resp action.ConfigureResponse
	(&Action{}).Configure(t.Context(), action.ConfigureRequest{ProviderData: errors.New("junk")}, &resp)
	if !resp.Diagnostics.HasError() {
		t.Error("unexpected provider data must be told")
	}
}
