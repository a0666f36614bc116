package provisiondevice

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tfdiag"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// failed reports a dry run that failed, or skips a device that does not answer
// where that is wanted.
func (p *planner) failed(ctx context.Context, err error) {
	if errors.Is(err, client.ErrUnknown) && p.config.AllowUnreviewed.ValueBool() {
		p.unreviewed([]string{err.Error()})
		return
	}
	if p.prior == nil || !p.skips() || !skippable(err) {
		p.diags.Append(p.failure(err))
		return
	}
	p.diags.AddWarning("NOT CHECKED: "+p.name()+": "+where(err),
		err.Error()+"\n\nBecause of on_unreachable = \"skip\" the device keeps its state and nothing is planned for it. "+
			"If Terraform says of an apply that its final plan is inconsistent, the device has stopped answering after the plan: nothing was changed on it, plan again.")
	p.core.Skipped(ctx, p.name(), p.prior.Driver.ValueString(), err)
	p.keepPrior()
}

// forgetting says how to be rid of a device that does not answer: Terraform
// makes an ordinary plan before that of a destroy, and nothing tells us which
// of the two it is.
const forgetting = "\nTo forget the device instead: take it out of the configuration, or destroy with -refresh=false. Neither needs the device."

// failure is the error of a dry run; of a device in the state that does not
// answer it says how to be rid of it.
func (p *planner) failure(err error) diag.Diagnostic {
	d := tfdiag.Error(p.name(), err)
	if p.prior == nil || !skippable(err) {
		return d
	}
	if at, ok := d.(diag.DiagnosticWithPath); ok {
		return diag.NewAttributeErrorDiagnostic(at.Path(), d.Summary(), d.Detail()+forgetting)
	}
	return diag.NewErrorDiagnostic(d.Summary(), d.Detail()+forgetting)
}

// skips tells whether a device that does not answer is left out.
func (p *planner) skips() bool {
	if p.config.OnUnreachable.IsNull() {
		return p.onUnreachable == unreachableSkip
	}
	return p.config.OnUnreachable.ValueString() == unreachableSkip
}

// keepPrior plans no change. Terraform accepts the prior value of an attribute
// only where the configuration has one as well: the others follow it.
func (p *planner) keepPrior() {
	m := *p.prior
	if m.Credentials.IsNull() != p.config.Credentials.IsNull() {
		m.Credentials = p.config.Credentials
	}
	if m.OnUnreachable.IsNull() != p.config.OnUnreachable.IsNull() {
		m.OnUnreachable = p.config.OnUnreachable
	}
	m.Timeouts = p.config.Timeouts
	p.plan = m
}

// unreachable tells that an error means "the device does not answer". A
// refused login or a changed host key is not that: somebody must look at it.
func unreachable(err error) bool {
	return errors.Is(err, provision.ErrUnreachable) ||
		errors.Is(err, provision.ErrConnectionLost) ||
		errors.Is(err, context.DeadlineExceeded)
}

// skippable tells that on_unreachable = "skip" covers an error: the device
// does not answer, or the source of truth says that it is not ready.
func skippable(err error) bool { return unreachable(err) || errors.Is(err, client.ErrNotReady) }
