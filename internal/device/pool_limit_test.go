package device_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

func TestPoolEvictsTheLongestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		p := device.NewPool(2, time.Minute)
		for _, name := range []string{"r1", "r2", "r1"} {
			closed(t, opened(t, p.Target(f, dev(name)), false))
			pass(time.Second)
		}
		closed(t, opened(t, p.Target(f, dev("r3")), false)) // r2 must go
		closed(t, opened(t, p.Target(f, dev("r1")), false))
		check(t, "dials of r1", f.dialed("r1"), 1)
		closed(t, opened(t, p.Target(f, dev("r2")), false))
		check(t, "dials of r2", f.dialed("r2"), 2)
		check(t, "sessions at once", f.most, 2)
		check(t, "Close", p.Close(t.Context()), nil)
	})
}

func TestPoolWaiterGetsTheNextFreeSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		p := device.NewPool(1, time.Minute)
		s := opened(t, p.Target(f, dev("r1")), false)
		done := make(chan struct{})
		go func() {
			defer close(done)
			closed(t, opened(t, p.Target(f, dev("r2")), false))
		}()
		synctest.Wait()
		check(t, "dials of r2 while r1 is in use", f.dialed("r2"), 0)
		closed(t, s)
		<-done
		check(t, "dials of r2", f.dialed("r2"), 1)
		check(t, "sessions at once", f.most, 1)
		check(t, "Close", p.Close(t.Context()), nil)
	})
}

func TestPoolWaiterGoesAway(t *testing.T) {
	f := newFake()
	p := device.NewPool(1, time.Minute)
	s := opened(t, p.Target(f, dev("r1")), false)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := p.Target(f, dev("r2")).Open(ctx, false); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Open without a free slot: %v, want the context's end", err)
	}
	closed(t, s)
	check(t, "sessions kept", f.sessions(), 1) // nobody waits any more
	closed(t, opened(t, p.Target(f, dev("r2")), false))
	check(t, "Close", p.Close(t.Context()), nil)
}

// TestPoolFreshWaitsForNoSlot: the session broke during a commit, whose timer
// runs, and another device has got the slot.
func TestPoolFreshWaitsForNoSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		p := device.NewPool(1, time.Minute)
		first := opened(t, p.Target(f, dev("r1")), false)
		var second provision.Session
		var wg sync.WaitGroup
		wg.Go(func() { second = opened(t, p.Target(f, dev("r2")), false) })
		synctest.Wait()
		for own := range f.open {
			own.broken.Store(true)
		}
		closed(t, first)
		wg.Wait()
		begin := time.Now()
		fresh := opened(t, p.Target(f, dev("r1")), true)
		check(t, "time until the fresh session", time.Since(begin), 0)
		closed(t, fresh)
		check(t, "sessions kept beyond the limit", f.sessions(), 1)
		fresh = opened(t, p.Target(f, dev("r1")), true)
		wg.Go(func() { closed(t, opened(t, p.Target(f, dev("r3")), false)) })
		synctest.Wait()
		closed(t, second)
		synctest.Wait()
		check(t, "dials of r3 while r1 has more than its share", f.dialed("r3"), 0)
		closed(t, fresh)
		wg.Wait()
		check(t, "sessions at once", f.most, 2)
		check(t, "Close", p.Close(t.Context()), nil)
	})
}

// TestPoolSlowDeviceHoldsUpNobody: one device never answers; nine others and
// the users of a tenth go on.
func TestPoolSlowDeviceHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.dial = func(ctx context.Context, d device.Device) error {
			if d.Name == "slow" {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		p := device.NewPool(10, time.Minute)
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		slow := make(chan error)
		go func() {
			_, err := p.Target(f, dev("slow")).Open(ctx, false)
			slow <- err
		}()
		synctest.Wait()
		for i := range 20 {
			closed(t, opened(t, p.Target(f, dev(fmt.Sprintf("r%d", i))), false))
		}
		check(t, "time that the others took", time.Since(begin), 0)
		if err := <-slow; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("slow device: %v", err)
		}
		check(t, "Close", p.Close(t.Context()), nil)
	})
}

func TestPoolCloseEndsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.dial = func(ctx context.Context, d device.Device) error {
			if d.Name == "dialing" {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		p := device.NewPool(3, time.Minute)
		inUse := opened(t, p.Target(f, dev("in use")), false)
		closed(t, opened(t, p.Target(f, dev("idle")), false))
		errs := make(chan error)
		for _, name := range []string{"dialing", "in use"} {
			go func() {
				_, err := p.Target(f, dev(name)).Open(context.Background(), false)
				errs <- err
			}()
		}
		synctest.Wait()
		check(t, "Close", p.Close(t.Context()), nil)
		check(t, "sessions", f.sessions(), 0)
		for range 2 {
			if err := <-errs; !errors.Is(err, device.ErrPoolClosed) {
				t.Errorf("Open during Close = %v, want ErrPoolClosed", err)
			}
		}
		closed(t, inUse) // its user learns of it later
		check(t, "closed twice", f.doubles, 0)
		if err := p.With(t.Context(), f, dev("idle"), nil); !errors.Is(err, device.ErrPoolClosed) {
			t.Errorf("With after Close = %v, want ErrPoolClosed", err)
		}
		check(t, "second Close", p.Close(t.Context()), nil)
	})
}

func TestPoolCloseKeepsItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.hang = make(chan struct{})
		p := device.NewPool(0, time.Hour)
		s := opened(t, p.Target(f, dev("r1")), false)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		err := p.Close(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || err.Error() != "close session of r1: context deadline exceeded" {
			t.Errorf("Close = %v, want an error that names r1", err)
		}
		check(t, "time", time.Since(begin), time.Second)
		close(f.hang)
		closed(t, s)
		synctest.Wait()
		check(t, "sessions", f.sessions(), 0)
	})
}

// TestPoolRace has many users at once, with breaking sessions, fresh ones,
// impatient users and too few slots. Nothing may be left over.
func TestPoolRace(t *testing.T) {
	const limit = 3
	f := newFake()
	p := device.NewPool(limit, time.Millisecond)
	var wg sync.WaitGroup
	var fresh most
	for user := range 16 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(user)))
			for range 200 {
				roughUse(t, p.Target(f, dev(fmt.Sprintf("r%d", r.IntN(6)))), r, &fresh)
			}
		})
	}
	wg.Wait()
	check(t, "Close", p.Close(t.Context()), nil)
	check(t, "sessions", f.sessions(), 0)
	check(t, "calls at once on one session", f.overlaps, 0)
	check(t, "closed twice", f.doubles, 0)
	// Each slot may have a session that is being kept besides the one in use.
	if f.most > 2*limit+fresh.most {
		t.Errorf("%d sessions at once, %d of them fresh, with %d slots", f.most, fresh.most, limit)
	}
}

// most counts what there is at once, at most.
type most struct {
	mu        sync.Mutex
	now, most int
}

// add counts some more, or less.
func (m *most) add(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now += n
	m.most = max(m.most, m.now)
}

// roughUse uses a device in one of many ways.
func roughUse(t *testing.T, target provision.Target, r *rand.Rand, freshOnes *most) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if r.IntN(4) == 0 {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(r.IntN(500))*time.Microsecond)
		defer cancel()
	}
	anew := r.IntN(10) == 0
	if anew {
		freshOnes.add(1)
		defer freshOnes.add(-1)
	}
	s, err := target.Open(ctx, anew)
	if err != nil {
		return
	}
	_, _ = s.Read(ctx)
	if r.IntN(5) == 0 {
		freshOnes.add(1)
		defer freshOnes.add(-1)
		if fresh, err := target.Open(ctx, true); err == nil {
			_ = fresh.Confirm(ctx, "x")
			closed(t, fresh)
		}
	}
	if r.IntN(5) == 0 {
		_ = s.Lock(ctx, "me") // not unlocked: cannot be kept
	}
	closed(t, s)
}
