package zabbix_test

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// fault is what goes wrong at one call.
type fault string

const (
	failBefore fault = "failBefore" // refused, without effect
	failAfter  fault = "failAfter"  // an error, with effect
	lostBefore fault = "lostBefore" // no answer, without effect
	lostAfter  fault = "lostAfter"  // no answer, with effect
	lostLate   fault = "lostLate"   // no answer, the effect comes later
	hangBefore fault = "hangBefore" // no answer until the context ends, without effect
	hangAfter  fault = "hangAfter"  // the same, with effect
	killBefore fault = "killBefore" // our process is killed, without effect
	killAfter  fault = "killAfter"  // our process is killed, with effect
	killLate   fault = "killLate"   // our process is killed, the effect comes later
	halfFail   fault = "halfFail"   // only the first call of an update takes effect, and is told
	halfLost   fault = "halfLost"   // the same, no answer
	halfKill   fault = "halfKill"   // the same, our process is killed
	meddle     fault = "meddle"     // somebody changes the host first
	ctrlC      fault = "ctrlC"      // the user gives up
)

// faultsAt lists what can go wrong at a call. A process killed after a read is
// one killed before the next call.
func faultsAt(op string) []fault {
	fs := []fault{failBefore, lostBefore, hangBefore, killBefore, meddle, ctrlC}
	switch op {
	case "create", "delete", "makeGroups", "update":
		fs = append(fs, failAfter, lostAfter, lostLate, hangAfter, killAfter, killLate)
	}
	if op == "update" {
		fs = append(fs, halfFail, halfLost, halfKill)
	}
	return fs
}

// planted are secrets: everything that the world says of an error repeats them.
const (
	plantedMacro = "hunter2-macro"
	plantedPSK   = "c0ffee00c0ffee00c0ffee00c0ffee00"
)

// errSimulated is a refusal that repeats what it was given.
const errSimulated = says("Invalid parameter: " + plantedMacro + " " + plantedPSK)

// do is what every call goes through.
func (c *client) do(ctx context.Context, op string, effect func() error) error {
	w := c.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tick()
	c.asked = append(c.asked, op)
	if c.dead {
		return errLost
	}
	f := w.fault(c, op)
	if f == meddle {
		w.meddle()
	}
	if f == ctrlC {
		c.cancel()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	switch f {
	case failBefore:
		return errSimulated
	case lostBefore:
		return errLost
	case killBefore:
		c.dead = true
		return errLost
	case hangBefore:
		return w.hang(ctx)
	case lostLate, killLate:
		c.dead = c.dead || f == killLate
		w.laters = append(w.laters, later{time.Now().Add(3 * time.Second), func() { _ = effect() }})
		return errLost
	}
	return c.finish(ctx, f, effect)
}

// finish lets a call have its effect, and its answer go astray.
func (c *client) finish(ctx context.Context, f fault, effect func() error) error {
	w := c.w
	if f == halfFail || f == halfLost || f == halfKill {
		w.half = true
	}
	err := effect()
	w.half = false
	var partial *zabbix.PartialError
	halved := errors.As(err, &partial) && partial.Done > 0
	switch {
	case f == failAfter:
		return errSimulated
	case f == lostAfter, f == halfLost && halved:
		return errLost
	case f == hangAfter:
		return w.hang(ctx)
	case f == killAfter, f == halfKill && halved:
		c.dead = true
		return errLost
	}
	return err
}

// hang waits for the end of the context.
func (w *world) hang(ctx context.Context) error {
	w.mu.Unlock()
	<-ctx.Done()
	w.mu.Lock()
	return ctx.Err()
}

// tick lets happen what is due.
func (w *world) tick() {
	for len(w.laters) > 0 && !w.laters[0].at.After(time.Now()) {
		f := w.laters[0].f
		w.laters = w.laters[1:]
		f()
	}
}

// fault counts a call and gives what goes wrong at it.
func (w *world) fault(c *client, op string) fault {
	if !c.counted {
		return ""
	}
	w.ops = append(w.ops, op)
	f := w.faults[w.calls]
	w.calls++
	if !slices.Contains(faultsAt(op), f) {
		return ""
	}
	return f
}

// meddle is somebody who changes all hosts.
func (w *world) meddle() {
	for _, h := range w.hosts {
		h.Tags = append(slices.Clone(h.Tags), zabbix.Tag{Name: "meddled", Value: "yes"})
	}
	w.meddled = true
}
