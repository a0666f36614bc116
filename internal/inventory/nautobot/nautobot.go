// Package nautobot is Nautobot as a source of truth: devices and virtual machines
// over its GraphQL API, intended configurations from the app Golden Config.
// Versions 2.4 to 3.2 are known; what differs between them is in version.go.
package nautobot

import (
	"cmp"
	"errors"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/snapshot"
)

// DefaultLocationType is the location type of sites when none is configured: the
// one that Nautobot itself gave the sites of version 1.
const DefaultLocationType = "Site"

// Config says where Nautobot is and who asks.
type Config struct {
	// URL is Nautobot's, with its path if it has one, without /api.
	URL string
	// Token is an API token.
	Token string
	HTTP  httpclient.Config
	// LocationType is the location type that is the site: of an object the
	// nearest location of that type, else the topmost. Empty is
	// DefaultLocationType.
	LocationType string
	// Warn is told in a sentence what a person should know; may be nil.
	Warn func(string)
}

// Source is one Nautobot. It is safe for concurrent use. What it has once loaded
// it keeps.
type Source struct {
	*snapshot.Snapshot
	api      *api
	siteType string
	// rendering has a place for one: Golden Config cannot sync one repository
	// twice at a time.
	rendering chan struct{}

	// Of who has the place in rendering:
	probed bool
	denied map[string]bool // permissions that the token lacks
	warned map[string]bool // what was warned of
}

var (
	_ inventory.Source = (*Source)(nil)
	_ inventory.Writer = (*Source)(nil)
	_ snapshot.Loader  = (*Source)(nil)
)

// New makes a source; it connects to nothing. It is an [inventory.Writer] too.
func New(cfg Config) (*Source, error) {
	if cfg.Token == "" {
		return nil, errors.New("a token is needed for Nautobot")
	}
	a, err := newAPI(cfg)
	if err != nil {
		return nil, err
	}
	s := &Source{
		api: a, siteType: cmp.Or(cfg.LocationType, DefaultLocationType),
		rendering: make(chan struct{}, 1), warned: map[string]bool{},
	}
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

// permission is what Nautobot calls the right to do something with a kind.
func permission(verb string, kind inventory.Kind) string {
	if kind == inventory.VirtualMachine {
		return "virtualization." + verb + "_virtualmachine"
	}
	return "dcim." + verb + "_device"
}
