package zabbixtest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

func TestVersion(t *testing.T) {
	for version, want := range map[string]string{"6.0": "6.0.14", "7.0": "7.0.9", "7.2": "7.2.3", "7.4": "7.4.3", "": "7.0.9"} {
		s := zabbixtest.New(t, zabbixtest.Options{Version: version})
		_, b, err := post(t, s.Endpoint(), one(1, "apiinfo.version", `{}`), "")
		if err != nil || decode(t, b)["result"] != want || s.Version() != want {
			t.Errorf("version %q: %s, %v", version, b, err)
		}
	}
	if _, err := zabbixtest.Start(zabbixtest.Options{Version: "5.0"}); err == nil {
		t.Error("5.0 was started")
	}
}

// From 7.2 on the token is in the header only, selectGroups is ignored and a
// maintenance has no hostids.
func TestNewestVersions(t *testing.T) {
	for _, version := range []string{"7.2", "7.4"} {
		c := newClient(t, version)
		c.s.AddHost(t, zabbixtest.Host{Name: "h"})
		body := fmt.Sprintf(`{"jsonrpc":"2.0","method":"host.get","params":{},"id":1,"auth":%q}`, c.token)
		if _, b, _ := post(t, c.s.Endpoint(), body, ""); !strings.Contains(string(b), `unexpected parameter \"auth\"`) {
			t.Errorf("%s: %s", version, b)
		}
		_, got, _ := c.post(one(1, "host.get", `{"output":["host"],"selectGroups":["name"],"selectHostGroups":["name"]}`))
		if !strings.Contains(got, `"hostgroups":[{"name":"Linux servers"}]`) || strings.Contains(got, `"groups"`) {
			t.Errorf("%s: %s", version, got)
		}
		_, got, _ = c.post(one(1, "maintenance.create", `{"name":"m","active_since":1,"active_till":2,"timeperiods":[{}],"hostids":["1"]}`))
		if !strings.Contains(got, `unexpected parameter \"hostids\"`) {
			t.Errorf("%s: %s", version, got)
		}
		if c.s.CallsOf("maintenance.create")[0].Auth != "header" {
			t.Error("the token's place was not recorded")
		}
	}
}

// What the fake does not know is an error that names it.
func TestUnimplemented(t *testing.T) {
	s, err := zabbixtest.Start(zabbixtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	c := &client{t, s, s.Token(t, zabbixtest.AdminUser)}
	s.AddHost(t, zabbixtest.Host{Name: "h", Tags: []zabbixtest.Tag{{Name: "t"}}})
	for request, name := range map[string]string{
		one(1, "graph.get", `{}`):                                          "graph.get",
		one(1, "host.get", `{"selectGraphs":"extend"}`):                    "selectGraphs",
		one(1, "host.get", `{"output":["host","nonsense"]}`):               "nonsense",
		one(1, "host.get", `{"filter":{"nonsense":1}}`):                    "nonsense",
		one(1, "host.get", `{"selectTags":["nonsense"]}`):                  "nonsense",
		one(1, "host.get", `{"search":{"host":"h"},"excludeSearch":true}`): "excludeSearch",
		one(1, "host.create", `{"host":"x","nonsense":1}`):                 "nonsense",
		one(1, "item.get", `{"selectTriggers":"extend"}`):                  "selectTriggers",
		one(1, "task.create", `{"type":1,"request":{}}`):                   "type 1 of task.create",
		one(1, "template.get", `{"selectItems":"extend","limit":1}`):       "selectItems",
	} {
		_, body, err := c.post(request)
		if err != nil || !strings.Contains(body, name) || !strings.Contains(body, "-32099") {
			t.Errorf("%s: %s, %v", request, body, err)
		}
	}
	if got := s.Unimplemented(); len(got) != 10 || !slices.Contains(got, "method graph.get") {
		t.Errorf("recorded: %q", got)
	}
}

// Nothing secret is recorded; the state has it.
func TestSecretsAreNotRecorded(t *testing.T) {
	c := newClient(t, "7.0")
	key := strings.Repeat("5ec4e7", 8)
	_, _, _ = post(t, c.s.Endpoint(), one(1, "user.login", `{"username":"Admin","password":"zabbix"}`), "")
	_, body, _ := c.post(one(1, "host.create", fmt.Sprintf(`{"host":"h","groups":[{"groupid":2}],"tls_connect":2,"tls_psk_identity":"id","tls_psk":%q,
		"macros":[{"macro":"{$S}","value":"hush","type":1},{"macro":"{$T}","value":"plain"}]}`, key)))
	h := c.s.Host("h")
	if h == nil || h.PSK != key || h.Macros[0].Value != "hush" {
		t.Fatalf("%s %+v", body, h)
	}
	_, _, _ = c.post(one(1, "host.update", fmt.Sprintf(`{"hostid":%q,"macros":[{"hostmacroid":%q,"value":"hushed"}]}`, h.ID, h.Macros[0].ID)))
	if got := c.s.Host("h").Macros; len(got) != 1 || got[0].Value != "hushed" {
		t.Errorf("%+v", got)
	}
	all := ""
	for _, call := range c.s.Calls() {
		all += string(call.Params) + "\n"
	}
	for _, s := range []string{key, "hush", `"zabbix"`} {
		if strings.Contains(all, s) {
			t.Errorf("%q was recorded:\n%s", s, all)
		}
	}
	if !strings.Contains(all, `"plain"`) || !strings.Contains(all, `"id"`) || !strings.Contains(all, "***") {
		t.Errorf("too much is hidden:\n%s", all)
	}
}

// The seed has a template for every case.
func TestSeed(t *testing.T) {
	for _, version := range []string{"6.0", "7.0", "7.2", "7.4"} {
		s := zabbixtest.New(t, zabbixtest.Options{Version: version})
		agent := zabbixtest.Interface{Type: 1, Main: true, UseIP: true, IP: "192.0.2.1", Port: "10050"}
		snmp := zabbixtest.Interface{Type: 2, Main: true, UseIP: true, IP: "192.0.2.1", Port: "161", Details: map[string]any{"version": 2, "community": "c"}}
		s.AddHost(t, zabbixtest.Host{
			Name: "linux", Templates: []string{zabbixtest.LinuxAgent, zabbixtest.RoutingDaemon}, Interfaces: []zabbixtest.Interface{agent},
		})
		s.AddHost(t, zabbixtest.Host{Name: "edge", Templates: []string{zabbixtest.EdgeRouter}, Interfaces: []zabbixtest.Interface{snmp}})
		if h := s.Host("linux"); len(h.Items) != 6 || len(h.Templates) != 2 || !slices.Equal(h.Groups, []string{"Linux servers"}) {
			t.Errorf("%s: %+v", version, h)
		}
		if h := s.Host("edge"); len(h.Items) != 5 || !slices.Contains(h.Items, "icmpping") {
			t.Errorf("%s: %+v", version, h)
		}
		empty := zabbixtest.New(t, zabbixtest.Options{Version: version, Empty: true})
		if got := empty.ByHand(t, "template.get", map[string]any{"countOutput": true}); got != "0" {
			t.Errorf("%s: %v templates", version, got)
		}
	}
}

func TestConsole(t *testing.T) {
	c := newClient(t, "7.0")
	s := c.s
	s.AddHostGroup(t, "Routers")
	s.AddProxy(t, "px")
	s.AddProxyGroup(t, "pg")
	id := s.AddTemplate(t, zabbixtest.Template{
		Name: "T", Groups: []string{"Templates/Mine"}, Items: []zabbixtest.Item{{Key: "k", Type: 2}},
		Triggers: []zabbixtest.Trigger{{Name: "tr", DependsOn: []zabbixtest.Dependency{{Template: zabbixtest.ICMPPing, Trigger: "ICMP: Unavailable by ICMP ping"}}}},
	})
	s.AddHost(t, zabbixtest.Host{
		Name: "lld", VisibleName: "LLD", Groups: []string{"Routers"}, Discovered: true, Proxy: "px", InventoryMode: 0,
		Inventory: map[string]string{"os": "x"}, Tags: []zabbixtest.Tag{{Name: "a", Automatic: true}, {Name: "b", Value: "c"}},
		Macros: []zabbixtest.Macro{{Name: "{$A}", Value: "v", Automatic: true}}, TLSConnect: 4, TLSAccept: 4, Issuer: "CN=x",
	})
	h := s.Host("lld")
	if h.Proxy != "px" || !h.Discovered || !h.Tags[0].Automatic || h.Tags[1].Automatic || h.Issuer != "CN=x" || h.Inventory["os"] != "x" || h.VisibleName != "LLD" {
		t.Errorf("%+v", h)
	}
	s.AddHost(t, zabbixtest.Host{Name: "grouped", ProxyGroup: "pg"})
	if s.Host("grouped").ProxyGroup != "pg" || s.Host("nope") != nil || !slices.Contains(s.Groups(), "Routers") {
		t.Error("proxy group, unknown host or groups")
	}
	refusals := map[string]string{
		fmt.Sprintf(`{"hostid":%q,"host":"other"}`, h.ID):                                            `Cannot update \"host\" for a discovered host \"other\".`,
		fmt.Sprintf(`{"hostid":%q,"macros":[{"hostmacroid":%q,"value":"w"}]}`, h.ID, h.Macros[0].ID): `Not allowed to modify automatic user macro`,
		fmt.Sprintf(`{"hostid":%q,"templates":[{"templateid":%q}]}`, h.ID, id):                       `due to dependency of trigger \"tr\"`,
		fmt.Sprintf(`{"hostid":%q,"tls_connect":1}`, h.ID):                                           `Cannot update \"tls_connect\"`,
	}
	for params, want := range refusals {
		if _, body, _ := c.post(one(1, "host.update", params)); !strings.Contains(body, want) {
			t.Errorf("%s: %s", params, body)
		}
	}
	if _, body, _ := c.post(one(1, "host.update", fmt.Sprintf(`{"hostid":%q,"tags":[{"tag":"z"}]}`, h.ID))); !strings.Contains(body, "hostids") {
		t.Error(body)
	}
	if got := s.Host("lld").Tags; len(got) != 2 || got[0].Name != "z" || got[1].Name != "a" {
		t.Errorf("tags of a discovered host: %+v", got)
	}
	s.RevokeTokens()
	if _, body, _ := c.post(one(1, "host.get", `{}`)); !strings.Contains(body, "Not authorized.") {
		t.Error(body)
	}
}

func TestRightsOfUsers(t *testing.T) {
	s := zabbixtest.New(t, zabbixtest.Options{Version: "7.0"})
	s.AddHostGroup(t, "Mine")
	s.AddHost(t, zabbixtest.Host{Name: "mine", Groups: []string{"Mine"}})
	s.AddHost(t, zabbixtest.Host{Name: "theirs"})
	s.AddUser(t, zabbixtest.User{Name: "ops", Password: "p", Type: zabbixtest.TypeAdmin, Rights: map[string]zabbixtest.Permission{"Mine": zabbixtest.ReadWrite}})
	c := &client{t, s, s.Token(t, "ops")}
	if _, body, _ := c.post(one(1, "host.get", `{"output":["host"]}`)); !strings.Contains(body, "mine") || strings.Contains(body, "theirs") {
		t.Error(body)
	}
}

func TestMaintenanceOfAHost(t *testing.T) {
	c := newClient(t, "6.0")
	c.s.AddHost(t, zabbixtest.Host{Name: "h"})
	c.s.Maintain(t, "h", "night")
	get := fmt.Sprintf(`{"jsonrpc":"2.0","method":"host.get","params":{"output":["maintenance_status","maintenanceid"]},"id":1,"auth":%q}`, c.token)
	if _, b, _ := post(t, c.s.Endpoint(), get, ""); !strings.Contains(string(b), `"maintenance_status":"1","maintenanceid":"`) {
		t.Errorf("%s", b)
	}
	c.s.EndMaintenance(t, "h")
	if _, b, _ := post(t, c.s.Endpoint(), get, ""); !strings.Contains(string(b), `"maintenance_status":"0","maintenanceid":"0"`) {
		t.Errorf("%s", b)
	}
}

// What an agent does shows in values and at the interface, at the times of the
// real ones.
func TestAgents(t *testing.T) {
	for _, k := range []struct {
		agent           zabbixtest.Agent
		task            time.Duration // when a value is asked for; 0: never
		after           time.Duration
		value           bool
		available, text string
	}{
		{zabbixtest.Agent{State: zabbixtest.Silent}, 3 * time.Second, time.Hour, false, "0", ""},
		{zabbixtest.Agent{State: zabbixtest.Answering}, time.Second, 10 * time.Second, false, "0", ""},
		{zabbixtest.Agent{State: zabbixtest.Answering}, 3 * time.Second, 5 * time.Second, true, "0", ""},
		{zabbixtest.Agent{State: zabbixtest.Answering}, 3 * time.Second, 10 * time.Second, true, "1", ""},
		{zabbixtest.Agent{State: zabbixtest.Answering}, 0, 61 * time.Second, false, "0", ""},
		{zabbixtest.Agent{State: zabbixtest.Answering}, 0, 70 * time.Second, true, "1", ""},
		{zabbixtest.Agent{State: zabbixtest.WrongPSK}, 3 * time.Second, 50 * time.Second, false, "0", ""},
		{zabbixtest.Agent{State: zabbixtest.WrongPSK}, 3 * time.Second, 60 * time.Second, false, "2", "cannot establish TLS to [[192.0.2.1]:10050]"},
		{zabbixtest.Agent{State: zabbixtest.Refusing}, 0, 60 * time.Second, false, "2", "Connection refused"},
		{zabbixtest.Agent{State: zabbixtest.NoEncryptionHere}, 0, 60 * time.Second, false, "2", "Received empty response from Zabbix Agent at [192.0.2.1]"},
		{zabbixtest.Agent{State: zabbixtest.Answering, Dies: 30 * time.Second}, 3 * time.Second, 40 * time.Second, true, "1", ""},
		{zabbixtest.Agent{State: zabbixtest.Answering, Dies: 30 * time.Second}, 3 * time.Second, 90 * time.Second, true, "2", "Connection refused"},
		{zabbixtest.Quick(zabbixtest.Answering), time.Second, 2 * time.Second, true, "1", ""},
	} {
		start := time.Unix(1_800_000_000, 0)
		s := zabbixtest.New(t, zabbixtest.Options{Now: func() time.Time { return start }})
		c := &client{t, s, s.Token(t, zabbixtest.AdminUser)}
		s.AddHost(t, zabbixtest.Host{Name: "h", Templates: []string{zabbixtest.LinuxAgent}, Interfaces: []zabbixtest.Interface{
			{Type: 1, Main: true, UseIP: true, IP: "192.0.2.1", Port: "10050"},
		}})
		s.SetAgent(t, "h", k.agent)
		items, _ := s.ByHand(t, "item.get", map[string]any{"filter": map[string]any{"key_": "agent.ping"}, "output": []string{}, "templated": false}).([]any)
		id := items[0].(map[string]any)["itemid"].(string)
		if k.task > 0 {
			s.Advance(k.task)
			if _, body, _ := c.post(one(1, "task.create", fmt.Sprintf(`{"type":6,"request":{"itemid":%q}}`, id))); !strings.Contains(body, "taskids") {
				t.Error(body)
			}
		}
		s.Advance(k.after - k.task)
		_, value, _ := c.post(one(1, "item.get", fmt.Sprintf(`{"itemids":%q,"output":["lastclock","lastvalue"]}`, id)))
		_, face, _ := c.post(one(1, "hostinterface.get", `{"output":["available","error","errors_from","disable_until"]}`))
		if strings.Contains(value, `"lastclock":"0"`) == k.value || !strings.Contains(face, `"available":"`+k.available+`"`) || !strings.Contains(face, k.text) {
			t.Errorf("%+v, task at %s, after %s: %s %s", k.agent, k.task, k.after, value, face)
		}
	}
}

// A thousand hosts are no trouble: tests of scale run against the fake.
func TestManyHosts(t *testing.T) {
	c := newClient(t, "7.0")
	var elements []string
	for i := range 1000 {
		elements = append(elements, fmt.Sprintf(`{"host":"h%d","groups":[{"groupid":"2"}],"tags":[{"tag":"n","value":"%d"}]}`, i, i))
	}
	_, body, err := c.post(one(1, "host.create", "["+strings.Join(elements, ",")+"]"))
	if err != nil || len(c.s.Hosts()) != 1000 {
		t.Fatal(body, err)
	}
	_, body, _ = c.post(one(1, "host.get", `{"output":["host"],"tags":[{"tag":"n","value":"77","operator":1}]}`))
	if !strings.Contains(body, `"h77"`) {
		t.Error(body)
	}
}
