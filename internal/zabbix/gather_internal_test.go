package zabbix

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// counter doubles numbers and remembers what went together.
type counter struct {
	mu    sync.Mutex
	calls [][]int
	took  time.Duration
}

func (c *counter) double(_ context.Context, questions []int) []outcome[int] {
	<-time.After(c.took)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, slices.Sorted(slices.Values(questions)))
	out := make([]outcome[int], len(questions))
	for i, q := range questions {
		out[i].answer = 2 * q
		if q < 0 {
			out[i].err = fmt.Errorf("%d is negative", q)
		}
	}
	return out
}

func (c *counter) gather(most int) *gather[int, int] {
	return &gather[int, int]{window: 60 * time.Millisecond, most: most, turns: make(chan struct{}, 1), crowd: &crowd{}, call: c.double}
}

func TestGatherTakesWhatComesTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counter{}
		g := c.gather(100)
		var wg sync.WaitGroup
		for i, after := range []time.Duration{0, 50, 100, 150, 300} { // the last one after a gap
			wg.Go(func() {
				<-time.After(after * time.Millisecond)
				if a, err := g.ask(t.Context(), i, true); a != 2*i || err != nil {
					t.Errorf("%d: %d, %v", i, a, err)
				}
			})
		}
		wg.Wait()
		if !slices.EqualFunc(c.calls, [][]int{{0, 1, 2, 3}, {4}}, slices.Equal) {
			t.Errorf("%v", c.calls)
		}
	})
}

// Who asks again and again, always so many at once, is waited for once: then it
// is known how many they are. When they become fewer, that is found out bit by
// bit.
func TestGatherKnowsHowManyAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counter{took: time.Second}
		g := c.gather(100)
		round := func(n int) time.Duration {
			var wg sync.WaitGroup
			start := time.Now()
			for i := range n {
				wg.Go(func() {
					<-time.After(time.Duration(i) * 20 * time.Millisecond)
					_, _ = g.ask(t.Context(), i, false)
				})
			}
			wg.Wait()
			return time.Since(start) - c.took - time.Duration(n-1)*20*time.Millisecond
		}
		for i, r := range []struct {
			n      int
			waited time.Duration
		}{{10, g.window}, {10, 0}, {10, 0}, {4, patience * g.window}, {4, patience * g.window}, {4, 0}} {
			if waited := round(r.n); waited != r.waited || len(c.calls[i]) != r.n {
				t.Errorf("%d: %d waited %v longer than for themselves, want %v; %v", i, r.n, waited, r.waited, c.calls[i])
			}
		}
	})
}

func TestGatherSendsAFullArrayAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counter{}
		g := c.gather(5)
		var wg sync.WaitGroup
		start := time.Now()
		for i := range 5 {
			wg.Go(func() { _, _ = g.ask(t.Context(), i, true) })
		}
		wg.Wait()
		if len(c.calls) != 1 || time.Since(start) != 0 {
			t.Errorf("%v after %v", c.calls, time.Since(start))
		}
	})
}

// What comes while it is another's turn goes with what waits already.
func TestGatherGrowsWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counter{took: time.Second}
		g := c.gather(100)
		var wg sync.WaitGroup
		for i := range 11 {
			wg.Go(func() {
				<-time.After(time.Duration(i) * 100 * time.Millisecond) // the last one after a second
				_, _ = g.ask(t.Context(), i, true)
			})
		}
		wg.Wait()
		if len(c.calls) != 2 || len(c.calls[1]) != 10 {
			t.Errorf("%v", c.calls)
		}
	})
}

func TestGatherGivesEveryoneHisOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := (&counter{}).gather(100)
		var wg sync.WaitGroup
		for _, q := range []int{1, -1, 3} {
			wg.Go(func() {
				if a, err := g.ask(t.Context(), q, true); a != 2*q || (err != nil) != (q < 0) {
					t.Errorf("%d: %d, %v", q, a, err)
				}
			})
		}
		wg.Wait()
	})
}

func TestGatherAndCallersWhoLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counter{took: time.Second}
		g := c.gather(100)
		g.crowd = nil // nobody is known to ask alone
		ask := func(q int, after time.Duration, leave bool) (int, time.Duration, error) {
			ctx, cancel := context.WithTimeout(t.Context(), after)
			defer cancel()
			start := time.Now()
			a, err := g.ask(ctx, q, leave)
			return a, time.Since(start), err
		}
		if a, took, err := ask(1, 500*time.Millisecond, true); a != 0 || !errors.Is(err, context.DeadlineExceeded) || took != 500*time.Millisecond {
			t.Errorf("one who may leave: %d, %v after %v", a, err, took)
		}
		if a, took, err := ask(2, 2*time.Second, false); a != 4 || err != nil || took < time.Second {
			t.Errorf("one who waits: %d, %v after %v", a, err, took)
		}
		if a, _, err := ask(3, 500*time.Millisecond, false); a != 6 || err != nil {
			t.Errorf("one who left when it had been sent: %d, %v", a, err)
		}
		if a, took, err := ask(4, 20*time.Millisecond, false); a != 0 || !errors.Is(err, context.DeadlineExceeded) || took > time.Second {
			t.Errorf("one who left before it was sent: %d, %v after %v", a, err, took)
		}
		if !slices.EqualFunc(c.calls, [][]int{{1}, {2}, {3}}, slices.Equal) {
			t.Errorf("%v", c.calls)
		}
	})
}

// Those who ask for one thing and those who ask for another are one crowd.
func TestGathersShareACrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counter{took: time.Second}
		g, other := c.gather(100), c.gather(100)
		other.crowd, other.turns = g.crowd, g.turns
		round := func(left, right int) time.Duration {
			var wg sync.WaitGroup
			start := time.Now()
			for i := range left + right {
				wg.Go(func() {
					<-time.After(time.Duration(i) * 20 * time.Millisecond)
					if i < left {
						_, _ = g.ask(t.Context(), i, false)
						return
					}
					_, _ = other.ask(t.Context(), i, false)
				})
			}
			wg.Wait()
			return time.Since(start)
		}
		round(10, 0)
		// All have come after 180 ms, and the second call follows the first; before
		// it, it is waited for those who might come again.
		if took := round(4, 6); took > 2*c.took+180*time.Millisecond+patience*g.window {
			t.Errorf("4 and 6 took %v", took)
		}
		if len(c.calls) != 3 || len(c.calls[1])*len(c.calls[2]) != 24 {
			t.Errorf("%v", c.calls)
		}
	})
}
