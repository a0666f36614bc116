package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// emitter returns what hands the events of a run to all sinks, with the
// secrets taken out once more: drivers redact what they know, this catches
// what they do not.
func (c *Client) emitter(ctx context.Context, redact *secret.Redactor) func(provision.Event) {
	return func(ev provision.Event) {
		ev = redacted(ev, redact)
		for _, sink := range c.cfg.Events {
			if err := sink(ctx, ev); err != nil {
				c.warnOnce("events", fmt.Sprintf("Events are being lost: %v. The work on the devices is not affected.", err))
			}
		}
	}
}

// teller is the emitter of a run that tells somebody else too.
func (c *Client) teller(ctx context.Context, redact *secret.Redactor, tell func(provision.Event)) func(provision.Event) {
	emit := c.emitter(ctx, redact)
	if tell == nil {
		return emit
	}
	return func(ev provision.Event) {
		emit(ev)
		tell(redacted(ev, redact))
	}
}

// redacted returns the event without secrets.
func redacted(ev provision.Event, r *secret.Redactor) provision.Event {
	ev.Message = r.String(ev.Message)
	if ev.Err != nil {
		if text := ev.Err.Error(); r.String(text) != text {
			ev.Err = errors.New(r.String(text))
		}
	}
	if ev.Diff != nil {
		d := *ev.Diff
		d.Hunks = make([]provision.Hunk, len(ev.Diff.Hunks))
		for i, h := range ev.Diff.Hunks {
			d.Hunks[i] = provision.Hunk{Header: r.String(h.Header), Lines: r.Lines(h.Lines, len("+ "))}
		}
		ev.Diff = &d
	}
	return ev
}

// warnOnce keeps a sentence for the user; of each kind only the first.
func (c *Client) warnOnce(kind, sentence string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.warned[kind] {
		c.warned[kind] = true
		c.warnings = append(c.warnings, sentence)
	}
}

// takeWarnings gives the sentences that no run has brought to the user yet.
func (c *Client) takeWarnings() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := append(c.warnings, c.cfg.Notes.take()...)
	c.warnings = nil
	return w
}
