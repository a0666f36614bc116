package zabbixtest

import (
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

// inOrder makes checks until one fails.
func inOrder(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// each makes checks of each element, one element after the other.
func each(drafts []draft, checks ...func(draft) error) func() error {
	return func() error {
		for _, e := range drafts {
			for _, check := range checks {
				if err := check(e); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// all makes a check of all elements together.
func all(drafts []draft, check func([]draft) error) func() error {
	return func() error { return check(drafts) }
}

// checkCreate does the checks of all elements before the first takes effect.
func (c *caller) checkCreate(drafts []draft) error {
	duplicates, references, rest := all(drafts, c.checkDuplicates), all(drafts, c.checkReferences), all(drafts, c.checkRest)
	if c.st.dialect.paths {
		return inOrder(each(drafts, c.checkShape), references, each(drafts, hasName, c.checkName), duplicates, rest)
	}
	return inOrder(each(drafts, hasName, c.checkName, c.checkShape), duplicates, references, rest)
}

// hasName makes sure that a new host has a technical name.
func hasName(e draft) error {
	if e.o["host"] == nil {
		return refused("Wrong fields for host %q.", "")
	}
	return nil
}

// checkRest does the last checks of create and update.
func (c *caller) checkRest(drafts []draft) error {
	first := inOrder(each(drafts, c.checkStatus, c.checkInventory), all(drafts, c.checkTaken))
	if first != nil || c.st.dialect.paths {
		return first
	}
	return each(drafts, c.checkTLS)()
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
	return inOrder(
		all(drafts, c.findHosts), each(drafts, c.checkDiscovered, c.checkShape, c.checkMacroIDs), all(drafts, c.checkReferences),
		each(drafts, c.checkNewName), all(drafts, c.checkDuplicates), all(drafts, c.checkRest),
	)
}

// checkNewName checks the name that an update sets.
func (c *caller) checkNewName(e draft) error {
	if e.o["host"] != nil {
		return c.checkName(e)
	}
	if name, ok := e.o["name"]; ok && strings.TrimSpace(text(name)) == "" {
		return refused("Visible name cannot be empty if host name is missing.")
	}
	return nil
}

func (c *caller) hostDelete(params any) (any, error) {
	ids, err := deleted(params)
	if err != nil {
		return nil, err
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
		c.leaveMaintenances(id)
		c.st.remove(id)
	}
	return object{"hostids": idTexts(ids)}, nil
}

// deleted are the ids of the hosts that are to be deleted.
func deleted(params any) ([]int, error) {
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
	return ids, nil
}

// leaveMaintenances takes a host out of the maintenances that hold it.
func (c *caller) leaveMaintenances(id int) {
	for _, m := range sortedIDs(c.st.maintenances) {
		old := c.st.maintenances[m]
		if slices.Contains(old.hosts, id) {
			changed := *old
			changed.hosts = gone(old.hosts, []int{id})
			put(c.st, c.st.maintenances, m, &changed)
		}
	}
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
