// Package client is what the configured provider gives to its resources: it
// joins the source of truth, the credentials, the drivers, the shared sessions
// and the core. It knows nothing of Terraform's types.
package client

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// Client serves one provider configuration for the life of the process. It is
// safe for concurrent use.
type Client struct {
	// OnUnreachable is the provider's default: "error" or "skip".
	OnUnreachable string
	Redact        *secret.Redactor
	// Hashes are the fingerprints that this process has computed.
	Hashes secret.Hasher

	cfg     Config
	drivers map[string]device.Driver
	pool    *device.Pool
	budget  *provision.Budget
	backups *backups // nil for none
	known   ssh.KnownFiles
	hosts   hosts

	mu        sync.Mutex
	addresses map[string]string          // address of a device -> its name
	filled    map[string]*secret.Learned // by the name of a device: what its source of truth filled in
	warned    map[string]bool            // kinds of warnings that were made
	warnings  []string                   // those that no run has brought to the user yet
}

// New makes a client of a configuration.
func New(cfg Config) *Client {
	cfg = cfg.withDefaults()
	c := &Client{
		OnUnreachable: cfg.OnUnreachable, Redact: cfg.Redact,
		cfg:       cfg,
		drivers:   make(map[string]device.Driver, len(cfg.Drivers)),
		pool:      device.NewPool(cfg.MaxSessions, idle),
		addresses: map[string]string{}, filled: map[string]*secret.Learned{}, warned: map[string]bool{}, hosts: newHosts(),
	}
	for _, d := range cfg.Drivers {
		c.drivers[d.Name()] = d
	}
	if cfg.MaxFailures > 0 {
		c.budget = provision.NewBudget(cfg.MaxFailures)
	}
	if cfg.BackupDir != "" {
		c.backups = &backups{dir: cfg.BackupDir, keep: cfg.BackupRetention, runID: cfg.Run.ID}
	}
	return c
}

// Ref says which device is meant; what is empty comes from the source of truth.
type Ref struct {
	Name string
	// Site and Tenant choose between devices of one name; empty for any.
	Site, Tenant string
	Host         string
	Port         int
	Driver       string
	Credentials  string
}

// Endpoint is a device that is ready to be opened.
type Endpoint struct {
	Device      device.Device
	Driver      device.Driver
	Port        int    // the effective one
	Credentials string // the name of the entry that serves it
	// Inventory is the source's record; nil when the configuration gives
	// host, driver and config itself and the source does not know the name.
	Inventory *inventory.Object
}

// AttributeError is an error that a user mends at one attribute.
type AttributeError struct {
	Attribute string // "driver"
	Err       error
}

// Error implements error.
func (e *AttributeError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *AttributeError) Unwrap() error { return e.Err }

// attributeError makes an *AttributeError of a format.
func attributeError(attribute, format string, args ...any) error {
	return &AttributeError{Attribute: attribute, Err: fmt.Errorf(format, args...)}
}

// IntendedConfig returns the source's configuration for the device; an
// *AttributeError for "config" when there is none.
func (c *Client) IntendedConfig(ctx context.Context, e Endpoint, intent inventory.Intent) ([]byte, error) {
	name := e.Device.Name
	if e.Inventory == nil || c.cfg.Inventory == nil {
		return nil, attributeError("config",
			"%s: there is no intended configuration: set config, or give the device one in the source of truth", name)
	}
	intent.Secret = c.learner(name)
	text, err := c.cfg.Inventory.Config(ctx, *e.Inventory, intent)
	if err != nil {
		return nil, attributeError("config", "%s: reading its intended configuration: %w", name, err)
	}
	if text == nil {
		return nil, attributeError("config",
			"%s: there is no intended configuration: set config here, or give the device one at %s", name, e.Inventory.URL)
	}
	return text, nil
}

// Learn reads the source's intended configuration for the sake of the secrets that
// only it tells, where another text is to be shown that may hold them. That there is
// none is no error.
func (c *Client) Learn(ctx context.Context, e Endpoint) error {
	if e.Inventory == nil || c.cfg.Inventory == nil {
		return nil
	}
	_, err := c.cfg.Inventory.Config(ctx, *e.Inventory, inventory.Intent{Secret: c.learner(e.Device.Name)})
	return err
}

// learner takes what the source of truth filled in for a device.
func (c *Client) learner(name string) func(inventory.Secret) {
	return func(s inventory.Secret) { c.learned(name).Add(s.Words, s.Patterns...) }
}

// learned are the secrets that the source of truth filled in for a device. They are
// known only when its intended configuration is, and its session may be older.
func (c *Client) learned(name string) *secret.Learned {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.filled[name] == nil {
		c.filled[name] = &secret.Learned{}
	}
	return c.filled[name]
}

// Facts asks a device what it is.
func (c *Client) Facts(ctx context.Context, e Endpoint) (map[string]string, error) {
	var facts map[string]string
	err := c.pool.With(ctx, e.Driver, e.Device, func(s device.Session) error {
		var err error
		facts, err = s.Facts(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s (%s): asking for facts: %w", e.Device.Name, e.Driver.Name(), err)
	}
	return facts, nil
}

// Objects lists the devices or the virtual machines of the source of truth.
func (c *Client) Objects(ctx context.Context, kind inventory.Kind, f inventory.Filter) ([]inventory.Object, error) {
	source, err := c.source()
	switch {
	case err != nil:
		return nil, err
	case source == nil:
		return nil, errNoSource
	}
	return source.Objects(ctx, kind, f)
}

// Warnings are the sentences for the user that no run has brought yet, for those who
// have no run.
func (c *Client) Warnings() []string { return c.takeWarnings() }

// errNoSource tells that there is nothing to look an object up in.
var errNoSource = errors.New("the provider has no source of truth: set netbox, nautobot or inventory_file in the provider block (or PROVISION_NETBOX_URL, PROVISION_NAUTOBOT_URL, PROVISION_INVENTORY_FILE)")

// source is the source of truth, nil if there is none; an error that matches
// ErrUnknown if it is known only at apply.
func (c *Client) source() (inventory.Source, error) {
	if c.cfg.InventoryUnknown != "" {
		return nil, fmt.Errorf("the provider's %s is %w", c.cfg.InventoryUnknown, ErrUnknown)
	}
	return c.cfg.Inventory, nil
}

// Close ends every session within the given context's deadline.
func (c *Client) Close(ctx context.Context) error {
	out := make(chan error, 1)
	go func() {
		if c.cfg.Zabbix == nil || c.cfg.Zabbix.Server == nil {
			out <- nil
			return
		}
		out <- c.cfg.Zabbix.Server.Close(ctx)
	}()
	return errors.Join(c.pool.Close(ctx), <-out)
}

// RunID names this process's run, as in the events.
func (c *Client) RunID() string { return c.cfg.Run.ID }
