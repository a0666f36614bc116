package zabbixtest

import (
	"slices"
	"strconv"
	"strings"
)

func (c *caller) groupKind(template bool) kind[*group] {
	k := kind[*group]{
		name: "host group", pk: "groupid", sortable: []string{"groupid", "name"}, strict: c.st.dialect.templateGroups, fields: []string{"groupid", "name", "flags", "uuid"}, foreign: []string{"internal"},
		get: func(g *group, field string) any {
			switch field {
			case "groupid":
				return strconv.Itoa(g.id)
			case "name":
				return g.name
			case "flags":
				return strconv.Itoa(g.flags)
			case "uuid":
				return g.uuid
			}
			return "0"
		},
	}
	switch {
	case template:
		k.name, k.fields = "template group", []string{"groupid", "name", "uuid"}
	case !c.st.dialect.templateGroups:
		k.fields, k.foreign = append(k.fields, "internal"), nil
	}
	return k
}

func (c *caller) hostGroupGet(params any) (any, error) { return c.groupGet(params, false) }

func (c *caller) templateGroupGet(params any) (any, error) { return c.groupGet(params, true) }

func (c *caller) groupGet(params any, template bool) (any, error) {
	a := newArgs(c.method, params)
	q := a.query()
	ids, hosts, templates := a.ids("groupids"), a.ids("hostids"), a.ids("templateids")
	withHosts := a.flag("with_hosts") || a.flag("real_hosts")
	if err := a.done(); err != nil {
		return nil, err
	}
	var rows []*group
	for _, id := range sortedIDs(c.st.groups) {
		g := c.st.groups[id]
		if g.template != template || !among(ids, id) || !c.sees([]int{id}, q.editable) ||
			!c.holds(id, hosts, templates, withHosts) {
			continue
		}
		rows = append(rows, g)
	}
	return answer(c.groupKind(template), q, rows)
}

// holds tells whether a group has the members that a get asks for.
func (c *caller) holds(group int, hosts, templates []int, withHosts bool) bool {
	members := c.members(group)
	return among(hosts, members...) && among(templates, members...) &&
		(!withHosts || slices.ContainsFunc(members, func(m int) bool { return c.st.real(m) != nil }))
}

// members are the hosts and templates of a group.
func (c *caller) members(group int) []int {
	out := []int{}
	for _, id := range c.st.order {
		if slices.Contains(c.st.hosts[id].groups, group) {
			out = append(out, id)
		}
	}
	return out
}

func (c *caller) hostGroupCreate(params any) (any, error) { return c.groupCreate(params, false) }

func (c *caller) templateGroupCreate(params any) (any, error) { return c.groupCreate(params, true) }

func (c *caller) groupCreate(params any, template bool) (any, error) {
	what := "Host group"
	if template {
		what = "Template group"
	}
	elements := list(params)
	if len(elements) == 0 {
		return nil, invalid("/", "cannot be empty")
	}
	names, err := newGroupNames(elements, what)
	if err != nil {
		return nil, err
	}
	ids := []int{}
	for _, name := range names {
		if c.st.groupNamed(name, template) != nil {
			return nil, refused("%s %q already exists.", what, name)
		}
		g := &group{id: c.st.id(), name: name, template: template, uuid: newSecret(16)}
		put(c.st, c.st.groups, g.id, g)
		ids = append(ids, g.id)
	}
	return object{"groupids": idTexts(ids)}, nil
}

// newGroupNames are the names of groups that are to be created.
func newGroupNames(elements []any, what string) ([]string, error) {
	var names []string
	for i, v := range elements {
		o, _ := v.(object)
		if err := onlyFields(o, at(i), "name", "uuid"); err != nil {
			return nil, err
		}
		if o["name"] == nil {
			return nil, invalid(at(i), "the parameter %q is missing", "name")
		}
		name := text(o["name"])
		if why := wrongGroupName(name, what); why != "" {
			return nil, invalid(at(i)+"/name", "%s", why)
		}
		if slices.Contains(names, name) {
			return nil, invalid(at(i), "value (name)=(%s) already exists", name)
		}
		names = append(names, name)
	}
	return names, nil
}

// wrongGroupName says what is wrong with a group's name.
func wrongGroupName(name, what string) string {
	switch {
	case name == "":
		return "cannot be empty"
	case len([]rune(name)) > 255:
		return "value is too long"
	case strings.HasPrefix(name, "/") || strings.HasSuffix(name, "/") || strings.Contains(name, "//"):
		return "invalid " + strings.ToLower(what) + " name"
	}
	return ""
}

func (c *caller) hostGroupDelete(params any) (any, error) {
	ids := numbers(params)
	for _, id := range ids {
		g := c.st.groups[id]
		if g == nil || !c.sees([]int{id}, true) {
			return nil, denied(noObject)
		}
		for _, m := range c.members(id) {
			h := c.st.hosts[m]
			if len(gone(h.groups, ids)) == 0 {
				return nil, c.groupless(h)
			}
		}
		for _, m := range c.members(id) {
			h := c.st.edit(m)
			h.groups = gone(h.groups, []int{id})
		}
		drop(c.st, c.st.groups, id)
	}
	return object{"groupids": idTexts(ids)}, nil
}

func (c *caller) groupless(h *host) error {
	if h.template && c.st.dialect.templateGroups {
		return refused("Template %q cannot be without template group.", h.host)
	}
	if h.template {
		return refused("Template %q cannot be without host group.", h.host)
	}
	return refused("Host %q cannot be without host group.", h.host)
}
