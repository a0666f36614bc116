package zabbixtest

import (
	"fmt"
	"time"
)

// suiteDelete deletes hosts: all or nothing.
func suiteDelete(b *bench) {
	b.make("a b", "host.create", `[`+a+`},{"host":"@{b}","groups":[{"groupid":"#{g}"}]}]`)
	b.tryAll("host.delete", []attempt{
		{`[]`, `-32602 Invalid parameter "/": cannot be empty.`, ""},
		{`["99999999"]`, `-32500 ` + noObject, ""},
		{`["#{a}","99999999"]`, `-32500 ` + noObject, ""},
		{`["#{a}","#{a}"]`, `-32602 Invalid parameter "/2": value (#{a}) already exists.`, ""},
		{`["x"]`, `-32602 Invalid parameter "/1": a number is expected.`, ""},
	})
	b.see("host.get", `{"hostids":["#{a}","#{b}"],"countOutput":true}`, `"2"`, "")
	b.see("host.delete", `["#{b}","#{a}"]`, `{"hostids":["#{b}","#{a}"]}`, "")
	b.see("host.get", `{"hostids":["#{a}","#{b}"],"countOutput":true}`, `"0"`, "")
	b.try("host.delete", `["#{a}"]`, `-32500 `+noObject, "")
}

// suiteMaintenance keeps hosts from being deleted.
func suiteMaintenance(b *bench) {
	b.make("a b", "host.create", `[`+a+`},{"host":"@{b}","groups":[{"groupid":"#{g}"}]}]`)
	now := time.Now().Unix()
	m := func(name, more string) string {
		return fmt.Sprintf(`{"name":"@{%s}","active_since":%d,"active_till":%d,"timeperiods":[{"timeperiod_type":0,"start_date":%d,"period":3600}]%s}`,
			name, now-now%60, now-now%60+3600, now, more)
	}
	b.tryAll("maintenance.create", []attempt{
		{m("m", ""), `-32602 At least one host group or host must be selected.`, ""},
		{m("m", `,"hosts":[{"hostid":"99999999"}]`), `-32500 ` + noObject, ""},
		{m("m", `,"nope":1`), `-32602 Invalid parameter "/1": unexpected parameter "nope".`, ""},
		{`{"name":"@{m}"}`, `-32602 Invalid parameter "/1": the parameter "active_since" is missing.`, ""},
	})
	b.make("m", "maintenance.create", m("m", `,"hosts":[{"hostid":"#{a}"}]`))
	b.make("n", "maintenance.create", m("n", `,"hostids":["#{a}","#{b}"]`))
	b.try("maintenance.create", m("m", `,"hosts":[{"hostid":"#{b}"}]`), `-32602 Maintenance "@{m}" already exists.`, "")
	b.see("maintenance.get", `{"hostids":["#{a}"],"output":["name","maintenance_type","active_since"],"selectHosts":["host"],"sortfield":"maintenanceid"}`,
		fmt.Sprintf(`[{"maintenanceid":"#{m}","name":"@{m}","maintenance_type":"0","active_since":"%d","hosts":[{"hostid":"#{a}","host":"@{a}"}]},
		{"maintenanceid":"#{n}","name":"@{n}","maintenance_type":"0","active_since":"%[1]d","hosts":[{"hostid":"#{a}","host":"@{a}"},{"hostid":"#{b}","host":"@{b}"}]}]`, now-now%60), "")
	b.see("maintenance.get", `{"hostids":["#{b}"],"output":[],"selectGroups":["name"],"selectHostGroups":["name"]}`,
		`[{"maintenanceid":"#{n}","groups":[]}]`, `[{"maintenanceid":"#{n}","groups":[],"hostgroups":[]}]`)
	b.see("host.get", `{"maintenanceids":["#{m}"],"output":["maintenance_status"]}`, `[{"hostid":"#{a}","maintenance_status":"0"}]`, "")
	b.tryAll("host.delete", []attempt{
		{`["#{a}"]`, `-32602 Cannot delete host "@{a}" because maintenance "@{m}" must contain at least one host or host group.`, ""},
		{`["#{b}"]`, fine, ""},
	})
	b.try("host.update", `{"hostid":"#{a}","status":1}`, fine, "")
	b.try("maintenance.delete", `["99999999"]`, `-32500 `+noObject, "")
	b.see("maintenance.delete", `["#{m}","#{n}"]`, `{"maintenanceids":["#{m}","#{n}"]}`, "")
}

// suiteGroups makes host groups.
func suiteGroups(b *bench) {
	b.tryAll("hostgroup.create", []attempt{
		{`{"name":"@{g}"}`, `-32602 Host group "@{g}" already exists.`, ""},
		{`[{"name":"@{x}"},{"name":"@{x}"}]`, `-32602 Invalid parameter "/2": value (name)=(@{x}) already exists.`, ""},
		{`[{"name":"@{x}"},{"name":"@{g}"}]`, `-32602 Host group "@{g}" already exists.`, ""},
		{`{"name":""}`, `-32602 Invalid parameter "/1/name": cannot be empty.`, ""},
		{`{"name":"/a"}`, `-32602 Invalid parameter "/1/name": invalid host group name.`, ""},
		{`{}`, `-32602 Invalid parameter "/": cannot be empty.`, ""},
		{`{"name":"q","x":1}`, `-32602 Invalid parameter "/1": unexpected parameter "x".`, ""},
	})
	b.see("hostgroup.get", `{"filter":{"name":["@{x}"]}}`, `[]`, "")
	b.make("n", "hostgroup.create", `{"name":"@{g}/nested"}`)
	fields := []string{"groupid", "name", "flags", "uuid"}
	if b.old() {
		fields = append(fields, "internal")
	}
	b.keys("a host group", b.one("hostgroup.get", `{"groupids":"#{g}"}`), fields...)
	// From 6.2 on the id is there only when it is asked for.
	b.see("hostgroup.get", `{"filter":{"name":["@{g}","@{g}/nested"]},"output":["name"],"sortfield":"name"}`,
		`[{"groupid":"#{g}","name":"@{g}"},{"groupid":"#{n}","name":"@{g}/nested"}]`, `[{"name":"@{g}"},{"name":"@{g}/nested"}]`)
	b.see("hostgroup.get", `{"groupids":"#{g}","output":["groupid"],"sortfield":"name"}`, `[{"groupid":"#{g}"}]`, "")
	b.see("hostgroup.get", `{"filter":{"name":["@{g}","Linux servers"]},"output":["groupid","name"],"preservekeys":true}`,
		`{"2":{"groupid":"2","name":"Linux servers"},"#{g}":{"groupid":"#{g}","name":"@{g}"}}`, "")
	b.make("a", "host.create", a+`}`)
	b.see("hostgroup.get", `{"hostids":"#{a}","output":["groupid"]}`, `[{"groupid":"#{g}"}]`, "")
	b.try("hostgroup.delete", `["#{g}"]`, `-32602 Host "@{a}" cannot be without host group.`, "")
	b.try("hostgroup.delete", `["99999999"]`, `-32500 `+noObject, "")
	if b.old() {
		b.try("templategroup.get", `{}`, `-32601 Incorrect API "templategroup".`, "")
		return
	}
	b.try("hostgroup.get", `{"output":["nope"]}`, "", `-32602 Invalid parameter "/output/1": value must be one of "groupid", "name", "flags", "uuid".`)
	b.try("templategroup.create", `{"name":"Templates"}`, "", `-32602 Template group "Templates" already exists.`)
	b.try("templategroup.create", `{"name":"a//b"}`, "", `-32602 Invalid parameter "/1/name": invalid template group name.`)
	b.see("templategroup.get", `{"filter":{"name":"Templates"},"output":["groupid","name"]}`, "", `[{"groupid":"1","name":"Templates"}]`)
}

// suiteTemplates reads templates.
func suiteTemplates(b *bench) {
	b.stock()
	upper := `{"filter":{"host":"` + upperOf(b.expand("@{base}")) + `"}}`
	b.see("template.get", upper, `[]`, "")
	b.see("template.get", `{"filter":{"host":["@{base}","@{child}"]},"output":["host","name"],"selectParentTemplates":["templateid","host"],"sortfield":"host"}`,
		`[{"templateid":"#{base}","host":"@{base}","name":"@{base}","parentTemplates":[]},
		{"templateid":"#{child}","host":"@{child}","name":"@{child}","parentTemplates":[{"templateid":"#{base}","host":"@{base}"}]}]`, "")
	b.see("template.get", `{"templateids":["#{child}"],"output":[],"selectParentTemplates":["host"]}`,
		`[{"templateid":"#{child}","parentTemplates":[{"templateid":"#{base}","host":"@{base}"}]}]`, `[{"templateid":"#{child}","parentTemplates":[{"host":"@{base}"}]}]`)
	b.see("template.get", `{"templateids":["#{dep}"],"output":["host"],"selectItems":"count","selectTriggers":"count"}`,
		`[{"templateid":"#{dep}","host":"@{dep}","items":"1","triggers":"1"}]`, "")
	b.see("template.get", `{"parentTemplateids":"#{base}","output":["host"]}`, `[{"templateid":"#{child}","host":"@{child}"}]`, "")
	b.make("a", "host.create", newHost("a", linked("trap"), ""))
	b.see("template.get", `{"hostids":"#{a}","output":["host"]}`, `[{"templateid":"#{trap}","host":"@{trap}"}]`, "")
	b.see("template.get", `{"templateids":"#{a}"}`, `[]`, "")
	b.see("host.get", `{"hostids":"#{trap}"}`, `[]`, "")
	fields := []string{
		"templateid", "host", "status", "ipmi_authtype", "ipmi_privilege", "ipmi_username", "ipmi_password",
		"maintenanceid", "maintenance_status", "maintenance_type", "maintenance_from", "name", "flags", "description",
		"tls_connect", "tls_accept", "tls_issuer", "tls_subject", "tls_psk_identity", "tls_psk", "custom_interfaces", "uuid",
	}
	if b.old() {
		fields = append(fields, "proxy_hostid", "lastaccess", "proxy_address", "auto_compress")
	} else {
		fields = append(fields, "proxyid", "proxy_groupid", "monitored_by", "vendor_name", "vendor_version")
	}
	b.keys("a template", b.one("template.get", `{"templateids":"#{base}"}`), fields...)
}

func upperOf(s string) string {
	out := []rune(s)
	for i, r := range out {
		if r >= 'a' && r <= 'z' {
			out[i] = r - 'a' + 'A'
		}
	}
	return string(out)
}

// suiteItems reads items of templates and hosts.
func suiteItems(b *bench) {
	b.stock()
	b.make("a c", "host.create", `[`+newHost("a", linked("child"), `,"interfaces":[`+agentInterface("")+`]`)+`,`+newHost("c", linked("trap"), `,"status":1`)+`]`)
	b.see("item.get", `{"templateids":["#{base}","#{child}"],"output":["key_","type","hostid"],"filter":{"key_":"a.one"},"inherited":false}`,
		`[{"itemid":"#{item_a_one}","key_":"a.one","type":"0","hostid":"#{base}"}]`, "")
	b.see("item.get", `{"templateids":["#{base}","#{child}"],"countOutput":true}`, `"3"`, "")
	b.counts("item.get", `{"templateids":["#{base}","#{child}"],"countOutput":true,"groupCount":true}`, map[string]string{"base": "1", "child": "2"})
	b.counts("item.get", `{"hostids":["#{a}","#{c}"],"countOutput":true,"groupCount":true}`, map[string]string{"a": "2", "c": "1"})
	b.see("item.get", `{"hostids":["#{c}"],"monitored":true}`, `[]`, "")
	o := b.one("item.get", `{"hostids":"#{a}","search":{"key_":"TWO"},"output":["key_","name","templateid","lastclock","lastvalue","state","error","status","type","value_type"],"selectHosts":["host"]}`)
	b.ids["item"] = text(o["itemid"])
	b.see("item.get", `{"itemids":["#{item}"],"output":["key_","name","templateid","lastclock","lastvalue","state","error","status","type","value_type"],"selectHosts":["host"]}`,
		`[{"itemid":"#{item}","key_":"a.two","name":"item a.two","templateid":"#{item_a_two}","lastclock":"0","lastvalue":"0","state":"0","error":"","status":"0","type":"0","value_type":"3","hosts":[{"hostid":"#{a}","host":"@{a}"}]}]`, "")
}

// counts compares counts by host.
func (b *bench) counts(method, params string, want map[string]string) {
	b.Helper()
	got := map[string]string{}
	for _, r := range b.ok(method, params).([]any) {
		got[text(r.(object)["hostid"])] = text(r.(object)["rowscount"])
	}
	if len(got) != len(want) {
		b.Errorf("%s %s gave %v", method, params, got)
	}
	for name, n := range want {
		if got[b.ids[name]] != n {
			b.Errorf("%s %s: %s has %q, not %q", method, params, name, got[b.ids[name]], n)
		}
	}
}

// suiteTriggers reads triggers and what they depend on.
func suiteTriggers(b *bench) {
	b.stock()
	b.see("trigger.get", `{"templateids":"#{dep}","output":["description","priority","status","templateid"],"selectDependencies":["triggerid","description"],"selectHosts":["host"]}`,
		`[{"triggerid":"#{down}","description":"down trigger","priority":"0","status":"0","templateid":"0","hosts":[{"hostid":"#{dep}","host":"@{dep}"}],"dependencies":[{"triggerid":"#{up}","description":"up trigger"}]}]`, "")
	b.see("trigger.get", `{"triggerids":["#{up}"],"output":[],"selectHosts":["host","status"]}`, `[{"triggerid":"#{up}","hosts":[{"hostid":"#{trap}","host":"@{trap}","status":"3"}]}]`, "")
	b.make("a", "host.create", newHost("a", linked("dep", "trap"), ""))
	b.ids["hup"] = text(b.one("trigger.get", `{"hostids":"#{a}","search":{"description":"up trig"}}`)["triggerid"])
	b.ids["hdown"] = text(b.one("trigger.get", `{"hostids":"#{a}","search":{"description":"down trig"}}`)["triggerid"])
	// A host's trigger depends on the host's other trigger.
	b.see("trigger.get", `{"triggerids":"#{hdown}","output":["templateid"],"selectDependencies":["triggerid"]}`,
		`[{"triggerid":"#{hdown}","templateid":"#{down}","dependencies":[{"triggerid":"#{hup}"}]}]`, "")
	b.see("trigger.get", `{"hostids":"#{a}","countOutput":true}`, `"2"`, "")
	b.counts("trigger.get", `{"templateids":["#{dep}","#{trap}"],"countOutput":true,"groupCount":true}`, map[string]string{"dep": "1", "trap": "1"})
}

// suiteTasks asks for values now.
func suiteTasks(b *bench) {
	b.stock()
	agent := `,"interfaces":[` + agentInterface("") + `]`
	b.make("a c d", "host.create", `[`+newHost("a", linked("base"), agent)+`,`+newHost("c", linked("base"), agent+`,"status":1`)+`,`+newHost("d", linked("trap"), "")+`]`)
	for _, h := range []string{"a", "c", "d"} {
		b.ids["item_"+h] = text(b.one("item.get", `{"hostids":"#{`+h+`}","output":["itemid"]}`)["itemid"])
	}
	task := func(item string) string { return `{"type":6,"request":{"itemid":"` + item + `"}}` }
	b.tryAll("task.create", []attempt{
		{`[` + task("#{item_a}") + `]`, fine, ""},
		{task("#{item_c}"), `-32602 Cannot send request: item "item a.one" on host "@{c}" is not monitored.`, ""},
		{task("#{item_d}"), `-32602 Cannot send request: wrong item type.`, ""},
		{task("#{item_a_one}"), `-32602 Cannot send request: item "item a.one" on host "@{base}" is not monitored.`, `-32500 ` + noObject},
		{task("99999999"), `-32500 ` + noObject, ""},
		{`{"type":6}`, `-32602 Invalid parameter "/1": the parameter "request" is missing.`, ""},
		{`{"type":6,"request":{}}`, `-32602 Invalid parameter "/1/request": the parameter "itemid" is missing.`, ""},
		{`[]`, `-32602 Invalid parameter "/": cannot be empty.`, ""},
		{`{"type":6,"request":{"itemid":"1"},"x":1}`, `-32602 Invalid parameter "/1": unexpected parameter "x".`, ""},
	})
	got := b.ok("task.create", `[`+task("#{item_a}")+`,`+task("#{item_a}")+`]`).(object)["taskids"].([]any)
	if len(got) != 2 || !b.old() && got[0] != got[1] {
		b.Errorf("two tasks for one item: %v", got)
	}
}

// suiteProxies has proxies monitor a host.
func suiteProxies(b *bench) {
	if b.old() {
		b.make("p", "proxy.create", `{"host":"@{p}","status":5}`)
		b.make("a", "host.create", a+`,"proxy_hostid":"#{p}"}`)
		b.see("proxy.get", `{"filter":{"host":"@{p}"},"output":["host","status"]}`, `[{"proxyid":"#{p}","host":"@{p}","status":"5"}]`, "")
		b.see("proxy.get", `{"filter":{"name":"@{p}"}}`, `[]`, "")
		b.shows(`"output":["proxy_hostid"]`, `"proxy_hostid":"#{p}"`)
		b.try("host.create", `{"host":"@{b}","groups":[{"groupid":"#{g}"}],"proxy_hostid":"99999999"}`, `-32500 SQL statement execution has failed "INSERT INTO hosts ...`, "")
		b.suiteProxyUsed()
		b.up(`"proxy_hostid":0`, fine, "")
		b.shows(`"output":["proxy_hostid"]`, `"proxy_hostid":"0"`)
		return
	}
	b.make("p", "proxy.create", `{"name":"@{p}","operating_mode":0}`)
	b.see("proxy.get", `{"filter":{"name":"@{p}"},"output":["proxyid","name","operating_mode","proxy_groupid"]}`, "", `[{"proxyid":"#{p}","name":"@{p}","operating_mode":"0","proxy_groupid":"0"}]`)
	b.see("proxy.get", `{"filter":{"name":"@{p}"},"output":["name"]}`, "", `[{"name":"@{p}"}]`)
	b.try("proxy.get", `{"filter":{"host":"@{p}"}}`, "", `-32602 Invalid parameter "/filter": unexpected parameter "host".`)
	b.tryAll("host.create", []attempt{
		{a + `,"monitored_by":1}`, "", `-32602 Invalid parameter "/1": the parameter "proxyid" is missing.`},
		{a + `,"monitored_by":1,"proxyid":0}`, "", `-32500 Invalid parameter "/1/proxyid"` + unseenPath},
		{a + `,"monitored_by":1,"proxyid":"99999999"}`, "", `-32500 Invalid parameter "/1/proxyid"` + unseenPath},
		{a + `,"proxyid":"#{p}"}`, "", `-32602 Invalid parameter "/1/proxyid": value must be 0.`},
		{a + `,"monitored_by":2,"proxy_groupid":"99999999"}`, "", `-32500 Invalid parameter "/1/proxy_groupid"` + unseenPath},
		{a + `,"monitored_by":3}`, "", `-32602 Invalid parameter "/1/monitored_by": value must be one of 0, 1, 2.`},
		{a + `,"monitored_by":"x"}`, "", `-32602 Invalid parameter "/1/monitored_by": an integer is expected.`},
	})
	b.make("a", "host.create", a+`,"monitored_by":1,"proxyid":"#{p}"}`)
	const show = `"output":["monitored_by","proxyid","proxy_groupid"]`
	b.shows(show, `"monitored_by":"1","proxyid":"#{p}","proxy_groupid":"0"`)
	b.suiteProxyUsed()
	b.up(`"proxyid":"#{p}"`, "", fine)
	b.up(`"monitored_by":2`, "", `-32500 Invalid parameter "/1/proxy_groupid"`+unseenPath)
	b.up(`"monitored_by":0`, "", fine)
	b.shows(show, `"monitored_by":"0","proxyid":"0","proxy_groupid":"0"`)
	b.up(`"proxyid":"#{p}"`, "", `-32602 Invalid parameter "/1/proxyid": value must be 0.`)
	b.up(`"monitored_by":1`, "", `-32500 Invalid parameter "/1/proxyid"`+unseenPath)
}

func (b *bench) suiteProxyUsed() {
	b.Helper()
	b.see("host.get", `{"proxyids":"#{p}","output":[]}`, `[{"hostid":"#{a}"}]`, "")
	b.try("proxy.delete", `["#{p}"]`, `-32602 Host "@{a}" is monitored by proxy "@{p}".`, "")
}

// suiteProxyGroups has a group of proxies monitor a host.
func suiteProxyGroups(b *bench) {
	if b.old() {
		b.try("proxygroup.get", `{}`, `-32601 Incorrect API "proxygroup".`, "")
		return
	}
	b.make("pg", "proxygroup.create", `{"name":"@{pg}"}`)
	b.see("proxygroup.get", `{"filter":{"name":"@{pg}"},"output":["proxy_groupid","name","failover_delay","min_online","description"]}`,
		"", `[{"proxy_groupid":"#{pg}","name":"@{pg}","failover_delay":"1m","min_online":"1","description":""}]`)
	b.try("proxy.create", `{"name":"@{p}","operating_mode":0,"proxy_groupid":"#{pg}"}`, "", `-32602 Invalid parameter "/1": the parameter "local_address" is missing.`)
	b.make("p", "proxy.create", `{"name":"@{p}","operating_mode":0,"proxy_groupid":"#{pg}","local_address":"192.0.2.9"}`)
	b.see("proxygroup.get", `{"proxyids":"#{p}","output":["name"]}`, "", `[{"name":"@{pg}"}]`)
	b.make("a", "host.create", a+`,"monitored_by":2,"proxy_groupid":"#{pg}"}`)
	b.shows(`"output":["monitored_by","proxyid","proxy_groupid"]`, `"monitored_by":"2","proxyid":"0","proxy_groupid":"#{pg}"`)
	b.up(`"monitored_by":2,"proxyid":"#{p}"`, "", `-32602 Invalid parameter "/1/proxyid": value must be 0.`)
	b.try("proxygroup.delete", `["#{pg}"]`, "", `-32602 Proxy group "@{pg}" is used by proxy "@{p}".`)
	b.try("proxy.delete", `["#{p}"]`, "", fine)
	b.try("proxygroup.delete", `["#{pg}"]`, "", `-32602 Host "@{a}" is monitored by proxy group "@{pg}".`)
	b.try("proxygroup.get", `{"filter":{"nope":1}}`, "", `-32602 Invalid parameter "/filter": unexpected parameter "nope".`)
}
