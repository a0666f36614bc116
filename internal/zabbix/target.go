package zabbix

// What others build on, and what does not change lightly: NewTarget, Look, Ref,
// Keys, FieldErrors, Summary with its parts, Intent.Told and Intent.Saw. The
// rest of the target is this package's own.

import (
	"context"
	"sync"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// DriverName is what targets of this package call their driver.
const DriverName = "zabbix"

// Ref says which host a target is.
type Ref struct {
	// Name is the object's name in the source of truth; errors and events carry
	// it.
	Name string
	// ID is the hostid from the state; empty when there is none.
	ID string
	// Host is the technical name by which a host without an ID is found; empty:
	// Name.
	Host string
}

// target is one host.
type target struct {
	hosts Hosts
	keys  *Keys
	ref   Ref

	mu   sync.Mutex
	half *change // what Rollback takes back: a new host, or one of several calls, of which it is not known how many took effect
}

// begin takes note of a change that can stop half way; nil: none can any more.
func (t *target) begin(c *change) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.half = c
}

// begun is the change that may have stopped half way; nil without one.
func (t *target) begun() *change {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.half
}

// NewTarget makes the target of one host. Its intents are of type [*Intent].
// keys knows the pre-shared keys of a provider configuration; nil knows none.
// A session keeps no connection, so that a fresh one differs from others in
// one thing: it reads what Zabbix has now, not what was read ahead.
func NewTarget(hosts Hosts, keys *Keys, ref Ref) provision.Target {
	if ref.Host == "" {
		ref.Host = ref.Name
	}
	return &target{hosts: hosts, keys: keys, ref: ref}
}

// Name implements provision.Target.
func (t *target) Name() string { return t.ref.Name }

// Driver implements provision.Target.
func (t *target) Driver() string { return DriverName }

// Open implements provision.Target. It asks nothing of Zabbix.
func (t *target) Open(_ context.Context, fresh bool) (provision.Session, error) {
	return &session{target: t, fresh: fresh}, nil
}
