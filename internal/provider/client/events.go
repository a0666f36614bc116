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
				c.mu.Lock()
				if c.eventErr == nil {
					c.eventErr = err
				}
				c.mu.Unlock()
			}
		}
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

// eventWarnings tells once that events are lost.
func (c *Client) eventWarnings() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.eventErr == nil || c.eventTold {
		return nil
	}
	c.eventTold = true
	return []string{fmt.Sprintf("Events are being lost: %v. The work on the devices is not affected.", c.eventErr)}
}
