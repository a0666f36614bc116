// Package inventorytest is the suite that every source of truth passes.
package inventorytest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// Devices are what a source under test must hold, and nothing else. A source
// chooses ID and URL itself; they are not compared, but must not be empty.
func Devices() []inventory.Device {
	return []inventory.Device{
		{
			Name: "ams-edge1", Host: "192.0.2.1", Port: 2201, Driver: "frr", Platform: "linux-frr", Site: "ams", Role: "edge",
			Status: "active", Tags: []string{"bgp", "prod"}, Credentials: "edge",
		},
		{
			Name: "ams-core1", Host: "192.0.2.2", Platform: "netconf-box", Site: "ams", Role: "core",
			Status: "planned", Tags: []string{"prod"},
		},
		{Name: "fra-edge1", Host: "fra-edge1.example.net", Platform: "linux-frr", Site: "fra", Role: "edge", Status: "failed"},
		{Name: "spare"}, // no address, no driver; the source's default status
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

// Run runs the suite. defaultStatus is what the source says of a device that
// has no status.
func Run(t *testing.T, s inventory.Source, defaultStatus string) {
	want := Devices()
	for i := range want {
		if want[i].Status == "" {
			want[i].Status = defaultStatus
		}
	}
	t.Run("Device", func(t *testing.T) { testDevice(t, s, want) })
	t.Run("NotFound", func(t *testing.T) { testNotFound(t, s) })
	t.Run("Devices", func(t *testing.T) { testDevices(t, s, want) })
	t.Run("Config", func(t *testing.T) { testConfig(t, s) })
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
	got.ID, got.URL = "", ""
	slices.Sort(got.Tags)
	if len(got.Tags) == 0 {
		got.Tags = nil
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s: want -, got +:\n%s", want.Name, d)
	}
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
	got, err := s.Device(t.Context(), "ams-edge1")
	if err != nil || slices.Contains(got.Tags, "spoilt") {
		t.Errorf("a caller changed the source: %v %v", got.Tags, err)
	}
}

func spoil(ctx context.Context, s inventory.Source) error {
	d, err := s.Device(ctx, "ams-edge1")
	if err != nil {
		return err
	}
	d.Tags[0] = "spoilt"
	all, err := s.Devices(ctx, inventory.Filter{Tags: []string{"bgp"}})
	if err != nil || len(all) != 1 {
		return errors.Join(err, errors.New("the device is gone"))
	}
	all[0].Tags[0] = "spoilt"
	return nil
}
