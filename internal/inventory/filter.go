package inventory

import (
	"fmt"
	"slices"
)

// Matches tells whether the filter selects the object: within a field any value
// matches, between fields all must, an empty field matches everything. Values
// are compared to the letter; those of custom fields by their text.
func (f Filter) Matches(o Object) bool {
	return among(f.Sites, o.Site) && among(f.Roles, o.Role) && among(f.Tenants, o.Tenant) &&
		among(f.Platforms, o.Platform) && among(f.Statuses, o.Status) && anyOf(f.Tags, o.Tags) && f.fields(o.CustomFields)
}

// fields tells whether the custom fields match.
func (f Filter) fields(have map[string]any) bool {
	for name, want := range f.CustomFields {
		if !anyOf(want, texts(have[name])) {
			return false
		}
	}
	return true
}

// texts are the values of a custom field as people write them; a list has
// several.
func texts(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var out []string
		for _, one := range v {
			out = append(out, texts(one)...)
		}
		return out
	}
	return []string{fmt.Sprint(v)}
}

// anyOf tells whether one of the values is wanted; everything is if nothing is.
func anyOf(wanted, have []string) bool {
	return len(wanted) == 0 || slices.ContainsFunc(have, func(v string) bool { return slices.Contains(wanted, v) })
}

func among(values []string, value string) bool {
	return len(values) == 0 || slices.Contains(values, value)
}
