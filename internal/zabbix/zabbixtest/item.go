package zabbixtest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// itemOf is an item with its host or template.
type itemOf struct {
	host *host
	item item
}

func (c *caller) itemKind() kind[itemOf] {
	return kind[itemOf]{
		name: "item", pk: "itemid", sortable: []string{"itemid", "name", "key_", "delay", "history", "trends", "type", "status"},
		fields: []string{
			"itemid", "hostid", "name", "key_", "type", "value_type", "delay", "interfaceid", "status",
			"templateid", "flags", "lastclock", "lastns", "lastvalue", "prevvalue", "state", "error",
		},
		get: c.itemField,
	}
}

func (c *caller) itemField(i itemOf, field string) any {
	texts := map[string]string{
		"name": i.item.name, "key_": i.item.key, "delay": i.item.delay, "error": i.item.err,
		"lastclock": strconv.FormatInt(i.item.lastClock, 10), "lastvalue": i.item.lastValue,
	}
	if i.item.lastClock == 0 {
		texts["lastvalue"] = "0"
	}
	if t, ok := texts[field]; ok {
		return t
	}
	// What is not among the numbers is 0.
	return strconv.Itoa(map[string]int{
		"itemid": i.item.id, "hostid": i.host.id, "type": i.item.kind, "value_type": i.item.value,
		"interfaceid": i.item.iface, "status": i.item.status, "templateid": i.item.parent, "state": i.item.state,
	}[field])
}

func (c *caller) itemGet(params any) (any, error) {
	a := newArgs("item.get", params)
	q := a.query()
	hosts, templates, ids := a.ids("hostids"), a.ids("templateids"), a.ids("itemids")
	wanted := itemFilter{ids: ids, faces: a.ids("interfaceids"), monitored: a.flag("monitored"), inherited: a.obj["inherited"]}
	templated := a.obj["templated"]
	a.ignore("templated", "inherited")
	if a.flag("webitems") {
		return nil, unimplemented("parameter webitems of item.get")
	}
	selHosts := a.fields("selectHosts")
	if err := a.done(); err != nil {
		return nil, err
	}
	// templateids are hosts as well here: the templates' own items.
	hosts = append(hosts, templates...)
	var rows []itemOf
	for _, h := range c.itemHosts(hosts, ids) {
		c.arrive(h)
		if !c.shown(h, q, templated) {
			continue
		}
		for _, i := range keep(h.items, func(i item) bool { return wanted.takes(h, i) }) {
			rows = append(rows, itemOf{h, i})
		}
	}
	k := c.itemKind()
	k.related = func(i itemOf, o object) error { return c.hostsOf(i.host, selHosts, o) }
	if q.group {
		return groupCount(k, q, rows, func(i itemOf) int { return i.host.id })
	}
	return answer(k, q, rows)
}

// itemFilter is what an item.get asks of items.
type itemFilter struct {
	ids, faces []int
	monitored  bool
	inherited  any
}

func (f itemFilter) takes(h *host, i item) bool {
	return among(f.ids, i.id) && among(f.faces, i.iface) &&
		(!f.monitored || h.status == 0 && i.status == 0) && asInherited(f.inherited, i.parent)
}

// asInherited tells whether a get that asks for what is inherited, or for what is
// not, gives what has a parent; 0 is none.
func asInherited(asked any, parent int) bool {
	return asked == nil || truth(asked) == (parent != 0)
}

// shown tells whether a get gives what a host or template has.
func (c *caller) shown(h *host, q query, templated any) bool {
	return c.sees(h.groups, q.editable) && (templated == nil || truth(templated) == h.template)
}

// groupCount counts items or triggers by host.
func groupCount[T any](k kind[T], q query, rows []T, host func(T) int) (any, error) {
	counts := map[int]int{}
	for _, r := range rows {
		ok, err := matches(k, q, r)
		if err != nil {
			return nil, err
		}
		if ok {
			counts[host(r)]++
		}
	}
	out := []any{}
	for _, id := range sortedIDs(counts) {
		out = append(out, object{"hostid": strconv.Itoa(id), "rowscount": strconv.Itoa(counts[id])})
	}
	return out, nil
}

// itemHosts are the hosts and templates whose items can be meant.
func (c *caller) itemHosts(hosts, items []int) []*host {
	candidates := c.st.order
	switch {
	case hosts != nil:
		candidates = slices.Compact(slices.Sorted(slices.Values(hosts)))
	case items != nil:
		candidates = nil
		for _, id := range items {
			candidates = append(candidates, c.st.owner[id])
		}
		candidates = slices.Compact(slices.Sorted(slices.Values(candidates)))
	}
	var out []*host
	for _, id := range candidates {
		if h := c.st.hosts[id]; h != nil {
			out = append(out, h)
		}
	}
	return out
}

// hostsOf adds the host of an item or trigger.
func (c *caller) hostsOf(h *host, f *fields, o object) error {
	if f == nil {
		return nil
	}
	k := c.hostKind()
	got, err := f.pick(k.name, k.fields, k.foreign, []string{"hostid"}, func(n string) any { return k.get(h, n) })
	o["hosts"] = []any{got}
	return err
}

func (c *caller) itemCreate(params any) (any, error) {
	ids := []int{}
	for _, v := range list(params) {
		o, _ := v.(object)
		if err := onlyKnown("item.create", o, "hostid", "name", "key_", "type", "value_type", "delay", "interfaceid", "snmp_oid", "status"); err != nil {
			return nil, err
		}
		id, _ := number(o["hostid"])
		h := c.st.hosts[id]
		if h == nil || !c.sees(h.groups, true) {
			return nil, denied(noObject)
		}
		h = c.st.edit(id)
		i := item{id: c.st.own(h), name: text(o["name"]), key: text(o["key_"]), delay: orElse(text(o["delay"]), "0")}
		i.kind, _ = number(o["type"])
		i.value, _ = number(o["value_type"])
		i.status, _ = number(o["status"])
		i.iface, _ = number(o["interfaceid"])
		if slices.ContainsFunc(h.items, func(old item) bool { return old.key == i.key }) {
			return nil, refused("An item with key %q already exists on the %s %q.", i.key, kindOf(h), h.host)
		}
		h.items = append(slices.Clone(h.items), i)
		if err := c.spread(h, i); err != nil {
			return nil, err
		}
		ids = append(ids, i.id)
	}
	return object{"itemids": idTexts(ids)}, nil
}

// spread gives what is linked to a template its new item.
func (c *caller) spread(t *host, from item) error {
	if !t.template {
		return nil
	}
	for _, id := range slices.Clone(c.st.order) {
		if !slices.Contains(c.st.hosts[id].templates, t.id) {
			continue
		}
		h := c.st.edit(id)
		face, ok := c.interfaceFor(h, from.kind)
		if !ok {
			return c.noInterface(h, t, from)
		}
		made := from
		made.id, made.parent, made.iface = c.st.own(h), from.id, face
		h.items = append(slices.Clone(h.items), made)
		if err := c.spread(h, made); err != nil {
			return err
		}
	}
	return nil
}

// triggerOf is a trigger with its host or template.
type triggerOf struct {
	host    *host
	trigger trigger
}

func (c *caller) triggerKind() kind[triggerOf] {
	return kind[triggerOf]{
		name: "trigger", pk: "triggerid", sortable: []string{"triggerid", "description", "status", "priority", "lastchange", "hostname"},
		fields: []string{"triggerid", "expression", "description", "status", "priority", "templateid", "value", "state", "flags"},
		get: func(t triggerOf, field string) any {
			switch field {
			case "triggerid":
				return strconv.Itoa(t.trigger.id)
			case "expression":
				// The function's id stands for it; the fake has no functions.
				return "{" + strconv.Itoa(t.trigger.id) + "}=0"
			case "description":
				return t.trigger.description
			case "status":
				return strconv.Itoa(t.trigger.status)
			case "priority":
				return strconv.Itoa(t.trigger.priority)
			case "templateid":
				return strconv.Itoa(t.trigger.parent)
			}
			return "0"
		},
	}
}

func (c *caller) triggerGet(params any) (any, error) {
	a := newArgs("trigger.get", params)
	q := a.query()
	hosts, templates, ids := a.ids("hostids"), a.ids("templateids"), a.ids("triggerids")
	groups := a.ids("groupids")
	selDeps, selHosts := a.fields("selectDependencies"), a.fields("selectHosts")
	inherited, templated := a.obj["inherited"], a.obj["templated"]
	a.ignore("inherited", "templated")
	if err := a.done(); err != nil {
		return nil, err
	}
	hosts = append(hosts, templates...)
	var rows []triggerOf
	for _, h := range c.itemHosts(hosts, ids) {
		if !c.shown(h, q, templated) || !among(groups, h.groups...) {
			continue
		}
		for _, t := range keep(h.triggers, func(t trigger) bool { return among(ids, t.id) && asInherited(inherited, t.parent) }) {
			rows = append(rows, triggerOf{h, t})
		}
	}
	k := c.triggerKind()
	k.related = func(t triggerOf, o object) error { return c.triggerRelated(t, o, selHosts, selDeps) }
	if q.group {
		return groupCount(k, q, rows, func(t triggerOf) int { return t.host.id })
	}
	return answer(k, q, rows)
}

// triggerRelated adds host and dependencies of a trigger.
func (c *caller) triggerRelated(t triggerOf, o object, selHosts, selDeps *fields) error {
	if err := c.hostsOf(t.host, selHosts, o); err != nil || selDeps == nil {
		return err
	}
	return c.dependencies(t.trigger, selDeps, o)
}

func (c *caller) dependencies(t trigger, f *fields, o object) error {
	if f.count {
		o["dependencies"] = strconv.Itoa(len(t.depends))
		return nil
	}
	k := c.triggerKind()
	out := []any{}
	for _, id := range t.depends {
		h, i := c.st.trigger(id)
		if h == nil || i < 0 {
			continue
		}
		got, err := f.pick(k.name, k.fields, k.foreign, nil, func(n string) any { return k.get(triggerOf{h, h.triggers[i]}, n) })
		if err != nil {
			return err
		}
		out = append(out, got)
	}
	o["dependencies"] = out
	return nil
}

// inExpression finds host and key in a trigger's expression: last(/host/key).
var inExpression = regexp.MustCompile(`\(/([^/]+)/([^,)]+)`)

// retarget puts another host into an expression.
func retarget(expr, from, to string) string {
	return strings.ReplaceAll(expr, "(/"+from+"/", "(/"+to+"/")
}

func (c *caller) triggerCreate(params any) (any, error) {
	ids := []int{}
	for _, v := range list(params) {
		o, _ := v.(object)
		if err := onlyKnown("trigger.create", o, "description", "expression", "priority", "status", "dependencies"); err != nil {
			return nil, err
		}
		t := trigger{description: text(o["description"]), expr: text(o["expression"])}
		t.priority, _ = number(o["priority"])
		t.status, _ = number(o["status"])
		t.depends = idsOf(o["dependencies"], "triggerid")
		h, err := c.resolve(&t)
		if err != nil {
			return nil, err
		}
		t.id = c.st.own(h)
		h.triggers = append(slices.Clone(h.triggers), t)
		ids = append(ids, t.id)
	}
	return object{"triggerids": idTexts(ids)}, nil
}

// resolve finds the items of a trigger's expression and its host.
func (c *caller) resolve(t *trigger) (*host, error) {
	found := inExpression.FindAllStringSubmatch(t.expr, -1)
	if len(found) == 0 {
		return nil, unimplemented("the expression %q of trigger.create", t.expr)
	}
	var h *host
	for _, m := range found {
		h = c.st.named(m[1])
		if h == nil || !c.sees(h.groups, true) {
			return nil, refused("Incorrect trigger expression. Host %q does not exist or you have no access to this host.", m[1])
		}
		i := slices.IndexFunc(h.items, func(i item) bool { return i.key == m[2] })
		if i < 0 {
			return nil, refused("Incorrect item key %q provided for trigger expression on %q.", m[2], h.name)
		}
		t.items = append(t.items, h.items[i].id)
	}
	return c.st.edit(h.id), nil
}
