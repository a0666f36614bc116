package device

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// waiter waits for a slot.
type waiter struct {
	slot    *slot
	urgent  bool          // may go beyond the limit
	granted chan struct{} // closed when the slot is the waiter's
	victim  *held         // to be closed first; set before granted
}

// lend gives the device's shared session when it is the caller's turn, and
// makes one when there is none.
func (p *Pool) lend(ctx context.Context, drv Driver, d Device) (*lent, error) {
	s := p.slot(drv, d)
	if err := p.takeTurn(ctx, s); err != nil {
		return nil, fmt.Errorf("%s: wait for the session in use: %w", d.Name, err)
	}
	h := p.takeKept(s)
	if h != nil && !h.Alive() {
		_ = h.close() // it broke while it was idle
		p.ended(s, h)
		h = nil
	}
	if h == nil {
		var err error
		if h, err = p.login(ctx, s, drv, d); err != nil {
			p.endTurn(s)
			return nil, err
		}
	}
	return &lent{held: h, pool: p, slot: s, turn: true}, nil
}

// failure is a login that failed.
type failure struct {
	at  time.Time
	ssh ssh.Config
	err error
}

// login dials for the user who has the turn. That the device does not answer,
// or refuses the login, stands for as long as a session would have been kept: a
// plan that reads and then asks a dead device waits for it once, and a wrong
// password is sent once.
func (p *Pool) login(ctx context.Context, s *slot, drv Driver, d Device) (*held, error) {
	if f := s.failed; f != nil && time.Since(f.at) < p.idle && reflect.DeepEqual(f.ssh, d.SSH) {
		return nil, f.err
	}
	s.failed = nil
	h, err := p.dial(ctx, s, drv, d, false)
	if ctx.Err() == nil && (errors.Is(err, provision.ErrUnreachable) || errors.Is(err, provision.ErrAuth)) {
		s.failed = &failure{at: time.Now(), ssh: d.SSH, err: err}
	}
	return h, err
}

// fresh logs in anew, without waiting for a turn.
func (p *Pool) fresh(ctx context.Context, drv Driver, d Device) (*lent, error) {
	s := p.slot(drv, d)
	h, err := p.dial(ctx, s, drv, d, true)
	if err != nil {
		return nil, err
	}
	return &lent{held: h, pool: p, slot: s}, nil
}

// takeTurn waits until nobody else uses the device's shared session.
func (p *Pool) takeTurn(ctx context.Context, s *slot) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	default:
	}
	p.mu.Lock()
	s.waiting++
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		s.waiting--
		p.grant() // a session that was kept for us may be free now
	}()
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.ctx.Done():
		return ErrPoolClosed
	}
}

// endTurn lets the next user have the device.
func (p *Pool) endTurn(s *slot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	<-s.turn
	p.grant()
}

// takeKept takes the kept session out of the slot; nil when there is none.
func (p *Pool) takeKept(s *slot) *held {
	p.mu.Lock()
	defer p.mu.Unlock()
	return s.unkeep()
}

// unkeep takes the kept session out; the pool is locked.
func (s *slot) unkeep() *held {
	h := s.kept
	if h != nil {
		s.kept = nil
		s.timer.Stop()
	}
	return h
}

// dial logs in on the device's slot; urgent does so also when all slots are
// taken. The context that the driver gets ends with dial.
func (p *Pool) dial(ctx context.Context, s *slot, drv Driver, d Device, urgent bool) (*held, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, fmt.Errorf("%s: %w", d.Name, ErrPoolClosed)
	}
	p.dials.Add(1)
	p.mu.Unlock()
	defer p.dials.Done()

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.ctx, func() { cancel(ErrPoolClosed) })()
	if err := p.reserve(ctx, s, urgent); err != nil {
		return nil, fmt.Errorf("%s: wait for one of %d sessions (max_sessions): %w", d.Name, p.limit, err)
	}
	session, err := drv.Open(ctx, d)
	if err != nil {
		p.ended(s, nil)
		if p.ctx.Err() != nil {
			err = fmt.Errorf("%s: %w: %w", d.Name, ErrPoolClosed, err)
		}
		return nil, err
	}
	h := &held{Session: session, device: d.Name}
	if !p.enlist(h) {
		_ = h.close()
		p.ended(s, h)
		return nil, fmt.Errorf("%s: %w", d.Name, ErrPoolClosed)
	}
	return h, nil
}

// enlist puts a session on the list of open ones; false when the pool has been
// closed.
func (p *Pool) enlist(h *held) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.all[h] = struct{}{}
	}
	return !p.closed
}

// reserve counts one session more on the slot, and waits for a free slot when
// the device has none yet.
func (p *Pool) reserve(ctx context.Context, s *slot, urgent bool) error {
	w := &waiter{slot: s, urgent: urgent, granted: make(chan struct{})}
	p.mu.Lock()
	if urgent {
		p.waiters = slices.Insert(p.waiters, 0, w)
	} else {
		p.waiters = append(p.waiters, w)
	}
	p.grant()
	p.mu.Unlock()

	var err error
	select {
	case <-w.granted:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil && p.withdraw(w) {
		return err
	}
	if w.victim != nil {
		_ = w.victim.close()
		p.forget(w.victim)
	}
	if err != nil { // granted all the same
		p.ended(s, nil)
	}
	return err
}

// withdraw takes a waiter off the queue; false when it was granted its slot.
func (p *Pool) withdraw(w *waiter) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.waiters, w)
	if i < 0 {
		return false
	}
	p.waiters = slices.Delete(p.waiters, i, i+1)
	return true
}

// grant gives slots to those that wait, in their order, as far as there are
// any; the pool is locked. A device that has its slot needs no other.
func (p *Pool) grant() {
	p.waiters = slices.DeleteFunc(p.waiters, func(w *waiter) bool {
		if w.slot.live == 0 {
			if p.limit > 0 && p.taken >= p.limit {
				if w.victim = p.evict(); w.victim == nil && !w.urgent {
					return false
				}
			}
			p.taken++
		}
		w.slot.live++
		close(w.granted)
		return true
	})
}

// evict frees the slot of the device that has been idle longest; nil when all
// are in use. The pool is locked; the caller closes the session.
func (p *Pool) evict() *held {
	var oldest *slot
	for _, s := range p.devices {
		free := s.kept != nil && s.live == 1 && s.waiting == 0 && len(s.turn) == 0
		if free && (oldest == nil || s.since.Before(oldest.since)) {
			oldest = s
		}
	}
	if oldest == nil {
		return nil
	}
	h := oldest.unkeep()
	p.drop(oldest)
	return h
}

// drop counts one session less; the pool is locked.
func (p *Pool) drop(s *slot) {
	s.live--
	if s.live == 0 {
		p.taken--
	}
}

// ended counts a session less that was closed, or that never came to be (nil).
func (p *Pool) ended(s *slot, h *held) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.all, h)
	p.drop(s)
	p.grant()
}

// keep puts a session that was given back aside for the next user; false when
// it must be closed: another one is kept already, there are more than the limit,
// or another device waits for the slot and nobody for this device.
func (p *Pool) keep(s *slot, h *held) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	over := p.limit > 0 && p.taken > p.limit
	if p.closed || s.kept != nil || over || (p.wanted() && s.waiting == 0) {
		return false
	}
	s.kept, s.since = h, time.Now()
	s.timer = time.AfterFunc(p.idle, func() { p.expire(s, h) })
	return true
}

// wanted tells whether another device waits for a slot; the pool is locked.
func (p *Pool) wanted() bool { return len(p.waiters) > 0 }

// expire closes a session that has been idle for too long.
func (p *Pool) expire(s *slot, h *held) {
	p.mu.Lock()
	mine := s.kept == h
	if mine {
		s.unkeep()
	}
	p.mu.Unlock()
	if mine {
		_ = h.close()
		p.ended(s, h)
	}
}
