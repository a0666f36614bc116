package provisiondevice

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// unknown names the attributes without which nothing can be reviewed and whose
// values are not known yet.
func (p *planner) unknown() []string {
	c := p.config
	var names []string
	for _, a := range []struct {
		name  string
		value attr.Value
	}{
		{"name", c.Name},
		{"host", c.Host},
		{"port", c.Port},
		{"driver", c.Driver},
		{"credentials", c.Credentials},
		{"config", c.Config},
		{"replace_config", c.ReplaceConfig},
		{"commit_changes", c.CommitChanges},
		{"save", c.Save},
		{"confirm_timeout", c.ConfirmTimeout},
		{"on_drift", c.OnDrift},
		{"on_unreachable", c.OnUnreachable},
		{"allow_unreviewed", c.AllowUnreviewed},
	} {
		if a.value.IsUnknown() {
			names = append(names, a.name)
		}
	}
	return names
}

// unreviewed refuses a plan that shows nothing, or lets it through with a
// warning when it is allowed to.
func (p *planner) unreviewed(names []string) {
	who := p.name()
	if p.config.Name.IsUnknown() {
		who = "provision_device"
	}
	if !p.config.AllowUnreviewed.ValueBool() {
		for _, n := range names {
			p.diags.AddAttributeError(path.Root(n), who+": "+n+" is not known at plan",
				"What cannot be reviewed is not applied. Make the value known at plan "+
					"(apply first what it comes from, with -target), or set allow_unreviewed = true to let apply "+
					"change the device without a reviewed difference.")
		}
		return
	}
	p.forget()
	p.diags.AddWarning(who+": planned without a difference to review",
		"Not known at plan: "+strings.Join(names, ", ")+". allow_unreviewed is true: apply works out the difference and makes it.")
}

// forget makes everything unknown that only the device can tell.
func (p *planner) forget() {
	m, c := &p.plan, p.config
	m.ID, m.Host, m.Port, m.Driver = c.Name, c.Host, c.Port, c.Driver
	if c.Host.IsNull() {
		m.Host = types.StringUnknown()
	}
	if c.Port.IsNull() {
		m.Port = types.Int64Unknown()
	}
	if c.Driver.IsNull() {
		m.Driver = types.StringUnknown()
	}
	m.Diff, m.DiffBy, m.ChangeID, m.UncommittedDiff = types.StringUnknown(), types.StringUnknown(), types.StringUnknown(), types.StringUnknown()
	m.IntendedHash, m.RunningHash = types.StringUnknown(), types.StringUnknown()
	m.UnmanagedLines = types.Int64Unknown()
}
