package zabbixtest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// hostFields are the fields that host.create and host.update know; those of
// other versions are ignored, as Zabbix ignores every field it does not know.
var hostFields = []string{
	"hostid", "host", "name", "description", "status", "groups", "templates", "templates_clear", "tags", "macros",
	"interfaces", "inventory", "inventory_mode", "proxyid", "proxy_groupid", "monitored_by", "proxy_hostid",
	"tls_connect", "tls_accept", "tls_psk_identity", "tls_psk", "tls_issuer", "tls_subject",
	"ipmi_authtype", "ipmi_privilege", "ipmi_username", "ipmi_password",
}

// draft is one element of a host.create or host.update.
type draft struct {
	i    int
	o    object
	host *host // as it was before; nil in a create
}

// path names a parameter of the element.
func (e draft) path(parts ...string) string {
	p := at(e.i)
	for _, part := range parts {
		p += "/" + part
	}
	return p
}

// drafts takes the elements of a write.
func (c *caller) drafts(params any) ([]draft, error) {
	elements := list(params)
	if len(elements) == 0 {
		if c.st.dialect.paths {
			return nil, invalid("/", "cannot be empty")
		}
		return nil, refused("Empty input parameter.")
	}
	var out []draft
	for i, e := range elements {
		o, ok := e.(object)
		if !ok {
			return nil, invalid(at(i), "an array is expected")
		}
		if err := onlyKnown(c.method, o, hostFields...); err != nil {
			return nil, err
		}
		out = append(out, draft{i: i, o: o})
	}
	return out, nil
}

func (c *caller) hostCreate(params any) (any, error) {
	drafts, err := c.drafts(params)
	if err != nil {
		return nil, err
	}
	if err := c.checkCreate(drafts); err != nil {
		return nil, err
	}
	ids := []int{}
	for _, e := range drafts {
		h := &host{
			id: c.st.id(), host: text(e.o["host"]), inventoryMode: -1, tlsConnect: 1, tlsAccept: 1,
			inventory: map[string]string{}, ipmi: map[string]string{}, changed: c.st.now,
		}
		h.name = orElse(strings.TrimSpace(text(e.o["name"])), h.host)
		c.st.insert(h)
		if err := c.fill(h, e); err != nil {
			return nil, err
		}
		ids = append(ids, h.id)
	}
	return object{"hostids": idTexts(ids)}, nil
}

// checkCreate does the checks of all elements before the first takes effect.
func (c *caller) checkCreate(drafts []draft) error {
	if c.st.dialect.paths {
		for _, e := range drafts {
			if err := c.checkShape(e); err != nil {
				return err
			}
		}
		if err := c.checkReferences(drafts); err != nil {
			return err
		}
	}
	for _, e := range drafts {
		if e.o["host"] == nil {
			return refused("Wrong fields for host %q.", "")
		}
		if err := c.checkName(e); err != nil {
			return err
		}
		if !c.st.dialect.paths {
			if err := c.checkShape(e); err != nil {
				return err
			}
		}
	}
	if err := c.checkDuplicates(drafts); err != nil {
		return err
	}
	if !c.st.dialect.paths {
		if err := c.checkReferences(drafts); err != nil {
			return err
		}
	}
	return c.checkRest(drafts)
}

// checkRest does the last checks of create and update.
func (c *caller) checkRest(drafts []draft) error {
	for _, e := range drafts {
		if err := c.checkStatus(e); err != nil {
			return err
		}
		if err := c.checkInventory(e); err != nil {
			return err
		}
	}
	if err := c.checkTaken(drafts); err != nil {
		return err
	}
	if c.st.dialect.paths {
		return nil
	}
	for _, e := range drafts {
		if err := c.checkTLS(e); err != nil {
			return err
		}
	}
	return nil
}

func (c *caller) hostUpdate(params any) (any, error) {
	drafts, err := c.drafts(params)
	if err != nil {
		return nil, err
	}
	if err := c.checkUpdate(drafts); err != nil {
		return nil, err
	}
	ids := []int{}
	for _, e := range drafts {
		h := c.st.edit(e.host.id)
		if name, ok := e.o["host"]; ok {
			// A technical name without a visible one resets that as well.
			c.st.rename(h, text(name), orElse(strings.TrimSpace(text(e.o["name"])), text(name)))
		} else if name, ok := e.o["name"]; ok {
			c.st.rename(h, h.host, text(name))
		}
		if err := c.fill(h, e); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(monitoring, func(field string) bool { return e.o[field] != nil }) {
			h.changed = c.st.now
		}
		ids = append(ids, h.id)
	}
	return object{"hostids": idTexts(ids)}, nil
}

// monitoring are the fields with which monitoring starts anew.
var monitoring = []string{
	"status", "interfaces", "templates", "proxyid", "proxy_groupid", "monitored_by", "proxy_hostid",
	"tls_connect", "tls_accept", "tls_psk_identity", "tls_psk", "tls_issuer", "tls_subject",
}

// checkUpdate finds the hosts and does the checks of all elements before the
// first takes effect.
func (c *caller) checkUpdate(drafts []draft) error {
	if err := c.findHosts(drafts); err != nil {
		return err
	}
	for _, e := range drafts {
		for _, check := range []func(draft) error{c.checkDiscovered, c.checkShape, c.checkMacroIDs} {
			if err := check(e); err != nil {
				return err
			}
		}
	}
	if err := c.checkReferences(drafts); err != nil {
		return err
	}
	for _, e := range drafts {
		if e.o["host"] != nil {
			if err := c.checkName(e); err != nil {
				return err
			}
		} else if name, ok := e.o["name"]; ok && strings.TrimSpace(text(name)) == "" {
			return refused("Visible name cannot be empty if host name is missing.")
		}
	}
	if err := c.checkDuplicates(drafts); err != nil {
		return err
	}
	return c.checkRest(drafts)
}

// findHosts finds the hosts that elements name.
func (c *caller) findHosts(drafts []draft) error {
	strict := c.st.dialect.paths
	seen := map[int]bool{}
	for i := range drafts {
		e := &drafts[i]
		id, ok := number(e.o["hostid"])
		switch {
		case e.o["hostid"] == nil && strict:
			return invalid(e.path(), "the parameter %q is missing", "hostid")
		case e.o["hostid"] == nil:
			return refused("Wrong fields for host %q.", text(e.o["host"]))
		case !ok && strict:
			return invalid(e.path("hostid"), "a number is expected")
		case seen[id] && strict:
			return invalid(e.path(), "value (hostid)=(%d) already exists", id)
		}
		seen[id] = true
		if e.host = c.st.real(id); e.host != nil && c.sees(e.host.groups, true) {
			continue
		}
		if strict {
			return denied(noObject)
		}
		return refused(noObject)
	}
	return nil
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
	for _, template := range []bool{false, true} {
		what := "Host"
		if template {
			what = "Template"
		}
		for _, e := range drafts {
			t, v := e.names()
			if other := c.st.hosts[c.st.byHost[t]]; other != nil && other.template == template && other != e.host {
				return refused("%s with the same name %q already exists.", what, t)
			}
			if other := c.st.hosts[c.st.byName[v]]; other != nil && other.template == template && other != e.host {
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

// fill sets what an element says on a host, in the order of the version:
// interfaces come before templates that are linked, and after those that are
// unlinked in 6.0.
func (c *caller) fill(h *host, e draft) error {
	if err := c.checkColumns(h, e); err != nil {
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
	wanted := slices.DeleteFunc(slices.Clone(h.templates), func(id int) bool { return slices.Contains(cleared, id) })
	if e.o["templates"] != nil {
		wanted = idsOf(e.o["templates"], "templateid")
	}
	unlink := func() {
		away := append(gone(h.templates, wanted), keep(cleared, func(id int) bool {
			return slices.Contains(h.templates, id) && slices.Contains(wanted, id)
		})...)
		c.unlink(h, away, cleared)
	}
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

// checkColumns is what only the database checks.
func (c *caller) checkColumns(h *host, e draft) error {
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
	if c.st.dialect.paths {
		return nil
	}
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
	case len(inventory) > 0 && e.host == nil:
		h.inventoryMode = 0
	case len(inventory) > 0 && h.inventoryMode == -1:
		return refused("Inventory disabled for host %q.", h.host)
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

func (c *caller) hostDelete(params any) (any, error) {
	ids := []int{}
	for i, v := range values(params) {
		id, ok := number(v)
		if !ok {
			return nil, invalid(at(i), "a number is expected")
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, invalid("/", "cannot be empty")
	}
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			return nil, invalid(at(i), "value (%d) already exists", id)
		}
	}
	for _, id := range ids {
		h := c.st.real(id)
		if h == nil || !c.sees(h.groups, true) {
			return nil, denied(noObject)
		}
	}
	if err := c.checkMaintenances(ids); err != nil {
		return nil, err
	}
	for _, id := range ids {
		for _, m := range sortedIDs(c.st.maintenances) {
			old := c.st.maintenances[m]
			if slices.Contains(old.hosts, id) {
				changed := *old
				changed.hosts = gone(old.hosts, []int{id})
				put(c.st, c.st.maintenances, m, &changed)
			}
		}
		c.st.remove(id)
	}
	return object{"hostids": idTexts(ids)}, nil
}

// checkMaintenances keeps a maintenance from losing its last host.
func (c *caller) checkMaintenances(ids []int) error {
	for _, id := range sortedIDs(c.st.maintenances) {
		m := c.st.maintenances[id]
		if len(m.groups) > 0 || len(m.hosts) == 0 || len(gone(m.hosts, ids)) > 0 {
			continue
		}
		var names []string
		for _, h := range m.hosts {
			names = append(names, strconv.Quote(c.st.hosts[h].host))
		}
		hosts := "host"
		if len(names) > 1 {
			hosts = "hosts"
		}
		return refused("Cannot delete %s %s because maintenance %q must contain at least one host or host group.",
			hosts, strings.Join(names, ", "), m.name)
	}
	return nil
}
