package zabbix

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// What was found on a real Zabbix 6.0.14 and 7.0.9: {$X:"a"} beside {$X:a}
// "already exists", and so do {$X:regex:"a"} beside {$X:regex:a} and
// {$X:"sp "} beside {$X: sp }.
func TestMacroKey(t *testing.T) {
	for in, want := range map[string]string{
		"{$X}":            "{$X}",
		"{$X:a}":          `{$X:"a"}`,
		`{$X:"a"}`:        `{$X:"a"}`,
		"{$X: a}":         `{$X:"a"}`,
		"{$X: sp }":       `{$X:"sp "}`,
		`{$X:"sp "}`:      `{$X:"sp "}`,
		`{$X:"q\"q"}`:     `{$X:"q\"q"}`,
		"{$X:regex:a}":    `{$X:regex:"a"}`,
		`{$X:regex:"a"}`:  `{$X:regex:"a"}`,
		`{$X:"regex:a"}`:  `{$X:"regex:a"}`,
		"{$X:}":           `{$X:""}`,
		"{$X:a\nb}":       "{$X:\"a\nb\"}",
		"{$X:\"a\"\n}":    "{$X:\"a\"\n}", // only blanks may follow the quotes
		"no macro":        "no macro",
		`{$X:"open}`:      `{$X:"open}`,
		`{$X:"a" trash"}`: `{$X:"a" trash"}`,
	} {
		if got := macroKey(in); got != want {
			t.Errorf("macroKey(%s) = %s, want %s", in, got, want)
		}
	}
}

func sample() *Host {
	return &Host{
		ID: "1", Name: "a", VisibleName: "A", Description: "d", Enabled: true,
		Agent:     &Interface{ID: "2", Type: TypeAgent, Main: true, IP: "::1", DNS: "n", Port: "1", Use: UseIP},
		Others:    []Interface{{ID: "3", Type: TypeSNMP}, {ID: "4", Type: TypeJMX}},
		Templates: []string{"t1", "t2"}, Groups: []string{"g1", "g2"},
		Tags:      []Tag{{Name: "x", Value: "1"}, {Name: "x", Value: "2"}},
		Macros:    []Macro{{ID: "5", Name: "{$A:a}", Value: "1"}, {ID: "6", Name: "{$B}", Kind: MacroSecret}},
		Inventory: map[string]string{"os": "x", "tag": "y"}, InventoryMode: InventoryManual,
		Proxy: "p", TLS: TLS{Connect: PSK, Accept: []Encryption{PSK, NoEncryption}, PSKIdentity: "i"}, Mark: Mark{Run: "r"},
	}
}

func TestTheDigestOfAHostIsCanonical(t *testing.T) {
	want := snapshot(sample()).Digest
	for name, change := range map[string]func(*Host){
		"order": func(h *Host) {
			h.Others[0], h.Others[1] = h.Others[1], h.Others[0]
			h.Templates[0], h.Templates[1] = h.Templates[1], h.Templates[0]
			h.Groups[0], h.Groups[1] = h.Groups[1], h.Groups[0]
			h.Tags[0], h.Tags[1] = h.Tags[1], h.Tags[0]
			h.Macros[0], h.Macros[1] = h.Macros[1], h.Macros[0]
			h.TLS.Accept[0], h.TLS.Accept[1] = h.TLS.Accept[1], h.TLS.Accept[0]
		},
		"quotes":                        func(h *Host) { h.Macros[0].Name = `{$A:"a"}` },
		"availability":                  func(h *Host) { h.Agent.Available, h.Agent.Error, h.Others[0].Available = Down, "x", Up },
		"maintenance":                   func(h *Host) { h.Maintenance = "night" },
		"what a discovery rule made":    func(h *Host) { h.Tags = append(h.Tags, Tag{Name: "auto", Automatic: true}) },
		"a macro that a discovery made": func(h *Host) { h.Macros = append(h.Macros, Macro{Name: "{$AUTO}", Automatic: true}) },
	} {
		h := sample()
		change(h)
		if snapshot(h).Digest != want {
			t.Errorf("%s counts", name)
		}
	}
}

func TestTheDigestOfAHostTellsEveryChange(t *testing.T) {
	seen := map[string]string{snapshot(sample()).Digest: "nothing", snapshot(nil).Digest: "absent"}
	for name, change := range map[string]func(*Host){
		"id": func(h *Host) { h.ID = "9" }, "name": func(h *Host) { h.Name = "b" }, "visible": func(h *Host) { h.VisibleName = "B" },
		"description": func(h *Host) { h.Description = "" }, "enabled": func(h *Host) { h.Enabled = false },
		"no agent": func(h *Host) { h.Agent = nil }, "address": func(h *Host) { h.Agent.IP = "::2" }, "use": func(h *Host) { h.Agent.Use = UseDNS },
		"others": func(h *Host) { h.Others = h.Others[:1] }, "template": func(h *Host) { h.Templates = h.Templates[:1] },
		"group": func(h *Host) { h.Groups = h.Groups[:1] }, "tag": func(h *Host) { h.Tags[0].Value = "3" },
		"macro": func(h *Host) { h.Macros[0].Value = "2" }, "macro's text": func(h *Host) { h.Macros[1].Description = "2" },
		"kind": func(h *Host) { h.Macros[1].Kind = MacroVault }, "inventory": func(h *Host) { h.Inventory["os"] = "z" },
		"mode": func(h *Host) { h.InventoryMode = InventoryAutomatic }, "proxy": func(h *Host) { h.Proxy = "q" },
		"proxy group": func(h *Host) { h.ProxyGroup = "p" }, "connect": func(h *Host) { h.TLS.Connect = NoEncryption },
		"mark": func(h *Host) { h.Mark.Run = "s" }, "grave": func(h *Host) { h.Mark.BuriedName = "s" },
	} {
		h := sample()
		change(h)
		d := snapshot(h).Digest
		if other := seen[d]; other != "" {
			t.Errorf("%s has the digest of %s", name, other)
		}
		seen[d] = name
	}
}

// Items fill in an automatic inventory: a plan must not go stale by that.
func TestTheDigestOfAHostLeavesAnAutomaticInventory(t *testing.T) {
	digests := map[string]bool{}
	for _, os := range []string{"a", "b"} {
		h := sample()
		h.InventoryMode, h.Inventory["os"] = InventoryAutomatic, os
		digests[snapshot(h).Digest] = true
	}
	if len(digests) != 1 {
		t.Error("what an item found out counts")
	}
}

// Every field of an intent counts, but for the hooks, the run, and the values of
// secrets.
func TestTheDigestOfAnIntent(t *testing.T) {
	seen := map[string]string{(&Intent{}).Digest(): "nothing"}
	without := map[string]bool{"Run": true, "Told": true, "Saw": true}
	typ := reflect.TypeFor[Intent]()
	for i := range typ.NumField() {
		var in Intent
		f := typ.Field(i)
		if f.Type.Kind() == reflect.Func {
			continue
		}
		set(reflect.ValueOf(&in).Elem().Field(i))
		d := in.Digest()
		if other := seen[d]; without[f.Name] != (other == "nothing") {
			t.Errorf("%s counts: %t", f.Name, other == "")
		} else if other != "" && !without[f.Name] {
			t.Errorf("%s has the digest of %s", f.Name, other)
		}
		seen[d] = f.Name
		if without[f.Name] {
			seen[d] = "nothing"
		}
	}
	key, other := "aa", "bb"
	a := Intent{PSK: &key, Secrets: &[]Secret{{Name: "{$S}", Value: "hunter2"}}}
	b := Intent{PSK: &other, Secrets: &[]Secret{{Name: "{$S}", Value: "hunter3"}}}
	if a.Digest() != b.Digest() {
		t.Error("P6: the value of a secret can be guessed from the digest")
	}
}

// set gives a field another value than its zero one.
func set(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		set(v.Elem())
	case reflect.Struct:
		set(v.Field(0))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		set(v.Index(0))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		set(key)
		set(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	default:
	}
}

func TestASecretIsNotPrinted(t *testing.T) {
	in := &Intent{Secrets: &[]Secret{{Name: "{$S}", Value: "hunter2"}}}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, *in.Secrets); strings.Contains(got, "hunter2") || !strings.Contains(got, "{$S}") {
			t.Errorf("%s: %s", format, got)
		}
	}
}

func TestFieldErrors(t *testing.T) {
	a, b := fieldError("a", "one"), fieldError("b", "two")
	err := fmt.Errorf("around: %w", errors.Join(a, fmt.Errorf("within: %w", b), errors.New("other")))
	if got := FieldErrors(err); len(got) != 2 || got[0] != a || got[1] != b {
		t.Errorf("got %v", got)
	}
	if FieldErrors(nil) != nil || FieldErrors(errors.New("x")) != nil {
		t.Error("found some where there are none")
	}
}
