package zabbix_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

// TestScenes plays the scenes on fakes; on real ones it is TestLabScenes.
func TestScenes(t *testing.T) {
	for _, version := range []string{"6.0", "7.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			f := zabbixtest.New(t, zabbixtest.Options{Version: version})
			playAll(t, clientOf(t, f, zabbixtest.AdminUser, zabbixtest.AdminPassword))
		})
	}
}

// playAll plays the scenes on a Zabbix.
func playAll(t *testing.T, c *api.Client) {
	t.Helper()
	scenes := map[string]func(l *life){
		"scene-yard":    (*life).severalGraves,
		"scene-own":     (*life).ownership,
		"scene-mode":    (*life).inventoryModes,
		"scene-face":    (*life).interfacesByHand,
		"scene-adopted": (*life).adoptedWithoutAgent,
		"scene-value":   (*life).values,
		"scene-name":    (*life).technicalNames,
		"scene-macro":   (*life).macroNames,
		"scene-taken":   (*life).takenNames,
	}
	for _, name := range slices.Sorted(maps.Keys(scenes)) {
		t.Run(name, func(t *testing.T) { scenes[name](newLife(t, c, name)) })
	}
}

// scene is an intent of a host in "Linux servers".
func scene(name string) *zabbix.Intent {
	return &zabbix.Intent{
		Name: name, Groups: &[]string{"Linux servers"}, Graveyard: zabbix.Graveyard{Group: "graveyard", Suffix: "_archived"},
	}
}

// reference is a list of one host group.
func (l *life) reference(group string) []any {
	l.t.Helper()
	ids, err := l.store.Lookup().Groups(l.t.Context(), []string{group}, true)
	if err != nil {
		l.t.Fatal(err)
	}
	return []any{object{"groupid": ids[group]}}
}

// byHand makes a host as somebody else does, and gives its id.
func (l *life) byHand(name string, more object) string {
	l.t.Helper()
	params := object{"host": name, "groups": l.reference("Linux servers")}
	maps.Copy(params, more)
	return do(l.t, l.api, "host.create", params)["hostids"][0]
}

// buries runs the end of a host, which must lie under that name then.
func (l *life) buries(in *zabbix.Intent, as string) {
	l.t.Helper()
	in.Destroy = zabbix.DestroyBury
	l.run(in)
	h := l.host
	l.is("the grave", fmt.Sprint(l.told.BuriedAs, h.ID, h.Name, h.Enabled, h.Groups, h.Mark.BuriedName, h.Mark.BuriedObject),
		fmt.Sprint(as, in.ID, as, false, []string{"graveyard"}, in.Name, in.Object))
}

// severalGraves: names of graves that are taken, and several hosts of one name in
// the graveyard; each object gets its own back, with what is on it.
func (l *life) severalGraves() {
	const name = "scene-yard"
	of := func(object, id string) *zabbix.Intent {
		in := scene(name)
		in.Object, in.ID = object, id
		return in
	}
	l.byHand(name+"_archived", nil) // a stranger's
	l.run(of("device:1", ""))
	one := l.host.ID
	item := do(l.t, l.api, "item.create", object{"hostid": one, "name": "kept", "key_": "kept", "type": 2, "value_type": 3})["itemids"][0]
	l.buries(of("device:1", one), name+"_archived-1")
	l.settles(of("device:2", ""))
	two := l.host.ID
	if two == one || l.told.Action != zabbix.ActionNone {
		l.t.Errorf("another object's host was dug up: %s, %s", two, l.told.Action)
	}
	l.buries(of("device:2", two), name+"_archived-2")
	l.digsUp(of("device:1", ""), one)
	var items []struct{ ItemID string }
	ask(l.t, l.api, "item.get", object{"hostids": one, "filter": object{"key_": "kept"}, "output": []string{"itemid"}}, &items)
	l.is("the item", fmt.Sprint(items), fmt.Sprintf("[{%s}]", item))
	l.buries(of("device:1", one), name+"_archived-1") // which is free again
	third := l.byHand(name+"_archived-9", object{"groups": l.reference("graveyard"), "tags": []any{
		object{"tag": zabbix.TagName, "value": name}, object{"tag": zabbix.TagObject, "value": "device:1"},
	}})
	_, err := l.plan(of("device:1", ""))
	if !errors.Is(err, zabbix.ErrAmbiguous) || !strings.Contains(err.Error(), one) || !strings.Contains(err.Error(), third) || strings.Contains(err.Error(), two) {
		l.t.Errorf("several candidates: %v", err)
	}
	do(l.t, l.api, "host.update", object{"hostid": third, "tags": []any{}}) // as the error says
	l.digsUp(of("device:1", ""), one)
}

// digsUp runs an intent, which must dig up that host.
func (l *life) digsUp(in *zabbix.Intent, id string) {
	l.t.Helper()
	if _, err := l.plan(in); err != nil || l.told.Action != zabbix.ActionRevive || l.told.Host.ID != id {
		l.t.Fatalf("%v, %+v", err, l.told)
	}
	l.settles(in)
	l.is("the host", fmt.Sprint(l.host.ID, l.host.Name, l.host.Enabled, l.host.Groups, l.host.Mark.BuriedName), fmt.Sprint(id, in.Name, true, *in.Groups, ""))
}

// contents are the fields with ownership, as names.
func contents(h *zabbix.Host) string {
	var tags, macros []string
	for _, t := range h.Tags {
		tags = append(tags, t.Name+":"+t.Value)
	}
	for _, m := range h.Macros {
		macros = append(macros, m.Name)
	}
	slices.Sort(tags)
	return fmt.Sprint(h.Templates, h.Groups, tags, macros, slices.Sorted(maps.Keys(h.Inventory)))
}

// ownership: what others added to a field stays in an additive one, whatever
// becomes of ours, and goes in an exclusive one, which the plan says before.
func (l *life) ownership() {
	in := scene("scene-own")
	in.Agent = &zabbix.Interface{IP: "192.0.2.1", Port: "10050", Use: zabbix.UseIP}
	in.Templates, in.Tags = &[]string{"ICMP Ping"}, &[]zabbix.Tag{{Name: "ours", Value: "1"}}
	in.Macros, in.Secrets = &[]zabbix.Macro{{Name: "{$OURS}", Value: "1"}}, &[]zabbix.Secret{{Name: "{$OURSECRET}", Value: "planted-ours"}}
	in.Inventory = &map[string]string{"location": "A4"}
	l.settles(in)
	in.ID = l.host.ID
	l.strangers()
	l.nothing(in)
	in.Ours = &zabbix.Ours{
		Templates: *in.Templates, Groups: *in.Groups, Tags: *in.Tags, Macros: []string{"{$OURS}"}, Secrets: []string{"{$OURSECRET}"}, Inventory: []string{"location"},
	}
	in.Templates, in.Groups, in.Tags = &[]string{}, &[]string{"Virtual machines"}, &[]zabbix.Tag{{Name: "ours", Value: "2"}}
	in.Macros, in.Secrets, in.Inventory = &[]zabbix.Macro{{Name: "{$NEW}", Value: "1"}}, &[]zabbix.Secret{}, &map[string]string{"alias": "r1"}
	told := l.settles(in)
	l.is("removed of ours", fmt.Sprint(told.Removes),
		"map[host_groups:[Linux servers] inventory:[location] macros:[{$OURSECRET} {$OURS}] tags:[ours: 1] templates:[ICMP Ping]]")
	l.is("the host", contents(l.host), "[Linux by Zabbix agent] [Hypervisors Virtual machines] [ours:2 theirs:1 theirs:2] [{$NEW} {$THEIRSECRET} {$THEIRS}] [alias contact]")
	in.Ours, in.Exclusive = nil, map[zabbix.Field]bool{}
	for _, f := range []zabbix.Field{zabbix.FieldTemplates, zabbix.FieldGroups, zabbix.FieldTags, zabbix.FieldMacros, zabbix.FieldInventory} {
		in.Exclusive[f] = true
	}
	told = l.settles(in)
	l.is("removed of theirs", fmt.Sprint(told.Removes),
		"map[host_groups:[Hypervisors] inventory:[contact] macros:[{$THEIRSECRET} {$THEIRS}] tags:[theirs: 1 theirs: 2] templates:[Linux by Zabbix agent]]")
	if len(told.Losses) != 1 || told.Losses[0].Items < 5 {
		l.t.Errorf("what goes with the template is not counted: %+v", told.Losses)
	}
	l.is("the host", contents(l.host), "[] [Virtual machines] [ours:2] [{$NEW}] [alias]")
}

// strangers adds to every field of the host as somebody else does.
func (l *life) strangers() {
	l.t.Helper()
	h := l.host
	list, err := l.store.Lookup().Templates(l.t.Context(), []string{"Linux by Zabbix agent"})
	if err != nil {
		l.t.Fatal(err)
	}
	do(l.t, l.api, "host.massadd", object{
		"hosts": []any{object{"hostid": h.ID}}, "groups": l.reference("Hypervisors"), "templates": []any{object{"templateid": list[0].ID}},
		"macros": []any{object{"macro": "{$THEIRS}", "value": "1"}, object{"macro": "{$THEIRSECRET}", "value": "planted-theirs", "type": 1}},
	})
	tags := []any{object{"tag": "theirs", "value": "1"}, object{"tag": "theirs", "value": "2"}, object{"tag": zabbix.TagRun, "value": h.Mark.Run}}
	for _, t := range h.Tags {
		tags = append(tags, object{"tag": t.Name, "value": t.Value})
	}
	do(l.t, l.api, "host.update", object{"hostid": h.ID, "tags": tags, "inventory": object{"contact": "them"}})
}

// inventoryModes goes from each mode to each other one, by us and by hand.
func (l *life) inventoryModes() {
	const manual, automatic, disabled = zabbix.InventoryManual, zabbix.InventoryAutomatic, zabbix.InventoryDisabled
	id := ""
	becomes := func(mode *zabbix.InventoryMode, keys map[string]string, want string) zabbix.Summary {
		l.t.Helper()
		in := scene("scene-mode")
		in.ID, in.InventoryMode, in.Ours = id, mode, &zabbix.Ours{Inventory: []string{"location"}}
		if keys != nil {
			in.Inventory = &keys
		}
		told := l.settles(in)
		id = l.host.ID
		l.is("mode and keys", fmt.Sprint(l.host.InventoryMode, l.host.Inventory), want)
		return told
	}
	somebody := func(params object) {
		l.t.Helper()
		params["hostid"] = id
		do(l.t, l.api, "host.update", params)
	}
	ours := map[string]string{"location": "A4"}
	becomes(nil, nil, "disabled map[]")
	becomes(ptr(manual), nil, "manual map[]")
	becomes(ptr(disabled), nil, "disabled map[]")
	becomes(ptr(automatic), nil, "automatic map[]")
	becomes(ptr(manual), ours, "manual map[location:A4]")
	somebody(object{"inventory": object{"os": "x"}})
	becomes(ptr(automatic), ours, "automatic map[location:A4 os:x]")
	somebody(object{"inventory": object{"os": "y", "location": "B1"}})
	becomes(ptr(automatic), ours, "automatic map[location:A4 os:y]")
	becomes(ptr(manual), nil, "manual map[location:A4 os:y]")
	becomes(ptr(automatic), map[string]string{}, "automatic map[os:y]")
	told := becomes(ptr(disabled), nil, "disabled map[]")
	l.is("removed", fmt.Sprint(told.Removes), "map[inventory:[os]]")
	somebody(object{"inventory_mode": 1, "inventory": object{"os": "z"}})
	becomes(ptr(disabled), nil, "disabled map[]")
	becomes(nil, ours, "manual map[location:A4]")
	somebody(object{"inventory_mode": -1})
	becomes(nil, ours, "manual map[location:A4]")
	somebody(object{"inventory_mode": 1})
	becomes(nil, ours, "automatic map[location:A4]")
}

// others are the interfaces of a host beside that one, as Zabbix gives them, by
// their types.
func (l *life) others(id, but string) map[string]object {
	l.t.Helper()
	var list []object
	ask(l.t, l.api, "hostinterface.get", object{"hostids": id, "output": "extend"}, &list)
	found := map[string]object{}
	for _, i := range list {
		if i["interfaceid"] == but {
			continue
		}
		for _, changing := range []string{"available", "disable_until", "error", "errors_from"} {
			delete(i, changing)
		}
		found[fmt.Sprint(i["type"], "/", i["main"])] = i
	}
	return found
}

// stays tells that the other interfaces of the host are those.
func (l *life) stays(want map[string]object) {
	l.t.Helper()
	l.is("the other interfaces", fmt.Sprint(l.others(l.host.ID, l.host.Agent.ID)), fmt.Sprint(want))
	if len(l.host.Others) != len(want) {
		l.t.Errorf("%d other interfaces are seen, there are %d", len(l.host.Others), len(want))
	}
}

// interfacesByHand: our interface goes from an IPv6 address to another one, to a
// DNS name, into the graveyard and back; those of SNMP, IPMI and JMX and a second one
// of the agent, made by hand, stay as they are.
func (l *life) interfacesByHand() {
	in := scene("scene-face")
	at := func(ip, dns, port string, use zabbix.Use) {
		l.t.Helper()
		in.Agent = &zabbix.Interface{IP: ip, DNS: dns, Port: port, Use: use}
		l.settles(in)
		in.ID = l.host.ID
		a := l.host.Agent
		l.is("the interface", fmt.Sprint(a.IP, a.DNS, a.Port, a.Use, a.Main), fmt.Sprint(ip, dns, port, use, true))
	}
	at("2001:db8::1", "r1.example.net", "10050", zabbix.UseIP)
	ours := l.host.Agent.ID
	snmp := object{"hostid": in.ID, "type": 2, "main": 1, "useip": 1, "ip": "2001:db8::161", "dns": "", "port": "161", "details": object{"version": 2, "bulk": 0, "community": "{$C}"}}
	do(l.t, l.api, "hostinterface.create", snmp)
	for _, more := range []object{{"type": 3, "main": 1, "port": "623"}, {"type": 4, "main": 1, "port": "12345"}, {"type": 1, "main": 0, "port": "10052"}} {
		more["hostid"], more["useip"], more["ip"], more["dns"] = in.ID, 0, "", "oob.example.net"
		do(l.t, l.api, "hostinterface.create", more)
	}
	theirs := l.others(in.ID, ours)
	if len(theirs) != 4 {
		l.t.Fatalf("there are %v", theirs)
	}
	l.nothing(in)
	at("2001:DB8:0::2", "", "{$AGENT.PORT}", zabbix.UseIP)
	l.stays(theirs)
	at("", "r1.example.net", "10050", zabbix.UseDNS)
	l.stays(theirs)
	at("2001:db8::3", "r1.example.net", "10051", zabbix.UseDNS)
	l.stays(theirs)
	l.buries(&zabbix.Intent{ID: in.ID, Name: in.Name, Object: in.Name, Graveyard: in.Graveyard}, "scene-face_archived")
	l.stays(theirs)
	in.ID = ""
	at("::ffff:192.0.2.1", "", "10050", zabbix.UseIP)
	l.stays(theirs)
	l.is("our interface", l.host.Agent.ID, ours)
}

// adoptedWithoutAgent: a host that somebody made for SNMP gets our interface, and
// keeps its own.
func (l *life) adoptedWithoutAgent() {
	id := l.byHand("scene-adopted", object{"interfaces": []any{
		object{"type": 2, "main": 1, "useip": 1, "ip": "192.0.2.9", "dns": "", "port": "161", "details": object{
			"version": 3, "bulk": 1, "contextname": "c", "securityname": "s", "securitylevel": 0,
		}},
	}})
	theirs := l.others(id, "")
	in := scene("scene-adopted")
	in.Adopt, in.Agent = true, &zabbix.Interface{IP: "192.0.2.1", Port: "10050", Use: zabbix.UseIP}
	l.settles(in)
	l.is("the host", l.host.ID, id)
	l.stays(theirs)
}
