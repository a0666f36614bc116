package main

import (
	"context"
	"fmt"
)

// netconfDevice is the device of the lab that speaks NETCONF.
const netconfDevice = "n1"

// xmlIntent is a configuration of two interfaces (RFC 8343).
func xmlIntent(text string) string {
	const one = `<interface><name>%s</name><description>%s</description>` +
		`<type xmlns:t="urn:ietf:params:xml:ns:yang:iana-if-type">t:ethernetCsmacd</type><enabled>true</enabled></interface>`
	return `<config xmlns="urn:ietf:params:xml:ns:netconf:base:1.0">` +
		`<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces">` +
		fmt.Sprintf(one, "uplink", "bench "+text) + fmt.Sprintf(one, "customer", "customer 4711") +
		"</interfaces></config>\n"
}

// netconf times one change of one device.
func netconf(ctx context.Context, b *bench) error {
	nodes, err := readNodes(b.lab)
	if err != nil {
		return err
	}
	var device []router
	for _, n := range nodes {
		if n.name == netconfDevice {
			device = append(device, n)
		}
	}
	p, err := b.newPair("netconf", device, false)
	if err != nil {
		return err
	}
	if err := p.start(ctx, asXML("round 0")); err != nil {
		return err
	}
	for i := range b.rounds {
		if err := p.confirmed(ctx, fmt.Sprintf("round %d", i), fmt.Sprintf("round %d", i+1)); err != nil {
			return err
		}
	}
	return nil
}

// asXML is xmlIntent for any device.
func asXML(text string) func(router) string { return func(router) string { return xmlIntent(text) } }

// confirmed is a round: the bare program makes a change and takes it back.
func (p *pair) confirmed(ctx context.Context, now, next string) error {
	var s sample
	err := first(
		func() (err error) { s.Bare, err = p.bare(ctx, "netconf", p.devices, asXML("bare")); return },
		func() (err error) { _, err = p.bare(ctx, "netconf", p.devices, asXML(now)); return },
		func() (err error) { _, err = p.noopPlan(ctx, changes); return },
		func() (err error) { s.Noop, err = p.noop.apply(ctx); return },
		func() (err error) { return p.provider.configs(p.devices, asXML(next)) },
		func() (err error) { _, err = p.provider.plan(ctx, changes); return },
		func() (err error) { return p.steps(p.provider, "plan before "+rowNetconf) },
		func() (err error) { s.Provider, err = p.provider.apply(ctx); return },
		func() (err error) { return p.steps(p.provider, rowNetconf) },
	)
	if err == nil {
		p.add(rowNetconf, len(p.devices), s)
	}
	return err
}
