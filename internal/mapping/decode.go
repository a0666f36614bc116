package mapping

import (
	"maps"
	"slices"
	"strings"
)

// The keys of the two tables.
const (
	tableDevices         = "devices"
	tableVirtualMachines = "virtual_machines"
)

// interfaceAny matches every type of interface, as if it were not there.
const interfaceAny = "any"

// Decode reads rules and settings from plain values: nil, texts, truths,
// numbers, []any and map[string]any, as they come from a configuration. Null is
// as good as not there. It is strict: an error is of type [Errors] and holds
// everything that is wrong, ties between rules included.
func Decode(v any) (*Config, error) {
	d := &decoder{}
	c := d.config(v)
	if len(d.errs) == 0 {
		d.checkTies(c)
	}
	if len(d.errs) > 0 {
		return nil, d.errs
	}
	return c, nil
}

// DecodeObject reads an object from plain values, as strictly as [Decode]. It
// needs kind and name; the id is the name unless it is given, the interface
// "agent".
func DecodeObject(v any) (Object, error) {
	d := &decoder{}
	f := d.object(place{}, v, append(rootNames(), "interface_type"))
	o := Object{
		Kind: Kind(d.choice(f, "kind", string(Device), string(VirtualMachine))), ID: d.text(f, "id"), Name: d.text(f, "name"),
		Site: d.text(f, "site"), Role: d.text(f, "role"), Platform: d.text(f, "platform"), Cluster: d.text(f, "cluster"),
		Tags: d.texts(f, "tags"), Interface: d.choice(f, "interface_type", "agent", "snmp"),
		Values: map[string]any{},
	}
	d.need(f, place{}, "kind", "name")
	if o.Interface == "" {
		o.Interface = "agent"
	}
	if o.ID == "" {
		o.ID = o.Name
	}
	for _, key := range []string{
		"status", "host", "dns_name", "url", "driver", "vendor", "model", "location", "tenant", "primary_ip4", "primary_ip6", "oob_ip",
	} {
		if s := d.text(f, key); s != "" {
			o.Values[key] = s
		}
	}
	if port, ok := f["port"]; ok {
		o.Values["port"] = port.v
	}
	for _, key := range []string{"custom_fields", "config_context"} {
		fields, ok := f[key]
		if !ok {
			continue
		}
		if m, isMap := fields.v.(map[string]any); isMap {
			o.Values[key] = m
		} else {
			d.add(fields.errorf("an object is needed, not %s", typeName(fields.v)))
		}
	}
	if len(d.errs) > 0 {
		return Object{}, d.errs
	}
	return o, nil
}

// decoder collects what is wrong.
type decoder struct{ errs Errors }

func (d *decoder) add(e *Error) { d.errs = append(d.errs, e) }

// field is a value and where it stands.
type field struct {
	place
	v any
}

// fields are the keys of an object that are there and not null.
type fields map[string]field

// config reads everything.
func (d *decoder) config(v any) *Config {
	f := d.object(place{}, v, []string{tableDevices, tableVirtualMachines, "merge", "tags", "inventory", "exclude"})
	c := &Config{Merge: d.truth(f, "merge")}
	c.Devices = d.table(f, tableDevices, c.Merge)
	c.VirtualMachines = d.table(f, tableVirtualMachines, c.Merge)
	if f[tableDevices].v == nil && f[tableVirtualMachines].v == nil && len(d.errs) == 0 {
		d.add(place{}.errorf("there are no rules: give it %s, %s or both", tableDevices, tableVirtualMachines))
	}
	c.Tags = d.tagSettings(f)
	c.Inventory = d.inventoryPaths(f)
	if e, ok := f["exclude"]; ok {
		of := d.object(e.place, e.v, []string{"custom_field"})
		c.Exclude.CustomField = d.text(of, "custom_field")
		d.need(of, e.place, "custom_field")
	}
	return c
}

// tagSettings reads tags.
func (d *decoder) tagSettings(f fields) TagSettings {
	at, ok := f["tags"]
	if !ok {
		return TagSettings{}
	}
	of := d.object(at.place, at.v, []string{"prefix", "case", "default_tag", "object_tags", "values"})
	s := TagSettings{Case: d.choice(of, "case", "lower", "upper", "none"), Default: d.text(of, "default_tag"), Tags: d.texts(of, "object_tags")}
	if s.Case == "none" {
		s.Case = ""
	}
	if prefix, ok := of["prefix"]; ok && prefix.v != "" { // an empty one is none
		s.Prefix = d.text(of, "prefix")
	}
	values, ok := of["values"]
	if !ok {
		return s
	}
	names := d.object(values.place, values.v, nil)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if strings.TrimSpace(name) == "" {
			d.add(values.errorf("a tag needs a name"))
		}
		s.Values = append(s.Values, TagPath{Name: name, Path: d.path(names[name])})
	}
	return s
}

// inventoryPaths reads inventory.
func (d *decoder) inventoryPaths(f fields) []InventoryPath {
	at, ok := f["inventory"]
	if !ok {
		return nil
	}
	var out []InventoryPath
	keys := d.object(at.place, at.v, slices.Sorted(maps.Keys(inventoryKeys)))
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		of := keys[key]
		elements, isList := of.v.([]any)
		if !isList {
			out = append(out, InventoryPath{Key: key, Paths: []string{d.path(of)}})
			continue
		}
		p := InventoryPath{Key: key}
		for i, e := range elements {
			p.Paths = append(p.Paths, d.path(field{of.index(i), e}))
		}
		if len(elements) == 0 {
			d.add(of.errorf("the list of paths is empty"))
		}
		out = append(out, p)
	}
	return out
}

// path reads a path and checks that it can lead somewhere.
func (d *decoder) path(f field) string {
	s, ok := f.v.(string)
	if !ok {
		d.add(f.errorf("a path is needed, such as \"custom_fields.rack\", not %s", typeName(f.v)))
		return ""
	}
	steps := strings.Split(s, ".")
	below, exists := roots[steps[0]]
	switch {
	case slices.ContainsFunc(steps, func(step string) bool { return strings.TrimSpace(step) != step || step == "" }):
		d.add(f.errorf("%q is not a path: names separated by dots, without blanks", s))
	case !exists:
		d.add(f.errorf("the path %q leads nowhere: no object has %q%s; a path begins with %s",
			s, steps[0], meant(steps[0], rootNames()), strings.Join(rootNames(), ", ")))
	case len(steps) > 1 && !below:
		d.add(f.errorf("the path %q leads nowhere: %s has nothing below it", s, steps[0]))
	case s == "custom_fields":
		d.add(f.errorf("the path %q leads to an object: add the name of a custom field, such as custom_fields.rack", s))
	}
	return s
}

// object reads an object with these keys; nil allows any.
func (d *decoder) object(at place, v any, keys []string) fields {
	m, ok := v.(map[string]any)
	if !ok {
		d.add(at.errorf("an object is needed, not %s", typeName(v)))
		return nil
	}
	out := fields{}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		switch {
		case keys != nil && !slices.Contains(keys, key):
			e := at.errorf("unknown key %q%s", key, meant(key, keys))
			e.Path = at.key(key).path
			d.add(e)
		case m[key] != nil:
			out[key] = field{at.key(key), m[key]}
		}
	}
	return out
}

// need says which keys an object lacks.
func (d *decoder) need(f fields, at place, keys ...string) {
	for _, key := range keys {
		if _, ok := f[key]; f != nil && !ok {
			d.add(at.errorf("%s is missing", key))
		}
	}
}

// text reads a text that is not empty; "" when it is not there.
func (d *decoder) text(f fields, key string) string {
	of, ok := f[key]
	if !ok {
		return ""
	}
	return d.textAt(of)
}

func (d *decoder) textAt(f field) string {
	s, ok := f.v.(string)
	switch {
	case !ok:
		d.add(f.errorf("a text is needed, not %s", typeName(f.v)))
	case strings.TrimSpace(s) == "":
		d.add(f.errorf("the text is empty"))
	}
	return s
}

// texts reads a list of texts.
func (d *decoder) texts(f fields, key string) []string {
	of, ok := f[key]
	if !ok {
		return nil
	}
	elements, ok := of.v.([]any)
	if !ok {
		d.add(of.errorf("a list of texts is needed, not %s", typeName(of.v)))
		return nil
	}
	var out []string
	for i, e := range elements {
		out = append(out, d.textAt(field{of.index(i), e}))
	}
	return out
}

// choice reads a text that is one of a few; "" when it is not there.
func (d *decoder) choice(f fields, key string, choices ...string) string {
	of, ok := f[key]
	if !ok {
		return ""
	}
	s, isText := of.v.(string)
	switch {
	case !isText:
		d.add(of.errorf("a text is needed, not %s", typeName(of.v)))
	case !slices.Contains(choices, s):
		d.add(of.errorf("%q is none of %s", s, strings.Join(choices, ", ")))
	}
	return s
}

// truth reads true or false.
func (d *decoder) truth(f fields, key string) bool {
	of, ok := f[key]
	if !ok {
		return false
	}
	b, isBool := of.v.(bool)
	if !isBool {
		d.add(of.errorf("true or false is needed, not %s", typeName(of.v)))
	}
	return b
}
