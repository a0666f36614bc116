// Package inventory is the one model of a device in a source of truth,
// whatever the source. Each source has a folder below.
package inventory

import (
	"context"
	"errors"
)

// ErrNotFound tells that the source has no such object.
var ErrNotFound = errors.New("not in the inventory")

// Device is a device as a source of truth knows it. Empty fields are unknown.
type Device struct {
	ID       string // the source's own id; the name where it has none
	Name     string
	Host     string // address or DNS name, from the primary address
	Port     int    // TCP; 0 is the driver's default
	Driver   string // "frr"; wins over Platform
	Platform string // mapped to a driver by the provider's drivers map
	Site     string
	Role     string
	Status   string // "active"
	Tags     []string
	// Credentials names the entry of the provider's credentials.
	Credentials string
	// URL leads a person to the object: an address, or file:line.
	URL string
}

// Source is a source of truth. Implementations are safe for concurrent use.
type Source interface {
	// Device returns one device; an error that matches ErrNotFound lists near
	// names.
	Device(ctx context.Context, name string) (Device, error)

	// Devices returns those that match the filter, by name.
	Devices(ctx context.Context, f Filter) ([]Device, error)

	// Config returns the intended configuration of a device, nil if the
	// source has none.
	Config(ctx context.Context, d Device) ([]byte, error)
}

// Filter selects devices: within a field any value matches, between fields all
// must. Empty fields match everything.
type Filter struct {
	Sites, Roles, Platforms, Statuses, Tags []string
}
