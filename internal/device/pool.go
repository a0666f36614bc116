package device

import (
	"context"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// Pool shares sessions within one process: one per device, at most max at
// once, closed after some idle time and evicted earlier when another device
// waits for a slot. It is safe for concurrent use.
type Pool struct{}

// NewPool makes a pool of at most limit sessions (0: no limit) that closes
// sessions which were idle for so long.
func NewPool(limit int, idle time.Duration) *Pool { panic("not written yet") }

// Target is the device as a target of the core; its sessions come from the
// pool.
func (p *Pool) Target(drv Driver, d Device) provision.Target { panic("not written yet") }

// With lends the device's session to f.
func (p *Pool) With(ctx context.Context, drv Driver, d Device, f func(Session) error) error {
	panic("not written yet")
}

// Close ends all sessions, also those in use, before ctx ends.
func (p *Pool) Close(ctx context.Context) error { panic("not written yet") }
