package provision_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// conf is a configuration of four lines: what a, b, c and d are set to; 0 is
// unset.
type conf [4]byte

const keys = "abcd"

// digest tells every configuration from every other.
func (c conf) digest() string {
	const hex = "0123456789abcdef"
	return string([]byte{hex[c[0]], hex[c[1]], hex[c[2]], hex[c[3]]})
}

// line is one line of a configuration.
func (c conf) line(i int) string { return keys[i:i+1] + "=" + string(rune('0'+c[i])) }

// diffTo is the difference between two configurations.
func (c conf) diffTo(to conf) provision.Diff {
	var lines []string
	for i := range c {
		if c[i] == to[i] {
			continue
		}
		if c[i] != 0 {
			lines = append(lines, "- "+c.line(i))
		}
		if to[i] != 0 {
			lines = append(lines, "+ "+to.line(i))
		}
	}
	d := provision.Diff{By: provision.ByDevice}
	if len(lines) > 0 {
		d.Hunks = []provision.Hunk{{Header: "configuration", Lines: lines}}
	}
	return d
}

// intent is what is asked for: lines that are 0 are not named.
type intent struct{ set conf }

func (i intent) Digest() string { return i.set.digest() }

// result is what a configuration becomes.
func (i intent) result(from conf, replace bool) conf {
	if replace {
		return i.set
	}
	for k, v := range i.set {
		if v != 0 {
			from[k] = v
		}
	}
	return from
}

// variant is a kind of target.
type variant struct {
	name    string
	caps    provision.Capabilities
	partial bool // a commit can stop half way
	mark    bool // the timer is a process of ours, and the mark of a commit outlives it
	silent  bool // it tells neither whose commit waits nor its id
	yields  bool // Commit gives up the lock, which would keep out Confirm
	looks   bool // Commit reads once more, and does nothing if somebody was faster
}

// variants are the kinds of targets that are simulated.
func variants() []variant {
	return []variant{
		{name: "netconf", yields: true, silent: true, looks: true, caps: provision.Capabilities{Lock: true, ConfirmedCommit: true, Startup: true}},
		{name: "frr", partial: true, mark: true, looks: true, caps: provision.Capabilities{Lock: true, ConfirmedCommit: true, Startup: true, DeviceDiff: true}},
		{name: "plain", partial: true, caps: provision.Capabilities{Lock: true, Startup: true}},
		{name: "open", caps: provision.Capabilities{ConfirmedCommit: true}},
	}
}

// proc is one process of ours: what a run of it did and what it saw.
type proc struct {
	name     string
	counted  bool // faults are injected into its calls
	dead     bool
	killed   chan struct{} // closed with dead
	cancel   context.CancelFunc
	approved string // the difference that was approved, "" in a dry run
	before   conf   // as staged last
	stageSeq int
	asked    int // when it asked for a pending commit last

	commits   int  // calls of Commit
	refused   bool // the target did nothing, because somebody was faster
	effects   int  // of its calls on the running configuration
	effectSeq int  // when the last of them was
	saw       *sighting
	claims    bool // it said where the target is
}

// sighting is the target's state when a process read it last.
type sighting struct {
	running, startup conf
	mine             bool // its own commit waits
	seq              int
}

// pending is a commit that waits on the target.
type pending struct {
	provision.Pending
	seq       int // when it began
	before    conf
	confirmAt time.Time // when somebody else confirms it; zero: never
}

// later is something that happens on the target by itself.
type later struct {
	at time.Time
	f  func()
}

// world is a target and everybody who works on it. It counts what happens.
type world struct {
	variant
	mu               sync.Mutex
	running, startup conf
	pending          *pending
	lockedBy         string // "" is nobody
	lockConn         *conn
	lockUntil        time.Time // when somebody else gives the lock back
	cut              bool      // the management is cut off until the commit is undone
	downUntil        time.Time
	laters           []later
	conns            map[*conn]bool

	lacks func(conf) bool // what was asked for is not in it

	seq      int // counts everything that changes the target
	external int // seq of the last thing that was not done by a run of ours
	calls    int // of counted processes
	ops      []op
	faults   map[int]fault
	broken   []string // promises that were broken
}

// newWorld makes a target.
func newWorld(v variant, running, startup conf, faults map[int]fault) *world {
	return &world{variant: v, running: running, startup: startup, faults: faults, conns: map[*conn]bool{}}
}

// breach takes note of a broken promise.
func (w *world) breach(format string, args ...any) {
	w.broken = append(w.broken, fmt.Sprintf(format, args...))
}

// tick lets happen what is due by now, in order.
func (w *world) tick() {
	now := time.Now()
	for {
		at, f := w.due()
		if f == nil || at.After(now) {
			return
		}
		f()
	}
}

// undoing is how long a target takes to undo a commit.
const undoing = 3 * time.Second

// due is what happens next.
func (w *world) due() (time.Time, func()) {
	var at time.Time
	var f func()
	offer := func(t time.Time, g func()) {
		if f == nil || t.Before(at) {
			at, f = t, g
		}
	}
	for i, l := range w.laters {
		offer(l.at, func() {
			w.laters = append(w.laters[:i:i], w.laters[i+1:]...)
			l.f()
		})
	}
	if p := w.pending; p != nil && !p.Stuck {
		offer(p.Deadline.Add(undoing), w.revert)
		if !p.confirmAt.IsZero() {
			offer(p.confirmAt, func() {
				if w.yields && w.lockConn != nil && !w.lockConn.late && !w.lockConn.struck {
					w.breach("kept another run from confirming, by a lock")
				}
				w.pending = nil
				w.outside()
			})
		}
	}
	if !w.lockUntil.IsZero() {
		offer(w.lockUntil, func() { w.lockedBy, w.lockUntil = "", time.Time{} })
	}
	return at, f
}

// outside takes note that something happened that no run of ours did.
func (w *world) outside() {
	w.seq++
	w.external = w.seq
}

// revert undoes the pending commit.
func (w *world) revert() {
	w.seq++
	if w.pending.Holder == otherHolder {
		w.external = w.seq
	}
	w.running, w.pending, w.cut = w.pending.before, nil, false
}

// reboot starts the target anew.
func (w *world) reboot() {
	for c := range w.conns {
		w.unplug(c)
	}
	if w.caps.Startup {
		w.running = w.startup
	} else if w.pending != nil {
		w.running = w.pending.before
	}
	if w.pending != nil && w.mark {
		w.pending.Stuck = true
	} else {
		w.pending = nil
	}
	w.lockedBy, w.lockUntil, w.lockConn = "", time.Time{}, nil
	w.cut, w.downUntil = false, time.Now().Add(5*time.Second)
	w.laters = nil
	w.outside()
}

// unplug breaks a connection; what the target kept for it goes.
func (w *world) unplug(c *conn) {
	c.gone = true
	delete(w.conns, c)
	if w.lockConn == c && !c.late {
		w.lockedBy, w.lockConn = "", nil
	}
}

// kill ends a process.
func (w *world) kill(p *proc) {
	p.dead = true
	close(p.killed)
	p.cancel()
	for c := range w.conns {
		if c.proc == p {
			w.unplug(c)
		}
	}
}

// target is the world as one process sees it.
type target struct {
	w *world
	p *proc
}

func (t target) Name() string   { return "r1" }
func (t target) Driver() string { return t.w.name }

// errors of the model.
var (
	errSimulated = errors.New("simulated failure")
	errGone      = fmt.Errorf("%w: simulated", provision.ErrConnectionLost)
	errNoRoute   = fmt.Errorf("%w: simulated", provision.ErrUnreachable)
	errMoved     = fmt.Errorf("%w: simulated", provision.ErrStale)
)

// Open implements provision.Target.
func (t target) Open(ctx context.Context, _ bool) (provision.Session, error) {
	var c *conn
	err := t.w.call(ctx, t.p, nil, opOpen, func() error {
		if t.w.cut || time.Now().Before(t.w.downUntil) {
			return errNoRoute
		}
		c = &conn{w: t.w, proc: t.p}
		t.w.conns[c] = true
		return nil
	})
	if err != nil {
		// A login whose answer does not arrive leaves no session with us, and
		// the target ends it.
		t.w.mu.Lock()
		defer t.w.mu.Unlock()
		if c != nil {
			t.w.unplug(c)
		}
		return nil, err
	}
	return c, nil
}

// conn is a session.
type conn struct {
	w      *world
	proc   *proc
	gone   bool
	late   bool // the target still works for it, and keeps its lock
	staged bool // something of it is on the target
	struck bool // a call did not come back, or cleaning up went wrong
}

func (c *conn) Capabilities() provision.Capabilities { return c.w.caps }

func (c *conn) do(ctx context.Context, o op, f func() error) error {
	return c.w.call(ctx, c.proc, c, o, f)
}

func (c *conn) Pending(ctx context.Context) (p *provision.Pending, err error) {
	err = c.do(ctx, opPending, func() error {
		c.proc.asked = c.w.seq
		if c.w.pending != nil {
			q := c.w.pending.Pending
			if c.w.silent {
				q.ID, q.Holder = "", ""
			}
			p = &q
		}
		return nil
	})
	return p, err
}

func (c *conn) Read(ctx context.Context) (s provision.Snapshot, err error) {
	err = c.do(ctx, opRead, func() error {
		s = c.see()
		return nil
	})
	return s, err
}

// see remembers what the process reads.
func (c *conn) see() provision.Snapshot {
	w := c.w
	c.proc.saw = &sighting{
		running: w.running, startup: w.startup, seq: w.seq,
		mine: w.pending != nil && w.pending.Holder == c.proc.name,
	}
	return provision.Snapshot{Digest: w.running.digest()}
}

func (c *conn) Lock(ctx context.Context, holder string) error {
	return c.do(ctx, opLock, func() error {
		w := c.w
		if w.lockedBy != "" && w.lockConn != c {
			return &provision.LockedError{Holder: w.lockedBy}
		}
		w.lockedBy, w.lockConn = holder, c
		return nil
	})
}

func (c *conn) Unlock(ctx context.Context) error {
	return c.do(ctx, opUnlock, func() error {
		if c.w.lockConn == c {
			c.w.lockedBy, c.w.lockConn = "", nil
		}
		return nil
	})
}

func (c *conn) Stage(ctx context.Context, i provision.Intent, opts provision.StageOptions) (ch provision.Change, err error) {
	err = c.do(ctx, opStage, func() error {
		w := c.w
		if w.yields && w.lockedBy != "" && w.lockConn != c {
			return &provision.LockedError{Holder: w.lockedBy}
		}
		if p := w.pending; p != nil && !p.Stuck && p.seq <= c.proc.asked {
			w.breach("P5: planned on top of a commit that may be gone in a moment")
		}
		c.staged = true
		x := &change{c: c, intent: i.(intent), replace: opts.Replace, before: w.running}
		x.result = x.intent.result(w.running, opts.Replace)
		x.unsaved = x.lacks(w.startup)
		c.proc.before, c.proc.stageSeq = w.running, w.seq
		ch = x
		return nil
	})
	return ch, err
}

// end is what Confirm and Rollback have in common.
func (c *conn) end(id string, f func()) error {
	w := c.w
	if w.yields && w.lockedBy != "" && w.lockConn != c {
		return &provision.LockedError{Holder: w.lockedBy}
	}
	if w.pending == nil || w.pending.ID != id || c.late && w.pending.Holder != c.proc.name {
		return provision.ErrNoPending
	}
	if w.pending.Holder == otherHolder && !w.pending.Stuck && !w.silent {
		w.breach("P3: ended the commit of another run")
	}
	f()
	return nil
}

// effect takes note that a call of the process changed the running
// configuration.
func (c *conn) effect() {
	c.w.seq++
	c.proc.effects++
	c.proc.effectSeq = c.w.seq
}

func (c *conn) Confirm(ctx context.Context, id string) error {
	return c.do(ctx, opConfirm, func() error {
		return c.end(id, func() { c.w.pending = nil })
	})
}

func (c *conn) Rollback(ctx context.Context, id string) error {
	return c.do(ctx, opRollback, func() error {
		return c.end(id, func() {
			c.w.revert()
			c.effect()
		})
	})
}

func (c *conn) Save(ctx context.Context) error {
	return c.do(ctx, opSave, func() error {
		if c.w.external <= c.proc.stageSeq && c.w.lacks(c.w.running) {
			c.w.breach("P4: saved %v, which is not what was approved", c.w.running)
		}
		c.w.seq++
		c.w.startup = c.w.running
		return nil
	})
}

func (c *conn) Close() error {
	// Close has no context of its own: one that hangs comes back late.
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err := c.do(ctx, opClose, func() error {
		if !c.struck && (c.staged || c.w.lockConn == c) {
			c.w.breach("P1: closed with something staged %t, locked %t", c.staged, c.w.lockConn == c)
		}
		return nil
	})
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.w.unplug(c)
	if errors.Is(err, provision.ErrConnectionLost) {
		return nil
	}
	return err
}

// change is a staged change.
type change struct {
	c              *conn
	intent         intent
	replace        bool
	before, result conf
	unsaved        bool
}

// lacks tells that a startup configuration lacks the intent.
func (x *change) lacks(startup conf) bool {
	return x.c.w.caps.Startup && x.intent.result(startup, x.replace) != startup
}

func (x *change) Before() provision.Snapshot {
	return provision.Snapshot{Digest: x.before.digest()}
}
func (x *change) Diff() provision.Diff { return x.before.diffTo(x.result) }
func (x *change) Unsaved() bool        { return x.unsaved }

func (x *change) Commit(ctx context.Context, opts provision.CommitOptions) (p *provision.Pending, err error) {
	c, w := x.c, x.c.w
	err = c.do(ctx, opCommit, func() error {
		if w.pending != nil {
			return errors.New("a commit is pending")
		}
		if w.looks && w.running != x.before {
			c.proc.refused = true
			return errMoved
		}
		x.judge()
		if w.caps.ConfirmedCommit {
			w.seq++
			w.pending = &pending{seq: w.seq, before: w.running, Pending: provision.Pending{
				ID: opts.ID, Holder: opts.Holder, Deadline: time.Now().Add(opts.Window),
			}}
			q := w.pending.Pending
			p = &q
		}
		w.running = x.intent.result(w.running, x.replace)
		c.effect()
		if w.yields && w.lockConn == c {
			w.lockedBy, w.lockConn = "", nil
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// judge checks, when a commit takes effect, that it does what was approved. A
// target without a lock leaves a gap between the comparison and the commit.
func (x *change) judge() {
	w, p := x.c.w, x.c.proc
	if !w.caps.Lock && (w.external > p.stageSeq || x.c.late) {
		return
	}
	does := w.running.diffTo(x.intent.result(w.running, x.replace)).String()
	if does != p.approved {
		w.breach("P2: committed %q, approved was %q", does, p.approved)
	}
}

func (x *change) Verify(ctx context.Context, s provision.Session) (v provision.Verification, err error) {
	c := s.(*conn)
	err = c.do(ctx, opVerify, func() error {
		v.Running = c.see()
		want := x.intent.result(c.w.running, x.replace)
		for i := range want { // lost although the plan did not show it
			if x.before[i] != 0 && x.result[i] == x.before[i] && want[i] == 0 {
				want[i] = x.before[i]
			}
		}
		v.Remaining = c.w.running.diffTo(want)
		v.Unsaved = x.lacks(c.w.startup)
		return nil
	})
	return v, err
}

func (x *change) Discard(ctx context.Context) error {
	return x.c.do(ctx, opDiscard, func() error {
		x.c.staged = false
		return nil
	})
}
