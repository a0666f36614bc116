package zabbixtest

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strconv"
)

// UserType is what a user may do at most, with the API's numbers.
type UserType int

// The types of users.
const (
	TypeUser       UserType = 1
	TypeAdmin      UserType = 2
	TypeSuperAdmin UserType = 3
)

// Permission is a right to a host group, with the API's numbers.
type Permission int

// The rights.
const (
	Deny      Permission = 0
	Read      Permission = 2
	ReadWrite Permission = 3
)

type user struct {
	id, role       int
	name, password string
	groups         []int // user groups
}

// userGroup holds the rights to host groups and template groups by id.
type userGroup struct {
	id     int
	name   string
	rights map[int]Permission
}

type role struct {
	id   int
	name string
	kind UserType
}

type session struct{ user int }

type token struct {
	id, user int
	name     string
	secret   string
	expires  int64
}

// newSecret gives n random bytes as hexadecimal digits.
func newSecret(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func (st *state) role(id int) role {
	i := slices.IndexFunc(st.roles, func(r role) bool { return r.id == id })
	if i < 0 {
		return role{}
	}
	return st.roles[i]
}

func (st *state) userNamed(name string) *user {
	for _, u := range st.users {
		if u.name == name {
			return u
		}
	}
	return nil
}

func (c *caller) kind() UserType {
	if c.user == nil {
		return 0
	}
	return c.st.role(c.user.role).kind
}

// authenticate finds the user of a token or session.
func (st *state) authenticate(secret *string) (*user, string, error) {
	if secret == nil || *secret == "" {
		return nil, "", refused("Not authorized.")
	}
	if len(*secret) == 64 {
		u, err := st.ofToken(*secret)
		return u, "", err
	}
	s := st.sessions[*secret]
	if s == nil || st.users[s.user] == nil {
		return nil, "", refused("Session terminated, re-login, please.")
	}
	return st.users[s.user], *secret, nil
}

// ofToken finds the user of an API token.
func (st *state) ofToken(secret string) (*user, error) {
	for _, t := range st.tokens {
		if t.secret != secret {
			continue
		}
		if t.expires != 0 && t.expires < st.now.Unix() {
			return nil, denied("API token expired.")
		}
		return st.users[t.user], nil
	}
	return nil, refused("Not authorized.")
}

// permission is the caller's right to something in these groups: the highest of
// its user groups' rights, unless one denies.
func (c *caller) permission(groups []int) Permission {
	if c.kind() == TypeSuperAdmin {
		return ReadWrite
	}
	best := Deny
	for _, ug := range c.user.groups {
		for _, g := range groups {
			p, ok := c.st.userGroups[ug].rights[g]
			if ok && p == Deny {
				return Deny
			}
			best = max(best, p)
		}
	}
	return best
}

// sees tells whether the caller sees, or may change, something in these groups.
func (c *caller) sees(groups []int, editable bool) bool {
	p := c.permission(groups)
	return p == ReadWrite || p == Read && !editable
}

const wrongLogin = "Incorrect user name or password or account is temporarily blocked."

func (c *caller) login(params any) (any, error) {
	o, _ := params.(object)
	name, ok, err := c.loginName(o)
	if err != nil {
		return nil, err
	}
	allowed := []string{"username", "password", "userData"}
	if c.st.dialect.loginUser {
		allowed = append(allowed, "user")
	}
	if err := onlyFields(o, "/", allowed...); err != nil {
		return nil, err
	}
	if !ok {
		return nil, invalid("/", "the parameter %q is missing", "username")
	}
	if o["password"] == nil {
		return nil, invalid("/", "the parameter %q is missing", "password")
	}
	u, err := c.loginUser(text(name), text(o["password"]))
	if err != nil {
		return nil, err
	}
	id := newSecret(16)
	c.st.sessions[id] = &session{user: u.id}
	if truth(o["userData"]) {
		data := c.userObject(u)
		data["sessionid"] = id
		return data, nil
	}
	return id, nil
}

// loginName is the name that a login gives, under its old name in 6.0.
func (c *caller) loginName(o object) (name any, ok bool, err error) {
	name, ok = o["username"]
	old, has := o["user"]
	if !has || !c.st.dialect.loginUser {
		return name, ok, nil
	}
	if ok {
		return nil, false, refused("Parameter %q is deprecated.", "user")
	}
	return old, true, nil
}

// loginUser finds the user of a name and a password.
func (c *caller) loginUser(name, password string) (*user, error) {
	u := c.st.userNamed(name)
	if u == nil && !c.st.dialect.paths {
		return nil, refused(wrongLogin)
	}
	if u == nil || u.password != password {
		return nil, denied(wrongLogin)
	}
	return u, nil
}

// onlyFields refuses parameters that an object does not have.
func onlyFields(o object, at string, allowed ...string) error {
	for _, name := range sortedKeys(o) {
		if !slices.Contains(allowed, name) {
			return invalid(at, "unexpected parameter %q", name)
		}
	}
	return nil
}

func (c *caller) logout(any) (any, error) {
	if c.session == "" {
		return nil, unimplemented("user.logout with an API token, which is an error in Zabbix")
	}
	delete(c.st.sessions, c.session)
	return true, nil
}

// userObject is what user.login and user.checkAuthentication tell of a user.
func (c *caller) userObject(u *user) object {
	return object{
		"userid": strconv.Itoa(u.id), "username": u.name, "name": "", "surname": "",
		"roleid": strconv.Itoa(u.role), "type": int(c.st.role(u.role).kind),
	}
}

func (c *caller) checkAuthentication(params any) (any, error) {
	o, _ := params.(object)
	id, byID := o["sessionid"]
	tok, byToken := o["token"]
	allowed := []string{"sessionid", "token"}
	if !byToken {
		allowed = append(allowed, "extend")
	}
	if err := onlyFields(o, "/", allowed...); err != nil {
		return nil, err
	}
	if byID == byToken {
		return nil, refused("Session ID or token is expected.")
	}
	secret := text(id)
	if byToken {
		secret = text(tok)
	}
	u, session, err := c.st.authenticate(&secret)
	if err != nil || byToken != (session == "") {
		return nil, notAuthorized(byToken)
	}
	out := c.userObject(u)
	if session != "" {
		out["sessionid"] = session
	}
	return out, nil
}

// notAuthorized is what is said of a token or session that nobody has.
func notAuthorized(token bool) error {
	if token {
		return refused("Not authorized.")
	}
	return refused("Session terminated, re-login, please.")
}

func (c *caller) userGet(params any) (any, error) {
	a := newArgs("user.get", params)
	q := a.query()
	ids, selRole, selGroups := a.ids("userids"), a.fields("selectRole"), a.fields("selectUsrgrps")
	if err := a.done(); err != nil {
		return nil, err
	}
	var rows []*user
	for _, id := range sortedIDs(c.st.users) {
		u := c.st.users[id]
		if !among(ids, id) || !c.seesUser(u, q.editable) {
			continue
		}
		rows = append(rows, u)
	}
	return answer(kind[*user]{
		name: "user", pk: "userid", fields: []string{"userid", "username", "name", "surname", "roleid"},
		sortable: []string{"userid", "username"},
		get:      func(u *user, f string) any { return c.userObject(u)[f] },
		related: func(u *user, o object) error {
			// From 7.0 on only super admins see the role of others.
			if c.st.dialect.paths && c.kind() != TypeSuperAdmin && u != c.user {
				delete(o, "roleid")
				return c.userRelated(u, o, nil, selGroups)
			}
			return c.userRelated(u, o, selRole, selGroups)
		},
	}, q, rows)
}

// seesUser tells whether the caller sees a user: those that share a user group
// with it, and itself.
func (c *caller) seesUser(u *user, editable bool) bool {
	if c.kind() == TypeSuperAdmin || u == c.user {
		return true
	}
	return !editable && slices.ContainsFunc(u.groups, func(g int) bool { return slices.Contains(c.user.groups, g) })
}

func (c *caller) userRelated(u *user, o object, selRole, selGroups *fields) error {
	if selRole != nil {
		r := c.st.role(u.role)
		all := object{"roleid": strconv.Itoa(r.id), "name": r.name, "type": strconv.Itoa(int(r.kind)), "readonly": flag(r.kind == TypeSuperAdmin)}
		got, err := selRole.pick("role", sortedKeys(all), nil, nil, func(f string) any { return all[f] })
		if err != nil {
			return err
		}
		o["role"] = got
	}
	if selGroups == nil {
		return nil
	}
	groups := []any{}
	for _, id := range u.groups {
		g := c.st.userGroups[id]
		got, err := selGroups.pick("user group", []string{"usrgrpid", "name"}, nil, nil, func(f string) any {
			if f == "name" {
				return g.name
			}
			return strconv.Itoa(g.id)
		})
		if err != nil {
			return err
		}
		groups = append(groups, got)
	}
	o["usrgrps"] = groups
	return nil
}

func (c *caller) userCreate(params any) (any, error) {
	ids := []int{}
	for i, v := range list(params) {
		o, _ := v.(object)
		if err := onlyKnown("user.create", o, "username", "passwd", "roleid", "usrgrps"); err != nil {
			return nil, err
		}
		name := text(o["username"])
		if c.st.userNamed(name) != nil {
			return nil, refused("User with username %q already exists.", name)
		}
		r, _ := number(o["roleid"])
		if c.st.role(r).id == 0 {
			return nil, invalid(at(i)+"/roleid", "object does not exist")
		}
		u := &user{id: c.st.id(), name: name, password: text(o["passwd"]), role: r}
		for _, g := range list(o["usrgrps"]) {
			o, _ := g.(object)
			id, _ := number(o["usrgrpid"])
			if c.st.userGroups[id] == nil {
				return nil, denied(noObject)
			}
			u.groups = append(u.groups, id)
		}
		put(c.st, c.st.users, u.id, u)
		ids = append(ids, u.id)
	}
	return object{"userids": idTexts(ids)}, nil
}

func (c *caller) userDelete(params any) (any, error) {
	ids := numbers(params)
	for _, id := range ids {
		if c.st.users[id] == nil {
			return nil, denied(noObject)
		}
		drop(c.st, c.st.users, id)
	}
	return object{"userids": idTexts(ids)}, nil
}

func (c *caller) userGroupCreate(params any) (any, error) {
	rights := []string{"rights"}
	if c.st.dialect.templateGroups {
		rights = []string{"hostgroup_rights", "templategroup_rights"}
	}
	ids := []int{}
	for i, v := range list(params) {
		o, _ := v.(object)
		if err := onlyKnown("usergroup.create", o, append([]string{"name", "gui_access"}, rights...)...); err != nil {
			return nil, err
		}
		g := &userGroup{id: c.st.id(), name: text(o["name"]), rights: map[int]Permission{}}
		for _, field := range rights {
			for j, r := range list(o[field]) {
				o, _ := r.(object)
				id, _ := number(o["id"])
				p, _ := number(o["permission"])
				if c.st.groups[id] == nil {
					return nil, invalid(at(i)+"/"+field+at(j)+"/id", "object does not exist")
				}
				g.rights[id] = Permission(p)
			}
		}
		put(c.st, c.st.userGroups, g.id, g)
		ids = append(ids, g.id)
	}
	return object{"usrgrpids": idTexts(ids)}, nil
}

func (c *caller) userGroupDelete(params any) (any, error) {
	ids := numbers(params)
	for _, id := range ids {
		if c.st.userGroups[id] == nil {
			return nil, denied(noObject)
		}
		drop(c.st, c.st.userGroups, id)
	}
	return object{"usrgrpids": idTexts(ids)}, nil
}

func (c *caller) tokenCreate(params any) (any, error) {
	ids := []int{}
	for _, v := range list(params) {
		o, _ := v.(object)
		if err := onlyKnown("token.create", o, "name", "userid", "expires_at", "description"); err != nil {
			return nil, err
		}
		owner := c.user.id
		if id, ok := number(o["userid"]); ok {
			owner = id
		}
		expires, _ := number(o["expires_at"])
		if c.st.users[owner] == nil {
			return nil, denied("User with ID %q is not available.", strconv.Itoa(owner))
		}
		t := &token{id: c.st.id(), user: owner, name: text(o["name"]), expires: int64(expires)}
		put(c.st, c.st.tokens, t.id, t)
		ids = append(ids, t.id)
	}
	return object{"tokenids": idTexts(ids)}, nil
}

func (c *caller) tokenGenerate(params any) (any, error) {
	out := []any{}
	for _, id := range numbers(params) {
		old := c.st.tokens[id]
		if old == nil {
			return nil, denied(noObject)
		}
		t := *old
		t.secret = newSecret(32)
		put(c.st, c.st.tokens, id, &t)
		out = append(out, object{"tokenid": strconv.Itoa(id), "token": t.secret})
	}
	return out, nil
}

func (c *caller) tokenDelete(params any) (any, error) {
	ids := numbers(params)
	for _, id := range ids {
		if c.st.tokens[id] == nil {
			return nil, denied(noObject)
		}
		drop(c.st, c.st.tokens, id)
	}
	return object{"tokenids": idTexts(ids)}, nil
}

// seedUsers makes the roles and the super admin of a fresh Zabbix.
func seedUsers(st *state) {
	st.roles = []role{{1, "User role", TypeUser}, {2, "Admin role", TypeAdmin}, {3, "Super admin role", TypeSuperAdmin}}
	st.userGroups[7] = &userGroup{id: 7, name: "Zabbix administrators"}
	st.users[1] = &user{id: 1, name: AdminUser, password: AdminPassword, role: 3, groups: []int{7}}
}
