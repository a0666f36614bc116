package zabbixtest

import (
	"slices"
	"strconv"
)

func (c *caller) maintenanceGet(params any) (any, error) {
	a := newArgs("maintenance.get", params)
	q := a.query()
	ids, hosts, groups := a.ids("maintenanceids"), a.ids("hostids"), a.ids("groupids")
	selHosts := a.fields("selectHosts")
	selGroups := c.groupSelects(a)
	if err := a.done(); err != nil {
		return nil, err
	}
	var rows []*maintenance
	for _, id := range sortedIDs(c.st.maintenances) {
		m := c.st.maintenances[id]
		if among(ids, id) && among(hosts, m.hosts...) && among(groups, m.groups...) && c.seesMaintenance(m, q.editable) {
			rows = append(rows, m)
		}
	}
	return answer(kind[*maintenance]{
		name: "maintenance", pk: "maintenanceid", sortable: []string{"maintenanceid", "name", "maintenance_type"},
		fields: []string{"maintenanceid", "name", "maintenance_type", "description", "active_since", "active_till", "tags_evaltype"},
		get:    maintenanceField,
		related: func(m *maintenance, o object) (err error) {
			return c.maintenanceRelated(m, o, selHosts, selGroups)
		},
	}, q, rows)
}

// groupSelects are the selects of groups that the version knows, by the property
// that they fill; the others are ignored.
func (c *caller) groupSelects(a *args) map[string]*fields {
	out := map[string]*fields{}
	if c.st.dialect.selectGroups {
		out["groups"] = a.fields("selectGroups")
	}
	if c.st.dialect.selectHostGroups {
		out["hostgroups"] = a.fields("selectHostGroups")
	}
	a.ignore("selectGroups", "selectHostGroups")
	return out
}

// seesMaintenance tells whether the caller sees all that a maintenance holds.
func (c *caller) seesMaintenance(m *maintenance, editable bool) bool {
	for _, id := range m.hosts {
		if h := c.st.real(id); h != nil && !c.sees(h.groups, editable) {
			return false
		}
	}
	return !slices.ContainsFunc(m.groups, func(g int) bool { return !c.sees([]int{g}, editable) })
}

func maintenanceField(m *maintenance, field string) any {
	switch field {
	case "maintenanceid":
		return strconv.Itoa(m.id)
	case "name":
		return m.name
	case "maintenance_type":
		return strconv.Itoa(m.kind)
	case "description":
		return m.description
	case "active_since":
		return strconv.FormatInt(m.since, 10)
	case "active_till":
		return strconv.FormatInt(m.till, 10)
	}
	return "0"
}

func (c *caller) maintenanceRelated(m *maintenance, o object, selHosts *fields, selGroups map[string]*fields) error {
	if selHosts != nil {
		k := c.hostKind()
		out := []any{}
		for _, id := range m.hosts {
			h := c.st.real(id)
			got, err := selHosts.pick(k.name, k.fields, k.foreign, []string{"hostid"}, func(n string) any { return k.get(h, n) })
			if err != nil {
				return err
			}
			out = append(out, got)
		}
		o["hosts"] = out
	}
	for property, selGroups := range selGroups {
		if selGroups == nil {
			continue
		}
		k := c.groupKind(false)
		out := []any{}
		for _, id := range m.groups {
			got, err := selGroups.pick(k.name, k.fields, k.foreign, nil, func(n string) any { return k.get(c.st.groups[id], n) })
			if err != nil {
				return err
			}
			out = append(out, got)
		}
		o[property] = out
	}
	return nil
}

func (c *caller) maintenanceCreate(params any) (any, error) {
	ids := []int{}
	for i, v := range list(params) {
		o, _ := v.(object)
		allowed := []string{"name", "maintenance_type", "description", "active_since", "active_till", "groups", "hosts", "timeperiods"}
		if c.st.dialect.maintenanceIDs {
			allowed = append(allowed, "groupids", "hostids")
		}
		if err := onlyFields(o, at(i), allowed...); err != nil {
			return nil, err
		}
		for _, field := range []string{"name", "active_since", "active_till", "timeperiods"} {
			if o[field] == nil {
				return nil, invalid(at(i), "the parameter %q is missing", field)
			}
		}
		m := &maintenance{
			id: c.st.id(), name: text(o["name"]), description: text(o["description"]),
			hosts:  append(idsOf(o["hosts"], "hostid"), numbers(o["hostids"])...),
			groups: append(idsOf(o["groups"], "groupid"), numbers(o["groupids"])...),
		}
		m.kind, _ = number(o["maintenance_type"])
		since, _ := number(o["active_since"])
		till, _ := number(o["active_till"])
		m.since, m.till = int64(since-since%60), int64(till-till%60)
		if err := c.checkMaintenance(m); err != nil {
			return nil, err
		}
		put(c.st, c.st.maintenances, m.id, m)
		ids = append(ids, m.id)
	}
	return object{"maintenanceids": idTexts(ids)}, nil
}

func (c *caller) checkMaintenance(m *maintenance) error {
	for _, old := range c.st.maintenances {
		if old.name == m.name {
			return refused("Maintenance %q already exists.", m.name)
		}
	}
	if len(m.hosts) == 0 && len(m.groups) == 0 {
		return refused("At least one host group or host must be selected.")
	}
	return c.checkMaintained(m)
}

// checkMaintained looks whether hosts and groups of a maintenance are there.
func (c *caller) checkMaintained(m *maintenance) error {
	for _, id := range m.hosts {
		if h := c.st.real(id); h == nil || !c.sees(h.groups, true) {
			return denied(noObject)
		}
	}
	for _, id := range m.groups {
		if c.st.groups[id] == nil || !c.sees([]int{id}, true) {
			return denied(noObject)
		}
	}
	return nil
}

func (c *caller) maintenanceDelete(params any) (any, error) {
	ids := numbers(params)
	for _, id := range ids {
		m := c.st.maintenances[id]
		if m == nil || !c.seesMaintenance(m, true) {
			return nil, denied(noObject)
		}
		for _, h := range slices.Clone(c.st.order) {
			if c.st.hosts[h].maintenance == id {
				c.st.edit(h).maintenance = 0
			}
		}
		drop(c.st, c.st.maintenances, id)
	}
	return object{"maintenanceids": idTexts(ids)}, nil
}
