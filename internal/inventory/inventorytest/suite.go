// Package inventorytest is the suite that every source of truth passes.
package inventorytest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// Suite says what a source under test is able to.
type Suite struct {
	Source inventory.Source
	// DefaultStatus is what the source says of an object that has no status.
	DefaultStatus string
	// Adapt takes out of an expected object what the source cannot hold, or holds
	// in another way; may be nil.
	Adapt func(o *inventory.Object)
	// Ambiguous tells that the source holds [Twins] too.
	Ambiguous bool
	// Configs are the intended configurations by the names of devices, if they
	// are others than those of [Configs].
	Configs map[string]string
}

// Devices are what a source under test must hold, and nothing else but [Twins].
// A source chooses ID and URL itself; they are not compared, but must not be
// empty.
func Devices() []inventory.Object {
	devices := []inventory.Object{
		{
			Name: "ams-edge1", Host: "192.0.2.1", PrimaryIP4: "192.0.2.1", OOBIP: "198.51.100.1", Port: 2201, Driver: "frr", Platform: "linux-frr",
			Vendor: "FRRouting", Model: "virtual", Site: "ams", Location: "hall 1", Role: "edge", Tenant: "ops",
			Status: "active", Tags: []string{"bgp", "prod"}, Credentials: "edge", DNSName: "ams-edge1.example.net", DNSName4: "ams-edge1.example.net", Cluster: "c1",
			CustomFields: customFields(), ConfigContext: configContext(),
		},
		{
			Name: "ams-core1", Host: "2001:db8::2", PrimaryIP4: "192.0.2.2", PrimaryIP6: "2001:db8::2",
			DNSName: "core1.example.net", DNSName4: "core1-v4.example.net", DNSName6: "core1.example.net", Platform: "netconf-box", Site: "ams", Role: "core",
			Status: "planned", Tags: []string{"prod"},
		},
		{Name: "fra-edge1", Host: "2001:db8::3", PrimaryIP6: "2001:db8::3", Platform: "linux-frr", Site: "fra", Role: "edge", Status: "failed"},
		{Name: "spare"}, // no address, no driver; the source's default status
	}
	for i := range devices {
		devices[i].Kind = inventory.Device
	}
	return devices
}

// Twins are two devices of one name, for a source that can hold such.
func Twins() []inventory.Object {
	return []inventory.Object{
		{Kind: inventory.Device, Name: "twin", Site: "ams", Host: "192.0.2.11", PrimaryIP4: "192.0.2.11", Status: "active"},
		{Kind: inventory.Device, Name: "twin", Site: "fra", Host: "192.0.2.12", PrimaryIP4: "192.0.2.12", Status: "active"},
	}
}

// customFields has values of every kind.
func customFields() map[string]any {
	return map[string]any{
		"rack": "A4", "floor": 3, "height": 1.5, "no_zabbix": true, "owner": nil, "empty": "",
		"contacts": []any{"net", 7, map[string]any{"name": "sys"}}, "place": map[string]any{"room": "R1"},
	}
}

// configContext has a list and a map.
func configContext() map[string]any {
	return map[string]any{"ntp": []any{"192.0.2.123"}, "zabbix": map[string]any{"templates": []any{"Linux by Zabbix agent"}}}
}

// VirtualMachines are what a source under test must hold, and nothing else. The
// first one has the name of a device.
func VirtualMachines() []inventory.Object {
	machines := []inventory.Object{
		{
			Name: "ams-edge1", Host: "192.0.2.80", PrimaryIP4: "192.0.2.80", DNSName: "web.example.net", DNSName4: "web.example.net", Platform: "debian", Site: "ams", Role: "web", Cluster: "c1",
			Status: "active", Tags: []string{"prod", "web"}, CustomFields: customFields(),
		},
		{Name: "db1", Cluster: "c2", Site: "fra", Status: "planned"},
		{Name: "idle"}, // the source's default status
	}
	for i := range machines {
		machines[i].Kind = inventory.VirtualMachine
	}
	return machines
}

// Configs are the intended configurations by the names of devices; those that
// are not here have none.
func Configs() map[string]string {
	return map[string]string{
		"ams-edge1": "hostname ams-edge1\n",
		"ams-core1": "",
	}
}

// Run runs the suite.
func (s Suite) Run(t *testing.T) {
	t.Run("Object", s.testObject)
	t.Run("NotFound", s.testNotFound)
	t.Run("Twins", s.testTwins)
	t.Run("Objects", s.testObjects)
	t.Run("Config", s.testConfig)
	t.Run("NothingIsShared", s.testNothingIsShared)
}

// wanted are the objects as this source shows them.
func (s Suite) wanted() []inventory.Object {
	all := append(Devices(), VirtualMachines()...)
	if s.Ambiguous {
		all = append(all, Twins()...)
	}
	for i := range all {
		all[i].Status = cmp.Or(all[i].Status, s.DefaultStatus)
		if s.Adapt != nil {
			s.Adapt(&all[i])
		}
	}
	return all
}

func (s Suite) testObject(t *testing.T) {
	for _, w := range s.wanted() {
		for _, context := range []bool{true, false} {
			got, err := s.Source.Object(t.Context(), inventory.Ref{Kind: w.Kind, Name: w.Name, Site: w.Site, Context: context})
			if err != nil {
				t.Errorf("%s %s: %v", w.Kind, w.Name, err)
				continue
			}
			want := w
			if !context {
				want.ConfigContext, got.ConfigContext = nil, nil
			}
			compare(t, got, want)
		}
	}
}

// compare checks an object but for what the source chooses.
func compare(t *testing.T, got, want inventory.Object) {
	t.Helper()
	if got.ID == "" || got.URL == "" {
		t.Errorf("%s: no ID or URL: %+v", want.Name, got)
	}
	got.ID, got.URL, got.Tags = "", "", tidy(got.Tags)
	want.Tags = tidy(want.Tags)
	got.CustomFields, want.CustomFields = plainNumbers(t, got.CustomFields), plainNumbers(t, want.CustomFields)
	got.ConfigContext, want.ConfigContext = plainNumbers(t, got.ConfigContext), plainNumbers(t, want.ConfigContext)
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("%s %s: want -, got +:\n%s", want.Kind, want.Name, d)
	}
}

// tidy puts tags into one order; no tags are nil.
func tidy(tags []string) []string {
	slices.Sort(tags)
	if len(tags) == 0 {
		return nil
	}
	return tags
}

// plainNumbers makes all numbers of plain values of one type: which one they
// are of is the source's business.
func plainNumbers(t *testing.T, fields map[string]any) map[string]any {
	t.Helper()
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatalf("not plain values: %v", err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func (s Suite) testNotFound(t *testing.T) {
	for _, c := range []struct {
		ref  inventory.Ref
		says string
	}{
		{inventory.Ref{Kind: inventory.Device, Name: "ams-edge2"}, "ams-edge1"},
		{inventory.Ref{Kind: inventory.Device, Name: "AMS-CORE1"}, "ams-core1"},
		{inventory.Ref{Kind: inventory.Device, Name: "db1"}, "it is a virtual machine there"},
		{inventory.Ref{Kind: inventory.Device, Name: "ams-edge1", Site: "fra"}, `site "ams"`},
		{inventory.Ref{Kind: inventory.Device}, ""},
		{inventory.Ref{Kind: inventory.VirtualMachine, Name: "db2"}, "db1"},
		{inventory.Ref{Kind: inventory.VirtualMachine, Name: "IDLE"}, "idle"},
		{inventory.Ref{Kind: inventory.VirtualMachine, Name: "ams-core1"}, "it is a device there"},
	} {
		_, err := s.Source.Object(t.Context(), c.ref)
		if !errors.Is(err, inventory.ErrNotFound) {
			t.Errorf("%+v: %v does not match ErrNotFound", c.ref, err)
			continue
		}
		if !strings.Contains(err.Error(), c.ref.Name) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v does not say %q", c.ref, err, c.says)
		}
	}
}

func (s Suite) testTwins(t *testing.T) {
	if !s.Ambiguous {
		return
	}
	_, err := s.Source.Object(t.Context(), inventory.Ref{Kind: inventory.Device, Name: "twin"})
	if !errors.Is(err, inventory.ErrAmbiguous) || !strings.Contains(err.Error(), `site "ams"`) || !strings.Contains(err.Error(), `site "fra"`) {
		t.Errorf("two devices of one name: %v", err)
	}
}

func (s Suite) testObjects(t *testing.T) {
	type filter = inventory.Filter
	want := s.wanted()
	for _, c := range []struct {
		name   string
		kind   inventory.Kind
		filter filter
		names  []string
	}{
		{"all, by name", inventory.Device, filter{}, s.twice("ams-core1", "ams-edge1", "fra-edge1", "spare")},
		{"one value", inventory.Device, filter{Sites: []string{"ams"}, Tags: []string{"prod"}}, []string{"ams-core1", "ams-edge1"}},
		{"any value", inventory.Device, filter{Sites: []string{"fra", "ams"}, Roles: []string{"edge", "core"}}, []string{"ams-core1", "ams-edge1", "fra-edge1"}},
		{"all fields", inventory.Device, filter{Sites: []string{"ams"}, Roles: []string{"edge"}}, []string{"ams-edge1"}},
		{"platform", inventory.Device, filter{Platforms: []string{"linux-frr"}}, []string{"ams-edge1", "fra-edge1"}},
		{"status", inventory.Device, filter{Statuses: []string{"planned", "failed"}}, []string{"ams-core1", "fra-edge1"}},
		{"tenant", inventory.Device, filter{Tenants: []string{"ops"}}, []string{"ams-edge1"}},
		{"any tag", inventory.Device, filter{Tags: []string{"bgp", "none"}}, []string{"ams-edge1"}},
		{"custom field", inventory.Device, filter{CustomFields: map[string][]string{"rack": {"A4", "A5"}, "no_zabbix": {"true"}}}, []string{"ams-edge1"}},
		{"another value", inventory.Device, filter{CustomFields: map[string][]string{"rack": {"A5"}}}, nil},
		{"nothing", inventory.Device, filter{Roles: []string{"edge "}}, nil},
		{"all, by name", inventory.VirtualMachine, filter{}, []string{"ams-edge1", "db1", "idle"}},
		{"site", inventory.VirtualMachine, filter{Sites: []string{"ams", "ber"}}, []string{"ams-edge1"}},
		{"role and platform", inventory.VirtualMachine, filter{Roles: []string{"web"}, Platforms: []string{"debian"}}, []string{"ams-edge1"}},
		{"status", inventory.VirtualMachine, filter{Statuses: []string{"planned"}}, []string{"db1"}},
		{"tag", inventory.VirtualMachine, filter{Tags: []string{"web"}}, []string{"ams-edge1"}},
		{"a device's", inventory.VirtualMachine, filter{Roles: []string{"edge"}}, nil},
	} {
		got, err := s.Source.Objects(t.Context(), c.kind, c.filter)
		if err != nil {
			t.Fatalf("%s, %s: %v", c.kind, c.name, err)
		}
		var names []string
		for _, o := range got {
			names = append(names, o.Name)
			i := slices.IndexFunc(want, func(w inventory.Object) bool {
				return w.Kind == c.kind && w.Name == o.Name && (w.Site == o.Site || o.Name != "twin")
			})
			if i < 0 {
				t.Fatalf("%s, %s: %s is not one of the suite's", c.kind, c.name, o.Name)
			}
			light := want[i]
			light.ConfigContext = nil
			compare(t, o, light)
		}
		if !slices.Equal(names, c.names) {
			t.Errorf("%s, %s: got %q, want %q", c.kind, c.name, names, c.names)
		}
	}
}

// twice adds the twins, who come last.
func (s Suite) twice(names ...string) []string {
	if s.Ambiguous {
		return append(names, "twin", "twin")
	}
	return names
}

func (s Suite) testConfig(t *testing.T) {
	configs := s.Configs
	if configs == nil {
		configs = Configs()
	}
	for _, d := range Devices() {
		rec, err := s.Source.Object(t.Context(), inventory.Ref{Kind: d.Kind, Name: d.Name})
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Source.Config(t.Context(), rec, inventory.Intent{})
		if err != nil {
			t.Fatalf("%s: %v", d.Name, err)
		}
		want, ok := configs[d.Name]
		if ok != (got != nil) || string(got) != want {
			t.Errorf("%s: got %q (nil: %v), want %q (nil: %v)", d.Name, got, got == nil, want, !ok)
		}
	}
	none := inventory.Object{Kind: inventory.Device, ID: "00000000-0000-4000-8000-000000000000", Name: "none"}
	if _, err := s.Source.Config(t.Context(), none, inventory.Intent{}); err == nil {
		t.Error("a device that is not there has a configuration")
	}
}

// testNothingIsShared changes what the source returned, from several
// goroutines: the race detector and the comparison see what is shared.
func (s Suite) testNothingIsShared(t *testing.T) {
	done := make(chan error, 4)
	for range cap(done) {
		go func() { done <- spoil(context.WithoutCancel(t.Context()), s.Source) }()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	for _, w := range s.wanted() {
		if w.Name != "ams-edge1" {
			continue
		}
		got, err := s.Source.Object(t.Context(), inventory.Ref{Kind: w.Kind, Name: w.Name, Context: true})
		if err != nil {
			t.Fatal(err)
		}
		compare(t, got, w)
	}
}

func spoil(ctx context.Context, s inventory.Source) error {
	for _, kind := range []inventory.Kind{inventory.Device, inventory.VirtualMachine} {
		o, err := s.Object(ctx, inventory.Ref{Kind: kind, Name: "ams-edge1", Context: true})
		if err != nil {
			return err
		}
		spoilValues(o)
		objects, err := s.Objects(ctx, kind, inventory.Filter{Tags: []string{"bgp", "web"}})
		if err != nil {
			return err
		}
		if len(objects) != 1 {
			return errors.New("the object is gone")
		}
		spoilValues(objects[0])
	}
	return nil
}

func spoilValues(o inventory.Object) {
	o.Tags[0] = "spoilt"
	o.CustomFields["rack"] = "spoilt"
	if list, ok := o.CustomFields["contacts"].([]any); ok {
		list[0] = "spoilt"
		if m, ok := list[2].(map[string]any); ok {
			m["name"] = "spoilt"
		}
	}
	if m, ok := o.CustomFields["place"].(map[string]any); ok {
		m["room"] = "spoilt"
	}
	if m, ok := o.ConfigContext["zabbix"].(map[string]any); ok {
		m["templates"] = "spoilt"
	}
}
