package zabbix

import (
	"context"
	"maps"
	"slices"
)

// ids are what the names of a goal stand for.
type ids struct {
	templates map[string]string
	groups    map[string]string
	proxy     ProxyIDs
}

// step is a call and what takes it back.
type step struct {
	Call
	undo Call
}

// object is an object of the API.
type object = map[string]any

// ids looks up the names of what the change touches.
func (c *change) ids(ctx context.Context) (ids, error) {
	found := ids{templates: map[string]string{}}
	if c.goal == nil {
		return found, nil
	}
	if touches(c.diff, string(FieldTemplates)) {
		names := sorted(append(removals(c.before, c.goal)[FieldTemplates], c.goal.Templates...))
		list, err := c.hosts.Lookup().Templates(ctx, names)
		if err != nil {
			return found, err
		}
		for _, t := range list {
			found.templates[t.Name] = t.ID
		}
	}
	var err error
	if touches(c.diff, fieldProxy) {
		found.proxy, err = c.hosts.Lookup().Proxy(ctx, Proxy{Name: c.goal.Proxy, Group: c.goal.ProxyGroup})
	}
	return found, err
}

// groupIDs looks up the host groups, and makes those that shall be made.
func (c *change) groupIDs(ctx context.Context, found *ids) (err error) {
	if touches(c.diff, string(FieldGroups)) {
		found.groups, err = c.hosts.Lookup().Groups(ctx, c.goal.Groups, c.in.CreateGroups || c.action == ActionBury)
	}
	if err == nil && c.action != ActionBury {
		c.grouped = slices.DeleteFunc(slices.Clone(c.made), func(n string) bool { return !c.hosts.Lookup().Made(n) })
	}
	return err
}

// calls are the calls that change the host: one, or two when its agent interface
// changes as well. The interface has a call of its own so that the others need
// not be sent; it comes first because templates may need it, and because a host
// that is dug up has its name until then and is found again in the graveyard.
func (c *change) calls(found ids) []step {
	var steps []step
	if was := c.before.Agent; was != nil && touches(c.diff, fieldInterface) {
		to := func(i *Interface) Call {
			p := address(i)
			p["interfaceid"] = was.ID
			return Call{Method: "hostinterface.update", Params: p}
		}
		steps = append(steps, step{to(c.goal.Agent), to(was)})
	}
	if p := c.params(found); len(p) > 0 {
		p["hostid"] = c.before.ID
		steps = append(steps, step{Call: Call{Method: "host.update", Params: p}}) // the last one: nothing to take back
	}
	return steps
}

// params are the parameters of host.update that the difference touches. Lists
// are whole: what is not in them goes.
func (c *change) params(found ids) object {
	p := object{}
	for _, h := range c.diff.Hunks {
		c.param(p, h.Header, found)
	}
	if c.goal.Mark != c.markBefore() {
		p["tags"] = c.tags()
	}
	return p
}

// param adds the parameters of one field.
func (c *change) param(p object, header string, found ids) {
	g := c.goal
	switch header {
	case fieldHost, fieldVisible:
		// Zabbix resets the visible name when only the technical one is sent.
		p["host"], p["name"] = g.Name, g.VisibleName
	case fieldDescription:
		p["description"] = g.Description
	case fieldEnabled:
		p["status"] = status(g.Enabled)
	case fieldInterface:
		c.interfaces(p)
	case string(FieldTemplates):
		c.templates(p, found.templates)
	case string(FieldGroups):
		p["groups"] = refs("groupid", g.Groups, found.groups)
	case string(FieldTags):
		p["tags"] = c.tags()
	case string(FieldMacros):
		p["macros"] = c.macros()
	case fieldInventoryMode:
		p["inventory_mode"] = int(g.InventoryMode)
	case string(FieldInventory):
		c.inventory(p)
	case fieldProxy:
		maps.Copy(p, monitoredBy(found.proxy))
	case fieldTLS:
		maps.Copy(p, c.tls())
	}
}

// newParams are the parameters of host.create.
func (c *change) newParams(found ids) object {
	p := c.params(found)
	p["host"], p["name"], p["status"] = c.goal.Name, c.goal.VisibleName, status(c.goal.Enabled)
	if c.in.InventoryMode != nil {
		p["inventory_mode"] = int(*c.in.InventoryMode) // else the server's default
	}
	return p
}

func (c *change) markBefore() Mark {
	if c.before == nil {
		return Mark{}
	}
	return c.before.Mark
}

// status is the API's word for whether a host is monitored.
func status(enabled bool) int {
	if enabled {
		return 0
	}
	return 1
}

// interfaces adds the agent interface where the host has none. The others go by
// their id alone, which keeps them as they are.
func (c *change) interfaces(p object) {
	if c.before != nil && c.before.Agent != nil {
		return // has a call of its own
	}
	agent := address(c.goal.Agent)
	agent["type"], agent["main"] = int(TypeAgent), 1
	list := []any{}
	if c.before != nil {
		for _, o := range c.before.Others {
			list = append(list, object{"interfaceid": o.ID})
		}
	}
	p["interfaces"] = append(list, agent)
}

// address is where an interface is.
func address(i *Interface) object {
	use := 1
	if i.Use == UseDNS {
		use = 0
	}
	return object{"ip": i.IP, "dns": i.DNS, "port": i.Port, "useip": use}
}

// templates links the templates of the goal and unlinks the others.
func (c *change) templates(p object, found map[string]string) {
	p["templates"] = refs("templateid", c.goal.Templates, found)
	if gone := removals(c.before, c.goal)[FieldTemplates]; c.in.Clear && len(gone) > 0 {
		p["templates_clear"] = refs("templateid", gone, found)
	}
}

// refs refers to what names stand for.
func refs(key string, names []string, found map[string]string) []any {
	list := []any{}
	for _, n := range names {
		list = append(list, object{key: found[n]})
	}
	return list
}

// tags are the goal's tags with the marks.
func (c *change) tags() []any {
	list := []any{}
	add := func(name, value string) {
		list = append(list, object{"tag": name, "value": value})
	}
	for _, t := range c.goal.Tags {
		add(t.Name, t.Value)
	}
	m := c.goal.Mark
	for _, t := range []Tag{{Name: TagRun, Value: m.Run}, {Name: TagName, Value: m.BuriedName}, {Name: TagObject, Value: m.BuriedObject}} {
		if t.Value != "" {
			add(t.Name, t.Value)
		}
	}
	return list
}

// macros are the goal's macros. One that stays as it is goes by its id alone,
// with which Zabbix keeps a secret value.
func (c *change) macros() []any {
	had := map[string]Macro{}
	if c.before != nil {
		for _, m := range c.before.Macros {
			had[m.ID] = m
		}
	}
	list := []any{}
	for _, m := range c.goal.Macros {
		list = append(list, c.macro(m, had[m.ID]))
	}
	return list
}

// macro is one macro of the goal; had is the one of its id before.
func (c *change) macro(m, had Macro) object {
	o := object{}
	if m.ID != "" {
		o["hostmacroid"] = m.ID
	}
	s, written := c.goal.secrets[macroKey(m.Name)]
	if m.ID == "" || m != had || written {
		o["macro"], o["type"], o["description"] = m.Name, int(m.Kind), m.Description
	}
	switch {
	case written:
		o["value"] = s.Value
	case m.Kind != MacroSecret && len(o) > 1:
		o["value"] = m.Value
	}
	return o
}

// inventory adds the keys that change; Zabbix keeps the others.
func (c *change) inventory(p object) {
	if c.goal.InventoryMode == InventoryDisabled {
		return // the inventory goes with its mode
	}
	var was map[string]string
	if c.before != nil {
		was = c.before.Inventory
	}
	keys := object{}
	for _, k := range slices.Sorted(maps.Keys(was)) {
		if c.goal.Inventory[k] == "" {
			keys[k] = ""
		}
	}
	for k, v := range c.goal.Inventory {
		if was[k] != v {
			keys[k] = v
		}
	}
	p["inventory"] = keys
}

// monitoredBy says who monitors a host, in the words of Zabbix 7.0.
func monitoredBy(id ProxyIDs) object {
	switch {
	case id.Group != "":
		return object{"monitored_by": 2, "proxy_groupid": id.Group}
	case id.Proxy != "":
		return object{"monitored_by": 1, "proxyid": id.Proxy}
	}
	return object{"monitored_by": 0}
}

// tls sets the encryption. What the kinds in use do not need may not be sent.
func (c *change) tls() object {
	t := c.goal.TLS
	accept := 0
	for _, e := range t.Accept {
		accept |= int(e)
	}
	p := object{"tls_connect": int(t.Connect), "tls_accept": accept}
	if t.uses(PSK) {
		p["tls_psk_identity"] = t.PSKIdentity
		if c.goal.psk {
			p["tls_psk"] = *c.in.PSK
		}
	}
	if t.uses(Certificate) {
		p["tls_issuer"], p["tls_subject"] = t.Issuer, t.Subject
	}
	return p
}
