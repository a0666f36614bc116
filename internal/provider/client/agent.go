package client

import (
	"context"
	"fmt"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// agentPoll is how often Zabbix is asked for data of an agent. A request for a
// value is lost when the server does not know the item yet, so that each look
// repeats it.
const agentPoll = 2 * time.Second

// AgentSight is one look at what Zabbix has of an agent.
type AgentSight struct {
	// Host is the host as it is.
	Host *zabbix.Host
	// Asks tells that the host has an item whose value the server asks the agent
	// for, so that waiting makes sense.
	Asks bool
	// Newest is when the newest value arrived; zero for none.
	Newest time.Time
}

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
	var first, last AgentSight
	var failed error
	for looked := false; ; {
		now, err := server.LookAtAgent(ctx, id)
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
			if report, done := last.report(first); done {
				return report, nil
			}
		}
		if !pause(ctx, agentPoll) {
			break
		}
	}
	if failed != nil {
		return AgentReport{State: AgentUnknown}, failed
	}
	return last.silent(limit), nil
}

// pause waits; false when the context ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// report is what there is to say before the time is over; false: go on waiting.
func (s AgentSight) report(first AgentSight) (AgentReport, bool) {
	switch {
	case s.Host == nil || s.Host.Agent == nil:
		return AgentReport{State: AgentState(s.Host), Trouble: "its agent cannot be waited for: the host has no agent interface"}, true
	case !s.Host.Enabled:
		return AgentReport{State: AgentState(s.Host), Trouble: "its agent is not waited for: the host is disabled"}, true
	case !s.Asks:
		return AgentReport{
			State: AgentState(s.Host), Trouble: "its agent cannot be waited for: the host has no item that the server asks the agent for",
			Next: " Link a template with one, or set no wait_for_agent.",
		}, true
	case s.Newest.After(first.Newest):
		return AgentReport{State: AgentAvailable}, true
	}
	return AgentReport{}, false
}

// silent is what there is to say when the time is over.
func (s AgentSight) silent(limit time.Duration) AgentReport {
	r := AgentReport{State: AgentState(s.Host), Waits: true, Next: " Look at the agent; the next plan shows an update that waits again."}
	r.Trouble = fmt.Sprintf("no data from its agent within %s", limit)
	switch {
	case s.Host != nil && s.Host.Agent != nil && s.Host.Agent.Error != "":
		r.Trouble += ": " + s.Host.Agent.Error
	case r.State == AgentUnknown:
		r.Trouble += ", and Zabbix does not say why: it needs about a minute to find out"
	}
	return r
}
