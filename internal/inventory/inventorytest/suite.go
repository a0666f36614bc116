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

// Devices are what a source under test must hold, and nothing else. A source
// chooses ID and URL itself; they are not compared, but must not be empty.
func Devices() []inventory.Device {
	return []inventory.Device{
		{
			Name: "ams-edge1", Host: "192.0.2.1", PrimaryIP4: "192.0.2.1", PrimaryIP6: "2001:db8::1", OOBIP: "198.51.100.1", Port: 2201, Driver: "frr", Platform: "linux-frr", Site: "ams", Role: "edge",
			Status: "active", Tags: []string{"bgp", "prod"}, Credentials: "edge", DNSName: "ams-edge1.example.net", Cluster: "c1",
			CustomFields: customFields(),
		},
		{
			Name: "ams-core1", Host: "192.0.2.2", Platform: "netconf-box", Site: "ams", Role: "core",
			Status: "planned", Tags: []string{"prod"},
		},
		{Name: "fra-edge1", Host: "fra-edge1.example.net", Platform: "linux-frr", Site: "fra", Role: "edge", Status: "failed"},
		{Name: "spare"}, // no address, no driver; the source's default status
	}
}

// customFields has values of every kind.
func customFields() map[string]any {
	return map[string]any{
		"rack": "A4", "floor": 3, "height": 1.5, "no_zabbix": true, "owner": nil, "empty": "",
		"contacts": []any{"net", 7, map[string]any{"name": "sys"}}, "place": map[string]any{"room": "R1"},
	}
}

// VirtualMachines are what a source under test must hold, and nothing else. The
// first one has the name of a device.
func VirtualMachines() []inventory.VirtualMachine {
	return []inventory.VirtualMachine{
		{
			Name: "ams-edge1", Host: "192.0.2.80", PrimaryIP4: "192.0.2.80", PrimaryIP6: "2001:db8::80", OOBIP: "198.51.100.80", DNSName: "web.example.net", Platform: "debian", Site: "ams", Role: "web", Cluster: "c1",
			Status: "active", Tags: []string{"prod", "web"}, CustomFields: customFields(),
		},
		{Name: "db1", Cluster: "c2", Site: "fra", Status: "planned"},
		{Name: "idle"}, // the source's default status
	}
}

// Configs are the intended configurations by name; devices that are not here
// have none.
func Configs() map[string]string {
	return map[string]string{
		"ams-edge1": "hostname ams-edge1\n",
		"ams-core1": "",
	}
}

// Run runs the suite. defaultStatus is what the source says of an object that
// has no status.
func Run(t *testing.T, s inventory.Source, defaultStatus string) {
	want, machines := Devices(), VirtualMachines()
	for i := range want {
		want[i].Status = cmp.Or(want[i].Status, defaultStatus)
	}
	for i := range machines {
		machines[i].Status = cmp.Or(machines[i].Status, defaultStatus)
	}
	t.Run("Device", func(t *testing.T) { testDevice(t, s, want) })
	t.Run("NotFound", func(t *testing.T) { testNotFound(t, s) })
	t.Run("Devices", func(t *testing.T) { testDevices(t, s, want) })
	t.Run("Config", func(t *testing.T) { testConfig(t, s) })
	t.Run("VirtualMachine", func(t *testing.T) { testVirtualMachine(t, s, machines) })
	t.Run("VirtualMachineNotFound", func(t *testing.T) { testVirtualMachineNotFound(t, s) })
	t.Run("VirtualMachines", func(t *testing.T) { testVirtualMachines(t, s, machines) })
	t.Run("NothingIsShared", func(t *testing.T) { testNothingIsShared(t, s) })
}

func testDevice(t *testing.T, s inventory.Source, want []inventory.Device) {
	for _, w := range want {
		got, err := s.Device(t.Context(), w.Name)
		if err != nil {
			t.Errorf("%s: %v", w.Name, err)
			continue
		}
		compare(t, got, w)
	}
}

// compare checks a device but for what the source chooses.
func compare(t *testing.T, got, want inventory.Device) {
	t.Helper()
	if got.ID == "" || got.URL == "" {
		t.Errorf("%s: no ID or URL: %+v", want.Name, got)
	}
	got.ID, got.URL, got.Tags = "", "", tidy(got.Tags)
	got.CustomFields, want.CustomFields = plainNumbers(t, got.CustomFields), plainNumbers(t, want.CustomFields)
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("%s: want -, got +:\n%s", want.Name, d)
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

// plainNumbers makes all numbers of custom fields of one type: which one they
// are of is the source's business.
func plainNumbers(t *testing.T, fields map[string]any) map[string]any {
	t.Helper()
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatalf("custom fields are not plain values: %v", err)
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

func testNotFound(t *testing.T, s inventory.Source) {
	for wrong, near := range map[string]string{"ams-edge2": "ams-edge1", "AMS-CORE1": "ams-core1"} {
		_, err := s.Device(t.Context(), wrong)
		if !errors.Is(err, inventory.ErrNotFound) {
			t.Fatalf("%s: %v does not match ErrNotFound", wrong, err)
		}
		if !strings.Contains(err.Error(), wrong) || !strings.Contains(err.Error(), near) {
			t.Errorf("%v names neither what was asked for nor what is near", err)
		}
	}
	if _, err := s.Device(t.Context(), ""); !errors.Is(err, inventory.ErrNotFound) {
		t.Errorf("empty name: %v", err)
	}
}

func testDevices(t *testing.T, s inventory.Source, want []inventory.Device) {
	for _, c := range []struct {
		name   string
		filter inventory.Filter
		names  []string
	}{
		{"all, by name", inventory.Filter{}, []string{"ams-core1", "ams-edge1", "fra-edge1", "spare"}},
		{"one value", inventory.Filter{Sites: []string{"ams"}}, []string{"ams-core1", "ams-edge1"}},
		{"any value", inventory.Filter{Sites: []string{"fra", "ams"}}, []string{"ams-core1", "ams-edge1", "fra-edge1"}},
		{"all fields", inventory.Filter{Sites: []string{"ams"}, Roles: []string{"edge"}}, []string{"ams-edge1"}},
		{"platform", inventory.Filter{Platforms: []string{"linux-frr"}}, []string{"ams-edge1", "fra-edge1"}},
		{"status", inventory.Filter{Statuses: []string{"planned", "failed"}}, []string{"ams-core1", "fra-edge1"}},
		{"any tag", inventory.Filter{Tags: []string{"bgp", "none"}}, []string{"ams-edge1"}},
		{"nothing", inventory.Filter{Roles: []string{"edge "}}, nil},
	} {
		got, err := s.Devices(t.Context(), c.filter)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var names []string
		for _, d := range got {
			names = append(names, d.Name)
			i := slices.IndexFunc(want, func(w inventory.Device) bool { return w.Name == d.Name })
			if i < 0 {
				t.Fatalf("%s: %s is not one of the suite's", c.name, d.Name)
			}
			compare(t, d, want[i])
		}
		if !slices.Equal(names, c.names) {
			t.Errorf("%s: got %q, want %q", c.name, names, c.names)
		}
	}
}

func testConfig(t *testing.T, s inventory.Source) {
	for _, d := range Devices() {
		rec, err := s.Device(t.Context(), d.Name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Config(t.Context(), rec)
		if err != nil {
			t.Fatalf("%s: %v", d.Name, err)
		}
		want, ok := Configs()[d.Name]
		if ok != (got != nil) || string(got) != want {
			t.Errorf("%s: got %q (nil: %v), want %q (nil: %v)", d.Name, got, got == nil, want, !ok)
		}
	}
	if _, err := s.Config(t.Context(), inventory.Device{ID: "none", Name: "none"}); !errors.Is(err, inventory.ErrNotFound) {
		t.Errorf("a device that is not there: %v", err)
	}
}

func testVirtualMachine(t *testing.T, s inventory.Source, want []inventory.VirtualMachine) {
	for _, w := range want {
		got, err := s.VirtualMachine(t.Context(), w.Name)
		if err != nil {
			t.Errorf("%s: %v", w.Name, err)
			continue
		}
		compareMachine(t, got, w)
	}
}

// compareMachine is [compare] for virtual machines.
func compareMachine(t *testing.T, got, want inventory.VirtualMachine) {
	t.Helper()
	if got.ID == "" || got.URL == "" {
		t.Errorf("%s: no ID or URL: %+v", want.Name, got)
	}
	got.ID, got.URL, got.Tags = "", "", tidy(got.Tags)
	got.CustomFields, want.CustomFields = plainNumbers(t, got.CustomFields), plainNumbers(t, want.CustomFields)
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("%s: want -, got +:\n%s", want.Name, d)
	}
}

func testVirtualMachineNotFound(t *testing.T, s inventory.Source) {
	for wrong, near := range map[string]string{"db2": "db1", "IDLE": "idle", "ams-core1": ""} {
		_, err := s.VirtualMachine(t.Context(), wrong)
		if !errors.Is(err, inventory.ErrNotFound) {
			t.Fatalf("%s: %v does not match ErrNotFound", wrong, err)
		}
		if !strings.Contains(err.Error(), wrong) || !strings.Contains(err.Error(), near) {
			t.Errorf("%v names neither what was asked for nor what is near", err)
		}
	}
	if _, err := s.Device(t.Context(), "db1"); !errors.Is(err, inventory.ErrNotFound) {
		t.Errorf("a virtual machine is no device: %v", err)
	}
}

func testVirtualMachines(t *testing.T, s inventory.Source, want []inventory.VirtualMachine) {
	for _, c := range []struct {
		name   string
		filter inventory.Filter
		names  []string
	}{
		{"all, by name", inventory.Filter{}, []string{"ams-edge1", "db1", "idle"}},
		{"site", inventory.Filter{Sites: []string{"ams", "ber"}}, []string{"ams-edge1"}},
		{"role and platform", inventory.Filter{Roles: []string{"web"}, Platforms: []string{"debian"}}, []string{"ams-edge1"}},
		{"status", inventory.Filter{Statuses: []string{"planned"}}, []string{"db1"}},
		{"tag", inventory.Filter{Tags: []string{"web"}}, []string{"ams-edge1"}},
		{"a device's", inventory.Filter{Roles: []string{"edge"}}, nil},
	} {
		got, err := s.VirtualMachines(t.Context(), c.filter)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var names []string
		for _, v := range got {
			names = append(names, v.Name)
			i := slices.IndexFunc(want, func(w inventory.VirtualMachine) bool { return w.Name == v.Name })
			if i < 0 {
				t.Fatalf("%s: %s is not one of the suite's", c.name, v.Name)
			}
			compareMachine(t, v, want[i])
		}
		if !slices.Equal(names, c.names) {
			t.Errorf("%s: got %q, want %q", c.name, names, c.names)
		}
	}
}

// testNothingIsShared changes what the source returned, from several
// goroutines: the race detector and the comparison see what is shared.
func testNothingIsShared(t *testing.T, s inventory.Source) {
	done := make(chan error, 4)
	for range cap(done) {
		go func() { done <- spoil(context.WithoutCancel(t.Context()), s) }()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	for i, d := range Devices()[:1] {
		got, err := s.Device(t.Context(), d.Name)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, got, d)
		v, err := s.VirtualMachine(t.Context(), d.Name)
		if err != nil {
			t.Fatal(err)
		}
		compareMachine(t, v, VirtualMachines()[i])
	}
}

func spoil(ctx context.Context, s inventory.Source) error {
	d, deviceErr := s.Device(ctx, "ams-edge1")
	v, machineErr := s.VirtualMachine(ctx, "ams-edge1")
	if err := errors.Join(deviceErr, machineErr); err != nil {
		return err
	}
	spoilValues(d.Tags, d.CustomFields)
	spoilValues(v.Tags, v.CustomFields)
	devices, deviceErr := s.Devices(ctx, inventory.Filter{Tags: []string{"bgp"}})
	machines, machineErr := s.VirtualMachines(ctx, inventory.Filter{Tags: []string{"web"}})
	if err := errors.Join(deviceErr, machineErr); err != nil || len(devices) != 1 || len(machines) != 1 {
		return errors.Join(err, errors.New("the device or the virtual machine is gone"))
	}
	spoilValues(devices[0].Tags, devices[0].CustomFields)
	spoilValues(machines[0].Tags, machines[0].CustomFields)
	return nil
}

func spoilValues(tags []string, fields map[string]any) {
	tags[0] = "spoilt"
	fields["rack"] = "spoilt"
	if list, ok := fields["contacts"].([]any); ok {
		list[0] = "spoilt"
		if m, ok := list[2].(map[string]any); ok {
			m["name"] = "spoilt"
		}
	}
	if m, ok := fields["place"].(map[string]any); ok {
		m["room"] = "spoilt"
	}
}
