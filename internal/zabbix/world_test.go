package zabbix_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// world is a Zabbix in memory. It keeps what it would never return: secrets.
type world struct {
	mu        sync.Mutex
	next      int
	hosts     map[string]*zabbix.Host
	secrets   map[string]string // values by hostid and macro; keys by hostid
	groups    map[string]string
	templates []zabbix.Template
	proxies   map[string]string
	alone     map[string]string // maintenances by the only host in them
	version   api.Version
	blind     bool // the API's user does not see everything
	created   int
	writes    int
	laters    []later
	half      bool // the second call of an update is refused
	meddled   bool

	calls  int // of counted clients
	ops    []string
	faults map[int]fault
}

// later is an effect that comes when nobody waits for it any more.
type later struct {
	at time.Time
	f  func()
}

func newWorld() *world {
	w := &world{
		next: 10000, hosts: map[string]*zabbix.Host{}, secrets: map[string]string{}, faults: map[int]fault{}, version: api.Version{Major: 7, Text: "7.0.0"},
		groups:  map[string]string{"Linux servers": "2", "Routers": "3", "Others' group": "4"},
		proxies: map[string]string{"proxy-1": "71", "proxy-2": "72"},
	}
	w.templates = []zabbix.Template{
		{ID: "501", Name: "Linux", Parents: []string{"ICMP"}, Needs: map[zabbix.InterfaceType]string{zabbix.TypeAgent: "agent.ping"}, Items: 40, Triggers: 12},
		{ID: "502", Name: "ICMP", Items: 3, Triggers: 3},
		{ID: "503", Name: "Others' template", Items: 1},
		{ID: "504", Name: "SNMP", Needs: map[zabbix.InterfaceType]string{zabbix.TypeSNMP: "ifDescr"}},
		{ID: "505", Name: "Needs ICMP", DependsOn: []string{"ICMP"}},
		{ID: "506", Name: "Also ICMP", Parents: []string{"ICMP"}},
		{ID: "507", Name: "Plain", Items: 2, Triggers: 1},
	}
	return w
}

// id makes a new id.
func (w *world) id() string {
	w.next++
	return strconv.Itoa(w.next)
}

// add puts a host into the world.
func (w *world) add(h zabbix.Host) *zabbix.Host {
	h.ID = w.id()
	if h.VisibleName == "" {
		h.VisibleName = h.Name
	}
	if h.TLS.Connect == 0 {
		h.TLS = zabbix.TLS{Connect: zabbix.NoEncryption, Accept: []zabbix.Encryption{zabbix.NoEncryption}}
	}
	if h.InventoryMode == zabbix.InventoryManual && h.Inventory == nil {
		h.InventoryMode = zabbix.InventoryDisabled
	}
	for i := range h.Macros {
		h.Macros[i].ID = w.id()
	}
	if h.Agent != nil {
		h.Agent.ID = w.id()
	}
	for i := range h.Others {
		h.Others[i].ID = w.id()
	}
	w.hosts[h.ID] = &h
	return &h
}

// clone is a host that nobody else holds.
func clone(h *zabbix.Host) *zabbix.Host {
	if h == nil {
		return nil
	}
	text, err := json.Marshal(h)
	if err != nil {
		panic(err)
	}
	var c zabbix.Host
	if err := json.Unmarshal(text, &c); err != nil {
		panic(err)
	}
	return &c
}

// read is a host as Zabbix gives it.
func read(h *zabbix.Host) *zabbix.Host {
	if h = clone(h); h != nil {
		h.TLS.PSKIdentity = ""
	}
	return h
}

// byName finds a host; nil without one.
func (w *world) byName(name string) *zabbix.Host {
	for _, h := range w.hosts {
		if h.Name == name {
			return h
		}
	}
	return nil
}

// client is the world as one process sees it. It is a [zabbix.Hosts].
type client struct {
	w       *world
	counted bool // faults are injected into its calls
	dead    bool
	cancel  context.CancelFunc
	asked   []string

	made map[string]bool // host groups that it made
}

func (c *client) ByID(ctx context.Context, id string) (h *zabbix.Host, err error) {
	err = c.do(ctx, "byID", func() error { h = read(c.w.hosts[id]); return nil })
	return h, err
}

func (c *client) ByName(ctx context.Context, name string) (h *zabbix.Host, err error) {
	err = c.do(ctx, "byName", func() error { h = read(c.w.byName(name)); return nil })
	return h, err
}

func (c *client) FreshByID(ctx context.Context, id string) (h *zabbix.Host, err error) {
	err = c.do(ctx, "freshByID", func() error { h = read(c.w.hosts[id]); return nil })
	return h, err
}

func (c *client) FreshByName(ctx context.Context, name string) (h *zabbix.Host, err error) {
	err = c.do(ctx, "freshByName", func() error { h = read(c.w.byName(name)); return nil })
	return h, err
}

func (c *client) ByVisibleName(ctx context.Context, name string) (found *zabbix.Host, err error) {
	err = c.do(ctx, "byVisibleName", func() error {
		for _, h := range c.w.hosts {
			if h.VisibleName == name {
				found = read(h)
			}
		}
		return nil
	})
	return found, err
}

// Buried gives more than it is asked for: whoever digs must look at the marks.
func (c *client) Buried(ctx context.Context, name, _ string) (list []*zabbix.Host, err error) {
	err = c.do(ctx, "buried", func() error {
		for _, h := range c.w.hosts {
			if h.Mark.BuriedName == name {
				list = append(list, read(h))
			}
		}
		return nil
	})
	return list, err
}

func (c *client) Create(ctx context.Context, n zabbix.NewHost) (h *zabbix.Host, err error) {
	err = c.do(ctx, "create", func() error {
		made, err := c.w.create(n)
		h = read(made)
		return err
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

func (c *client) Update(ctx context.Context, id string, calls []zabbix.Call) (h *zabbix.Host, err error) {
	err = c.do(ctx, "update", func() error { return c.w.update(id, calls) })
	if err != nil {
		return nil, err
	}
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	return read(c.w.hosts[id]), nil
}

func (c *client) Delete(ctx context.Context, id string) error {
	return c.do(ctx, "delete", func() error {
		c.w.writes++
		delete(c.w.hosts, id)
		return nil
	})
}

func (c *client) Lookup() zabbix.Catalogue { return catalogue{c} }

// catalogue is the world's catalogue.
type catalogue struct{ c *client }

func missing(field, name string) error {
	return &zabbix.FieldError{Field: field, Err: fmt.Errorf("there is no %q", name)}
}

func (k catalogue) Templates(ctx context.Context, names []string) (list []zabbix.Template, err error) {
	err = k.c.do(ctx, "templates", func() error {
		for _, n := range names {
			i := slices.IndexFunc(k.c.w.templates, func(t zabbix.Template) bool { return t.Name == n })
			if i < 0 {
				return missing("templates", n)
			}
			list = append(list, k.c.w.templates[i])
		}
		return nil
	})
	return list, err
}

func (k catalogue) Groups(ctx context.Context, names []string, create bool) (found map[string]string, err error) {
	found = map[string]string{}
	err = k.c.do(ctx, map[bool]string{false: "groups", true: "makeGroups"}[create], func() error {
		for _, n := range names {
			if k.c.w.groups[n] == "" {
				if !create {
					return missing("host_groups", n)
				}
				k.c.w.groups[n] = k.c.w.id()
				if k.c.made == nil {
					k.c.made = map[string]bool{}
				}
				k.c.made[n] = true
			}
			found[n] = k.c.w.groups[n]
		}
		return nil
	})
	return found, err
}

func (k catalogue) Made(group string) bool { return k.c.made[group] }

func (k catalogue) Proxy(ctx context.Context, p zabbix.Proxy) (ids zabbix.ProxyIDs, err error) {
	err = k.c.do(ctx, "proxy", func() error {
		if p.Name != "" && k.c.w.proxies[p.Name] == "" {
			return missing("proxy", p.Name)
		}
		ids.Proxy = k.c.w.proxies[p.Name]
		return nil
	})
	return ids, err
}

// KeptBy looks for a maintenance in which the host is alone.
func (k catalogue) KeptBy(ctx context.Context, id string) (name string, err error) {
	err = k.c.do(ctx, "keptBy", func() error { name = k.c.w.alone[id]; return nil })
	return name, err
}

func (k catalogue) Version(context.Context) (api.Version, error) { return k.c.w.version, nil }

func (k catalogue) SeesAll(ctx context.Context) (all bool, err error) {
	err = k.c.do(ctx, "seesAll", func() error { all = !k.c.w.blind; return nil })
	return all, err
}

// create is host.create.
func (w *world) create(n zabbix.NewHost) (*zabbix.Host, error) {
	if w.byName(n.Name) != nil {
		return nil, says("Host with the same name already exists.")
	}
	h := &zabbix.Host{
		Name: n.Name, Enabled: true, InventoryMode: zabbix.InventoryDisabled,
		TLS: zabbix.TLS{Connect: zabbix.NoEncryption, Accept: []zabbix.Encryption{zabbix.NoEncryption}},
	}
	h.ID = w.id()
	if err := w.set(h, n.Params); err != nil {
		return nil, err
	}
	w.hosts[h.ID] = h
	w.created++
	w.writes++
	return h, nil
}

// update makes the calls in order.
func (w *world) update(id string, calls []zabbix.Call) error {
	for i, call := range calls {
		if w.half && i == 1 {
			return &zabbix.PartialError{Done: 1, Err: errSimulated}
		}
		if err := w.updateOne(id, call); err != nil {
			return &zabbix.PartialError{Done: i, Err: err}
		}
	}
	return nil
}

func (w *world) updateOne(id string, call zabbix.Call) error {
	was := w.hosts[id]
	if was == nil {
		return says("No permissions to referred object or it does not exist!")
	}
	h := clone(was)
	switch call.Method {
	case "hostinterface.update":
		if h.Agent == nil || call.Params["interfaceid"] != h.Agent.ID {
			return fmt.Errorf("no such interface: %v", call.Params["interfaceid"])
		}
		setAddress(h.Agent, plainParams(call.Params))
	case "host.update":
		if err := w.set(h, call.Params); err != nil {
			return err
		}
	default:
		return fmt.Errorf("no method %q", call.Method)
	}
	w.writes++
	w.hosts[id] = h
	return nil
}

// plainParams are parameters as they come out of JSON.
func plainParams(p map[string]any) map[string]any {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	var plain map[string]any
	if err := json.Unmarshal(text, &plain); err != nil {
		panic(err)
	}
	return plain
}

func setAddress(i *zabbix.Interface, p map[string]any) {
	i.IP, i.DNS, i.Port, i.Use = p["ip"].(string), p["dns"].(string), p["port"].(string), zabbix.UseIP
	if p["useip"].(float64) == 0 {
		i.Use = zabbix.UseDNS
	}
}

// set does what host.create and host.update have in common. Parameters that it
// does not know are errors, which Zabbix does not tell.
func (w *world) set(h *zabbix.Host, params map[string]any) error {
	p := plainParams(params)
	text := func(key string) string { s, _ := p[key].(string); return s }
	for key, value := range p {
		var err error
		switch key {
		case "hostid", "monitored_by", "tls_accept", "tls_psk", "tls_psk_identity", "tls_issuer", "tls_subject", "templates_clear", "proxyid":
		case "host":
			if other := w.byName(text("host")); other != nil && other.ID != h.ID {
				return says("Host with the same name already exists.")
			}
			h.Name, h.VisibleName = text("host"), text("name")
		case "name":
		case "description":
			h.Description = text("description")
		case "status":
			h.Enabled = value.(float64) == 0
		case "groups":
			h.Groups, err = names(value, "groupid", w.groups)
		case "templates":
			all := map[string]string{}
			for _, t := range w.templates {
				all[t.Name] = t.ID
			}
			h.Templates, err = names(value, "templateid", all)
		case "tags":
			h.Tags, h.Mark = tagsOf(value)
		case "macros":
			err = w.setMacros(h, value.([]any))
		case "interfaces":
			w.setInterfaces(h, value.([]any))
		case "inventory_mode":
			if h.InventoryMode = zabbix.InventoryMode(value.(float64)); h.InventoryMode == zabbix.InventoryDisabled {
				h.Inventory = nil
			}
		case "inventory":
			setInventory(h, value.(map[string]any))
		case "tls_connect":
			err = w.setTLS(h, p)
		default:
			return fmt.Errorf("no parameter %q", key)
		}
		if err != nil {
			return err
		}
	}
	if by, ok := p["monitored_by"]; ok {
		h.Proxy = ""
		if by.(float64) == 1 {
			for name, id := range w.proxies {
				if id == p["proxyid"] {
					h.Proxy = name
				}
			}
		}
	}
	if len(h.Inventory) > 0 && h.InventoryMode == zabbix.InventoryDisabled {
		return says("Inventory disabled for host.")
	}
	return nil
}

// names turns references into names.
func names(value any, key string, ids map[string]string) ([]string, error) {
	var list []string
	for _, r := range value.([]any) {
		found := ""
		for name, id := range ids {
			if id == r.(map[string]any)[key] {
				found = name
			}
		}
		if found == "" {
			return nil, fmt.Errorf("no %s %v", key, r)
		}
		list = append(list, found)
	}
	slices.Sort(list)
	return list, nil
}

func tagsOf(value any) (tags []zabbix.Tag, mark zabbix.Mark) {
	for _, t := range value.([]any) {
		name, val := t.(map[string]any)["tag"].(string), t.(map[string]any)["value"].(string)
		switch name {
		case zabbix.TagRun:
			mark.Run = val
		case zabbix.TagName:
			mark.BuriedName = val
		case zabbix.TagObject:
			mark.BuriedObject = val
		default:
			tags = append(tags, zabbix.Tag{Name: name, Value: val, Automatic: name == "automatic"})
		}
	}
	return tags, mark
}

func (w *world) setMacros(h *zabbix.Host, list []any) error {
	had := map[string]zabbix.Macro{}
	for _, m := range h.Macros {
		had[m.ID] = m
	}
	h.Macros = nil
	for _, o := range list {
		p := o.(map[string]any)
		id, _ := p["hostmacroid"].(string)
		m := had[id]
		if id == "" {
			m.ID = w.id()
		} else if m.ID == "" {
			return says("No permissions to referred object or it does not exist!")
		}
		if name, ok := p["macro"].(string); ok {
			m.Name, m.Description, m.Kind = name, p["description"].(string), zabbix.MacroKind(p["type"].(float64))
		}
		if value, ok := p["value"].(string); ok {
			m.Value = value
		}
		if m.Kind == zabbix.MacroSecret {
			if value, ok := p["value"].(string); ok {
				w.secrets[h.ID+" "+m.Name] = value
			}
			m.Value = ""
		}
		h.Macros = append(h.Macros, m)
	}
	slices.SortFunc(h.Macros, func(a, b zabbix.Macro) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

func (w *world) setInterfaces(h *zabbix.Host, list []any) {
	others := map[string]zabbix.Interface{}
	for _, o := range h.Others {
		others[o.ID] = o
	}
	h.Others = nil
	for _, o := range list {
		p := o.(map[string]any)
		if id, ok := p["interfaceid"].(string); ok {
			h.Others = append(h.Others, others[id])
			continue
		}
		h.Agent = &zabbix.Interface{ID: w.id(), Type: zabbix.TypeAgent, Main: true}
		setAddress(h.Agent, p)
	}
}

func setInventory(h *zabbix.Host, keys map[string]any) {
	all := maps.Clone(h.Inventory)
	if all == nil {
		all = map[string]string{}
	}
	for k, v := range keys {
		if all[k] = v.(string); v == "" {
			delete(all, k)
		}
	}
	h.Inventory = all
}

func (w *world) setTLS(h *zabbix.Host, p map[string]any) error {
	t := zabbix.TLS{Connect: zabbix.Encryption(p["tls_connect"].(float64))}
	accept := int(p["tls_accept"].(float64))
	for _, e := range []zabbix.Encryption{zabbix.NoEncryption, zabbix.PSK, zabbix.Certificate} {
		if accept&int(e) != 0 {
			t.Accept = append(t.Accept, e)
		}
	}
	uses := t.Connect == zabbix.PSK || accept&int(zabbix.PSK) != 0
	if identity, ok := p["tls_psk_identity"].(string); ok {
		if !uses {
			return errors.New("value must be empty")
		}
		t.PSKIdentity = identity
	}
	if key, ok := p["tls_psk"].(string); ok {
		w.secrets[h.ID+" psk"] = key
	}
	if !uses {
		delete(w.secrets, h.ID+" psk")
	} else if w.secrets[h.ID+" psk"] == "" {
		return errors.New("tls_psk is missing")
	}
	t.Issuer, _ = p["tls_issuer"].(string)
	t.Subject, _ = p["tls_subject"].(string)
	h.TLS = t
	return nil
}

// says is an error in Zabbix's words.
type says string

func (s says) Error() string { return string(s) }

// errLost is a call whose answer does not come.
var errLost = fmt.Errorf("%w: simulated", provision.ErrConnectionLost)
