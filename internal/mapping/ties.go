package mapping

import (
	"fmt"
	"slices"
	"strings"
)

// dimensions are what a rule can match, in the order of the documentation.
var dimensions = []string{"site", "role", "platform", "interface_type"}

// values are what a rule names in a dimension; none matches everything.
func (r Rule) values(dimension int) []string {
	switch dimension {
	case 0:
		return r.Sites
	case 1:
		return r.Roles
	case 2:
		return r.Platforms
	}
	if r.fixesInterface() {
		return []string{r.Interface}
	}
	return nil
}

// names tells whether a rule matches a value in a dimension.
func (r Rule) names(dimension int, value string) bool {
	values := r.values(dimension)
	return len(values) == 0 || slices.Contains(values, value)
}

// checkTies finds pairs of rules of which neither wins for some object.
func (d *decoder) checkTies(c *Config) {
	for _, t := range []struct {
		key   string
		rules []Rule
	}{{tableDevices, c.Devices}, {tableVirtualMachines, c.VirtualMachines}} {
		at := place{}.key(t.key)
		for j, b := range t.rules {
			for i, a := range t.rules[:j] {
				example, tie := c.tie(t.rules, a, b)
				if !tie {
					continue
				}
				d.add(at.index(j).named(b.Name).errorf("it ties with %s: both match in as many dimensions (%d) and give different things, "+
					"for example for an object with %s; narrow one of them, or add a rule for both",
					at.index(i).named(a.Name).rule, b.specificity(), example))
			}
		}
	}
}

// tie looks for an object for which neither of two rules wins and no other one
// does, and describes it.
func (c *Config) tie(rules []Rule, a, b Rule) (string, bool) {
	if !c.mayTie(a, b) {
		return "", false
	}
	var over []Rule // those that win over both
	for _, r := range rules {
		if r.specificity() > a.specificity() && c.decides(r) {
			over = append(over, r)
		}
	}
	object := make([]string, len(dimensions))
	if !uncovered(a, b, over, object, 0) {
		return "", false
	}
	return describe(object, a, b), true
}

// mayTie tells that two rules give different things, and that neither wins where
// both match.
func (c *Config) mayTie(a, b Rule) bool {
	return a.specificity() == b.specificity() && overlap(a, b) && c.decides(a) && c.decides(b) && c.conflict(a, b)
}

// describe names an object by what one of two rules looks at.
func describe(object []string, a, b Rule) string {
	var said []string
	for dim, value := range object {
		if value != "" && len(a.values(dim))+len(b.values(dim)) > 0 {
			said = append(said, fmt.Sprintf("%s %q", dimensions[dim], value))
		}
	}
	return strings.Join(said, ", ")
}

// overlap tells whether there is an object that two rules match. Most rules are
// told apart here, before anything dearer is looked at.
func overlap(a, b Rule) bool {
	for dim := range dimensions {
		values := a.values(dim)
		if len(values) > 0 && !slices.ContainsFunc(values, func(v string) bool { return b.names(dim, v) }) {
			return false
		}
	}
	return true
}

// uncovered fills in an object, from a dimension on, that both rules match and
// none of the others.
func uncovered(a, b Rule, over []Rule, object []string, dimension int) bool {
	if dimension == len(object) {
		return len(over) == 0
	}
	for _, value := range common(a, b, dimension) {
		rest := make([]Rule, 0, len(over))
		for _, r := range over {
			if r.names(dimension, value) {
				rest = append(rest, r)
			}
		}
		object[dimension] = value
		if uncovered(a, b, rest, object, dimension+1) {
			return true
		}
	}
	return false
}

// common are the values that two rules match in a dimension. Where both match
// everything, an object that has no value there is the one that the fewest
// other rules match; only an interface always has a type.
func common(a, b Rule, dimension int) []string {
	candidates := []string{""}
	if dimension == len(dimensions)-1 {
		candidates = []string{"agent", "snmp"}
	}
	if values := append(slices.Clone(a.values(dimension)), b.values(dimension)...); len(values) > 0 {
		candidates = values
	}
	var both []string
	for _, v := range candidates {
		if a.names(dimension, v) && b.names(dimension, v) && !slices.Contains(both, v) {
			both = append(both, v)
		}
	}
	return both
}
