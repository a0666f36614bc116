package planning

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// Unreachable tells that an error means "the target does not answer". A
// refused login or a changed host key is not that: somebody must look at it.
func Unreachable(err error) bool {
	return errors.Is(err, provision.ErrUnreachable) ||
		errors.Is(err, provision.ErrConnectionLost) ||
		errors.Is(err, context.DeadlineExceeded)
}

// Skippable tells that on_unreachable = "skip" covers an error: the target
// does not answer, or the source of truth says that it is not ready.
func Skippable(err error) bool { return Unreachable(err) || errors.Is(err, client.ErrNotReady) }

// NotChecked is the warning of a target that was left out. what names its kind
// ("device"), where is what nothing was changed on ("on it").
func NotChecked(name, what, where string, err error) diag.Diagnostic {
	return diag.NewWarningDiagnostic("NOT CHECKED: "+name+": "+Where(err),
		err.Error()+"\n\nBecause of on_unreachable = \"skip\" the "+what+" keeps its state and nothing is planned for it. "+
			"If Terraform says of an apply that its final plan is inconsistent, "+where+" has stopped answering after the plan: nothing was changed on it, plan again.")
}

// With adds a sentence to a diagnostic.
func With(d diag.Diagnostic, more string) diag.Diagnostic {
	if at, ok := d.(diag.DiagnosticWithPath); ok {
		return diag.NewAttributeErrorDiagnostic(at.Path(), d.Summary(), d.Detail()+more)
	}
	return diag.NewErrorDiagnostic(d.Summary(), d.Detail()+more)
}
