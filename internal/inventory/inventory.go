// Package inventory is the one model of devices and virtual machines in a
// source of truth, whatever the source. Each source has a folder below.
package inventory

import (
	"context"
	"errors"
	"regexp"
)

var (
	// ErrNotFound tells that the source has no such object.
	ErrNotFound = errors.New("not in the inventory")

	// ErrAmbiguous tells that several objects have the name; the error lists
	// them.
	ErrAmbiguous = errors.New("more than one object")
)

// Kind tells devices from virtual machines.
type Kind string

// The kinds of objects, as errors say them.
const (
	Device         Kind = "device"
	VirtualMachine Kind = "virtual machine"
)

// Other is the other kind.
func (k Kind) Other() Kind {
	if k == Device {
		return VirtualMachine
	}
	return Device
}

// Object is a device or a virtual machine as a source of truth knows it. Empty
// fields are unknown.
type Object struct {
	Kind Kind
	ID   string // the source's own id; the name where it has none
	Name string

	// Host is the address or DNS name that leads to the object: of both
	// families' primary addresses the one that the source prefers.
	Host string
	// PrimaryIP4, PrimaryIP6 and OOBIP (out of band) are addresses without a
	// prefix length.
	PrimaryIP4, PrimaryIP6, OOBIP string
	DNSName                       string // of the address that Host is
	DNSName4, DNSName6            string // of PrimaryIP4 and PrimaryIP6
	Port                          int    // TCP; 0 is the driver's default

	Driver   string // "frr"; wins over Platform
	Platform string // mapped to a driver by the provider's drivers map
	Vendor   string
	Model    string
	Site     string
	Location string // below the site, "building 1 / room 2"
	Role     string
	Tenant   string
	Cluster  string
	Status   string // "active"
	Tags     []string
	// CustomFields are plain values: nil, texts, numbers, truths, []any and
	// map[string]any.
	CustomFields map[string]any
	// ConfigContext is there if it was asked for and the source has one; plain
	// values as in CustomFields.
	ConfigContext map[string]any

	// Credentials names the entry of the provider's credentials.
	Credentials string
	// SecretsGroup may name an entry of the provider's credentials too; it does
	// not have to.
	SecretsGroup string
	// URL leads a person to the object: an address, or file:line.
	URL string
}

// Ref says which object is meant. A name may be there once a site and tenant.
type Ref struct {
	Kind Kind
	Name string
	// Site and Tenant choose between objects of one name; empty for any.
	Site, Tenant string
	// Context asks for the object's config context.
	Context bool
}

// Intent says where the intended configuration of an object comes from. The
// zero value is the source's own way.
type Intent struct {
	// From is FromStored or FromRendered.
	From string
	// Branch of the configuration repository to render; empty for the one that
	// the source has chosen.
	Branch string
	// Template is the id of a template to render in place of the object's own.
	Template string
	// Variables are added to what the template sees.
	Variables map[string]any
	// Secret is told what the source filled in that nobody may see, before the
	// configuration is returned; may be nil.
	Secret func(Secret)
}

// Secret is what of a configuration nobody may see.
type Secret struct {
	// Words are secret wherever they stand.
	Words []string
	// Patterns match the lines that hold secrets, of whatever value; the groups
	// are secret.
	Patterns []*regexp.Regexp
}

// The values of [Intent.From].
const (
	FromStored   = "stored"
	FromRendered = "rendered"
)

// Source is a source of truth. A device and a virtual machine may have the same
// name. Implementations are safe for concurrent use; what they return belongs to
// the caller.
type Source interface {
	// Object returns one object. Errors match ErrNotFound, and list near names,
	// or ErrAmbiguous, and list the choices.
	Object(ctx context.Context, ref Ref) (Object, error)

	// Objects returns those of a kind that match the filter, by name, without
	// their config contexts.
	Objects(ctx context.Context, kind Kind, f Filter) ([]Object, error)

	// Config returns the intended configuration of an object, nil if the source
	// has none. What the source cannot do (a branch, a template) is an error.
	Config(ctx context.Context, o Object, intent Intent) ([]byte, error)
}

// Writer is a source of truth that what was done can be written back to.
type Writer interface {
	// Note adds a text, in Markdown, to the journal or the notes of an object.
	Note(ctx context.Context, o Object, text string) error

	// SetCustomField gives a custom field of an object a value, and leaves the
	// others alone.
	SetCustomField(ctx context.Context, o Object, field string, value any) error
}

// Filter selects objects: within a field any value matches, between fields all
// must. Empty fields match everything.
type Filter struct {
	Sites, Roles, Tenants, Platforms, Statuses, Tags []string
	// CustomFields are the values by the name of a field, as texts.
	CustomFields map[string][]string
}
