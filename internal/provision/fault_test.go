package provision_test

import (
	"context"
	"slices"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// op is a call of a target.
type op string

const (
	opOpen     op = "open"
	opPending  op = "pending"
	opRead     op = "read"
	opLock     op = "lock"
	opUnlock   op = "unlock"
	opStage    op = "stage"
	opCommit   op = "commit"
	opVerify   op = "verify"
	opConfirm  op = "confirm"
	opRollback op = "rollback"
	opSave     op = "save"
	opDiscard  op = "discard"
	opClose    op = "close"
)

// fault is what goes wrong at one call.
type fault string

const (
	failBefore  fault = "failBefore"  // an error, without effect
	failAfter   fault = "failAfter"   // an error, with effect
	hangBefore  fault = "hangBefore"  // no answer, without effect
	hangAfter   fault = "hangAfter"   // no answer, with effect
	lostBefore  fault = "lostBefore"  // the connection breaks, without effect
	lostAfter   fault = "lostAfter"   // the connection breaks, with effect
	lostLate    fault = "lostLate"    // the connection breaks, the effect comes later
	killBefore  fault = "killBefore"  // our process is killed, without effect
	killLate    fault = "killLate"    // our process is killed, the effect comes later
	halfFail    fault = "halfFail"    // a commit stops half way, with an error
	halfLost    fault = "halfLost"    // a commit stops half way, the connection breaks
	halfKill    fault = "halfKill"    // a commit stops half way, our process is killed
	halfSilent  fault = "halfSilent"  // a commit does only half and answers ok
	cutOff      fault = "cutOff"      // the commit cuts off the management, after its answer
	cutLost     fault = "cutLost"     // the commit cuts off the management, before its answer
	reboots     fault = "reboots"     // the target restarts
	timerFires  fault = "timerFires"  // the revert timer fires early
	timerDies   fault = "timerDies"   // the revert timer is gone
	otherInside fault = "otherInside" // somebody changes a line that the intent names
	otherAside  fault = "otherAside"  // somebody changes a line that it does not name
	otherPast   fault = "otherPast"   // somebody changes a line in spite of the lock
	otherKeeps  fault = "otherKeeps"  // another run commits and confirms
	otherLeaves fault = "otherLeaves" // another run commits and does not confirm
	otherBrief  fault = "otherBrief"  // somebody locks for a moment
	otherLong   fault = "otherLong"   // somebody locks for long
	ctrlC       fault = "ctrlC"       // the user gives up
)

// otherHolder is who else runs us, on the same target and so with the same id.
const (
	otherHolder = "another run"
	commitID    = "terraform"
)

// faultsAt lists what can go wrong at a call of a target. What is the same
// seen from outside is listed once: a process killed after a call is one killed
// before the next.
func faultsAt(v variant, o op) []fault {
	fs := []fault{failBefore, hangBefore, lostBefore, killBefore, reboots, ctrlC, otherInside, otherAside}
	switch o {
	case opCommit, opConfirm, opRollback, opSave:
		fs = append(fs, failAfter, hangAfter, lostAfter, lostLate, killLate)
	case opLock, opStage, opOpen:
		fs = append(fs, failAfter, lostAfter)
	case opUnlock, opDiscard, opClose:
		fs = append(fs, failAfter)
	case opPending, opRead, opVerify:
	}
	if o == opCommit {
		fs = append(fs, cutOff, cutLost)
		if v.looks {
			fs = append(fs, otherPast)
		}
		if v.partial {
			fs = append(fs, halfFail, halfLost, halfKill, halfSilent)
		}
	}
	if v.caps.Lock {
		fs = append(fs, otherBrief, otherLong)
	}
	if v.caps.ConfirmedCommit {
		fs = append(fs, otherKeeps, otherLeaves, timerFires)
	}
	if v.mark {
		fs = append(fs, timerDies)
	}
	return fs
}

// call is what every call of a target goes through: effect is what it does when
// nothing goes wrong.
func (w *world) call(ctx context.Context, p *proc, c *conn, o op, effect func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tick()
	if p.dead {
		return errGone
	}
	if o == opCommit {
		p.commits++
	}
	f := w.fault(p, o)
	if w.strike(p, f) && ctx.Err() != nil {
		return ctx.Err()
	}
	if c != nil && f != "" && (o == opUnlock || o == opDiscard || o == opStage || f == hangBefore || f == hangAfter) {
		c.struck = true
	}
	if f == killBefore || f == killLate && c == nil {
		w.kill(p)
	}
	if w.cut && c != nil {
		w.unplug(c)
	}
	if p.dead || c != nil && c.gone {
		return errGone
	}
	switch f {
	case failBefore:
		return errSimulated
	case hangBefore:
		return w.hang(ctx)
	case lostBefore:
		return w.lose(c)
	case lostLate, killLate:
		return w.afterwards(p, c, f, effect)
	}
	return w.outcome(ctx, p, c, f, effect)
}

// outcome lets a call have its effect, and its answer go astray.
func (w *world) outcome(ctx context.Context, p *proc, c *conn, f fault, effect func() error) error {
	was := w.running
	err := effect()
	switch f {
	case failAfter:
		return errSimulated
	case hangAfter:
		return w.hang(ctx)
	case lostAfter:
		return w.lose(c)
	case halfFail, halfLost, halfKill, halfSilent:
		return w.half(p, c, f, was, err)
	case cutOff, cutLost:
		w.cut = w.running != was
		if f == cutLost {
			return w.lose(c)
		}
	}
	return err
}

// half takes back all but the first change of a commit.
func (w *world) half(p *proc, c *conn, f fault, was conf, err error) error {
	for i, seen := 0, false; i < len(was); i++ {
		if seen {
			w.running[i] = was[i]
		}
		seen = seen || w.running[i] != was[i]
	}
	switch f {
	case halfFail:
		return errSimulated
	case halfLost:
		return w.lose(c)
	case halfKill:
		w.kill(p)
		return errGone
	}
	return err
}

// afterwards breaks the connection now and lets the effect come later; the
// target keeps the lock until then.
func (w *world) afterwards(p *proc, c *conn, f fault, effect func() error) error {
	c.late = true
	w.unplug(c)
	if f == killLate {
		w.kill(p)
	}
	w.laters = append(w.laters, later{at: time.Now().Add(3 * time.Second), f: func() {
		_ = effect()
		c.late = false
		w.unplug(c)
	}})
	return errGone
}

// hang waits for the end of the context, as a call that gets no answer.
func (w *world) hang(ctx context.Context) error {
	w.mu.Unlock()
	<-ctx.Done()
	w.mu.Lock()
	return ctx.Err()
}

// lose breaks a connection.
func (w *world) lose(c *conn) error {
	if c == nil {
		return errNoRoute
	}
	w.unplug(c)
	return errGone
}

// fault counts a call and gives what goes wrong at it.
func (w *world) fault(p *proc, o op) fault {
	if !p.counted {
		return ""
	}
	w.ops = append(w.ops, o)
	n := w.calls
	w.calls++
	f := w.faults[n]
	if f != "" && !slices.Contains(faultsAt(w.variant, o), f) {
		return "" // a random history has it at a call where it cannot be
	}
	return f
}

// strike lets happen what goes wrong beside the call itself. It tells whether
// the call should look at its context again.
func (w *world) strike(p *proc, f fault) bool {
	switch f {
	case reboots:
		w.reboot()
	case ctrlC:
		p.cancel()
		return true
	case timerFires:
		if w.pending != nil && !w.pending.Stuck {
			w.revert()
		}
	case timerDies:
		if w.pending != nil && w.pending.Holder != otherHolder {
			w.pending.Stuck = true
		}
	case otherInside, otherAside, otherPast:
		w.meddle(f)
	case otherBrief, otherLong:
		w.occupy(f)
	case otherKeeps, otherLeaves:
		w.compete(f)
	}
	return false
}

// meddle is somebody who changes running, unless a lock keeps them out.
func (w *world) meddle(f fault) {
	if w.lockedBy != "" && f != otherPast {
		return
	}
	if f != otherAside {
		w.running[0] = 7
	} else {
		w.running[3] = 7
	}
	w.outside()
}

// occupy is somebody who locks.
func (w *world) occupy(f fault) {
	if w.lockedBy != "" {
		return
	}
	d := 4 * time.Second
	if f == otherLong {
		d = time.Minute
	}
	w.lockedBy, w.lockUntil = "operator", time.Now().Add(d)
	w.seq++
}

// compete is another run of ours on the same target.
func (w *world) compete(f fault) {
	if w.lockedBy != "" || w.pending != nil {
		return
	}
	now := time.Now()
	until := now.Add(15 * time.Second)
	w.seq++
	w.pending = &pending{seq: w.seq, before: w.running, Pending: provision.Pending{ID: commitID, Holder: otherHolder, Deadline: until}}
	if f == otherKeeps {
		until = now.Add(5 * time.Second)
		w.pending.confirmAt = until
	}
	if w.caps.Lock && !w.yields {
		w.lockedBy, w.lockUntil = otherHolder, until
	}
	w.running[1] = 8
	w.outside()
}
