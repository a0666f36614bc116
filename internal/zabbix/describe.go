package zabbix

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// line is one thing that a field of a host holds.
type line struct {
	key  string // what it is about: a macro's name
	text string
}

// section is what a field of a host holds.
type section struct {
	header string
	lines  []line
}

// describe is a host as text, field by field, in the order of a difference;
// fields that hold nothing, or what Zabbix gives by itself, have no lines. What
// discovery rules own is left out. Nil is a host without anything.
func describe(h *Host) []section {
	if h == nil {
		return nil
	}
	return []section{
		{fieldHost, one(h.Name)},
		{fieldVisible, unless(h.VisibleName == h.Name, h.VisibleName)},
		{fieldDescription, unless(h.Description == "", h.Description)},
		{fieldEnabled, one(strconv.FormatBool(h.Enabled))},
		{fieldInterface, interfaceLines(h.Agent)},
		{string(FieldTemplates), nameLines(h.Templates)},
		{string(FieldGroups), nameLines(h.Groups)},
		{string(FieldTags), tagLines(h.Tags)},
		{string(FieldMacros), macroLines(h.Macros)},
		{fieldInventoryMode, unless(h.InventoryMode == InventoryDisabled, h.InventoryMode.String())},
		{string(FieldInventory), inventoryLines(h.Inventory)},
		{fieldProxy, proxyLines(h)},
		{fieldTLS, tlsLines(h.TLS)},
	}
}

func one(text string) []line { return []line{{"", plain(text)}} }

func unless(not bool, text string) []line {
	if not {
		return nil
	}
	return one(text)
}

// plain is a text on one line, quoted where it would not be recognised.
func plain(text string) string {
	if text == "" || text != strings.TrimSpace(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return strconv.Quote(text)
	}
	return text
}

func nameLines(names []string) []line {
	var list []line
	for _, n := range sorted(names) {
		list = append(list, line{n, plain(n)})
	}
	return list
}

func tagLines(tags []Tag) []line {
	var list []line
	for _, t := range sortedTags(tags) {
		if !t.Automatic {
			list = append(list, line{t.String(), t.String()})
		}
	}
	return list
}

// String is a tag as people write it.
func (t Tag) String() string { return plain(t.Name) + ": " + plain(t.Value) }

func macroLines(macros []Macro) []line {
	var list []line
	for _, m := range macros {
		if !m.Automatic {
			list = append(list, line{macroKey(m.Name), m.String()})
		}
	}
	slices.SortFunc(list, func(a, b line) int { return strings.Compare(a.key, b.key) })
	return list
}

// String is a macro without its value if that is a secret.
func (m Macro) String() string {
	name, about := macroKey(m.Name), ""
	if m.Description != "" {
		about = " (" + plain(m.Description) + ")"
	}
	switch m.Kind {
	case MacroSecret:
		return name + " (secret)" + about
	case MacroVault:
		return name + " = " + plain(m.Value) + " (in the vault)" + about
	case MacroText:
	}
	return name + " = " + plain(m.Value) + about
}

// String is the mode's name in the configuration.
func (m InventoryMode) String() string {
	switch m {
	case InventoryDisabled:
		return "disabled"
	case InventoryManual:
		return "manual"
	case InventoryAutomatic:
		return "automatic"
	}
	return strconv.Itoa(int(m))
}

func inventoryLines(inventory map[string]string) []line {
	var list []line
	for _, k := range slices.Sorted(maps.Keys(inventory)) {
		if inventory[k] != "" {
			list = append(list, line{k, k + ": " + plain(inventory[k])})
		}
	}
	return list
}

func interfaceLines(i *Interface) []line {
	if i == nil {
		return nil
	}
	var parts []string
	for _, p := range []struct{ name, value string }{{"ip", i.IP}, {"dns", i.DNS}, {"port", i.Port}, {"use", string(i.Use)}} {
		if p.value != "" {
			parts = append(parts, p.name+" "+plain(p.value))
		}
	}
	return []line{{"", strings.Join(parts, ", ")}}
}

func proxyLines(h *Host) []line {
	switch {
	case h.ProxyGroup != "":
		return []line{{"", "proxy group " + plain(h.ProxyGroup)}}
	case h.Proxy != "":
		return []line{{"", "proxy " + plain(h.Proxy)}}
	}
	return nil
}

func tlsLines(t TLS) []line {
	if t.plain() {
		return nil
	}
	list := []line{{"connect", "connect: " + t.Connect.String()}, {"accept", "accept: " + encryptions(t.Accept)}}
	for _, p := range []struct{ name, value string }{{"issuer", t.Issuer}, {"subject", t.Subject}} {
		if p.value != "" {
			list = append(list, line{p.name, p.name + ": " + plain(p.value)})
		}
	}
	return list
}

// String is the encryption's name in the configuration.
func (e Encryption) String() string {
	switch e {
	case NoEncryption:
		return "unencrypted"
	case PSK:
		return "psk"
	case Certificate:
		return "certificate"
	}
	return fmt.Sprintf("encryption %d", int(e))
}

// encryptions are several ones, in order.
func encryptions(list []Encryption) string {
	list = slices.Clone(list)
	slices.Sort(list)
	var names []string
	for _, e := range slices.Compact(list) {
		names = append(names, e.String())
	}
	return strings.Join(names, ", ")
}
