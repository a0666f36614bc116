package inventory

import "slices"

// Matches tells whether the filter selects the device: within a field any
// value matches, between fields all must, an empty field matches everything.
// Values are compared to the letter.
func (f Filter) Matches(d Device) bool {
	return among(f.Sites, d.Site) && among(f.Roles, d.Role) && among(f.Platforms, d.Platform) &&
		among(f.Statuses, d.Status) && (len(f.Tags) == 0 || slices.ContainsFunc(f.Tags, func(t string) bool {
		return slices.Contains(d.Tags, t)
	}))
}

func among(values []string, value string) bool {
	return len(values) == 0 || slices.Contains(values, value)
}
