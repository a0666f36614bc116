package provisiondevicerollback

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/server/servertest"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// kind is the action's name.
const kind = "provision_device_rollback"

// fake is a device with one difference to its backup.
type fake struct {
	diff     provision.Diff
	unheard  error // of Resolve
	missing  error // of Backup
	unlearnt error // of Learn
	dry, run error // of Run

	which  string
	jobs   []client.Job
	limits []bool // whether each run had a deadline
}

// newFake is a device with a difference.
func newFake() *fake {
	return &fake{diff: provision.Diff{By: provision.ByDevice, Hunks: []provision.Hunk{{Header: "interface lo", Lines: []string{"- description new", "+ description old"}}}}}
}

func (f *fake) Resolve(_ context.Context, ref client.Ref) (client.Endpoint, error) {
	return client.Endpoint{Device: device.Device{Name: ref.Name}}, f.unheard
}

func (f *fake) Backup(_ client.Endpoint, which string) (client.Backup, error) {
	f.which = which
	return client.Backup{Path: "backups/r1/b", Made: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), RunID: "run-1", Driver: "frr", Text: []byte("the backup")}, f.missing
}

func (f *fake) Learn(context.Context, client.Endpoint) error { return f.unlearnt }

func (f *fake) Run(ctx context.Context, e client.Endpoint, job client.Job) (provision.Result, error) {
	_, limited := ctx.Deadline()
	f.limits = append(f.limits, limited)
	if job.Tell != nil {
		job.Tell(provision.Event{Name: e.Device.Name, Step: provision.StepCommit, Outcome: provision.OutcomeOK})
	}
	job.Tell = nil
	f.jobs = append(f.jobs, job)
	res := provision.Result{Diff: f.diff, ChangeID: "running 1, intent 2", Outcome: provision.OutcomePlanned}
	if f.diff.Empty() {
		res.ChangeID, res.Outcome = "", provision.OutcomeNoChange
	}
	if job.DryRun {
		return res, f.dry
	}
	res.Outcome, res.Backup, res.Warnings = provision.OutcomeApplied, "backups/r1/c", []string{"r1: slow"}
	return res, f.run
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

// r1 is a configuration of the action.
func r1(more map[string]any) map[string]any {
	config := map[string]any{"name": "r1", "backup": "latest"}
	for name, value := range more {
		config[name] = value
	}
	return config
}

func TestThePlanShowsWhatWouldBeRolledBack(t *testing.T) {
	f := newFake()
	said, ok := servertest.New(t, served{f}, nil).PlanAction(kind, r1(nil))
	want := `WARNING: r1: goes back to a backup of 2026-01-02T03:04:05Z: 1 to add, 1 to remove: Backup: backups/r1/b, made 2026-01-02T03:04:05Z before run run-1
Difference, compared by the device:
@@ interface lo
- description new
+ description old
`
	if d := cmp.Diff(want, said); d != "" || !ok {
		t.Error(ok, d)
	}
	if len(f.jobs) != 1 || !f.jobs[0].DryRun {
		t.Errorf("a plan ran %+v", f.jobs)
	}
}

func TestARollbackIsARunOfTheWholeBackup(t *testing.T) {
	f := newFake()
	progress, said := servertest.New(t, served{f}, nil).Invoke(kind, r1(map[string]any{"backup": "b", "save": false, "confirm_timeout": "90s"}))
	if !strings.HasSuffix(said, "WARNING: r1: slow: Device r1.\n") || strings.Contains(said, "ERROR") {
		t.Errorf("said %q", said)
	}
	if len(progress) != 3 || !strings.HasPrefix(progress[0], "r1: goes back to a backup of 2026-01-02T03:04:05Z") || !strings.Contains(progress[0], "+ description old") ||
		progress[1] != "r1: commit: ok" || progress[2] != "r1: runs the backup of 2026-01-02T03:04:05Z now; what ran before is in backups/r1/c" {
		t.Errorf("progress %q", progress)
	}
	job := client.Job{
		Config: []byte("the backup"), Replace: true, Commit: true, ConfirmTimeout: 90 * time.Second,
		About: "back to the backup backups/r1/b, made 2026-01-02T03:04:05Z before run run-1",
	}
	dry := job
	dry.DryRun = true
	job.Approved = &provision.Approval{Diff: f.diff.String(), ChangeID: "running 1, intent 2"}
	if d := cmp.Diff([]client.Job{dry, dry, job}, f.jobs); d != "" { // the plan, what is told, the change
		t.Error(d)
	}
	if f.which != "b" || slices.Contains(f.limits, false) {
		t.Errorf("backup %q, limits of time %v", f.which, f.limits)
	}
}

func TestTheDefaultsOfARollback(t *testing.T) {
	f := newFake()
	if _, said := servertest.New(t, served{f}, nil).Invoke(kind, r1(nil)); strings.Contains(said, "ERROR") {
		t.Fatal(said)
	}
	if last := f.jobs[len(f.jobs)-1]; !last.Save || last.ConfirmTimeout != 0 {
		t.Errorf("%+v", last)
	}
}

func TestADeviceThatRunsTheBackupIsLeftAlone(t *testing.T) {
	f := &fake{}
	progress, said := servertest.New(t, served{f}, nil).Invoke(kind, r1(nil))
	if len(progress) != 1 || !strings.HasPrefix(progress[0], "r1: runs what the backup has: there is nothing to roll back: Backup: backups/r1/b") || strings.Contains(said, "ERROR") {
		t.Errorf("%q, %q", progress, said)
	}
	for _, job := range f.jobs {
		if !job.DryRun {
			t.Error("a run that changes nothing was no dry run")
		}
	}
}

// run is a failed run at a step.
func run(step provision.Step, outcome provision.Outcome, err error) error {
	return &provision.Error{Target: "r1", Driver: "frr", Step: step, Outcome: outcome, Checked: "by reading", Next: "look at it", Err: err}
}

func TestFailures(t *testing.T) {
	at := func(attribute string) error {
		return &client.AttributeError{Attribute: attribute, Err: errors.New("r1: it is so")}
	}
	for name, c := range map[string]struct {
		change func(*fake)
		runs   int // dry runs and others, with those of the plan
		want   []string
	}{
		"the device is not known": {func(f *fake) { f.unheard = at("name") }, 0, []string{`ERROR at AttributeName("name"): r1: invalid name`}},
		"there is no backup":      {func(f *fake) { f.missing = at("backup") }, 0, []string{`ERROR at AttributeName("backup"): r1: invalid backup: r1: it is so.`}},
		"the driver refuses it":   {func(f *fake) { f.dry = at("config") }, 1, []string{`ERROR at AttributeName("backup")`}},
		"the device refuses it": {
			func(f *fake) {
				f.dry = run(provision.StepStage, provision.OutcomeNotApplied, &provision.RejectedError{Line: 3, Message: "unknown command"})
			}, 1,
			[]string{`ERROR at AttributeName("backup"): r1: stage failed`, "line 3: unknown command", "State: not applied"},
		},
		"it was taken back": {
			func(f *fake) {
				f.run = run(provision.StepReopen, provision.OutcomeReverted, provision.ErrUnreachable)
			}, 3,
			[]string{"WARNING: r1: slow", "ERROR: r1: reconnect failed", "State: reverted", "Checked: by reading", "Next: look at it"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			c.change(f)
			progress, said := servertest.New(t, served{f}, nil).Invoke(kind, r1(nil))
			for _, want := range c.want {
				if !strings.Contains(said, want) {
					t.Errorf("%q does not say %q", said, want)
				}
			}
			if len(f.jobs) != c.runs {
				t.Errorf("%d runs, want %d", len(f.jobs), c.runs)
			}
			if strings.Contains(strings.Join(progress, "\n"), "runs the backup") {
				t.Errorf("told a success: %q", progress)
			}
		})
	}
}

func TestSecretsThatCouldNotBeLearned(t *testing.T) {
	f := newFake()
	f.unlearnt = errors.New("template error")
	said, ok := servertest.New(t, served{f}, nil).PlanAction(kind, r1(nil))
	if !ok || !strings.Contains(said, "WARNING: r1: secrets are masked by patterns alone") || !strings.Contains(said, "template error") {
		t.Errorf("said %q", said)
	}
}

func TestWhatCannotBeReviewedIsRefused(t *testing.T) {
	m := model{Backup: types.StringUnknown()}
	m.Host = types.StringUnknown()
	if got := m.unknown(); !slices.Equal(got, []string{"host", "backup"}) {
		t.Errorf("unknown: %q", got)
	}
	diags := unreviewed("r1", m.unknown())
	if len(diags) != 2 || diags[1].Summary() != "r1: backup is not known at plan" || !diags.HasError() {
		t.Error(diags)
	}
}

func TestWhatCannotBeMeantIsRefused(t *testing.T) {
	for want, more := range map[string]map[string]any{
		`AttributeName("backup")`:          {"backup": ""},
		`AttributeName("confirm_timeout")`: {"confirm_timeout": "soon"},
		`AttributeName("port")`:            {"port": 0},
	} {
		f := newFake()
		if _, said := servertest.New(t, served{f}, nil).Invoke(kind, r1(more)); !strings.Contains(said, "ERROR at "+want) || len(f.jobs) > 0 {
			t.Errorf("%v: %q", more, said)
		}
	}
}

func TestAProviderThatIsNotConfigured(t *testing.T) {
	if _, said := servertest.New(t, served{}, nil).Invoke(kind, r1(nil)); !strings.Contains(said, "not configured") {
		t.Errorf("said %q", said)
	}
	var resp action.ConfigureResponse
	(&Action{}).Configure(t.Context(), action.ConfigureRequest{ProviderData: "junk"}, &resp)
	if !resp.Diagnostics.HasError() {
		t.Error("unexpected provider data must be told")
	}
}
