package zabbixtest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// suiteEnvelope asks for what surrounds the calls: errors of the envelope, where
// a token may be, arrays of requests.
func suiteEnvelope(b *bench) {
	const version = `{"jsonrpc":"2.0","method":"apiinfo.version","params":{},"id":1`
	const get = `{"jsonrpc":"2.0","method":"host.get","params":{"countOutput":true,"hostids":[]},"id":1`
	envelope := func(code int, message, data, id string) string {
		e, _ := json.Marshal(Error{code, message, data})
		return `{"jsonrpc":"2.0","error":` + string(e) + `,"id":` + id + `}`
	}
	bad := func(data, id string) string { return envelope(codeRequest, "Invalid request.", data, id) }
	params := func(data string) string { return envelope(codeParams, "Invalid params.", data, "1") }
	count := `{"jsonrpc":"2.0","result":"0","id":1}`
	token := b.token
	for _, c := range []struct{ body, bearer, old, lts string }{
		{`{`, "", envelope(codeParse, "Parse error", "Invalid JSON. An error occurred on the server while parsing the JSON text.", "null"), ""},
		{`[]`, "", bad("The received JSON is not a valid JSON-RPC request.", "null"), ""},
		{`[7]`, "", "[" + bad(`Invalid parameter "/": an array is expected.`, "null") + "]", ""},
		{version + `,"x":1}`, "", bad(`Invalid parameter "/": unexpected parameter "x".`, "1"), ""},
		{`{"jsonrpc":"2.0","method":"apiinfo.version","id":1}`, "", bad(`Invalid parameter "/": the parameter "params" is missing.`, "1"), ""},
		{`{"method":"apiinfo.version","params":[],"id":"x"}`, "", bad(`Invalid parameter "/": the parameter "jsonrpc" is missing.`, `"x"`), ""},
		{`{"jsonrpc":"2.0","method":"apiinfo.version","params":[]}`, "", "", ""},
		{get + `}`, "", params("Not authorized."), ""},
		{get + `,"auth":null}`, "", params("Not authorized."), ""},
		{get + `,"auth":""}`, "", bad(`Invalid parameter "/auth": cannot be empty.`, "1"), ""},
		{get + `,"auth":7}`, "", bad(`Invalid parameter "/auth": a character string is expected.`, "1"), ""},
		{get + `,"auth":"` + strings.Repeat("0", 32) + `"}`, "", params("Session terminated, re-login, please."), ""},
		{get + `,"auth":"` + strings.Repeat("0", 64) + `"}`, "", params("Not authorized."), ""},
		{get + `,"auth":"` + token + `"}`, "", count, ""},
		{get + `}`, token, params("Not authorized."), count},
		{version + `,"auth":"` + token + `"}`, "", params(`The "apiinfo.version" method must be called without the "auth" parameter.`), ""},
	} {
		status, got := b.post(c.body, c.bearer)
		if want := b.pick(c.old, c.lts); status != http.StatusOK || !sameJSON(string(got), want) {
			b.Errorf("%s\n got  %d %s\n want %s", c.body, status, got, want)
		}
	}
	suiteVersionBearer(b, version+`}`, params)
	suiteBatch(b)
	suiteContentType(b, version+`}`)
}

func suiteContentType(b *bench, body string) {
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, b.subject.Endpoint, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/plain")
	if status, got := do(b, r); status != http.StatusPreconditionFailed || len(got) > 0 {
		b.Errorf("text/plain: %d %q", status, got)
	}
}

// suiteVersionBearer asks for the version with a header that 6.0 does not know.
func suiteVersionBearer(b *bench, body string, params func(string) string) {
	_, got := b.post(body, b.token)
	if b.old() {
		if !strings.Contains(string(got), `"result":"6.0.`) {
			b.Errorf("apiinfo.version with a bearer: %s", got)
		}
		return
	}
	if want := params(`The "apiinfo.version" method must be called without authorization header.`); !sameJSON(string(got), want) {
		b.Errorf("apiinfo.version with a bearer\n got  %s\n want %s", got, want)
	}
}

// suiteBatch sends an array: each request has its own answer, in order, and an
// error of one does not concern the others.
func suiteBatch(b *bench) {
	auth := `,"auth":"` + b.token + `"}`
	_, got := b.post(b.expand(`[
		{"jsonrpc":"2.0","method":"host.create","params":{"host":"@{one}","groups":[{"groupid":"#{g}"}]},"id":"a"`+auth+`,
		{"jsonrpc":"2.0","method":"host.create","params":{"host":"@{one}","groups":[{"groupid":"#{g}"}]},"id":2`+auth+`,
		{"jsonrpc":"2.0","method":"host.get","params":{"output":["host"],"filter":{"host":"@{one}"}},"id":3`+auth+`]`), "")
	var answers []struct {
		Result any
		Error  *Error
		ID     any
	}
	if err := json.Unmarshal(got, &answers); err != nil || len(answers) != 3 {
		b.Fatalf("%v: %s", err, got)
	}
	if answers[0].ID != "a" || answers[0].Error != nil {
		b.Errorf("first answer: %s", got)
	}
	if e := answers[1].Error; e == nil || e.Data != b.expand(`Host with the same name "@{one}" already exists.`) {
		b.Errorf("second answer: %s", got)
	}
	rows, _ := answers[2].Result.([]any)
	if len(rows) != 1 {
		b.Fatalf("third answer: %s", got)
	}
	b.made = append(b.made, creation{"host", text(rows[0].(object)["hostid"])})
}

func sameJSON(got, want string) bool {
	if got == want {
		return true
	}
	var g, w any
	if json.Unmarshal([]byte(got), &g) != nil || json.Unmarshal([]byte(want), &w) != nil {
		return false
	}
	a, _ := json.Marshal(g)
	c, _ := json.Marshal(w)
	return string(a) == string(c)
}

// withoutToken does a call that needs no login.
func (b *bench) withoutToken(method string, params object) (any, string) {
	b.Helper()
	got, err := b.send(b.subject.Endpoint, object{"jsonrpc": "2.0", "method": method, "params": params, "id": 1})
	if err != nil {
		return nil, strings.TrimSpace(text(json.Number(itoa(err.Code))) + " " + err.Data)
	}
	return got, fine
}

// suiteLogin asks for logins and what ends them.
func suiteLogin(b *bench) {
	user, password := b.subject.User, b.subject.Password
	const wrong = "Incorrect user name or password or account is temporarily blocked."
	for _, c := range []struct {
		params   object
		old, lts string
	}{
		{object{"username": user, "password": password + "x"}, "-32500 " + wrong, ""},
		{object{"username": b.subject.Name("nobody"), "password": "x"}, "-32602 " + wrong, "-32500 " + wrong},
		{object{"username": user}, `-32602 Invalid parameter "/": the parameter "password" is missing.`, ""},
		{object{"username": user, "password": password, "x": 1}, `-32602 Invalid parameter "/": unexpected parameter "x".`, ""},
		{object{"user": user, "password": password}, fine, `-32602 Invalid parameter "/": unexpected parameter "user".`},
		{object{"user": user, "username": user, "password": password}, `-32602 Parameter "user" is deprecated.`, `-32602 Invalid parameter "/": unexpected parameter "user".`},
		{object{"username": user, "password": password}, fine, ""},
	} {
		if _, got := b.withoutToken("user.login", c.params); got != b.pick(c.old, c.lts) {
			b.Errorf("user.login %v: %s", sortedKeys(c.params), got)
		}
	}
	data, _ := b.withoutToken("user.login", object{"username": user, "password": password, "userData": true})
	o, _ := data.(object)
	session := text(o["sessionid"])
	if len(session) != 32 || o["type"] != float64(TypeSuperAdmin) || o["username"] != user {
		b.Errorf("userData: %v", sortedKeys(o))
	}
	if got, how := b.withoutToken("user.checkAuthentication", object{"sessionid": session}); how != fine || got.(object)["type"] != float64(3) {
		b.Errorf("user.checkAuthentication of a session: %s", how)
	}
	for _, c := range []struct {
		params object
		want   string
	}{
		{object{}, "-32602 Session ID or token is expected."},
		{object{"token": strings.Repeat("0", 64)}, "-32602 Not authorized."},
		{object{"sessionid": strings.Repeat("0", 32)}, "-32602 Session terminated, re-login, please."},
		{object{"token": strings.Repeat("0", 64), "extend": false}, `-32602 Invalid parameter "/": unexpected parameter "extend".`},
	} {
		if _, got := b.withoutToken("user.checkAuthentication", c.params); got != c.want {
			b.Errorf("user.checkAuthentication %v: %s", c.params, got)
		}
	}
	b.seeAs(session, "user.logout", `[]`, `true`, "")
	const ended = "-32602 Session terminated, re-login, please."
	b.tryAs(session, "user.logout", `[]`, ended, "")
	b.tryAs(session, "host.get", `{}`, ended, "")
}

// suiteRights asks what a super admin, an admin and a user see and may do with
// an API token.
func suiteRights(b *bench) {
	b.make("rw ro no", "hostgroup.create", `[{"name":"@{rw}"},{"name":"@{ro}"},{"name":"@{no}"}]`)
	b.make("hrw hro hno hmix hboth", "host.create", `[
		{"host":"@{hrw}","groups":[{"groupid":"#{rw}"}]},{"host":"@{hro}","groups":[{"groupid":"#{ro}"}]},
		{"host":"@{hno}","groups":[{"groupid":"#{no}"}]},{"host":"@{hmix}","groups":[{"groupid":"#{rw}"},{"groupid":"#{no}"}]},
		{"host":"@{hboth}","groups":[{"groupid":"#{rw}"},{"groupid":"#{ro}"}]}]`)
	rights := `"rights"`
	if !b.old() {
		rights = `"hostgroup_rights"`
	}
	b.make("ug", "usergroup.create", `{"name":"@{ug}",`+rights+`:[{"id":"#{rw}","permission":3},{"id":"#{ro}","permission":2},{"id":"#{no}","permission":0}]}`)
	tokens := map[string]string{}
	for i, name := range []string{"user", "admin", "super"} {
		role := itoa(i + 1)
		b.make(name, "user.create", `{"username":"@{`+name+`}","passwd":"Spectrum-48k!","roleid":`+role+`,"usrgrps":[{"usrgrpid":"#{ug}"}]}`)
		b.make("token", "token.create", `{"name":"@{`+name+`}","userid":"#{`+name+`}"}`)
		tokens[name] = text(b.ok("token.generate", `["#{token}"]`).([]any)[0].(object)["token"])
		got, how := b.withoutToken("user.checkAuthentication", object{"token": tokens[name]})
		if o, _ := got.(object); text(json.Number(role)) != itoa(int(o["type"].(float64))) || len(tokens[name]) != 64 {
			b.Errorf("user.checkAuthentication of %s: %s %v", name, how, o["type"])
		}
	}
	b.expired()
	b.sights(tokens)
	b.deeds(tokens)
}

// expired asks with a token whose time is over.
func (b *bench) expired() {
	b.make("stale", "token.create", `{"name":"@{stale}","userid":"#{user}","expires_at":1000}`)
	stale := text(b.ok("token.generate", `["#{stale}"]`).([]any)[0].(object)["token"])
	b.tryAs(stale, "host.get", `{}`, "-32500 API token expired.", "")
}

// sights compares what is seen.
func (b *bench) sights(tokens map[string]string) {
	const hosts = `{"output":["host"],"groupids":["#{rw}","#{ro}","#{no}"],"sortfield":"hostid","filter":{"host":["@{hrw}","@{hro}","@{hno}","@{hmix}","@{hboth}"]}`
	row := func(name string) string { return `{"hostid":"#{` + name + `}","host":"@{` + name + `}"}` }
	all := `[` + row("hrw") + `,` + row("hro") + `,` + row("hno") + `,` + row("hmix") + `,` + row("hboth") + `]`
	b.seeAs(tokens["super"], "host.get", hosts+`}`, all, "")
	for _, who := range []string{"admin", "user"} {
		b.seeAs(tokens[who], "host.get", hosts+`}`, `[`+row("hrw")+`,`+row("hro")+`,`+row("hboth")+`]`, "")
		b.seeAs(tokens[who], "host.get", hosts+`,"editable":true}`, `[`+row("hrw")+`,`+row("hboth")+`]`, "")
		b.seeAs(tokens[who], "hostgroup.get", `{"output":["groupid"],"sortfield":"groupid"}`, `[{"groupid":"#{rw}"},{"groupid":"#{ro}"}]`, "")
		b.seeAs(tokens[who], "hostgroup.get", `{"output":["groupid"],"editable":true}`, `[{"groupid":"#{rw}"}]`, "")
		b.seeAs(tokens[who], "template.get", `{"countOutput":true}`, `"0"`, "")
		b.seeAs(tokens[who], "host.get", `{"hostids":["#{hno}","#{hmix}"]}`, `[]`, "")
		b.seeAs(tokens[who], "user.get", `{"countOutput":true,"editable":true}`, `"1"`, "")
	}
	const users = `{"output":["username","roleid"],"selectRole":["type"],"userids":["#{super}","#{admin}"],"sortfield":"userid"}`
	withRole := `[{"userid":"#{admin}","username":"@{admin}","roleid":"2","role":{"type":"2"}},{"userid":"#{super}","username":"@{super}","roleid":"3","role":{"type":"3"}}]`
	b.seeAs(tokens["super"], "user.get", users, withRole, "")
	b.seeAs(tokens["admin"], "user.get", users, withRole,
		`[{"userid":"#{admin}","username":"@{admin}","roleid":"2","role":{"type":"2"}},{"userid":"#{super}","username":"@{super}"}]`)
	b.seeAs(tokens["user"], "user.get", `{"userids":"#{user}","output":["username"],"selectRole":["type","name","readonly"]}`,
		`[{"userid":"#{user}","username":"@{user}","role":{"type":"1","name":"User role","readonly":"0"}}]`, "")
}

// deeds compares what may be done.
func (b *bench) deeds(tokens map[string]string) {
	const unseen = `-32500 ` + noObject
	not := func(method string) (string, string) {
		return `-32602 No permissions to call "` + method + `".`, `-32500 No permissions to call "` + method + `".`
	}
	admin := tokens["admin"]
	b.tryAs(admin, "host.create", `{"host":"@{x1}","groups":[{"groupid":"#{rw}"}]}`, fine, "")
	b.tryAs(admin, "host.create", `{"host":"@{x2}","groups":[{"groupid":"#{ro}"}]}`, unseen,
		`-32500 Invalid parameter "/1/groups/1": object does not exist, or you have no permissions to it.`)
	b.tryAs(admin, "host.create", `{"host":"@{hno}","groups":[{"groupid":"#{rw}"}]}`, `-32602 Host with the same name "@{hno}" already exists.`, "")
	b.tryAs(admin, "host.update", `{"hostid":"#{hro}","status":1}`, `-32602 `+noObject, unseen)
	b.tryAs(admin, "host.update", `{"hostid":"#{hrw}","status":1}`, fine, "")
	b.tryAs(admin, "host.delete", `["#{hro}"]`, unseen, "")
	old, lts := not("hostgroup.create")
	b.tryAs(admin, "hostgroup.create", `{"name":"@{x3}"}`, old, lts)
	old, lts = not("task.create")
	b.tryAs(admin, "task.create", `{"type":6,"request":{"itemid":"1"}}`, old, lts)
	old, lts = not("host.update")
	b.tryAs(tokens["user"], "host.update", `{"hostid":"#{hrw}","status":0}`, old, lts)
}
