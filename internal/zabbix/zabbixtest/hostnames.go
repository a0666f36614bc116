package zabbixtest

import (
	"regexp"
	"slices"
	"strings"
)

// findHosts finds the hosts that elements name.
func (c *caller) findHosts(drafts []draft) error {
	seen := map[int]bool{}
	for i := range drafts {
		e := &drafts[i]
		id, err := c.hostID(*e, seen)
		if err != nil {
			return err
		}
		seen[id] = true
		if e.host = c.st.real(id); e.host != nil && c.sees(e.host.groups, true) {
			continue
		}
		if c.st.dialect.paths {
			return denied(noObject)
		}
		return refused(noObject)
	}
	return nil
}

// hostID is the id of the host that an element names.
func (c *caller) hostID(e draft, seen map[int]bool) (int, error) {
	strict := c.st.dialect.paths
	id, ok := number(e.o["hostid"])
	switch {
	case e.o["hostid"] == nil && strict:
		return 0, invalid(e.path(), "the parameter %q is missing", "hostid")
	case e.o["hostid"] == nil:
		return 0, refused("Wrong fields for host %q.", text(e.o["host"]))
	case !ok && strict:
		return 0, invalid(e.path("hostid"), "a number is expected")
	case seen[id] && strict:
		return 0, invalid(e.path(), "value (hostid)=(%d) already exists", id)
	}
	return id, nil
}

// checkDiscovered keeps what a discovery rule owns from being changed.
func (c *caller) checkDiscovered(e draft) error {
	if e.host.flags != 4 {
		return nil
	}
	allowed := []string{"hostid", "status", "inventory", "description"}
	if c.st.dialect.paths {
		allowed = append(allowed, "tags", "macros", "templates", "templates_clear")
	}
	for _, name := range sortedKeys(e.o) {
		if !slices.Contains(allowed, name) {
			return refused("Cannot update %q for a discovered host %q.", name, orElse(text(e.o["host"]), e.host.host))
		}
	}
	return nil
}

var hostName = regexp.MustCompile(`^[0-9A-Za-z_. \-]+$`)

func (c *caller) checkName(e draft) error {
	name := text(e.o["host"])
	if _, ok := e.o["host"].(string); !ok {
		return refused("Incorrect characters used for host name %q.", name)
	}
	if !hostName.MatchString(name) || strings.TrimSpace(name) != name {
		return refused("Incorrect characters used for host name %q.", name)
	}
	return nil
}

// names are the technical and visible name that an element sets.
func (e draft) names() (technical, visible string) {
	technical, visible = text(e.o["host"]), strings.TrimSpace(text(e.o["name"]))
	if visible == "" && e.o["host"] != nil && (e.host == nil || e.o["name"] != nil) {
		visible = technical
	}
	return technical, visible
}

// checkDuplicates looks for names that occur twice in the call.
func (c *caller) checkDuplicates(drafts []draft) error {
	technical, visible := map[string]bool{}, map[string]bool{}
	for _, e := range drafts {
		t, v := e.names()
		if t != "" && technical[t] {
			return refused("Duplicate host. Host with the same host name %q already exists in data.", t)
		}
		if v != "" && visible[v] {
			return refused("Duplicate host. Host with the same visible name %q already exists in data.", v)
		}
		technical[t], visible[v] = true, true
	}
	return nil
}

// checkTaken looks for hosts and templates of the same names.
func (c *caller) checkTaken(drafts []draft) error {
	taken := func(id int, e draft, template bool) bool {
		other := c.st.hosts[id]
		return other != nil && other.template == template && other != e.host
	}
	for _, template := range []bool{false, true} {
		what := "Host"
		if template {
			what = "Template"
		}
		for _, e := range drafts {
			t, v := e.names()
			if taken(c.st.byHost[t], e, template) {
				return refused("%s with the same name %q already exists.", what, t)
			}
			if taken(c.st.byName[v], e, template) {
				return refused("%s with the same visible name %q already exists.", what, v)
			}
		}
	}
	return nil
}

func (c *caller) checkStatus(e draft) error {
	v, ok := e.o["status"]
	if !ok || text(v) == "0" || text(v) == "1" {
		return nil
	}
	name := text(e.o["host"])
	if name == "" && e.host != nil {
		name = e.host.host
	}
	return denied("Incorrect status for host %q.", name)
}

func (c *caller) checkInventory(e draft) error {
	mode, has := e.o["inventory_mode"]
	if has && !slices.Contains([]string{"-1", "0", "1"}, text(mode)) {
		return denied("Incorrect value for field %q: value must be one of -1, 0, 1.", "inventory_mode")
	}
	inventory, _ := e.o["inventory"].(object)
	if len(inventory) == 0 {
		return nil
	}
	if has && text(mode) == "-1" {
		return refused("Cannot set inventory fields for disabled inventory.")
	}
	for _, field := range sortedKeys(inventory) {
		if !slices.Contains(inventoryFields, field) {
			return refused("Incorrect inventory field %q.", field)
		}
	}
	return nil
}
