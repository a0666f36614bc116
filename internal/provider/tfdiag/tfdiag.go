// Package tfdiag turns errors of the core and the client into Terraform's
// diagnostics, in one place and one form. Summaries begin with the device's
// name, since Terraform merges diagnostics of equal summaries.
package tfdiag

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// Error makes an error of a device: "r1: stage failed", and as detail the
// cause, the state of the device, how it was checked and what to do next. An
// error that is mended at one attribute stands there: what the device refuses
// stands at the intended configuration.
func Error(name string, err error) diag.Diagnostic {
	summary, detail := describe(name, err)
	var at *client.AttributeError
	if errors.As(err, &at) {
		return diag.NewAttributeErrorDiagnostic(path.Root(at.Attribute), summary, detail)
	}
	var rejected *provision.RejectedError
	if errors.As(err, &rejected) {
		return diag.NewAttributeErrorDiagnostic(path.Root("config"), summary, detail)
	}
	return diag.NewErrorDiagnostic(summary, detail)
}

// describe gives the summary and the detail of an error.
func describe(name string, err error) (summary, detail string) {
	var run *provision.Error
	if errors.As(err, &run) {
		return fmt.Sprintf("%s: %s failed", name, run.Step), runDetail(run)
	}
	var at *client.AttributeError
	switch {
	case errors.Is(err, client.ErrUnknown):
		summary = "cannot be reviewed, " + client.ErrUnknown.Error()
	case errors.Is(err, client.ErrNotReady):
		summary = client.ErrNotReady.Error()
	case errors.As(err, &at):
		summary = "invalid " + at.Attribute
	case errors.Is(err, context.Canceled):
		summary = "interrupted"
	case errors.Is(err, provision.ErrUnreachable), errors.Is(err, provision.ErrAuth):
		summary = "open failed" // as a run says it
	case errors.Is(err, context.DeadlineExceeded):
		summary = "out of time"
	default:
		summary = "failed"
	}
	return name + ": " + summary, sentence(err.Error()) + nextOpen(err) + hint(err)
}

// runDetail is what a failed run has to say.
func runDetail(e *provision.Error) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Device: %s (%s)\nCause: %v", e.Target, e.Driver, e.Err)
	if e.Outcome != "" {
		fmt.Fprintf(&b, "\nState: %s", e.Outcome)
	}
	if e.Checked != "" {
		fmt.Fprintf(&b, "\nChecked: %s", e.Checked)
	}
	if e.Next != "" {
		fmt.Fprintf(&b, "\nNext: %s", e.Next)
	}
	if e.Outcome == provision.OutcomeReverted {
		return b.String() // the time that ran out is the target's, and Next says why
	}
	return b.String() + hint(e.Err)
}

// hint says what to do about what ended from outside.
func hint(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "\nThe run was interrupted. Plan again to see where the device is."
	case errors.Is(err, context.DeadlineExceeded):
		return "\nThe time ran out. The resource's timeouts and the provider's ssh block say how much there is."
	}
	return ""
}

// nextOpen says what to do about a device that could not be opened, where no run
// has said it.
func nextOpen(err error) string {
	switch {
	case errors.Is(err, provision.ErrAuth):
		return "\nNext: check the credentials of this device and its host key."
	case errors.Is(err, provision.ErrUnreachable):
		return "\nNext: check the address, the port and that the device is up."
	}
	return ""
}

// sentence ends a text with a full stop.
func sentence(text string) string {
	if text == "" || strings.HasSuffix(text, ".") || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "."
}
