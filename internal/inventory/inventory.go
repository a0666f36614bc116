// Package inventory is the one model of devices and virtual machines in a
// source of truth, whatever the source. Each source has a folder below.
package inventory

import (
	"context"
	"errors"
)

// ErrNotFound tells that the source has no such object.
var ErrNotFound = errors.New("not in the inventory")

// Device is a device as a source of truth knows it. Empty fields are unknown.
type Device struct {
	ID      string // the source's own id; the name where it has none
	Name    string
	Host    string // address or DNS name, from the primary address
	DNSName string // of the primary address
	// PrimaryIP4, PrimaryIP6 and OOBIP (out of band) are addresses without a
	// prefix length.
	PrimaryIP4, PrimaryIP6, OOBIP string

	Port     int    // TCP; 0 is the driver's default
	Driver   string // "frr"; wins over Platform
	Platform string // mapped to a driver by the provider's drivers map
	Site     string
	Role     string
	Cluster  string
	Status   string // "active"
	Tags     []string
	// CustomFields are plain values: nil, texts, numbers, truths, []any and
	// map[string]any.
	CustomFields map[string]any
	// Credentials names the entry of the provider's credentials.
	Credentials string
	// URL leads a person to the object: an address, or file:line.
	URL string
}

// VirtualMachine is a virtual machine as a source of truth knows it, as far as
// monitoring needs it. Empty fields are unknown.
type VirtualMachine struct {
	ID      string // the source's own id; the name where it has none
	Name    string
	Host    string // address or DNS name, from the primary address
	DNSName string // of the primary address
	// PrimaryIP4, PrimaryIP6 and OOBIP are as those of a device.
	PrimaryIP4, PrimaryIP6, OOBIP string

	Platform     string
	Site         string
	Role         string
	Cluster      string
	Status       string // "active"
	Tags         []string
	CustomFields map[string]any // as those of a device
	// URL leads a person to the object: an address, or file:line.
	URL string
}

// Source is a source of truth. A device and a virtual machine may have the same
// name. Implementations are safe for concurrent use.
type Source interface {
	// Device returns one device; an error that matches ErrNotFound lists near
	// names.
	Device(ctx context.Context, name string) (Device, error)

	// Devices returns those that match the filter, by name.
	Devices(ctx context.Context, f Filter) ([]Device, error)

	// Config returns the intended configuration of a device, nil if the
	// source has none.
	Config(ctx context.Context, d Device) ([]byte, error)

	// VirtualMachine returns one virtual machine; an error that matches
	// ErrNotFound lists near names.
	VirtualMachine(ctx context.Context, name string) (VirtualMachine, error)

	// VirtualMachines returns those that match the filter, by name.
	VirtualMachines(ctx context.Context, f Filter) ([]VirtualMachine, error)
}

// Filter selects devices or virtual machines: within a field any value matches, between fields all
// must. Empty fields match everything.
type Filter struct {
	Sites, Roles, Platforms, Statuses, Tags []string
}
