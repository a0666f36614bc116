package provisiondevice

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
)

// unknown names the attributes without which nothing can be reviewed and whose
// values are not known yet.
func (p *planner) unknown() []string {
	c := p.config
	return planning.Unknown(append([]planning.Named{
		{Name: "name", Value: c.Name},
		{Name: "site", Value: c.Site},
		{Name: "tenant", Value: c.Tenant},
		{Name: "host", Value: c.Host},
		{Name: "port", Value: c.Port},
		{Name: "driver", Value: c.Driver},
		{Name: "credentials", Value: c.Credentials},
		{Name: "config", Value: c.Config},
		{Name: "intended", Value: c.Intended},
		{Name: "replace_config", Value: c.ReplaceConfig},
		{Name: "commit_changes", Value: c.CommitChanges},
		{Name: "save", Value: c.Save},
		{Name: "confirm_timeout", Value: c.ConfirmTimeout},
		{Name: "on_drift", Value: c.OnDrift},
		{Name: "on_unreachable", Value: c.OnUnreachable},
		{Name: "allow_unreviewed", Value: c.AllowUnreviewed},
	}, inObject("intended", c.Intended)...))
}

// unreviewed refuses a plan that shows nothing, or lets it through with a
// warning when it is allowed to.
func (p *planner) unreviewed(names []string) {
	who := p.name()
	if p.config.Name.IsUnknown() {
		who = "provision_device"
	}
	allowed := p.config.AllowUnreviewed.ValueBool()
	if allowed {
		p.forget()
	}
	p.diags.Append(planning.Unreviewed(who, "the device", names, allowed)...)
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
