package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// The rows that compare with a floor.
const (
	rowRead    = "read"    // a plan without changes
	rowTest    = "test"    // a plan in which all differ
	rowMerge   = "merge"   // the apply of that plan
	rowReplace = "replace" // the apply of a plan that replaces
	rowNetconf = "netconf" // the apply of one change of one NETCONF device
)

// pair is the provider and Terraform with the resource that does nothing.
type pair struct {
	*bench
	provider, noop *workspace
	devices        []router
	revision       int // of what does nothing
}

// newPair makes the workspaces.
func (b *bench) newPair(name string, devices []router, replace bool) (*pair, error) {
	p := &pair{bench: b, devices: devices}
	var err error
	if p.provider, err = b.forDevices(name, "provision", fmt.Sprintf(providerConfig, b.lab, replace), devices); err != nil {
		return nil, err
	}
	p.noop, err = b.forDevices(name+"-noop", "noop", noopConfig, devices)
	return p, err
}

// start puts the devices, and what does nothing, into their states.
func (p *pair) start(ctx context.Context, intent func(router) string) error {
	if err := p.provider.configs(p.devices, intent); err != nil {
		return err
	}
	if err := p.provider.settle(ctx); err != nil {
		return err
	}
	// What the last apply left is read once: diff goes from the state with it.
	if err := p.provider.settle(ctx); err != nil {
		return err
	}
	// What it took to get here is no part of the measurement.
	return errors.Join(p.noop.settle(ctx, "-var=revision=0"), os.Remove(filepath.Join(p.provider.dir, "events.jsonl")))
}

// noopPlan times a plan of what does nothing.
func (p *pair) noopPlan(ctx context.Context, finds int) (took, error) {
	if finds == changes {
		p.revision++
	}
	return p.noop.plan(ctx, finds, fmt.Sprintf("-var=revision=%d", p.revision))
}

// speed times plans and merges.
func speed(ctx context.Context, b *bench) error {
	p, err := b.newPair("merge", b.routers, false)
	if err != nil {
		return err
	}
	intent := func(i int) func(router) string {
		return func(r router) string { return r.intent(fmt.Sprintf("round %d", i)) }
	}
	b.say("making %d routers what they shall be", len(b.routers))
	if err := p.start(ctx, intent(0)); err != nil {
		return err
	}
	for i := range b.rounds {
		if err := p.merge(ctx, intent(i), intent(i+1)); err != nil {
			return err
		}
		if err := p.read(ctx, intent(i+1)); err != nil {
			return err
		}
	}
	// Without the last difference, which the next refresh takes away.
	if err := p.provider.settle(ctx); err != nil {
		return err
	}
	b.collected.Sizes[sizeSmall], err = p.provider.stateSize()
	return err
}

// merge is a round: the bare program makes a change and, with more care, takes
// it back, so that the provider finds the routers as it left them.
func (p *pair) merge(ctx context.Context, now, next func(router) string) error {
	var plan, apply sample
	err := first(
		func() (err error) {
			apply.Bare, err = p.bare(ctx, "merge", p.devices, func(r router) string { return r.intent("bare") })
			return
		},
		func() (err error) { apply.Safe, err = p.bare(ctx, "safe-merge", p.devices, now); return },
		func() (err error) { plan.Noop, err = p.noopPlan(ctx, changes); return },
		func() (err error) { apply.Noop, err = p.noop.apply(ctx); return },
		func() (err error) { plan.Bare, err = p.bare(ctx, "test", p.devices, next); return },
		func() (err error) { return p.provider.configs(p.devices, next) },
		func() (err error) { plan.Provider, err = p.provider.plan(ctx, changes); return },
		func() (err error) { return p.steps(p.provider, rowTest) },
		func() (err error) { apply.Provider, err = p.provider.apply(ctx); return },
		func() (err error) { return p.steps(p.provider, rowMerge) },
	)
	if err == nil {
		apply.Plan = plan.Provider
		p.add(rowTest, len(p.devices), plan)
		p.add(rowMerge, len(p.devices), apply)
	}
	return err
}

// read is a round in which nothing is to do.
func (p *pair) read(ctx context.Context, now func(router) string) error {
	var s sample
	err := first(
		func() (err error) { s.Bare, err = p.bare(ctx, "read", p.devices, now); return },
		func() (err error) { s.Noop, err = p.noopPlan(ctx, nothing); return },
		func() (err error) { s.Provider, err = p.provider.plan(ctx, nothing); return },
		func() (err error) { return p.steps(p.provider, rowRead) },
	)
	if err == nil {
		p.add(rowRead, len(p.devices), s)
	}
	return err
}

// replacing times replacements.
func replacing(ctx context.Context, b *bench) error {
	p, err := b.newPair("replace", b.routers, true)
	if err != nil {
		return err
	}
	intent := func(i int) func(router) string { return func(r router) string { return r.whole(i) } }
	b.say("making %d routers what they shall be", len(b.routers))
	if err := p.start(ctx, intent(0)); err != nil {
		return err
	}
	for i := range b.rounds {
		if err := p.replace(ctx, intent(i), intent(i+1)); err != nil {
			return err
		}
	}
	return nil
}

// other is the round of the bare program's own replacement.
const other = 249

// replace is a round, as merge is one.
func (p *pair) replace(ctx context.Context, now, next func(router) string) error {
	var s sample
	err := first(
		func() (err error) {
			s.Bare, err = p.bare(ctx, "replace", p.devices, func(r router) string { return r.whole(other) })
			return
		},
		func() (err error) { s.Safe, err = p.bare(ctx, "safe-replace", p.devices, now); return },
		func() (err error) { _, err = p.noopPlan(ctx, changes); return },
		func() (err error) { s.Noop, err = p.noop.apply(ctx); return },
		func() (err error) { return p.provider.configs(p.devices, next) },
		func() (err error) { s.Plan, err = p.provider.plan(ctx, changes); return },
		func() (err error) { return p.steps(p.provider, "plan before "+rowReplace) },
		func() (err error) { s.Provider, err = p.provider.apply(ctx); return },
		func() (err error) { return p.steps(p.provider, rowReplace) },
	)
	if err == nil {
		p.add(rowReplace, len(p.devices), s)
	}
	return err
}

// first does one thing after the other up to the first error.
func first(things ...func() error) error {
	for _, f := range things {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}
