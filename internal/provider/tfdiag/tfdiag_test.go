package tfdiag_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tfdiag"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

func TestErrorOfARun(t *testing.T) {
	err := fmt.Errorf("wrapped: %w", &provision.Error{
		Target: "r1", Driver: "frr", Step: provision.StepStage, Outcome: provision.OutcomeNotApplied,
		Checked: "nothing was sent", Next: "mend line 2",
		Err: &provision.RejectedError{Line: 2, Message: "% Unknown command"},
	})
	d := tfdiag.Error("r1", err)
	if d.Severity() != diag.SeverityError || d.Summary() != "r1: stage failed" {
		t.Errorf("%v %q", d.Severity(), d.Summary())
	}
	if at, ok := d.(diag.DiagnosticWithPath); !ok || !at.Path().Equal(path.Root("config")) {
		t.Errorf("a refused configuration must stand at config: %v", d)
	}
	want := "Device: r1 (frr)\nCause: line 2: % Unknown command\nState: not applied\nChecked: nothing was sent\nNext: mend line 2"
	if d.Detail() != want {
		t.Errorf("detail:\n%s\nwant:\n%s", d.Detail(), want)
	}
}

// TestErrorOfADeviceThatCannotBeOpened: also where no run was made, as for a data
// source, the step and the next one are told.
func TestErrorOfADeviceThatCannotBeOpened(t *testing.T) {
	for next, kind := range map[string]error{"check the address": provision.ErrUnreachable, "check the credentials": provision.ErrAuth} {
		d := tfdiag.Error("r1", fmt.Errorf("asking for facts: %w: %w", kind, context.DeadlineExceeded))
		if d.Summary() != "r1: open failed" || !strings.Contains(d.Detail(), "Next: "+next) {
			t.Errorf("%q: %q", d.Summary(), d.Detail())
		}
	}
}

// TestErrorOfARunThatWasTakenBack: the user's timeouts have nothing to do with a
// target that was cut off and took the change back.
func TestErrorOfARunThatWasTakenBack(t *testing.T) {
	for outcome, hint := range map[provision.Outcome]bool{provision.OutcomeReverted: false, provision.OutcomeUnknown: true} {
		d := tfdiag.Error("r1", &provision.Error{Target: "r1", Driver: "frr", Step: provision.StepCommit, Outcome: outcome, Err: context.DeadlineExceeded})
		if got := strings.Contains(d.Detail(), "The time ran out"); got != hint {
			t.Errorf("%s: hint %t in %q", outcome, got, d.Detail())
		}
	}
}

func TestErrorOfARunWithoutMore(t *testing.T) {
	d := tfdiag.Error("r1", &provision.Error{Target: "r1", Driver: "frr", Step: provision.StepOpen, Err: provision.ErrUnreachable})
	if d.Detail() != "Device: r1 (frr)\nCause: unreachable" {
		t.Errorf("%q", d.Detail())
	}
}

func TestErrorAtAnAttribute(t *testing.T) {
	for _, c := range []struct {
		err     error
		summary string
		detail  string
	}{
		{errors.New("no driver x"), "r1: invalid driver", "no driver x."},
		{fmt.Errorf("it is %w: no address", client.ErrNotReady), "r1: not ready", "it is not ready: no address."},
		{fmt.Errorf("password is %w", client.ErrUnknown), "r1: cannot be reviewed, not known until apply", "password is not known until apply."},
	} {
		d := tfdiag.Error("r1", fmt.Errorf("x: %w", &client.AttributeError{Attribute: "driver", Err: c.err}))
		at, ok := d.(diag.DiagnosticWithPath)
		if !ok || !at.Path().Equal(path.Root("driver")) {
			t.Fatalf("%v is not at driver", d)
		}
		if d.Summary() != c.summary || d.Detail() != "x: "+c.detail {
			t.Errorf("%q: %q, want %q: %q", d.Summary(), d.Detail(), c.summary, c.detail)
		}
	}
}

func TestErrorOfAContext(t *testing.T) {
	for _, c := range []struct {
		err           error
		summary, says string
	}{
		{context.Canceled, "r1: interrupted", "Plan again"},
		{context.DeadlineExceeded, "r1: out of time", "timeouts"},
		{errors.New("odd"), "r1: failed", "odd."},
	} {
		d := tfdiag.Error("r1", fmt.Errorf("reading: %w", c.err))
		if d.Summary() != c.summary || !strings.Contains(d.Detail(), c.says) {
			t.Errorf("%q: %q", d.Summary(), d.Detail())
		}
	}
	in := tfdiag.Error("r1", &provision.Error{Step: provision.StepCommit, Err: context.Canceled})
	if in.Summary() != "r1: commit failed" || !strings.Contains(in.Detail(), "Plan again") {
		t.Errorf("in a run: %q: %q", in.Summary(), in.Detail())
	}
}
