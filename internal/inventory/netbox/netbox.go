// Package netbox is NetBox as a source of truth: devices and virtual machines
// over its REST API, intended configurations rendered by NetBox. Versions 3.7 to
// 4.7 are known; what differs between them is in version.go.
package netbox

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/snapshot"
)

// DefaultMaxRenders is how many configurations are rendered at once when nothing
// else is configured.
const DefaultMaxRenders = 8

// Config says where NetBox is and who asks.
type Config struct {
	// URL is NetBox's, with its path if it has one, without /api.
	URL string
	// Token is of either version; v2 tokens begin with nbt_.
	Token string
	HTTP  httpclient.Config
	// MaxRenders is how many configurations are rendered at once; 0 is
	// DefaultMaxRenders.
	MaxRenders int
	// Warn is told in a sentence what a person should know; may be nil.
	Warn func(string)
}

// Source is one NetBox. It is safe for concurrent use. What it has once loaded it
// keeps.
type Source struct {
	*snapshot.Snapshot
	api     *api
	renders chan struct{} // a place for each that renders

	treeMu sync.Mutex
	tree   map[int]location // of all locations, once it was needed
}

var (
	_ inventory.Source = (*Source)(nil)
	_ inventory.Writer = (*Source)(nil)
	_ snapshot.Loader  = (*Source)(nil)
)

// New makes a source; it connects to nothing.
func New(cfg Config) (*Source, error) {
	if cfg.Token == "" {
		return nil, errors.New("NetBox needs a token")
	}
	if cfg.MaxRenders < 0 {
		return nil, fmt.Errorf("%d is not a number of configurations to render at once", cfg.MaxRenders)
	}
	if cfg.MaxRenders == 0 {
		cfg.MaxRenders = DefaultMaxRenders
	}
	a, err := newAPI(cfg)
	if err != nil {
		return nil, err
	}
	s := &Source{api: a, renders: make(chan struct{}, cfg.MaxRenders)}
	s.Snapshot = snapshot.New(s, a.Where())
	return s, nil
}

// place is where the objects of a kind are, below the address and below /api.
func place(kind inventory.Kind) string {
	if kind == inventory.VirtualMachine {
		return "virtualization/virtual-machines/"
	}
	return "dcim/devices/"
}

// model is what NetBox calls a kind in permissions and references.
func model(kind inventory.Kind) string {
	if kind == inventory.VirtualMachine {
		return "virtualization.virtualmachine"
	}
	return "dcim.device"
}

// wait waits for a place among those that render, and returns how to leave it.
func (s *Source) wait(ctx context.Context) (leave func(), err error) {
	select {
	case s.renders <- struct{}{}:
		return func() { <-s.renders }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
