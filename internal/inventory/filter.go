package inventory

import "slices"

// Matches tells whether the filter selects the device: within a field any
// value matches, between fields all must, an empty field matches everything.
// Values are compared to the letter.
func (f Filter) Matches(d Device) bool {
	return f.matches(d.Site, d.Role, d.Platform, d.Status, d.Tags)
}

// MatchesVirtualMachine is [Filter.Matches] for a virtual machine.
func (f Filter) MatchesVirtualMachine(v VirtualMachine) bool {
	return f.matches(v.Site, v.Role, v.Platform, v.Status, v.Tags)
}

func (f Filter) matches(site, role, platform, status string, tags []string) bool {
	return among(f.Sites, site) && among(f.Roles, role) && among(f.Platforms, platform) &&
		among(f.Statuses, status) && (len(f.Tags) == 0 || slices.ContainsFunc(f.Tags, func(t string) bool {
		return slices.Contains(tags, t)
	}))
}

func among(values []string, value string) bool {
	return len(values) == 0 || slices.Contains(values, value)
}
