package client_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/file"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
)

const devices = `devices:
  r1: {host: 192.0.2.1, driver: fake, config: "new\n"}
  r2: {host: 192.0.2.2, port: 2200, platform: box, credentials: edge, status: staged}
  odd: {host: 192.0.2.3, platform: toaster}
  failed: {status: failed}
  worse: {status: failed, platform: toaster}
  elsewhere: {host: 192.0.2.4, driver: fake, credentials: none}
  unsure: {host: 192.0.2.5, driver: fake, credentials: unsure}
  behind: {host: 192.0.2.6, driver: fake, credentials: behind}
`

// config is a complete configuration; tests change what they are about.
func config(t *testing.T, drv device.Driver) client.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "inventory.yaml")
	if err := os.WriteFile(path, []byte(devices), 0o600); err != nil {
		t.Fatal(err)
	}
	source, err := file.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return client.Config{
		Inventory: source, Drivers: []device.Driver{drv}, Platforms: map[string]string{"box": "fake"},
		Credentials: map[string]client.Credential{
			"default": {Username: "netops", Password: "hunter22", EnablePassword: "enable22"},
			"edge":    {Username: "edge", PrivateKey: "key", Passphrase: "phrase22", Port: 2201, HostKey: "SHA256:x", Options: map[string]string{"a": "b"}},
			"unsure":  {Username: "u", Unknown: []string{"password"}},
			"behind":  {Username: "inner", Password: "inner222", JumpHost: "near"},
			"hop":     {Username: "hop", Password: "hop22222", Port: 2022},
		},
		SSH: client.SSH{
			KnownHosts: []string{"known_hosts"}, ConnectTimeout: time.Second,
			JumpHosts: map[string]client.JumpHost{
				"near":  {Host: "near.example", Credentials: "hop", JumpHost: "far"},
				"far":   {Host: "far.example", Port: 22},
				"loop1": {Host: "l1", JumpHost: "loop2"},
				"loop2": {Host: "l2", JumpHost: "loop1"},
			},
		},
	}
}

func newClient(t *testing.T, cfg client.Config) *client.Client {
	t.Helper()
	c := client.New(cfg)
	t.Cleanup(func() {
		if err := c.Close(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return c
}

func resolve(t *testing.T, c *client.Client, ref client.Ref) client.Endpoint {
	t.Helper()
	e, err := c.Resolve(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestResolveTakesWhatTheSourceSays(t *testing.T) {
	c := newClient(t, config(t, newFakeDriver("fake")))
	e := resolve(t, c, client.Ref{Name: "r1"})
	if e.Device.Host != "192.0.2.1" || e.Port != 2222 || e.Device.Port != 2222 || e.Credentials != "default" || e.Driver.Name() != "fake" {
		t.Errorf("%+v", e)
	}
	if e.Device.SSH.Username != "netops" || e.Device.SSH.Password != "hunter22" || e.Device.EnablePassword != "enable22" {
		t.Errorf("login %+v", e.Device.SSH)
	}
	if len(e.Device.SSH.KnownHosts) != 1 || e.Device.SSH.ConnectTimeout != time.Second || e.Device.SSH.Agent {
		t.Errorf("transport %+v", e.Device.SSH)
	}
	if e.Inventory == nil || !strings.HasSuffix(e.Inventory.URL, ":2") {
		t.Errorf("record %+v", e.Inventory)
	}
}

func TestResolveMapsPlatformsAndEntries(t *testing.T) {
	e := resolve(t, newClient(t, config(t, newFakeDriver("fake"))), client.Ref{Name: "r2"})
	if e.Driver.Name() != "fake" || e.Credentials != "edge" || e.Port != 2200 || e.Device.SSH.HostKey != "SHA256:x" || e.Device.Options["a"] != "b" {
		t.Errorf("%+v", e)
	}
}

func TestResolvePrefersTheReference(t *testing.T) {
	cfg := config(t, newFakeDriver("fake"))
	cfg.Drivers = append(cfg.Drivers, newFakeDriver("other"))
	e := resolve(t, newClient(t, cfg), client.Ref{Name: "r2", Host: "h", Port: 9, Driver: "other", Credentials: "default"})
	if e.Device.Host != "h" || e.Port != 9 || e.Driver.Name() != "other" || e.Credentials != "default" {
		t.Errorf("%+v", e)
	}
}

func TestResolvePortOfTheEntry(t *testing.T) {
	e := resolve(t, newClient(t, config(t, newFakeDriver("fake"))), client.Ref{Name: "r1", Credentials: "edge"})
	if e.Port != 2201 {
		t.Errorf("port %d", e.Port)
	}
}

func TestResolveWithoutARecord(t *testing.T) {
	cfg := config(t, newFakeDriver("fake"))
	ref := client.Ref{Name: "new", Host: "192.0.2.9", Driver: "fake"}
	if e := resolve(t, newClient(t, cfg), ref); e.Inventory != nil || e.Device.Host != "192.0.2.9" {
		t.Errorf("%+v", e)
	}
	cfg.Inventory = nil
	if e := resolve(t, newClient(t, cfg), ref); e.Inventory != nil {
		t.Errorf("without a source: %+v", e)
	}
}

func TestResolveThroughJumpHosts(t *testing.T) {
	e := resolve(t, newClient(t, config(t, newFakeDriver("fake"))), client.Ref{Name: "behind"})
	jump := e.Device.SSH.Jump
	if len(jump) != 2 || jump[0].Host != "far.example" || jump[1].Host != "near.example" {
		t.Fatalf("jump hosts %+v", jump)
	}
	if jump[0].Port != 22 || jump[0].Username != "netops" || jump[1].Port != 2022 || jump[1].Username != "hop" || jump[1].ConnectTimeout != time.Second {
		t.Errorf("logins %+v", jump)
	}
}

func TestResolveErrors(t *testing.T) {
	for _, c := range []struct {
		name      string
		ref       client.Ref
		change    func(*client.Config)
		attribute string
		is        error
		says      []string
	}{
		{"unknown name", client.Ref{Name: "r3"}, nil, "name", inventory.ErrNotFound, []string{`"r3"`, "near names: r1, r2", "inventory.yaml", "host and driver"}},
		{"host alone does not do", client.Ref{Name: "r3", Host: "h"}, nil, "name", inventory.ErrNotFound, nil},
		{"not ready", client.Ref{Name: "failed"}, nil, "name", client.ErrNotReady, []string{`status is "failed"`, "active, planned, staged", "no address", "no driver", "inventory.yaml:5"}},
		{"own statuses", client.Ref{Name: "r1"}, func(c *client.Config) { c.Statuses = []string{"live"} }, "name", client.ErrNotReady, []string{`status is "active"`, "live"}},
		{"unknown driver", client.Ref{Name: "r1", Driver: "junos"}, nil, "driver", nil, []string{`no driver "junos"`, "the drivers are fake"}},
		{"platform without driver", client.Ref{Name: "odd"}, nil, "name", client.ErrNotReady, []string{`its platform "toaster" has no driver`, `drivers = { "toaster" = "..." }`, "the drivers are fake", "inventory.yaml:4"}},
		{"everything is missing", client.Ref{Name: "worse"}, nil, "name", client.ErrNotReady, []string{`its status is "failed"`, "no address", `its platform "toaster" has no driver`, "inventory.yaml:6"}},
		{"a driver does not replace the rest", client.Ref{Name: "worse", Driver: "fake"}, nil, "name", client.ErrNotReady, []string{`its status is "failed"`, "no address"}},
		{"platform of an unknown driver", client.Ref{Name: "r2"}, func(c *client.Config) { c.Platforms["box"] = "junos" }, "driver", nil, []string{`no driver "junos"`, "the drivers are fake"}},
		{"no source, no host", client.Ref{Name: "r1"}, func(c *client.Config) { c.Inventory = nil }, "host", client.ErrNotReady, []string{"inventory_file"}},
		{"no source, no driver", client.Ref{Name: "r1", Host: "h"}, func(c *client.Config) { c.Inventory = nil }, "driver", client.ErrNotReady, nil},
		{"source not yet known", client.Ref{Name: "r1"}, func(c *client.Config) { c.InventoryUnknown = "inventory_file" }, "name", client.ErrUnknown, []string{"inventory_file"}},
		{"provider not yet known", client.Ref{Name: "r1"}, func(c *client.Config) { c.Unknown = []string{"redact"} }, "name", client.ErrUnknown, []string{"redact"}},
		{"unknown entry", client.Ref{Name: "elsewhere"}, nil, "credentials", nil, []string{`no entry "none"`, "default, edge"}},
		{"entry of the reference", client.Ref{Name: "r1", Credentials: "zz"}, nil, "credentials", nil, []string{`no entry "zz"`}},
		{"entry not yet known", client.Ref{Name: "unsure"}, nil, "credentials", client.ErrUnknown, []string{"password", `"unsure"`}},
		{"no credentials", client.Ref{Name: "r1"}, func(c *client.Config) { c.Credentials = nil }, "credentials", nil, []string{"PROVISION_CREDENTIALS_DEFAULT_USERNAME", "credentials = {"}},
		{"no user", client.Ref{Name: "r1"}, entry(client.Credential{Password: "hunter22"}), "credentials", nil, []string{"no username"}},
		{"no secret", client.Ref{Name: "r1"}, entry(client.Credential{Username: "u"}), "credentials", nil, []string{"neither private_key nor password", "ssh.agent"}},
		{"no host key", client.Ref{Name: "r1"}, func(c *client.Config) { c.SSH.KnownHosts = nil }, "credentials", nil, []string{"host_key", "ssh.known_hosts"}},
		{"no such jump host", client.Ref{Name: "r1"}, entry(client.Credential{Username: "u", Password: "hunter22", JumpHost: "zz"}), "credentials", nil, []string{`no jump host "zz"`, "far, loop1"}},
		{"circle of jump hosts", client.Ref{Name: "r1"}, entry(client.Credential{Username: "u", Password: "hunter22", JumpHost: "loop1"}), "credentials", nil, []string{"circle", "loop1 -> loop2 -> loop1"}},
		{"jump host without login", client.Ref{Name: "behind"}, entry(client.Credential{}), "credentials", nil, []string{`jump host "far"`, "no username"}},
		{"jump host without entry", client.Ref{Name: "behind"}, func(c *client.Config) { delete(c.Credentials, "hop") }, "credentials", nil, []string{`jump host "near"`, `no entry "hop"`}},
		{"jump host not yet known", client.Ref{Name: "behind"}, func(c *client.Config) { c.Credentials["hop"] = client.Credential{Unknown: []string{"password"}} }, "credentials", client.ErrUnknown, []string{`jump host "near"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := config(t, newFakeDriver("fake"))
			if c.change != nil {
				c.change(&cfg)
			}
			_, err := newClient(t, cfg).Resolve(t.Context(), c.ref)
			var at *client.AttributeError
			if !errors.As(err, &at) || at.Attribute != c.attribute {
				t.Fatalf("%v is not at %s", err, c.attribute)
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%v is not %v", err, c.is)
			}
			if c.is == nil && errors.Is(err, client.ErrNotReady) {
				t.Errorf("%v is %v", err, client.ErrNotReady)
			}
			for _, s := range append(c.says, c.ref.Name) {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%v does not say %s", err, s)
				}
			}
			if strings.Contains(err.Error(), "hunter22") {
				t.Errorf("%v holds a secret", err)
			}
		})
	}
}

// entry replaces the entry "default".
func entry(e client.Credential) func(*client.Config) {
	return func(c *client.Config) { c.Credentials["default"] = e }
}

func TestAnUnknownEntryConcernsOnlyItsDevices(t *testing.T) {
	c := newClient(t, config(t, newFakeDriver("fake")))
	resolve(t, c, client.Ref{Name: "r1"})
	if _, err := c.Resolve(t.Context(), client.Ref{Name: "unsure"}); !errors.Is(err, client.ErrUnknown) {
		t.Errorf("got %v", err)
	}
}

func TestTheAgentIsEnoughOfALogin(t *testing.T) {
	cfg := config(t, newFakeDriver("fake"))
	cfg.Credentials["default"], cfg.SSH.Agent = client.Credential{Username: "u"}, true
	if e := resolve(t, newClient(t, cfg), client.Ref{Name: "r1"}); !e.Device.SSH.Agent {
		t.Errorf("%+v", e.Device.SSH)
	}
}

func TestEndpointMasksItsSecrets(t *testing.T) {
	e := resolve(t, newClient(t, config(t, newFakeDriver("fake"))), client.Ref{Name: "r1"})
	if got := e.Device.Redact.String("hunter22 enable22"); got != "<redacted> <redacted>" {
		t.Errorf("got %q", got)
	}
}

// The entry of a device is named by its secrets group, role or platform where
// nothing else names one, in this order.
func TestCredentialsByWhatTheDeviceIs(t *testing.T) {
	entry := client.Credential{Username: "u", Password: "hunter22"}
	for _, c := range []struct {
		o    inventory.Object
		want string
	}{
		{inventory.Object{SecretsGroup: "group", Role: "edge-router", Platform: "box"}, "group"},
		{inventory.Object{SecretsGroup: "unheard", Role: "edge-router", Platform: "box"}, "edge-router"},
		{inventory.Object{Role: "core", Platform: "box"}, "box"},
		{inventory.Object{Role: "core", Driver: "fake"}, "default"},
		{inventory.Object{SecretsGroup: "group", Credentials: "edge-router", Platform: "box"}, "edge-router"},
	} {
		cfg := config(t, newFakeDriver("fake"))
		cfg.Credentials = map[string]client.Credential{"default": entry, "group": entry, "edge-router": entry, "box": entry}
		c.o.Name, c.o.Host, c.o.Status = "r1", "h", "active"
		cfg.Inventory = sourceOf{device: c.o}
		if e := resolve(t, newClient(t, cfg), client.Ref{Name: "r1"}); e.Credentials != c.want {
			t.Errorf("%+v: entry %q, want %q", c.o, e.Credentials, c.want)
		}
	}
}

// A platform that is called like a driver needs no map; the map wins.
func TestDriverByTheNameOfThePlatform(t *testing.T) {
	cfg := config(t, newFakeDriver("fake"))
	cfg.Drivers = append(cfg.Drivers, newFakeDriver("other"))
	cfg.Inventory = sourceOf{device: inventory.Object{Name: "r1", Host: "h", Status: "active", Platform: "other"}}
	if e := resolve(t, newClient(t, cfg), client.Ref{Name: "r1"}); e.Driver.Name() != "other" {
		t.Errorf("driver %s", e.Driver.Name())
	}
	cfg.Platforms = map[string]string{"other": "fake"}
	if e := resolve(t, newClient(t, cfg), client.Ref{Name: "r1"}); e.Driver.Name() != "fake" {
		t.Errorf("driver %s", e.Driver.Name())
	}
}

func TestTwoDevicesOfAName(t *testing.T) {
	cfg := config(t, newFakeDriver("fake"))
	twin := inventory.Object{Name: "r1", Host: "h", Driver: "fake", Status: "active"}
	ams, fra := twin, twin
	ams.Site, fra.Site, fra.Host = "ams", "fra", "h2"
	cfg.Inventory = sourceOf{twins: []inventory.Object{ams, fra}}
	c := newClient(t, cfg)
	_, err := c.Resolve(t.Context(), client.Ref{Name: "r1", Host: "h", Driver: "fake"})
	var at *client.AttributeError
	if !errors.As(err, &at) || at.Attribute != "name" || !errors.Is(err, inventory.ErrAmbiguous) {
		t.Errorf("got %v", err)
	}
	if e := resolve(t, c, client.Ref{Name: "r1", Site: "fra"}); e.Device.Host != "h2" {
		t.Errorf("host %s", e.Device.Host)
	}
}

func TestIntendedConfig(t *testing.T) {
	c := newClient(t, config(t, newFakeDriver("fake")))
	text, err := c.IntendedConfig(t.Context(), resolve(t, c, client.Ref{Name: "r1"}), inventory.Intent{})
	if err != nil || string(text) != "new\n" {
		t.Errorf("%q %v", text, err)
	}
	var at *client.AttributeError
	_, err = c.IntendedConfig(t.Context(), resolve(t, c, client.Ref{Name: "r2"}), inventory.Intent{})
	if !errors.As(err, &at) || at.Attribute != "config" || !strings.Contains(err.Error(), "inventory.yaml:3") {
		t.Errorf("none in the source: %v", err)
	}
	_, err = c.IntendedConfig(t.Context(), resolve(t, c, client.Ref{Name: "new", Host: "h", Driver: "fake"}), inventory.Intent{})
	if !errors.As(err, &at) || at.Attribute != "config" {
		t.Errorf("no record: %v", err)
	}
}

// secretive is a source of truth that fills in secrets.
type secretive struct{ sourceOf }

func (s secretive) Config(_ context.Context, _ inventory.Object, intent inventory.Intent) ([]byte, error) {
	intent.Secret(inventory.Secret{Words: []string{"planted-1"}, Patterns: []*regexp.Regexp{regexp.MustCompile(`^password (.*)$`)}})
	return []byte("password planted-1\n"), nil
}

// What the source filled in is a secret of this device from then on, also for who
// resolved it before: its session may be open already.
func TestIntendedConfigWithSecrets(t *testing.T) {
	cfg := config(t, newFakeDriver("fake"))
	record := func(name string) inventory.Object {
		return inventory.Object{Kind: inventory.Device, ID: name, Name: name, Host: "h", Driver: "fake", Status: "active"}
	}
	cfg.Inventory = secretive{sourceOf{device: record("r1")}}
	c := newClient(t, cfg)
	before := resolve(t, c, client.Ref{Name: "r1"})
	session := before.Device.Redact.With(regexp.MustCompile("never"))
	if got := session.String("planted-1"); got != "planted-1" {
		t.Errorf("before: %q", got)
	}
	if _, err := c.IntendedConfig(t.Context(), before, inventory.Intent{}); err != nil {
		t.Fatal(err)
	}
	other := resolve(t, c, client.Ref{Name: "r2", Host: "h2", Driver: "fake"})
	for _, c := range []struct{ got, want string }{
		{session.String("x planted-1"), "x <redacted>"},
		{session.String("password of-yesterday"), "password <redacted>"},
		{resolve(t, c, client.Ref{Name: "r1"}).Device.Redact.String("planted-1"), "<redacted>"},
		{other.Device.Redact.String("planted-1"), "planted-1"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestObjects(t *testing.T) {
	cfg := config(t, newFakeDriver("fake"))
	got, err := newClient(t, cfg).Objects(t.Context(), inventory.Device, inventory.Filter{Statuses: []string{"staged"}})
	if err != nil || len(got) != 1 || got[0].Name != "r2" {
		t.Errorf("%v %v", got, err)
	}
	cfg.InventoryUnknown = "inventory_file"
	if _, err := newClient(t, cfg).Objects(t.Context(), inventory.Device, inventory.Filter{}); !errors.Is(err, client.ErrUnknown) {
		t.Errorf("unknown: %v", err)
	}
	cfg.InventoryUnknown, cfg.Inventory = "", nil
	if _, err := newClient(t, cfg).Objects(t.Context(), inventory.Device, inventory.Filter{}); err == nil || !strings.Contains(err.Error(), "inventory_file") {
		t.Errorf("none: %v", err)
	}
}

func TestDefaults(t *testing.T) {
	c := newClient(t, client.Config{})
	if c.OnUnreachable != client.OnUnreachableError {
		t.Errorf("on_unreachable %q", c.OnUnreachable)
	}
}
