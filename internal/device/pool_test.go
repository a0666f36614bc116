package device_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// fake is a driver that counts its sessions.
type fake struct {
	// dial is asked at every Open; nil is a login that works.
	dial func(ctx context.Context, d device.Device) error
	// hang keeps Close of a session from returning.
	hang chan struct{}

	mu       sync.Mutex
	dials    map[string]int
	open     map[*session]struct{}
	most     int // sessions at once, at most
	overlaps int // calls on a session in use by somebody else
	doubles  int // sessions that were closed twice
}

func newFake() *fake {
	return &fake{dials: map[string]int{}, open: map[*session]struct{}{}}
}

func (f *fake) Name() string             { return "fake" }
func (f *fake) DefaultPort() int         { return 22 }
func (f *fake) CheckConfig([]byte) error { return nil }
func (f *fake) Digest([]byte) string     { return "" }

func (f *fake) Open(ctx context.Context, d device.Device) (device.Session, error) {
	f.mu.Lock()
	f.dials[d.Name]++
	f.mu.Unlock()
	if f.dial != nil {
		if err := f.dial(ctx, d); err != nil {
			return nil, err
		}
	}
	s := &session{driver: f, name: d.Name}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open[s] = struct{}{}
	f.most = max(f.most, len(f.open))
	return s, nil
}

// sessions is the number of sessions that are open.
func (f *fake) sessions() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.open)
}

// dialed is how often a device was dialed.
func (f *fake) dialed(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dials[name]
}

// session is a session of a fake device.
type session struct {
	driver *fake
	name   string
	broken atomic.Bool
	busy   atomic.Bool
	fail   error // of the next calls
}

func (s *session) call(ctx context.Context) error {
	if s.busy.Swap(true) {
		s.driver.mu.Lock()
		s.driver.overlaps++
		s.driver.mu.Unlock()
	}
	defer s.busy.Store(false)
	return errors.Join(s.fail, ctx.Err())
}

func (s *session) Capabilities() provision.Capabilities { return provision.Capabilities{Lock: true} }

func (s *session) Pending(ctx context.Context) (*provision.Pending, error) {
	return nil, s.call(ctx)
}

func (s *session) Read(ctx context.Context) (provision.Snapshot, error) {
	return provision.Snapshot{Digest: s.name}, s.call(ctx)
}
func (s *session) Lock(ctx context.Context, _ string) error     { return s.call(ctx) }
func (s *session) Unlock(ctx context.Context) error             { return s.call(ctx) }
func (s *session) Confirm(ctx context.Context, _ string) error  { return s.call(ctx) }
func (s *session) Rollback(ctx context.Context, _ string) error { return s.call(ctx) }
func (s *session) Save(ctx context.Context) error               { return s.call(ctx) }
func (s *session) Alive() bool                                  { return !s.broken.Load() }
func (s *session) Facts(ctx context.Context) (map[string]string, error) {
	return map[string]string{"hostname": s.name}, s.call(ctx)
}

func (s *session) Stage(ctx context.Context, _ provision.Intent, _ provision.StageOptions) (provision.Change, error) {
	if err := s.call(ctx); err != nil {
		return nil, err
	}
	return &change{session: s}, nil
}

func (s *session) Close() error {
	if s.driver.hang != nil {
		<-s.driver.hang
	}
	s.broken.Store(true)
	s.driver.mu.Lock()
	defer s.driver.mu.Unlock()
	if _, ok := s.driver.open[s]; !ok {
		s.driver.doubles++
	}
	delete(s.driver.open, s)
	return nil
}

// change is a staged change of a fake device. It embeds nothing that works.
type change struct {
	provision.Change
	session *session
}

func (c *change) Commit(ctx context.Context, _ provision.CommitOptions) (*provision.Pending, error) {
	return nil, c.session.call(ctx)
}
func (c *change) Discard(ctx context.Context) error { return c.session.call(ctx) }
func (c *change) Verify(ctx context.Context, s provision.Session) (provision.Verification, error) {
	own, ok := s.(*session)
	if !ok {
		return provision.Verification{}, fmt.Errorf("not the driver's own session: %T", s)
	}
	return provision.Verification{}, own.call(ctx)
}

// dev is a device called name.
func dev(name string) device.Device {
	return device.Device{Name: name, Host: "192.0.2.1", SSH: ssh.Config{Username: "netops"}}
}

// opened opens a session and fails the test when that fails.
func opened(t *testing.T, target provision.Target, fresh bool) provision.Session {
	t.Helper()
	s, err := target.Open(t.Context(), fresh)
	if err != nil {
		t.Fatalf("Open(fresh=%v): %v", fresh, err)
	}
	return s
}

// closed closes a session and fails the test when that fails.
func closed(t *testing.T, s provision.Session) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

// check fails the test unless got is want.
func check[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// pass lets time pass in a synctest bubble, where it costs none.
func pass(d time.Duration) { <-time.After(d) }

func TestPoolDialsOncePerProcess(t *testing.T) {
	f := newFake()
	p := device.NewPool(0, time.Minute)
	target := p.Target(f, dev("r1"))
	check(t, "Name", target.Name(), "r1")
	check(t, "Driver", target.Driver(), "fake")

	s := opened(t, target, false) // as Observe does
	if _, err := s.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	for range 2 { // as a dry run, then an apply, do
		s = opened(t, target, false)
		if err := s.Lock(t.Context(), "run 1"); err != nil {
			t.Fatal(err)
		}
		c, err := s.Stage(t.Context(), device.Config{}, provision.StageOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.Discard(t.Context()), s.Unlock(t.Context())); err != nil {
			t.Fatal(err)
		}
		closed(t, s)
	}
	err := p.With(t.Context(), f, dev("r1"), func(s device.Session) error {
		facts, err := s.Facts(t.Context())
		check(t, "fact", facts["hostname"], "r1")
		return err
	})
	check(t, "With", err, nil)
	check(t, "dials", f.dialed("r1"), 1)
	check(t, "Close", p.Close(t.Context()), nil)
	check(t, "sessions after Close", f.sessions(), 0)
}

func TestPoolTellsDevicesApart(t *testing.T) {
	base := dev("r1")
	other := map[string]func(*device.Device){
		"name": func(d *device.Device) { d.Name = "r2" },
		"host": func(d *device.Device) { d.Host = "192.0.2.2" },
		"port": func(d *device.Device) { d.Port = 2222 },
		"user": func(d *device.Device) { d.SSH.Username = "admin" },
	}
	for what, alter := range other {
		t.Run(what, func(t *testing.T) {
			f := newFake()
			p := device.NewPool(0, time.Minute)
			d := base
			alter(&d)
			closed(t, opened(t, p.Target(f, base), false))
			closed(t, opened(t, p.Target(f, d), false))
			check(t, "sessions", f.sessions(), 2)
			check(t, "Close", p.Close(t.Context()), nil)
		})
	}
	f := newFake()
	p := device.NewPool(0, time.Minute)
	same := base
	same.Port = f.DefaultPort()
	closed(t, opened(t, p.Target(f, base), false))
	closed(t, opened(t, p.Target(f, same), false))
	check(t, "sessions when the port is the default", f.sessions(), 1)
	check(t, "Close", p.Close(t.Context()), nil)
}

// TestPoolEndsWhatCannotBeKept: whatever would leave something on the device,
// or hand a broken session to the next user, is really closed.
func TestPoolEndsWhatCannotBeKept(t *testing.T) {
	cut, cancel := context.WithCancel(context.Background())
	cancel()
	cases := map[string]struct {
		use  func(t *testing.T, s provision.Session, own *session)
		kept int
	}{
		"nothing": {func(*testing.T, provision.Session, *session) {}, 1},
		"refused": {func(t *testing.T, s provision.Session, own *session) {
			own.fail = &provision.RejectedError{Message: "no"}
			_, _ = s.Stage(t.Context(), device.Config{}, provision.StageOptions{})
		}, 1},
		"locked": {func(t *testing.T, s provision.Session, _ *session) { _ = s.Lock(t.Context(), "me") }, 0},
		"staged": {func(t *testing.T, s provision.Session, _ *session) {
			_, _ = s.Stage(t.Context(), device.Config{}, provision.StageOptions{})
		}, 0},
		"dead": {func(_ *testing.T, _ provision.Session, own *session) { own.broken.Store(true) }, 0},
		"lost": {func(t *testing.T, s provision.Session, own *session) {
			own.fail = provision.ErrConnectionLost
			_, _ = s.Read(t.Context())
		}, 0},
		"lost in a commit": {func(t *testing.T, s provision.Session, own *session) {
			c, _ := s.Stage(t.Context(), device.Config{}, provision.StageOptions{})
			own.fail = provision.ErrConnectionLost
			_, _ = c.Commit(t.Context(), provision.CommitOptions{})
			own.fail = nil
			_ = c.Discard(t.Context())
		}, 0},
		"cut short": {func(_ *testing.T, s provision.Session, _ *session) { _, _ = s.Pending(cut) }, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			p := device.NewPool(0, time.Minute)
			s := opened(t, p.Target(f, dev("r1")), false)
			for own := range f.open {
				c.use(t, s, own)
			}
			closed(t, s)
			check(t, "sessions kept", f.sessions(), c.kept)
			closed(t, s) // a second time does nothing
			closed(t, opened(t, p.Target(f, dev("r1")), false))
			check(t, "dials", f.dialed("r1"), 2-c.kept)
			check(t, "Close", p.Close(t.Context()), nil)
			check(t, "closed twice", f.doubles, 0)
		})
	}
}

func TestPoolSessionIsOfNoUseAfterClose(t *testing.T) {
	f := newFake()
	p := device.NewPool(0, time.Minute)
	s := opened(t, p.Target(f, dev("r1")), false)
	closed(t, s)
	if _, err := s.Read(t.Context()); err == nil {
		t.Error("Read after Close worked: another user may have the session")
	}
	check(t, "Close", p.Close(t.Context()), nil)
}

func TestPoolRedialsWhatBrokeWhileIdle(t *testing.T) {
	f := newFake()
	p := device.NewPool(1, time.Minute)
	closed(t, opened(t, p.Target(f, dev("r1")), false))
	for own := range f.open {
		own.broken.Store(true)
	}
	closed(t, opened(t, p.Target(f, dev("r1")), false))
	check(t, "dials", f.dialed("r1"), 2)
	check(t, "sessions", f.sessions(), 1)
	check(t, "Close", p.Close(t.Context()), nil)
}

func TestPoolFreshSession(t *testing.T) {
	f := newFake()
	p := device.NewPool(1, time.Minute) // the second session must not need a slot
	target := p.Target(f, dev("r1"))
	first := opened(t, target, false)
	c, err := first.Stage(t.Context(), device.Config{}, provision.StageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	second := opened(t, target, true)
	check(t, "dials", f.dialed("r1"), 2)
	if _, err := c.Verify(t.Context(), second); err != nil {
		t.Errorf("Verify through the fresh session: %v", err)
	}
	check(t, "Discard", c.Discard(t.Context()), nil)
	closed(t, second)
	closed(t, first)
	check(t, "sessions kept", f.sessions(), 1)
	closed(t, opened(t, target, true))
	check(t, "dials of a fresh one beside a kept one", f.dialed("r1"), 3)
	check(t, "sessions kept", f.sessions(), 1)
	check(t, "Close", p.Close(t.Context()), nil)
}

func TestPoolKeepsFreshSessionWhenTheFirstBroke(t *testing.T) {
	f := newFake()
	p := device.NewPool(1, time.Minute)
	target := p.Target(f, dev("r1"))
	first := opened(t, target, false)
	for own := range f.open {
		own.broken.Store(true)
	}
	second := opened(t, target, true)
	closed(t, first)
	closed(t, second)
	closed(t, opened(t, target, false))
	check(t, "dials", f.dialed("r1"), 2)
	check(t, "Close", p.Close(t.Context()), nil)
}

func TestPoolUsersTakeTurns(t *testing.T) {
	f := newFake()
	p := device.NewPool(0, time.Minute)
	target := p.Target(f, dev("r1"))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			s := opened(t, target, false)
			_, _ = s.Read(t.Context())
			closed(t, s)
		})
	}
	wg.Wait()
	check(t, "dials", f.dialed("r1"), 1)
	check(t, "calls at once on one session", f.overlaps, 0)
	check(t, "Close", p.Close(t.Context()), nil)
}

func TestPoolTurnHonoursContext(t *testing.T) {
	f := newFake()
	p := device.NewPool(0, time.Minute)
	target := p.Target(f, dev("r1"))
	s := opened(t, target, false)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := target.Open(ctx, false); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Open of a device in use: %v, want the context's end", err)
	}
	closed(t, s)
	closed(t, opened(t, target, false))
	check(t, "dials", f.dialed("r1"), 1)
	check(t, "Close", p.Close(t.Context()), nil)
}

func TestPoolFailedDialFreesEverything(t *testing.T) {
	f := newFake()
	f.dial = func(context.Context, device.Device) error { return provision.ErrUnreachable }
	p := device.NewPool(1, time.Minute)
	for _, fresh := range []bool{false, true, false} {
		if _, err := p.Target(f, dev("r1")).Open(t.Context(), fresh); !errors.Is(err, provision.ErrUnreachable) {
			t.Errorf("Open = %v, want what the driver said", err)
		}
	}
	f.dial = nil
	closed(t, opened(t, p.Target(f, dev("r2")), false))
	check(t, "Close", p.Close(t.Context()), nil)
}

// TestPoolSharesAFailedLogin: reading and planning a dead device wait for it
// once; other credentials, a fresh session and a later user ask it again.
func TestPoolSharesAFailedLogin(t *testing.T) {
	for _, kind := range []error{provision.ErrUnreachable, provision.ErrAuth} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			f.dial = func(context.Context, device.Device) error {
				pass(15 * time.Second)
				return kind
			}
			p := device.NewPool(0, 5*time.Second)
			d := dev("r1")
			ask := func(what string, d device.Device, fresh bool, dials int) {
				t.Helper()
				if _, err := p.Target(f, d).Open(t.Context(), fresh); !errors.Is(err, kind) {
					t.Errorf("%s: %v, want %v", what, err, kind)
				}
				check(t, "dials after "+what, f.dialed("r1"), dials)
			}
			ask("reading", d, false, 1)
			ask("planning", d, false, 1)
			ask("a fresh session", d, true, 2)
			other := d
			other.SSH.Password = "another"
			ask("another password", other, false, 3)
			pass(5 * time.Second)
			ask("a while", other, false, 4)
			f.dial = nil
			pass(5 * time.Second)
			closed(t, opened(t, p.Target(f, other), false))
			check(t, "Close", p.Close(t.Context()), nil)
		})
	}
}

// TestPoolForgetsAnInterruptedLogin: that its user went says nothing about the
// device.
func TestPoolForgetsAnInterruptedLogin(t *testing.T) {
	f := newFake()
	ctx, cancel := context.WithCancel(t.Context())
	f.dial = func(context.Context, device.Device) error {
		cancel()
		return provision.ErrUnreachable
	}
	p := device.NewPool(0, time.Minute)
	if _, err := p.Target(f, dev("r1")).Open(ctx, false); err == nil {
		t.Error("an interrupted login worked")
	}
	f.dial = nil
	closed(t, opened(t, p.Target(f, dev("r1")), false))
	check(t, "Close", p.Close(t.Context()), nil)
}

func TestPoolIdleTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		p := device.NewPool(0, 5*time.Second)
		target := p.Target(f, dev("r1"))
		closed(t, opened(t, target, false))
		pass(4 * time.Second)
		s := opened(t, target, false) // the time begins anew after use
		pass(time.Minute)
		synctest.Wait()
		check(t, "sessions in use", f.sessions(), 1)
		closed(t, s)
		pass(4 * time.Second)
		synctest.Wait()
		check(t, "sessions after 4 s", f.sessions(), 1)
		pass(time.Second)
		synctest.Wait()
		check(t, "sessions after 5 s", f.sessions(), 0)
		closed(t, opened(t, target, false))
		check(t, "dials", f.dialed("r1"), 2)
		check(t, "Close", p.Close(t.Context()), nil)
		check(t, "closed twice", f.doubles, 0)
	})
}
