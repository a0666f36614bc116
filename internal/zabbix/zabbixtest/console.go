package zabbixtest

import (
	"encoding/json"
	"slices"
	"testing"
)

// Template is a template to be added.
type Template struct {
	Name string
	// VisibleName is Name when empty.
	VisibleName string
	// Groups are template groups (host groups in 6.0), made when they are missing.
	Groups []string
	// Parents are the templates that it is linked to.
	Parents  []string
	Items    []Item
	Triggers []Trigger
}

// Item is an item of a template.
type Item struct {
	Key string
	// Name is Key when empty.
	Name string
	// Type is the API's number: 0 agent, 2 trapper, 3 simple check, 7 active
	// agent, 12 IPMI, 16 JMX, 20 SNMP.
	Type int
}

// Trigger is a trigger of a template, on its first item.
type Trigger struct {
	Name string
	// DependsOn are triggers of other templates, or of this one further up.
	DependsOn []Dependency
}

// Dependency names a trigger of a template.
type Dependency struct{ Template, Trigger string }

// Host is a host as it is in the state, secrets included.
type Host struct {
	ID, Name, VisibleName, Description string
	Enabled                            bool
	Groups, Templates                  []string
	Tags                               []Tag
	Macros                             []Macro
	Interfaces                         []Interface
	Inventory                          map[string]string
	InventoryMode                      int
	Proxy, ProxyGroup                  string
	TLSConnect, TLSAccept              int
	PSKIdentity, PSK, Issuer, Subject  string
	// Discovered is a host that a low-level discovery rule made.
	Discovered bool
	// Items are the keys of its items; those of a template that was unlinked and
	// not cleared are still there.
	Items []string
}

// Tag is a tag; Automatic ones were made by discovery.
type Tag struct {
	Name, Value string
	Automatic   bool
}

// Macro is a user macro; Type is 0 text, 1 secret, 2 vault.
type Macro struct {
	ID, Name, Value, Description string
	Type                         int
	Automatic                    bool
}

// Interface is an interface; Type is 1 agent, 2 SNMP, 3 IPMI, 4 JMX.
type Interface struct {
	ID            string
	Type          int
	Main, UseIP   bool
	IP, DNS, Port string
	// Details are those of an SNMP interface.
	Details map[string]any
}

// User is a user to be added.
type User struct {
	Name, Password string
	Type           UserType
	// Rights to host groups and template groups, by name; super admins need none.
	Rights map[string]Permission
}

// ByHand does a call as the super admin does it in the frontend: behind the
// client's back. It is not recorded, and no fault strikes it.
func (s *Server) ByHand(t testing.TB, method string, params any) any {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	result, err := s.byHand(method, params)
	if err != nil {
		t.Fatalf("by hand: %s: %v", method, err)
	}
	return result
}

func (s *Server) byHand(method string, params any) (any, error) {
	m, ok := methods()[method]
	if !ok {
		return nil, unimplemented("method %s", method)
	}
	b, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	s.state.now = s.now()
	c := &caller{s: s, st: s.state, user: s.state.users[1], method: method}
	var result any
	err = s.state.transact(func() (err error) {
		result, err = m.do(c, decode(b))
		return err
	})
	return result, err
}

// one does a create by hand and gives the id.
func (s *Server) one(t testing.TB, method, property string, params object) string {
	t.Helper()
	result, err := s.byHand(method, params)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	return result.(object)[property].([]string)[0]
}

// host finds a host by its technical name; the caller holds the lock.
func (s *Server) host(t testing.TB, name string) *host {
	t.Helper()
	h := s.state.named(name)
	if h == nil || h.template {
		t.Fatalf("the fake Zabbix has no host %q", name)
	}
	return h
}

// AddTemplate adds a template and gives its id.
func (s *Server) AddTemplate(t testing.TB, tmpl Template) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.now = s.now()
	var id int
	err := s.state.transact(func() (err error) {
		id, err = s.state.addTemplate(tmpl)
		return err
	})
	if err != nil {
		t.Fatalf("template %q: %v", tmpl.Name, err)
	}
	return itoa(id)
}

// AddHostGroup adds a host group and gives its id.
func (s *Server) AddHostGroup(t testing.TB, name string) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.one(t, "hostgroup.create", "groupids", object{"name": name})
}

// AddProxy adds an active proxy and gives its id.
func (s *Server) AddProxy(t testing.TB, name string) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dialect.monitoredBy {
		return s.one(t, "proxy.create", "proxyids", object{"name": name, "operating_mode": 0})
	}
	return s.one(t, "proxy.create", "proxyids", object{"host": name, "status": 5})
}

// AddProxyGroup adds a proxy group (from 7.0 on) and gives its id.
func (s *Server) AddProxyGroup(t testing.TB, name string) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.one(t, "proxygroup.create", "proxy_groupids", object{"name": name})
}

// AddUser adds a user in a user group of its own.
func (s *Server) AddUser(t testing.TB, u User) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.state
	g := &userGroup{id: st.id(), name: u.Name, rights: map[int]Permission{}}
	for name, p := range u.Rights {
		found := false
		for _, kind := range []bool{false, true} {
			if got := st.groupNamed(name, kind); got != nil {
				g.rights[got.id], found = p, true
			}
		}
		if !found {
			t.Fatalf("the fake Zabbix has no group %q", name)
		}
	}
	st.userGroups[g.id] = g
	id := st.id()
	st.users[id] = &user{id: id, name: u.Name, password: u.Password, role: int(u.Type), groups: []int{g.id}}
}

// Token makes an API token of a user.
func (s *Server) Token(t testing.TB, userName string) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.state.userNamed(userName)
	if u == nil {
		t.Fatalf("the fake Zabbix has no user %q", userName)
	}
	id := s.state.id()
	s.state.tokens[id] = &token{id: id, user: u.id, name: userName, secret: newSecret(32)}
	return s.state.tokens[id].secret
}

// RevokeTokens makes all API tokens void.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.state.tokens)
}

// ExpireSessions ends all sessions.
func (s *Server) ExpireSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.state.sessions)
}

// Sessions is how many sessions are open.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.state.sessions)
}

// DeleteHost deletes a host by hand, as if it had never been.
func (s *Server) DeleteHost(t testing.TB, name string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.host(t, name)
	if _, err := s.byHand("host.delete", []string{itoa(h.id)}); err != nil {
		t.Fatal(err)
	}
}

// Maintain puts a host into a maintenance that is active, which is made for it.
func (s *Server) Maintain(t testing.TB, host, name string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.host(t, host)
	st, now := s.state, s.now().Unix()
	m := &maintenance{id: st.id(), name: name, since: now, till: now + 3600, hosts: []int{h.id}, groups: []int{}}
	st.maintenances[m.id] = m
	h.maintenance, h.maintenanceFrom = m.id, now
}

// EndMaintenance ends the maintenance of a host.
func (s *Server) EndMaintenance(t testing.TB, host string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.host(t, host)
	delete(s.state.maintenances, h.maintenance)
	h.maintenance, h.maintenanceFrom = 0, 0
}

// Groups are the names of all host groups, sorted.
func (s *Server) Groups() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, g := range s.state.groups {
		if !g.template {
			out = append(out, g.name)
		}
	}
	slices.Sort(out)
	return out
}
