package zabbixtest

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// host is a host or a template: both are rows of one table in Zabbix.
type host struct {
	id          int
	template    bool
	host, name  string
	description string
	uuid        string // of templates
	status      int    // 0 monitored, 1 not, 3 template
	flags       int    // 4: made by a discovery rule
	groups      []int  // host groups, or a template's groups
	templates   []int  // linked directly, in that order
	ifaces      []iface
	tags        []tag
	macros      []macro
	items       []item
	triggers    []trigger

	inventory     map[string]string
	inventoryMode int // -1 disabled, 0 manual, 1 automatic

	monitoredBy, proxy, proxyGroup int

	tlsConnect, tlsAccept int
	pskIdentity, psk      string
	tlsIssuer, tlsSubject string
	ipmi                  map[string]string
	maintenance           int // the active one
	maintenanceFrom       int64
	changed               time.Time // when its monitoring changed last
	agent                 *Agent
}

type iface struct {
	id, kind, main, useip int
	ip, dns, port         string
	details               object // of SNMP
	since                 time.Time
}

type tag struct {
	name, value string
	automatic   int
}

type macro struct {
	id                       int
	macro, value, descriptor string
	kind, automatic          int
}

// item is an item; parent is the item of the template that it comes from.
type item struct {
	id, parent  int
	name, key   string
	kind, value int // item type and type of value
	delay       string
	iface       int
	status      int
	lastClock   int64
	lastValue   string
	state       int
	err         string
	asked       time.Time // by a task
}

type trigger struct {
	id, parent        int
	description, expr string
	priority, status  int
	items             []int
	depends           []int
}

type group struct {
	id       int
	name     string
	flags    int
	uuid     string
	template bool
}

type proxy struct {
	id, mode, group    int
	name, localAddress string
	description        string
	localPort          string
}

type proxyGroup struct {
	id                                         int
	name, failoverDelay, minOnline, descriptor string
}

type maintenance struct {
	id, kind      int
	name          string
	description   string
	since, till   int64
	hosts, groups []int
}

type task struct{ id, item int }

// state is everything that Zabbix has in its database.
type state struct {
	agent   *Agent // of new hosts; nil for none
	dialect dialect
	next    int
	started time.Time
	// now is set by the server before each call.
	now time.Time

	hosts  map[int]*host // and templates
	order  []int         // their ids, ascending
	byHost map[string]int
	byName map[string]int
	// owner tells whose item, trigger, interface or macro an id is; entries may be
	// stale.
	owner map[int]int

	groups       map[int]*group
	proxies      map[int]*proxy
	proxyGroups  map[int]*proxyGroup
	maintenances map[int]*maintenance
	tasks        map[int]task

	users      map[int]*user
	userGroups map[int]*userGroup
	roles      []role
	sessions   map[string]*session
	tokens     map[int]*token

	undo []func()
}

func newState(d dialect, now time.Time) *state {
	return &state{
		dialect: d, next: 10100, started: now, now: now,
		hosts: map[int]*host{}, byHost: map[string]int{}, byName: map[string]int{}, owner: map[int]int{},
		groups: map[int]*group{}, proxies: map[int]*proxy{}, proxyGroups: map[int]*proxyGroup{},
		maintenances: map[int]*maintenance{}, tasks: map[int]task{},
		users: map[int]*user{}, userGroups: map[int]*userGroup{}, sessions: map[string]*session{}, tokens: map[int]*token{},
	}
}

// id gives a new id; no two objects of any kind share one.
func (st *state) id() int {
	st.next++
	return st.next
}

// own gives a new id to something of a host.
func (st *state) own(h *host) int {
	id := st.id()
	st.owner[id] = h.id
	return id
}

// transact does f; on an error nothing of it remains.
func (st *state) transact(f func() error) error {
	st.undo = nil
	err := f()
	if err != nil {
		for _, u := range slices.Backward(st.undo) {
			u()
		}
	}
	st.undo = nil
	return err
}

// later has an undo done if the transaction fails.
func (st *state) later(undo func()) { st.undo = append(st.undo, undo) }

// put sets an entry of a map until the transaction fails.
func put[T any](st *state, m map[int]T, id int, v T) {
	old, was := m[id]
	st.later(func() {
		delete(m, id)
		if was {
			m[id] = old
		}
	})
	m[id] = v
}

// drop removes an entry of a map until the transaction fails.
func drop[T any](st *state, m map[int]T, id int) {
	old, was := m[id]
	if !was {
		return
	}
	st.later(func() { m[id] = old })
	delete(m, id)
}

// insert adds a host.
func (st *state) insert(h *host) {
	if h.agent == nil {
		h.agent = st.agent
	}
	st.attach(h)
	st.later(func() { st.detach(h.id) })
}

// edit gives a host to be changed; the change is undone with the transaction.
// What is in its slices is replaced, never written to.
func (st *state) edit(id int) *host {
	h := st.hosts[id]
	old := *h
	old.inventory = maps.Clone(h.inventory)
	st.later(func() { st.detach(id); st.attach(&old) })
	return h
}

// remove deletes a host.
func (st *state) remove(id int) {
	h := st.hosts[id]
	st.detach(id)
	st.later(func() { st.attach(h) })
}

// rename changes a host's names.
func (st *state) rename(h *host, technical, visible string) {
	delete(st.byHost, h.host)
	delete(st.byName, h.name)
	h.host, h.name = technical, visible
	st.byHost[h.host], st.byName[h.name] = h.id, h.id
}

func (st *state) attach(h *host) {
	st.hosts[h.id] = h
	st.byHost[h.host], st.byName[h.name] = h.id, h.id
	at, found := slices.BinarySearch(st.order, h.id)
	if !found {
		st.order = slices.Insert(st.order, at, h.id)
	}
}

func (st *state) detach(id int) {
	h := st.hosts[id]
	delete(st.hosts, id)
	if st.byHost[h.host] == id {
		delete(st.byHost, h.host)
	}
	if st.byName[h.name] == id {
		delete(st.byName, h.name)
	}
	if at, found := slices.BinarySearch(st.order, id); found {
		st.order = slices.Delete(st.order, at, at+1)
	}
}

// real gives a host that is no template.
func (st *state) real(id int) *host {
	if h := st.hosts[id]; h != nil && !h.template {
		return h
	}
	return nil
}

// tmpl gives a template.
func (st *state) tmpl(id int) *host {
	if h := st.hosts[id]; h != nil && h.template {
		return h
	}
	return nil
}

// named gives the host or template with a technical name.
func (st *state) named(name string) *host { return st.hosts[st.byHost[name]] }

// groupNamed gives a host group, or a template's.
func (st *state) groupNamed(name string, template bool) *group {
	for _, g := range st.groups {
		if g.name == name && g.template == (template && st.dialect.templateGroups) {
			return g
		}
	}
	return nil
}

// item finds an item and its host.
func (st *state) item(id int) (*host, int) {
	h := st.hosts[st.owner[id]]
	if h == nil {
		return nil, -1
	}
	i := slices.IndexFunc(h.items, func(i item) bool { return i.id == id })
	return h, i
}

// trigger finds a trigger and its host.
func (st *state) trigger(id int) (*host, int) {
	h := st.hosts[st.owner[id]]
	if h == nil {
		return nil, -1
	}
	return h, slices.IndexFunc(h.triggers, func(t trigger) bool { return t.id == id })
}

// sortedIDs gives the keys of a map, ascending.
func sortedIDs[T any](m map[int]T) []int { return slices.Sorted(maps.Keys(m)) }

// like compares as a search does: without regard to case.
func like(value, pattern string, start bool) bool {
	value, pattern = strings.ToLower(value), strings.ToLower(pattern)
	if start {
		return strings.HasPrefix(value, pattern)
	}
	return strings.Contains(value, pattern)
}
