package zabbixtest

import (
	"maps"
	"slices"
	"testing"
)

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
	tlsParams(v, o)
	s.proxyParams(t, v, o)
	return o
}

func tlsParams(v Host, o object) {
	if v.TLSConnect == 0 {
		return
	}
	o["tls_connect"], o["tls_accept"] = v.TLSConnect, v.TLSAccept
	for field, value := range map[string]string{
		"tls_psk_identity": v.PSKIdentity, "tls_psk": v.PSK, "tls_issuer": v.Issuer, "tls_subject": v.Subject,
	} {
		if value != "" {
			o[field] = value
		}
	}
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
		id := s.idOf(n, field)
		if id == 0 {
			t.Fatalf("the fake Zabbix has no %s for %q", field, n)
		}
		out = append(out, object{field: id})
	}
	return out
}

// idOf is the id of a group or template; 0 if there is none of the name.
func (s *Server) idOf(name, field string) int {
	if field == "groupid" {
		if g := s.state.groupNamed(name, false); g != nil {
			return g.id
		}
		return 0
	}
	if h := s.state.named(name); h != nil && h.template {
		return h.id
	}
	return 0
}
