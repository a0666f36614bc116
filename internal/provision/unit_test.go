package provision_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// request is a request of one process on w.
func request(w *world, want conf, emit func(provision.Event)) provision.Request {
	w.lacks = func(conf) bool { return false }
	p := &proc{name: "run 1", cancel: func() {}, killed: make(chan struct{})}
	return provision.Request{
		Target: target{w, p}, Intent: intent{want}, Commit: true, Save: true, DryRun: true,
		ConfirmTimeout: window, CommitID: commitID, Holder: p.name, Emit: emit,
	}
}

// approve makes an apply of a dry run.
func approve(t *testing.T, req provision.Request) provision.Request {
	t.Helper()
	res, err := provision.Run(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	req.DryRun = false
	req.Approved = &provision.Approval{Diff: res.Diff.String(), ChangeID: res.ChangeID}
	if x, ok := req.Target.(target); ok {
		x.p.approved = configurationPart(req.Approved.Diff)
	}
	return req
}

// variantNamed gives a variant.
func variantNamed(name string) variant {
	for _, v := range variants() {
		if v.name == name {
			return v
		}
	}
	panic(name)
}

var (
	start = conf{1, 1, 0, 1}
	want  = conf{2, 2, 0, 0}
)

func TestStepsInOrder(t *testing.T) {
	type testCase struct {
		name  string
		adapt func(*world, *provision.Request)
		plan  string
		// meddle is what somebody else does between plan and apply.
		meddle func(*world)
		apply  string
	}
	for _, c := range []testCase{
		{
			name:  "a change",
			plan:  "open settle- stage discard close finished",
			apply: "open lock settle- stage compare backup- commit reconnect verify confirm save check close discard unlock close finished",
		},
		{
			name:  "without save, with backup",
			adapt: func(_ *world, r *provision.Request) { r.Save, r.Backup = false, keepBackup },
			plan:  "open settle- stage discard close finished",
			apply: "open lock settle- stage compare backup commit reconnect verify confirm save- check close discard unlock close finished",
		},
		{
			name:  "only to be saved",
			adapt: func(w *world, _ *provision.Request) { w.running = conf{2, 2, 0, 1} },
			plan:  "open settle- stage discard close finished",
			apply: "open lock settle- stage compare save check discard unlock close finished",
		},
		{
			name:  "nothing to do",
			adapt: func(w *world, _ *provision.Request) { w.running, w.startup = conf{2, 2, 0, 1}, conf{2, 2, 0, 1} },
			plan:  "open settle- stage discard close finished",
			apply: "open settle- stage compare discard close finished",
		},
		{
			name:   "done by somebody else after the plan",
			adapt:  func(_ *world, r *provision.Request) { r.DoneSuffices = true },
			meddle: func(w *world) { w.running, w.startup = conf{2, 2, 0, 1}, conf{2, 2, 0, 1} },
			plan:   "open settle- stage discard close finished",
			apply:  "open lock settle- stage compare- discard unlock close finished",
		},
		{
			name:  "no commit",
			adapt: func(_ *world, r *provision.Request) { r.Commit = false },
			plan:  "open settle- stage discard close finished",
			apply: "open settle- stage discard close finished",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []string
				w := newWorld(variantNamed("netconf"), start, start, nil)
				req := request(w, want, func(e provision.Event) {
					s := string(e.Step)
					if e.Outcome == provision.OutcomeSkipped {
						s += "-"
					}
					got = append(got, s)
				})
				if c.adapt != nil {
					c.adapt(w, &req)
				}
				req = approve(t, req)
				if s := strings.Join(got, " "); s != c.plan {
					t.Errorf("plan: %s\nwant: %s", s, c.plan)
				}
				if c.meddle != nil {
					c.meddle(w)
				}
				got = nil
				if _, err := provision.Run(t.Context(), req); err != nil {
					t.Fatal(err)
				}
				if s := strings.Join(got, " "); s != c.apply {
					t.Errorf("apply: %s\nwant:  %s", s, c.apply)
				}
			})
		})
	}
}

func keepBackup(provision.Snapshot) (string, error) { return "kept", nil }

func TestTargetWithoutCommitTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(variantNamed("plain"), start, start, nil)
		req := request(w, want, nil)
		res, err := provision.Run(t.Context(), req)
		if err != nil || len(res.Warnings) != 1 || !strings.HasPrefix(res.Warnings[0], "r1: the target cannot undo a commit by itself") {
			t.Fatalf("warnings %q, %v", res.Warnings, err)
		}
		res, err = provision.Run(t.Context(), approve(t, req))
		if err != nil || res.Outcome != provision.OutcomeApplied || w.running != (conf{2, 2, 0, 1}) {
			t.Fatalf("%v %v, running %v", res.Outcome, err, w.running)
		}
	})
}

func TestStalePlanChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(variantNamed("frr"), start, start, nil)
		req := approve(t, request(w, want, nil))
		w.running[3] = 7
		_, err := provision.Run(t.Context(), req)
		if !errors.Is(err, provision.ErrStale) {
			t.Fatalf("error %v", err)
		}
		const text = `r1 (frr): compare: changed since the plan: the plan was made from ` +
			`"running 1101, intent XXXX (if this differs at apply, something changed after the plan: plan again)", now it is ` +
			`"running 1107, intent XXXX (if this differs at apply, something changed after the plan: plan again)"` + `
State: not applied (no commit was started)
Next: plan again and look at the new difference`
		id := req.Approved.ChangeID
		_, rest, _ := strings.Cut(id, "intent ")
		if got := strings.ReplaceAll(err.Error(), rest[:4], "XXXX"); got != text {
			t.Errorf("got  %s\nwant %s", got, text)
		}
		if w.running != (conf{1, 1, 0, 7}) {
			t.Errorf("running %v", w.running)
		}
	})
}

// TestTargetThatRefusesAStaleCommit: somebody changed the target past the lock after
// it was compared. The target looks itself, and says so: nothing was begun, and there
// is nothing to find out.
func TestTargetThatRefusesAStaleCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(variantNamed("frr"), start, start, nil)
		dryRun := request(w, want, nil)
		req := approve(t, dryRun)
		req.Backup = func(provision.Snapshot) (string, error) {
			w.running[3] = 7
			return "kept", nil
		}
		req.Budget = provision.NewBudget(1)
		began := time.Now()
		res, err := provision.Run(t.Context(), req)
		const text = "r1 (frr): commit: changed since the plan: simulated\n" +
			"State: not applied (no commit was started)\nNext: plan again and look at the new difference"
		if err == nil || err.Error() != text || res.Outcome != provision.OutcomeNotApplied {
			t.Errorf("%s, %v", res.Outcome, err)
		}
		if w.running != (conf{1, 1, 0, 7}) || w.pending != nil || w.lockedBy != "" || time.Since(began) > time.Second {
			t.Errorf("after %s running %v, pending %v, locked by %q", time.Since(began), w.running, w.pending, w.lockedBy)
		}
		if res, err = provision.Run(t.Context(), approve(t, dryRun)); err != nil || res.Outcome != provision.OutcomeApplied {
			t.Errorf("the next run: %s, %v", res.Outcome, err)
		}
	})
}

// failing is a target whose commit fails, and which then cannot be looked at. With
// an error for looking it is changed through an API.
type failing struct {
	provision.Target
	commit, look error
}

func (f failing) Open(ctx context.Context, fresh bool) (provision.Session, error) {
	s, err := f.Target.Open(ctx, fresh)
	return failingSession{s, f}, err
}

type failingSession struct {
	provision.Session
	f failing
}

func (s failingSession) Capabilities() provision.Capabilities {
	if s.f.look != nil {
		return provision.Capabilities{ViaAPI: true}
	}
	return s.Session.Capabilities()
}

func (s failingSession) Stage(ctx context.Context, in provision.Intent, o provision.StageOptions) (provision.Change, error) {
	c, err := s.Session.Stage(ctx, in, o)
	return failingChange{c, s.f}, err
}

type failingChange struct {
	provision.Change
	f failing
}

func (c failingChange) Commit(context.Context, provision.CommitOptions) (*provision.Pending, error) {
	return nil, c.f.commit
}

func (c failingChange) Verify(context.Context, provision.Session) (provision.Verification, error) {
	return provision.Verification{}, c.f.look
}

// TestCommitThatCannotBeFollowed: what was not begun needs no look, and where nobody
// may look any more there is nothing to wait for.
func TestCommitThatCannotBeFollowed(t *testing.T) {
	barred := &provision.AdvisedError{Next: "mend the token", Err: provision.ErrAuth}
	for name, c := range map[string]struct {
		commit, look error
		outcome      provision.Outcome
		says         []string
	}{
		"not begun": {fmt.Errorf("%w: %w", provision.ErrNotBegun, barred), nil, provision.OutcomeNotApplied, []string{"no commit was started", "Next: mend the token, then plan again"}},
		"barred":    {barred, barred, provision.OutcomeUnknown, []string{"nobody can look any more: the login is refused", "Next: mend the token, and look at the target; then plan again"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(variantNamed("frr"), start, start, nil)
				req := request(w, want, nil)
				req.Target = failing{req.Target, c.commit, c.look}
				req = approve(t, req)
				req.Budget = provision.NewBudget(1)
				began := time.Now()
				res, err := provision.Run(t.Context(), req)
				if res.Outcome != c.outcome || time.Since(began) > time.Second || w.lockedBy != "" {
					t.Errorf("after %s: %s, locked by %q", time.Since(began), res.Outcome, w.lockedBy)
				}
				for _, text := range c.says {
					if err == nil || !strings.Contains(err.Error(), text) {
						t.Errorf("%v does not say %q", err, text)
					}
				}
				if _, err = provision.Run(t.Context(), req); !errors.Is(err, provision.ErrTooManyFailures) {
					t.Errorf("it is no failed commit: %v", err)
				}
			})
		})
	}
}

func TestChangeID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		id := func(running, want conf, replace bool) string {
			req := request(newWorld(variantNamed("netconf"), running, running, nil), want, nil)
			req.Replace = replace
			res, err := provision.Run(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			return res.ChangeID
		}
		first := id(start, want, false)
		if first != id(start, want, false) {
			t.Error("the same change has two ids")
		}
		for _, other := range []string{id(start, want, true), id(conf{1, 1, 1, 1}, want, false), id(start, conf{3}, false)} {
			if other == first || other == "" {
				t.Errorf("another change has the id %q", other)
			}
		}
		if same := id(start, conf{1}, false); same != "" {
			t.Errorf("no change has the id %q", same)
		}
	})
}

func TestCutOffIsTakenBackByTheTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(variantNamed("frr"), start, start, map[int]fault{4: cutOff})
		req := approve(t, request(w, want, nil))
		req.Target.(target).p.counted = true
		res, err := provision.Run(t.Context(), req)
		var e *provision.Error
		if !errors.As(err, &e) || e.Outcome != provision.OutcomeReverted || res.Outcome != e.Outcome || e.Step != provision.StepReopen {
			t.Fatalf("error %v", err)
		}
		for _, part := range []string{"cut off the management session", "by itself within 20s", "read again"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q does not say %q", err, part)
			}
		}
		if w.running != start {
			t.Errorf("running %v", w.running)
		}
	})
}

// TestFailedCommitIsRolledBackAtOnce: the target's timer is the last resort, not
// the way.
func TestFailedCommitIsRolledBackAtOnce(t *testing.T) {
	for name, f := range map[string]fault{"error": failAfter, "half way": halfFail, "half, but ok": halfSilent} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(variantNamed("frr"), start, start, map[int]fault{4: f})
				req := approve(t, request(w, want, nil))
				req.Target.(target).p.counted = true
				began := time.Now()
				_, err := provision.Run(t.Context(), req)
				var e *provision.Error
				if !errors.As(err, &e) || e.Outcome != provision.OutcomeReverted || !strings.HasPrefix(e.Checked, "rolled back, then read again") {
					t.Fatalf("error %v", err)
				}
				if took := time.Since(began); took > 5*time.Second || w.running != start || w.pending != nil {
					t.Errorf("after %s running %v, pending %v", took, w.running, w.pending)
				}
			})
		})
	}
}

func TestLockOfSomebodyElse(t *testing.T) {
	for held, want := range map[time.Duration]error{4 * time.Second: nil, time.Minute: &provision.LockedError{Holder: "operator"}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(variantNamed("frr"), start, start, nil)
			req := approve(t, request(w, conf{2, 2, 0, 0}, nil))
			w.lockedBy, w.lockUntil = "operator", time.Now().Add(held)
			began := time.Now()
			_, err := provision.Run(t.Context(), req)
			var locked *provision.LockedError
			if errors.As(err, &locked) != (want != nil) {
				t.Fatalf("held %s: error %v", held, err)
			}
			if err != nil && (!strings.Contains(err.Error(), "wait until operator is done") || time.Since(began) > 11*time.Second) {
				t.Errorf("held %s: after %s: %v", held, time.Since(began), err)
			}
		})
	}
}

func TestLeftoverIsShownAndConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(variantNamed("frr"), start, start, nil)
		w.pending = &pending{before: conf{9}, Pending: provision.Pending{ID: commitID, Holder: "a killed run", Stuck: true}}
		req := request(w, want, nil)
		res, err := provision.Run(t.Context(), req)
		const text = "@@ unconfirmed commit\n- (left by a killed run, its timer is gone; what is running stays)\n" +
			"@@ configuration\n- a=1\n+ a=2\n- b=1\n+ b=2"
		if err != nil || res.Diff.String() != text || len(res.Warnings) != 1 {
			t.Fatalf("%v, warnings %q, diff\n%s", err, res.Warnings, res.Diff)
		}
		if _, err := provision.Run(t.Context(), approve(t, req)); err != nil {
			t.Fatal(err)
		}
		if w.pending != nil || w.running != (conf{2, 2, 0, 1}) {
			t.Errorf("pending %v, running %v", w.pending, w.running)
		}
	})
}

func TestObserveWaitsForAPendingCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(variantNamed("frr"), conf{5}, start, nil)
		w.pending = &pending{before: start, Pending: provision.Pending{ID: commitID, Holder: "another run", Deadline: time.Now().Add(7 * time.Second)}}
		var settled string
		res, err := provision.Observe(t.Context(), request(w, want, nil).Target, func(e provision.Event) {
			if e.Step == provision.StepSettle {
				settled = e.Message
			}
		})
		if err != nil || res.Running.Digest != start.digest() {
			t.Fatalf("%q %v", res.Running.Digest, err)
		}
		if settled != "waited 10s for the commit of another run; it was undone" {
			t.Errorf("event says %q", settled)
		}
		if len(w.conns) > 0 {
			t.Error("a session is left")
		}
	})
}

func TestUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(variantNamed("netconf"), start, start, nil)
		w.cut = true
		_, err := provision.Observe(t.Context(), request(w, want, nil).Target, nil)
		var e *provision.Error
		if !errors.Is(err, provision.ErrUnreachable) || !errors.As(err, &e) || e.Step != provision.StepOpen {
			t.Errorf("error %v", err)
		}
	})
}

func TestCtrlCBeforeTheCommitLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(variantNamed("netconf"), start, start, nil)
		req := approve(t, request(w, want, nil))
		ctx, cancel := context.WithCancel(t.Context())
		req.Backup = func(provision.Snapshot) (string, error) {
			cancel()
			return "", nil
		}
		_, err := provision.Run(ctx, req)
		if !errors.Is(err, context.Canceled) || w.running != start || w.lockedBy != "" || len(w.conns) > 0 {
			t.Errorf("%v, running %v, lock %q, %d sessions", err, w.running, w.lockedBy, len(w.conns))
		}
	})
}

func TestKeptConnectionThatBroke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(variantNamed("netconf"), start, start, map[int]fault{1: lostBefore})
		req := request(w, want, nil)
		req.Target.(target).p.counted = true
		res, err := provision.Run(t.Context(), req)
		if err != nil || res.Outcome != provision.OutcomePlanned {
			t.Errorf("%s %v", res.Outcome, err)
		}
	})
}

// deaf is a target whose reading does not obey its context.
type deaf struct {
	target
	wake chan struct{}
}

type deafSession struct {
	provision.Session
	wake chan struct{}
}

func (d deaf) Open(ctx context.Context, fresh bool) (provision.Session, error) {
	s, err := d.target.Open(ctx, fresh)
	return deafSession{s, d.wake}, err
}

func (d deafSession) Read(context.Context) (provision.Snapshot, error) {
	<-d.wake
	return provision.Snapshot{}, nil
}

func TestCallThatNeverReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(variantNamed("netconf"), start, start, nil)
		d := deaf{request(w, want, nil).Target.(target), make(chan struct{})}
		_, err := provision.Observe(t.Context(), d, nil)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if len(w.conns) != 1 {
			t.Errorf("%d sessions while a call is going on", len(w.conns))
		}
		close(d.wake)
		synctest.Wait()
		if len(w.conns) != 0 {
			t.Error("the session is left after the call came back")
		}
	})
}

func TestBudget(t *testing.T) {
	run := func(t *testing.T, b *provision.Budget, faults map[int]fault) error {
		t.Helper()
		w := newWorld(variantNamed("netconf"), start, start, faults)
		req := approve(t, request(w, want, nil))
		req.Target.(target).p.counted, req.Budget = true, b
		_, err := provision.Run(t.Context(), req)
		if err != nil && w.running != start {
			t.Errorf("running %v", w.running)
		}
		return err
	}
	broken := map[int]fault{4: failBefore}
	synctest.Test(t, func(t *testing.T) {
		b := provision.NewBudget(2)
		for range 2 {
			if err := run(t, b, broken); err == nil || errors.Is(err, provision.ErrTooManyFailures) {
				t.Fatalf("error %v", err)
			}
		}
		err := run(t, b, nil)
		if !errors.Is(err, provision.ErrTooManyFailures) || !strings.Contains(err.Error(), "the commit failed on r1, r1 (max_failures = 2)") {
			t.Errorf("error %v", err)
		}
		for _, none := range []*provision.Budget{nil, provision.NewBudget(0)} {
			for range 3 {
				if err := run(t, none, broken); errors.Is(err, provision.ErrTooManyFailures) {
					t.Errorf("error %v", err)
				}
			}
			if err := run(t, none, nil); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestBudgetIsSharedByConcurrentRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := provision.NewBudget(1)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				w := newWorld(variantNamed("netconf"), start, start, map[int]fault{4: failBefore})
				req := request(w, want, nil)
				req.DryRun, req.Budget = false, b
				req.Target.(target).p.counted = true
				_, _ = provision.Run(t.Context(), req)
			})
		}
		wg.Wait()
		w := newWorld(variantNamed("netconf"), start, start, nil)
		req := request(w, want, nil)
		req.DryRun, req.Budget = false, b
		if _, err := provision.Run(t.Context(), req); !errors.Is(err, provision.ErrTooManyFailures) {
			t.Errorf("error %v", err)
		}
	})
}

func TestDiff(t *testing.T) {
	d := provision.Diff{Hunks: []provision.Hunk{
		{Header: "router bgp", Lines: []string{"- neighbor a", "  same", "+ neighbor b", "+ neighbor c"}},
		{Lines: []string{"+ hostname x"}},
	}}
	if got, want := d.String(), "@@ router bgp\n- neighbor a\n  same\n+ neighbor b\n+ neighbor c\n+ hostname x"; got != want {
		t.Errorf("got %q", got)
	}
	if added, removed := d.Counts(); added != 3 || removed != 1 {
		t.Errorf("%d added, %d removed", added, removed)
	}
	if d.Empty() || !(provision.Diff{Unmanaged: 4}).Empty() {
		t.Error("Empty is wrong")
	}
	if got := (provision.Diff{}).String(); got != "" {
		t.Errorf("no difference is %q", got)
	}
}

func TestErrorTexts(t *testing.T) {
	e := &provision.Error{
		Target: "r1", Driver: "frr", Step: provision.StepCommit, Outcome: provision.OutcomeReverted,
		Checked: "read again", Next: "plan again", Err: fmt.Errorf("commit: %w", provision.ErrConnectionLost),
	}
	if got, want := e.Error(), "r1 (frr): commit: commit: connection lost\nState: reverted (read again)\nNext: plan again"; got != want {
		t.Errorf("got %q", got)
	}
	if !errors.Is(e, provision.ErrConnectionLost) {
		t.Error("the cause is lost")
	}
	if got := (&provision.Error{Target: "r1", Driver: "frr", Step: "open", Err: provision.ErrAuth}).Error(); got != "r1 (frr): open: login refused" {
		t.Errorf("got %q", got)
	}
	if got := (&provision.RejectedError{Line: 2, Message: "Unknown command"}).Error(); got != "line 2: Unknown command" {
		t.Errorf("got %q", got)
	}
	if got := (&provision.RejectedError{Message: "no"}).Error(); got != "no" {
		t.Errorf("got %q", got)
	}
}

func TestNextStepByCause(t *testing.T) {
	for part, cause := range map[string]error{
		"correct the intended configuration": &provision.RejectedError{Line: 2, Message: "Unknown command"},
		"check the credentials":              provision.ErrAuth,
		"check the address":                  provision.ErrUnreachable,
		"check the path to the target":       provision.ErrConnectionLost,
		"check the path to the target, then": context.DeadlineExceeded,
		"wait until bob is done":             &provision.LockedError{Holder: "bob"},
		"throw it away; then plan again":     &provision.LockedError{Holder: "a candidate", Next: "throw it away"},
		"raise timeout, then plan again":     &provision.AdvisedError{Next: "raise timeout", Err: provision.ErrUnreachable},
		"look at the target":                 errSimulated,
	} {
		_, err := provision.Observe(t.Context(), closed{cause}, nil)
		if !errors.Is(err, cause) || !strings.Contains(err.Error(), "Next: "+part) && !strings.Contains(err.Error(), part) {
			t.Errorf("%v: %v", cause, err)
		}
	}
}

// closed is a target that cannot be opened.
type closed struct{ err error }

func (closed) Name() string   { return "r9" }
func (closed) Driver() string { return "none" }
func (c closed) Open(context.Context, bool) (provision.Session, error) {
	return nil, fmt.Errorf("open: %w", c.err)
}

func TestEveryFaultHasAPlace(t *testing.T) {
	var all []fault
	for _, v := range variants() {
		for _, o := range []op{opOpen, opCommit, opConfirm, opVerify} {
			all = append(all, faultsAt(v, o)...)
		}
	}
	slices.Sort(all)
	if n := len(slices.Compact(all)); n < 20 {
		t.Errorf("%d kinds of faults", n)
	}
}
