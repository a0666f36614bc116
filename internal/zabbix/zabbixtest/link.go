package zabbixtest

import "slices"

// link makes the templates of a host, or of a template, those with the ids; the
// others are unlinked already.
// With given the call named the templates: 6.0 checks also those that are linked
// already.
func (c *caller) link(h *host, wanted []int, given bool) error {
	kept := keep(h.templates, func(id int) bool { return slices.Contains(wanted, id) })
	added := gone(wanted, kept)
	if given && !c.st.dialect.paths {
		if err := c.checkDependenciesOld(kept, wanted); err != nil {
			return err
		}
	}
	if len(added) == 0 {
		return nil
	}
	if err := c.checkLinks(h, kept, added); err != nil {
		return err
	}
	h.templates = append(slices.Clone(kept), added...)
	before := h.items
	for i, id := range added {
		if err := c.checkKeys(h, c.st.tmpl(id), added[:i]); err != nil {
			return err
		}
		if err := c.inherit(h, c.st.tmpl(id), before); err != nil {
			return err
		}
	}
	c.inheritDependencies(h)
	return nil
}

// checkLinks checks templates that are to be linked.
func (c *caller) checkLinks(h *host, kept, added []int) error {
	all := append(slices.Clone(kept), added...)
	if !c.st.dialect.paths {
		for _, id := range added {
			if t := c.st.tmpl(id); t == nil || !c.sees(t.groups, false) {
				return denied(noObject)
			}
		}
		if err := c.checkDependenciesOld(added, all); err != nil {
			return err
		}
		if c.twiceOld(all) {
			return refused("Template cannot be linked to another template more than once even through other templates.")
		}
		return nil
	}
	if err := c.checkTwice(h, kept, added); err != nil {
		return err
	}
	return c.checkDependencies(h, added, all)
}

// twiceOld tells whether a template is reached twice.
func (c *caller) twiceOld(ids []int) bool {
	seen := map[int]bool{}
	for _, id := range ids {
		for _, up := range append([]int{id}, c.parents(id)...) {
			if seen[up] {
				return true
			}
			seen[up] = true
		}
	}
	return false
}

// parents are the templates of a template, all the way up, the near ones first.
func (c *caller) parents(id int) []int {
	out := slices.Clone(c.st.hosts[id].templates)
	for i := 0; i < len(out); i++ {
		out = append(out, c.st.hosts[out[i]].templates...)
	}
	return out
}

func (c *caller) nameOf(id int) string { return c.st.hosts[id].host }

// kindOf is the word for a target in messages.
func kindOf(h *host) string {
	if h.template {
		return "template"
	}
	return "host"
}

// checkTwice does the checks of 7.0.
func (c *caller) checkTwice(h *host, kept, added []int) error {
	reached := append(slices.Clone(kept), added...)
	for _, id := range kept {
		for _, up := range c.parents(id) {
			if slices.Contains(reached, up) {
				return refused("Cannot link template %q to %s %q, because it would be linked twice through template %q.",
					c.nameOf(up), kindOf(h), h.host, c.nameOf(id))
			}
			reached = append(reached, up)
		}
	}
	for _, id := range added {
		for _, up := range c.parents(id) {
			if slices.Contains(reached, up) {
				return refused("Cannot link template %q to %s %q, because its parent template %q would be linked twice.",
					c.nameOf(id), kindOf(h), h.host, c.nameOf(up))
			}
			reached = append(reached, up)
		}
	}
	return nil
}

// needs finds a trigger of a template that depends on one of a template that is
// not among those with the ids.
func (c *caller) needs(template int, ids []int) (t trigger, other *host) {
	for _, t := range c.st.tmpl(template).triggers {
		for _, dep := range t.depends {
			owner, _ := c.st.trigger(dep)
			if owner != nil && owner.template && owner.id != template && !slices.Contains(ids, owner.id) {
				return t, owner
			}
		}
	}
	return trigger{}, nil
}

func (c *caller) checkDependencies(h *host, added, all []int) error {
	for _, id := range added {
		if t, other := c.needs(id, all); other != nil {
			return refused("Cannot link template %q without template %q to %s %q due to dependency of trigger %q.",
				c.nameOf(id), other.host, kindOf(h), h.host, t.description)
		}
	}
	return nil
}

func (c *caller) checkDependenciesOld(added, all []int) error {
	for _, id := range added {
		if _, other := c.needs(id, all); other != nil {
			return refused("Trigger in template %q has dependency with trigger in template %q.", c.nameOf(id), other.host)
		}
	}
	return nil
}

// interfaceTypes are the interfaces that item types want; see itemTypeInterface
// in Zabbix' items.inc.php.
var interfaceTypes = map[int]int{0: 1, 20: 2, 17: 2, 12: 3, 16: 4}

// anyInterface are the types that use an interface of whatever type: simple,
// external, SSH, TELNET, HTTP.
var anyInterface = []int{3, 10, 13, 14, 19}

// interfaceFor finds the interface for an item; ok tells whether there is one, or
// none is needed.
func (c *caller) interfaceFor(h *host, kind int) (id int, ok bool) {
	if h.template {
		return 0, true
	}
	if want, has := interfaceTypes[kind]; has {
		return mainInterface(h, want)
	}
	if !slices.Contains(anyInterface, kind) {
		return 0, true
	}
	for _, want := range []int{1, 2, 4, 3} {
		if id, ok := mainInterface(h, want); ok {
			return id, true
		}
	}
	return 0, kind == 19 || !c.st.dialect.anyInterface
}

func mainInterface(h *host, kind int) (int, bool) {
	for _, i := range h.ifaces {
		if i.kind == kind && i.main == 1 {
			return i.id, true
		}
	}
	return 0, false
}

// inherit gives a host the items and triggers of a template. What it has of the
// same key and of no template is taken over.
func (c *caller) inherit(h, t *host, before []item) error {
	items := slices.Clone(h.items)
	byParent := map[int]int{}
	for _, from := range t.items {
		// What came with the same call is after it, and in 6.0 no obstacle.
		i := slices.IndexFunc(before, func(i item) bool { return i.key == from.key })
		if i >= 0 && items[i].parent != 0 {
			return c.keyTaken(h, t, items[i])
		}
		face, ok := c.interfaceFor(h, from.kind)
		if !ok {
			return c.noInterface(h, t, from)
		}
		made := from
		made.parent, made.iface = from.id, face
		made.lastClock, made.lastValue, made.state, made.err = 0, "", 0, ""
		if i >= 0 {
			made.id, made.lastClock, made.lastValue = items[i].id, items[i].lastClock, items[i].lastValue
			items[i] = made
		} else {
			made.id = c.st.own(h)
			items = append(items, made)
		}
		byParent[from.id] = made.id
	}
	h.items = items
	c.inheritTriggers(h, t, byParent)
	return nil
}

// checkKeys looks for keys that a template shares with others of the same call;
// 6.0 does not.
func (c *caller) checkKeys(h, t *host, others []int) error {
	if !c.st.dialect.paths {
		return nil
	}
	for _, id := range others {
		for _, i := range c.st.tmpl(id).items {
			if slices.ContainsFunc(t.items, func(o item) bool { return o.key == i.key }) {
				return refused("Cannot inherit items with key %q of both %q and %q templates, because the key must be unique on %s %q.",
					i.key, c.nameOf(id), t.host, kindOf(h), h.host)
			}
		}
	}
	return nil
}

func (c *caller) noInterface(h, t *host, i item) error {
	if !c.st.dialect.paths {
		return refused("Cannot find host interface on %q for item key %q.", h.host, i.key)
	}
	kind := map[int]string{1: "Agent", 2: "SNMP", 3: "IPMI", 4: "JMX"}[interfaceTypes[i.kind]]
	return refused("Cannot inherit item with key %q of template %q to host %q, because a host interface of type %q is required.",
		i.key, t.host, h.host, kind)
}

func (c *caller) keyTaken(h, t *host, i item) error {
	if !c.st.dialect.paths {
		return refused("Item %q already exists on %q, inherited from another template.", i.key, h.host)
	}
	other := ""
	if owner, _ := c.st.item(i.parent); owner != nil {
		other = owner.host
	}
	return refused("Cannot inherit item with key %q of template %q to %s %q, because an item with the same key is already inherited from template %q.",
		i.key, t.host, kindOf(h), h.host, other)
}

func (c *caller) inheritTriggers(h, t *host, items map[int]int) {
	triggers := slices.Clone(h.triggers)
	for _, from := range t.triggers {
		made := from
		made.parent, made.depends, made.items = from.id, nil, nil
		made.expr = retarget(from.expr, t.host, h.host)
		for _, id := range from.items {
			made.items = append(made.items, items[id])
		}
		i := slices.IndexFunc(triggers, func(old trigger) bool { return old.parent == 0 && old.description == made.description })
		if i >= 0 {
			made.id = triggers[i].id
			triggers[i] = made
			continue
		}
		made.id = c.st.own(h)
		triggers = append(triggers, made)
	}
	h.triggers = triggers
}

// inheritDependencies gives a host's triggers the dependencies of those of its
// templates.
func (c *caller) inheritDependencies(h *host) {
	triggers := slices.Clone(h.triggers)
	for i := range triggers {
		owner, j := c.st.trigger(triggers[i].parent)
		if owner == nil || j < 0 {
			continue
		}
		triggers[i].depends = nil
		for _, dep := range owner.triggers[j].depends {
			// A trigger of the host that comes from dep, or dep itself.
			to := slices.IndexFunc(triggers, func(t trigger) bool { return t.parent == dep })
			if to >= 0 {
				dep = triggers[to].id
			}
			triggers[i].depends = append(triggers[i].depends, dep)
		}
	}
	h.triggers = triggers
}

// unlink takes templates away. Their items stay, as the host's own, unless they
// are cleared.
func (c *caller) unlink(h *host, ids, cleared []int) {
	for _, id := range ids {
		from := parts(c.st.tmpl(id))
		if slices.Contains(cleared, id) {
			h.items = keep(h.items, func(i item) bool { return !from[i.parent] })
			h.triggers = keep(h.triggers, func(tr trigger) bool { return !from[tr.parent] })
		}
		h.items = slices.Clone(h.items)
		for i := range h.items {
			if from[h.items[i].parent] {
				h.items[i].parent = 0
			}
		}
		h.triggers = slices.Clone(h.triggers)
		for i := range h.triggers {
			if from[h.triggers[i].parent] {
				h.triggers[i].parent = 0
			}
		}
	}
	h.templates = gone(h.templates, ids)
}

// parts are the ids of a template's items and triggers.
func parts(t *host) map[int]bool {
	out := map[int]bool{}
	for _, i := range t.items {
		out[i.id] = true
	}
	for _, tr := range t.triggers {
		out[tr.id] = true
	}
	return out
}
