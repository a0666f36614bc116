package client_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/mapping"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// fakeZabbix holds hosts and takes what is created and deleted; it knows one
// host group.
type fakeZabbix struct {
	client.Server

	hosts   map[string]*zabbix.Host // by technical name
	created []zabbix.NewHost
	deleted []string
	fails   error              // what every write answers
	stays   error              // what every deletion answers
	after   func(*zabbix.Host) // what becomes of a new host before it is looked at
	version api.Version
}

func (f *fakeZabbix) Version(context.Context) (api.Version, error) { return f.version, nil }

func (f *fakeZabbix) ByName(_ context.Context, name string) (*zabbix.Host, error) {
	return f.hosts[name], nil
}

func (f *fakeZabbix) FreshByName(ctx context.Context, name string) (*zabbix.Host, error) {
	return f.ByName(ctx, name)
}

func (f *fakeZabbix) ByID(_ context.Context, id string) (*zabbix.Host, error) {
	for _, h := range f.hosts {
		if h.ID == id {
			return h, nil
		}
	}
	return nil, nil
}

func (f *fakeZabbix) FreshByID(ctx context.Context, id string) (*zabbix.Host, error) {
	return f.ByID(ctx, id)
}

func (f *fakeZabbix) Buried(_ context.Context, name, object string) ([]*zabbix.Host, error) {
	var found []*zabbix.Host
	for _, h := range f.hosts {
		if h.Mark.BuriedName == name && h.Mark.BuriedObject == object {
			found = append(found, h)
		}
	}
	return found, nil
}

func (f *fakeZabbix) Create(_ context.Context, n zabbix.NewHost) (*zabbix.Host, error) {
	if f.fails != nil {
		return nil, f.fails
	}
	f.created = append(f.created, n)
	h := host("10"+fmt.Sprint(len(f.created)), n.Name)
	h.Mark.Run = n.Run
	f.hosts[n.Name] = h
	if f.after != nil {
		f.after(h)
		return nil, nil // Zabbix has not given it back
	}
	return h, nil
}

func (f *fakeZabbix) Delete(_ context.Context, id string) error {
	if f.stays != nil {
		return f.stays
	}
	f.deleted = append(f.deleted, id)
	for name, h := range f.hosts {
		if h.ID == id {
			delete(f.hosts, name)
		}
	}
	return nil
}

func (f *fakeZabbix) All(context.Context) ([]*zabbix.Host, error) {
	return slices.Collect(maps.Values(f.hosts)), nil
}

func (f *fakeZabbix) Lookup() zabbix.Catalogue { return fakeCatalogue{} }

type fakeCatalogue struct{}

func (fakeCatalogue) Templates(context.Context, []string) ([]zabbix.Template, error) { return nil, nil }

func (fakeCatalogue) Made(string) bool { return false }

func (fakeCatalogue) Groups(_ context.Context, names []string, _ bool) (map[string]string, error) {
	ids := map[string]string{}
	for _, n := range names {
		if n != "Linux servers" {
			return nil, &zabbix.FieldError{Field: "host_groups", Err: fmt.Errorf("there is no host group %q", n)}
		}
		ids[n] = "2"
	}
	return ids, nil
}

func (fakeCatalogue) Proxy(context.Context, zabbix.Proxy) (zabbix.ProxyIDs, error) {
	return zabbix.ProxyIDs{}, nil
}

func (fakeCatalogue) KeptBy(context.Context, string) (string, error) { return "", nil }

func (fakeCatalogue) Version(context.Context) (api.Version, error) { return api.Version{Major: 7}, nil }

func (fakeCatalogue) SeesAll(context.Context) (bool, error) { return true, nil }

// host is a host of one group and nothing else.
func host(id, name string) *zabbix.Host {
	return &zabbix.Host{
		ID: id, Name: name, VisibleName: name, Enabled: true, Groups: []string{"Linux servers"}, InventoryMode: zabbix.InventoryDisabled,
		TLS: zabbix.TLS{Connect: zabbix.NoEncryption, Accept: []zabbix.Encryption{zabbix.NoEncryption}},
	}
}

// intent is the intent of such a host.
func intent(name string) zabbix.Intent {
	return zabbix.Intent{Name: name, Groups: &[]string{"Linux servers"}}
}

// zabbixClient is a client of a fake Zabbix; edit may change its configuration.
func zabbixClient(f *fakeZabbix, edit func(*client.Config)) *client.Client {
	if f.hosts == nil {
		f.hosts = map[string]*zabbix.Host{}
	}
	cfg := client.Config{Zabbix: &client.Zabbix{Server: f, URL: "https://z.example.net/zabbix/api_jsonrpc.php", MaxDestroy: 2}, Run: eventlog.Run{ID: "run-1", Actor: "tester"}}
	if edit != nil {
		edit(&cfg)
	}
	return client.New(cfg)
}

// sourceOf is a source of truth of one device and one virtual machine.
type sourceOf struct {
	inventory.Source
	device  inventory.Object
	machine inventory.Object
	twins   []inventory.Object // of one name
	notes   *[]string          // what was written back; nil when nothing can be
	fails   error
}

func (s sourceOf) Object(_ context.Context, ref inventory.Ref) (inventory.Object, error) {
	switch {
	case len(s.twins) > 0:
		return inventory.Choose(ref, s.twins, "the source")
	case ref.Kind == inventory.VirtualMachine:
		return s.machine, nil
	case ref.Name != s.device.Name:
		return inventory.Object{}, fmt.Errorf("device %q: %w", ref.Name, inventory.ErrNotFound)
	}
	return s.device, nil
}

func (s sourceOf) Note(_ context.Context, o inventory.Object, text string) error {
	*s.notes = append(*s.notes, o.Name+": "+text)
	return s.fails
}

func (s sourceOf) SetCustomField(_ context.Context, o inventory.Object, field string, value any) error {
	*s.notes = append(*s.notes, fmt.Sprintf("%s: %s = %v", o.Name, field, value))
	return s.fails
}

func TestSubject(t *testing.T) {
	src := sourceOf{
		device:  inventory.Object{Kind: inventory.Device, ID: "42", Name: "r1", Host: "192.0.2.1", DNSName: "r1.example.net", Site: "fra1", Status: "active", Port: 22, URL: "u", CustomFields: map[string]any{"rack": "A4"}},
		machine: inventory.Object{Kind: inventory.VirtualMachine, ID: "7", Name: "vm1", Host: "vm1.example.net", Cluster: "c1", Status: "active"},
	}
	rules := &mapping.Config{
		Devices:         []mapping.Rule{{Name: "d", Default: true, Templates: []string{"T"}}},
		VirtualMachines: []mapping.Rule{{Name: "v", Default: true, Templates: []string{"V"}}},
		Inventory:       []mapping.InventoryPath{{Key: "location", Paths: []string{"custom_fields.rack"}}, {Key: "notes", Paths: []string{"port"}}},
	}
	c := zabbixClient(&fakeZabbix{}, func(cfg *client.Config) { cfg.Inventory, cfg.Zabbix.Mappings = src, rules })
	got, err := c.Subject(t.Context(), client.HostRef{Device: "r1"})
	want := client.Subject{Object: "device:42", Name: "r1", IP: "192.0.2.1", DNS: "r1.example.net", URL: "u"}
	if err != nil || len(got.Mapped.Inventory) != 2 || got.Mapped.Templates[0].Name != "T" {
		t.Fatalf("%+v %v", got, err)
	}
	if got.Inventory == nil || got.Inventory.ID != "42" {
		t.Errorf("the record: %+v", got.Inventory)
	}
	if got.Mapped, got.Inventory = nil, nil; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	got, err = c.Subject(t.Context(), client.HostRef{VirtualMachine: "vm1"})
	if err != nil || got.Object != "virtual_machine:7" || got.IP != "" || got.DNS != "vm1.example.net" || got.Mapped.Templates[0].Name != "V" {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := c.Subject(t.Context(), client.HostRef{Host: "x"}); err != nil || got != (client.Subject{}) {
		t.Errorf("without an object: %+v %v", got, err)
	}
}

func TestSubjectThatIsNotReady(t *testing.T) {
	device := inventory.Object{Kind: inventory.Device, ID: "42", Name: "r1", Host: "192.0.2.1", Status: "active", CustomFields: map[string]any{"unmonitored": true}}
	offline := device
	offline.Status = "offline"
	bare := offline
	bare.Host, bare.PrimaryIP6, bare.URL = "", "2001:db8::1", "https://netbox.example.net/dcim/devices/42/"
	ipv4 := func(cfg *client.Config) { cfg.Zabbix.Defaults.Address = client.AddressIPv4 }
	rules := &mapping.Config{Devices: []mapping.Rule{{Name: "d", Default: true, Templates: []string{"T"}}}, Exclude: mapping.Exclusion{CustomField: "unmonitored"}}
	for name, c := range map[string]struct {
		ref  client.HostRef
		edit func(*client.Config)
		at   string
		is   error
		says string
	}{
		"offline": {client.HostRef{Device: "r1"}, func(cfg *client.Config) { cfg.Inventory = sourceOf{device: offline} }, "device", client.ErrNotReady, "offline"},
		"nothing is ready": {
			client.HostRef{Device: "r1", NeedsAddress: true},
			func(cfg *client.Config) { cfg.Inventory = sourceOf{device: bare} }, "device", client.ErrNotReady,
			`its status is "offline", which is none of active, planned, staged (the provider's statuses); it has no address. Mend it at https://netbox.example.net/dcim/devices/42/`,
		},
		"nothing is ready, of a family": {
			client.HostRef{Device: "r1", NeedsAddress: true},
			func(cfg *client.Config) { cfg.Inventory = sourceOf{device: bare}; ipv4(cfg) }, "device", client.ErrNotReady,
			"(the provider's statuses); it has no IPv4 address (the provider's zabbix.defaults.address is \"ipv4\"). Mend it at",
		},
		"the address is given": {
			client.HostRef{Device: "r1"},
			func(cfg *client.Config) { cfg.Inventory = sourceOf{device: bare} }, "device", client.ErrNotReady,
			"(the provider's statuses). Mend it at",
		},
		"the object has one": {
			client.HostRef{Device: "r1", NeedsAddress: true},
			func(cfg *client.Config) { cfg.Inventory = sourceOf{device: offline} }, "device", client.ErrNotReady,
			"(the provider's statuses). Mend it at",
		},
		"excluded":   {client.HostRef{Device: "r1"}, func(cfg *client.Config) { cfg.Inventory, cfg.Zabbix.Mappings = sourceOf{device: device}, rules }, "device", client.ErrNotReady, "unmonitored"},
		"unheard of": {client.HostRef{Device: "r9"}, func(cfg *client.Config) { cfg.Inventory = sourceOf{device: device} }, "device", inventory.ErrNotFound, "r9"},
		"two of a name": {client.HostRef{Device: "r1", Tenant: "ops"}, func(cfg *client.Config) {
			cfg.Inventory = sourceOf{twins: []inventory.Object{{ID: "1", Site: "ams", Tenant: "ops"}, {ID: "2", Site: "fra", Tenant: "ops"}, {ID: "3"}}}
		}, "device", inventory.ErrAmbiguous, `site "ams"`},
		"no source":      {client.HostRef{VirtualMachine: "vm"}, nil, "virtual_machine", nil, "inventory_file"},
		"source unknown": {client.HostRef{Device: "r1"}, func(cfg *client.Config) { cfg.InventoryUnknown = "inventory_file" }, "device", client.ErrUnknown, "inventory_file"},
		"zabbix unknown": {client.HostRef{Host: "x"}, func(cfg *client.Config) { cfg.Zabbix.Unknown = []string{"zabbix.url"} }, "host", client.ErrUnknown, "zabbix.url"},
		"events unknown": {client.HostRef{Host: "x"}, func(cfg *client.Config) { cfg.Unknown = []string{"events_file"} }, "host", client.ErrUnknown, "events_file"},
		"no zabbix":      {client.HostRef{Host: "x"}, func(cfg *client.Config) { cfg.Zabbix = nil }, "host", nil, "PROVISION_ZABBIX_URL"},
		"no rules for kind": {client.HostRef{VirtualMachine: "vm"}, func(cfg *client.Config) {
			cfg.Inventory, cfg.Zabbix.Mappings = sourceOf{machine: inventory.Object{Kind: inventory.VirtualMachine, Name: "vm", Status: "active"}}, rules
		}, "virtual_machine", nil, "no rules"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := zabbixClient(&fakeZabbix{}, c.edit).Subject(t.Context(), c.ref)
			var at *client.AttributeError
			if !errors.As(err, &at) || at.Attribute != c.at || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestSubjectWhereOnlyDevicesAreUnknown(t *testing.T) {
	c := zabbixClient(&fakeZabbix{}, func(cfg *client.Config) { cfg.Unknown = []string{"credentials", "ssh.known_hosts", "max_sessions"} })
	if _, err := c.Subject(t.Context(), client.HostRef{Host: "x"}); err != nil {
		t.Errorf("hosts need nothing of that: %v", err)
	}
}

func TestRunHostMakesAHost(t *testing.T) {
	f := &fakeZabbix{}
	var events []provision.Event
	c := zabbixClient(f, func(cfg *client.Config) {
		cfg.Events = []eventlog.Sink{func(_ context.Context, ev provision.Event) error { events = append(events, ev); return nil }}
	})
	job := client.HostJob{Name: "r1", Intent: intent("r1"), DryRun: true}
	planned, err := c.RunHost(t.Context(), job)
	if err != nil || planned.Summary.Action != zabbix.ActionCreate || planned.Host != nil || len(f.created) != 0 {
		t.Fatalf("plan: %+v %v", planned, err)
	}
	job.DryRun, job.Approved = false, &provision.Approval{Diff: planned.Diff.String(), ChangeID: planned.ChangeID}
	made, err := c.RunHost(t.Context(), job)
	if err != nil || made.Outcome != provision.OutcomeApplied || made.Host == nil || made.Host.ID != "101" {
		t.Fatalf("apply: %+v %v", made, err)
	}
	if !strings.HasPrefix(f.created[0].Run, "run-1#") {
		t.Errorf("the mark of the run: %+v", f.created[0])
	}
	if len(events) == 0 || events[0].Name != "r1" || events[0].Driver != zabbix.DriverName {
		t.Errorf("events %+v", events)
	}
	seen, err := c.LookAtHost(t.Context(), zabbix.Ref{Name: "r1"})
	if err != nil || seen.Running.Digest != made.Running.Digest || cmp.Diff(seen.Summary.Host, made.Host) != "" {
		t.Errorf("look: %+v %v", seen, err)
	}
	if seen, err := c.LookAtHost(t.Context(), zabbix.Ref{Name: "r9"}); err != nil || seen.Summary.Host != nil {
		t.Errorf("a host that is not there: %+v %v", seen, err)
	}
}

// A host that was made and is not what it should be is deleted; where that fails it
// is in Zabbix and in no state, and the error says which it is.
func TestRunHostNamesTheHostThatItLeaves(t *testing.T) {
	f := &fakeZabbix{after: func(h *zabbix.Host) { h.Groups = nil }}
	res, err := zabbixClient(f, nil).RunHost(t.Context(), client.HostJob{Name: "r1", Intent: intent("r1")})
	if err == nil || res.Outcome != provision.OutcomeReverted || len(f.hosts) > 0 || strings.Join(f.deleted, " ") != "101" {
		t.Fatalf("%s, deleted %q, %v", res.Outcome, f.deleted, err)
	}
	f.created, f.stays = nil, errors.New("no permission to delete")
	res, err = zabbixClient(f, nil).RunHost(t.Context(), client.HostJob{Name: "r1", Intent: intent("r1")})
	var failed *provision.Error
	if !errors.As(err, &failed) || res.Outcome != provision.OutcomeUnknown {
		t.Fatalf("%s, %v", res.Outcome, err)
	}
	const next = `the host was made (hostid 101) and is not in the state: look at it in Zabbix, ` +
		`then import it (terraform import ADDRESS "r1") or delete it there; then plan again`
	if failed.Next != next || failed.Target != "r1" || !strings.Contains(failed.Err.Error(), "Linux servers") {
		t.Errorf("%v", err)
	}
	f.after = func(h *zabbix.Host) { h.Groups, h.Mark.Run = nil, "run-1#another" }
	delete(f.hosts, "r1")
	if _, err := zabbixClient(f, nil).RunHost(t.Context(), client.HostJob{Name: "r1", Intent: intent("r1")}); err == nil || strings.Contains(err.Error(), "was made") {
		t.Errorf("somebody else's host: %v", err)
	}
}

// A Zabbix that is newer than all that are known is spoken to, with one warning a
// process.
func TestRunHostOnANewerZabbix(t *testing.T) {
	for text, v := range map[string]api.Version{"7.4.3": {Major: 7, Minor: 4, Text: "7.4.3"}, "8.0.0": {Major: 8, Text: "8.0.0"}} {
		c := zabbixClient(&fakeZabbix{version: v}, nil)
		var told []string
		for _, name := range []string{"r1", "r2"} {
			res, err := c.RunHost(t.Context(), client.HostJob{Name: name, Intent: intent(name), DryRun: true})
			if err != nil {
				t.Fatal(err)
			}
			told = append(told, res.Warnings...)
		}
		newer := len(told) == 1 && strings.Contains(told[0], "Zabbix 8.0.0 is newer than 7.4") && strings.Contains(told[0], "like 7.4:")
		if newer != (text == "8.0.0") || len(told) > 1 {
			t.Errorf("%s: %q", text, told)
		}
	}
}

func TestRunHostDoesNotSeeWhatItReplaces(t *testing.T) {
	f := &fakeZabbix{hosts: map[string]*zabbix.Host{"r1": host("12", "r1")}}
	c := zabbixClient(f, nil)
	job := client.HostJob{Name: "r1", Intent: intent("r1"), DryRun: true}
	if _, err := c.RunHost(t.Context(), job); !errors.Is(err, zabbix.ErrExists) {
		t.Fatalf("%v", err)
	}
	job.Without = "12"
	if res, err := c.RunHost(t.Context(), job); err != nil || res.Summary.Action != zabbix.ActionCreate {
		t.Errorf("%+v %v", res, err)
	}
	job.Without = "13"
	if _, err := c.RunHost(t.Context(), job); !errors.Is(err, zabbix.ErrExists) {
		t.Errorf("another host is seen: %v", err)
	}
}

// TestWhatAProcessEndedIsNotDugUp: a replacement makes a new host, in the plan
// and in the apply, so that the two agree.
func TestWhatAProcessEndedIsNotDugUp(t *testing.T) {
	buried := host("12", "r1_archived")
	buried.Mark = zabbix.Mark{BuriedName: "r1", BuriedObject: "r1"}
	f := &fakeZabbix{hosts: map[string]*zabbix.Host{"r1_archived": buried, "r2": host("13", "r1")}}
	c := zabbixClient(f, nil)
	dig := client.HostJob{Name: "r1", Intent: intent("r1"), DryRun: true}
	if res, err := c.RunHost(t.Context(), dig); err != nil || res.Summary.Action != zabbix.ActionRevive {
		t.Fatalf("%+v %v", res.Summary, err)
	}
	dig.Without = "13"
	planned, err := c.RunHost(t.Context(), dig)
	if err != nil || planned.Summary.Action != zabbix.ActionCreate {
		t.Fatalf("a plan of a replacement: %+v %v", planned.Summary, err)
	}
	end := client.HostJob{Name: "r1", Intent: zabbix.Intent{ID: "13", Name: "r1", Destroy: zabbix.DestroyDelete}}
	if _, err := c.RunHost(t.Context(), end); err != nil || !slices.Equal(f.deleted, []string{"13"}) {
		t.Fatalf("%v %v", f.deleted, err)
	}
	dig.Without = ""
	res, err := c.RunHost(t.Context(), dig)
	if err != nil || res.Summary.Action != zabbix.ActionCreate || res.ChangeID != planned.ChangeID {
		t.Errorf("%+v %v, planned %q, got %q", res.Summary, err, planned.ChangeID, res.ChangeID)
	}
}

// TestTheEndOfAHostThatIsGone: a host that somebody deleted after the plan of its
// end needs nothing, and the events call nothing a failure.
func TestTheEndOfAHostThatIsGone(t *testing.T) {
	var events []provision.Event
	f := &fakeZabbix{hosts: map[string]*zabbix.Host{"r1": host("12", "r1")}}
	c := zabbixClient(f, func(cfg *client.Config) {
		cfg.Events = []eventlog.Sink{func(_ context.Context, ev provision.Event) error { events = append(events, ev); return nil }}
	})
	end := client.HostJob{Name: "r1", Intent: zabbix.Intent{ID: "12", Name: "r1", Destroy: zabbix.DestroyDelete}, DryRun: true}
	planned, err := c.RunHost(t.Context(), end)
	if err != nil || planned.Diff.Empty() {
		t.Fatalf("%v, %v", planned.Diff, err)
	}
	delete(f.hosts, "r1")
	end.DryRun, end.Approved = false, &provision.Approval{Diff: planned.Diff.String(), ChangeID: planned.ChangeID}
	res, err := c.RunHost(t.Context(), end)
	if err != nil || res.Outcome != provision.OutcomeNoChange || len(f.deleted) != 0 {
		t.Errorf("%s, %v, deleted %q", res.Outcome, err, f.deleted)
	}
	said := map[provision.Step]provision.Outcome{}
	for _, ev := range events {
		said[ev.Step] = ev.Outcome
		if ev.Outcome == provision.OutcomeFailed || ev.Err != nil {
			t.Errorf("an event tells of a failure: %+v", ev)
		}
	}
	if said[provision.StepCompare] != provision.OutcomeSkipped || said[provision.StepFinished] != provision.OutcomeNoChange {
		t.Errorf("the events say %v", said)
	}
}

func TestRunHostHidesSecrets(t *testing.T) {
	var events []provision.Event
	f := &fakeZabbix{fails: errors.New("refused planted-secret and 00112233445566778899aabbccddeeff")}
	c := zabbixClient(f, func(cfg *client.Config) {
		cfg.Events = []eventlog.Sink{func(_ context.Context, ev provision.Event) error { events = append(events, ev); return nil }}
	})
	in := intent("r1")
	key := "00112233445566778899aabbccddeeff"
	in.Secrets, in.PSK = &[]zabbix.Secret{{Name: "{$P}", Value: "planted-secret", Renew: true}}, &key
	in.TLS = &zabbix.TLS{Connect: zabbix.PSK, Accept: []zabbix.Encryption{zabbix.PSK}, PSKIdentity: "x"}
	_, err := c.RunHost(t.Context(), client.HostJob{Name: "r1", Intent: in})
	if err == nil {
		t.Fatal("it must fail")
	}
	text := err.Error() + fmt.Sprintf("%+v", events)
	if strings.Contains(text, "planted-secret") || strings.Contains(text, key) {
		t.Errorf("a secret is shown: %s", text)
	}
}

func TestRunHostStopsAfterTooManyFailures(t *testing.T) {
	f := &fakeZabbix{fails: errors.New("refused")}
	c := zabbixClient(f, func(cfg *client.Config) { cfg.MaxFailures = 1 })
	if _, err := c.RunHost(t.Context(), client.HostJob{Name: "r1", Intent: intent("r1")}); err == nil {
		t.Fatal("it must fail")
	}
	if _, err := c.RunHost(t.Context(), client.HostJob{Name: "r2", Intent: intent("r2")}); !errors.Is(err, provision.ErrTooManyFailures) {
		t.Errorf("%v", err)
	}
}

func TestClaimHost(t *testing.T) {
	claim := func(c *client.Client, name, id, replaces string) bool { return c.ClaimHost(name, id, replaces) == nil }
	found := func(c *client.Client, name, id string) bool { return c.ClaimFound(name, id) == nil }
	for name, f := range map[string]func(c *client.Client) bool{
		"two new ones of a name": func(c *client.Client) bool { return claim(c, "r1", "", "") && !claim(c, "r1", "", "") },
		"two of an id":           func(c *client.Client) bool { return claim(c, "r1", "1", "") && !claim(c, "r1", "1", "") },
		"two names of an id":     func(c *client.Client) bool { return claim(c, "r1", "1", "") && !claim(c, "r2", "1", "") },
		"new one of a taken name": func(c *client.Client) bool {
			return claim(c, "r1", "1", "") && !claim(c, "r1", "", "")
		},
		"replacement of itself":  func(c *client.Client) bool { return claim(c, "r1", "1", "") && claim(c, "r1", "", "1") },
		"replacement of another": func(c *client.Client) bool { return claim(c, "r1", "1", "") && !claim(c, "r1", "", "2") },
		"found after it was new": func(c *client.Client) bool { return claim(c, "r1", "", "") && found(c, "r1", "1") },
		"renamed to a new one's": func(c *client.Client) bool { return claim(c, "r1", "", "") && !claim(c, "r1", "1", "") },
		"found what another has": func(c *client.Client) bool {
			return claim(c, "r0", "1", "") && claim(c, "r1", "", "") && !found(c, "r1", "1")
		},
		"different ones": func(c *client.Client) bool {
			return claim(c, "r1", "1", "") && claim(c, "r2", "2", "") && claim(c, "r3", "", "")
		},
		"new one, then an id too": func(c *client.Client) bool { return claim(c, "r1", "", "") && claim(c, "r2", "", "") },
	} {
		if !f(zabbixClient(&fakeZabbix{}, nil)) {
			t.Error(name)
		}
	}
}

// A host whose resource is tainted is planned as a new one: only what Read found
// tells that it is the resource's own.
func TestTaintedHosts(t *testing.T) {
	former := client.Former{ID: "1", Name: "r1", Object: "device:1", OnDestroy: zabbix.DestroyBury}
	succeeds := func(c *client.Client) bool {
		f, ok, err := c.Succeed("r1")
		return ok && err == nil && f == former
	}
	stranger := func(c *client.Client) bool {
		_, ok, err := c.Succeed("r1")
		return !ok && err == nil
	}
	refused := func(c *client.Client) bool {
		_, ok, err := c.Succeed("r1")
		return !ok && err != nil && strings.Contains(err.Error(), "add a moved block")
	}
	kept := func(c *client.Client) bool { return c.ClaimHost("r1", "1", "") == nil }
	ends := func(c *client.Client) bool { return c.ClaimEnd("r1", "1") == nil }
	for name, c2 := range map[string]struct {
		first, then func(c *client.Client) bool
		want        bool
	}{
		"tainted":                        {succeeds, func(c *client.Client) bool { return c.ClaimHost("r1", "", "1") == nil }, true},
		"kept by another":                {kept, stranger, true},
		"then kept by another":           {succeeds, kept, false},
		"destroyed by another":           {ends, refused, true},
		"then destroyed by another":      {succeeds, ends, false},
		"kept, then destroyed":           {kept, ends, false},
		"new by name, then destroyed":    {func(c *client.Client) bool { return c.ClaimHost("r1", "", "") == nil }, ends, false},
		"another host than the one read": {func(c *client.Client) bool { return c.ClaimEnd("r2", "2") == nil }, succeeds, true},
	} {
		c := zabbixClient(&fakeZabbix{}, nil)
		c.NoteHost(former)
		if !c2.first(c) || c2.then(c) != c2.want {
			t.Error(name)
		}
	}
	if !stranger(zabbixClient(&fakeZabbix{}, nil)) {
		t.Error("nothing was read, and yet it succeeds something")
	}
}

func TestCountDestroy(t *testing.T) {
	c := zabbixClient(&fakeZabbix{}, nil) // two at most
	for _, id := range []string{"1", "2", "1"} {
		if err := c.CountDestroy(id, "r"+id, false); err != nil {
			t.Fatal(err)
		}
	}
	err := c.CountDestroy("3", "r3", false)
	if err == nil || !strings.Contains(err.Error(), "r3 (hostid 3)") || !strings.Contains(err.Error(), "max_destroy") {
		t.Errorf("%v", err)
	}
	if err := c.CountDestroy("4", "r4", false); err != nil {
		t.Errorf("a plan says it once: %v", err)
	}
	if err := c.CountDestroy("4", "r4", true); err == nil {
		t.Error("what is done must stop each")
	}
	if err := c.CountDestroy("2", "r2", true); err != nil {
		t.Errorf("one that was counted: %v", err)
	}
}

func TestHosts(t *testing.T) {
	a, b := host("1", "a"), host("2", "b")
	a.Templates, a.Tags = []string{"Linux"}, []zabbix.Tag{{Name: "site", Value: "fra1"}}
	b.Groups = []string{"Routers"}
	c := zabbixClient(&fakeZabbix{hosts: map[string]*zabbix.Host{"a": a, "b": b}}, nil)
	for name, c2 := range map[string]struct {
		f    client.HostFilter
		want string
	}{
		"everything":    {client.HostFilter{}, "a b"},
		"any of groups": {client.HostFilter{Groups: []string{"Routers", "x"}}, "b"},
		"template":      {client.HostFilter{Templates: []string{"Linux"}}, "a"},
		"tag":           {client.HostFilter{Tags: []zabbix.Tag{{Name: "site", Value: "fra1"}, {Name: "site", Value: "ams1"}}}, "a"},
		"tags of two":   {client.HostFilter{Tags: []zabbix.Tag{{Name: "site", Value: "fra1"}, {Name: "role", Value: "x"}}}, ""},
		"all of fields": {client.HostFilter{Templates: []string{"Linux"}, Groups: []string{"Routers"}}, ""},
	} {
		list, err := c.Hosts(t.Context(), c2.f)
		var names []string
		for _, h := range list {
			names = append(names, h.Name)
		}
		if got := strings.Join(names, " "); err != nil || got != c2.want {
			t.Errorf("%s: got %q %v, want %q", name, got, err, c2.want)
		}
	}
}

func TestHostURL(t *testing.T) {
	for url, want := range map[string]string{
		"https://z.example.net":                        "https://z.example.net/zabbix.php?action=latest.view&filter_set=1&hostids%5B%5D=12",
		"https://z.example.net/zabbix/":                "https://z.example.net/zabbix/zabbix.php?action=latest.view&filter_set=1&hostids%5B%5D=12",
		"https://z.example.net/zabbix/api_jsonrpc.php": "https://z.example.net/zabbix/zabbix.php?action=latest.view&filter_set=1&hostids%5B%5D=12",
	} {
		c := zabbixClient(&fakeZabbix{}, func(cfg *client.Config) { cfg.Zabbix.URL = url })
		if got := c.HostURL("12"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestHostDefaults(t *testing.T) {
	for name, c := range map[string]*client.Client{
		"without zabbix": zabbixClient(&fakeZabbix{}, func(cfg *client.Config) { cfg.Zabbix = nil }),
		"with an empty":  zabbixClient(&fakeZabbix{}, nil),
	} {
		d := c.HostDefaults()
		if d.AgentPort != "10050" || d.Use != client.UseAuto || d.OnDestroy != zabbix.DestroyBury || d.OnDrift != client.DriftRevert || d.Adopt || d.Enabled != nil || d.TemplateRemoval != client.RemovalUnlink || d.TLS != nil || d.InventoryMode != "" {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestNamesOfZabbixThings(t *testing.T) {
	for _, n := range client.InventoryModes() {
		if client.InventoryMode(n).String() != n {
			t.Error(n)
		}
	}
	for _, n := range client.Encryptions() {
		if client.Encryption(n).String() != n {
			t.Error(n)
		}
	}
	if client.Encryption("x") != 0 {
		t.Error("x is none")
	}
	for want, h := range map[string]*zabbix.Host{
		client.AgentUnknown: {Agent: &zabbix.Interface{}}, client.AgentAvailable: {Agent: &zabbix.Interface{Available: zabbix.Up}},
		client.AgentUnavailable: {Agent: &zabbix.Interface{Available: zabbix.Down}}, client.AgentNone: {},
	} {
		if got := client.AgentState(h); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if !client.SameIP("2001:db8::1", "2001:DB8:0::1") || client.SameIP("192.0.2.1", "192.0.2.2") || client.SameIP("", "") {
		t.Error("SameIP")
	}
}
