package zabbix

import (
	"context"
	"fmt"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// session is one run's view of a host. Nothing is kept open for it: every read
// and every write is a call of its own.
type session struct {
	*target
	fresh bool // read what Zabbix has now
}

// Capabilities implements provision.Session.
func (s *session) Capabilities() provision.Capabilities {
	return provision.Capabilities{ViaAPI: true}
}

// Pending implements provision.Session: Zabbix knows no commit that waits.
func (s *session) Pending(context.Context) (*provision.Pending, error) { return nil, nil }

// Lock implements provision.Session: Zabbix has no lock. A change is compared
// with what is there right before it is sent instead.
func (s *session) Lock(context.Context, string) error { return nil }

// Unlock implements provision.Session.
func (s *session) Unlock(context.Context) error { return nil }

// Confirm implements provision.Session.
func (s *session) Confirm(context.Context, string) error { return provision.ErrNoPending }

// Rollback implements provision.Session. It takes back the first call of a
// change whose others did not take effect because the connection broke, and
// deletes a new host that is not what it should be; nothing else waits for it.
func (s *session) Rollback(ctx context.Context, _ string) error {
	c := s.begun()
	if c == nil {
		return provision.ErrNoPending
	}
	s.begin(nil)
	return c.in.masked(c.takeBack(ctx))
}

// Save implements provision.Session.
func (s *session) Save(context.Context) error { return nil }

// Close implements provision.Session.
func (s *session) Close() error { return nil }

// Read implements provision.Session. A host that is not there has a digest of
// its own.
func (s *session) Read(ctx context.Context) (provision.Snapshot, error) {
	h, err := s.look(ctx, s.ref)
	if err != nil {
		return provision.Snapshot{}, err
	}
	return snapshot(h), nil
}

// Look reads a host as [NewTarget]'s sessions do: nil when there is none. A host
// with an ID that is not visible, although the API's user may just not be
// allowed to see it, is [ErrGone]. The answer may come from what was read a
// moment ago.
func Look(ctx context.Context, hosts Hosts, ref Ref) (*Host, error) {
	if ref.Host == "" {
		ref.Host = ref.Name
	}
	return (&session{target: &target{hosts: hosts, ref: ref}}).look(ctx, ref)
}

// look reads the host of a ref.
func (s *session) look(ctx context.Context, ref Ref) (*Host, error) {
	if ref.ID == "" {
		return s.byName(ctx, ref.Host)
	}
	h, err := s.byID(ctx, ref.ID)
	if h == nil && err == nil && !s.fresh {
		h, err = s.hosts.FreshByID(ctx, ref.ID)
	}
	if h != nil || err != nil {
		return h, err
	}
	return nil, s.deleted(ctx, ref.ID)
}

// deleted makes sure that a host that is not visible is not there.
func (s *session) deleted(ctx context.Context, id string) error {
	all, err := s.hosts.Lookup().SeesAll(ctx)
	if err != nil {
		return fmt.Errorf("find out whether hostid %s was deleted: %w", id, err)
	}
	if all {
		return nil
	}
	return fmt.Errorf("%w: hostid %s was deleted, or the API's user lost the permission to see it. "+
		"Give the user's group read-write permission on the host's groups; "+
		"if the host was deleted, take it out of the state (terraform state rm)", ErrGone, id)
}

// byID reads a host by its id; nil when it is not visible.
func (s *session) byID(ctx context.Context, id string) (*Host, error) {
	if s.fresh {
		return s.hosts.FreshByID(ctx, id)
	}
	return s.hosts.ByID(ctx, id)
}

// byName reads a host by its technical name; nil when it is not visible.
func (s *session) byName(ctx context.Context, name string) (*Host, error) {
	if s.fresh {
		return s.hosts.FreshByName(ctx, name)
	}
	return s.hosts.ByName(ctx, name)
}
