package provisiondevice

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// scene is a planner at work on a fake device.
type scene struct {
	*planner
	fake *fakeCore
}

// newScene plans an update of a device that an earlier apply left as it is.
func newScene(config string) scene {
	f := newFake()
	k := newKept().applied(f.devices["r1"].snapshot().Digest, "run-0")
	prior := sample()
	prior.Credentials = types.StringNull()
	prior.RunningHash = types.StringValue(k.Applied)
	prior.IntendedHash = types.StringValue(k.Fingerprint(digest(lines(config))))
	plan := prior
	written := prior
	written.Host, written.Port, written.Driver = types.StringNull(), types.Int64Null(), types.StringNull()
	written.Config = types.StringValue(config)
	return scene{&planner{backend: backend{core: f}, config: written, prior: &prior, kept: k, plan: plan}, f}
}

// run makes the plan.
func (s scene) run(t *testing.T) diag.Diagnostics {
	t.Helper()
	return s.make(t.Context(), time.Minute)
}

// has tells whether a diagnostic of the severity has the text.
func has(diags diag.Diagnostics, severity diag.Severity, text string) bool {
	for _, d := range diags {
		if d.Severity() == severity && strings.Contains(d.Summary()+"\n"+d.Detail(), text) {
			return true
		}
	}
	return false
}

func TestPlanWithoutAChangeIsThePriorState(t *testing.T) {
	s := newScene("hostname r1")
	diags := s.run(t)
	if len(diags) > 0 || !s.plan.equal(*s.prior) {
		t.Errorf("plan %+v\nprior %+v\n%v", s.plan, *s.prior, diags)
	}
	if job := s.fake.jobs[0]; !job.DryRun || job.Approved != nil {
		t.Errorf("a plan must be a dry run: %+v", job)
	}
}

func TestPlanKeepsAnOldDiffThatNoRefreshTookAway(t *testing.T) {
	s := newScene("hostname r1")
	s.prior.Diff, s.prior.ChangeID = types.StringValue("+ old"), types.StringValue("old")
	if diags := s.run(t); len(diags) > 0 || !s.plan.equal(*s.prior) {
		t.Errorf("-refresh=false must not plan the removal of the diff: %+v %v", s.plan, diags)
	}
}

func TestPlanOfAStateOnlyUpdateHasNoDiff(t *testing.T) {
	s := newScene("hostname r1")
	s.prior.Diff, s.plan.Save, s.config.Save = types.StringValue("+ old"), types.BoolValue(false), types.BoolValue(false)
	s.fake.devices["r1"].startup = nil
	if diags := s.run(t); len(diags) > 0 || s.plan.pending() {
		t.Errorf("save = false is nothing that the device must hear: %+v %v", s.plan, diags)
	}
}

func TestPlanShowsAChange(t *testing.T) {
	s := newScene("hostname r1\nntp 192.0.2.9\npassword verysecret")
	diags := s.run(t)
	p := s.plan
	if len(diags) > 0 || p.Diff.ValueString() != "+ ntp 192.0.2.9\n+ password <redacted>" || p.ChangeID.ValueString() == "" {
		t.Errorf("plan %+v %v", p, diags)
	}
	if !p.RunningHash.IsUnknown() || !p.IntendedHash.IsUnknown() || p.UnmanagedLines.ValueInt64() != 1 || !p.UncommittedDiff.IsNull() {
		t.Errorf("plan %+v", p)
	}
}

func TestPlanOfACreateKnowsEverythingButTheFingerprints(t *testing.T) {
	s := newScene("hostname r1\nntp 192.0.2.9")
	s.prior = nil
	s.plan.Host, s.plan.Port, s.plan.Driver, s.plan.ID = types.StringUnknown(), types.Int64Unknown(), types.StringUnknown(), types.StringUnknown()
	if diags := s.run(t); diags.HasError() {
		t.Fatal(diags)
	}
	p := s.plan
	if p.Host.ValueString() != "192.0.2.1" || p.Port.ValueInt64() != 22 || p.Driver.ValueString() != "fake" || p.ID.ValueString() != "r1" {
		t.Errorf("endpoint %+v", p)
	}
	if p.Diff.ValueString() != "+ ntp 192.0.2.9" || !p.RunningHash.IsUnknown() || !p.IntendedHash.IsUnknown() {
		t.Errorf("plan %+v", p)
	}
}

func TestPlanOfACreateWithNothingToDo(t *testing.T) {
	s := newScene("hostname r1")
	s.prior = nil
	if diags := s.run(t); diags.HasError() || s.plan.pending() || !s.plan.RunningHash.IsUnknown() || s.plan.UnmanagedLines.ValueInt64() != 1 {
		t.Errorf("plan %+v %v", s.plan, diags)
	}
}

func TestPlanFillsInWhatAnImportLeftOpen(t *testing.T) {
	s := newScene("hostname r1")
	s.prior.IntendedHash, s.prior.UnmanagedLines = types.StringNull(), types.Int64Null()
	if diags := s.run(t); diags.HasError() || s.plan.pending() ||
		s.plan.IntendedHash.ValueString() != s.kept.Fingerprint(digest(lines("hostname r1"))) || s.plan.UnmanagedLines.ValueInt64() != 1 {
		t.Errorf("plan %+v %v", s.plan, diags)
	}
}

func TestPlanRefusesADeviceThatChangedAfterTheRefresh(t *testing.T) {
	s := newScene("hostname r1\nntp 192.0.2.9")
	s.fake.change("r1", func(d *fakeDevice) { d.running = []string{"hostname r2", "mgmt up"} })
	diags := s.run(t)
	for _, want := range []string{"r1: compare failed", "changed since the plan", "-refresh=false", "Plan again", "State: not applied"} {
		if !has(diags, diag.SeverityError, want) {
			t.Errorf("no error with %q: %v", want, diags)
		}
	}
}

func TestPlanOfAnotherEndpointIsNotStale(t *testing.T) {
	for name, change := range map[string]func(*model){
		"host":        func(m *model) { m.Host = types.StringValue("198.51.100.7") },
		"port":        func(m *model) { m.Port = types.Int64Value(2222) },
		"credentials": func(m *model) { m.Credentials = types.StringValue("new") },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene("hostname r1\nntp 192.0.2.9")
			s.prior.RunningHash = types.StringValue("of the old device")
			change(&s.config)
			s.plan.Credentials = s.config.Credentials
			if diags := s.run(t); diags.HasError() || !s.plan.pending() {
				t.Errorf("plan %+v %v", s.plan, diags)
			}
		})
	}
}

func TestPlanOnDrift(t *testing.T) {
	drifted := func(onDrift string) scene {
		s := newScene("hostname r1")
		s.fake.change("r1", func(d *fakeDevice) { d.running = []string{"hostname evil", "mgmt up"} })
		s.prior.RunningHash = types.StringValue(s.kept.Fingerprint(s.fake.devices["r1"].snapshot().Digest)) // Read was there
		s.plan.OnDrift, s.config.OnDrift = types.StringValue(onDrift), types.StringValue(onDrift)
		return s
	}
	s := drifted(driftRevert)
	diags := s.run(t)
	if diags.HasError() || !has(diags, diag.SeverityWarning, "r1: changed outside Terraform since run run-0") || s.plan.Diff.ValueString() != "+ hostname r1" {
		t.Errorf("revert: %+v %v", s.plan, diags)
	}
	if !has(diags, diag.SeverityWarning, "puts back what the intended configuration names, and leaves the rest") {
		t.Errorf("a merge does not undo everything: %v", diags)
	}
	s = drifted(driftRevert)
	s.plan.ReplaceConfig = types.BoolValue(true)
	if diags := s.run(t); !has(diags, diag.SeverityWarning, "The plan puts it back") {
		t.Errorf("replace: %v", diags)
	}
	diags = drifted(driftFail).run(t)
	if !has(diags, diag.SeverityError, "r1: changed outside Terraform since run run-0") || !has(diags, diag.SeverityError, "+ hostname r1") {
		t.Errorf("fail must show what was changed: %v", diags)
	}
}

func TestPlanIgnoresDriftThatAMergeDoesNotManage(t *testing.T) {
	s := newScene("hostname r1")
	s.plan.OnDrift = types.StringValue(driftFail)
	s.prior.OnDrift = s.plan.OnDrift
	s.fake.change("r1", func(d *fakeDevice) {
		d.running = []string{"hostname r1", "mgmt up", "banner hello"}
		d.startup = d.running
	})
	s.prior.RunningHash = types.StringValue(s.kept.Fingerprint(s.fake.devices["r1"].snapshot().Digest))
	if diags := s.run(t); len(diags) > 0 || !s.plan.equal(*s.prior) {
		t.Errorf("plan %+v %v", s.plan, diags)
	}
}

func TestPlanFinishesWhatAKilledRunLeft(t *testing.T) {
	s := newScene("hostname r1\nntp 192.0.2.9")
	s.plan.OnDrift = types.StringValue(driftFail)
	// The commit of the killed run is on, only the saving is left.
	s.fake.change("r1", func(d *fakeDevice) { d.running = append(slices.Clone(d.running), "ntp 192.0.2.9") })
	s.prior.RunningHash = types.StringValue(s.kept.Fingerprint(s.fake.devices["r1"].snapshot().Digest))
	if diags := s.run(t); len(diags) > 0 || !strings.Contains(s.plan.Diff.ValueString(), "startup configuration") {
		t.Errorf("plan %+v %v", s.plan, diags)
	}
}

func TestPlanTellsThatTheIntentChangedToo(t *testing.T) {
	s := newScene("hostname r1")
	s.config.Config = types.StringValue("hostname r1\nntp 192.0.2.9")
	s.kept = s.kept.applied("something else", "run-0")
	s.prior.RunningHash = types.StringValue(s.kept.Fingerprint(s.fake.devices["r1"].snapshot().Digest))
	diags := s.run(t)
	if !has(diags, diag.SeverityWarning, "the difference can hold both") || !has(diags, diag.SeverityWarning, "only lines that it does not name") {
		t.Error(diags)
	}
	s.diags, s.plan.ReplaceConfig = nil, types.BoolValue(true) // everything is the intent's
	if diags := s.run(t); has(diags, diag.SeverityWarning, "only lines that it does not name") {
		t.Error(diags)
	}
}

func TestPlanSkipsADeviceThatDoesNotAnswer(t *testing.T) {
	for name, breakIt := range map[string]func(*fakeCore){
		"unreachable": func(f *fakeCore) { f.devices["r1"].down = true },
		"lost":        func(f *fakeCore) { f.devices["r1"].err = provision.ErrConnectionLost },
		"not ready":   func(f *fakeCore) { f.notReady = true },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene("hostname r1\nntp 192.0.2.9")
			s.onUnreachable = unreachableSkip
			s.fake.warned = []string{"Events are being lost"}
			breakIt(s.fake)
			diags := s.run(t)
			if !s.fake.notReady && !has(diags, diag.SeverityWarning, "Events are being lost") {
				t.Errorf("a warning got lost: %v", diags)
			}
			if diags.HasError() || !has(diags, diag.SeverityWarning, "NOT CHECKED: r1: ") || !s.plan.equal(*s.prior) {
				t.Errorf("plan %+v %v", s.plan, diags)
			}
			if len(s.fake.skipped) != 1 {
				t.Error("the event log must tell that the device was skipped")
			}
		})
	}
}

func TestPlanDoesNotSkip(t *testing.T) {
	cases := map[string]func(s scene){
		"by default": func(scene) {},
		"on create":  func(s scene) { s.onUnreachable = unreachableSkip; s.prior = nil },
		"overridden": func(s scene) { s.onUnreachable, s.config.OnUnreachable = unreachableSkip, types.StringValue("error") },
		"refused login": func(s scene) {
			s.onUnreachable, s.fake.devices["r1"].err, s.fake.devices["r1"].down = unreachableSkip, provision.ErrAuth, false
		},
		"refused intent": func(s scene) {
			s.onUnreachable, s.fake.devices["r1"].down, s.config.Config = unreachableSkip, false, types.StringValue("x\nbad line")
		},
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			s := newScene("hostname r1")
			s.fake.devices["r1"].down = true
			change(s)
			if diags := s.run(t); !diags.HasError() || !has(diags, diag.SeverityError, "r1: ") {
				t.Errorf("want an error with the name: %v", diags)
			}
		})
	}
}

// Terraform makes an ordinary plan before that of a destroy: the way out must
// stand in its error. A create has nothing to forget.
func TestPlanOfADeadDeviceSaysHowToForgetIt(t *testing.T) {
	const way = "-refresh=false"
	s := newScene("hostname r1")
	s.fake.devices["r1"].down = true
	if diags := s.run(t); !has(diags, diag.SeverityError, way) {
		t.Error(diags)
	}
	s = newScene("hostname r1")
	s.fake.notReady = true
	if diags := s.run(t); !has(diags, diag.SeverityError, way) {
		t.Error(diags)
	}
	s = newScene("hostname r1")
	s.prior, s.fake.devices["r1"].down = nil, true
	if diags := s.run(t); !diags.HasError() || has(diags, diag.SeverityError, way) {
		t.Error(diags)
	}
}

func TestPlanThatSkipsFollowsTheConfigurationWhereTerraformAsksForIt(t *testing.T) {
	s := newScene("hostname r1")
	s.fake.devices["r1"].down = true
	s.config.OnUnreachable, s.config.Credentials = types.StringValue(unreachableSkip), types.StringValue("new")
	if diags := s.run(t); diags.HasError() {
		t.Fatal(diags)
	}
	if s.plan.OnUnreachable.ValueString() != unreachableSkip || s.plan.Credentials.ValueString() != "new" || s.plan.pending() {
		t.Errorf("plan %+v", s.plan)
	}
}

func TestPlanWithUnknownValues(t *testing.T) {
	for name, set := range map[string]func(*model){
		"config":         func(m *model) { m.Config = types.StringUnknown() },
		"host":           func(m *model) { m.Host = types.StringUnknown() },
		"port":           func(m *model) { m.Port = types.Int64Unknown() },
		"driver":         func(m *model) { m.Driver = types.StringUnknown() },
		"credentials":    func(m *model) { m.Credentials = types.StringUnknown() },
		"name":           func(m *model) { m.Name = types.StringUnknown() },
		"replace_config": func(m *model) { m.ReplaceConfig = types.BoolUnknown() },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene("hostname r1")
			set(&s.config)
			diags := s.run(t)
			if !has(diags, diag.SeverityError, name+" is not known at plan") || len(s.fake.jobs) > 0 {
				t.Errorf("%v", diags)
			}
			if at, ok := diags[0].(diag.DiagnosticWithPath); !ok || at.Path().String() != name {
				t.Errorf("the error must be at %s: %v", name, diags[0])
			}
		})
	}
}

func TestPlanAllowUnreviewed(t *testing.T) {
	s := newScene("")
	s.config.Config, s.config.AllowUnreviewed = types.StringUnknown(), types.BoolValue(true)
	diags := s.run(t)
	p := s.plan
	if diags.HasError() || !has(diags, diag.SeverityWarning, "r1: planned without a difference") {
		t.Error(diags)
	}
	if !p.Diff.IsUnknown() || !p.ChangeID.IsUnknown() || !p.RunningHash.IsUnknown() || !p.Host.IsUnknown() || !p.UnmanagedLines.IsUnknown() {
		t.Errorf("plan %+v", p)
	}
}

func TestPlanWithProviderValuesThatAreNotKnown(t *testing.T) {
	s := newScene("hostname r1")
	s.fake.unknown = true
	if diags := s.run(t); !has(diags, diag.SeverityError, "not known until apply") {
		t.Error(diags)
	}
	s = newScene("hostname r1")
	s.fake.unknown, s.config.AllowUnreviewed = true, types.BoolValue(true)
	if diags := s.run(t); diags.HasError() || !s.plan.Diff.IsUnknown() {
		t.Errorf("%+v %v", s.plan, diags)
	}
}

func TestPlanWithoutCommit(t *testing.T) {
	s := newScene("hostname r1\nntp 192.0.2.9")
	s.plan.CommitChanges, s.config.CommitChanges = types.BoolValue(false), types.BoolValue(false)
	diags := s.run(t)
	if diags.HasError() || !has(diags, diag.SeverityWarning, "r1: commit_changes is false") || s.plan.pending() ||
		s.plan.UncommittedDiff.ValueString() != "+ ntp 192.0.2.9" {
		t.Errorf("plan %+v %v", s.plan, diags)
	}
	// The next plan starts from what this one left.
	next := newScene("hostname r1\nntp 192.0.2.9")
	k, prior := s.kept, s.plan
	next.kept, next.prior, next.plan, next.config = k, &prior, prior, s.config
	if diags := next.run(t); diags.HasError() || !next.plan.equal(prior) {
		t.Errorf("the second plan must be empty: %+v %v", next.plan, diags)
	}
}

func TestPlanWithoutCommitIsStaleToo(t *testing.T) {
	s := newScene("hostname r1\nntp 192.0.2.9")
	s.plan.CommitChanges = types.BoolValue(false)
	s.prior.RunningHash = types.StringValue("older")
	if diags := s.run(t); !has(diags, diag.SeverityError, "changed since the plan") {
		t.Error(diags)
	}
}

func TestPlanTakesTheIntentOfTheSource(t *testing.T) {
	s := newScene("")
	s.config.Config = types.StringNull()
	if diags := s.run(t); !has(diags, diag.SeverityError, "no intended configuration") {
		t.Error(diags)
	}
	s = newScene("")
	s.config.Config = types.StringNull()
	s.fake.intended["r1"] = "hostname r1\nntp 192.0.2.9"
	if diags := s.run(t); diags.HasError() || s.plan.Diff.ValueString() != "+ ntp 192.0.2.9" {
		t.Errorf("%+v %v", s.plan, diags)
	}
}

func TestErrorGoesToTheAttribute(t *testing.T) {
	s := newScene("hostname r1")
	s.config.Driver = types.StringValue("unheard")
	diags := s.run(t)
	at, ok := diags[0].(diag.DiagnosticWithPath)
	if !ok || at.Path().String() != "driver" || !strings.HasPrefix(at.Summary(), "r1: ") {
		t.Errorf("%v", diags)
	}
}

func TestWhere(t *testing.T) {
	err := &provision.Error{Target: "r1", Driver: "frr", Step: provision.StepOpen, Err: errors.New("refused\nmore")}
	if got := planning.Where(err); got != "open: refused" {
		t.Errorf("got %q", got)
	}
	if got := planning.Where(errors.New("plain")); got != "plain" {
		t.Errorf("got %q", got)
	}
}

func TestPlanEndsWithItsTimeout(t *testing.T) {
	s := newScene("hostname r1")
	s.fake.hangs = true
	if diags := s.make(t.Context(), time.Millisecond); !has(diags, diag.SeverityError, "r1: stage failed") {
		t.Error(diags)
	}
	s = newScene("hostname r1")
	s.fake.hangs, s.onUnreachable = true, unreachableSkip
	if diags := s.make(t.Context(), time.Millisecond); !has(diags, diag.SeverityWarning, "NOT CHECKED: r1: stage") {
		t.Errorf("a device that never answers does not answer: %v", diags)
	}
}

func TestNoteTakesOnlyWhatThisRunLeft(t *testing.T) {
	k := newKept().applied("before", "run-0")
	running := provision.Snapshot{Digest: "after"}
	cases := map[string]struct {
		outcome outcome
		commit  bool
		want    string
	}{
		"done":                 {outcome{Result: provision.Result{Running: running}}, true, "after"},
		"failed, but is on":    {outcome{Result: provision.Result{Running: running, Outcome: provision.OutcomeApplied}, err: errors.New("save")}, true, "after"},
		"refused as stale":     {outcome{Result: provision.Result{Running: running, Outcome: provision.OutcomeNotApplied}, err: provision.ErrStale}, true, "before"},
		"reverted":             {outcome{Result: provision.Result{Running: running, Outcome: provision.OutcomeReverted}, err: errors.New("cut")}, true, "before"},
		"nothing was read":     {outcome{}, true, "before"},
		"nothing is committed": {outcome{Result: provision.Result{Running: running}}, false, "before"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := c.outcome.note(k, model{CommitChanges: types.BoolValue(c.commit)})
			if got.Applied != k.Fingerprint(c.want) {
				t.Errorf("want the fingerprint of %q", c.want)
			}
		})
	}
}
