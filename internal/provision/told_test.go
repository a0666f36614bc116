package provision_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// script is a target whose answers the test says: one session, one change.
type script struct {
	provision.Session // what the test does not say is not called
	running           string
	pending           func() *provision.Pending
	commit            func() (*provision.Pending, error)
}

func (s *script) Name() string                                          { return "r1" }
func (s *script) Driver() string                                        { return "script" }
func (s *script) Open(context.Context, bool) (provision.Session, error) { return s, nil }
func (s *script) Capabilities() provision.Capabilities {
	return provision.Capabilities{ConfirmedCommit: true, Lock: true}
}
func (s *script) Pending(context.Context) (*provision.Pending, error) { return s.pending(), nil }
func (s *script) Read(context.Context) (provision.Snapshot, error) {
	return provision.Snapshot{Digest: s.running}, nil
}
func (s *script) Lock(context.Context, string) error { return nil }
func (s *script) Unlock(context.Context) error       { return nil }
func (s *script) Close() error                       { return nil }
func (s *script) Stage(context.Context, provision.Intent, provision.StageOptions) (provision.Change, error) {
	return scripted{script: s, before: s.running}, nil
}

type scripted struct {
	*script
	before string
}

var difference = provision.Diff{Hunks: []provision.Hunk{{Lines: []string{"+ x"}}}}

func (c scripted) Before() provision.Snapshot    { return provision.Snapshot{Digest: c.before} }
func (c scripted) Diff() provision.Diff          { return difference }
func (c scripted) Unsaved() bool                 { return false }
func (c scripted) Discard(context.Context) error { return nil }
func (c scripted) Commit(context.Context, provision.CommitOptions) (*provision.Pending, error) {
	return c.commit()
}

func (c scripted) Verify(context.Context, provision.Session) (provision.Verification, error) {
	return provision.Verification{Running: provision.Snapshot{Digest: c.running}, Remaining: difference}, nil
}

// nothing is an intent.
type nothing struct{}

func (nothing) Digest() string { return "0123" }

// TestObserveTellsWhatBecameOfACommit: a plan after a killed run waits for its
// commit, and says so.
func TestObserveTellsWhatBecameOfACommit(t *testing.T) {
	for how, after := range map[string]string{"it was undone": "before", "what was running then still runs": "during"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{running: "during"}
				deadline := time.Now().Add(9 * time.Second)
				s.pending = func() *provision.Pending {
					if time.Now().Before(deadline) {
						return &provision.Pending{ID: "id", Holder: "run x", Deadline: deadline}
					}
					s.running = after
					return nil
				}
				res, err := provision.Observe(t.Context(), s, nil)
				if err != nil || res.Running.Digest != after {
					t.Fatalf("got %+v, %v", res, err)
				}
				if w := strings.Join(res.Warnings, "\n"); !strings.HasPrefix(w, "r1: waited 9s for the commit of run x") || !strings.HasSuffix(w, how) {
					t.Errorf("warnings %q", w)
				}
			})
		})
	}
}

// TestCutOffByACommitThatHadBegun: the connection went down after the target
// had told that the change begins, and the target took it back before it could
// be reached again. That is "reverted", not "not applied".
func TestCutOffByACommitThatHadBegun(t *testing.T) {
	for name, tt := range map[string]struct {
		told *provision.Pending
		want provision.Outcome
		next string
	}{
		"told":     {&provision.Pending{ID: "id", Holder: "me"}, provision.OutcomeReverted, "cut off the management session"},
		"not told": {nil, provision.OutcomeNotApplied, "plan again"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{running: "before", pending: func() *provision.Pending { return nil }}
				s.commit = func() (*provision.Pending, error) { return tt.told, provision.ErrConnectionLost }
				_, err := provision.Run(t.Context(), provision.Request{
					Target: s, Intent: nothing{}, Commit: true, CommitID: "id", Holder: "me", ConfirmTimeout: 15 * time.Second,
				})
				var failure *provision.Error
				if !errors.As(err, &failure) || failure.Outcome != tt.want || !strings.Contains(failure.Next, tt.next) {
					t.Errorf("got %v, want %s and %q", err, tt.want, tt.next)
				}
			})
		})
	}
}

// queued is a target with whose session others are busy for a while.
type queued struct {
	script
	wait time.Duration
}

func (q *queued) Open(ctx context.Context, _ bool) (provision.Session, error) {
	select {
	case <-time.After(q.wait):
		return q, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// TestWaitingForASessionIsNoFailure: with fewer sessions than targets at once,
// the last one waits for runs that wait for the timers of commits.
func TestWaitingForASessionIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &queued{wait: 9 * time.Minute}
		q.running, q.pending = "as it is", func() *provision.Pending { return nil }
		if _, err := provision.Observe(t.Context(), q, nil); err != nil {
			t.Error(err)
		}
	})
}

// TestALineThatTheTargetWritesOtherwise: FRR takes "ip rout" and shows
// "ip route", so that the change never seems to be on. The error names the line.
func TestALineThatTheTargetWritesOtherwise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(variantNamed("frr"), start, start, map[int]fault{4: halfSilent})
		req := approve(t, request(w, want, nil))
		req.Target.(target).p.counted = true
		_, err := provision.Run(t.Context(), req)
		var e *provision.Error
		if !errors.As(err, &e) || e.Outcome != provision.OutcomeReverted || e.Step != provision.StepVerify {
			t.Fatalf("error %v", err)
		}
		if !strings.Contains(e.Err.Error(), "+ b=2") || strings.Contains(e.Err.Error(), "a=2") || !strings.Contains(e.Next, "as the target itself shows them") {
			t.Errorf("cause %v\nnext %s", e.Err, e.Next)
		}
	})
}

// TestGivesWayToAnotherRunsCommit: our commit's answer was lost, and another
// run's commit waits. The lock that we took to be sure of what we read would
// keep out its confirmation, on a target whose lock does that.
func TestGivesWayToAnotherRunsCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := variantNamed("frr")
		v.yields = true
		w := newWorld(v, start, start, map[int]fault{4: lostBefore, 5: otherKeeps})
		req := approve(t, request(w, want, nil))
		req.Target.(target).p.counted = true
		began := time.Now()
		_, err := provision.Run(t.Context(), req)
		if took := time.Since(began); err == nil || took < 5*time.Second || w.pending != nil {
			t.Errorf("after %s: %v, pending %v", took, err, w.pending)
		}
		if w.running[1] != 8 {
			t.Errorf("running %v: the other run's commit is gone", w.running)
		}
		for _, b := range w.broken {
			t.Error(b)
		}
	})
}
