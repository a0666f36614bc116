package device

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// errGivenBack: a session was used after its Close.
var errGivenBack = errors.New("the session was closed by its user")

// lent is a session in the hands of one user. It watches what would be left on
// the device if the session were kept.
type lent struct {
	held *held
	pool *Pool
	slot *slot
	turn bool // the user has the device's turn

	given  atomic.Bool // back to the pool
	spoilt atomic.Bool // broke, or a call was cut short
	locked atomic.Bool
	staged atomic.Int32 // changes not discarded
}

// use calls f on the session and notes when the session is of no more use.
func use[T any](ctx context.Context, l *lent, f func() (T, error)) (T, error) {
	if l.given.Load() {
		var none T
		return none, errGivenBack
	}
	v, err := f()
	// A call that was cut short may have left an answer on the line.
	if err != nil && (ctx.Err() != nil || errors.Is(err, provision.ErrConnectionLost)) {
		l.spoilt.Store(true)
	}
	return v, err
}

// do is use for calls without a value.
func (l *lent) do(ctx context.Context, f func(context.Context) error) error {
	_, err := use(ctx, l, func() (struct{}, error) { return struct{}{}, f(ctx) })
	return err
}

// Capabilities implements provision.Session.
func (l *lent) Capabilities() provision.Capabilities { return l.held.Capabilities() }

// Pending implements provision.Session.
func (l *lent) Pending(ctx context.Context) (*provision.Pending, error) {
	return use(ctx, l, func() (*provision.Pending, error) { return l.held.Pending(ctx) })
}

// Read implements provision.Session.
func (l *lent) Read(ctx context.Context) (provision.Snapshot, error) {
	return use(ctx, l, func() (provision.Snapshot, error) { return l.held.Read(ctx) })
}

// Facts implements Session.
func (l *lent) Facts(ctx context.Context) (map[string]string, error) {
	return use(ctx, l, func() (map[string]string, error) { return l.held.Facts(ctx) })
}

// Lock implements provision.Session.
func (l *lent) Lock(ctx context.Context, holder string) error {
	l.locked.Store(true) // also after an error: the answer may have been lost
	return l.do(ctx, func(ctx context.Context) error { return l.held.Lock(ctx, holder) })
}

// Unlock implements provision.Session.
func (l *lent) Unlock(ctx context.Context) error {
	err := l.do(ctx, l.held.Unlock)
	if err == nil {
		l.locked.Store(false)
	}
	return err
}

// Stage implements provision.Session.
func (l *lent) Stage(ctx context.Context, intent provision.Intent, opts provision.StageOptions) (provision.Change, error) {
	c, err := use(ctx, l, func() (provision.Change, error) { return l.held.Stage(ctx, intent, opts) })
	if err != nil {
		return nil, err
	}
	l.staged.Add(1)
	return &lentChange{Change: c, session: l}, nil
}

// Confirm implements provision.Session.
func (l *lent) Confirm(ctx context.Context, id string) error {
	return l.do(ctx, func(ctx context.Context) error { return l.held.Confirm(ctx, id) })
}

// Rollback implements provision.Session.
func (l *lent) Rollback(ctx context.Context, id string) error {
	return l.do(ctx, func(ctx context.Context) error { return l.held.Rollback(ctx, id) })
}

// Save implements provision.Session.
func (l *lent) Save(ctx context.Context) error { return l.do(ctx, l.held.Save) }

// Alive implements Session.
func (l *lent) Alive() bool { return !l.given.Load() && !l.spoilt.Load() && l.held.Alive() }

// Close gives the session back, or ends it when it cannot be kept.
func (l *lent) Close() error {
	clean := l.Alive() && !l.locked.Load() && l.staged.Load() == 0
	if l.given.Swap(true) {
		return nil
	}
	var err error
	if !clean || !l.pool.keep(l.slot, l.held) {
		err = l.held.close()
		l.pool.ended(l.slot, l.held)
	}
	if l.turn {
		l.pool.endTurn(l.slot)
	}
	return err
}

// lentChange is a change of a lent session.
type lentChange struct {
	provision.Change
	session   *lent
	discarded atomic.Bool
}

// Commit implements provision.Change.
func (c *lentChange) Commit(ctx context.Context, opts provision.CommitOptions) (*provision.Pending, error) {
	return use(ctx, c.session, func() (*provision.Pending, error) { return c.Change.Commit(ctx, opts) })
}

// Verify implements provision.Change. The driver gets its own session, not the
// pool's cover of it.
func (c *lentChange) Verify(ctx context.Context, s provision.Session) (provision.Verification, error) {
	l, ok := s.(*lent)
	if !ok {
		return c.Change.Verify(ctx, s)
	}
	return use(ctx, l, func() (provision.Verification, error) { return c.Change.Verify(ctx, l.held.Session) })
}

// Discard implements provision.Change.
func (c *lentChange) Discard(ctx context.Context) error {
	err := c.session.do(ctx, c.Change.Discard)
	if err == nil && !c.discarded.Swap(true) {
		c.session.staged.Add(-1)
	}
	return err
}
