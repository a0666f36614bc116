package mapping

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Match tells what the rules give an object. An error names the object and
// everything that is wrong: no table for its kind, rules of which none wins,
// values that Zabbix does not take.
func (c *Config) Match(o Object) (Result, error) {
	why, err := c.excluded(o)
	if why != "" || err != nil {
		return Result{Excluded: why}, o.wrap(err)
	}
	layers, err := c.withOwn(o)
	if err != nil {
		return Result{}, o.wrap(err)
	}
	r := lay(layers)
	var tagErrs, keyErrs []error
	r.Tags, tagErrs = c.assignTags(o)
	r.Inventory, keyErrs = c.inventory(o)
	if errs := append(tagErrs, keyErrs...); len(errs) > 0 {
		for i := range errs {
			errs[i] = o.wrap(errs[i])
		}
		return Result{}, errors.Join(errs...)
	}
	return r, nil
}

// wrap says of which object an error is.
func (o Object) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: mappings: %w", o.Name, err)
}

// excluded tells why an object is left out.
func (c *Config) excluded(o Object) (string, error) {
	name := c.Exclude.CustomField
	if name == "" {
		return "", nil
	}
	fields, _ := o.Values["custom_fields"].(map[string]any)
	switch v := fields[name].(type) {
	case nil:
		return "", nil
	case bool:
		if v {
			return fmt.Sprintf("its custom field %q is true (exclude.custom_field)", name), nil
		}
		return "", nil
	default:
		return "", fmt.Errorf("exclude.custom_field: the custom field %q is %s, and true or false is needed", name, typeName(v))
	}
}

// table gives the rules for a kind of object.
func (c *Config) table(k Kind) ([]Rule, error) {
	var rules []Rule
	var key string
	switch k {
	case Device:
		rules, key = c.Devices, tableDevices
	case VirtualMachine:
		rules, key = c.VirtualMachines, tableVirtualMachines
	default:
		return nil, fmt.Errorf("there is no kind %q", k)
	}
	if len(rules) == 0 {
		return nil, fmt.Errorf("there are no rules for a %s: add %s with a default", strings.ReplaceAll(string(k), "_", " "), key)
	}
	return rules, nil
}

// withOwn are the layers with the object's own rule over them. An object that has
// one needs no others.
func (c *Config) withOwn(o Object) ([]Rule, error) {
	own, err := o.ownRule()
	if err != nil {
		return nil, err
	}
	if own != nil && len(c.Devices) == 0 && len(c.VirtualMachines) == 0 {
		return []Rule{*own}, nil
	}
	layers, err := c.layers(o)
	if err != nil || own == nil {
		return layers, err
	}
	return append(layers, *own), nil
}

// layers are the rules that give something, the general ones first: all that
// match, or the one that matches in most dimensions.
func (c *Config) layers(o Object) ([]Rule, error) {
	rules, err := c.table(o.Kind)
	if err != nil {
		return nil, err
	}
	var found []Rule
	for _, r := range rules {
		if r.matches(o) {
			found = append(found, r)
		}
	}
	if len(found) == 0 {
		return nil, errors.New("no rule matches, and there is no default")
	}
	slices.SortStableFunc(found, func(a, b Rule) int { return cmp.Compare(a.specificity(), b.specificity()) })
	if err := c.tied(found); err != nil {
		return nil, err
	}
	if c.Merge {
		return found, nil
	}
	most := found[len(found)-1].specificity()
	first := slices.IndexFunc(found, func(r Rule) bool { return r.specificity() == most })
	return found[first : first+1], nil
}

// tied finds two of the sorted rules of which neither wins. [Decode] finds
// them beforehand; this is for a Config made by hand.
func (c *Config) tied(sorted []Rule) error {
	decide := slices.DeleteFunc(slices.Clone(sorted), func(r Rule) bool { return !c.decides(r) })
	if len(decide) == 0 {
		return nil
	}
	last := decide[len(decide)-1]
	for _, r := range decide {
		if r.specificity() == last.specificity() && c.conflict(r, last) {
			return fmt.Errorf("the rules %q and %q match in as many dimensions (%d) and give different things, so neither wins",
				r.Name, last.Name, r.specificity())
		}
	}
	return nil
}

// decides tells whether a rule gives something of which there can be only one:
// everything, or who monitors the host when lists are united.
func (c *Config) decides(r Rule) bool { return !c.Merge || r.Proxy != "" || r.ProxyGroup != "" }

// conflict tells whether it matters which of two rules that decide wins.
func (c *Config) conflict(a, b Rule) bool {
	if a.Proxy != b.Proxy || a.ProxyGroup != b.ProxyGroup {
		return true
	}
	return !c.Merge && !(slices.Equal(a.Templates, b.Templates) && slices.Equal(a.HostGroups, b.HostGroups))
}

// matches tells whether a rule is for an object: all its dimensions must match,
// in each of them any value.
func (r Rule) matches(o Object) bool {
	within := func(values []string, v string) bool { return len(values) == 0 || slices.Contains(values, v) }
	return within(r.Sites, o.Site) && within(r.Roles, o.Role) && within(r.Platforms, o.Platform) &&
		(!r.fixesInterface() || r.Interface == o.Interface)
}

// fixesInterface tells whether the interface is one of the rule's dimensions.
func (r Rule) fixesInterface() bool { return r.Interface != "" && r.Interface != interfaceAny }

// specificity is in how many dimensions a rule matches.
func (r Rule) specificity() int {
	n := 0
	for _, has := range []bool{len(r.Sites) > 0, len(r.Roles) > 0, len(r.Platforms) > 0, r.fixesInterface()} {
		if has {
			n++
		}
	}
	return n
}

// lay lays rules over each other: lists are united, and who monitors the host
// comes from the last rule that says it.
func lay(layers []Rule) Result {
	var r Result
	for _, l := range layers {
		from := fmt.Sprintf("rule %q", l.Name)
		r.Rules = append(r.Rules, l.Name)
		r.Templates = unite(r.Templates, l.Templates, from)
		r.HostGroups = unite(r.HostGroups, l.HostGroups, from)
		if l.Proxy != "" {
			r.Proxy, r.ProxyGroup = Assigned{l.Proxy, from}, Assigned{}
		}
		if l.ProxyGroup != "" {
			r.Proxy, r.ProxyGroup = Assigned{}, Assigned{l.ProxyGroup, from}
		}
	}
	return r
}

// unite appends the names that are not there yet.
func unite(have []Assigned, names []string, from string) []Assigned {
	for _, name := range names {
		if !slices.ContainsFunc(have, func(a Assigned) bool { return a.Name == name }) {
			have = append(have, Assigned{name, from})
		}
	}
	return have
}

// Explain says of each value where it comes from, one line a value.
func (r Result) Explain() []string {
	if r.Excluded != "" {
		return []string{"excluded: " + r.Excluded}
	}
	var lines []string
	add := func(what, name, from string) { lines = append(lines, fmt.Sprintf("%s %s: %s", what, name, from)) }
	for _, t := range r.Templates {
		add("template", t.Name, t.From)
	}
	for _, g := range r.HostGroups {
		add("host group", g.Name, g.From)
	}
	if r.Proxy.Name != "" {
		add("proxy", r.Proxy.Name, r.Proxy.From)
	}
	if r.ProxyGroup.Name != "" {
		add("proxy group", r.ProxyGroup.Name, r.ProxyGroup.From)
	}
	for _, t := range r.Tags {
		add("tag", t.Name+"="+t.Value, t.From)
	}
	for _, k := range r.Inventory {
		add("inventory", k.Key+"="+k.Value, k.From)
	}
	return lines
}
