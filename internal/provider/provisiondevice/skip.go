package provisiondevice

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tfdiag"
)

// failed reports a dry run that failed, or skips a device that does not answer
// where that is wanted.
func (p *planner) failed(ctx context.Context, err error) {
	if errors.Is(err, client.ErrUnknown) && p.config.AllowUnreviewed.ValueBool() {
		p.unreviewed([]string{err.Error()})
		return
	}
	if p.prior == nil || !p.skips() || !planning.Skippable(err) {
		p.diags.Append(p.failure(err))
		return
	}
	p.diags.Append(planning.NotChecked(p.name(), "device", "the device", err))
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
	if p.prior == nil || !planning.Skippable(err) {
		return d
	}
	return planning.With(d, forgetting)
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
	m.Site, m.Tenant, m.Intended = p.config.Site, p.config.Tenant, p.config.Intended
	if m.Credentials.IsNull() != p.config.Credentials.IsNull() {
		m.Credentials = p.config.Credentials
	}
	if m.OnUnreachable.IsNull() != p.config.OnUnreachable.IsNull() {
		m.OnUnreachable = p.config.OnUnreachable
	}
	m.Timeouts = p.config.Timeouts
	p.plan = m
}
