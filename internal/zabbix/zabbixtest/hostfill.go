package zabbixtest

import (
	"fmt"
	"maps"
	"slices"
)

// fill sets what an element says on a host, in the order of the version:
// interfaces come before templates that are linked, and after those that are
// unlinked in 6.0.
func (c *caller) fill(h *host, e draft) error {
	if err := c.checkColumns(e); err != nil {
		return err
	}
	c.fillFields(h, e)
	c.fillTags(h, e)
	if err := c.fillMacros(h, e); err != nil {
		return err
	}
	if err := c.fillInventory(h, e); err != nil {
		return err
	}
	if e.o["groups"] != nil {
		h.groups = idsOf(e.o["groups"], "groupid")
	}
	cleared := idsOf(e.o["templates_clear"], "templateid")
	wanted := e.wanted(h.templates, cleared)
	unlink := func() { c.unlink(h, leaving(h.templates, wanted, cleared), cleared) }
	if !c.st.dialect.paths {
		unlink()
	}
	if err := c.fillInterfaces(h, e); err != nil {
		return err
	}
	if c.st.dialect.paths {
		unlink()
	}
	return c.link(h, wanted, e.o["templates"] != nil)
}

// wanted are the templates that an element leads to.
func (e draft) wanted(linked, cleared []int) []int {
	if e.o["templates"] != nil {
		return idsOf(e.o["templates"], "templateid")
	}
	return gone(linked, cleared)
}

// leaving are the templates that are not wanted any more, and those that are
// cleared before they are linked again.
func leaving(linked, wanted, cleared []int) []int {
	return append(gone(linked, wanted), keep(cleared, func(id int) bool {
		return slices.Contains(linked, id) && slices.Contains(wanted, id)
	})...)
}

// checkColumns is what only the database checks.
func (c *caller) checkColumns(e draft) error {
	if err := c.checkLengths(e); err != nil {
		return err
	}
	if c.st.dialect.paths {
		return nil
	}
	return c.checkColumnsOld(e)
}

// checkLengths checks what is longer than its column.
func (c *caller) checkLengths(e draft) error {
	for _, col := range []struct {
		name  string
		limit int
	}{{"host", 128}, {"name", 128}, {"tls_psk_identity", 128}, {"tls_psk", 512}} {
		v := text(e.o[col.name])
		if n := len([]rune(v)); n > col.limit {
			err := &Error{codeApplication, "Application error.", ""}
			if c.st.dialect.paths {
				err = &Error{codeInternal, "Internal error.", ""}
			}
			err.Data = fmt.Sprintf("Value %q is too long for field %q - %d characters. Allowed length is %d characters.", v, col.name, n, col.limit)
			return err
		}
	}
	return nil
}

// checkColumnsOld is what only the database of 6.0 checks.
func (c *caller) checkColumnsOld(e draft) error {
	groups, templates := idsOf(e.o["groups"], "groupid"), idsOf(e.o["templates"], "templateid")
	proxy, _ := number(e.o["proxy_hostid"])
	switch {
	case repeated(groups) != 0:
		return denied("SQL statement execution has failed \"INSERT INTO hosts_groups\".")
	case proxy != 0 && c.st.proxies[proxy] == nil:
		return denied("SQL statement execution has failed \"INSERT INTO hosts (hostid,host,proxy_hostid,name)\".")
	case repeated(templates) != 0 && e.host == nil:
		return denied("SQL statement execution has failed \"INSERT INTO hosts_templates\".")
	case repeated(templates) != 0:
		return refused("Cannot pass duplicate template IDs for the linkage: template ID \"%d\" is passed 2 times.", repeated(templates))
	}
	return nil
}

// repeated is an id that occurs twice; 0 if there is none.
func repeated(ids []int) int {
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			return id
		}
	}
	return 0
}

// gone are the elements of a that are not in b.
func gone(a, b []int) []int {
	return keep(a, func(id int) bool { return !slices.Contains(b, id) })
}

func idsOf(v any, field string) []int {
	out := []int{}
	for _, e := range list(v) {
		if o, ok := e.(object); ok {
			id, _ := number(o[field])
			out = append(out, id)
		}
	}
	return out
}

func (c *caller) fillFields(h *host, e draft) {
	set := func(field string, target *string) {
		if v, ok := e.o[field]; ok {
			*target = text(v)
		}
	}
	setInt := func(field string, target *int) {
		if v, ok := e.o[field]; ok {
			*target, _ = number(v)
		}
	}
	set("description", &h.description)
	setInt("status", &h.status)
	for _, field := range []string{"ipmi_authtype", "ipmi_privilege", "ipmi_username", "ipmi_password"} {
		if v, ok := e.o[field]; ok {
			h.ipmi = maps.Clone(h.ipmi)
			h.ipmi[field] = text(v)
		}
	}
	if c.st.dialect.monitoredBy {
		setInt("monitored_by", &h.monitoredBy)
		setInt("proxyid", &h.proxy)
		setInt("proxy_groupid", &h.proxyGroup)
		if h.monitoredBy != 1 {
			h.proxy = 0
		}
		if h.monitoredBy != 2 {
			h.proxyGroup = 0
		}
	} else {
		setInt("proxy_hostid", &h.proxy)
	}
	setInt("tls_connect", &h.tlsConnect)
	setInt("tls_accept", &h.tlsAccept)
	set("tls_psk_identity", &h.pskIdentity)
	set("tls_psk", &h.psk)
	set("tls_issuer", &h.tlsIssuer)
	set("tls_subject", &h.tlsSubject)
	h.dropUnusedTLS()
}

// dropUnusedTLS takes away what the encryption of a host does not use.
func (h *host) dropUnusedTLS() {
	if !uses(h.tlsConnect, h.tlsAccept, 2) {
		h.pskIdentity, h.psk = "", ""
	}
	if !uses(h.tlsConnect, h.tlsAccept, 4) {
		h.tlsIssuer, h.tlsSubject = "", ""
	}
}

func (c *caller) fillTags(h *host, e draft) {
	v, ok := e.o["tags"]
	if !ok {
		return
	}
	tags := []tag{}
	for _, v := range list(v) {
		o, _ := v.(object)
		t := tag{name: text(o["tag"]), value: text(o["value"])}
		if i := slices.IndexFunc(h.tags, func(old tag) bool { return old.name == t.name && old.value == t.value }); i >= 0 {
			t.automatic = h.tags[i].automatic
		}
		tags = append(tags, t)
	}
	// What discovery made stays, also if it is not named.
	for _, old := range h.tags {
		if old.automatic == 1 && !slices.Contains(tags, old) {
			tags = append(tags, old)
		}
	}
	h.tags = tags
}

func (c *caller) fillInventory(h *host, e draft) error {
	inventory, _ := e.o["inventory"].(object)
	mode, has := number(e.o["inventory_mode"])
	switch {
	case has && mode == -1:
		h.inventoryMode, h.inventory = -1, map[string]string{}
		return nil
	case has:
		h.inventoryMode = mode
	default:
		if err := enableInventory(h, e.host == nil, inventory); err != nil {
			return err
		}
	}
	if len(inventory) == 0 {
		return nil
	}
	h.inventory = maps.Clone(h.inventory)
	for field, v := range inventory {
		h.inventory[field] = text(v)
	}
	return nil
}

// enableInventory makes room for an inventory that comes without a mode: a new
// host has it by hand then.
func enableInventory(h *host, isNew bool, inventory object) error {
	switch {
	case len(inventory) == 0:
	case isNew:
		h.inventoryMode = 0
	case h.inventoryMode == -1:
		return refused("Inventory disabled for host %q.", h.host)
	}
	return nil
}
