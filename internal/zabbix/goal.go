package zabbix

import (
	"maps"
	"slices"
	"strings"
)

// goal is what a host becomes by an intent.
type goal struct {
	Host
	// secrets are the secret macros whose values are written, by key.
	secrets map[string]Secret
	// psk tells that the pre-shared key is written.
	psk bool
	// others counts what the intent does not name and leaves alone.
	others    int
	conflicts []Conflict
}

// writes tells whether the goal writes something that cannot be read back.
func (g *goal) writes() bool { return g.psk || len(g.secrets) > 0 }

// aim works out what a host becomes; before is nil for a new one. anew has
// everything written that cannot be compared: the host is made, dug up, or
// taken over.
func aim(before *Host, in *Intent, anew bool) *goal {
	g := &goal{Host: blank(), secrets: map[string]Secret{}}
	if before != nil {
		g.Host = *before
	}
	g.name(before, in)
	g.unearthed(before, in)
	if in.Description != nil {
		g.Description = *in.Description
	}
	if in.Enabled != nil {
		g.Enabled = *in.Enabled
	}
	if in.Agent != nil {
		g.agent(*in.Agent)
	}
	ours := deref(in.Ours)
	g.Templates = aimSet(g, in, FieldTemplates, g.Templates, in.Templates, ours.Templates)
	g.Groups = aimSet(g, in, FieldGroups, g.Groups, in.Groups, ours.Groups)
	g.tags(in, ours.Tags)
	g.macros(in, ours, anew)
	g.inventory(in, ours.Inventory)
	if in.Proxy != nil {
		g.Proxy, g.ProxyGroup = in.Proxy.Name, in.Proxy.Group
	}
	g.tls(before, in, anew)
	return g
}

// blank is a host as Zabbix makes one of which nothing is said.
func blank() Host {
	return Host{Enabled: true, InventoryMode: InventoryDisabled, TLS: TLS{Connect: NoEncryption, Accept: []Encryption{NoEncryption}}}
}

// name aims at the names. A visible name that nobody set follows the technical
// one.
func (g *goal) name(before *Host, in *Intent) {
	follows := before == nil || before.VisibleName == before.Name
	g.Name = in.Name
	switch {
	case in.VisibleName != nil && *in.VisibleName != "":
		g.VisibleName = *in.VisibleName
	case in.VisibleName != nil || follows:
		g.VisibleName = in.Name
	}
}

// agent aims at the agent interface.
func (g *goal) agent(want Interface) {
	i := Interface{Type: TypeAgent, Main: true}
	if g.Agent != nil {
		i = *g.Agent
	}
	i.IP, i.DNS, i.Port, i.Use = want.IP, want.DNS, want.Port, want.Use
	g.Agent = &i
}

// aimSet aims at a set of names: what is intended, and of what is there what
// was not put there by an earlier apply, or nothing in an exclusive field.
func aimSet(g *goal, in *Intent, f Field, have []string, want *[]string, ours []string) []string {
	if want == nil {
		return have
	}
	result := slices.Clone(*want)
	for _, n := range have {
		if slices.Contains(*want, n) || in.Exclusive[f] || slices.Contains(ours, n) {
			continue
		}
		result = append(result, n)
		g.others++
	}
	return sorted(result)
}

// tags aims at the tags: a set of names with values.
func (g *goal) tags(in *Intent, ours []Tag) {
	if in.Tags == nil {
		return
	}
	same := func(t Tag) func(Tag) bool {
		return func(u Tag) bool { return t.Name == u.Name && t.Value == u.Value }
	}
	var result []Tag
	for _, t := range g.Tags {
		switch {
		case t.Automatic, slices.ContainsFunc(*in.Tags, same(t)):
			result = append(result, t)
		case !in.Exclusive[FieldTags] && !slices.ContainsFunc(ours, same(t)):
			result = append(result, t)
			g.others++
		}
	}
	for _, t := range *in.Tags {
		if !slices.ContainsFunc(result, same(t)) {
			result = append(result, Tag{Name: t.Name, Value: t.Value})
		}
	}
	g.Tags = result
}

// macros aims at the macros, the secret ones included: Zabbix keeps them in one
// list.
func (g *goal) macros(in *Intent, ours Ours, anew bool) {
	if in.Macros == nil && in.Secrets == nil && len(ours.Secrets) == 0 {
		return
	}
	mine := slices.Concat(ours.Macros, ours.Secrets)
	wanted := in.wantedMacros()
	var result []Macro
	for _, have := range g.Macros {
		key := macroKey(have.Name)
		if want, ok := wanted[key]; ok {
			delete(wanted, key)
			result = append(result, g.macro(have, want, mine, anew))
			continue
		}
		stays, others := in.spares(have, ours)
		if stays {
			result = append(result, have)
		}
		if others {
			g.others++
		}
	}
	for _, key := range slices.Sorted(maps.Keys(wanted)) {
		w := wanted[key]
		if w.secret != nil {
			g.secrets[key] = *w.secret
		}
		result = append(result, w.Macro)
	}
	slices.SortFunc(result, func(a, b Macro) int { return strings.Compare(macroKey(a.Name), macroKey(b.Name)) })
	g.Macros = result
}

// spares tells that a macro that is not intended stays, and whether it does as
// somebody else's in a field that is managed. Each kind has an attribute of its
// own: macros that are not managed stay, whoever put them there. Secret ones of an
// earlier apply do not: a secret that nothing names any more must not lie about.
func (in *Intent) spares(have Macro, ours Ours) (stays, others bool) {
	names, managed := ours.Macros, in.Macros != nil
	if have.Kind == MacroSecret {
		names, managed = ours.Secrets, in.Secrets != nil || holdsMacro(ours.Secrets, have.Name)
	}
	if have.Automatic || !managed {
		return true, false
	}
	others = !holdsMacro(names, have.Name) && !in.Exclusive[FieldMacros]
	return others, others
}

// holdsMacro tells that a macro is among some, however it is written.
func holdsMacro(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return macroKey(n) == macroKey(name) })
}

// wantedMacro is an intended macro; secret is set for one whose value is.
type wantedMacro struct {
	Macro
	secret *Secret
}

// wantedMacros are the intended macros, by key.
func (in *Intent) wantedMacros() map[string]wantedMacro {
	wanted := map[string]wantedMacro{}
	for _, m := range deref(in.Macros) {
		wanted[macroKey(m.Name)] = wantedMacro{Macro: Macro{Name: m.Name, Value: m.Value, Kind: m.Kind, Description: m.Description}}
	}
	for _, s := range deref(in.Secrets) {
		wanted[macroKey(s.Name)] = wantedMacro{Macro{Name: s.Name, Kind: MacroSecret, Description: s.Description}, &s}
	}
	return wanted
}

// macro is what a macro that is there and intended becomes. One that a
// discovery rule owns stays as it is.
func (g *goal) macro(have Macro, want wantedMacro, ours []string, anew bool) Macro {
	if have.Automatic {
		return have
	}
	key := macroKey(have.Name)
	if want.secret != nil && (anew || want.secret.Renew || have.Kind != MacroSecret) {
		g.secrets[key] = *want.secret
	}
	_, written := g.secrets[key]
	if !holdsMacro(ours, key) && (written || have.Kind != want.Kind || have.Value != want.Value) {
		g.conflicts = append(g.conflicts, Conflict{FieldMacros, key})
	}
	return Macro{ID: have.ID, Name: have.Name, Value: want.Value, Kind: want.Kind, Description: want.Description}
}

// inventory aims at the mode and the keys. Keys need a mode that holds them.
func (g *goal) inventory(in *Intent, ours []string) {
	if in.InventoryMode != nil {
		g.InventoryMode = *in.InventoryMode
	}
	if in.Inventory != nil {
		g.keys(*in.Inventory, ours, in.Exclusive[FieldInventory])
	}
	switch {
	case g.InventoryMode != InventoryDisabled:
	case in.InventoryMode == nil && len(deref(in.Inventory)) > 0:
		g.InventoryMode = InventoryManual
	default:
		g.Inventory = nil // goes with the mode
	}
}

// keys aims at the inventory's keys. An empty value is none.
func (g *goal) keys(want map[string]string, ours []string, exclusive bool) {
	result := map[string]string{}
	for k, v := range want {
		if v != "" {
			result[k] = v
		}
	}
	for k, v := range g.Inventory {
		w, named := want[k]
		switch {
		case named && w != v && !slices.Contains(ours, k):
			g.conflicts = append(g.conflicts, Conflict{FieldInventory, k})
		case named || exclusive || slices.Contains(ours, k):
		default:
			result[k] = v
			g.others++
		}
	}
	slices.SortFunc(g.conflicts, func(a, b Conflict) int {
		return strings.Compare(string(a.Field)+" "+a.Name, string(b.Field)+" "+b.Name)
	})
	g.Inventory = result
}

// tls aims at the encryption. The key is written when the last apply's was
// another, and when Zabbix cannot have it: it forgets the key of a host that
// does not use it.
func (g *goal) tls(before *Host, in *Intent, anew bool) {
	if in.TLS != nil {
		g.TLS = in.TLS.normal()
	}
	if in.PSK == nil || !g.TLS.uses(PSK) {
		return
	}
	kept := before != nil && before.TLS.uses(PSK)
	g.psk = anew || in.RenewPSK || !kept
}

// normal is the setting without what does not count in it.
func (t TLS) normal() TLS {
	t.Accept = slices.Clone(t.Accept)
	slices.Sort(t.Accept)
	t.Accept = slices.Compact(t.Accept)
	if !t.uses(PSK) {
		t.PSKIdentity = ""
	}
	if !t.uses(Certificate) {
		t.Issuer, t.Subject = "", ""
	}
	return t
}

// uses tells whether connections in either direction are protected that way.
func (t TLS) uses(e Encryption) bool { return t.Connect == e || slices.Contains(t.Accept, e) }

// plain tells that nothing is protected, as Zabbix sets a new host.
func (t TLS) plain() bool { return !t.uses(PSK) && !t.uses(Certificate) }
