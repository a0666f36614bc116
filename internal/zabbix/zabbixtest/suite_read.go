package zabbixtest

import (
	"slices"
	"strings"
)

// whole is a host with something of everything.
const whole = `{"host":"@{a}","name":"@{a} visible","description":"d","groups":[{"groupid":"#{g}"}],"status":1,
"interfaces":[{"type":1,"main":1,"useip":1,"ip":"192.0.2.1","dns":"","port":"10050"},
 {"type":1,"main":0,"useip":0,"ip":"","dns":"sw.example","port":"{$P}"},
 {"type":2,"main":1,"useip":0,"ip":"","dns":"sw.example","port":"161","details":{"version":2,"community":"{$C}"}}],
"tags":[{"tag":"b","value":"2"},{"tag":"a","value":"1"},{"tag":"a"}],
"macros":[{"macro":"{$T}","value":"t"},{"macro":"{$S}","value":"s3cret","type":1,"description":"sd"},{"macro":"{$V}","value":"path/x:key","type":2},{"macro":"{$C:\"ctx\"}","value":""}],
"inventory":{"os":"linux","serialno_a":"1"},
"tls_connect":2,"tls_accept":3,"tls_psk_identity":"@{a}","tls_psk":"abababababababababababababababab"}`

// suiteRead asks what a host looks like: which fields there are, what is never
// shown, what a select adds.
func suiteRead(b *bench) {
	b.make("a", "host.create", whole)
	o := b.one("host.get", `{"hostids":"#{a}","output":"extend","selectTags":"extend","selectMacros":"extend","selectInterfaces":"extend","selectInventory":"extend","selectParentTemplates":"extend"}`)
	common := []string{
		"hostid", "host", "status", "ipmi_authtype", "ipmi_privilege", "ipmi_username", "ipmi_password",
		"maintenanceid", "maintenance_status", "maintenance_type", "maintenance_from", "name", "flags",
		"templateid", "description", "tls_connect", "tls_accept", "tls_issuer", "tls_subject",
		"custom_interfaces", "uuid", "inventory_mode", "tags", "macros", "interfaces", "inventory", "parentTemplates",
	}
	if b.old() {
		b.keys("a host", o, append(common, "proxy_hostid", "lastaccess", "proxy_address", "auto_compress")...)
	} else {
		b.keys("a host", o, append(common, "proxyid", "proxy_groupid", "monitored_by", "vendor_name", "vendor_version", "active_available", "assigned_proxyid")...)
	}
	for field, want := range map[string]string{
		"hostid": "#{a}", "host": "@{a}", "name": "@{a} visible", "status": "1", "description": "d", "flags": "0",
		"tls_connect": "2", "tls_accept": "3", "inventory_mode": "0", "ipmi_authtype": "-1", "ipmi_privilege": "2", "maintenance_status": "0",
	} {
		if o[field] != b.expand(want) {
			b.Errorf("%s is %v", field, o[field])
		}
	}
	b.keys("an inventory", o["inventory"].(object), slices.Clone(inventoryFields)...)
	automatic := []string{}
	if !b.old() {
		automatic = []string{"automatic"}
	}
	b.keys("a tag", o["tags"].([]any)[0].(object), append(automatic, "tag", "value")...)
	b.keys("a macro", o["macros"].([]any)[0].(object), append(automatic, "hostmacroid", "hostid", "macro", "value", "description", "type")...)
	b.keys("a secret macro", o["macros"].([]any)[1].(object), append(automatic, "hostmacroid", "hostid", "macro", "description", "type")...)
	b.keys("an interface", o["interfaces"].([]any)[0].(object), "interfaceid", "hostid", "main", "type", "useip", "ip", "dns", "port",
		"available", "error", "errors_from", "disable_until", "details")
	suiteReadParts(b)
}

func suiteReadParts(b *bench) {
	get := func(more string) string { return `{"hostids":["#{a}"],` + more + `}` }
	row := func(more string) string { return `[{"hostid":"#{a}",` + more + `}]` }
	for _, c := range []struct{ params, old, lts string }{
		{`"output":["tls_psk_identity","tls_psk","host"]`, `"host":"@{a}"`, ""},
		{`"output":["host"],"selectTags":["tag","value"]`, `"host":"@{a}","tags":[{"tag":"b","value":"2"},{"tag":"a","value":"1"},{"tag":"a","value":""}]`, ""},
		{
			`"output":["host"],"selectMacros":["macro","value","type"]`,
			`"host":"@{a}","macros":[{"macro":"{$T}","value":"t","type":"0"},{"macro":"{$S}","type":"1"},{"macro":"{$V}","value":"path/x:key","type":"2"},{"macro":"{$C:\"ctx\"}","value":"","type":"0"}]`, "",
		},
		{`"output":["host"],"selectInventory":["os","os_full","inventory_mode"]`, `"host":"@{a}","inventory":{"os":"linux","os_full":""}`, ""},
		{
			`"output":["host"],"selectInterfaces":["type","main","ip","dns","port","useip","available","error","details"]`,
			`"host":"@{a}","interfaces":[
			{"type":"1","main":"1","ip":"192.0.2.1","dns":"","port":"10050","useip":"1","available":"0","error":"","details":[]},
			{"type":"1","main":"0","ip":"","dns":"sw.example","port":"{$P}","useip":"0","available":"0","error":"","details":[]},
			{"type":"2","main":"1","ip":"","dns":"sw.example","port":"161","useip":"0","available":"0","error":"","details":{"version":"2","bulk":"1","community":"{$C}"` + b.pick("}", `,"max_repetitions":"10"}`) + `}]`, "",
		},
		{`"output":["host"],"selectInterfaces":"count","selectParentTemplates":"count"`, `"host":"@{a}","interfaces":"3","parentTemplates":"0"`, ""},
		{
			`"output":[],"selectGroups":["name"],"selectHostGroups":["name"]`, `"groups":[{"groupid":"#{g}","name":"@{g}"}]`,
			`"groups":[{"name":"@{g}"}],"hostgroups":[{"name":"@{g}"}]`,
		},
	} {
		old, lts := row(c.old), ""
		if c.lts != "" {
			lts = row(c.lts)
		}
		b.see("host.get", get(c.params), old, lts)
	}
	b.see("host.get", `{"hostids":["#{a}"],"output":["host"],"preservekeys":true}`, `{"#{a}":{"hostid":"#{a}","host":"@{a}"}}`, "")
	b.see("host.get", `{"hostids":["99999999"],"preservekeys":true}`, `[]`, "")
	b.make("plain", "host.create", `{"host":"@{plain}","groups":[{"groupid":"#{g}"}]}`)
	b.see("host.get", `{"hostids":"#{plain}","output":["inventory_mode"],"selectInventory":["os"],"selectTags":["tag"],"selectMacros":["macro"],"selectInterfaces":["ip"]}`,
		`[{"hostid":"#{plain}","inventory_mode":"-1","inventory":[],"tags":[],"macros":[],"interfaces":[]}]`, "")
	if b.old() {
		b.try("host.get", get(`"selectTags":["tag","automatic"]`), `-32500 applyQueryOutputOptions: field "host_tag.automatic" does not exist.`, "")
		return
	}
	b.see("host.get", get(`"output":["active_available"],"selectTags":["tag","automatic"]`),
		"", row(`"active_available":"0","tags":[{"tag":"b","automatic":"0"},{"tag":"a","automatic":"0"},{"tag":"a","automatic":"0"}]`))
}

// suiteFind asks which hosts are found.
func suiteFind(b *bench) {
	b.make("a b", "host.create", `[{"host":"@{a}","name":"@{a} Visible","groups":[{"groupid":"#{g}"}]},{"host":"@{b}","groups":[{"groupid":"#{g}"}],"status":1}]`)
	upper := strings.ToUpper(b.expand("@{a}"))
	hosts := func(names ...string) string {
		var rows []string
		for _, n := range names {
			rows = append(rows, `{"hostid":"#{`+n+`}"}`)
		}
		return `[` + strings.Join(rows, ",") + `]`
	}
	none, both := hosts(), hosts("a", "b")
	for _, c := range []struct{ params, want string }{
		{`"filter":{"host":"@{a}"}`, hosts("a")},
		{`"filter":{"host":["@{a}","@{b}"]}`, both},
		{`"filter":{"host":"` + upper + `"}`, none},
		{`"filter":{"host":["@{a}","@{b}"],"status":1}`, hosts("b")},
		{`"filter":{"host":"@{a}","name":"@{b}"}`, none},
		{`"filter":{"host":"@{a}","name":"@{b}"},"searchByAny":true`, both},
		{`"filter":{"name":["@{a} Visible"]}`, hosts("a")},
		{`"filter":{"inventory_mode":0}`, none},
		// An empty filter filters nothing; an empty list of ids gives nothing.
		{`"filter":{"host":[]}`, both},
		{`"hostids":[]`, none},
		{`"hostids":null`, both},
		{`"hostids":"#{a}"`, hosts("a")},
		{`"hostids":["#{a}","#{a}","99999999"]`, hosts("a")},
		{`"search":{"host":"` + upper + `"}`, hosts("a")},
		{`"search":{"name":"visible"}`, hosts("a")},
		{`"search":{"name":"visible"},"startSearch":true`, none},
		{`"search":{"host":"@{a}"},"startSearch":true`, hosts("a")},
		{`"search":{"host":["@{a}","nope"]}`, none},
		{`"search":{"host":["@{a}","nope"]},"searchByAny":true`, hosts("a")},
		{`"search":{"host":"nope","name":"visible"},"searchByAny":true`, hosts("a")},
		{`"search":{"name":"@{a}*sible"},"searchWildcardsEnabled":true`, hosts("a")},
		{`"search":{"name":"*nope*"},"searchWildcardsEnabled":true`, none},
		{`"limit":1`, hosts("a")},
		{`"limit":0`, both},
		{`"groupids":["#{g}","99999999"]`, both},
	} {
		params := `{"output":[],"groupids":["#{g}"],"sortfield":"hostid",` + c.params + `}`
		b.see("host.get", params, c.want, "")
	}
	b.see("host.get", `{"output":["host"],"groupids":["#{g}"],"sortfield":"host","sortorder":"DESC"}`, `[{"hostid":"#{b}","host":"@{b}"},{"hostid":"#{a}","host":"@{a}"}]`, "")
	b.see("host.get", `{"groupids":["#{g}"],"countOutput":true}`, `"2"`, "")
	b.try("host.get", `{"sortfield":"description"}`, `-32500 Sorting by field "description" not allowed.`, "")
}

// suiteTags asks for hosts by tags.
func suiteTags(b *bench) {
	b.make("a b c", "host.create", `[
		{"host":"@{a}","groups":[{"groupid":"#{g}"}],"tags":[{"tag":"site","value":"north"},{"tag":"role","value":"edge"}]},
		{"host":"@{b}","groups":[{"groupid":"#{g}"}],"tags":[{"tag":"site","value":"south"},{"tag":"site","value":""}]},
		{"host":"@{c}","groups":[{"groupid":"#{g}"}]}]`)
	for _, c := range []struct{ tags, more, want string }{
		{`[]`, "", "abc"},
		{`[{"tag":"site","value":"ORT"}]`, "", "a"},
		{`[{"tag":"Site","value":"north"}]`, "", ""},
		{`[{"tag":"site","value":""}]`, "", "ab"},
		{`[{"tag":"site"}]`, "", "ab"},
		{`[{"tag":"site","value":"north","operator":1}]`, "", "a"},
		{`[{"tag":"site","value":"ort","operator":1}]`, "", ""},
		{`[{"tag":"site","value":"","operator":"1"}]`, "", "b"},
		{`[{"tag":"site","value":"North","operator":1}]`, "", ""},
		{`[{"tag":"site","operator":4}]`, "", "ab"},
		{`[{"tag":"site","operator":5}]`, "", "c"},
		{`[{"tag":"site","value":"ort","operator":2}]`, "", "bc"},
		{`[{"tag":"site","value":"north","operator":3}]`, "", "bc"},
		{`[{"tag":"site","value":"north","operator":1},{"tag":"site","value":"south","operator":1}]`, "", "ab"},
		{`[{"tag":"site","value":"north","operator":1},{"tag":"role","value":"core","operator":1}]`, "", ""},
		{`[{"tag":"site","value":"north","operator":1},{"tag":"role","value":"core","operator":1}]`, `,"evaltype":2`, "a"},
		{`[{"tag":"site","value":"south","operator":1},{"tag":"role","operator":4}]`, `,"evaltype":2`, "ab"},
		{`[{"tag":"site","operator":4},{"tag":"role","operator":5}]`, "", "b"},
	} {
		rows := []string{}
		for _, n := range c.want {
			rows = append(rows, `{"hostid":"#{`+string(n)+`}"}`)
		}
		b.see("host.get", `{"output":[],"groupids":["#{g}"],"sortfield":"hostid","tags":`+c.tags+c.more+`}`, `[`+strings.Join(rows, ",")+`]`, "")
	}
}
