// Package tfdiag turns errors of the core and the client into Terraform's
// diagnostics, in one place and one form. Summaries begin with the target's
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
	summary, detail := device.describe(name, err)
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

// words are what a kind of target is called, and what helps with it.
type words struct {
	kind           string // heads the detail
	noun           string
	auth, connect  string // what to check
	timeoutsReason string // where the limits are set
}

// device and host are the two kinds of targets.
var (
	device = words{
		kind: "Device", noun: "device",
		auth:           "check the credentials of this device and its host key",
		connect:        "check the address, the port and that the device is up",
		timeoutsReason: "The resource's timeouts and the provider's ssh block say how much there is.",
	}
	host = words{
		kind: "Host", noun: "host",
		auth:           "check token, or username and password, of the provider's zabbix block, and what its user may do",
		connect:        "check url and ca_file of the provider's zabbix block, and that Zabbix's frontend is up",
		timeoutsReason: "The resource's timeouts and timeout in the provider's zabbix block say how much there is.",
	}
)

// describe gives the summary and the detail of an error.
func (w words) describe(name string, err error) (summary, detail string) {
	var run *provision.Error
	if errors.As(err, &run) {
		return fmt.Sprintf("%s: %s failed", name, run.Step), w.runDetail(run)
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
	return name + ": " + summary, sentence(err.Error()) + w.nextOpen(err) + w.hint(err)
}

// runDetail is what a failed run has to say.
func (w words) runDetail(e *provision.Error) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s (%s)\nCause: %v", w.kind, e.Target, e.Driver, e.Err)
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
	return b.String() + w.hint(e.Err)
}

// hint says what to do about what ended from outside.
func (w words) hint(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "\nThe run was interrupted. Plan again to see where the " + w.noun + " is."
	case errors.Is(err, context.DeadlineExceeded):
		return "\nThe time ran out. " + w.timeoutsReason
	}
	return ""
}

// nextOpen says what to do about a target that could not be opened, where no run
// has said it.
func (w words) nextOpen(err error) string {
	var advised *provision.AdvisedError
	switch {
	case errors.As(err, &advised):
		return "\nNext: " + advised.Next + "."
	case errors.Is(err, provision.ErrAuth):
		return "\nNext: " + w.auth + "."
	case errors.Is(err, provision.ErrUnreachable):
		return "\nNext: " + w.connect + "."
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
