package provision_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

var (
	historyFlag = flag.String("history", "", "play one history alone, as a failure printed it")
	roundsFlag  = flag.Int("rounds", 1, "plans and applies over which single faults and pairs are played; 2 takes minutes")
	seedFlag    = flag.Uint64("seed", 0, "first seed of the random histories; 0 takes one from the clock")
)

// scenario is where a history begins.
type scenario struct {
	name             string
	running, startup conf
	want             conf
	replace, save    bool
	leftover         bool // a former run left a commit whose timer is gone
}

// scenarios are where histories begin.
func scenarios() []scenario {
	a := conf{1, 1, 0, 1}
	return []scenario{
		{name: "merge", running: a, startup: a, want: conf{2, 2, 2, 0}, save: true},
		{name: "replace", running: a, startup: a, want: conf{2, 1, 3, 0}, replace: true, save: true},
		{name: "lagging", running: a, startup: conf{1, 0, 0, 0}, want: conf{2, 3, 0, 0}, save: true},
		{name: "unsaved", running: a, startup: conf{1, 0, 0, 1}, want: conf{1, 1, 0, 0}, save: true},
		{name: "nosave", running: a, startup: a, want: conf{2, 2, 0, 0}},
		{name: "same", running: a, startup: a, want: conf{1, 1, 0, 0}, save: true},
		{name: "leftover", running: a, startup: conf{1, 0, 0, 1}, want: conf{2, 1, 0, 0}, save: true, leftover: true},
		{name: "leftoversame", running: a, startup: a, want: conf{1, 1, 0, 0}, save: true, leftover: true},
	}
}

// history is one thing that can happen.
type history struct {
	variant  variant
	scenario scenario
	faults   map[int]fault // by the number of the call
	rounds   int           // plans and applies while faults are injected
	seed     uint64        // of a random one
}

// String is what -history takes.
func (h history) String() string {
	parts := []string{h.variant.name, h.scenario.name, strconv.Itoa(h.rounds)}
	for _, n := range slices.Sorted(maps.Keys(h.faults)) {
		parts = append(parts, fmt.Sprintf("%d:%s", n, h.faults[n]))
	}
	return strings.Join(parts, ",")
}

// parseHistory reads what String wrote.
func parseHistory(t *testing.T, text string) history {
	t.Helper()
	parts := strings.Split(text, ",")
	h := history{faults: map[int]fault{}}
	for _, v := range variants() {
		if v.name == parts[0] {
			h.variant = v
		}
	}
	for _, s := range scenarios() {
		if s.name == parts[1] {
			h.scenario = s
		}
	}
	h.rounds, _ = strconv.Atoi(parts[2])
	for _, p := range parts[3:] {
		n, f, _ := strings.Cut(p, ":")
		i, err := strconv.Atoi(n)
		if err != nil {
			t.Fatalf("history %q: %v", text, err)
		}
		h.faults[i] = fault(f)
	}
	return h
}

// window is the confirm timeout of all runs.
const window = 20 * time.Second

// game is a history being played.
type game struct {
	history
	w     *world
	procs []*proc
	wg    sync.WaitGroup
	log   func(string, ...any) // nil unless one history is played alone
	ends  []string             // the outcomes, for the statistics
}

// play plays a history; it gives the world after it.
func (h history) play(log func(string, ...any)) *game {
	s := h.scenario
	g := &game{history: h, w: newWorld(h.variant, s.running, s.startup, h.faults), log: log}
	g.w.lacks = g.lacks
	if s.leftover {
		before := s.running
		before[0] = 9
		g.w.pending = &pending{before: before, Pending: provision.Pending{ID: commitID, Holder: "a killed run", Stuck: true}}
	}
	for range h.rounds {
		g.round(true)
	}
	g.heal()
	g.final()
	g.late()
	return g
}

// round is a plan and, if it shows a change, an apply.
func (g *game) round(counted bool) (planned, applied *ending) {
	planned = g.run(counted, nil)
	if planned == nil || planned.err != nil || planned.res.Outcome == provision.OutcomeNoChange {
		return planned, nil
	}
	return planned, g.run(counted, &provision.Approval{Diff: planned.res.Diff.String(), ChangeID: planned.res.ChangeID})
}

// ending is how a run ended.
type ending struct {
	p      *proc
	res    provision.Result
	err    error
	events []provision.Event
	took   time.Duration
}

// run lets one process do one run; nil if it was killed.
func (g *game) run(counted bool, approved *provision.Approval) *ending {
	ctx, cancel := context.WithCancel(context.Background())
	p := &proc{name: "run " + strconv.Itoa(len(g.procs)+1), counted: counted, cancel: cancel, killed: make(chan struct{})}
	g.procs = append(g.procs, p)
	e := &ending{p: p}
	req := provision.Request{
		Target: target{g.w, p}, Intent: intent{g.scenario.want}, Replace: g.scenario.replace,
		DryRun: approved == nil, Commit: true, Save: g.scenario.save, ConfirmTimeout: window,
		Approved: approved, CommitID: commitID, Holder: p.name,
		Emit: func(ev provision.Event) { e.events = append(e.events, ev) },
	}
	if approved != nil {
		p.approved = configurationPart(approved.Diff)
	}
	done := make(chan struct{})
	g.wg.Go(func() {
		defer cancel()
		started := time.Now()
		e.res, e.err = provision.Run(ctx, req)
		e.took = time.Since(started)
		close(done)
	})
	select {
	case <-done:
	case <-p.killed:
		return nil
	}
	g.w.mu.Lock()
	defer g.w.mu.Unlock()
	if p.dead {
		return nil
	}
	g.show(e, req)
	g.judge(e, req)
	return e
}

// configurationPart is a difference without the hunks that are not about the
// running configuration.
func configurationPart(diff string) string {
	at := strings.Index(diff, "@@ configuration\n")
	if at < 0 {
		return ""
	}
	return diff[at:]
}

// show prints a run when a history is played alone.
func (g *game) show(e *ending, req provision.Request) {
	if g.log == nil {
		return
	}
	g.log("%s: dry=%t outcome=%s err=%v warnings=%q", e.p.name, req.DryRun, e.res.Outcome, e.err, e.res.Warnings)
	for _, ev := range e.events {
		g.log("    %-10s %-8s %s %v", ev.Step, ev.Outcome, ev.Message, ev.Err)
	}
	g.log("    target: running %v startup %v pending %+v lock %q, calls %d", g.w.running, g.w.startup, g.w.pending, g.w.lockedBy, g.w.calls)
}

// heal ends all faults and waits until nothing happens any more.
func (g *game) heal() {
	g.w.mu.Lock()
	g.w.faults = nil
	if p := g.w.pending; p == nil || p.Stuck {
		g.w.cut = false // no timer will: a person goes there
	}
	g.w.mu.Unlock()
	g.wg.Wait() // killed processes: what they do has no effect
	<-time.After(10 * time.Minute)
	g.w.mu.Lock()
	defer g.w.mu.Unlock()
	g.w.tick()
	g.clean("after everything")
}

// clean checks that nothing of ours is left on the target.
func (g *game) clean(when string) {
	w := g.w
	if len(w.conns) > 0 {
		w.breach("P1: %d sessions left %s", len(w.conns), when)
	}
	if w.lockedBy != "" {
		w.breach("P1: locked by %q %s", w.lockedBy, when)
	}
	if w.pending != nil && !w.pending.Stuck {
		w.breach("a commit is pending %s", when)
	}
}

// final plans and applies without faults, and checks that the plan tells the
// truth and the apply finishes the work.
func (g *game) final() {
	w, s := g.w, g.scenario
	want := intent{s.want}
	truth := w.running.diffTo(want.result(w.running, s.replace)).String()
	left := w.pending != nil
	unsaved := truth == "" && s.save && w.caps.Startup && want.result(w.startup, s.replace) != w.startup
	planned, applied := g.round(false)
	g.truth(planned, truth, left, unsaved)
	if applied != nil && applied.err != nil {
		w.breach("P5: the apply after everything failed: %v", applied.err)
	}
	if want.result(w.running, s.replace) != w.running {
		w.breach("P5: after the last apply the target runs %v", w.running)
	}
	if s.save && w.caps.Startup && want.result(w.startup, s.replace) != w.startup {
		w.breach("P5: after the last apply the target would start with %v", w.startup)
	}
	again, _ := g.round(false)
	if again.err != nil || again.res.Outcome != provision.OutcomeNoChange || again.res.ChangeID != "" {
		w.breach("P9: a second plan is not empty: %v %v\n%s", again.err, again.res.Outcome, again.res.Diff)
	}
	if w.pending != nil {
		w.breach("P5: a commit is left after the last apply")
	}
	g.clean("after the last apply")
}

// truth checks the plan after everything.
func (g *game) truth(planned *ending, truth string, left, unsaved bool) {
	if planned.err != nil {
		g.w.breach("P5: the plan after everything failed: %v", planned.err)
		return
	}
	diff := planned.res.Diff.String()
	if configurationPart(diff) != truth {
		g.w.breach("P5: the plan shows %q, the truth is %q", diff, truth)
	}
	if strings.Contains(diff, "@@ unconfirmed commit") != left {
		g.w.breach("P5: leftover %t, the plan shows %q", left, diff)
	}
	if strings.Contains(diff, "@@ startup configuration") != unsaved {
		g.w.breach("P5: unsaved %t, the plan shows %q", unsaved, diff)
	}
}

// late checks that nothing of a run had an effect after what it said.
func (g *game) late() {
	for _, p := range g.procs {
		if !p.dead && p.saw != nil && p.claims && p.effectSeq > p.saw.seq {
			g.w.breach("P4: %s changed the target after it had said where it is", p.name)
		}
	}
}

// judge checks what a run said against what the target shows.
func (g *game) judge(e *ending, req provision.Request) {
	w := g.w
	if e.took > time.Hour {
		w.breach("a run took %s", e.took)
	}
	if e.p.commits > 1 {
		w.breach("P3: Commit was called %d times", e.p.commits)
	}
	if last := e.events[len(e.events)-1]; last.Step != provision.StepFinished || last.Outcome != e.res.Outcome {
		w.breach("the last event is %s with %s, the outcome is %s", last.Step, last.Outcome, e.res.Outcome)
	}
	for _, s := range e.res.Warnings {
		if !strings.HasPrefix(s, "r1: ") {
			w.breach("warning without a name: %q", s)
		}
	}
	if req.DryRun && (e.p.commits > 0 || e.p.effects > 0) {
		w.breach("P1: a dry run changed the target")
	}
	g.ends = append(g.ends, string(e.res.Outcome))
	if e.err == nil {
		g.judgeGood(e, req)
		return
	}
	var pe *provision.Error
	if !errors.As(e.err, &pe) || pe.Target != "r1" || pe.Driver == "" || pe.Step == "" || pe.Next == "" || pe.Outcome == "" || pe.Err == nil {
		w.breach("not a whole error: %#v", e.err)
		return
	}
	g.judgeBad(e, pe)
}

// judgeGood checks a run that says that all is well.
func (g *game) judgeGood(e *ending, req provision.Request) {
	want := []provision.Outcome{provision.OutcomeNoChange, provision.OutcomePlanned}
	if !req.DryRun {
		want = []provision.Outcome{provision.OutcomeApplied}
	}
	if !slices.Contains(want, e.res.Outcome) {
		g.w.breach("outcome %q without an error", e.res.Outcome)
	}
	if req.DryRun {
		return
	}
	g.judgeClaim(e, provision.OutcomeApplied)
	if req.Save && g.w.caps.Startup && e.p.saw != nil && g.lacks(e.p.saw.startup) {
		g.w.breach("P4: said to be saved, startup was %v", e.p.saw.startup)
	}
}

// judgeBad checks a run that failed.
func (g *game) judgeBad(e *ending, pe *provision.Error) {
	if e.p.commits == 0 && e.p.effects > 0 {
		g.w.breach("P4: %d effects without a commit", e.p.effects)
	}
	if e.p.commits == 0 && pe.Outcome == provision.OutcomeNotApplied {
		return
	}
	if e.p.refused && errors.Is(pe, provision.ErrStale) && pe.Outcome == provision.OutcomeNotApplied && e.p.effects == 0 {
		return
	}
	if pe.Outcome == provision.OutcomeUnknown && !g.mayBeUnknown() {
		g.w.breach("P4: could not tell where the target is: %v", pe)
	}
	g.judgeClaim(e, pe.Outcome)
}

// mayBeUnknown tells that what went wrong so far can leave the target where nobody
// can name it.
func (g *game) mayBeUnknown() bool {
	return g.strays() || g.cutForGood() || g.hangsToTheEnd()
}

// wrong is what went wrong at a call; "" if nothing did.
func (g *game) wrong(n int) fault {
	if f := g.faults[n]; slices.Contains(faultsAt(g.variant, g.w.ops[n]), f) {
		return f
	}
	return ""
}

// strays tells of a fault that alone can leave the target neither as it was nor as
// it was approved.
func (g *game) strays() bool {
	for n := range g.w.ops {
		switch g.wrong(n) {
		case otherInside, otherAside, otherKeeps, otherLeaves, reboots:
			return true
		case cutOff, cutLost, halfFail, halfLost, halfSilent:
			if !g.variant.caps.ConfirmedCommit {
				return true
			}
		}
	}
	return false
}

// cutForGood tells that a commit cut off the management, and that the timer which
// gives it back died after that.
func (g *game) cutForGood() bool {
	cut := false
	for n := range g.w.ops {
		switch g.wrong(n) {
		case cutOff, cutLost:
			cut = true
		case timerDies:
			if cut {
				return true
			}
		}
	}
	return false
}

// hangsToTheEnd tells that two of the calls after a change was seen on the target,
// saving and the last looks, hung: each for as long as there is time for all. A run
// that has only to save begins with that.
func (g *game) hangsToTheEnd() bool {
	seen, hung := false, 0
	for n, o := range g.w.ops {
		f := g.wrong(n)
		hangs := f == hangBefore || f == hangAfter
		switch {
		case o == opCommit:
			seen, hung = false, 0
		case hangs && (o == opSave || o == opVerify && seen):
			seen = true
			hung++
		case o == opSave, o == opVerify && f == "":
			seen = true
		}
	}
	return hung > 1
}

// judgeClaim checks what is said about the target against what the run saw last.
func (g *game) judgeClaim(e *ending, o provision.Outcome) {
	saw := e.p.saw
	if o == provision.OutcomeUnknown {
		return
	}
	if saw == nil {
		g.w.breach("P4: said %q and never read the target", o)
		return
	}
	e.p.claims = true
	switch o {
	case provision.OutcomeApplied:
		if g.lacks(saw.running) || saw.mine {
			g.w.breach("P4: said %q, but it was %v, own commit pending %t", o, saw.running, saw.mine)
		}
	case provision.OutcomeNotApplied, provision.OutcomeReverted:
		if saw.running != e.p.before || saw.mine {
			g.w.breach("P4: said %q, but it was %v and before %v, own commit pending %t", o, saw.running, e.p.before, saw.mine)
		}
	default:
		g.w.breach("P4: outcome %q after a commit", o)
	}
}

// lacks tells that a configuration is not what is asked for.
func (g *game) lacks(c conf) bool {
	return intent{g.scenario.want}.result(c, g.scenario.replace) != c
}

// tally counts histories and collects failures.
type tally struct {
	histories atomic.Int64
	unknown   atomic.Int64
	failures  atomic.Int64
}

// play plays a history inside a bubble and reports broken promises.
func (c *tally) play(t *testing.T, h history) *game {
	t.Helper()
	g := h.play(nil)
	c.histories.Add(1)
	if slices.Contains(g.ends, string(provision.OutcomeUnknown)) {
		c.unknown.Add(1)
	}
	if len(g.w.broken) > 0 && c.failures.Add(1) <= 20 {
		t.Errorf("-history=%s (seed %d):\n\t%s", h, h.seed, strings.Join(g.w.broken, "\n\t"))
	}
	return g
}

// minHistories is how many histories an ordinary run plays at least. With the
// race detector the pairs are left out: it looks for races, which the single
// faults and the random histories show as well.
const minHistories = 500_000

// TestHistories plays every single fault and every pair of faults over all
// variants, and random longer histories, and checks the promises after each.
func TestHistories(t *testing.T) {
	if *historyFlag != "" {
		playAlone(t, parseHistory(t, *historyFlag))
		return
	}
	var c tally
	t.Run("enumerated", func(t *testing.T) {
		for _, v := range variants() {
			for _, s := range scenarios() {
				if s.leftover && !v.mark {
					continue
				}
				h := history{variant: v, scenario: s, rounds: *roundsFlag}
				t.Run(v.name+"/"+s.name, func(t *testing.T) {
					t.Parallel()
					c.enumerate(t, h, !raceDetector)
				})
			}
		}
	})
	t.Run("random", func(t *testing.T) { c.random(t, 10_000) })
	t.Logf("%d histories, %d of them with an unknown outcome, %d failed", c.histories.Load(), c.unknown.Load(), c.failures.Load())
	if c.histories.Load() < minHistories && !raceDetector && flag.Lookup("test.run").Value.String() == "" {
		t.Errorf("%d histories, at least %d are promised", c.histories.Load(), minHistories)
	}
}

// playAlone plays one history and tells what happens.
func playAlone(t *testing.T, h history) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		g := h.play(func(f string, args ...any) {
			t.Logf("%7.1fs "+f, append([]any{time.Since(start).Seconds()}, args...)...)
		})
		t.Logf("calls: %v", g.w.ops)
		for _, b := range g.w.broken {
			t.Error(b)
		}
	})
}

// enumerate plays every single fault and, if wanted, every pair.
func (c *tally) enumerate(t *testing.T, h history, pairs bool) {
	var ops []op
	synctest.Test(t, func(t *testing.T) { ops = c.play(t, h).w.ops })
	for i, o := range ops {
		for _, f := range faultsAt(h.variant, o) {
			synctest.Test(t, func(t *testing.T) {
				one := h
				one.faults = map[int]fault{i: f}
				after := c.play(t, one).w.ops
				for j := i + 1; pairs && j < len(after); j++ {
					for _, f2 := range faultsAt(h.variant, after[j]) {
						two := h
						two.faults = map[int]fault{i: f, j: f2}
						c.play(t, two)
					}
				}
			})
		}
	}
}

// random plays longer histories.
func (c *tally) random(t *testing.T, n int) {
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed=%d", seed)
	synctest.Test(t, func(t *testing.T) {
		for i := range uint64(n) {
			c.play(t, randomHistory(seed+i))
		}
	})
}

// randomHistory makes a history of a seed.
func randomHistory(seed uint64) history {
	r := rand.New(rand.NewPCG(seed, 1))
	h := history{seed: seed, rounds: 2 + r.IntN(4), faults: map[int]fault{}}
	h.variant = variants()[r.IntN(len(variants()))]
	for {
		h.scenario = scenarios()[r.IntN(len(scenarios()))]
		if !h.scenario.leftover || h.variant.mark {
			break
		}
	}
	all := faultsAt(h.variant, opCommit)
	for range 3 + r.IntN(6) {
		h.faults[r.IntN(60)] = all[r.IntN(len(all))]
	}
	return h
}
