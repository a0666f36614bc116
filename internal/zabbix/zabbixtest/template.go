package zabbixtest

import (
	"slices"
	"strconv"
	"strings"
)

func (c *caller) templateKind() kind[*host] {
	k := kind[*host]{
		name: "template", pk: "templateid",
		sortable: []string{"hostid", "host", "name", "status"},
		get: func(h *host, field string) any {
			switch field {
			case "templateid":
				return strconv.Itoa(h.id)
			case "uuid":
				return h.uuid
			case "tls_psk_identity", "tls_psk":
				return ""
			case "tls_connect", "tls_accept":
				return "1"
			}
			return c.hostField(h, field)
		},
	}
	// Templates are rows of the hosts' table, and "extend" shows it.
	hosts := c.hostKind()
	k.fields = append(keep(hosts.fields, func(f string) bool {
		return !slices.Contains([]string{"hostid", "templateid", "inventory_mode", "active_available", "assigned_proxyid"}, f)
	}), "templateid", "tls_psk_identity", "tls_psk")
	k.foreign = hosts.foreign
	return k
}

func (c *caller) templateGet(params any) (any, error) {
	a := newArgs("template.get", params)
	q := a.query()
	ids, hosts, groups, parents := a.ids("templateids"), a.ids("hostids"), a.ids("groupids"), a.ids("parentTemplateids")
	related := c.templateSelects(a)
	if err := a.done(); err != nil {
		return nil, err
	}
	linked := c.linkedTo(hosts)
	var rows []*host
	for _, id := range c.st.order {
		t := c.st.tmpl(id)
		if t == nil || !c.sees(t.groups, q.editable) {
			continue
		}
		if among(ids, id) && among(groups, t.groups...) && among(linked, id) && among(parents, t.templates...) {
			rows = append(rows, t)
		}
	}
	k := c.templateKind()
	k.related = related
	return answer(k, q, rows)
}

// linkedTo are the templates of hosts; nil if none are asked for.
func (c *caller) linkedTo(hosts []int) []int {
	if hosts == nil {
		return nil
	}
	linked := []int{}
	for _, id := range hosts {
		if h := c.st.hosts[id]; h != nil {
			linked = append(linked, h.templates...)
		}
	}
	return linked
}

func (c *caller) templateSelects(a *args) func(*host, object) error {
	selectors := []selector{
		{"selectParentTemplates", "parentTemplates", c.selectTemplates},
		{"selectMacros", "macros", c.selectMacros},
		{"selectTags", "tags", c.selectTags},
		{"selectItems", "items", func(t *host, f *fields) (any, error) { return onlyCount(f, "selectItems", len(t.items)) }},
		{"selectTriggers", "triggers", func(t *host, f *fields) (any, error) { return onlyCount(f, "selectTriggers", len(t.triggers)) }},
	}
	if c.st.dialect.selectGroups {
		selectors = append(selectors, selector{"selectGroups", "groups", c.selectGroups})
	}
	if c.st.dialect.templateGroups {
		selectors = append(selectors, selector{"selectTemplateGroups", "templategroups", c.selectGroups})
	}
	a.ignore("selectGroups", "selectTemplateGroups")
	return a.fill(selectors)
}

// onlyCount counts for a select that the fake knows no fields of.
func onlyCount(f *fields, param string, n int) (any, error) {
	if !f.count {
		return nil, unimplemented("%s of template.get but with count", param)
	}
	return strconv.Itoa(n), nil
}

func (c *caller) templateCreate(params any) (any, error) {
	ids := []int{}
	for i, v := range list(params) {
		o, _ := v.(object)
		if err := onlyKnown("template.create", o, "host", "name", "description", "groups", "templates", "macros", "tags"); err != nil {
			return nil, err
		}
		e := draft{i: i, o: o}
		t := &host{
			id: c.st.id(), template: true, status: 3, host: text(o["host"]), uuid: newSecret(16),
			description: text(o["description"]), groups: idsOf(o["groups"], "groupid"),
		}
		t.name = orElse(strings.TrimSpace(text(o["name"])), t.host)
		if err := c.checkNewTemplate(t); err != nil {
			return nil, err
		}
		c.st.insert(t)
		c.fillTags(t, e)
		if err := c.fillMacros(t, e); err != nil {
			return nil, err
		}
		if err := c.link(t, idsOf(o["templates"], "templateid"), false); err != nil {
			return nil, err
		}
		ids = append(ids, t.id)
	}
	return object{"templateids": idTexts(ids)}, nil
}

// checkNewTemplate checks name and groups of a template that is to be created.
func (c *caller) checkNewTemplate(t *host) error {
	if other := c.st.named(t.host); other != nil {
		what := "Host"
		if other.template {
			what = "Template"
		}
		return refused("%s with host name %q already exists.", what, t.host)
	}
	for _, g := range t.groups {
		if c.st.groups[g] == nil || c.st.groups[g].template != c.st.dialect.templateGroups {
			return denied(noObject)
		}
	}
	return nil
}

// templateDelete deletes templates with what hosts have of them.
func (c *caller) templateDelete(params any) (any, error) {
	ids := numbers(params)
	for _, id := range ids {
		t := c.st.tmpl(id)
		if t == nil || !c.sees(t.groups, true) {
			return nil, denied(noObject)
		}
	}
	for _, id := range ids {
		for _, m := range slices.Clone(c.st.order) {
			if slices.Contains(c.st.hosts[m].templates, id) {
				c.unlink(c.st.edit(m), []int{id}, []int{id})
			}
		}
		c.st.remove(id)
	}
	return object{"templateids": idTexts(ids)}, nil
}
