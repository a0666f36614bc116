package zabbixtest

import (
	"slices"
	"strconv"
)

// massHosts finds the hosts of a host.massadd or host.massremove.
func (c *caller) massHosts(ids []int, field, readonly string) error {
	for i, id := range ids {
		h := c.st.real(id)
		if h == nil || !c.sees(h.groups, true) {
			return c.noMassHost(field, i)
		}
		if h.flags == 4 && readonly != "" && c.st.dialect.paths {
			return invalid("/"+field+at(i), "cannot update readonly parameter %q of discovered object", readonly)
		}
	}
	return nil
}

// noMassHost is what a mass call says of a host that is not there or not visible.
func (c *caller) noMassHost(field string, i int) error {
	if c.st.dialect.paths {
		return missing("/" + field + at(i))
	}
	if field == "hosts" {
		return denied("You do not have permission to perform this operation.")
	}
	return denied(noObject)
}

// readonly names what discovery owns among a call's parameters.
func readonly(o object, groups string) string {
	if len(list(o[groups])) > 0 {
		return "groups"
	}
	if len(list(o["interfaces"])) > 0 {
		return "interfaces"
	}
	return ""
}

func (c *caller) hostMassAdd(params any) (any, error) {
	o, _ := params.(object)
	if err := onlyFields(o, "/", "hosts", "groups", "macros", "templates", "interfaces"); err != nil && c.st.dialect.paths {
		return nil, err
	}
	if o["hosts"] == nil && c.st.dialect.paths {
		return nil, invalid("/", "the parameter %q is missing", "hosts")
	}
	ids := idsOf(o["hosts"], "hostid")
	if err := c.massHosts(ids, "hosts", readonly(o, "groups")); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := c.massAddTo(id, o); err != nil {
			return nil, err
		}
	}
	return object{"hostids": idTexts(ids)}, nil
}

func (c *caller) massAddTo(id int, o object) error {
	h := c.st.edit(id)
	if _, err := c.addInterfaces(h, list(o["interfaces"]), c.checkMain); err != nil {
		return err
	}
	if err := c.massAddGroups(h, o); err != nil {
		return err
	}
	if err := c.massAddMacros(h, o); err != nil {
		return err
	}
	return c.massAddTemplates(h, o)
}

// notAdded is what a mass call says of what cannot be added.
func (c *caller) notAdded(field string, i int) error {
	if c.st.dialect.paths {
		return missing("/" + field + at(i))
	}
	return denied(noObject)
}

// massAddGroups puts a host into more groups.
func (c *caller) massAddGroups(h *host, o object) error {
	for i, g := range idsOf(o["groups"], "groupid") {
		if slices.Contains(h.groups, g) {
			continue
		}
		if got := c.st.groups[g]; got == nil || got.template || !c.sees([]int{g}, true) {
			return c.notAdded("groups", i)
		}
		h.groups = append(slices.Clone(h.groups), g)
	}
	return nil
}

// massAddTemplates links more templates.
func (c *caller) massAddTemplates(h *host, o object) error {
	wanted := slices.Clone(h.templates)
	for i, t := range idsOf(o["templates"], "templateid") {
		if got := c.st.tmpl(t); got == nil || !c.sees(got.groups, false) {
			return c.notAdded("templates", i)
		}
		if !slices.Contains(wanted, t) {
			wanted = append(wanted, t)
		}
	}
	return c.link(h, wanted, false)
}

// massAddMacros adds macros; one of the same name is an error.
func (c *caller) massAddMacros(h *host, o object) error {
	macros := slices.Clone(h.macros)
	for i, v := range list(o["macros"]) {
		m, _ := v.(object)
		if err := c.checkMacro(m, "/macros"+at(i)); err != nil {
			return err
		}
		j := slices.IndexFunc(macros, func(old macro) bool { return old.macro == text(m["macro"]) })
		switch {
		case j >= 0 && !c.st.dialect.paths:
			return refused("Macro %q already exists on %q.", text(m["macro"]), h.name)
		case j >= 0:
			return invalid("/1/macros"+at(len(list(o["macros"]))+j), "value (macro)=(%s) already exists", text(m["macro"]))
		default:
			macros = append(macros, changedMacro(macro{id: c.st.own(h)}, m))
		}
	}
	h.macros = macros
	return nil
}

func (c *caller) hostMassRemove(params any) (any, error) {
	o, _ := params.(object)
	if err := onlyFields(o, "/", "hostids", "groupids", "macros", "templateids", "templateids_clear", "interfaces"); err != nil {
		return nil, err
	}
	if o["hostids"] == nil {
		if c.st.dialect.paths {
			return nil, invalid("/", "the parameter %q is missing", "hostids")
		}
		return nil, wrongArguments()
	}
	if o["interfaces"] != nil {
		return nil, unimplemented("parameter interfaces of host.massremove")
	}
	ids := numbers(o["hostids"])
	if err := c.massHosts(ids, "hostids", readonly(o, "groupids")); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := c.massRemoveFrom(id, o); err != nil {
			return nil, err
		}
	}
	return object{"hostids": idTexts(ids)}, nil
}

func (c *caller) massRemoveFrom(id int, o object) error {
	h := c.st.edit(id)
	cleared := numbers(o["templateids_clear"])
	wanted := append(numbers(o["templateids"]), cleared...)
	c.unlink(h, keep(h.templates, func(t int) bool { return slices.Contains(wanted, t) }), cleared)
	names := texts(o["macros"])
	h.macros = keep(h.macros, func(m macro) bool { return !slices.Contains(names, m.macro) })
	if groups := numbers(o["groupids"]); len(groups) > 0 {
		left := gone(h.groups, groups)
		if len(left) == 0 {
			return refused("Host %q cannot be without host group.", h.host)
		}
		h.groups = left
	}
	return nil
}

// itoa is short for ids in objects.
func itoa(id int) string { return strconv.Itoa(id) }
