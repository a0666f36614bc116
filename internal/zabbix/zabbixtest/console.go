package zabbixtest

import (
	"encoding/json"
	"fmt"
	"maps"
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

// Hosts are the technical names of all hosts, in the order of their ids.
func (s *Server) Hosts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, id := range s.state.order {
		if h := s.state.real(id); h != nil {
			out = append(out, h.host)
		}
	}
	return out
}

// Host gives a host by its technical name; nil if there is none.
func (s *Server) Host(name string) *Host {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.state.named(name)
	if h == nil || h.template {
		return nil
	}
	return s.view(h)
}

func (s *Server) view(h *host) *Host {
	st := s.state
	v := &Host{
		ID: itoa(h.id), Name: h.host, VisibleName: h.name, Description: h.description, Enabled: h.status == 0,
		Inventory: maps.Clone(h.inventory), InventoryMode: h.inventoryMode,
		TLSConnect: h.tlsConnect, TLSAccept: h.tlsAccept, PSKIdentity: h.pskIdentity, PSK: h.psk,
		Issuer: h.tlsIssuer, Subject: h.tlsSubject, Discovered: h.flags == 4,
	}
	for _, id := range h.groups {
		v.Groups = append(v.Groups, st.groups[id].name)
	}
	slices.Sort(v.Groups)
	for _, id := range h.templates {
		v.Templates = append(v.Templates, st.hosts[id].host)
	}
	slices.Sort(v.Templates)
	for _, t := range h.tags {
		v.Tags = append(v.Tags, Tag{t.name, t.value, t.automatic == 1})
	}
	for _, m := range h.macros {
		v.Macros = append(v.Macros, Macro{itoa(m.id), m.macro, m.value, m.descriptor, m.kind, m.automatic == 1})
	}
	for _, i := range h.ifaces {
		v.Interfaces = append(v.Interfaces, Interface{itoa(i.id), i.kind, i.main == 1, i.useip == 1, i.ip, i.dns, i.port, i.details})
	}
	for _, i := range h.items {
		v.Items = append(v.Items, i.key)
	}
	if p := st.proxies[h.proxy]; p != nil {
		v.Proxy = p.name
	}
	if g := st.proxyGroups[h.proxyGroup]; g != nil {
		v.ProxyGroup = g.name
	}
	return v
}

// AddHost adds a host by hand and gives its id. Its groups, templates and
// proxies are there already; without groups it is in "Linux servers". ID,
// Enabled (see DisableHost) and Items are not looked at.
func (s *Server) AddHost(t testing.TB, v Host) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.one(t, "host.create", "hostids", s.params(t, v))
	h := s.state.named(v.Name)
	if v.Discovered {
		h.flags = 4
	}
	for i := range h.tags {
		h.tags[i].automatic = asInt(v.Tags[i].Automatic)
	}
	for i := range h.macros {
		h.macros[i].automatic = asInt(v.Macros[i].Automatic)
	}
	return id
}

func asInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// params are the parameters of a host.create for a host.
func (s *Server) params(t testing.TB, v Host) object {
	t.Helper()
	o := object{"host": v.Name, "description": v.Description, "inventory_mode": v.InventoryMode}
	if v.VisibleName != "" {
		o["name"] = v.VisibleName
	}
	if len(v.Inventory) > 0 {
		o["inventory"] = v.Inventory
	}
	o["groups"] = s.refs(t, v.Groups, "groupid")
	o["templates"] = s.refs(t, v.Templates, "templateid")
	tags, macros, faces := []any{}, []any{}, []any{}
	for _, x := range v.Tags {
		tags = append(tags, object{"tag": x.Name, "value": x.Value})
	}
	for _, x := range v.Macros {
		macros = append(macros, object{"macro": x.Name, "value": x.Value, "type": x.Type, "description": x.Description})
	}
	for _, x := range v.Interfaces {
		f := object{
			"type": x.Type, "main": asInt(x.Main), "useip": asInt(x.UseIP), "ip": x.IP, "dns": x.DNS, "port": x.Port,
		}
		if x.Details != nil {
			f["details"] = x.Details
		}
		faces = append(faces, f)
	}
	o["tags"], o["macros"], o["interfaces"] = tags, macros, faces
	if v.TLSConnect != 0 {
		o["tls_connect"], o["tls_accept"] = v.TLSConnect, v.TLSAccept
		for field, value := range map[string]string{
			"tls_psk_identity": v.PSKIdentity, "tls_psk": v.PSK, "tls_issuer": v.Issuer, "tls_subject": v.Subject,
		} {
			if value != "" {
				o[field] = value
			}
		}
	}
	s.proxyParams(t, v, o)
	return o
}

func (s *Server) proxyParams(t testing.TB, v Host, o object) {
	t.Helper()
	for _, p := range s.state.proxies {
		if p.name == v.Proxy && v.Proxy != "" {
			if s.dialect.monitoredBy {
				o["monitored_by"], o["proxyid"] = 1, p.id
			} else {
				o["proxy_hostid"] = p.id
			}
		}
	}
	for _, g := range s.state.proxyGroups {
		if g.name == v.ProxyGroup && v.ProxyGroup != "" {
			o["monitored_by"], o["proxy_groupid"] = 2, g.id
		}
	}
}

// refs are the objects that name groups or templates.
func (s *Server) refs(t testing.TB, names []string, field string) []any {
	t.Helper()
	if field == "groupid" && len(names) == 0 {
		names = []string{"Linux servers"}
	}
	out := []any{}
	for _, n := range names {
		id := 0
		if field == "groupid" {
			if g := s.state.groupNamed(n, false); g != nil {
				id = g.id
			}
		} else if h := s.state.named(n); h != nil && h.template {
			id = h.id
		}
		if id == 0 {
			t.Fatalf("the fake Zabbix has no %s for %q", field, n)
		}
		out = append(out, object{field: id})
	}
	return out
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

// addTemplate adds a template with what it needs.
func (st *state) addTemplate(v Template) (int, error) {
	t := &host{id: st.id(), template: true, status: 3, host: v.Name, name: orElse(v.VisibleName, v.Name), uuid: newSecret(16)}
	if st.named(t.host) != nil {
		return 0, fmt.Errorf("%q is there already", v.Name)
	}
	for _, name := range v.Groups {
		g := st.groupNamed(name, true)
		if g == nil {
			g = &group{id: st.id(), name: name, template: st.dialect.templateGroups, uuid: newSecret(16)}
			put(st, st.groups, g.id, g)
		}
		t.groups = append(t.groups, g.id)
	}
	st.insert(t)
	c := &caller{st: st, user: st.users[1]}
	var parents []int
	for _, name := range v.Parents {
		p := st.named(name)
		if p == nil || !p.template {
			return 0, fmt.Errorf("there is no template %q", name)
		}
		parents = append(parents, p.id)
	}
	if err := c.link(t, parents, false); err != nil {
		return 0, err
	}
	for _, i := range v.Items {
		t.items = append(t.items, item{id: st.own(t), key: i.Key, name: orElse(i.Name, i.Key), kind: i.Type, delay: "1m"})
	}
	return t.id, st.addTriggers(t, v.Triggers)
}

func (st *state) addTriggers(t *host, triggers []Trigger) error {
	for _, tr := range triggers {
		if len(t.items) == 0 {
			return fmt.Errorf("trigger %q needs an item", tr.Name)
		}
		made := trigger{
			id: st.own(t), description: tr.Name, priority: 3,
			expr: "last(/" + t.host + "/" + t.items[0].key + ")=0", items: []int{t.items[0].id},
		}
		for _, d := range tr.DependsOn {
			other := st.named(d.Template)
			if other == nil {
				return fmt.Errorf("there is no template %q", d.Template)
			}
			i := slices.IndexFunc(other.triggers, func(t trigger) bool { return t.description == d.Trigger })
			if i < 0 {
				return fmt.Errorf("template %q has no trigger %q", d.Template, d.Trigger)
			}
			made.depends = append(made.depends, other.triggers[i].id)
		}
		t.triggers = append(t.triggers, made)
	}
	return nil
}
