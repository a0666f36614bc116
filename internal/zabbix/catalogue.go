package zabbix

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// catalogue finds what names stand for. It asks for each kind as a whole, once;
// for a name that is not there once more, because it may be new.
type catalogue struct {
	api     API
	details gather[string, *Template]

	templates    once[links]
	groups       once[map[string]string] // name -> id
	proxies      once[map[string]string] // id -> name
	proxyGroups  once[map[string]string] // id -> name
	maintenances once[map[string]string] // id -> name
	windows      once[[]maintenance]
	super        once[bool]

	making sync.Mutex // held while host groups are made
	made   sync.Map   // names of host groups that were made here

	mu      sync.Mutex
	known   map[string]*Template
	leaving map[string]bool // hostids of hosts that shall be deleted
}

var _ Catalogue = (*catalogue)(nil)

// Version implements [Catalogue].
func (c *catalogue) Version(ctx context.Context) (api.Version, error) { return c.api.Version(ctx) }

// newCatalogue makes a catalogue that reads in turns with others.
func newCatalogue(a API, turns chan struct{}) *catalogue {
	c := &catalogue{api: a, known: map[string]*Template{}, leaving: map[string]bool{}}
	c.details = gather[string, *Template]{window: readWindow, most: mostInArray, turns: turns, call: c.examine}
	return c
}

// once is something that is asked for once; a failure is not kept.
type once[T any] struct {
	mu    sync.Mutex // held while somebody asks
	have  bool
	at    time.Time
	value T
}

// get gives what is known, or asks.
func (o *once[T]) get(f func() (T, error)) (T, error) { return o.since(time.Time{}, f) }

// since gives what was asked for after a moment, or asks.
func (o *once[T]) since(moment time.Time, f func() (T, error)) (T, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.have && o.at.After(moment) {
		return o.value, nil
	}
	began := time.Now()
	value, err := f()
	if err == nil {
		o.value, o.have, o.at = value, true, began
	}
	return value, err
}

// links are all templates and what each is linked to.
type links struct {
	ids     map[string]string   // name -> id
	names   map[string]string   // id -> name
	parents map[string][]string // id -> ids
}

// ask makes one call that reads into to.
func ask(ctx context.Context, a API, method string, params object, to any) error {
	answers, err := a.Read(ctx, api.Call{Method: method, Params: params})
	if err != nil {
		return err
	}
	return answers[0].Into(to)
}

// learn takes in what was asked for along with something else.
func (o *once[T]) learn(value T, began time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.have {
		o.value, o.have, o.at = value, true, began
	}
}

// links asks for all templates, and for all host groups in the same POST: who
// needs the ones needs the others.
func (c *catalogue) links(ctx context.Context) (links, error) {
	var wire []struct {
		wireTemplate
		Parents []wireTemplate `json:"parentTemplates"`
	}
	began := time.Now()
	answers, err := c.api.Read(ctx,
		api.Call{Method: "template.get", Params: object{"output": []string{"templateid", "host"}, "selectParentTemplates": []string{"templateid", "host"}}},
		api.Call{Method: "hostgroup.get", Params: object{"output": []string{"name", "groupid"}}})
	if err != nil {
		return links{}, err
	}
	if groups, err := tableOf(answers[1], "name", "groupid"); err == nil { // else they are asked for again
		c.groups.learn(groups, began)
	}
	err = answers[0].Into(&wire)
	l := links{ids: map[string]string{}, names: map[string]string{}, parents: map[string][]string{}}
	for _, t := range wire {
		l.ids[t.Host], l.names[t.ID] = t.ID, t.Host
		for _, p := range t.Parents {
			l.parents[t.ID] = append(l.parents[t.ID], p.ID)
			l.names[p.ID] = p.Host
		}
	}
	return l, err
}

// ancestors are the templates that one is linked to, all the way up, by id.
func (l links) ancestors(id string) []string {
	seen := map[string]bool{}
	var walk func(string)
	walk = func(id string) {
		for _, p := range l.parents[id] {
			if !seen[p] {
				seen[p] = true
				walk(p)
			}
		}
	}
	walk(id)
	return slices.Sorted(maps.Keys(seen))
}

// Templates implements [Catalogue].
func (c *catalogue) Templates(ctx context.Context, names []string) ([]Template, error) {
	l, err := c.templates.get(func() (links, error) { return c.links(ctx) })
	if err == nil && !hasAll(l.ids, names) {
		l, err = c.templates.since(time.Now(), func() (links, error) { return c.links(ctx) })
	}
	if err != nil {
		return nil, fmt.Errorf("read the templates: %w", err)
	}
	var errs []error
	list := make([]Template, 0, len(names))
	for _, n := range names {
		if l.ids[n] == "" {
			errs = append(errs, missing(FieldTemplates, "template", n, slices.Collect(maps.Keys(l.ids))))
			continue
		}
		t, err := c.template(ctx, n)
		if err != nil {
			return nil, err
		}
		list = append(list, *t)
	}
	return list, errors.Join(errs...)
}

// hasAll tells that a map has all keys.
func hasAll(have map[string]string, keys []string) bool {
	return !slices.ContainsFunc(keys, func(k string) bool { return have[k] == "" })
}

// missing is the error of a name that is not there.
func missing(f Field, kind, name string, all []string) error {
	text := fmt.Sprintf("there is no %s %q that the API's user can see", kind, name)
	if near := inventory.Near(name, all); len(near) > 0 {
		text += fmt.Sprintf("; near names: %q", near)
	}
	return &FieldError{Field: string(f), Err: errors.New(text)}
}

// template gives the details of one template; they are asked for once.
func (c *catalogue) template(ctx context.Context, name string) (*Template, error) {
	c.mu.Lock()
	t := c.known[name]
	c.mu.Unlock()
	if t != nil {
		return t, nil
	}
	t, err := c.details.ask(ctx, name, true)
	if err != nil {
		return nil, fmt.Errorf("read the template %q: %w", name, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[name] = t
	return t, nil
}

// wireItem is an item, a discovery rule or an item prototype of a template.
type wireItem struct {
	HostID string `json:"hostid"`
	Key    string `json:"key_"`
	Type   number `json:"type"`
}

// wireTrigger is a trigger with its templates.
type wireTrigger struct {
	ID    string `json:"triggerid"`
	Hosts []struct {
		HostID string `json:"hostid"`
		Name   string `json:"host"`
	} `json:"hosts"`
	Dependencies []struct {
		ID string `json:"triggerid"`
	} `json:"dependencies"`
}

// examine asks for the details of templates.
func (c *catalogue) examine(ctx context.Context, names []string) []outcome[*Template] {
	l, err := c.templates.get(func() (links, error) { return c.links(ctx) })
	if err != nil {
		return allFailed[*Template](len(names), err)
	}
	ids := make([]string, len(names))
	byID := map[string]*Template{}
	for i, n := range names {
		ids[i] = l.ids[n]
		t := &Template{ID: ids[i], Name: n, Needs: map[InterfaceType]string{}}
		for _, p := range l.ancestors(t.ID) {
			t.Parents = append(t.Parents, l.names[p])
		}
		byID[t.ID] = t
	}
	if err := c.contents(ctx, ids, byID); err != nil {
		return allFailed[*Template](len(names), err)
	}
	out := make([]outcome[*Template], len(names))
	for i, id := range ids {
		out[i].answer = byID[id]
	}
	return out
}

// contents reads items, discovery rules with their prototypes, and triggers of
// templates in one POST.
func (c *catalogue) contents(ctx context.Context, ids []string, byID map[string]*Template) error {
	keys := []string{"hostid", "key_", "type"}
	answers, err := c.api.Read(ctx,
		api.Call{Method: "item.get", Params: object{"templateids": ids, "output": keys}},
		api.Call{Method: "discoveryrule.get", Params: object{"templateids": ids, "output": keys}},
		api.Call{Method: "itemprototype.get", Params: object{"templateids": ids, "output": keys}},
		api.Call{Method: "trigger.get", Params: object{
			"templateids": ids, "output": []string{"triggerid"}, "selectHosts": []string{"hostid"}, "selectDependencies": []string{"triggerid"},
		}})
	if err != nil {
		return err
	}
	var items, rules, prototypes []wireItem
	var triggers []wireTrigger
	if err := errors.Join(answers[0].Into(&items), answers[1].Into(&rules), answers[2].Into(&prototypes), answers[3].Into(&triggers)); err != nil {
		return err
	}
	for _, i := range items {
		if t := byID[i.HostID]; t != nil {
			t.Items++
			t.need(i)
		}
	}
	for _, r := range append(rules, prototypes...) {
		if t := byID[r.HostID]; t != nil {
			t.need(r)
		}
	}
	return c.dependencies(ctx, triggers, byID)
}

// need notes which interface an item cannot do without (item types of the API
// 6.0 to 7.4; the others take any interface or none).
func (t *Template) need(i wireItem) {
	types := map[number]InterfaceType{0: TypeAgent, 12: TypeIPMI, 16: TypeJMX, 17: TypeSNMP, 20: TypeSNMP}
	if kind, ok := types[i.Type]; ok && t.Needs[kind] == "" {
		t.Needs[kind] = i.Key
	}
}

// dependencies counts triggers, and finds the templates of those that they
// depend on.
func (c *catalogue) dependencies(ctx context.Context, triggers []wireTrigger, byID map[string]*Template) error {
	here := map[string][]wireTrigger{} // id of a trigger -> those that depend on it
	for _, tr := range triggers {
		for _, h := range tr.Hosts {
			if t := byID[h.HostID]; t != nil {
				t.Triggers++
			}
		}
		for _, d := range tr.Dependencies {
			here[d.ID] = append(here[d.ID], tr)
		}
	}
	if len(here) == 0 {
		return nil
	}
	var on []wireTrigger
	err := ask(ctx, c.api, "trigger.get", object{
		"triggerids": slices.Sorted(maps.Keys(here)), "output": []string{"triggerid"}, "selectHosts": []string{"hostid", "host"},
	}, &on)
	for _, d := range on {
		for _, tr := range here[d.ID] {
			depend(tr, d, byID)
		}
	}
	return err
}

// depend notes that a trigger's templates depend on those of another.
func depend(tr, on wireTrigger, byID map[string]*Template) {
	for _, h := range tr.Hosts {
		t := byID[h.HostID]
		if t == nil {
			continue
		}
		for _, o := range on.Hosts {
			if o.HostID != t.ID && o.Name != "" && !slices.Contains(t.DependsOn, o.Name) && !slices.Contains(t.Parents, o.Name) {
				t.DependsOn = append(t.DependsOn, o.Name)
			}
		}
	}
}

// allGroups asks for all host groups.
func (c *catalogue) allGroups(ctx context.Context) (map[string]string, error) {
	return c.table(ctx, "hostgroup.get", "name", "groupid")
}

// table asks for all objects of a kind as a map of one property to another.
func (c *catalogue) table(ctx context.Context, method, key, value string) (map[string]string, error) {
	answers, err := c.api.Read(ctx, api.Call{Method: method, Params: object{"output": []string{key, value}}})
	if err != nil {
		return nil, err
	}
	return tableOf(answers[0], key, value)
}

// tableOf is an answer as a map of one property to another; of objects that are alike
// in the one, that with the lower number as the other.
func tableOf(a api.Answer, key, value string) (map[string]string, error) {
	var wire []map[string]any
	if err := a.Into(&wire); err != nil {
		return nil, err
	}
	m := map[string]string{}
	for _, w := range wire {
		k, v := fmt.Sprint(w[key]), fmt.Sprint(w[value])
		if old, double := m[k]; !double || cmp.Or(cmp.Compare(len(v), len(old)), cmp.Compare(v, old)) < 0 {
			m[k] = v
		}
	}
	return m, nil
}

// Groups implements [Catalogue].
func (c *catalogue) Groups(ctx context.Context, names []string, create bool) (map[string]string, error) {
	all := func() (map[string]string, error) { return c.allGroups(ctx) }
	have, err := c.groups.get(all)
	if err == nil && !hasAll(have, names) && create {
		return c.makeGroups(ctx, names)
	}
	if err != nil {
		return nil, fmt.Errorf("read the host groups: %w", err)
	}
	ids := map[string]string{}
	var errs []error
	for _, n := range names {
		if ids[n] = have[n]; ids[n] == "" {
			errs = append(errs, missing(FieldGroups, "host group", n, slices.Collect(maps.Keys(have))))
		}
	}
	return ids, errors.Join(errs...)
}

// Made implements [Catalogue].
func (c *catalogue) Made(group string) bool {
	_, ok := c.made.Load(group)
	return ok
}

// makeGroups makes the host groups that are missing. When somebody else makes
// one of them at the same time, none is made, whether it is Zabbix that notices or
// only its database: then it looks again. The database of 6.0 does not notice either
// and keeps both (run on 6.0.14): the older one is everybody's, and who made the other
// deletes it.
func (c *catalogue) makeGroups(ctx context.Context, names []string) (map[string]string, error) {
	c.making.Lock()
	defer c.making.Unlock()
	made := map[string]string{}
	for tries := 0; ; tries++ {
		have, err := c.groups.since(time.Now(), func() (map[string]string, error) { return c.allGroups(ctx) })
		if err != nil {
			return nil, fmt.Errorf("read the host groups: %w", err)
		}
		var elements []any
		for _, n := range names {
			if have[n] == "" {
				elements = append(elements, object{"name": n})
			}
		}
		if len(elements) == 0 {
			if err := c.dropDoubles(ctx, made, have); err != nil {
				return nil, err
			}
			return c.Groups(ctx, names, false)
		}
		if tries > len(names) {
			return c.Groups(ctx, names, false) // they are there, and not seen
		}
		err = c.createGroups(ctx, elements, made)
		again := errors.Is(err, api.ErrExists) || tries < len(names) && errors.Is(err, api.ErrDatabase)
		if err != nil && !again {
			return nil, err
		}
	}
}

// createGroups makes host groups and enters their ids, or makes none: if one of them
// is there by now, the error is an [api.ErrExists] or an [api.ErrDatabase].
func (c *catalogue) createGroups(ctx context.Context, elements []any, made map[string]string) error {
	answers, err := c.api.Write(ctx, api.Call{Method: "hostgroup.create", Params: elements})
	var ids struct{ GroupIDs []string }
	if err == nil {
		err = answers[0].Into(&ids)
	}
	if err != nil {
		return fmt.Errorf("make host groups: %w", err)
	}
	for i, e := range elements {
		name, _ := e.(object)["name"].(string)
		c.made.Store(name, true)
		if i < len(ids.GroupIDs) {
			made[name] = ids.GroupIDs[i]
		}
	}
	return nil
}

// dropDoubles deletes those of the host groups made just now that have an older one of
// their name.
func (c *catalogue) dropDoubles(ctx context.Context, made, have map[string]string) error {
	var doubles []string
	for name, id := range made {
		if have[name] != id {
			doubles = append(doubles, id)
			c.made.Delete(name)
		}
	}
	if len(doubles) == 0 {
		return nil
	}
	answers, err := c.api.Write(ctx, api.Call{Method: "hostgroup.delete", Params: doubles})
	if err == nil {
		err = answers[0].Err
	}
	if err != nil {
		return fmt.Errorf("delete the host groups %s, whose names another run gave at the same moment (or delete them by hand): %w", strings.Join(doubles, ", "), err)
	}
	return nil
}

// Proxy implements [Catalogue].
func (c *catalogue) Proxy(ctx context.Context, p Proxy) (ProxyIDs, error) {
	const fieldProxyGroup Field = "proxy_group"
	switch {
	case p.Name != "":
		all, err := c.proxyNames(ctx)
		id, err := idOf("proxy", "proxy", p.Name, all, err)
		return ProxyIDs{Proxy: id}, err
	case p.Group == "":
		return ProxyIDs{}, nil
	}
	v, err := c.api.Version(ctx)
	if err != nil {
		return ProxyIDs{}, err
	}
	if !v.HasProxyGroups() {
		return ProxyIDs{}, &FieldError{Field: string(fieldProxyGroup), Err: fmt.Errorf("version %s of Zabbix has no proxy groups: they came with 7.0; set proxy instead", v.Text)}
	}
	all, err := c.groupNames(ctx)
	id, err := idOf(fieldProxyGroup, "proxy group", p.Group, all, err)
	return ProxyIDs{Group: id}, err
}

// idOf finds the id of a name.
func idOf(f Field, kind, name string, names map[string]string, err error) (string, error) {
	if err != nil {
		return "", fmt.Errorf("read the %s: %w", kind, err)
	}
	var all []string
	for id, n := range names {
		if n == name {
			return id, nil
		}
		all = append(all, n)
	}
	return "", missing(f, kind, name, all)
}

// proxyNames are the names of all proxies by id.
func (c *catalogue) proxyNames(ctx context.Context) (map[string]string, error) {
	return c.proxies.get(func() (map[string]string, error) {
		v, err := c.api.Version(ctx)
		if err != nil {
			return nil, err
		}
		id, name := v.ProxyKeys()
		return c.table(ctx, "proxy.get", id, name)
	})
}

// groupNames are the names of all proxy groups by id.
func (c *catalogue) groupNames(ctx context.Context) (map[string]string, error) {
	return c.proxyGroups.get(func() (map[string]string, error) {
		return c.table(ctx, "proxygroup.get", "proxy_groupid", "name")
	})
}

// SeesAll implements [Catalogue]. Only a super admin may call
// authentication.get (seen on 6.0 and 7.0), and only super admins see everything
// whatever the permissions on host groups.
func (c *catalogue) SeesAll(ctx context.Context) (bool, error) {
	return c.super.get(func() (bool, error) {
		var some map[string]any
		err := ask(ctx, c.api, "authentication.get", object{"output": []string{"authentication_type"}}, &some)
		if errors.Is(err, api.ErrPermission) {
			return false, nil
		}
		return err == nil, err
	})
}

// names are what ids in an answer of host.get stand for.
type names struct {
	proxies, groups map[string]string
	maintenances    map[string]string
}

// names asks for the names that answers need; mostly for none.
func (c *catalogue) names(ctx context.Context, hosts []wireHost) (names, error) {
	var n names
	var err error
	for _, w := range hosts {
		proxy, group := w.monitor()
		if proxy != "" && n.proxies == nil && err == nil {
			n.proxies, err = c.proxyNames(ctx)
		}
		if group != "" && n.groups == nil && err == nil {
			n.groups, err = c.groupNames(ctx)
		}
		if w.InMaintenance == 1 && n.maintenances == nil && err == nil {
			n.maintenances, err = c.maintenances.get(func() (map[string]string, error) {
				return c.table(ctx, "maintenance.get", "maintenanceid", "name")
			})
		}
	}
	return n, err
}

// monitor are the ids of the proxy or proxy group of a host.
func (w wireHost) monitor() (proxy, group string) {
	switch {
	case w.ProxyHostID != "" && w.ProxyHostID != "0":
		return w.ProxyHostID, ""
	case w.MonitoredBy == 1:
		return w.ProxyID, ""
	case w.MonitoredBy == 2:
		return "", w.ProxyGroupID
	}
	return "", ""
}

// monitors are the names of the proxy or proxy group of a host; a proxy that the
// user may not see has its id for a name.
func (n names) monitors(w wireHost) (proxy, group string) {
	p, g := w.monitor()
	if p != "" {
		if proxy = n.proxies[p]; proxy == "" {
			proxy = "proxyid " + p
		}
	}
	if g != "" {
		if group = n.groups[g]; group == "" {
			group = "proxy_groupid " + g
		}
	}
	return proxy, group
}
