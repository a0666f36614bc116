package mapping

import "strings"

// ruleKeys are the keys of a rule.
var ruleKeys = []string{
	"name", "default", "sites", "roles", "platforms", "interface_type", "templates", "host_groups", "proxy", "proxy_group",
}

// table reads the rules for one kind of object.
func (d *decoder) table(f fields, key string, merge bool) []Rule {
	at, ok := f[key]
	if !ok {
		return nil
	}
	elements, ok := at.v.([]any)
	if !ok {
		d.add(at.errorf("a list of rules is needed, not %s", typeName(at.v)))
		return nil
	}
	rules := make([]Rule, len(elements))
	for i, e := range elements {
		rules[i] = d.rule(at.index(i), e, merge)
	}
	d.checkNames(at.place, rules)
	d.checkDefaults(at.place, rules)
	return rules
}

// rule reads one rule.
func (d *decoder) rule(at place, v any, merge bool) Rule {
	m, _ := v.(map[string]any)
	name, _ := m["name"].(string)
	at = at.named(name)
	f := d.object(at, v, ruleKeys)
	r := Rule{
		Name: d.text(f, "name"), Default: d.truth(f, "default"),
		Sites: d.texts(f, "sites"), Roles: d.texts(f, "roles"), Platforms: d.texts(f, "platforms"),
		Interface: d.choice(f, "interface_type", interfaceAny, "agent", "snmp"),
		Templates: d.texts(f, "templates"), HostGroups: d.texts(f, "host_groups"),
		Proxy: d.text(f, "proxy"), ProxyGroup: d.text(f, "proxy_group"),
	}
	if f == nil {
		return r
	}
	d.need(f, at, "name")
	d.checkDimensions(at, r)
	d.checkGifts(at, r, merge)
	return r
}

// checkDimensions checks that the default has none, and every other rule one.
func (d *decoder) checkDimensions(at place, r Rule) {
	switch {
	case r.Default && r.specificity() > 0:
		d.add(at.errorf("the default matches everything: it has no sites, roles, platforms or interface_type"))
	case !r.Default && r.specificity() == 0:
		d.add(at.errorf("it matches everything, as only the default does: give it sites, roles, platforms or an interface_type " +
			"that is not \"any\", or default = true"))
	}
}

// checkGifts checks what a rule gives. Where rules are merged, the default gives
// at least a template and the others at least something.
func (d *decoder) checkGifts(at place, r Rule, merge bool) {
	if r.Proxy != "" && r.ProxyGroup != "" {
		d.add(at.errorf("proxy and proxy_group exclude each other"))
	}
	something := len(r.HostGroups) > 0 || r.Proxy != "" || r.ProxyGroup != ""
	switch {
	case len(r.Templates) > 0 || merge && !r.Default && something:
	case merge && !r.Default:
		d.add(at.errorf("it gives nothing: name templates, host_groups, a proxy or a proxy_group"))
	default:
		d.add(at.errorf("it names no template: templates needs at least one"))
	}
}

// checkNames finds names that two rules have.
func (d *decoder) checkNames(at place, rules []Rule) {
	first := map[string]int{}
	for i, r := range rules {
		if r.Name == "" {
			continue
		}
		if j, taken := first[r.Name]; taken {
			d.add(at.index(i).named(r.Name).errorf("%s has the same name", dotted(at.index(j).path)))
			continue
		}
		first[r.Name] = i
	}
}

// checkDefaults checks that there is exactly one default.
func (d *decoder) checkDefaults(at place, rules []Rule) {
	var defaults []string
	for i, r := range rules {
		if r.Default {
			defaults = append(defaults, at.index(i).named(r.Name).rule)
		}
	}
	switch len(defaults) {
	case 0:
		d.add(at.errorf("there is no default: one rule, without dimensions, needs default = true"))
	case 1:
	default:
		d.add(at.errorf("only one rule can be the default, and these are: %s", strings.Join(defaults, ", ")))
	}
}
