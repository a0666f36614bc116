package zabbixtest

import (
	"slices"
	"strconv"
	"strings"
)

// hostKind is what host.get gives. The fields are those that the real ones give
// for "extend".
func (c *caller) hostKind() kind[*host] {
	d := c.st.dialect
	common := []string{
		"hostid", "host", "status", "ipmi_authtype", "ipmi_privilege", "ipmi_username", "ipmi_password",
		"maintenanceid", "maintenance_status", "maintenance_type", "maintenance_from", "name", "flags",
		"templateid", "description", "tls_connect", "tls_accept", "tls_issuer", "tls_subject",
		"custom_interfaces", "uuid", "inventory_mode",
	}
	old := []string{"proxy_hostid", "lastaccess", "proxy_address", "auto_compress"}
	lts := []string{"proxyid", "proxy_groupid", "monitored_by", "vendor_name", "vendor_version", "active_available", "assigned_proxyid"}
	k := kind[*host]{name: "host", pk: "hostid", sortable: []string{"hostid", "host", "name", "status"}, fields: append(common, old...), foreign: lts, get: c.hostField}
	if d.monitoredBy {
		k.fields, k.foreign = append(common, lts...), old
	}
	// Identity and key of a PSK are written and never read.
	k.foreign = append(k.foreign, "tls_psk_identity", "tls_psk")
	return k
}

// hostField gives one field of a host as the API writes it.
func (c *caller) hostField(h *host, field string) any {
	switch field {
	case "hostid":
		return strconv.Itoa(h.id)
	case "host":
		return h.host
	case "name":
		return h.name
	case "description":
		return h.description
	case "status":
		return strconv.Itoa(h.status)
	case "flags":
		return strconv.Itoa(h.flags)
	case "maintenanceid":
		return strconv.Itoa(h.maintenance)
	case "maintenance_status":
		return flag(h.maintenance != 0)
	case "maintenance_type":
		if m := c.st.maintenances[h.maintenance]; m != nil {
			return strconv.Itoa(m.kind)
		}
		return "0"
	case "maintenance_from":
		return strconv.FormatInt(h.maintenanceFrom, 10)
	case "inventory_mode":
		return strconv.Itoa(h.inventoryMode)
	}
	return c.hostRest(h, field)
}

// hostRest gives the fields about proxies, encryption and IPMI, and those that are
// always the same: 0 where nothing else is said.
func (c *caller) hostRest(h *host, field string) any {
	switch field {
	case "uuid", "vendor_name", "vendor_version", "proxy_address":
		return ""
	case "auto_compress":
		return "1"
	case "tls_connect":
		return strconv.Itoa(h.tlsConnect)
	case "tls_accept":
		return strconv.Itoa(h.tlsAccept)
	case "tls_issuer":
		return h.tlsIssuer
	case "tls_subject":
		return h.tlsSubject
	case "proxyid", "proxy_hostid":
		return strconv.Itoa(h.proxy)
	case "proxy_groupid":
		return strconv.Itoa(h.proxyGroup)
	case "monitored_by":
		return strconv.Itoa(h.monitoredBy)
	case "ipmi_authtype":
		return orElse(h.ipmi[field], "-1")
	case "ipmi_privilege":
		return orElse(h.ipmi[field], "2")
	case "ipmi_username", "ipmi_password":
		return h.ipmi[field]
	}
	return "0"
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (c *caller) hostGet(params any) (any, error) {
	a := newArgs("host.get", params)
	q := a.query()
	rows := c.hostRows(a, q)
	rows, err := c.tagged(a, rows)
	if err != nil {
		return nil, err
	}
	related := c.hostSelects(a)
	if err := a.done(); err != nil {
		return nil, err
	}
	if q.group {
		return nil, unimplemented("parameter groupCount of host.get")
	}
	k := c.hostKind()
	k.related = related
	return answer(k, q, rows)
}

// hostRows gives the hosts that the caller sees and that the ids allow.
func (c *caller) hostRows(a *args, q query) []*host {
	candidates := c.hostCandidates(a, q)
	allowed := c.hostFilters(a)
	monitored := a.flag("monitored_hosts")
	var rows []*host
	for _, id := range candidates {
		h := c.st.real(id)
		if h == nil || !c.sees(h.groups, q.editable) || monitored && h.status != 0 ||
			slices.ContainsFunc(allowed, func(ok func(*host) bool) bool { return !ok(h) }) {
			continue
		}
		rows = append(rows, h)
	}
	return rows
}

// hostCandidates are the hosts that ids or names in the query narrow it down to.
func (c *caller) hostCandidates(a *args, q query) []int {
	if ids := a.ids("hostids"); ids != nil {
		return ascending(ids)
	}
	names := list(q.filter["host"])
	if len(names) == 0 || q.any {
		return c.st.order
	}
	var named []int
	for _, n := range texts(names) {
		if id, ok := c.st.byHost[n]; ok {
			named = append(named, id)
		}
	}
	return ascending(named)
}

// ascending sorts ids and leaves out what is there already.
func ascending(ids []int) []int { return slices.Compact(slices.Sorted(slices.Values(ids))) }

// hostFilters are the conditions by ids of what hosts have.
func (c *caller) hostFilters(a *args) []func(*host) bool {
	var out []func(*host) bool
	for param, has := range map[string]func(*host) []int{
		"groupids":       func(h *host) []int { return h.groups },
		"templateids":    func(h *host) []int { return h.templates },
		"proxyids":       func(h *host) []int { return []int{h.proxy} },
		"proxy_groupids": func(h *host) []int { return []int{h.proxyGroup} },
		"interfaceids":   ifaceIDs,
		"itemids":        itemIDs,
		"maintenanceids": c.maintenancesOf,
	} {
		if wanted := a.ids(param); wanted != nil {
			out = append(out, func(h *host) bool { return among(wanted, has(h)...) })
		}
	}
	return out
}

// among tells whether one of the ids is wanted; nil wants all.
func among(wanted []int, ids ...int) bool {
	return wanted == nil || slices.ContainsFunc(ids, func(id int) bool { return slices.Contains(wanted, id) })
}

func ifaceIDs(h *host) []int {
	out := []int{}
	for _, i := range h.ifaces {
		out = append(out, i.id)
	}
	return out
}

func itemIDs(h *host) []int {
	out := []int{}
	for _, i := range h.items {
		out = append(out, i.id)
	}
	return out
}

// maintenancesOf are the maintenances that name a host.
func (c *caller) maintenancesOf(h *host) []int {
	out := []int{}
	for id, m := range c.st.maintenances {
		if slices.Contains(m.hosts, h.id) {
			out = append(out, id)
		}
	}
	return out
}

// Operators of a filter by tags (host.get, tags, operator).
const (
	tagLike      = "0"
	tagEqual     = "1"
	tagNotLike   = "2"
	tagNotEqual  = "3"
	tagExists    = "4"
	tagNotExists = "5"
)

type tagFilter struct{ name, value, operator string }

// tagged filters hosts by tags: of one name one is enough; of different names
// all must match, or with evaltype 2 one.
func (c *caller) tagged(a *args, rows []*host) ([]*host, error) {
	v, ok := a.take("tags")
	eval, _ := a.take("evaltype")
	a.ignore("inheritedTags")
	if truth(a.obj["inheritedTags"]) {
		return nil, unimplemented("parameter inheritedTags of host.get")
	}
	if !ok || len(list(v)) == 0 {
		return rows, nil
	}
	var filters []tagFilter
	for _, e := range list(v) {
		o, _ := e.(object)
		f := tagFilter{text(o["tag"]), text(o["value"]), orElse(text(o["operator"]), tagLike)}
		if f.operator > tagNotExists {
			return nil, unimplemented("operator %s in tags of host.get", f.operator)
		}
		filters = append(filters, f)
	}
	return keep(rows, func(h *host) bool { return matchTags(h.tags, filters, text(eval) == "2") }), nil
}

func matchTags(tags []tag, filters []tagFilter, or bool) bool {
	byName := map[string]bool{}
	for _, f := range filters {
		m := f.match(tags)
		if or && m {
			return true
		}
		byName[f.name] = byName[f.name] || m
	}
	if or {
		return false
	}
	for _, m := range byName {
		if !m {
			return false
		}
	}
	return true
}

func (f tagFilter) match(tags []tag) bool {
	test := func(ok func(value string) bool) bool {
		return slices.ContainsFunc(tags, func(t tag) bool { return t.name == f.name && ok(t.value) })
	}
	contains := func(v string) bool { return strings.Contains(strings.ToLower(v), strings.ToLower(f.value)) }
	equals := func(v string) bool { return v == f.value }
	switch f.operator {
	case tagLike:
		return test(contains)
	case tagEqual:
		return test(equals)
	case tagNotLike:
		return !test(contains)
	case tagNotEqual:
		return !test(equals)
	case tagExists:
		return test(func(string) bool { return true })
	}
	return !test(func(string) bool { return true })
}

// selector fills one property of a host; nil fields: not asked for.
type selector struct {
	param, property string
	fill            func(*host, *fields) (any, error)
}

// hostSelects takes the selects of host.get. What a version does not have is
// ignored, as Zabbix does.
func (c *caller) hostSelects(a *args) func(*host, object) error {
	selectors := []selector{
		{"selectInterfaces", "interfaces", c.selectInterfaces},
		{"selectParentTemplates", "parentTemplates", c.selectTemplates},
		{"selectTags", "tags", c.selectTags},
		{"selectMacros", "macros", c.selectMacros},
		{"selectInventory", "inventory", c.selectInventory},
	}
	if c.st.dialect.selectGroups {
		selectors = append(selectors, selector{"selectGroups", "groups", c.selectGroups})
	}
	if c.st.dialect.selectHostGroups {
		selectors = append(selectors, selector{"selectHostGroups", "hostgroups", c.selectGroups})
	}
	a.ignore("selectGroups", "selectHostGroups")
	return a.fill(selectors)
}

// fill takes selects and gives what fills them in.
func (a *args) fill(selectors []selector) func(*host, object) error {
	asked := map[string]func(*host) (any, error){}
	for _, s := range selectors {
		if f := a.fields(s.param); f != nil {
			asked[s.property] = func(h *host) (any, error) { return s.fill(h, f) }
		}
	}
	return func(h *host, o object) (err error) {
		for property, fill := range asked {
			if o[property], err = fill(h); err != nil {
				return err
			}
		}
		return nil
	}
}

// alwaysOld is the id that 6.0 adds to groups and templates of a host; later
// versions give only what is asked for.
func (c *caller) alwaysOld(pk string) []string {
	if c.st.dialect.paths {
		return nil
	}
	return []string{pk}
}

func (c *caller) selectInterfaces(h *host, f *fields) (any, error) {
	if f.count {
		return strconv.Itoa(len(h.ifaces)), nil
	}
	k := c.interfaceKind()
	out := []any{}
	for _, i := range h.ifaces {
		o, err := f.pick(k.name, k.fields, k.foreign, nil, func(n string) any { return k.get(ifaceOf{h, i}, n) })
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

func (c *caller) selectTemplates(h *host, f *fields) (any, error) {
	if f.count {
		return strconv.Itoa(len(h.templates)), nil
	}
	k := c.templateKind()
	fields := slices.Clone(k.fields)
	foreign := append(slices.Clone(k.foreign), "link_type")
	if c.st.dialect.linkType {
		fields = append(fields, "link_type")
	}
	out := []any{}
	for _, id := range h.templates {
		t := c.st.tmpl(id)
		if !c.sees(t.groups, false) {
			continue
		}
		o, err := f.pick(k.name, fields, foreign, c.alwaysOld("templateid"), func(n string) any {
			if n == "link_type" {
				return "0"
			}
			return k.get(t, n)
		})
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

func (c *caller) selectTags(h *host, f *fields) (any, error) {
	known, foreign := []string{"tag", "value"}, []string{"automatic"}
	if c.st.dialect.automatic {
		known, foreign = append(known, "automatic"), nil
	}
	if !c.st.dialect.automatic && slices.Contains(f.names, "automatic") {
		return nil, denied("applyQueryOutputOptions: field %q does not exist.", "host_tag.automatic")
	}
	out := []any{}
	for _, t := range h.tags {
		o, err := f.pick("tag", known, foreign, nil, func(n string) any {
			switch n {
			case "tag":
				return t.name
			case "value":
				return t.value
			}
			return strconv.Itoa(t.automatic)
		})
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

func (c *caller) selectMacros(h *host, f *fields) (any, error) {
	k := c.macroKind()
	out := []any{}
	for _, m := range h.macros {
		o, err := c.macroObject(k, h, m, f)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

func (c *caller) selectInventory(h *host, f *fields) (any, error) {
	if h.inventoryMode < 0 {
		return []any{}, nil
	}
	return f.pick("inventory", inventoryFields, []string{"inventory_mode", "hostid"}, nil, func(n string) any { return h.inventory[n] })
}

func (c *caller) selectGroups(h *host, f *fields) (any, error) {
	k := c.groupKind(false)
	out := []any{}
	for _, id := range slices.Sorted(slices.Values(h.groups)) {
		g := c.st.groups[id]
		if !c.sees([]int{id}, false) {
			continue
		}
		o, err := f.pick(k.name, k.fields, k.foreign, c.alwaysOld("groupid"), func(n string) any { return k.get(g, n) })
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

// inventoryFields are the keys of a host's inventory.
var inventoryFields = []string{
	"type", "type_full", "name", "alias", "os", "os_full", "os_short", "serialno_a", "serialno_b", "tag",
	"asset_tag", "macaddress_a", "macaddress_b", "hardware", "hardware_full", "software", "software_full",
	"software_app_a", "software_app_b", "software_app_c", "software_app_d", "software_app_e", "contact",
	"location", "location_lat", "location_lon", "notes", "chassis", "model", "hw_arch", "vendor",
	"contract_number", "installer_name", "deployment_status", "url_a", "url_b", "url_c", "host_networks",
	"host_netmask", "host_router", "oob_ip", "oob_netmask", "oob_router", "date_hw_purchase",
	"date_hw_install", "date_hw_expiry", "date_hw_decomm", "site_address_a", "site_address_b",
	"site_address_c", "site_city", "site_state", "site_country", "site_zip", "site_rack", "site_notes",
	"poc_1_name", "poc_1_email", "poc_1_phone_a", "poc_1_phone_b", "poc_1_cell", "poc_1_screen",
	"poc_1_notes", "poc_2_name", "poc_2_email", "poc_2_phone_a", "poc_2_phone_b", "poc_2_cell",
	"poc_2_screen", "poc_2_notes",
}
