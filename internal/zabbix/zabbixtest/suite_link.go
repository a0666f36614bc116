package zabbixtest

import "strings"

// linked is a list of templates.
func linked(names ...string) string {
	var out []string
	for _, n := range names {
		out = append(out, `{"templateid":"#{`+n+`}"}`)
	}
	return `[` + strings.Join(out, ",") + `]`
}

// stock makes the templates of the suite.
func (b *bench) stock() {
	b.Helper()
	b.template("base", nil, "a.one:0")
	b.template("child", []string{"base"}, "a.two:0")
	b.template("snmp", nil, "s.one:20")
	b.template("simple", nil, "icmpping:3")
	b.template("trap", nil, "t.one:2")
	b.template("clash", nil, "t.one:2")
	b.template("dep", nil, "d.one:2")
	b.make("up", "trigger.create", `{"description":"up trigger","expression":"last(/@{trap}/t.one)=0"}`)
	b.make("down", "trigger.create", `{"description":"down trigger","expression":"last(/@{dep}/d.one)=0","dependencies":[{"triggerid":"#{up}"}]}`)
}

func newHost(name, templates, more string) string {
	return `{"host":"@{` + name + `}","groups":[{"groupid":"#{g}"}],"templates":` + templates + more + `}`
}

// suiteLink links templates when a host is made.
func suiteLink(b *bench) {
	b.stock()
	agent := `,"interfaces":[` + agentInterface("") + `]`
	needs := func(key, template, kind string) (string, string) {
		return `-32602 Cannot find host interface on "@{a}" for item key "` + key + `".`,
			`-32602 Cannot inherit item with key "` + key + `" of template "@{` + template + `}" to host "@{a}", because a host interface of type "` + kind + `" is required.`
	}
	old, lts := needs("a.one", "base", "Agent")
	b.try("host.create", newHost("a", linked("base"), ""), old, lts)
	old, lts = needs("s.one", "snmp", "SNMP")
	b.try("host.create", newHost("a", linked("snmp"), agent), old, lts)
	const twice = `-32602 Template cannot be linked to another template more than once even through other templates.`
	b.tryAll("host.create", []attempt{
		{newHost("s1", linked("simple"), ""), `-32602 Cannot find host interface on "@{s1}" for item key "icmpping".`, fine},
		{newHost("s2", linked("simple"), agent), fine, ""},
		{newHost("a", linked("base", "child"), agent), twice, `-32602 Cannot link template "@{child}" to host "@{a}", because its parent template "@{base}" would be linked twice.`},
		{newHost("a", linked("child", "base"), agent), twice, `-32602 Cannot link template "@{child}" to host "@{a}", because its parent template "@{base}" would be linked twice.`},
		{
			newHost("a", linked("dep"), ""), `-32602 Trigger in template "@{dep}" has dependency with trigger in template "@{trap}".`,
			`-32602 Cannot link template "@{dep}" without template "@{trap}" to host "@{a}" due to dependency of trigger "down trigger".`,
		},
		{newHost("d", linked("dep", "trap"), ""), fine, ""},
		// 6.0 takes two items of one key that come together.
		{
			newHost("k", linked("trap", "clash"), ""), fine,
			`-32602 Cannot inherit items with key "t.one" of both "@{trap}" and "@{clash}" templates, because the key must be unique on host "@{k}".`,
		},
		{
			newHost("a", linked("trap", "trap"), ""), `-32500 SQL statement execution has failed "INSERT INTO hosts_templates...`,
			`-32602 Invalid parameter "/1/templates/2": value (templateid)=(#{trap}) already exists.`,
		},
	})
	b.make("a", "host.create", newHost("a", linked("child"), agent))
	b.items(`[["a.one","#{inherited}"],["a.two","#{item_a_two}"]]`)
	b.shows(`"output":[],"selectParentTemplates":["templateid","host"]`, `"parentTemplates":[{"templateid":"#{child}","host":"@{child}"}]`)
	b.see("host.get", `{"templateids":"#{child}","output":[]}`, `[{"hostid":"#{a}"}]`, "")
	b.see("host.get", `{"templateids":"#{base}","output":[]}`, `[]`, "")
	b.make("l", "host.create", newHost("l", linked("trap"), ""))
	b.try("host.update", `{"hostid":"#{l}","templates":`+linked("trap", "clash")+`}`, `-32602 Item "t.one" already exists on "@{l}", inherited from another template.`,
		`-32602 Cannot inherit item with key "t.one" of template "@{clash}" to host "@{l}", because an item with the same key is already inherited from template "@{trap}".`)
}

// items compares keys and template items of host a. #{inherited} is the item of
// child that comes from base.
func (b *bench) items(want string) {
	b.Helper()
	b.ids["inherited"] = text(b.one("item.get", `{"templateids":"#{child}","filter":{"key_":"a.one"},"output":["itemid"]}`)["itemid"])
	var got []string
	for _, i := range b.ok("item.get", `{"hostids":"#{a}","output":["key_","templateid"],"sortfield":"key_"}`).([]any) {
		o := i.(object)
		got = append(got, `["`+text(o["key_"])+`","`+text(o["templateid"])+`"]`)
	}
	if have := `[` + strings.Join(got, ",") + `]`; have != b.expand(want) {
		b.Errorf("items\n got  %s\n want %s", have, b.expand(want))
	}
}

// suiteUnlink unlinks, clears and links again.
func suiteUnlink(b *bench) {
	b.stock()
	b.make("a", "host.create", newHost("a", linked("child"), `,"interfaces":[`+agentInterface("")+`]`))
	both := `[["a.one","#{inherited}"],["a.two","#{item_a_two}"]]`
	b.up(`"templates":`+linked("child", "base"), `-32602 Template cannot be linked to another template more than once even through other templates.`,
		`-32602 Cannot link template "@{base}" to host "@{a}", because it would be linked twice through template "@{child}".`)
	before := b.ok("item.get", `{"hostids":"#{a}","output":["itemid"],"sortfield":"itemid"}`)
	b.up(`"templates":[]`, fine, "")
	b.items(`[["a.one","0"],["a.two","0"]]`)
	b.shows(`"output":[],"selectParentTemplates":["host"]`, `"parentTemplates":[]`)
	b.up(`"templates":`+linked("child"), fine, "")
	b.items(both)
	if after := b.ok("item.get", `{"hostids":"#{a}","output":["itemid"],"sortfield":"itemid"}`); !sameValue(before, after) {
		b.Errorf("items that were linked again have other ids: %v, then %v", before, after)
	}
	b.up(`"templates_clear":`+linked("child"), fine, "")
	b.items(`[]`)
	b.up(`"templates_clear":`+linked("trap"), fine, "")
	b.up(`"templates_clear":[{"templateid":"99999999"}]`, fine, `-32500 Invalid parameter "/1/templates_clear/1"`+unseenPath)
	b.up(`"templates":`+linked("child")+`,"templates_clear":`+linked("child"), fine,
		`-32602 Invalid parameter "/1/templates_clear/1/templateid": cannot be specified the value of parameter "/1/templates/1/templateid".`)
	b.make("d", "host.create", newHost("d", linked("dep", "trap"), ""))
	b.try("host.update", `{"hostid":"#{d}","templates":`+linked("dep")+`}`, `-32602 Trigger in template "@{dep}" has dependency with trigger in template "@{trap}".`, fine)
	b.try("host.update", `{"hostid":"#{d}","templates":`+linked("dep", "trap", "dep")+`}`,
		`-32602 Cannot pass duplicate template IDs for the linkage: template ID "#{dep}" is passed 2 times.`,
		`-32602 Invalid parameter "/1/templates/3": value (templateid)=(#{dep}) already exists.`)
}

func sameValue(a, b any) bool {
	x, y := list(a), list(b)
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if text(x[i].(object)["itemid"]) != text(y[i].(object)["itemid"]) {
			return false
		}
	}
	return true
}

// suiteLinkInterfaces adds and removes an interface together with the template
// that needs it.
func suiteLinkInterfaces(b *bench) {
	b.stock()
	b.make("a", "host.create", newHost("a", linked(), ""))
	agent := `"interfaces":[` + agentInterface("") + `]`
	const used = `-32602 Interface is linked to item "item a.one" on "@{a}".`
	b.up(agent+`,"templates":`+linked("child"), fine, "")
	b.items(`[["a.one","#{inherited}"],["a.two","#{item_a_two}"]]`)
	b.up(`"interfaces":[]`, used, "")
	b.up(agent, used, "")
	b.up(`"interfaces":[],"templates":[]`, used, "")
	b.items(`[["a.one","#{inherited}"],["a.two","#{item_a_two}"]]`) // all or nothing
	b.firstFace()
	b.try("hostinterface.delete", `["#{i}"]`, used, "")
	// 6.0 clears before it looks at the interfaces, 7.0 after.
	b.up(`"interfaces":[],"templates_clear":`+linked("child"), fine, used)
	b.up(`"templates_clear":`+linked("child"), fine, "")
	b.up(`"interfaces":[]`, fine, "")
	b.items(`[]`)
}

// suiteMass adds and removes by host.massadd and host.massremove.
func suiteMass(b *bench) {
	b.stock()
	b.make("g2", "hostgroup.create", `{"name":"@{g2}"}`)
	b.make("a d", "host.create", `[`+newHost("a", linked("child"), `,"interfaces":[`+agentInterface("")+`]`)+`,`+newHost("d", linked(), "")+`]`)
	hosts := `{"hosts":[{"hostid":"#{a}"},{"hostid":"#{d}"}],`
	one := `{"hosts":[{"hostid":"#{a}"}],`
	b.see("host.massadd", hosts+`"templates":`+linked("trap")+`}`, `{"hostids":["#{a}","#{d}"]}`, "")
	b.items(`[["a.one","#{inherited}"],["a.two","#{item_a_two}"],["t.one","` + b.trapItem() + `"]]`)
	b.tryAll("host.massadd", []attempt{
		{one + `"templates":[{"templateid":"99999999"}]}`, `-32500 ` + noObject, `-32500 Invalid parameter "/templates/1"` + unseenPath},
		{one + `"groups":[{"groupid":"99999999"}]}`, `-32500 ` + noObject, `-32500 Invalid parameter "/groups/1"` + unseenPath},
		{`{"hosts":[{"hostid":"99999999"}],"groups":[{"groupid":"#{g2}"}]}`, `-32500 You do not have permission to perform this operation.`, `-32500 Invalid parameter "/hosts/1"` + unseenPath},
		{one + `"groups":[{"groupid":"#{g2}"}]}`, fine, ""},
		{one + `"macros":[{"macro":"{$A}","value":"1"}]}`, fine, ""},
		{one + `"macros":[{"macro":"{$A}","value":"2"}]}`, `-32602 Macro "{$A}" already exists on "@{a}".`, `-32602 Invalid parameter "/1/macros/2": value (macro)=({$A}) already exists.`},
		{one + `"tags":[{"tag":"x"}]}`, fine, `-32602 Invalid parameter "/": unexpected parameter "tags".`},
		{`{"hosts":[{"hostid":"#{d}"}],"interfaces":[` + agentInterface("") + `]}`, fine, ""},
	})
	b.see("host.get", `{"groupids":"#{g2}","output":[],"selectMacros":["macro","value"],"selectTags":["tag"]}`,
		`[{"hostid":"#{a}","macros":[{"macro":"{$A}","value":"1"}],"tags":[]}]`, "")
	b.tryAll("host.massremove", []attempt{
		{`{"hostids":["#{d}"],"groupids":["#{g}"]}`, `-32602 Host "@{d}" cannot be without host group.`, ""},
		{`{"hostids":["99999999"],"groupids":["#{g}"]}`, `-32500 ` + noObject, `-32500 Invalid parameter "/hostids/1"` + unseenPath},
		{`{"hostids":"#{a}","groupids":"#{g2}"}`, fine, ""},
		{`{"hostids":"#{a}","macros":["{$A}"]}`, fine, ""},
		{`{"hostids":"#{a}","macros":"{$A}"}`, fine, ""},
		{`{"hostids":"#{a}","templateids":["#{trap}"]}`, fine, ""},
		{`{"hostids":"#{a}","templateids_clear":"#{child}"}`, fine, ""},
		{`{"hostids":"#{a}","templateids":["#{snmp}","99999999"]}`, fine, ""},
	})
	b.items(`[["t.one","0"]]`)
	b.see("host.get", `{"hostids":"#{a}","output":[],"selectMacros":["macro"],"selectParentTemplates":["host"]}`, `[{"hostid":"#{a}","macros":[],"parentTemplates":[]}]`, "")
}

// trapItem is the item of the template trap.
func (b *bench) trapItem() string {
	b.Helper()
	return text(b.one("item.get", `{"templateids":"#{trap}","output":["itemid"]}`)["itemid"])
}
