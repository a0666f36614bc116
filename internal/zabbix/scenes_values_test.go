package zabbix_test

import (
	"fmt"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// wide is a text of n characters of one to four bytes each.
func wide(n int) string {
	return string([]rune(strings.Repeat("aß日🙂", n/4+1))[:n])
}

// values: texts of every alphabet, as long as they may be, and with blanks and line
// breaks at their edges come back as they were sent: another plan finds nothing.
func (l *life) values() {
	in := scene("scene-value")
	in.CreateGroups, in.Groups = true, &[]string{"Sälen/日本 🙂", "Linux servers"}
	in.VisibleName, in.Description = ptr("scene-value "+wide(116)), ptr(wide(10_000))
	in.Agent = &zabbix.Interface{IP: "192.0.2.1", DNS: strings.Repeat("x", 255), Port: "65535", Use: zabbix.UseIP}
	in.Tags = &[]zabbix.Tag{{Name: wide(255), Value: wide(255)}, {Name: "ключ", Value: ""}, {Name: "Ключ", Value: "a: b"}}
	in.Macros = &[]zabbix.Macro{
		{Name: "{$LONG}", Value: wide(2048), Description: wide(10_000)},
		{Name: `{$C:"ключ \" 🙂"}`, Value: "ß"},
		{Name: "{$EMPTY}"},
		{Name: "{$VAULT}", Value: "ключ/ü:日", Kind: zabbix.MacroVault},
	}
	in.Secrets = &[]zabbix.Secret{{Name: "{$SECRET}", Value: wide(2048), Description: wide(100)}}
	in.Inventory = &map[string]string{"location": wide(10_000), "notes": wide(65_535), "name": wide(128), "url_a": "https://ü.example/" + wide(200), "tag": wide(64), "location_lat": wide(16)}
	in.TLS = &zabbix.TLS{Connect: zabbix.PSK, Accept: []zabbix.Encryption{zabbix.PSK, zabbix.Certificate}, PSKIdentity: wide(128), Issuer: wide(1024), Subject: "CN=日本"}
	in.PSK = ptr(strings.Repeat("ab", 256))
	l.settles(in)
	l.is("the description", l.host.Description, wide(10_000))
	l.is("the visible name", l.host.VisibleName, "scene-value "+wide(116))
	in.ID, in.Ours = l.host.ID, &zabbix.Ours{Tags: *in.Tags, Macros: []string{"{$LONG}"}, Inventory: []string{"location", "notes"}}
	in.Description, in.VisibleName = ptr(strings.Repeat("x", 65_535)), ptr("scene-value  two  blanks")
	l.settles(in)
	in.Description, in.Tags = ptr("\n a \r\n\tb \n\n"), &[]zabbix.Tag{{Name: " a ", Value: " b "}, {Name: "lines", Value: "one\ntwo\r\n"}, {Name: " ", Value: "\t"}}
	in.Macros = &[]zabbix.Macro{{Name: "{$BLANKS}", Value: " \n x \r\n", Description: " \n"}, {Name: "{$BLANK}", Value: "  "}}
	in.Inventory = &map[string]string{"location": "\n a \r\n", "notes": "  ", "name": " a "}
	in.TLS.Subject = " CN=a "
	l.settles(in)
}

// technicalNames: a plan refuses what Zabbix refuses as a technical name, and
// nothing else.
func (l *life) technicalNames() {
	names := []string{
		"scene-name" + strings.Repeat("x", 118),
		"scene-name ", " scene-name", "scene-name  two blanks", "scene-name.", "", " ", "ä",
	}
	for c := rune(0x20); c < 0x80; c++ {
		names = append(names, fmt.Sprintf("scene-name-%02x%c1", c, c))
	}
	for _, c := range "\t\n\r\u00a0ßéж日🙂\u200b\u2028ａ１․" {
		names = append(names, fmt.Sprintf("scene-name-%c1", c))
	}
	var calls []api.Call
	groups := l.reference("Linux servers")
	for _, name := range names {
		calls = append(calls, api.Call{Method: "host.create", Params: object{"host": name, "groups": groups}})
	}
	for i, err := range l.tries(calls...) {
		_, planned := l.plan(scene(names[i]))
		if refused(planned, "host") != (err != nil) {
			l.t.Errorf("%q: Zabbix says %v, the plan %v", names[i], err, planned)
		}
	}
}

// macroNames: a plan refuses what Zabbix refuses as the names of macros, and
// nothing else.
func (l *life) macroNames() {
	sets := [][]string{
		{"{$A:b}", `{$A:"c"}`, "{$A}"},
		{"{$A:b}", `{$A:"b"}`},
		{"{$A: b}", "{$A:b}"},
		{"{$A:b }", "{$A:b}"},
		{"{$A:regex:b}", "{$A:b}"},
		{`{$A:regex:"b"}`, "{$A:regex:b}"},
		{"{$A:regex: b}", "{$A:regex:b}"},
		{"{$A: regex:b}", "{$A:regex:b}"},
		{`{$A:"b" }`, "{$A:b}"},
		{"{$A:}", "{$A}"},
		{"{$A:}", `{$A:""}`},
		{`{$A:"b\"c"}`, `{$A:b"c}`},
		{"{$A:B}", "{$A:b}"},
	}
	for _, one := range []string{
		"", "A", "$A", "{A}", "{#A}", "{$}", "{$a}", "{$A", "{$A}}", "{$A} ", " {$A}", "{ $A}", "{$A B}", "{$A-B}", "{$A.B_1}", "{$1}", "{$.}", "{$Ä}", "{$ÄB:c}",
		"{$:b}", "{$A:}", "{$A: }", `{$A:""}`, "{$A:b", "{$A:b}c", "{$A:b}c}", `{$A:"b}`, `{$A:"b}"}`, `{$A:"b"c}`, `{$A:"b" }`, `{$A:"b"`, `{$A:b"}`, `{$A:b"c}`, `{$A:"b\"c"}`,
		`{$A:"b\\"}`, `{$A:"b\"}`, `{$A:b\"c}`, "{$A :b}", "{$A:b:c}", "{$A:{$B}}", `{$A:"{$B}"}`, "{$A:ключ 🙂}", "{$A:'b}", "{$A:b\nc}", "{$A:\nb}", "{$A:\tb}", "{$A:\"b\"\n}",
		"{$A:regex:}", `{$A:regex:""}`, `{$A:regex:"b}`, "{$A:regex:b}", `{$A:regex:"b"}`, `{$A:regex:"[a-z]{2}"}`, "{$A:regex:[a-z]{2}}", "{$A:regex:[}", "{$A:regex: b}", "{$A: regex:b}", "{$A:REGEX:b}",
		"{$" + strings.Repeat("A", 252) + "}", "{$" + strings.Repeat("A", 253) + "}", "{$A:" + wide(250) + "}", "{$A:" + wide(251) + "}",
	} {
		sets = append(sets, []string{one})
	}
	var calls []api.Call
	groups := l.reference("Linux servers")
	for i, set := range sets {
		macros := []any{}
		for _, name := range set {
			macros = append(macros, object{"macro": name, "value": "x"})
		}
		calls = append(calls, api.Call{Method: "host.create", Params: object{"host": fmt.Sprint("scene-macro-by-hand-", i), "groups": groups, "macros": macros}})
	}
	for i, err := range l.tries(calls...) {
		in := scene(fmt.Sprint("scene-macro-", i))
		in.Macros = &[]zabbix.Macro{}
		for _, name := range sets[i] {
			*in.Macros = append(*in.Macros, zabbix.Macro{Name: name, Value: "x"})
		}
		_, planned := l.plan(in)
		if refused(planned, "macros") != (err != nil) {
			l.t.Errorf("%q: Zabbix says %v, the plan %v", sets[i], err, planned)
		}
	}
}

// takenNames: what another host has is refused at plan; what only Zabbix can tell
// is refused by it, and leaves nothing behind.
func (l *life) takenNames() {
	l.byHand("scene-taken-other", object{"name": "Scene taken", "tls_connect": 2, "tls_accept": 2, "tls_psk_identity": "scene-taken", "tls_psk": strings.Repeat("a", 64)})
	for _, name := range []string{"Scene taken", " ", "\n"} {
		in := scene("scene-taken")
		in.VisibleName = &name
		if _, err := l.plan(in); !refused(err, "visible_name") {
			l.t.Errorf("%q: %v", name, err)
		}
	}
	in := scene("scene-taken")
	in.VisibleName = ptr("ICMP Ping")
	l.fails(in, `"ICMP Ping" already exists`)
	in.VisibleName = nil
	in.TLS, in.PSK = &zabbix.TLS{Connect: zabbix.PSK, Accept: []zabbix.Encryption{zabbix.PSK}, PSKIdentity: "scene-taken"}, ptr(strings.Repeat("b", 64))
	version, err := l.store.Lookup().Version(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	if version.AtLeast(7, 0) {
		l.fails(in, "another tls_psk value is already associated")
		return
	}
	l.settles(in) // 6.0 takes it; only its server's log complains
}

// fails runs an intent that Zabbix refuses; nothing of it is left.
func (l *life) fails(in *zabbix.Intent, says string) {
	l.t.Helper()
	plan, err := l.plan(in)
	if err != nil {
		l.t.Fatal(err)
	}
	if err = l.apply(in, plan); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "not applied") {
		l.t.Errorf("it does not say %q: %v", says, err)
	}
	if h, err := l.store.FreshByName(l.t.Context(), in.Name); h != nil || err != nil {
		l.t.Errorf("it is there: %v, %v", h, err)
	}
}
