package netconf

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/rpc"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/xmltree"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// cleanupTimeout is how long taking back may take after the caller's context
// has ended.
const cleanupTimeout = 5 * time.Second

// transport is what carries the session.
type transport interface {
	io.Closer
	Alive() bool
}

// session implements device.Session.
type session struct {
	nc     *rpc.Session
	via    transport
	can    features
	redact *secret.Redactor

	models models

	locked bool    // we hold the lock of the candidate
	loaded *change // what is in the candidate, if it is ours
	waits  bool    // a commit was pending when we asked last
}

// idle is how long nothing is asked between two looks at a pending commit:
// netconfd 2.13 looks at its timers only when no rpc came for a second, from
// anybody, and a client that asks more often keeps it from undoing the commit
// (measured: never with 0.9 s between rpcs, in time with 1.1 s).
const idle = 1200 * time.Millisecond

var _ device.Session = (*session)(nil)

// newSession makes a session of an open NETCONF session.
func newSession(nc *rpc.Session, via transport, redact *secret.Redactor) (*session, error) {
	can, err := newFeatures(nc)
	if err != nil {
		return nil, err
	}
	return &session{nc: nc, via: via, can: can, redact: redact}, nil
}

// Capabilities implements provision.Session.
func (s *session) Capabilities() provision.Capabilities { return s.can.capabilities() }

// Alive implements device.Session.
func (s *session) Alive() bool { return s.nc.Alive() && s.via.Alive() }

// read reads a datastore.
func (s *session) read(ctx context.Context, from rpc.Datastore) (provision.Snapshot, []*xmltree.Node, error) {
	raw, err := s.nc.GetConfig(ctx, from)
	if err != nil {
		return provision.Snapshot{}, nil, s.failed(err)
	}
	nodes, err := parseData(raw)
	if err != nil {
		return provision.Snapshot{}, nil, fmt.Errorf("get-config %s: %w", from, err)
	}
	return provision.Snapshot{Digest: xmltree.Digest(nodes), Raw: raw}, nodes, nil
}

// Read implements provision.Session. Raw is an element <config> that is an
// intent for the same state. An empty configuration is one (a server without
// any has it); an answer without <data> is an error.
func (s *session) Read(ctx context.Context) (provision.Snapshot, error) {
	snap, _, err := s.read(ctx, rpc.Running)
	return snap, err
}

// Lock implements provision.Session: it locks the candidate. NETCONF has no
// place for the holder; others see the session's number.
func (s *session) Lock(ctx context.Context, _ string) error {
	if s.locked {
		return nil
	}
	if err := s.nc.Lock(ctx, rpc.Candidate); err != nil {
		return s.lockFailed(ctx, err)
	}
	s.locked = true
	return nil
}

// Unlock implements provision.Session.
func (s *session) Unlock(ctx context.Context) error {
	if !s.locked || !s.nc.Alive() {
		s.locked = false
		return nil
	}
	if err := s.clear(ctx); err != nil {
		return err
	}
	if err := s.nc.Unlock(ctx, rpc.Candidate); err != nil {
		return s.failed(err)
	}
	s.locked = false
	return nil
}

// clear takes our changes out of the candidate.
func (s *session) clear(ctx context.Context) error {
	if s.loaded == nil {
		return nil
	}
	if err := s.nc.DiscardChanges(ctx); err != nil {
		return s.failed(err)
	}
	s.loaded = nil
	return nil
}

// Pending implements provision.Session. NETCONF has no question for it: a
// cancel-commit with an id that nobody used is refused, and how says which it
// is (RFC 6241 section 8.4.4.1: invalid-value when the ids differ; netconfd 2.13
// says operation-failed when there is none, and with its error-number 380 when
// there is one without a persist id). Neither the id nor the holder nor the
// deadline can be learned. A call after one that found a commit waits a little,
// see [idle].
func (s *session) Pending(ctx context.Context) (*provision.Pending, error) {
	if !s.can.confirmed {
		return nil, nil
	}
	if s.waits {
		if err := s.nc.Rest(ctx, idle); err != nil {
			return nil, err
		}
	}
	p, err := s.pending(ctx)
	s.waits = p != nil
	return p, err
}

// pending asks for a pending commit.
func (s *session) pending(ctx context.Context) (*provision.Pending, error) {
	err := s.nc.CancelCommit(ctx, "provision-asks-"+rand.Text())
	if err == nil {
		return nil, errors.New("cancel-commit with an id that nobody used was carried out: the device may have undone a commit")
	}
	var refused *rpc.Error
	if !errors.As(err, &refused) {
		return nil, s.failed(err)
	}
	if refused.Tag == rpc.TagAccessDenied || refused.Tag == rpc.TagNotSupported {
		return nil, s.failed(fmt.Errorf("asking for a pending commit: %w", err))
	}
	if refused.Tag == rpc.TagInvalidValue || refused.Info.Number == yumaNotPersistent {
		return &provision.Pending{}, nil
	}
	return nil, nil
}

// Error numbers of netconfd 2.13 (ncx/status_enum.h).
const (
	yumaNotPersistent = "380" // persistent confirmed commit not active
)

// Confirm implements provision.Session. The confirming commit takes the
// candidate with it: what somebody put there without a lock meanwhile is
// discarded before, as it would be if the device undid the commit.
func (s *session) Confirm(ctx context.Context, id string) error {
	if !s.can.confirmed {
		return provision.ErrNoPending
	}
	p, err := s.pending(ctx)
	if err != nil {
		return err
	}
	if p == nil {
		return provision.ErrNoPending
	}
	if err := s.nc.DiscardChanges(ctx); err != nil {
		return s.failed(err)
	}
	return s.ended(ctx, s.nc.Confirm(ctx, id))
}

// Rollback implements provision.Session.
func (s *session) Rollback(ctx context.Context, id string) error {
	if !s.can.confirmed {
		return provision.ErrNoPending
	}
	return s.ended(ctx, s.nc.CancelCommit(ctx, id))
}

// ended reads the answer to a confirming commit or a cancel-commit.
func (s *session) ended(ctx context.Context, err error) error {
	var refused *rpc.Error
	if err == nil || !errors.As(err, &refused) {
		return s.failed(err)
	}
	if refused.Tag == rpc.TagInvalidValue {
		return fmt.Errorf("%w: the pending one has another id", provision.ErrNoPending)
	}
	if p, perr := s.pending(ctx); perr == nil && p == nil {
		return provision.ErrNoPending
	}
	return s.failed(err)
}

// Save implements provision.Session.
func (s *session) Save(ctx context.Context) error {
	if !s.can.startup {
		return nil
	}
	if err := s.nc.CopyConfig(ctx, rpc.Running, rpc.Startup); err != nil {
		return s.failed(err)
	}
	running, runs, err := s.read(ctx, rpc.Running)
	if err != nil {
		return err
	}
	startup, boots, err := s.read(ctx, rpc.Startup)
	if err != nil {
		return err
	}
	if running.Digest == startup.Digest {
		return nil
	}
	if hunks, err := s.unasked(ctx, runs, boots); err != nil || len(hunks) > 0 {
		return errors.New("startup is not what is running although the device said that it was copied")
	}
	return nil
}

// Close implements provision.Session. The server gives back the lock and
// discards the candidate with the session; asking for it says so earlier.
func (s *session) Close() error {
	var err error
	if s.nc.Alive() && s.via.Alive() {
		ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
		defer cancel()
		err = s.Unlock(ctx)
	}
	err = errors.Join(err, s.nc.Close())
	if cerr := s.via.Close(); cerr != nil && !errors.Is(cerr, provision.ErrConnectionLost) {
		err = errors.Join(err, cerr)
	}
	return err
}
