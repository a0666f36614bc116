package main

import (
	"context"
	"fmt"
)

// The rows about many devices and about large configurations.
const (
	rowManyRead  = "many-read" // a plan without changes; at the floor's place the same over 50
	rowManyTest  = "many-test" // a plan in which all differ, likewise
	rowLargeRead = "large-read"
	rowLargeTest = "large-test"
	rowLargeDo   = "large-merge"
)

// fewKey is where the number of the few is kept.
const fewKey = "few"

// fewDevices is what many devices are compared with.
const fewDevices = 50

// memory takes the peak of the provider's memory over large configurations.
func memory(ctx context.Context, b *bench) error {
	p, err := b.newPair("large", b.routers, false)
	if err != nil {
		return err
	}
	intent := func(i int) func(router) string {
		return func(r router) string { return r.intent(fmt.Sprintf("round %d", i)) }
	}
	if err := p.start(ctx, asBooted); err != nil {
		return err
	}
	b.collected.Sizes[sizeConfig] = len(asBooted(b.routers[0]))
	for i := range b.rounds {
		if err := p.large(ctx, intent(i+1)); err != nil {
			return err
		}
	}
	b.collected.Sizes[sizeLarge], err = p.provider.stateSize()
	return err
}

// large is a round: a plan in which all differ, its apply, a plan without
// changes. The last one leaves a state without a difference in it.
func (p *pair) large(ctx context.Context, next func(router) string) error {
	var test, do, read sample
	err := first(
		func() (err error) { return p.provider.configs(p.devices, next) },
		func() (err error) { test.Provider, err = p.provider.plan(ctx, changes); return },
		func() (err error) { do.Provider, err = p.provider.apply(ctx); return },
		func() (err error) { read.Provider, err = p.provider.plan(ctx, nothing); return },
		func() (err error) { return p.provider.settle(ctx) },
	)
	if err == nil {
		p.add(rowLargeTest, len(p.devices), test)
		p.add(rowLargeDo, len(p.devices), do)
		p.add(rowLargeRead, len(p.devices), read)
	}
	return err
}

// many compares plans over all routers with plans over the first of them.
func many(ctx context.Context, b *bench) error {
	few := b.routers[:min(fewDevices, (len(b.routers)+1)/2)]
	all, err := b.newPair("all", b.routers, false)
	if err != nil {
		return err
	}
	some, err := b.newPair("some", few, false)
	if err != nil {
		return err
	}
	if err := all.start(ctx, asBooted); err != nil {
		return err
	}
	if err := some.start(ctx, asBooted); err != nil {
		return err
	}
	b.collected.Devices[fewKey] = len(few)
	for range b.rounds {
		if err := b.both(ctx, rowManyRead, some, all, nothing); err != nil {
			return err
		}
	}
	for _, p := range []*pair{some, all} {
		if err := p.provider.configs(p.devices, func(r router) string { return r.intent("many") }); err != nil {
			return err
		}
	}
	for range b.rounds {
		if err := b.both(ctx, rowManyTest, some, all, changes); err != nil {
			return err
		}
	}
	return nil
}

// both is a round: the few, then all.
func (b *bench) both(ctx context.Context, row string, some, all *pair, finds int) error {
	var s sample
	err := first(
		func() (err error) { s.Bare, err = some.provider.plan(ctx, finds); return },
		func() (err error) { s.Provider, err = all.provider.plan(ctx, finds); return },
	)
	if err == nil {
		b.add(row, len(all.devices), s)
	}
	return err
}
