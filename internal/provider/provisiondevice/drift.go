package provisiondevice

import (
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
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
	if p.kept.Fingerprint(res.Running.Digest) == p.prior.RunningHash.ValueString() {
		return true
	}
	p.diags.Append(tfdiag.Error(p.name(),
		planning.Stale(p.name(), p.plan.Driver.ValueString(), "the running configuration", "device", res.Diff)))
	return false
}

// drift tells that somebody else changed the device since the last apply.
// Only a pending change of running gets here: in a merge, lines that the intent
// does not name are nobody's drift, and a run that was killed before it saved
// left nothing that somebody must answer for.
func (p *planner) drift(digest string, res provision.Result) {
	if p.prior == nil || res.Diff.LeavesRunning() || !p.kept.Changed(res.Running.Digest) {
		return
	}
	detail := "The running configuration is not the one that this run left. Somebody else changed it, or a later run was killed."
	if p.kept.Fingerprint(digest) != p.prior.IntendedHash.ValueString() {
		detail += " The intended configuration has changed as well: the difference can hold both."
		if !p.plan.ReplaceConfig.ValueBool() {
			detail += " Or somebody changed only lines that it does not name, which a merge leaves alone: from here that looks the same."
		}
	}
	reverts := "puts back what the intended configuration names, and leaves the rest"
	if p.plan.ReplaceConfig.ValueBool() {
		reverts = "puts it back"
	}
	p.diags.Append(planning.Drift{
		Name: p.name(), Run: p.kept.Run, Detail: detail, Reverts: reverts, Diff: res.Diff,
		Remedy: "Take the change into the intended configuration, undo it on the device, or set on_drift = \"revert\". " +
			"To make the device what is intended:",
	}.Tell(p.plan.OnDrift.ValueString()))
}
