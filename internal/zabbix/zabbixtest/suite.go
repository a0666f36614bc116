package zabbixtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Subject is a Zabbix for the suite, faked or real.
type Subject struct {
	// Endpoint is the API's address.
	Endpoint string
	// User and Password are those of a super admin.
	User, Password string
	// Version is "6.0" or "7.0".
	Version string
	// Name makes a name that nothing else in this Zabbix has: letters, digits,
	// hyphens.
	Name func(string) string
}

// Suite asks a Zabbix for everything that the fake shows as 6.0 and 7.0. It
// removes what it made.
func Suite(t *testing.T, subject Subject) {
	for _, g := range []struct {
		name string
		f    func(*bench)
	}{
		{"envelope", suiteEnvelope},
		{"login", suiteLogin},
		{"rights", suiteRights},
		{"create", suiteCreate},
		{"createLists", suiteCreateLists},
		{"createInterfaces", suiteCreateInterfaces},
		{"createTLS", suiteCreateTLS},
		{"createTogether", suiteCreateTogether},
		{"read", suiteRead},
		{"find", suiteFind},
		{"tags", suiteTags},
		{"update", suiteUpdate},
		{"updateInventory", suiteUpdateInventory},
		{"updateMacros", suiteUpdateMacros},
		{"updateTLS", suiteUpdateTLS},
		{"interfaces", suiteInterfaces},
		{"link", suiteLink},
		{"unlink", suiteUnlink},
		{"linkInterfaces", suiteLinkInterfaces},
		{"mass", suiteMass},
		{"delete", suiteDelete},
		{"maintenance", suiteMaintenance},
		{"groups", suiteGroups},
		{"templates", suiteTemplates},
		{"items", suiteItems},
		{"triggers", suiteTriggers},
		{"tasks", suiteTasks},
		{"proxies", suiteProxies},
		{"proxyGroups", suiteProxyGroups},
	} {
		t.Run(g.name, func(t *testing.T) { g.f(newBench(t, subject)) })
	}
}

// bench is one test's view of the subject. In texts it expands @{x} to the
// unique name made of x, and #{x} to the id that is known by that name; #{made} is
// the last that was created.
type bench struct {
	*testing.T
	subject Subject
	token   string
	names   map[string]string
	ids     map[string]string
	made    []creation
}

// creation is what a create made.
type creation struct{ api, id string }

func newBench(t *testing.T, subject Subject) *bench {
	b := &bench{T: t, subject: subject, names: map[string]string{}, ids: map[string]string{}}
	b.token, _ = b.login(subject.User, subject.Password).(string)
	if b.token == "" {
		t.Fatal("the super admin cannot log in")
	}
	t.Cleanup(b.clean)
	b.make("g", "hostgroup.create", `{"name":"@{g}"}`)
	return b
}

func (b *bench) login(name, password string) any {
	b.Helper()
	got, err := b.send(b.subject.Endpoint, object{
		"jsonrpc": "2.0", "method": "user.login", "id": 1, "params": object{"username": name, "password": password},
	})
	if err != nil {
		b.Fatalf("login: %v", err)
	}
	return got
}

// old tells whether the subject is 6.0.
func (b *bench) old() bool { return b.subject.Version == "6.0" }

// pick gives what is expected of the version; an empty second text is the first.
func (b *bench) pick(old, lts string) string {
	if b.old() || lts == "" {
		return old
	}
	return lts
}

var placeholder = regexp.MustCompile(`[@#]\{\w+\}`)

// expand fills in names and ids.
func (b *bench) expand(text string) string {
	b.Helper()
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		name := p[2 : len(p)-1]
		if p[0] == '#' {
			if b.ids[name] == "" {
				b.Fatalf("no id is known as %q", name)
			}
			return b.ids[name]
		}
		if b.names[name] == "" {
			b.names[name] = b.subject.Name(name)
		}
		return b.names[name]
	})
}

// post sends a body and gives the answer's.
func (b *bench) post(body, bearer string) (int, []byte) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, b.subject.Endpoint, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json-rpc")
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	return do(b, r)
}

func do(t testing.TB, r *http.Request) (int, []byte) {
	t.Helper()
	r.Close = true // the server may be about to end a connection that was kept
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer
}

// send sends one request and gives its result or error.
func (b *bench) send(endpoint string, request object) (any, *Error) {
	b.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		b.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, endpoint, bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json-rpc")
	status, answer := do(b, r)
	var got struct {
		Result any
		Error  *Error
	}
	if err := json.Unmarshal(answer, &got); err != nil || status != http.StatusOK {
		b.Fatalf("%v: HTTP %d: %q: %v", request["method"], status, answer, err)
	}
	return got.Result, got.Error
}

// call does a call with the super admin's session.
func (b *bench) call(method, params string) (any, *Error) {
	b.Helper()
	return b.callAs(b.token, method, params)
}

func (b *bench) callAs(token, method, params string) (any, *Error) {
	b.Helper()
	var p any
	if err := json.Unmarshal([]byte(b.expand(params)), &p); err != nil {
		b.Fatalf("%s: %v in %s", method, err, params)
	}
	result, failed := b.send(b.subject.Endpoint, object{"jsonrpc": "2.0", "method": method, "params": p, "id": 1, "auth": token})
	if api, isCreate := strings.CutSuffix(method, ".create"); isCreate && failed == nil && api != "task" {
		for _, ids := range result.(object) {
			for _, id := range ids.([]any) {
				b.made = append(b.made, creation{api, text(id)})
				b.ids["made"] = text(id)
			}
		}
	}
	return result, failed
}

// make creates something and knows the ids by names, in order.
func (b *bench) make(names, method, params string) {
	b.Helper()
	result := b.ok(method, params)
	for _, ids := range result.(object) {
		for i, name := range strings.Fields(names) {
			b.ids[name] = text(ids.([]any)[i])
		}
	}
}

// ok does a call that succeeds.
func (b *bench) ok(method, params string) any {
	b.Helper()
	result, err := b.call(method, params)
	if err != nil {
		b.Fatalf("%s %s: %v", method, b.expand(params), err)
	}
	return result
}

// fine is the outcome of a call that succeeds.
const fine = "ok"

// try does a call and compares code and text of its error; what the text is
// followed by is not compared if it ends in "...".
func (b *bench) try(method, params, old, lts string) {
	b.Helper()
	b.tryAs(b.token, method, params, old, lts)
}

func (b *bench) tryAs(token, method, params, old, lts string) {
	b.Helper()
	want := b.expand(b.pick(old, lts))
	_, err := b.callAs(token, method, params)
	got := fine
	if err != nil {
		got = fmt.Sprintf("%d %s", err.Code, err.Data)
	}
	if start, cut := strings.CutSuffix(want, "..."); cut && strings.HasPrefix(got, start) {
		return
	}
	if got != want {
		b.Errorf("%s %s\n got  %s\n want %s", method, b.expand(params), got, want)
	}
}

// attempt is a call of a table, with its outcomes in 6.0 and 7.0.
type attempt struct{ params, old, lts string }

func (b *bench) tryAll(method string, attempts []attempt) {
	b.Helper()
	for _, a := range attempts {
		b.try(method, a.params, a.old, a.lts)
	}
}

// see does a call and compares its result, written as JSON.
func (b *bench) see(method, params, old, lts string) {
	b.Helper()
	b.seeAs(b.token, method, params, old, lts)
}

func (b *bench) seeAs(token, method, params, old, lts string) {
	b.Helper()
	got, failed := b.callAs(token, method, params)
	if failed != nil {
		b.Errorf("%s %s: %v", method, b.expand(params), failed)
		return
	}
	var want any
	text := b.expand(b.pick(old, lts))
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		b.Fatalf("%v in %s", err, text)
	}
	if !reflect.DeepEqual(got, want) {
		g, _ := json.Marshal(got)
		b.Errorf("%s %s\n got  %s\n want %s", method, b.expand(params), g, text)
	}
}

// one gives the only object of a get.
func (b *bench) one(method, params string) object {
	b.Helper()
	rows, _ := b.ok(method, params).([]any)
	if len(rows) != 1 {
		b.Fatalf("%s %s gave %d objects", method, b.expand(params), len(rows))
	}
	return rows[0].(object)
}

// keys compares which fields an object has.
func (b *bench) keys(what string, o object, want ...string) {
	b.Helper()
	got := sortedKeys(o)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		b.Errorf("fields of %s\n got  %q\n want %q", what, got, want)
	}
}

// template makes a template in a group for templates, with items "key:type".
func (b *bench) template(name string, parents []string, items ...string) {
	b.Helper()
	if b.ids["tg"] == "" {
		b.ids["tg"] = b.ids["g"]
		if !b.old() {
			b.make("tg", "templategroup.create", `{"name":"@{tg}"}`)
		}
	}
	var up []string
	for _, p := range parents {
		up = append(up, `{"templateid":"#{`+p+`}"}`)
	}
	b.make(name, "template.create", `{"host":"@{`+name+`}","groups":[{"groupid":"#{tg}"}],"templates":[`+strings.Join(up, ",")+`]}`)
	for _, i := range items {
		key, kind, _ := strings.Cut(i, ":")
		extra := `,"delay":"1m"`
		switch kind {
		case "20":
			extra += `,"snmp_oid":"1.3.6.1.2.1.1.5.0"`
		case "2":
			extra = ""
		}
		b.make("item_"+strings.ReplaceAll(key, ".", "_"), "item.create",
			`{"hostid":"#{`+name+`}","name":"item `+key+`","key_":"`+key+`","type":`+kind+`,"value_type":3`+extra+`}`)
	}
}

// clean removes what the test made and looks whether anything is left.
func (b *bench) clean() {
	slices.Reverse(b.made)
	for _, api := range []string{
		"maintenance", "host", "template", "user", "usergroup", "proxy", "proxygroup", "hostgroup", "templategroup",
	} {
		b.cleanAll(api)
	}
	_, _ = b.send(b.subject.Endpoint, object{"jsonrpc": "2.0", "method": "user.logout", "params": []string{}, "id": 1, "auth": b.token})
}

// cleanAll removes what the test made of a kind. Items, triggers, interfaces and
// tokens go with what they belong to.
func (b *bench) cleanAll(api string) {
	for _, c := range b.made {
		if c.api != api {
			continue
		}
		if _, err := b.send(b.subject.Endpoint, object{
			"jsonrpc": "2.0", "method": c.api + ".delete", "params": []string{c.id}, "id": 1, "auth": b.token,
		}); err != nil && err.Data != noObject {
			b.Errorf("%s %s is left: %v", c.api, c.id, err)
		}
	}
}
