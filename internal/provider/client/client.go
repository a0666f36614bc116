// Package client is what the configured provider gives to its resources: it
// joins the source of truth, the credentials, the drivers, the shared sessions
// and the core. It knows nothing of Terraform's types.
package client

import (
	"context"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device"
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
}

// Ref says which device is meant; what is empty comes from the source of truth.
type Ref struct {
	Name        string
	Host        string
	Port        int
	Driver      string
	Credentials string
}

// Endpoint is a device that is ready to be opened.
type Endpoint struct {
	Device      device.Device
	Driver      device.Driver
	Port        int    // the effective one
	Credentials string // the name of the entry that serves it
	// Inventory is the source's record; nil when the configuration gives
	// host, driver and config itself and the source does not know the name.
	Inventory *inventory.Device
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

// Resolve finds a device: inventory, readiness, driver, credentials. Errors
// that the user mends at one attribute are of type *AttributeError.
func (c *Client) Resolve(ctx context.Context, ref Ref) (Endpoint, error) {
	panic("not written yet")
}

// IntendedConfig returns the source's configuration for the device; an
// *AttributeError for "config" when there is none.
func (c *Client) IntendedConfig(ctx context.Context, e Endpoint) ([]byte, error) {
	panic("not written yet")
}

// Job says what to do with a device: the arguments of a run that come from the
// resource.
type Job struct {
	Config         []byte
	DryRun         bool
	Replace        bool
	Commit         bool
	Save           bool
	ConfirmTimeout time.Duration
	Approved       *provision.Approval
}

// Run runs the core on a device, with the shared session, events, backups and
// limits of this provider configuration.
func (c *Client) Run(ctx context.Context, e Endpoint, job Job) (provision.Result, error) {
	panic("not written yet")
}

// Observe reads what is running on a device.
func (c *Client) Observe(ctx context.Context, e Endpoint) (provision.Snapshot, error) {
	panic("not written yet")
}

// Facts asks a device what it is.
func (c *Client) Facts(ctx context.Context, e Endpoint) (map[string]string, error) {
	panic("not written yet")
}

// Devices lists the devices of the source of truth.
func (c *Client) Devices(ctx context.Context, f inventory.Filter) ([]inventory.Device, error) {
	panic("not written yet")
}

// Close ends every session within the given context's deadline.
func (c *Client) Close(ctx context.Context) error { panic("not written yet") }
