package zabbixtest

import "strings"

// up is an update of the host a.
func (b *bench) up(fields, old, lts string) {
	b.Helper()
	b.try("host.update", `{"hostid":"#{a}",`+fields+`}`, old, lts)
}

// shows compares what a get of the host a gives beside its id.
func (b *bench) shows(params, want string) {
	b.Helper()
	b.see("host.get", `{"hostids":"#{a}",`+params+`}`, `[{"hostid":"#{a}",`+want+`}]`, "")
}

// suiteUpdate changes a host's own fields.
func suiteUpdate(b *bench) {
	b.make("a b", "host.create", `[`+a+`},{"host":"@{b}","groups":[{"groupid":"#{g}"}]}]`)
	b.template("t", nil)
	b.tryAll("host.update", []attempt{
		{`[]`, `-32602 Empty input parameter.`, `-32602 Invalid parameter "/": cannot be empty.`},
		{`{"host":"@{x}"}`, `-32602 Wrong fields for host "@{x}".`, `-32602 Invalid parameter "/1": the parameter "hostid" is missing.`},
		{`{"hostid":"99999999","status":0}`, `-32602 ` + noObject, `-32500 ` + noObject},
		{`{"hostid":"#{t}","status":0}`, `-32602 ` + noObject, `-32500 ` + noObject},
		{`{"hostid":"x"}`, `-32602 ` + noObject, `-32602 Invalid parameter "/1/hostid": a number is expected.`},
		{`[{"hostid":"#{a}"},{"hostid":"#{a}"}]`, fine, `-32602 Invalid parameter "/2": value (hostid)=(#{a}) already exists.`},
		{`[{"hostid":"#{a}","status":1},{"hostid":"#{b}","status":7}]`, `-32500 Incorrect status for host "@{b}".`, ""},
	})
	b.shows(`"output":["status"]`, `"status":"0"`) // all or nothing
	b.up(`"name":"@{v}"`, fine, "")
	b.shows(`"output":["host","name"]`, `"host":"@{a}","name":"@{v}"`)
	b.up(`"host":"@{c}"`, fine, "")
	b.shows(`"output":["host","name"]`, `"host":"@{c}","name":"@{c}"`)
	b.up(`"host":"@{a}","name":" "`, fine, "")
	b.shows(`"output":["host","name"]`, `"host":"@{a}","name":"@{a}"`)
	b.up(`"name":""`, `-32602 Visible name cannot be empty if host name is missing.`, "")
	b.up(`"host":"@{b}"`, `-32602 Host with the same name "@{b}" already exists.`, "")
	b.up(`"name":"@{b}"`, `-32602 Host with the same visible name "@{b}" already exists.`, "")
	b.up(`"name":"@{t}"`, `-32602 Template with the same visible name "@{t}" already exists.`, "")
	b.up(`"host":"a/b"`, `-32602 Incorrect characters used for host name "a/b".`, "")
	b.up(`"groups":[]`, `-32602 Host "@{a}" cannot be without host group.`, `-32602 Invalid parameter "/1/groups": cannot be empty.`)
	b.up(`"groups":[{"groupid":"99999999"}]`, `-32500 `+noObject, `-32500 Invalid parameter "/1/groups/1"`+unseenPath)
	b.up(`"tags":null`, `-32602 Invalid parameter "/tags": an array is expected.`, `-32602 Invalid parameter "/1/tags": an array is expected.`)
	b.up(`"status":5`, `-32500 Incorrect status for host "@{a}".`, "")
	b.make("g2", "hostgroup.create", `{"name":"@{g2}"}`)
	b.up(`"groups":[{"groupid":"#{g2}"}],"tags":[{"tag":"x","value":"y"}],"description":"d","status":1`, fine, "")
	b.shows(`"output":["description","status"],"selectTags":["tag","value"]`, `"description":"d","status":"1","tags":[{"tag":"x","value":"y"}]`)
	b.see("host.get", `{"groupids":"#{g2}","output":[]}`, `[{"hostid":"#{a}"}]`, "")
	b.up(`"tags":[]`, fine, "")
	b.shows(`"output":[],"selectTags":["tag"]`, `"tags":[]`)
	suiteSwap(b)
}

// suiteSwap gives two hosts each other's names, and updates several hosts.
func suiteSwap(b *bench) {
	b.try("host.update", `[{"hostid":"#{a}","host":"@{b}"},{"hostid":"#{b}","host":"@{a}"}]`, `-32602 Host with the same name ...`, "")
	b.see("host.update", `[{"hostid":"#{b}","description":"2"},{"hostid":"#{a}","description":"1"}]`, `{"hostids":["#{b}","#{a}"]}`, "")
	b.shows(`"output":["description"]`, `"description":"1"`)
}

func suiteUpdateInventory(b *bench) {
	b.make("a", "host.create", a+`}`)
	const show = `"output":["inventory_mode"],"selectInventory":["os","os_full"]`
	b.up(`"inventory":{"os":"x"}`, `-32602 Inventory disabled for host "@{a}".`, "")
	b.up(`"inventory_mode":0,"inventory":{"os":"x"}`, fine, "")
	b.up(`"inventory":{"os_full":"y"}`, fine, "")
	b.shows(show, `"inventory_mode":"0","inventory":{"os":"x","os_full":"y"}`)
	b.up(`"inventory":{"os":""}`, fine, "")
	b.up(`"inventory_mode":1`, fine, "")
	b.shows(show, `"inventory_mode":"1","inventory":{"os":"","os_full":"y"}`)
	b.up(`"inventory":{"nope":""}`, `-32602 Incorrect inventory field "nope".`, "")
	b.up(`"inventory_mode":-1`, fine, "")
	b.shows(show, `"inventory_mode":"-1","inventory":[]`)
	b.up(`"inventory_mode":0`, fine, "")
	b.shows(show, `"inventory_mode":"0","inventory":{"os":"","os_full":""}`)
}

// macroIDs are the ids of a's macros by name.
func (b *bench) macroIDs() map[string]string {
	b.Helper()
	ids := map[string]string{}
	for _, m := range b.one("host.get", `{"hostids":"#{a}","selectMacros":["hostmacroid","macro"]}`)["macros"].([]any) {
		ids[text(m.(object)["macro"])] = text(m.(object)["hostmacroid"])
	}
	return ids
}

// suiteUpdateMacros changes macros, with and without their ids.
func suiteUpdateMacros(b *bench) {
	const three = `"macros":[{"macro":"{$A}","value":"1"},{"macro":"{$S}","value":"s","type":1},{"macro":"{$B}","value":"b"}]`
	const show = `"output":[],"selectMacros":["macro","value","type"]`
	b.make("a", "host.create", a+`,`+three+`}`)
	before := b.macroIDs()
	b.up(`"macros":[{"macro":"{$A}","value":"2"}]`, fine, "")
	if after := b.macroIDs(); len(after) != 1 || after["{$A}"] == before["{$A}"] {
		b.Errorf("a macro without id: %v, then %v", before, after)
	}
	b.up(three, fine, "")
	ids := b.macroIDs()
	b.ids["s"], b.ids["b"] = ids["{$S}"], ids["{$B}"]
	// A secret that is named by its id keeps its value, which nothing shows.
	b.up(`"macros":[{"hostmacroid":"#{s}"},{"hostmacroid":"#{b}","value":"bb"}]`, fine, "")
	b.shows(show, `"macros":[{"macro":"{$S}","type":"1"},{"macro":"{$B}","value":"bb","type":"0"}]`)
	b.up(`"macros":[{"hostmacroid":"99999999","value":"x"}]`, `-32500 `+noObject, "")
	b.up(`"macros":[{"hostmacroid":"#{s}","type":0}]`, fine, "")
	b.shows(show, `"macros":[{"macro":"{$S}","value":"","type":"0"}]`)
	b.up(`"macros":[{"hostmacroid":"#{s}","macro":"{$Z}"}]`, fine, "")
	b.shows(show, `"macros":[{"macro":"{$Z}","value":"","type":"0"}]`)
	b.up(`"macros":[{"macro":"{$A}"}]`, `-32602 Invalid parameter "/1/macros/1": the parameter "value" is missing.`, "")
	b.up(`"macros":[{"hostmacroid":"#{s}","macro":"{$Z}"},{"macro":"{$Z}","value":"x"}]`, `-32602 Invalid parameter "/1/macros/2": value (macro)=({$Z}) already exists.`, "")
	b.up(`"macros":[{"hostmacroid":"#{s}","automatic":"0"}]`, `-32602 Invalid parameter "/1/macros/1": unexpected parameter "automatic".`, fine)
	b.up(`"macros":[]`, fine, "")
	b.shows(show, `"macros":[]`)
	b.make("a", "host.create", `{"host":"@{m}","groups":[{"groupid":"#{g}"}],`+three+`}`)
	b.see("usermacro.get", `{"hostids":"#{a}","output":["macro","value"],"filter":{"macro":["{$A}"]}}`, `[{"hostmacroid":"`+b.macroIDs()["{$A}"]+`","macro":"{$A}","value":"1"}]`, "")
}

// suiteUpdateTLS turns encryption on and off.
func suiteUpdateTLS(b *bench) {
	key, other := strings.Repeat("ab", 16), strings.Repeat("cd", 16)
	const show = `"output":["tls_connect","tls_accept","tls_issuer","tls_subject"]`
	empty := `-32602 Incorrect value for field "tls_psk_identity": cannot be empty.`
	emptyPath := `-32602 Invalid parameter "/1/tls_psk_identity": cannot be empty.`
	b.make("a", "host.create", a+`}`)
	b.up(`"tls_connect":2`, empty, emptyPath)
	b.up(`"tls_connect":2,"tls_accept":2,"tls_psk_identity":"@{i}","tls_psk":"`+key+`"`, fine, "")
	b.up(`"tls_psk_identity":"@{j}"`, fine, "")
	b.up(`"tls_psk":"`+other+`"`, fine, "")
	b.up(`"tls_psk_identity":""`, empty, emptyPath)
	b.up(`"tls_issuer":"x"`, `-32602 Incorrect value for field "tls_issuer": should be empty.`, `-32602 Invalid parameter "/1/tls_issuer": value must be empty.`)
	b.up(`"tls_accept":6,"tls_issuer":"CN=x"`, fine, "")
	b.shows(show, `"tls_connect":"2","tls_accept":"6","tls_issuer":"CN=x","tls_subject":""`)
	b.up(`"tls_connect":1,"tls_accept":1`, fine, "")
	b.shows(show, `"tls_connect":"1","tls_accept":"1","tls_issuer":"","tls_subject":""`)
	b.up(`"tls_connect":2`, empty, emptyPath)
	b.up(`"tls_psk_identity":"x"`, `-32602 Incorrect value for field "tls_psk_identity": should be empty.`, `-32602 Invalid parameter "/1/tls_psk_identity": value must be empty.`)
	psk := `"tls_connect":2,"tls_psk_identity":"@{i}","tls_psk":"`
	b.make("b", "host.create", `{"host":"@{b}","groups":[{"groupid":"#{g}"}],`+psk+key+`"}`)
	b.up(psk+other+`"`, fine, `-32602 Invalid parameter "/1/tls_psk": another tls_psk value is already associated with given tls_psk_identity.`)
	b.up(psk+key+`"`, fine, "")
}

// faces are the interfaces of host a, by main and port.
const faces = `{"hostids":"#{a}","output":["interfaceid","main","port"],"sortfield":"interfaceid"}`

// firstFace knows the first interface of host a as "i".
func (b *bench) firstFace() {
	b.Helper()
	b.ids["i"] = text(b.ok("hostinterface.get", faces).([]any)[0].(object)["interfaceid"])
}

// suiteInterfaces changes interfaces, in host.update and by themselves.
func suiteInterfaces(b *bench) {
	b.make("a", "host.create", a+`,"interfaces":[`+agentInterface("")+`]}`)
	b.firstFace()
	first := b.ids["i"]
	// Without an id it is another interface, and the one that is there goes.
	b.up(`"interfaces":[`+agentInterface(`,"port":"1"`)+`]`, fine, "")
	b.firstFace()
	if b.ids["i"] == first {
		b.Error("an interface without id kept the id of the one before")
	}
	b.up(`"interfaces":[{"interfaceid":"#{i}","port":"7777"},`+agentInterface(`,"main":0,"port":"9"`)+`]`, fine, "")
	b.see("hostinterface.get", faces+``, `[{"interfaceid":"#{i}","main":"1","port":"7777"},{"interfaceid":"`+b.second()+`","main":"0","port":"9"}]`, "")
	const none = `-32602 ` + noObject
	b.tryAll("hostinterface.update", []attempt{
		{`{"interfaceid":"#{i}","dns":"a.example","useip":0}`, fine, ""},
		{`{"interfaceid":"99999999","dns":"a.example"}`, none, ""},
		{`{"dns":"a.example"}`, `-32602 Incorrect arguments passed to function.`, ""},
		{`{"interfaceid":"#{i}","main":0}`, `-32602 No default interface for "agent" type on "@{a}".`, ""},
		{`[{"interfaceid":"#{i}","port":"1"},{"interfaceid":"` + b.second() + `","port":""}]`, `-32602 Port cannot be empty for host interface.`, ""},
	})
	b.see("hostinterface.get", `{"interfaceids":"#{i}","output":["dns","useip","port","available","error","errors_from","disable_until"]}`,
		`[{"interfaceid":"#{i}","dns":"a.example","useip":"0","port":"7777","available":"0","error":"","errors_from":"0","disable_until":"0"}]`, "")
	b.tryAll("hostinterface.create", []attempt{
		{agentInterface(`,"hostid":"#{a}","main":0`), fine, ""},
		{agentInterface(`,"hostid":"#{a}"`), `-32602 Host cannot have more than one default interface of the same type.`, ""},
		{agentInterface(`,"hostid":"99999999"`), none, ""},
	})
	b.tryAll("hostinterface.delete", []attempt{
		{`["#{i}"]`, `-32602 No default interface for "agent" type on "@{a}".`, ""},
		{`["99999999"]`, none, ""},
		{`[]`, `-32602 Empty input parameter.`, ""},
	})
	// An id of nobody's interface is taken for one that needs no change, and all
	// that are there go.
	b.make("b", "host.create", `{"host":"@{b}","groups":[{"groupid":"#{g}"}],"interfaces":[`+agentInterface("")+`]}`)
	foreign := text(b.ok("hostinterface.get", `{"hostids":"#{b}","output":["interfaceid"]}`).([]any)[0].(object)["interfaceid"])
	b.up(`"interfaces":[{"interfaceid":"`+foreign+`","port":"7777"}]`, fine, "")
	b.see("hostinterface.get", faces, `[]`, "")
}

// second is the id of host a's second interface.
func (b *bench) second() string {
	b.Helper()
	rows := b.ok("hostinterface.get", faces).([]any)
	if len(rows) < 2 {
		b.Fatalf("the host has %d interfaces", len(rows))
	}
	return text(rows[1].(object)["interfaceid"])
}
