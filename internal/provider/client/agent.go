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

// settleMargin comes to the time that Zabbix takes to use a changed
// configuration: a poll that is under way, and the way of its value.
const settleMargin = 5 * time.Second

// AgentWait says how an agent is waited for.
type AgentWait struct {
	// Limit is how long at most.
	Limit time.Duration
	// Reached is when it was changed last how the server reaches the agent of a
	// host that it knew already (interface, encryption, proxy, status); zero: never.
	Reached time.Time
	// Proxied tells that a proxy monitors the host.
	Proxied bool
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
// there before. Zabbix reports an agent that does not answer only after about a
// minute; until then nothing but missing data tells of it, so that silence is
// never taken for success. Neither are data that may have come by what the host
// was before: the server polls from a copy of its configuration, which it renews
// from time to time, so that after a change of how the agent is reached data
// count only when the copy must have been renewed. An error tells that Zabbix
// could not be asked.
func (c *Client) WaitForAgent(ctx context.Context, id string, wait AgentWait) (AgentReport, error) {
	server, err := c.server()
	if err != nil {
		return AgentReport{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, wait.Limit)
	defer cancel()
	w := watch{limit: wait.Limit, doubt: !wait.Reached.IsZero()}
	for {
		now, err := server.AgentState(ctx, id)
		if err == nil && w.settled.IsZero() {
			w.settles(ctx, server, wait, c.cfg.Zabbix.ConfigRefresh)
		}
		if err == nil || ctx.Err() == nil {
			w.saw(now, err)
		}
		if report, done := w.report(); done {
			return report, nil
		}
		if !pauseUntil(ctx, time.Now().Truncate(agentPoll).Add(agentPoll)) {
			break
		}
	}
	if w.failed != nil {
		return AgentReport{State: AgentUnknown}, w.failed
	}
	return w.silence(), nil
}

// watch is what was seen of an agent that is waited for.
type watch struct {
	limit time.Duration
	doubt bool // no data have told yet of how the agent is reached now
	// refresh is after how long Zabbix uses a change that data must tell of; 0:
	// all new data count. settled is when it surely has.
	refresh time.Duration
	settled time.Time
	// first is the first look from when on data count, last the last one.
	first, last   zabbix.AgentState
	looked, based bool  // last is set; first is
	failed        error // why the last look failed
}

// settles works out from when on data count. Without a version the oldest one's
// time is the safe one.
func (w *watch) settles(ctx context.Context, server Server, wait AgentWait, refresh time.Duration) {
	w.settled = time.Now()
	if !w.doubt {
		return
	}
	if refresh == 0 {
		version, _ := server.Version(ctx)
		proxy := time.Duration(0)
		if refresh, proxy = version.ConfigRefresh(); wait.Proxied {
			refresh += proxy
		}
	}
	// The change may have been written on a machine with another clock.
	since := max(time.Since(wait.Reached), 0)
	if left := refresh + settleMargin - since; left > 0 {
		w.refresh, w.settled = refresh, time.Now().Add(left)
	}
}

// saw takes in a look at the agent.
func (w *watch) saw(now zabbix.AgentState, err error) {
	w.failed = err
	if err != nil {
		return
	}
	w.last, w.looked = now, true
	if !w.based && !time.Now().Before(w.settled) {
		w.first, w.based = now, true
	}
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

// report is what there is to say before the time is over; false: go on waiting.
func (w *watch) report() (AgentReport, bool) {
	last := w.last
	switch {
	case !w.looked || w.failed != nil:
	case !last.Interface:
		return AgentReport{State: AgentNone, Trouble: "its agent cannot be waited for: the host has no agent interface"}, true
	case last.Disabled:
		return AgentReport{State: w.state(), Trouble: "its agent is not waited for: the host is disabled"}, true
	case last.Item == "":
		return AgentReport{
			State: w.state(), Trouble: "its agent cannot be waited for: the host has no item that the server asks the agent for",
			Next: " Link a template with one, or set no wait_for_agent.",
		}, true
	case w.based && last.Clock.After(w.first.Clock):
		return AgentReport{State: AgentAvailable}, true
	}
	return AgentReport{}, false
}

// state is what Zabbix says of the agent without data. That it is up is not
// believed where it may be about how it was reached before.
func (w *watch) state() string {
	if s := availability(w.last.Available); !w.doubt || s != AgentAvailable {
		return s
	}
	return AgentUnknown
}

// silence is what there is to say when the time is over.
func (w *watch) silence() AgentReport {
	last := w.last
	r := AgentReport{State: w.state(), Waits: true, Next: " Look at the agent; the next plan shows an update that waits again."}
	r.Trouble = fmt.Sprintf("no data from its agent within %s", w.limit)
	switch {
	case last.Error != "":
		r.Trouble += ": " + last.Error
	case time.Now().Before(w.settled):
		r.Trouble += fmt.Sprintf(" that surely came after the change: Zabbix may poll by the former configuration for %s", w.refresh)
		r.Next = fmt.Sprintf(" Set wait_for_agent to at least %s, or the provider's zabbix.config_refresh to what the server has; the next plan shows an update that waits again.",
			w.refresh+settleMargin+30*time.Second)
	case last.Problem != "":
		r.Trouble += fmt.Sprintf(": item %s: %s", last.Item, last.Problem)
	case last.Refusal != "":
		r.Trouble += fmt.Sprintf(", and Zabbix could not be told to ask for item %s now: %s", last.Item, last.Refusal)
	case r.State == AgentUnknown:
		r.Trouble += ", and Zabbix does not say why: it needs about a minute to find out"
	}
	return r
}
