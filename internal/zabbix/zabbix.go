// Package zabbix makes a Zabbix host a target of the core: what is against what
// shall be, as a difference by fields; a commit of ordered calls with
// compensation; a reading back. Names, never ids, stand for templates, groups
// and proxies.
package zabbix

import (
	"context"
	"errors"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

var (
	// ErrExists tells that a host of the intended name exists and may not be
	// taken over.
	ErrExists = errors.New("the host exists")

	// ErrGone tells that no host is visible where there must be one: it was
	// deleted, or the permission to see it was lost.
	ErrGone = errors.New("the host is not visible")

	// ErrAmbiguous tells that several hosts fit and a person must choose.
	ErrAmbiguous = errors.New("more than one host fits")
)

// FieldError is an error that a user mends at one attribute of the resource.
type FieldError struct {
	// Field is the attribute's name ("templates", "interface", "tls").
	Field string
	Err   error
}

// Error implements error.
func (e *FieldError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *FieldError) Unwrap() error { return e.Err }

// Hosts reads and writes hosts. [Store] is the one on an API; what arrives
// together becomes one call there. It is safe for concurrent use.
type Hosts interface {
	// ByID and ByName read a host; nil when none is visible. They may answer
	// from what was read a moment ago.
	ByID(ctx context.Context, id string) (*Host, error)
	ByName(ctx context.Context, name string) (*Host, error)
	// FreshByID and FreshByName ask Zabbix now.
	FreshByID(ctx context.Context, id string) (*Host, error)
	FreshByName(ctx context.Context, name string) (*Host, error)
	// Buried are the hosts in the graveyard that were this one.
	Buried(ctx context.Context, name, object string) ([]*Host, error)

	// Create makes a host and reads it back. An error that matches
	// provision.ErrConnectionLost tells that it is not known whether the host
	// was made.
	Create(ctx context.Context, h NewHost) (*Host, error)
	// Update changes a host by ordered calls and reads it back. An error tells
	// by its type (*PartialError) how many of the calls took effect.
	Update(ctx context.Context, id string, calls []Call) (*Host, error)
	// Delete deletes a host; one that is gone is no error.
	Delete(ctx context.Context, id string) error

	// Lookup gives the catalogue of what names stand for.
	Lookup() Catalogue
}

// Catalogue finds what names stand for; each thing is asked for once a process,
// and what is asked for together becomes one call. A name that is not there is
// a *FieldError that lists near names.
type Catalogue interface {
	Templates(ctx context.Context, names []string) ([]Template, error)
	// Groups gives the ids by name; missing ones are made when create is set.
	Groups(ctx context.Context, names []string, create bool) (map[string]string, error)
	// Made tells that a host group was made through this catalogue.
	Made(group string) bool
	Proxy(ctx context.Context, p Proxy) (ids ProxyIDs, err error)
	// KeptBy notes that a host shall be deleted, and names the maintenance that
	// would be left without a host or host group, whether it is active, planned or
	// over: Zabbix refuses that. Empty: there is none.
	KeptBy(ctx context.Context, id string) (string, error)
	// Version is the version of the API.
	Version(ctx context.Context) (api.Version, error)
	// SeesAll tells that the API's user sees every host, so that one that is not
	// visible is not there.
	SeesAll(ctx context.Context) (bool, error)
}

// Template is what the checks and the plan need to know of a template.
type Template struct {
	ID, Name string
	// Parents are the templates that it is linked to, all the way up, by name.
	Parents []string
	// Needs are the interface types of its items, those of its parents included,
	// by type, with the key of one item that needs it.
	Needs map[InterfaceType]string
	// Items and Triggers count what a host gets from it.
	Items, Triggers int
	// DependsOn are templates that its triggers depend on and that must be
	// linked as well, by name.
	DependsOn []string
}

// ProxyIDs are the ids behind a Proxy; both empty for the server itself.
type ProxyIDs struct{ Proxy, Group string }

// Call is one call of a write, in the API's own terms of the newest version;
// [Store] turns it into those of the server's version.
type Call struct {
	Method string         // "host.update", "hostinterface.update"
	Params map[string]any // one element; Store makes arrays of them
}

// NewHost is the element of a host.create.
type NewHost struct {
	Name   string
	Run    string // the mark by which a host whose creation was not answered is known again
	Params map[string]any
}

// PartialError is an update of which only the first calls took effect.
type PartialError struct {
	Done int
	Err  error
}

// Error implements error.
func (e *PartialError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *PartialError) Unwrap() error { return e.Err }
