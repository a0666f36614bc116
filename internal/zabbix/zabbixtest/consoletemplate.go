package zabbixtest

import (
	"fmt"
	"slices"
)

// addTemplate adds a template with what it needs.
func (st *state) addTemplate(v Template) (int, error) {
	t := &host{id: st.id(), template: true, status: 3, host: v.Name, name: orElse(v.VisibleName, v.Name), uuid: newSecret(16)}
	if st.named(t.host) != nil {
		return 0, fmt.Errorf("%q is there already", v.Name)
	}
	for _, name := range v.Groups {
		t.groups = append(t.groups, st.templateGroup(name).id)
	}
	st.insert(t)
	c := &caller{st: st, user: st.users[1]}
	var parents []int
	for _, name := range v.Parents {
		p := st.named(name)
		if p == nil || !p.template {
			return 0, fmt.Errorf("there is no template %q", name)
		}
		parents = append(parents, p.id)
	}
	if err := c.link(t, parents, false); err != nil {
		return 0, err
	}
	for _, i := range v.Items {
		t.items = append(t.items, item{id: st.own(t), key: i.Key, name: orElse(i.Name, i.Key), kind: i.Type, delay: "1m"})
	}
	return t.id, st.addTriggers(t, v.Triggers)
}

// templateGroup gives a group for templates, which it makes if there is none.
func (st *state) templateGroup(name string) *group {
	g := st.groupNamed(name, true)
	if g == nil {
		g = &group{id: st.id(), name: name, template: st.dialect.templateGroups, uuid: newSecret(16)}
		put(st, st.groups, g.id, g)
	}
	return g
}

func (st *state) addTriggers(t *host, triggers []Trigger) error {
	for _, tr := range triggers {
		if len(t.items) == 0 {
			return fmt.Errorf("trigger %q needs an item", tr.Name)
		}
		made := trigger{
			id: st.own(t), description: tr.Name, priority: 3,
			expr: "last(/" + t.host + "/" + t.items[0].key + ")=0", items: []int{t.items[0].id},
		}
		for _, d := range tr.DependsOn {
			other := st.named(d.Template)
			if other == nil {
				return fmt.Errorf("there is no template %q", d.Template)
			}
			i := slices.IndexFunc(other.triggers, func(t trigger) bool { return t.description == d.Trigger })
			if i < 0 {
				return fmt.Errorf("template %q has no trigger %q", d.Template, d.Trigger)
			}
			made.depends = append(made.depends, other.triggers[i].id)
		}
		t.triggers = append(t.triggers, made)
	}
	return nil
}
