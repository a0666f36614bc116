package zabbixagenthost

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/mapping"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// fromConfiguration is where a value of the configuration comes from.
const fromConfiguration = "configuration"

// fromDefaults is where a value of the provider block comes from.
const fromDefaults = "provider defaults"

// wish works out what a host shall be: of each attribute what the configuration
// says, else the mappings, else the provider's defaults, else nothing, and then
// it stays what Zabbix has. It depends on the configuration, the source of truth
// and the prior state alone, so that apply comes to the same as the plan did.
type wish struct {
	config   model
	prior    *model // nil: the host is not in the state
	kept     kept
	subject  client.Subject
	defaults client.HostDefaults

	// plan has the wished attributes; the others are as the prior state has them,
	// null without one.
	plan   model
	intent zabbix.Intent
	// managed are the attributes about which something is wished.
	managed map[string]bool
	why     map[string]string // of matched_rules
}

// make fills in plan and intent. An error is an *client.AttributeError.
func (w *wish) make() error {
	w.managed, w.why = map[string]bool{}, map[string]string{}
	if w.prior != nil {
		w.carry(*w.prior)
	}
	w.names()
	if err := w.agent(); err != nil {
		return err
	}
	w.sets()
	w.macros()
	w.inventory()
	w.proxy()
	w.tls()
	w.secrets()
	w.ours()
	w.behaviour()
	w.plan.MatchedRules = tableOf(w.why)
	return nil
}

// carry takes what nothing is wished about from the prior state.
func (w *wish) carry(prior model) {
	m := &w.plan
	m.VisibleName, m.Description, m.Enabled = prior.VisibleName, prior.Description, prior.Enabled
	m.Interface, m.TLS = prior.Interface, prior.TLS
	m.Templates, m.HostGroups, m.Tags, m.Macros = prior.Templates, prior.HostGroups, prior.Tags, prior.Macros
	m.Inventory, m.InventoryMode = prior.Inventory, prior.InventoryMode
	m.Proxy, m.ProxyGroup = prior.Proxy, prior.ProxyGroup
	// A visible name that nobody set follows the technical one.
	if prior.VisibleName.Equal(prior.Host) {
		m.VisibleName = types.StringNull()
	}
}

// manages notes that something is wished about an attribute.
func (w *wish) manages(name string) { w.managed[name] = true }

// names are the technical and the visible name, description and status.
func (w *wish) names() {
	c, m, in := w.config, &w.plan, &w.intent
	m.Host = c.Host
	if m.Host.IsNull() {
		m.Host = types.StringValue(w.subject.Name)
		if w.subject.Name == "" && w.prior != nil {
			m.Host = w.prior.Host
		}
	}
	w.manages("host")
	in.Name = m.Host.ValueString()
	in.Object = cmp.Or(w.subject.Object, in.Name)
	m.Object = types.StringValue(in.Object)
	if !c.VisibleName.IsNull() {
		w.manages("visible_name")
		m.VisibleName, in.VisibleName = c.VisibleName, c.VisibleName.ValueStringPointer()
	}
	if !c.Description.IsNull() {
		w.manages("description")
		m.Description, in.Description = c.Description, c.Description.ValueStringPointer()
	}
	w.enabled()
}

// enabled is whether the host is monitored.
func (w *wish) enabled() {
	enabled := w.config.Enabled
	if enabled.IsNull() {
		if w.defaults.Enabled == nil {
			return
		}
		enabled = types.BoolValue(*w.defaults.Enabled)
		w.why["enabled"] = fromDefaults
	}
	w.manages("enabled")
	w.plan.Enabled, w.intent.Enabled = enabled, enabled.ValueBoolPointer()
}

// adopts tells that a host of that name that exists is taken over.
func (w *wish) adopts() bool {
	if w.config.Adopt.IsNull() {
		return w.defaults.Adopt
	}
	return w.config.Adopt.ValueBool()
}

// agent is the agent interface: each part of it from the configuration, else
// from the object's address and the defaults.
func (w *wish) agent() error {
	given := w.config.Interface
	if given.IsNull() && w.subject.Object == "" {
		// A default must not have a host made without one that is not there to adopt.
		if w.prior == nil && !w.config.Adopt.ValueBool() {
			return attributeError("interface", "%s: a host without an object in the source of truth needs an interface", w.config.name())
		}
		return nil
	}
	i := interfaceFrom(given)
	if !w.config.hasAddress() {
		i.IP, i.DNS = w.subject.IP, w.subject.DNS
	}
	if i.IP == "" && i.DNS == "" {
		return attributeError("interface", "%s: %w: %s. Give it one at %s, or set ip or dns here",
			w.config.name(), client.ErrNotReady, cmp.Or(w.subject.NoAddress, "it has no address"), cmp.Or(w.subject.URL, "the interface"))
	}
	i.Port = cmp.Or(i.Port, w.defaults.AgentPort)
	i.Use = cmp.Or(i.Use, w.defaults.Use)
	if i.Use == client.UseAuto {
		i.Use = zabbix.UseIP
		if i.DNS != "" {
			i.Use = zabbix.UseDNS
		}
	}
	w.manages("interface")
	w.intent.Agent, w.plan.Interface = &i, interfaceOf(i, given)
	return nil
}

// sets are templates, host groups and tags.
func (w *wish) sets() {
	mapped := w.subject.Mapped
	w.plan.Templates, w.intent.Templates = w.set(zabbix.FieldTemplates, w.config.Templates, w.plan.Templates, mapped != nil, assigned(mapped, func(r mapping.Result) []mapping.Assigned { return r.Templates }))
	w.plan.HostGroups, w.intent.Groups = w.set(zabbix.FieldGroups, w.config.HostGroups, w.plan.HostGroups, mapped != nil, assigned(mapped, func(r mapping.Result) []mapping.Assigned { return r.HostGroups }))
	switch {
	case !w.config.Tags.IsNull():
		w.says(zabbix.FieldTags)
		w.plan.Tags = w.config.Tags
	case mapped != nil:
		w.manages(string(zabbix.FieldTags))
		var tags []zabbix.Tag
		for _, t := range mapped.Tags {
			tags = append(tags, zabbix.Tag{Name: t.Name, Value: t.Value})
			w.why[fmt.Sprintf("%s/%s: %s", zabbix.FieldTags, t.Name, t.Value)] = t.From
		}
		w.plan.Tags = tagsOf(tags)
	default:
		return
	}
	tags := tagsFrom(w.plan.Tags)
	w.intent.Tags = &tags
}

// says notes that the configuration itself says what a field holds.
func (w *wish) says(f zabbix.Field) {
	w.manages(string(f))
	w.why[string(f)] = fromConfiguration
}

// assigned are names that the mappings give; nil without mappings.
func assigned(r *mapping.Result, of func(mapping.Result) []mapping.Assigned) []mapping.Assigned {
	if r == nil {
		return nil
	}
	return of(*r)
}

// set is one set of names: the configuration's, else the mappings', else carried.
func (w *wish) set(f zabbix.Field, given, carried types.Set, isMapped bool, mapped []mapping.Assigned) (types.Set, *[]string) {
	switch {
	case !given.IsNull():
		w.says(f)
		names := namesOf(given)
		return given, &names
	case isMapped:
		w.manages(string(f))
		names := []string{}
		for _, a := range mapped {
			names = append(names, a.Name)
			w.why[string(f)+"/"+a.Name] = a.From
		}
		return setOf(names), &names
	}
	return carried, nil
}

// macros are those whose values are no secret.
func (w *wish) macros() {
	if w.config.Macros.IsNull() {
		return
	}
	w.manages(string(zabbix.FieldMacros))
	list := macrosFrom(w.config.Macros)
	w.plan.Macros, w.intent.Macros = w.config.Macros, &list
}

// inventory is the mode and the keys. Keys need a mode that holds them, and
// mapped ones count in mode manual only.
func (w *wish) inventory() {
	c, m := w.config, &w.plan
	mode := c.InventoryMode
	if mode.IsNull() && w.defaults.InventoryMode != "" {
		mode = types.StringValue(w.defaults.InventoryMode)
		w.why["inventory_mode"] = fromDefaults
	}
	mapped := w.subject.Mapped != nil && (mode.IsNull() || mode.ValueString() == client.InventoryManual)
	switch {
	case !c.Inventory.IsNull():
		w.says(zabbix.FieldInventory)
		m.Inventory = c.Inventory
	case mapped:
		w.manages(string(zabbix.FieldInventory))
		m.Inventory = w.mappedInventory()
	}
	if w.managed[string(zabbix.FieldInventory)] {
		keys := tableFrom(m.Inventory)
		w.intent.Inventory = &keys
	}
	if !mode.IsNull() {
		w.inventoryMode(mode)
	}
}

// mappedInventory are the keys that the mapping gives.
func (w *wish) mappedInventory() types.Map {
	keys := map[string]string{}
	for _, k := range w.subject.Mapped.Inventory {
		keys[k.Key] = k.Value
		w.why[fmt.Sprintf("%s/%s", zabbix.FieldInventory, k.Key)] = k.From
	}
	return tableOf(keys)
}

// inventoryMode is the mode that somebody has chosen.
func (w *wish) inventoryMode(mode types.String) {
	w.manages("inventory_mode")
	w.plan.InventoryMode = mode
	number := client.InventoryMode(mode.ValueString())
	w.intent.InventoryMode = &number
	if number == zabbix.InventoryDisabled && w.intent.Inventory == nil {
		w.plan.Inventory = types.MapNull(types.StringType) // goes with the mode
	}
}

// proxy is who monitors the host.
func (w *wish) proxy() {
	c, m := w.config, &w.plan
	p := zabbix.Proxy{Name: c.Proxy.ValueString(), Group: c.ProxyGroup.ValueString()}
	from := fromConfiguration
	if c.Proxy.IsNull() && c.ProxyGroup.IsNull() {
		r := w.subject.Mapped
		if r == nil || r.Proxy.Name == "" && r.ProxyGroup.Name == "" {
			return
		}
		p = zabbix.Proxy{Name: r.Proxy.Name, Group: r.ProxyGroup.Name}
		from = cmp.Or(r.Proxy.From, r.ProxyGroup.From)
	}
	w.manages("proxy")
	w.manages("proxy_group")
	m.Proxy, m.ProxyGroup, w.intent.Proxy = as(p.Name, c.Proxy), as(p.Group, c.ProxyGroup), &p
	if p.Group != "" {
		w.why["proxy_group"] = from
	} else {
		w.why["proxy"] = from
	}
}

// tls is the encryption: the configuration's, with what it leaves open worked
// out, else the provider's.
func (w *wish) tls() {
	given := w.config.TLS
	var t zabbix.TLS
	switch {
	case !given.IsNull():
		t = tlsFrom(given)
	case w.defaults.TLS != nil:
		t = *w.defaults.TLS
		w.why["tls"] = fromDefaults
	default:
		return
	}
	w.manages("tls")
	w.intent.TLS, w.plan.TLS = &t, tlsOf(t, given)
}

// tlsFrom is an encryption of the schema: what is accepted is what is connected
// with, unless that is said.
func tlsFrom(o types.Object) zabbix.TLS {
	t := zabbix.TLS{
		Connect:     client.Encryption(cmp.Or(text(o, "connect"), zabbix.NoEncryption.String())),
		PSKIdentity: text(o, "psk_identity"), Issuer: text(o, "issuer"), Subject: text(o, "subject"),
	}
	accept, _ := o.Attributes()["accept"].(types.Set)
	for _, name := range namesOf(accept) {
		t.Accept = append(t.Accept, client.Encryption(name))
	}
	if len(t.Accept) == 0 {
		t.Accept = []zabbix.Encryption{t.Connect}
	}
	slices.Sort(t.Accept)
	return t
}

// secrets are the secret macros and the pre-shared key. Their fingerprints are
// planned where they stay what they are; those of values that are written are
// known after apply, since an ephemeral value may differ from plan to apply.
func (w *wish) secrets() {
	w.plan.SecretMacrosHash, w.plan.TLSPSKHash = types.MapNull(types.StringType), types.StringNull()
	if !w.config.SecretMacros.IsNull() {
		w.manages(string(zabbix.FieldMacros))
		var before map[string]string
		if w.prior != nil {
			before = tableFrom(w.prior.SecretMacrosHash)
		}
		values := tableFrom(w.config.SecretMacros)
		hashes := map[string]attr.Value{}
		list := []zabbix.Secret{}
		for _, name := range slices.Sorted(maps.Keys(values)) {
			s := zabbix.Secret{Name: name, Value: values[name], Renew: before[name] == "" || before[name] != w.kept.Fingerprint(values[name])}
			hashes[name] = types.StringValue(before[name])
			if s.Renew {
				hashes[name] = types.StringUnknown()
			}
			list = append(list, s)
		}
		w.plan.SecretMacrosHash, w.intent.Secrets = types.MapValueMust(types.StringType, hashes), &list
	}
	w.psk()
}

// psk is the pre-shared key. Zabbix returns neither the key nor its identity:
// both are sent when one of them is not that of the last apply.
func (w *wish) psk() {
	if w.prior != nil && w.intent.TLS != nil && w.intent.TLS.PSKIdentity != text(w.prior.TLS, "psk_identity") {
		w.intent.RenewPSK = w.intent.TLS.PSKIdentity != ""
	}
	key := w.config.TLSPSK
	if key.IsNull() {
		return
	}
	w.intent.PSK = key.ValueStringPointer()
	if w.prior != nil && !w.prior.TLSPSKHash.IsNull() && w.prior.TLSPSKHash.ValueString() == w.kept.Fingerprint(key.ValueString()) {
		w.plan.TLSPSKHash = w.prior.TLSPSKHash
		return
	}
	w.intent.RenewPSK, w.plan.TLSPSKHash = true, types.StringUnknown()
}

// ours is what an earlier apply put there. After an import nothing was, and later
// nothing was put into the fields that no apply has named.
func (w *wish) ours() {
	if w.prior == nil {
		return
	}
	w.intent.ID, w.plan.ID = w.prior.ID.ValueString(), w.prior.ID
	if w.kept.Imported {
		return
	}
	p := *w.prior
	for _, f := range w.kept.Foreign {
		p.disown(f)
	}
	o := zabbix.Ours{Templates: namesOf(p.Templates), Groups: namesOf(p.HostGroups), Tags: tagsFrom(p.Tags)}
	o.Macros, o.Secrets = slices.Sorted(maps.Keys(p.Macros.Elements())), slices.Sorted(maps.Keys(p.SecretMacrosHash.Elements()))
	o.Inventory = slices.Sorted(maps.Keys(p.Inventory.Elements()))
	w.intent.Ours = &o
}

// disown empties a field; the secret macros, which no import finds, stay.
func (m *model) disown(f zabbix.Field) {
	switch f {
	case zabbix.FieldTemplates:
		m.Templates = types.SetNull(types.StringType)
	case zabbix.FieldGroups:
		m.HostGroups = types.SetNull(types.StringType)
	case zabbix.FieldTags:
		m.Tags = types.MapNull(tagType())
	case zabbix.FieldMacros:
		m.Macros = types.MapNull(macroType())
	case zabbix.FieldInventory:
		m.Inventory = types.MapNull(types.StringType)
	}
}

// named are the fields that the configuration or the mappings name.
func (w *wish) named() map[zabbix.Field]bool {
	in := w.intent
	return map[zabbix.Field]bool{
		zabbix.FieldTemplates: in.Templates != nil, zabbix.FieldGroups: in.Groups != nil, zabbix.FieldTags: in.Tags != nil,
		zabbix.FieldMacros: in.Macros != nil, zabbix.FieldInventory: in.Inventory != nil,
	}
}

// behaviour is how a run behaves.
func (w *wish) behaviour() {
	c, m, in := w.config, &w.plan, &w.intent
	m.Device, m.VirtualMachine, m.Manage = c.Device, c.VirtualMachine, c.Manage
	m.Site, m.Tenant = c.Site, c.Tenant
	m.Adopt, m.TemplateRemoval, m.WaitForAgent = c.Adopt, c.TemplateRemoval, c.WaitForAgent
	m.OnUnreachable, m.Timeouts = c.OnUnreachable, c.Timeouts
	m.SecretMacros, m.TLSPSK = types.MapNull(types.StringType), types.StringNull()
	m.OnDestroy = c.OnDestroy
	if m.OnDestroy.IsNull() {
		m.OnDestroy = types.StringValue(string(w.defaults.OnDestroy))
	}
	m.OnDrift = c.OnDrift
	setNull(&m.OnDrift, types.StringValue(w.defaults.OnDrift))
	in.Exclusive = c.exclusive(w.defaults)
	in.Adopt = w.adopts()
	in.Clear = cmp.Or(c.TemplateRemoval.ValueString(), w.defaults.TemplateRemoval) == client.RemovalClear
}

// stays fills in what nothing is wished about from the host as it is; nil is a
// host that Zabbix makes by itself.
func (w *wish) stays(there *zabbix.Host) {
	m, h := &w.plan, living(there)
	if m.VisibleName.IsNull() {
		m.VisibleName = m.Host // a visible name that nobody set follows the technical one
		if h.VisibleName != h.Name {
			m.VisibleName = types.StringValue(h.VisibleName)
		}
	}
	setNull(&m.Enabled, types.BoolValue(h.Enabled))
	setNull(&m.Description, types.StringValue(h.Description))
	setNull(&m.InventoryMode, types.StringValue(h.InventoryMode.String()))
	if w.holdsInventory() && m.InventoryMode.ValueString() == client.InventoryDisabled {
		m.InventoryMode = types.StringValue(client.InventoryManual) // keys need a mode that holds them
	}
	if !w.managed["proxy"] && m.Proxy.IsNull() && m.ProxyGroup.IsNull() {
		m.Proxy, m.ProxyGroup = planning.Text(h.Proxy), planning.Text(h.ProxyGroup)
	}
	if m.Interface.IsNull() && h.Agent != nil {
		m.Interface = interfaceOf(*h.Agent, m.Interface)
	}
	if m.TLS.IsNull() {
		m.TLS = tlsOf(h.TLS, m.TLS)
	}
}

// living is a host as it is where nothing is said: as Zabbix makes a new one,
// and without the marks of the graveyard.
func living(h *zabbix.Host) zabbix.Host {
	if h == nil {
		return zabbix.Host{
			Enabled: true, InventoryMode: zabbix.InventoryDisabled,
			TLS: zabbix.TLS{Connect: zabbix.NoEncryption, Accept: []zabbix.Encryption{zabbix.NoEncryption}},
		}
	}
	l := *h
	if l.Mark.BuriedName != "" {
		l.Enabled, l.VisibleName = true, l.Name
	}
	return l
}

// holdsInventory tells that there are inventory keys and that nothing says the
// mode.
func (w *wish) holdsInventory() bool {
	return w.intent.InventoryMode == nil && w.intent.Inventory != nil && len(*w.intent.Inventory) > 0
}

// setNull gives an attribute that is null a value.
func setNull[T attr.Value](v *T, otherwise T) {
	if (*v).IsNull() {
		*v = otherwise
	}
}

// attributeError makes an *client.AttributeError of a format.
func attributeError(attribute, format string, args ...any) error {
	return &client.AttributeError{Attribute: attribute, Err: fmt.Errorf(format, args...)}
}
