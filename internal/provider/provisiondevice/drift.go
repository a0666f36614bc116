package provisiondevice

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/netprovision/terraform-provider-provision/internal/provider/tfdiag"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// fresh reports an error when the device is not what the state says. Read has
// just been there at plan; at apply it has not, and then the approved plan was
// made from something else. Another endpoint is another story: the state's
// fingerprint is of the old one.
func (p *planner) fresh(res provision.Result) bool {
	if p.prior == nil || p.prior.RunningHash.IsNull() || !p.prior.sameEndpoint(p.plan) {
		return true
	}
	if p.kept.fingerprint(res.Running.Digest) == p.prior.RunningHash.ValueString() {
		return true
	}
	p.diags.Append(tfdiag.Error(p.name(), &provision.Error{
		Target: p.name(), Driver: p.plan.Driver.ValueString(), Step: provision.StepCompare,
		Outcome: provision.OutcomeNotApplied, Checked: "nothing was sent to the device",
		Err: fmt.Errorf("%w: the running configuration is not the one that the plan was made from", provision.ErrStale),
		Next: "Plan again and review the new difference. If this was a plan with -refresh=false, leave that out: " +
			"without a refresh the state may be older than the device. The device now differs like this:\n" + res.Diff.String(),
	}))
	return false
}

// drift tells that somebody else changed the device since the last apply.
// Only a pending change of running gets here: in a merge, lines that the intent
// does not name are nobody's drift, and a run that was killed before it saved
// left nothing that somebody must answer for.
func (p *planner) drift(digest string, res provision.Result) {
	if p.prior == nil || p.kept.Applied == "" || res.Diff.LeavesRunning() ||
		p.kept.fingerprint(res.Running.Digest) == p.kept.Applied {
		return
	}
	summary := p.name() + ": changed outside Terraform since run " + p.kept.Run
	detail := "The running configuration is not the one that this run left. Somebody else changed it, or a later run was killed."
	if p.kept.fingerprint(digest) != p.prior.IntendedHash.ValueString() {
		detail += " The intended configuration has changed as well: the difference can hold both."
		if !p.plan.ReplaceConfig.ValueBool() {
			detail += " Or somebody changed only lines that it does not name, which a merge leaves alone: from here that looks the same."
		}
	}
	if p.plan.OnDrift.ValueString() == driftFail {
		p.diags.AddAttributeError(path.Root("on_drift"), summary,
			detail+" on_drift is \"fail\". Take the change into the intended configuration, undo it on the device, or set on_drift = \"revert\". "+
				"To make the device what is intended:\n"+res.Diff.String())
		return
	}
	what := "puts back what the intended configuration names, and leaves the rest"
	if p.plan.ReplaceConfig.ValueBool() {
		what = "puts it back"
	}
	p.diags.AddWarning(summary, detail+" The plan "+what+" (on_drift = \"revert\"); see diff.")
}
