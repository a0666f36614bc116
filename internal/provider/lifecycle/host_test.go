package lifecycle_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// hostSubject is zabbix_agent_host in a Zabbix, real or fake, that the provider
// reaches through a door. The things are a, b and c: the hosts of the devices
// life-a and life-b, and life-c, what life-a is renamed to.
type hostSubject struct {
	door  *door
	api   *api.Client // of somebody else, past the door
	store *zabbix.Store

	user, password string
	version        string
	group          string // id of hostGroup
}

const (
	hostGroup = "Linux servers"
	graveyard = "life graveyard"
	buried    = "_archived"
	prefix    = "life-"
	// taken is the name of a template, which no host can have as its visible name.
	taken = "Linux by Zabbix agent"
)

// hostsIn is the subject in an empty Zabbix of that version. What the cases make is
// taken away at the end.
func hostsIn(t *testing.T, version, url, user, password string) *hostSubject {
	t.Helper()
	client, err := api.New(api.Config{URL: url, Username: user, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	h := &hostSubject{
		door: newDoor(t, url), api: client, store: zabbix.NewStore(client, zabbix.StoreOptions{}),
		user: user, password: password, version: version,
	}
	ids, err := h.store.Lookup().Groups(t.Context(), []string{hostGroup, graveyard}, true)
	if err != nil {
		t.Fatal(err)
	}
	h.group = ids[hostGroup]
	t.Cleanup(func() { h.clear(t) })
	h.clear(t)
	return h
}

// clear deletes the hosts of the cases.
func (h *hostSubject) clear(t *testing.T) {
	t.Helper()
	for _, one := range h.hosts(t) {
		h.delete(t, one)
	}
}

func (h *hostSubject) delete(t *testing.T, one *zabbix.Host) {
	t.Helper()
	if err := h.store.Delete(context.Background(), one.ID); err != nil {
		t.Fatal(err)
	}
}

// hosts are those of the cases, by their names.
func (h *hostSubject) hosts(t *testing.T) []*zabbix.Host {
	t.Helper()
	all, err := h.store.All(context.Background()) // also when the test is over
	if err != nil {
		t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(one *zabbix.Host) bool { return !strings.HasPrefix(one.Name, prefix) })
	slices.SortFunc(all, func(x, y *zabbix.Host) int { return strings.Compare(x.Name, y.Name) })
	return all
}

// call makes a call by hand.
func (h *hostSubject) call(t *testing.T, method string, params any) {
	t.Helper()
	answers, err := h.api.Write(t.Context(), api.Call{Method: method, Params: params})
	if err == nil {
		err = answers[0].Err
	}
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
}

// make makes a host by hand.
func (h *hostSubject) make(t *testing.T, name string, more map[string]any) {
	t.Helper()
	params := map[string]any{"host": name, "groups": []any{map[string]any{"groupid": h.group}}}
	for k, v := range more {
		params[k] = v
	}
	h.call(t, "host.create", params)
}

// first is the host of <first>; nil when there is none.
func (h *hostSubject) first(t *testing.T) *zabbix.Host {
	t.Helper()
	one, err := h.store.FreshByName(t.Context(), prefix+"a")
	if err != nil {
		t.Fatal(err)
	}
	return one
}

func (*hostSubject) Page() page {
	return page{path: guides + "zabbix-hosts-lifecycle.md", head: hostHead, contacts: "reads", changes: "writes"}
}

func (*hostSubject) Cases(t *testing.T) []lifecase {
	t.Helper()
	all, err := instead(cases(), hostOutcomes(), hostCases())
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		all[i].name = strings.NewReplacer("device", "Zabbix").Replace(all[i].name)
	}
	return all
}

// Runs tells that a case runs on this version: on 6.0 those in which something is
// written. What is read is the same calls on both.
func (h *hostSubject) Runs(c lifecase) bool {
	return h.version == "7.0" || slices.ContainsFunc(c.steps, func(s step) bool { return s.want.changes > 0 })
}

func (*hostSubject) Type() string { return "zabbix_agent_host" }

func (h *hostSubject) Reset(t *testing.T, _ string) {
	t.Helper()
	h.door.open(t)
	h.clear(t)
}

// Provider reads nothing ahead: what a plan of one host takes is counted.
func (h *hostSubject) Provider(t *testing.T, _ string) string {
	t.Helper()
	return acctest.Provider(map[string]string{
		"inventory_file": acctest.Quote(acctest.Inventory(t, map[string]acctest.Device{
			prefix + "a": {Host: "192.0.2.1"}, prefix + "b": {Host: "192.0.2.2"},
		})),
		"zabbix": fmt.Sprintf("{\n    url = %s\n    username = %s\n    password = %s\n    prefetch = false\n    graveyard = { group = %s }\n  }",
			acctest.Quote(h.door.url()), acctest.Quote(h.user), acctest.Quote(h.password), acctest.Quote(graveyard)),
	})
}

func (h *hostSubject) Words() map[string]string {
	named := func(name string, more ...string) string {
		all := []string{"provider = provision", fmt.Sprintf("device = %q", prefix+name), fmt.Sprintf("host_groups = [%q]", hostGroup), `description = "ours"`}
		return strings.Join(append(all, more...), "\n  ")
	}
	const one, two = `{ life = ["first"] }`, `{ life = ["first", "second"] }`
	const tags1, tags2, later = "tags = " + one, "tags = " + two, "tags = terraform_data.later.output"
	return map[string]string{
		wordType: h.Type(), wordID: prefix + "a", wordOtherID: prefix + "a",
		wordFirst:     named("a", tags1),
		wordSecond:    named("a", tags2),
		wordBehaviour: named("a", tags1, `on_destroy = "disable"`, `template_removal = "clear"`, "timeouts {\n    read = \"4m\"\n  }"),
		wordOther:     named("b", tags1),
		wordOther2:    named("b", tags2),
		wordRendered:  named("a"),
		wordBroken:    named("a", tags2, fmt.Sprintf("visible_name = %q", taken)),
		wordSkipping:  named("a", tags1, `on_unreachable = "skip"`),
		wordLater:     named("a", later),
		wordAllowed:   named("a", later, "allow_unreviewed = true"),
		wordValue:     one,
		wordValue2:    two,
		wordImporting: "provider = provision", // OpenTofu does not take it from the resource
	}
}

// Counts counts at the door.
func (h *hostSubject) Counts(*testing.T) counts {
	n, _ := h.door.counted()
	return n
}

// Leftovers are sessions: whatever else was left would be seen by Look.
func (h *hostSubject) Leftovers(*testing.T) []string {
	if _, sessions := h.door.counted(); sessions != 0 {
		return []string{fmt.Sprintf("%d sessions", sessions)}
	}
	return nil
}

func (h *hostSubject) Look(t *testing.T) look {
	t.Helper()
	hosts := h.hosts(t)
	text, err := json.MarshalIndent(hosts, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	var holds []string
	for _, one := range hosts {
		holds = append(holds, strings.TrimPrefix(one.Name, prefix)+": "+state(one))
	}
	return look{Holds: strings.Join(holds, ", "), Now: string(text), Saved: string(text)}
}

// state says shortly what a host is.
func state(h *zabbix.Host) string {
	var values []string
	for _, t := range h.Tags {
		values = append(values, t.Value)
	}
	slices.Sort(values)
	switch {
	case strings.HasSuffix(h.Name, buried) && !h.Enabled && slices.Equal(h.Groups, []string{graveyard}):
		return "buried"
	case h.Description != "ours" || !h.Enabled:
		return "changed"
	}
	return strings.Join(values, " and ")
}

// Drift changes the description, which the configuration names.
func (h *hostSubject) Drift(t *testing.T) {
	t.Helper()
	h.call(t, "host.update", map[string]any{"hostid": h.first(t).ID, "description": "by hand"})
}

// Elsewhere changes the visible name, which the configuration does not name;
// where there is no host it makes one of that name.
func (h *hostSubject) Elsewhere(t *testing.T) {
	t.Helper()
	if one := h.first(t); one != nil {
		h.call(t, "host.update", map[string]any{"hostid": one.ID, "name": prefix + "by hand"})
		return
	}
	h.make(t, prefix+"a", nil)
}

func (h *hostSubject) Cut(*testing.T)    { h.door.close() }
func (h *hostSubject) Heal(t *testing.T) { t.Helper(); h.door.open(t) }
