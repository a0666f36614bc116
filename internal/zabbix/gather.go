package zabbix

import (
	"context"
	"sync"
	"time"
)

// gather makes one call of questions that arrive together: a round waits until
// nobody has joined it for a moment, or the crowd is complete.
type gather[Q, A any] struct {
	window time.Duration
	most   int           // how many questions make a call at once
	turns  chan struct{} // holds a token for each call under way; may be shared
	crowd  *crowd        // who asks; may be shared; nil: it is not known
	call   func(ctx context.Context, questions []Q) []outcome[A]

	mu      sync.Mutex
	waiting *round[Q, A]
}

// outcome is what came of one question.
type outcome[A any] struct {
	answer A
	err    error
}

// round is the questions of one call.
type round[Q, A any] struct {
	questions []Q
	askers    []context.Context
	joined    chan struct{} // somebody came
	full      chan struct{} // closed when it has as many as go into a call
	done      chan struct{} // closed when there are outcomes
	outcomes  []outcome[A]
}

// ask waits for the answer. A caller whose context ends stops waiting when leave
// is set; the call goes on for the others, and for what it changes.
func (g *gather[Q, A]) ask(ctx context.Context, q Q, leave bool) (A, error) {
	r, i := g.join(ctx, q)
	var gone <-chan struct{}
	if leave {
		gone = ctx.Done()
	}
	select {
	case <-r.done:
		return r.outcomes[i].answer, r.outcomes[i].err
	case <-gone:
		var none A
		return none, context.Cause(ctx)
	}
}

// join puts a question into the round that is open, or opens one.
func (g *gather[Q, A]) join(ctx context.Context, q Q) (*round[Q, A], int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.waiting
	if r == nil {
		r = &round[Q, A]{joined: make(chan struct{}, 1), full: make(chan struct{}), done: make(chan struct{})}
		g.waiting = r
		go g.run(context.WithoutCancel(ctx), r)
	}
	r.questions, r.askers = append(r.questions, q), append(r.askers, ctx)
	g.crowd.come()
	select {
	case r.joined <- struct{}{}:
	default:
	}
	if len(r.questions) >= g.most {
		g.waiting = nil
		close(r.full)
	}
	return r, len(r.questions) - 1
}

// run waits until it is the round's turn and nobody else joins it.
func (g *gather[Q, A]) run(ctx context.Context, r *round[Q, A]) {
	defer close(r.done)
	g.turns <- struct{}{}
	defer func() { <-g.turns }()
	g.wait(r)
	r.outcomes = g.callForThose(ctx, r)
	g.crowd.leave(len(r.questions))
}

// wait waits until nobody has joined the round for a moment, or nobody else is
// waited for, and closes it.
func (g *gather[Q, A]) wait(r *round[Q, A]) {
	timer := time.NewTimer(g.crowd.pause(g.window))
	defer timer.Stop()
	for open := true; open; {
		select {
		case <-r.full:
			return
		case <-g.crowd.complete():
			open = false
		case <-r.joined:
			timer.Reset(g.crowd.pause(g.window))
		case <-timer.C:
			g.crowd.missed()
			open = false
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiting == r {
		g.waiting = nil
	}
}

// callForThose makes the call for those who are still there: what nobody waits
// for any more when it is to be sent is not.
func (g *gather[Q, A]) callForThose(ctx context.Context, r *round[Q, A]) []outcome[A] {
	out := make([]outcome[A], len(r.questions))
	var here []Q
	var at []int
	for i, q := range r.questions {
		if out[i].err = r.askers[i].Err(); out[i].err == nil {
			here, at = append(here, q), append(at, i)
		}
	}
	if len(here) == 0 {
		return out
	}
	for k, o := range g.call(ctx, here) {
		out[at[k]] = o
	}
	return out
}
