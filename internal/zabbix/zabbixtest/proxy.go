package zabbixtest

import (
	"slices"
	"strconv"
)

func (c *caller) proxyKind() kind[*proxy] {
	d := c.st.dialect
	k := kind[*proxy]{name: "proxy", pk: "proxyid", get: proxyField, strict: d.monitoredBy, sortable: []string{"proxyid", "name", "operating_mode"}}
	if !d.monitoredBy {
		k.sortable = []string{"hostid", "host", "status"}
		k.hidden = []string{"name"}
		k.fields = []string{"proxyid", "host", "status", "description", "lastaccess", "tls_connect", "tls_accept", "auto_compress"}
		k.foreign = []string{"operating_mode", "proxy_groupid", "state", "local_address", "local_port"}
		return k
	}
	k.fields = []string{
		"proxyid", "name", "operating_mode", "proxy_groupid", "description", "lastaccess", "local_address",
		"local_port", "state", "tls_connect", "tls_accept", "address", "port", "allowed_addresses", "version", "compatibility",
	}
	k.foreign = []string{"host", "status"}
	return k
}

func proxyField(p *proxy, field string) any {
	switch field {
	case "proxyid":
		return strconv.Itoa(p.id)
	case "host", "name":
		return p.name
	case "status":
		return strconv.Itoa(5 + p.mode)
	case "operating_mode":
		return strconv.Itoa(p.mode)
	case "proxy_groupid":
		return strconv.Itoa(p.group)
	case "description":
		return p.description
	case "local_address":
		return p.localAddress
	case "local_port":
		return p.localPort
	case "tls_connect", "tls_accept", "auto_compress":
		return "1"
	case "address":
		return "127.0.0.1"
	case "port":
		return "10051"
	case "allowed_addresses":
		return ""
	}
	return "0"
}

func (c *caller) proxyGet(params any) (any, error) {
	a := newArgs("proxy.get", params)
	q := a.query()
	ids, groups := a.ids("proxyids"), a.ids("proxy_groupids")
	if err := a.done(); err != nil {
		return nil, err
	}
	var rows []*proxy
	for _, id := range sortedIDs(c.st.proxies) {
		p := c.st.proxies[id]
		// Users see no proxies that they may change; reading them is free.
		if among(ids, id) && among(groups, p.group) && (!q.editable || c.kind() >= TypeAdmin) {
			rows = append(rows, p)
		}
	}
	k := c.proxyKind()
	if !k.strict {
		k.get = proxyFieldOld
	}
	return answer(k, q, rows)
}

// proxyFieldOld gives a field in 6.0, where proxies are hosts without a visible
// name.
func proxyFieldOld(p *proxy, field string) any {
	if field == "name" {
		return ""
	}
	return proxyField(p, field)
}

func (c *caller) proxyCreate(params any) (any, error) {
	name, mode, offset := "name", "operating_mode", 0
	if !c.st.dialect.monitoredBy {
		name, mode, offset = "host", "status", 5
	}
	ids := []int{}
	for i, v := range list(params) {
		o, _ := v.(object)
		if err := onlyKnown("proxy.create", o, name, mode, "proxy_groupid", "local_address", "local_port", "description"); err != nil {
			return nil, err
		}
		p := &proxy{
			id: c.st.id(), name: text(o[name]), description: text(o["description"]),
			localAddress: text(o["local_address"]), localPort: orElse(text(o["local_port"]), "10051"),
		}
		n, _ := number(o[mode])
		p.mode = n - offset
		p.group, _ = number(o["proxy_groupid"])
		if p.group != 0 && p.localAddress == "" {
			return nil, invalid(at(i), "the parameter %q is missing", "local_address")
		}
		if slices.ContainsFunc(sortedIDs(c.st.proxies), func(id int) bool { return c.st.proxies[id].name == p.name }) {
			return nil, refused("Proxy %q already exists.", p.name)
		}
		put(c.st, c.st.proxies, p.id, p)
		ids = append(ids, p.id)
	}
	return object{"proxyids": idTexts(ids)}, nil
}

func (c *caller) proxyDelete(params any) (any, error) {
	ids := numbers(params)
	for _, id := range ids {
		p := c.st.proxies[id]
		if p == nil {
			return nil, denied(noObject)
		}
		for _, h := range c.st.order {
			if c.st.hosts[h].proxy == id {
				return nil, refused("Host %q is monitored by proxy %q.", c.st.hosts[h].name, p.name)
			}
		}
		drop(c.st, c.st.proxies, id)
	}
	return object{"proxyids": idTexts(ids)}, nil
}

func (c *caller) proxyGroupGet(params any) (any, error) {
	a := newArgs("proxygroup.get", params)
	q := a.query()
	ids, proxies := a.ids("proxy_groupids"), a.ids("proxyids")
	if err := a.done(); err != nil {
		return nil, err
	}
	var rows []*proxyGroup
	for _, id := range sortedIDs(c.st.proxyGroups) {
		members := []int{}
		for _, p := range c.st.proxies {
			if p.group == id {
				members = append(members, p.id)
			}
		}
		if among(ids, id) && among(proxies, members...) {
			rows = append(rows, c.st.proxyGroups[id])
		}
	}
	return answer(kind[*proxyGroup]{
		name: "proxy group", pk: "proxy_groupid", strict: true, sortable: []string{"proxy_groupid", "name"},
		fields: []string{"proxy_groupid", "name", "failover_delay", "min_online", "description", "state"},
		get:    proxyGroupField,
	}, q, rows)
}

func proxyGroupField(g *proxyGroup, field string) any {
	switch field {
	case "proxy_groupid":
		return strconv.Itoa(g.id)
	case "name":
		return g.name
	case "failover_delay":
		return g.failoverDelay
	case "min_online":
		return g.minOnline
	case "description":
		return g.descriptor
	}
	return "0"
}

func (c *caller) proxyGroupCreate(params any) (any, error) {
	ids := []int{}
	for _, v := range list(params) {
		o, _ := v.(object)
		if err := onlyKnown("proxygroup.create", o, "name", "failover_delay", "min_online", "description"); err != nil {
			return nil, err
		}
		g := &proxyGroup{
			id: c.st.id(), name: text(o["name"]), failoverDelay: orElse(text(o["failover_delay"]), "1m"),
			minOnline: orElse(text(o["min_online"]), "1"), descriptor: text(o["description"]),
		}
		put(c.st, c.st.proxyGroups, g.id, g)
		ids = append(ids, g.id)
	}
	return object{"proxy_groupids": idTexts(ids)}, nil
}

func (c *caller) proxyGroupDelete(params any) (any, error) {
	ids := numbers(params)
	for _, id := range ids {
		g := c.st.proxyGroups[id]
		if g == nil {
			return nil, denied(noObject)
		}
		for _, p := range c.st.proxies {
			if p.group == id {
				return nil, refused("Proxy group %q is used by proxy %q.", g.name, p.name)
			}
		}
		for _, h := range c.st.order {
			if c.st.hosts[h].proxyGroup == id {
				return nil, refused("Host %q is monitored by proxy group %q.", c.st.hosts[h].name, g.name)
			}
		}
		drop(c.st, c.st.proxyGroups, id)
	}
	return object{"proxy_groupids": idTexts(ids)}, nil
}
