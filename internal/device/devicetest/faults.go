package devicetest

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// call is one call of a session, for cancelling it.
type call struct {
	name string
	f    func(ctx context.Context, b *bench, s device.Session) error
}

func calls(b *bench) []call {
	stage := func(replace bool) func(context.Context, *bench, device.Session) error {
		return func(ctx context.Context, b *bench, s device.Session) error {
			_, err := s.Stage(ctx, b.intent(b.fix.Replace), provision.StageOptions{Replace: replace, Verify: true})
			return err
		}
	}
	list := []call{
		{"pending", func(ctx context.Context, _ *bench, s device.Session) error { _, err := s.Pending(ctx); return err }},
		{"read", func(ctx context.Context, _ *bench, s device.Session) error { _, err := s.Read(ctx); return err }},
		{"facts", func(ctx context.Context, _ *bench, s device.Session) error { _, err := s.Facts(ctx); return err }},
		{"stage merge", stage(false)},
		{"stage replace", stage(true)},
		{"commit", func(ctx context.Context, b *bench, s device.Session) error {
			c := b.stage(s, b.fix.Merge, false)
			_, err := c.Commit(ctx, provision.CommitOptions{ID: commitID, Holder: holder, Window: window})
			return err
		}},
	}
	if b.caps().Lock {
		list = append(list, call{"lock", func(ctx context.Context, _ *bench, s device.Session) error { return s.Lock(ctx, holder) }})
	}
	return list
}

// testCancel ends the context before and within each call.
func testCancel(t *testing.T, lab Lab) {
	lab.Reset(t)
	for _, c := range calls(&bench{T: t, lab: lab, fix: lab.Fixture(), drv: lab.Driver()}) {
		for _, after := range []time.Duration{0, 10 * time.Millisecond, 60 * time.Millisecond} {
			on(t, lab, fmt.Sprintf("%s after %v", c.name, after), func(b *bench) { cancelCall(b, c, after) })
		}
	}
}

func cancelCall(b *bench, c call, after time.Duration) {
	before := b.config()
	s := b.open()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	if after == 0 {
		cancel()
	} else {
		defer time.AfterFunc(after, cancel).Stop()
	}
	done := make(chan error, 1)
	go func() { done <- c.f(ctx, b, s) }()
	select {
	case err := <-done:
		if err == nil && after == 0 {
			b.Error("succeeded though its context had ended")
		}
		if err != nil && !ended(err) {
			b.Errorf("the call gave %v", err)
		}
	case <-time.After(prompt + after):
		b.Fatal("the call does not return")
	}
	_ = s.Close()
	b.back(before)
}

// testDrop breaks the connection at steps of a plan and of a commit. A step is
// a piece that we send; where a step begins is the driver's affair.
func testDrop(t *testing.T, lab Lab) {
	plan := func(b *bench, d device.Device) {
		s, err := b.drv.Open(b.Context(), d)
		if err != nil {
			return
		}
		defer func() { _ = s.Close() }()
		if c, err := s.Stage(b.Context(), b.intent(b.fix.Replace), provision.StageOptions{Replace: true, Verify: true}); err == nil {
			_ = c.Discard(b.Context())
		}
	}
	apply := func(b *bench, d device.Device) {
		s, err := b.drv.Open(b.Context(), d)
		if err != nil {
			return
		}
		defer func() { _ = s.Close() }()
		if s.Lock(b.Context(), holder) != nil {
			return
		}
		if c, err := s.Stage(b.Context(), b.intent(b.fix.Merge), provision.StageOptions{}); err == nil {
			_, _ = c.Commit(b.Context(), provision.CommitOptions{ID: commitID, Holder: holder, Window: window})
		}
	}
	for _, sc := range []struct {
		name string
		f    func(*bench, device.Device)
	}{{"plan", plan}, {"apply", apply}} {
		steps := 0
		on(t, lab, sc.name+" undisturbed", func(b *bench) {
			before := b.config()
			l := b.link(-1)
			sc.f(b, l.device)
			steps = int(l.sent.Load())
			b.back(before)
		})
		for _, at := range spread(steps, 8) {
			on(t, lab, fmt.Sprintf("%s at %d of %d", sc.name, at, steps), func(b *bench) {
				before := b.config()
				sc.f(b, b.link(at).device)
				// What was already sent may only begin now: before it has
				// ended, an unchanged device says nothing.
				b.cleanEvery(rest, rest)
				b.back(before)
			})
		}
	}
}

// spread picks at most n numbers below total, evenly, the last one included.
func spread(total, n int) []int {
	if total <= n {
		n = total
	}
	var out []int
	for i := range n {
		out = append(out, (i+1)*total/n-1)
	}
	return out
}

// link is a proxy before the device whose connections can be broken.
type link struct {
	device device.Device
	sent   atomic.Int64 // pieces from us to the device

	limit int // break after so many pieces; negative: never
	mu    sync.Mutex
	conns []net.Conn
}

// link starts a proxy before the lab's device.
func (b *bench) link(limit int) *link {
	b.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	b.must("listen", err)
	l := &link{device: b.lab.Device(), limit: limit}
	b.Cleanup(func() { _ = ln.Close(); l.cut() })
	port := l.device.Port
	if port == 0 {
		port = b.drv.DefaultPort()
	}
	to := net.JoinHostPort(l.device.Host, strconv.Itoa(port))
	l.device.Host, l.device.Port = "127.0.0.1", ln.Addr().(*net.TCPAddr).Port
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go l.serve(c, to)
		}
	}()
	return l
}

func (l *link) serve(c net.Conn, to string) {
	d, err := net.Dial("tcp", to)
	if err != nil {
		_ = c.Close()
		return
	}
	l.mu.Lock()
	l.conns = append(l.conns, c, d)
	l.mu.Unlock()
	go func() { _, _ = io.Copy(c, d); _ = c.Close(); _ = d.Close() }()
	buf := make([]byte, 64<<10)
	for {
		n, err := c.Read(buf)
		if n > 0 {
			if at := l.sent.Add(1); l.limit >= 0 && at > int64(l.limit) {
				l.cut()
				return
			}
			_, _ = d.Write(buf[:n])
		}
		if err != nil {
			_ = d.Close()
			return
		}
	}
}

// cut breaks what goes through the link.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		_ = c.Close()
	}
	l.conns = nil
}

// testCore lets the core drive the driver.
func testCore(t *testing.T, lab Lab) {
	for _, replace := range []bool{false, true} {
		name := map[bool]string{false: "merge", true: "replace"}[replace]
		text := map[bool]string{false: lab.Fixture().Merge, true: lab.Fixture().Replace}[replace]
		on(t, lab, name+" and nothing to do", func(b *bench) { coreTwice(b, text, replace) })
	}
	cut := coreCutAfter
	if lab.Fixture().CutOff != "" {
		cut = coreCutOff
	}
	on(t, lab, "cut off is taken back", cut)
}

// coreCutOff applies a configuration that cuts the management off.
func coreCutOff(b *bench) {
	before := b.config()
	req := b.request(b.fix.CutOff, false)
	req.ConfirmTimeout = 2 * window
	res, err := provision.Run(b.Context(), req)
	b.takenBack(before, res, err)
}

// takenBack checks that an apply failed because the device took the change back.
func (b *bench) takenBack(before config, res provision.Result, err error) {
	b.Helper()
	if err == nil || res.Outcome != provision.OutcomeReverted {
		b.Errorf("cut off it gave %q, %v", res.Outcome, err)
	}
	b.back(before)
}

// coreCutAfter takes the management path away between a commit and its
// confirmation, and gives it back when the device has taken the change back.
func coreCutAfter(b *bench) {
	before := b.config()
	req := b.request(b.fix.Merge, false)
	req.ConfirmTimeout = 2 * window
	at := cutting{target: target{b}, committed: make(chan struct{}), goOn: make(chan struct{})}
	req.Target = at
	var res provision.Result
	var err error
	ended := make(chan struct{})
	go func() { defer close(ended); res, err = provision.Run(b.Context(), req) }()
	select {
	case <-at.committed:
	case <-ended:
		b.Fatalf("no commit: %v", err)
	}
	b.lab.Cut(b.T)
	close(at.goOn)
	if !eventually(b.T, req.ConfirmTimeout+settle, rest, rest, func() bool { return b.lab.Running(b.T) == before.running }) {
		b.Error("cut off, the device keeps the change")
	}
	b.lab.Heal(b.T)
	<-ended
	b.takenBack(before, res, err)
}

// cutting is a target whose commit comes back only when it is told to go on.
type cutting struct {
	target
	committed, goOn chan struct{}
}

// Open implements provision.Target.
func (t cutting) Open(ctx context.Context, fresh bool) (provision.Session, error) {
	s, err := t.target.Open(ctx, fresh)
	if err != nil {
		return nil, err
	}
	return cutSession{s, t}, nil
}

// cutSession is a session of cutting.
type cutSession struct {
	provision.Session
	target cutting
}

// Stage implements provision.Session.
func (s cutSession) Stage(ctx context.Context, in provision.Intent, opts provision.StageOptions) (provision.Change, error) {
	c, err := s.Session.Stage(ctx, in, opts)
	if err != nil {
		return nil, err
	}
	return cutChange{c, s.target}, nil
}

// cutChange is a change of cutting.
type cutChange struct {
	provision.Change
	target cutting
}

// Commit implements provision.Change.
func (c cutChange) Commit(ctx context.Context, opts provision.CommitOptions) (*provision.Pending, error) {
	p, err := c.Change.Commit(ctx, opts)
	close(c.target.committed)
	<-c.target.goOn
	return p, err
}

// Verify implements provision.Change; the driver gets its own session.
func (c cutChange) Verify(ctx context.Context, s provision.Session) (provision.Verification, error) {
	return c.Change.Verify(ctx, s.(cutSession).Session)
}

func (b *bench) request(text string, replace bool) provision.Request {
	return provision.Request{
		Target: target{b}, Intent: b.intent(text), Replace: replace, Commit: true, Save: true,
		ConfirmTimeout: long, CommitID: commitID, Holder: holder,
	}
}

func coreTwice(b *bench, text string, replace bool) {
	before := b.config()
	req := b.request(text, replace)
	req.DryRun = true
	plan := b.plan(req)
	b.same(before)
	req.DryRun, req.Approved = false, &provision.Approval{Diff: plan.Diff.String(), ChangeID: plan.ChangeID}
	res, err := provision.Run(b.Context(), req)
	b.must("apply", err)
	if res.Outcome != provision.OutcomeApplied || res.Diff.String() != plan.Diff.String() || res.Unsaved {
		b.Errorf("applied %s, unsaved %t, diff\n%s", res.Outcome, res.Unsaved, res.Diff)
	}
	b.added()
	req.DryRun, req.Approved = true, nil
	again, err := provision.Run(b.Context(), req)
	b.must("plan again", err)
	if again.Outcome != provision.OutcomeNoChange || !again.Diff.Empty() {
		b.Errorf("a second plan: %s\n%s", again.Outcome, again.Diff)
	}
}

// plan makes a plan that changes something.
func (b *bench) plan(req provision.Request) provision.Result {
	b.Helper()
	plan, err := provision.Run(b.Context(), req)
	b.must("plan", err)
	if plan.Outcome != provision.OutcomePlanned || plan.Diff.Empty() || plan.ChangeID == "" {
		b.Errorf("planned %s, change id %q, diff\n%s", plan.Outcome, plan.ChangeID, plan.Diff)
	}
	return plan
}

// added makes sure that what is added is running and saved.
func (b *bench) added() {
	b.Helper()
	for what, text := range map[string]string{"running": b.lab.Running(b.T), "startup": b.lab.Startup(b.T)} {
		if !strings.Contains(text, b.fix.Added) {
			b.Errorf("%s lacks %q", what, b.fix.Added)
		}
	}
}
