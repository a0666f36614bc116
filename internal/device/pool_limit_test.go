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

// TestPoolFreshGoesFirst: a fresh session confirms a commit whose timer runs.
func TestPoolFreshGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		p := device.NewPool(1, time.Minute)
		s := opened(t, p.Target(f, dev("r1")), false)
		var order []string
		var wg sync.WaitGroup
		wait := func(name string, fresh bool) {
			wg.Go(func() {
				s := opened(t, p.Target(f, dev(name)), fresh)
				order = append(order, name) // one slot: one at a time
				closed(t, s)
			})
			synctest.Wait()
		}
		wait("r2", false)
		wait("r3", true)
		closed(t, s)
		wg.Wait()
		check(t, "order", fmt.Sprint(order), "[r3 r2]")
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
	for user := range 16 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(user)))
			for range 200 {
				roughUse(t, p.Target(f, dev(fmt.Sprintf("r%d", r.IntN(6)))), r)
			}
		})
	}
	wg.Wait()
	check(t, "Close", p.Close(t.Context()), nil)
	check(t, "sessions", f.sessions(), 0)
	check(t, "calls at once on one session", f.overlaps, 0)
	check(t, "closed twice", f.doubles, 0)
	// Each slot may have a fresh session besides, and one that is being kept.
	if f.most > 3*limit {
		t.Errorf("%d sessions at once with %d slots", f.most, limit)
	}
}

// roughUse uses a device in one of many ways.
func roughUse(t *testing.T, target provision.Target, r *rand.Rand) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if r.IntN(4) == 0 {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(r.IntN(500))*time.Microsecond)
		defer cancel()
	}
	s, err := target.Open(ctx, r.IntN(10) == 0)
	if err != nil {
		return
	}
	_, _ = s.Read(ctx)
	if r.IntN(5) == 0 {
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
