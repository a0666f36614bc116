package client

import (
	"context"
	"fmt"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// agentPoll is how often Zabbix is asked for data of an agent. A request for a
// value is lost when the server does not know the item yet, so that each look
// repeats it. All who wait look at the same moments, so that their questions go
// together.
const agentPoll = 2 * time.Second

// AgentReport is what came of waiting for an agent.
type AgentReport struct {
	// State is AgentAvailable, AgentUnavailable, AgentUnknown or AgentNone.
	State string
	// Trouble is a sentence about what did not come, and Next what to do; both
	// empty when data came.
	Trouble, Next string
	// Waits tells that it is worth waiting again.
	Waits bool
}

// WaitForAgent waits until data from the agent of a host arrives that was not
// there before, for at most so long. Zabbix reports an agent that does not answer
// only after about a minute; until then nothing but missing data tells of it, so
// that silence is never taken for success. An error tells that Zabbix could not
// be asked.
func (c *Client) WaitForAgent(ctx context.Context, id string, limit time.Duration) (AgentReport, error) {
	server, err := c.server()
	if err != nil {
		return AgentReport{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var first, last zabbix.AgentState
	var failed error
	for looked := false; ; {
		now, err := server.AgentState(ctx, id)
		switch {
		case err == nil && !looked:
			first, last, looked = now, now, true
		case err == nil:
			last = now
		case ctx.Err() == nil:
			failed = err
		}
		if looked {
			failed = nil
			if report, done := agentReport(first, last); done {
				return report, nil
			}
		}
		if !pauseUntil(ctx, time.Now().Truncate(agentPoll).Add(agentPoll)) {
			break
		}
	}
	if failed != nil {
		return AgentReport{State: AgentUnknown}, failed
	}
	return silence(last, limit), nil
}

// pauseUntil waits; false when the context ended first.
func pauseUntil(ctx context.Context, at time.Time) bool {
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// agentReport is what there is to say before the time is over; false: go on
// waiting.
func agentReport(first, last zabbix.AgentState) (AgentReport, bool) {
	switch {
	case !last.Interface:
		return AgentReport{State: AgentNone, Trouble: "its agent cannot be waited for: the host has no agent interface"}, true
	case last.Disabled:
		return AgentReport{State: availability(last.Available), Trouble: "its agent is not waited for: the host is disabled"}, true
	case last.Item == "":
		return AgentReport{
			State: availability(last.Available), Trouble: "its agent cannot be waited for: the host has no item that the server asks the agent for",
			Next: " Link a template with one, or set no wait_for_agent.",
		}, true
	case last.Clock.After(first.Clock):
		return AgentReport{State: AgentAvailable}, true
	}
	return AgentReport{}, false
}

// silence is what there is to say when the time is over.
func silence(last zabbix.AgentState, limit time.Duration) AgentReport {
	r := AgentReport{State: availability(last.Available), Waits: true, Next: " Look at the agent; the next plan shows an update that waits again."}
	r.Trouble = fmt.Sprintf("no data from its agent within %s", limit)
	switch {
	case last.Error != "":
		r.Trouble += ": " + last.Error
	case last.Problem != "":
		r.Trouble += fmt.Sprintf(": item %s: %s", last.Item, last.Problem)
	case last.Refusal != "":
		r.Trouble += fmt.Sprintf(", and Zabbix could not be told to ask for item %s now: %s", last.Item, last.Refusal)
	case r.State == AgentUnknown:
		r.Trouble += ", and Zabbix does not say why: it needs about a minute to find out"
	}
	return r
}
