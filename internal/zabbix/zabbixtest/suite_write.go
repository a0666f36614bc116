package zabbixtest

import "strings"

// agentInterface is an interface in JSON; what is given comes after and wins.
func agentInterface(more string) string {
	return `{"type":1,"main":1,"useip":1,"ip":"192.0.2.1","dns":"","port":"10050"` + more + `}`
}

// a is the beginning of a host.create.
const a = `{"host":"@{a}","groups":[{"groupid":"#{g}"}]`

const unseenPath = `: object does not exist, or you have no permissions to it.`

// suiteCreate asks for hosts that are refused for their own fields.
func suiteCreate(b *bench) {
	long := strings.Repeat("x", 130)
	b.tryAll("host.create", []attempt{
		{`[]`, `-32602 Empty input parameter.`, `-32602 Invalid parameter "/": cannot be empty.`},
		{`{"groups":[{"groupid":"#{g}"}]}`, `-32602 Wrong fields for host "".`, ""},
		{`{"host":"@{a}/b","groups":[{"groupid":"#{g}"}]}`, `-32602 Incorrect characters used for host name "@{a}/b".`, ""},
		{`{"host":"ä","groups":[{"groupid":"#{g}"}]}`, `-32602 Incorrect characters used for host name "ä".`, ""},
		{`{"host":" @{a}","groups":[{"groupid":"#{g}"}]}`, `-32602 Incorrect characters used for host name " @{a}".`, ""},
		{`{"host":"@{a} ","groups":[{"groupid":"#{g}"}]}`, `-32602 Incorrect characters used for host name "@{a} ".`, ""},
		{`{"host":"","groups":[{"groupid":"#{g}"}]}`, `-32602 Incorrect characters used for host name "".`, ""},
		{`{"host":5,"groups":[{"groupid":"#{g}"}]}`, `-32602 Incorrect characters used for host name "5".`, ""},
		{
			`{"host":"` + long + `","groups":[{"groupid":"#{g}"}]}`, `-32500 Value "` + long + `" is too long for field "host" - 130 characters. Allowed length is 128 characters.`,
			`-32603 Value "` + long + `" is too long for field "host" - 130 characters. Allowed length is 128 characters.`,
		},
		{a + `,"status":2}`, `-32500 Incorrect status for host "@{a}".`, ""},
		{a + `,"inventory_mode":3}`, `-32500 Incorrect value for field "inventory_mode": value must be one of -1, 0, 1.`, ""},
		{a + `,"inventory_mode":-1,"inventory":{"os":"x"}}`, `-32602 Cannot set inventory fields for disabled inventory.`, ""},
		{a + `,"inventory":{"nope":"x"}}`, `-32602 Incorrect inventory field "nope".`, ""},
	})
	// Fields of another version are ignored, and numbers are taken for texts.
	b.try("host.create", a+`,"description":7,`+b.pick(`"monitored_by":1,"proxyid":99999`, `"proxy_hostid":99999`)+`}`, fine, "")
	b.see("host.get", `{"filter":{"host":"@{a}"},"output":["name","description","status","inventory_mode"],"preservekeys":false}`,
		`[{"hostid":"#{made}","name":"@{a}","description":"7","status":"0","inventory_mode":"-1"}]`, "")
	b.tryAll("host.create", []attempt{
		{a + `}`, `-32602 Host with the same name "@{a}" already exists.`, ""},
		{`{"host":"@{b}","name":"@{a}","groups":[{"groupid":"#{g}"}]}`, `-32602 Host with the same visible name "@{a}" already exists.`, ""},
	})
	b.template("t", nil)
	b.tryAll("host.create", []attempt{
		{`{"host":"@{t}","groups":[{"groupid":"#{g}"}]}`, `-32602 Template with the same name "@{t}" already exists.`, ""},
		{`{"host":"@{b}","name":"@{t}","groups":[{"groupid":"#{g}"}]}`, `-32602 Template with the same visible name "@{t}" already exists.`, ""},
	})
}

// suiteCreateLists asks for groups, templates, tags and macros that are refused.
func suiteCreateLists(b *bench) {
	long := strings.Repeat("x", 256)
	b.tryAll("host.create", []attempt{
		{`{"host":"@{a}"}`, `-32602 Host "@{a}" cannot be without host group.`, `-32602 Invalid parameter "/1": the parameter "groups" is missing.`},
		{`{"host":"@{a}","groups":[]}`, `-32602 Host "@{a}" cannot be without host group.`, `-32602 Invalid parameter "/1/groups": cannot be empty.`},
		{`{"host":"@{a}","groups":[{"groupid":"99999999"}]}`, `-32500 ` + noObject, `-32500 Invalid parameter "/1/groups/1"` + unseenPath},
		{`{"host":"@{a}","groups":[{"groupid":"x"}]}`, `-32500 ` + noObject, `-32602 Invalid parameter "/1/groups/1/groupid": a number is expected.`},
		{`{"host":"@{a}","groups":[{"id":"2"}]}`, `-32602 Incorrect value for field "groups": the parameter "groupid" is missing.`, `-32602 Invalid parameter "/1/groups/1": unexpected parameter "id".`},
		{`{"host":"@{a}","groups":["2"]}`, `-32602 Incorrect value for field "groups": the parameter "groupid" is missing.`, `-32602 Invalid parameter "/1/groups/1": an array is expected.`},
		{`{"host":"@{a}","groups":[{"groupid":"#{g}"},{"groupid":"#{g}"}]}`, `-32500 SQL statement execution has failed "INSERT INTO hosts_groups...`, `-32602 Invalid parameter "/1/groups/2": value (groupid)=(#{g}) already exists.`},
		{a + `,"templates":[{"templateid":"99999999"}]}`, `-32500 ` + noObject, `-32500 Invalid parameter "/1/templates/1"` + unseenPath},
	})
	tags := func(list, old, lts string) attempt {
		return attempt{a + `,"tags":` + list + `}`, `-32602 Invalid parameter "/tags` + old, `-32602 Invalid parameter "/1/tags` + orElse(lts, old)}
	}
	b.tryAll("host.create", []attempt{
		tags(`[{"tag":""}]`, `/1/tag": cannot be empty.`, ""),
		tags(`[{"value":"x"}]`, `/1": the parameter "tag" is missing.`, ""),
		tags(`[{"tag":"t","value":"v"},{"tag":"t","value":"v"}]`, `/2": value (tag, value)=(t, v) already exists.`, ""),
		tags(`[{"tag":"`+long+`"}]`, `/1/tag": value is too long.`, ""),
		tags(`[{"tag":"t","value":"`+long+`"}]`, `/1/value": value is too long.`, ""),
		tags(`[{"tag":"t","x":"y"}]`, `/1": unexpected parameter "x".`, ""),
		tags(`[{"tag":"t","automatic":"0"}]`, `/1": unexpected parameter "automatic".`, ""),
		tags(`["t"]`, `/1": an array is expected.`, ""),
		tags(`[{"tag":"t","value":5}]`, `/1/value": a character string is expected.`, ""),
		tags(`null`, `": an array is expected.`, ""),
	})
	macros := func(list, old, lts string) attempt {
		const p = `-32602 Invalid parameter "/1/macros`
		return attempt{a + `,"macros":` + list + `}`, p + old, p + orElse(lts, old)}
	}
	b.tryAll("host.create", []attempt{
		macros(`[{"macro":"FOO","value":"x"}]`, `/1/macro": incorrect syntax near "FOO".`, ""),
		macros(`[{"macro":"{$foo}","value":"x"}]`, `/1/macro": incorrect syntax near "foo}".`, ""),
		macros(`[{"macro":"","value":"x"}]`, `/1/macro": cannot be empty.`, ""),
		macros(`[{"macro":"{$A","value":"x"}]`, `/1/macro": unexpected end of macro.`, ""),
		macros(`[{"macro":"{$A}x","value":"x"}]`, `/1/macro": incorrect syntax near "x".`, ""),
		macros(`[{"macro":"{$A}"}]`, `/1": the parameter "value" is missing.`, ""),
		macros(`[{"value":"x"}]`, `/1": the parameter "macro" is missing.`, ""),
		macros(`[{"macro":"{$A}","value":"x"},{"macro":"{$A}","value":"y"}]`, `/2": value (macro)=({$A}) already exists.`, ""),
		macros(`[{"macro":"{$A}","value":"x","type":3}]`, `/1/type": value must be one of 0, 1, 2.`, ""),
		macros(`[{"macro":"{$A}","value":"x","type":2}]`, `/1/value": incorrect syntax near "x".`, ""),
		macros(`[{"macro":"{$A}","value":"","type":2}]`, `/1/value": cannot be empty.`, ""),
		macros(`[{"macro":"{$A}","value":"a/b","type":2}]`, `/1/value": incorrect syntax near "b".`, `/1/value": incorrect syntax near "a/b".`),
		macros(`[{"macro":"{$A}","value":"a/b:","type":2}]`, `/1/value": incorrect syntax near "b:".`, `/1/value": incorrect syntax near ":".`),
		macros(`[{"macro":"{$A}","value":"x","foo":1}]`, `/1": unexpected parameter "foo".`, ""),
		macros(`[{"macro":"{$A}","value":"x","hostmacroid":1}]`, `/1": unexpected parameter "hostmacroid".`, ""),
		macros(`null`, `": an array is expected.`, ""),
	})
	// One object stands for a list of one.
	b.try("host.create", `{"host":"@{a}","groups":{"groupid":"#{g}"},"interfaces":`+agentInterface("")+`,"tags":{"tag":"t","value":"v"},"macros":{"macro":"{$A}","value":"x"}}`, fine, "")
	b.see("host.get", `{"filter":{"host":"@{a}"},"output":["host"],"selectTags":["tag","value"],"selectMacros":["macro","value"],"selectInterfaces":["ip"]}`,
		`[{"hostid":"#{made}","host":"@{a}","tags":[{"tag":"t","value":"v"}],"macros":[{"macro":"{$A}","value":"x"}],"interfaces":[{"ip":"192.0.2.1"}]}]`, "")
}

// suiteCreateInterfaces asks for interfaces that are refused.
func suiteCreateInterfaces(b *bench) {
	with := func(list string) string { return a + `,"interfaces":` + list + `}` }
	const wrong = `-32602 Incorrect arguments passed to function.`
	b.tryAll("host.create", []attempt{
		{with(`"x"`), wrong, ""},
		{with(`[{"type":1}]`), wrong, ""},
		{with(`[{"main":1,"useip":1,"ip":"192.0.2.1","dns":"","port":"10050"}]`), wrong, ""},
		{with(`[` + agentInterface(`,"ip":""`) + `]`), `-32602 IP and DNS cannot be empty for host interface.`, ""},
		{with(`[` + agentInterface(`,"ip":"","dns":"x.example"`) + `]`), `-32602 Interface with DNS "x.example" cannot have empty IP address.`, ""},
		{with(`[` + agentInterface(`,"useip":0`) + `]`), `-32602 Interface with IP "192.0.2.1" cannot have empty DNS name while having "Use DNS" property on "@{a}".`, ""},
		{with(`[` + agentInterface(`,"ip":"300.1.1.1"`) + `]`), `-32602 Invalid IP address "300.1.1.1".`, ""},
		{with(`[` + agentInterface(`,"dns":"a!b"`) + `]`), `-32602 Incorrect interface DNS parameter "a!b" provided.`, ""},
		{with(`[` + agentInterface(`,"port":""`) + `]`), `-32602 Port cannot be empty for host interface.`, ""},
		{with(`[` + agentInterface(`,"port":"99999"`) + `]`), `-32602 Incorrect interface port "99999" provided.`, ""},
		{with(`[` + agentInterface(`,"port":"abc"`) + `]`), `-32602 Incorrect interface port "abc" provided.`, ""},
		{with(`[` + agentInterface("") + `,` + agentInterface("") + `]`), `-32602 Host cannot have more than one default interface of the same type.`, ""},
		{with(`[` + agentInterface(`,"main":0`) + `]`), `-32602 No default interface for "agent" type on "@{a}".`, ""},
		{with(`[` + agentInterface(`,"type":2`) + `]`), wrong, ""},
		{with(`[` + agentInterface(`,"bulk":1`) + `]`), fine, wrong},
	})
	b.try("host.create", `{"host":"@{v6}","groups":[{"groupid":"#{g}"}],"interfaces":[`+agentInterface(`,"ip":"2001:db8::1","port":"{$PORT}"`)+`]}`, fine, "")
	b.see("host.get", `{"filter":{"host":"@{v6}"},"output":["host"],"selectInterfaces":["ip","port","main","type","useip","dns"]}`,
		`[{"hostid":"#{made}","host":"@{v6}","interfaces":[{"ip":"2001:db8::1","port":"{$PORT}","main":"1","type":"1","useip":"1","dns":""}]}]`, "")
}

// tlsAttempts are settings of encryption that are refused for a new host.
func tlsAttempts(key string) []attempt {
	field := func(name, why string) string { return `-32602 Incorrect value for field "` + name + `": ` + why + `.` }
	path := func(name, why string) string { return `-32602 Invalid parameter "/1/` + name + `": ` + why + `.` }
	missing := func(name string) string {
		return `-32602 Invalid parameter "/1": the parameter "` + name + `" is missing.`
	}
	const odd = "an even number of hexadecimal characters is expected"
	return []attempt{
		{`"tls_connect":2`, field("tls_psk_identity", "cannot be empty"), missing("tls_psk_identity")},
		{`"tls_connect":2,"tls_psk_identity":"i"`, field("tls_psk", "cannot be empty"), missing("tls_psk")},
		{`"tls_connect":2,"tls_psk_identity":"","tls_psk":"` + key + `"`, field("tls_psk_identity", "cannot be empty"), path("tls_psk_identity", "cannot be empty")},
		{`"tls_accept":2,"tls_psk_identity":"i","tls_psk":"aa"`, field("tls_psk", "minimum length is 32 characters"), path("tls_psk", "minimum length is 32 characters")},
		{`"tls_accept":2,"tls_psk_identity":"i","tls_psk":"` + strings.Repeat("z", 32) + `"`, field("tls_psk", odd), path("tls_psk", odd)},
		{`"tls_accept":2,"tls_psk_identity":"i","tls_psk":"` + key + `a"`, field("tls_psk", odd), path("tls_psk", odd)},
		{`"tls_accept":2,"tls_psk_identity":"i","tls_psk":"` + strings.Repeat("a", 514) + `"`, `-32500 Value "aaaa...`, path("tls_psk", "value is too long")},
		{`"tls_psk_identity":"i","tls_psk":"` + key + `"`, field("tls_psk_identity", "should be empty"), path("tls_psk_identity", "value must be empty")},
		{`"tls_psk":"` + key + `"`, field("tls_psk", "should be empty"), path("tls_psk", "value must be empty")},
		{`"tls_issuer":"x"`, field("tls_issuer", "should be empty"), path("tls_issuer", "value must be empty")},
		{`"tls_subject":"x"`, field("tls_subject", "should be empty"), path("tls_subject", "value must be empty")},
		{`"tls_connect":3`, field("tls_connect", `unexpected value "3"`), path("tls_connect", "value must be one of 1, 2, 4")},
		{`"tls_accept":8`, field("tls_accept", `unexpected value "8"`), path("tls_accept", "value must be one of 1-7")},
		{`"tls_accept":0`, field("tls_accept", `unexpected value "0"`), path("tls_accept", "value must be one of 1-7")},
	}
}

// suiteCreateTLS asks for encryption that is refused, and for two keys of one
// identity.
func suiteCreateTLS(b *bench) {
	key, other := strings.Repeat("ab", 16), strings.Repeat("cd", 16)
	for _, t := range tlsAttempts(key) {
		b.try("host.create", a+`,`+t.params+`}`, t.old, t.lts)
	}
	psk := func(host, identity, key string) string {
		return `{"host":"@{` + host + `}","groups":[{"groupid":"#{g}"}],"tls_connect":2,"tls_psk_identity":"@{` + identity + `}","tls_psk":"` + key + `"}`
	}
	const taken = `/tls_psk": another tls_psk value is already associated with given tls_psk_identity.`
	b.try("host.create", psk("one", "i", key), fine, "")
	b.try("host.create", psk("same", "i", key), fine, "")
	b.try("host.create", psk("two", "i", other), fine, `-32602 Invalid parameter "/1`+taken)
	b.try("host.create", `[`+psk("three", "j", key)+`,`+psk("four", "j", other)+`]`, fine, `-32602 Invalid parameter "/2`+taken)
}

// suiteCreateTogether makes several hosts in one call: all or nothing, and ids
// in the order of the elements.
func suiteCreateTogether(b *bench) {
	h := func(name, more string) string {
		return `{"host":"@{` + name + `}","groups":[{"groupid":"#{g}"}]` + more + `}`
	}
	b.tryAll("host.create", []attempt{
		{`[` + h("a", "") + `,` + h("a", "") + `]`, `-32602 Duplicate host. Host with the same host name "@{a}" already exists in data.`, ""},
		{
			`[` + h("a", `,"name":"@{v}"`) + `,` + h("b", `,"name":"@{v}"`) + `]`,
			`-32602 Duplicate host. Host with the same visible name "@{v}" already exists in data.`, "",
		},
		{`[` + h("a", "") + `,` + h("b", `,"tags":[{"tag":""}]`) + `]`, `-32602 Invalid parameter "/tags/1/tag": cannot be empty.`, `-32602 Invalid parameter "/2/tags/1/tag": cannot be empty.`},
		{`[` + h("a", "") + `,` + h("b", `,"interfaces":[`+agentInterface(`,"ip":""`)+`]`) + `]`, `-32602 IP and DNS cannot be empty for host interface.`, ""},
		{`[` + h("a", "") + `,` + h("b", `,"macros":[{"macro":"x","value":""}]`) + `]`, `-32602 Invalid parameter "/2/macros/1/macro": incorrect syntax near "x".`, ""},
	})
	b.see("host.get", `{"filter":{"host":["@{a}","@{b}"]}}`, `[]`, "")
	b.make("c a b", "host.create", `[`+h("c", "")+`,`+h("a", "")+`,`+h("b", "")+`]`)
	b.see("host.get", `{"hostids":["#{a}","#{b}","#{c}"],"output":["host"],"sortfield":"host"}`,
		`[{"hostid":"#{a}","host":"@{a}"},{"hostid":"#{b}","host":"@{b}"},{"hostid":"#{c}","host":"@{c}"}]`, "")
}
