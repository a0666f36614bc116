package planning

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// The values of on_drift.
const (
	DriftRevert = client.DriftRevert
	DriftFail   = client.DriftFail
)

// Stale is the error of a plan that was made from another state of the target
// than the present one. what is the thing that differs ("the running
// configuration"), where is what was not touched ("device").
func Stale(name, driver, what, where string, diff provision.Diff) error {
	return &provision.Error{
		Target: name, Driver: driver, Step: provision.StepCompare,
		Outcome: provision.OutcomeNotApplied, Checked: "nothing was sent to the " + where,
		Err: fmt.Errorf("%w: %s is not the one that the plan was made from", provision.ErrStale, what),
		Next: "Plan again and review the new difference. If this was a plan with -refresh=false, leave that out: " +
			"without a refresh the state may be older than the " + where + ". The " + where + " now differs like this:\n" + diff.String(),
	}
}

// Drift is a change that somebody else made since the last apply.
type Drift struct {
	Name string // the target's
	Run  string // the run that left the target otherwise
	// Detail says what was found.
	Detail string
	// Remedy says what a person can do instead of reverting it.
	Remedy string
	// Reverts says what the plan does ("puts it back").
	Reverts string
	Diff    provision.Diff
}

// Tell makes the warning of on_drift = "revert", or the error of "fail".
func (d Drift) Tell(onDrift string) diag.Diagnostic {
	summary := d.Name + ": changed outside Terraform since run " + d.Run
	if onDrift == DriftFail {
		return diag.NewAttributeErrorDiagnostic(path.Root("on_drift"), summary, d.Detail+" on_drift is \"fail\". "+d.Remedy+"\n"+d.Diff.String())
	}
	return diag.NewWarningDiagnostic(summary, d.Detail+" The plan "+d.Reverts+" (on_drift = \"revert\"); see diff.")
}
