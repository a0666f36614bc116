package device

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// ErrPoolClosed tells that the process is ending.
var ErrPoolClosed = errors.New("the session pool is closed")

// Pool shares sessions within one process: one per device, at most max at
// once, closed after some idle time and evicted earlier when another device
// waits for a slot. It is safe for concurrent use.
//
// The users of a device take turns with its session. A fresh session does not
// wait for its turn, for its user holds the other one: it is one more on the
// device's slot. Nor does it wait for a slot when the other one broke and another
// device took the slot: a commit may wait for it whose timer runs. When both are given back one of them is kept. A login that
// failed is shared as well, but not with who asks for a fresh session.
type Pool struct {
	limit  int
	idle   time.Duration
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	dials  sync.WaitGroup

	mu      sync.Mutex // never held while a device is asked anything
	closed  bool
	devices map[key]*slot
	all     map[*held]struct{} // every open session
	taken   int                // slots of devices with sessions or dials
	waiters []*waiter
}

// key tells devices apart.
type key struct {
	name, host string
	port       int
	driver     string
	user       string
}

// slot is one device and its sessions.
type slot struct {
	turn    chan struct{} // holds a token while a user has the shared session
	waiting int           // users that wait for their turn
	live    int           // sessions and dials
	kept    *held         // given back and nobody's; nil without
	since   time.Time     // when kept was given back
	timer   *time.Timer   // closes kept
	failed  *failure      // the last login, if it failed; for the user who has the turn
}

// held is an open session. It is closed once, by whoever comes first.
type held struct {
	Session
	device string
	once   sync.Once
	err    error
}

// close ends the session itself.
func (h *held) close() error {
	h.once.Do(func() { h.err = h.Session.Close() })
	return h.err
}

// NewPool makes a pool of at most limit sessions (0: no limit) that closes
// sessions which were idle for so long.
func NewPool(limit int, idle time.Duration) *Pool {
	p := &Pool{limit: limit, idle: idle, devices: map[key]*slot{}, all: map[*held]struct{}{}}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// Target is the device as a target of the core; its sessions come from the
// pool. Closing such a session gives it back; it is ended when it broke, when a
// call on it was cancelled, or when a lock or a staged change was left on it.
func (p *Pool) Target(drv Driver, d Device) provision.Target {
	return &target{pool: p, driver: drv, device: d}
}

// With lends the device's session to f.
func (p *Pool) With(ctx context.Context, drv Driver, d Device, f func(Session) error) error {
	l, err := p.lend(ctx, drv, d)
	if err != nil {
		return err
	}
	return errors.Join(f(l), l.Close())
}

// Close ends all sessions, also those in use, and all dials, before ctx ends.
// The error names the devices that did not make it.
func (p *Pool) Close(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	p.cancel()
	left := map[*held]struct{}{}
	for h := range p.all {
		left[h] = struct{}{}
	}
	p.mu.Unlock()

	results := make(chan *held, len(left))
	for h := range left {
		go func() {
			_ = h.close()
			results <- h
		}()
	}
	dialed := make(chan struct{})
	go func() {
		p.dials.Wait()
		close(dialed)
	}()
	return p.await(ctx, left, results, dialed)
}

// await waits for the sessions that are being closed, and for dials to end.
func (p *Pool) await(ctx context.Context, left map[*held]struct{}, results <-chan *held, dialed <-chan struct{}) error {
	var errs []error
	for len(left) > 0 || dialed != nil {
		select {
		case h := <-results:
			delete(left, h)
			p.forget(h)
			if h.err != nil {
				errs = append(errs, fmt.Errorf("close session of %s: %w", h.device, h.err))
			}
		case <-dialed:
			dialed = nil
		case <-ctx.Done():
			for h := range left {
				errs = append(errs, fmt.Errorf("close session of %s: %w", h.device, ctx.Err()))
			}
			if dialed != nil {
				errs = append(errs, fmt.Errorf("end logins in progress: %w", ctx.Err()))
			}
			return errors.Join(errs...)
		}
	}
	return errors.Join(errs...)
}

// forget takes a session off the list of open ones.
func (p *Pool) forget(h *held) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.all, h)
}

// target is a device whose sessions come from the pool.
type target struct {
	pool   *Pool
	driver Driver
	device Device
}

// Name implements provision.Target.
func (t *target) Name() string { return t.device.Name }

// Driver implements provision.Target.
func (t *target) Driver() string { return t.driver.Name() }

// Open implements provision.Target.
func (t *target) Open(ctx context.Context, fresh bool) (provision.Session, error) {
	open := t.pool.lend
	if fresh {
		open = t.pool.fresh
	}
	l, err := open(ctx, t.driver, t.device)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// slot returns the device's slot.
func (p *Pool) slot(drv Driver, d Device) *slot {
	k := key{name: d.Name, host: d.Host, port: d.Port, driver: drv.Name(), user: d.SSH.Username}
	if k.port == 0 {
		k.port = drv.DefaultPort()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.devices[k]
	if s == nil {
		s = &slot{turn: make(chan struct{}, 1)}
		p.devices[k] = s
	}
	return s
}
