package client_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// fakeAgent answers looks at an agent by the time since it was first asked.
type fakeAgent struct {
	fakeZabbix
	started time.Time
	looks   int
	state   func(since time.Duration) (zabbix.AgentState, error)
}

func (f *fakeAgent) AgentState(context.Context, string) (zabbix.AgentState, error) {
	if f.looks++; f.started.IsZero() {
		f.started = time.Now()
	}
	return f.state(time.Since(f.started))
}

// watched is what is known of an agent that is asked.
func watched(a zabbix.Availability, text string) zabbix.AgentState {
	return zabbix.AgentState{Interface: true, Item: "agent.ping", Available: a, Error: text}
}

func TestWaitForAgent(t *testing.T) {
	old := time.Unix(1000, 0)
	for name, c := range map[string]struct {
		state func(since time.Duration) (zabbix.AgentState, error)
		want  client.AgentReport // Trouble: a part of it
		err   bool
		took  time.Duration
	}{
		"arrives": {
			func(since time.Duration) (zabbix.AgentState, error) {
				s := watched(zabbix.AvailabilityUnknown, "")
				if since >= 5*time.Second {
					s.Clock = time.Unix(2000, 0)
				}
				return s, nil
			}, client.AgentReport{State: client.AgentAvailable}, false, 6 * time.Second,
		},
		"had data before, and no new": {
			func(time.Duration) (zabbix.AgentState, error) {
				s := watched(zabbix.Up, "")
				s.Clock = old
				return s, nil
			}, client.AgentReport{State: client.AgentAvailable, Trouble: "no data from its agent within 1m30s", Waits: true}, false, 90 * time.Second,
		},
		"silence is not success": {
			func(time.Duration) (zabbix.AgentState, error) {
				return watched(zabbix.AvailabilityUnknown, ""), nil
			}, client.AgentReport{State: client.AgentUnknown, Trouble: "does not say why", Waits: true}, false, 90 * time.Second,
		},
		"wrong key": {
			func(since time.Duration) (zabbix.AgentState, error) {
				if since < 55*time.Second {
					return watched(zabbix.AvailabilityUnknown, ""), nil
				}
				return watched(zabbix.Down, "cannot establish TLS"), nil
			}, client.AgentReport{State: client.AgentUnavailable, Trouble: "within 1m30s: cannot establish TLS", Waits: true}, false, 90 * time.Second,
		},
		"was down, and comes": {
			func(since time.Duration) (zabbix.AgentState, error) {
				s := watched(zabbix.Down, "refused")
				s.Clock = old
				if since >= 60*time.Second {
					s.Clock = old.Add(time.Hour)
				}
				return s, nil
			}, client.AgentReport{State: client.AgentAvailable}, false, 60 * time.Second,
		},
		"nothing to ask for": {
			func(time.Duration) (zabbix.AgentState, error) {
				return zabbix.AgentState{Interface: true}, nil
			}, client.AgentReport{State: client.AgentUnknown, Trouble: "no item that the server asks"}, false, 0,
		},
		"no interface": {
			func(time.Duration) (zabbix.AgentState, error) { return zabbix.AgentState{}, nil },
			client.AgentReport{State: client.AgentNone, Trouble: "no agent interface"},
			false, 0,
		},
		"disabled": {
			func(time.Duration) (zabbix.AgentState, error) {
				s := watched(zabbix.AvailabilityUnknown, "")
				s.Disabled = true
				return s, nil
			}, client.AgentReport{State: client.AgentUnknown, Trouble: "disabled"}, false, 0,
		},
		"the item fails": {
			func(time.Duration) (zabbix.AgentState, error) {
				s := watched(zabbix.Up, "")
				s.Problem = "Unsupported item key."
				return s, nil
			}, client.AgentReport{State: client.AgentAvailable, Trouble: "item agent.ping: Unsupported item key.", Waits: true}, false, 90 * time.Second,
		},
		"may not ask, and none comes": {
			func(time.Duration) (zabbix.AgentState, error) {
				s := watched(zabbix.AvailabilityUnknown, "")
				s.Refusal = "No permissions to call \"task.create\"."
				return s, nil
			}, client.AgentReport{State: client.AgentUnknown, Trouble: "told to ask for item agent.ping now: No permissions", Waits: true}, false, 90 * time.Second,
		},
		"the API comes back": {
			func(since time.Duration) (zabbix.AgentState, error) {
				if since < 10*time.Second {
					return zabbix.AgentState{}, errors.New("bad gateway")
				}
				s := watched(zabbix.AvailabilityUnknown, "")
				if since >= 20*time.Second {
					s.Clock = old
				}
				return s, nil
			}, client.AgentReport{State: client.AgentAvailable}, false, 20 * time.Second,
		},
		"the API does not come back": {
			func(time.Duration) (zabbix.AgentState, error) { return zabbix.AgentState{}, errors.New("bad gateway") },
			client.AgentReport{State: client.AgentUnknown},
			true, 90 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fakeAgent{state: c.state}
				cl := client.New(client.Config{Zabbix: &client.Zabbix{Server: f}})
				started := time.Now()
				got, err := cl.WaitForAgent(t.Context(), "12", client.AgentWait{Limit: 90 * time.Second})
				if (err != nil) != c.err || got.State != c.want.State || got.Waits != c.want.Waits ||
					!strings.Contains(got.Trouble, c.want.Trouble) || (got.Trouble == "") != (c.want.Trouble == "") {
					t.Errorf("got %+v %v, want %+v", got, err, c.want)
				}
				if took := time.Since(started); took != c.took {
					t.Errorf("it took %s, want %s", took, c.took)
				}
				if int(c.took/(2*time.Second))+1 < f.looks-1 {
					t.Errorf("%d looks in %s", f.looks, c.took)
				}
			})
		})
	}
}

// TestWaitForAgentAfterAChangeOfTheWay: the server polls by its former
// configuration for a while, and the data of that time are no answer.
func TestWaitForAgentAfterAChangeOfTheWay(t *testing.T) {
	old, six, seven := time.Unix(1000, 0), api.Version{Major: 6}, api.Version{Major: 7}
	// until gives data every 5 s, so long, and what Zabbix says of the interface.
	until := func(end time.Duration, up zabbix.Availability) func(time.Duration) (zabbix.AgentState, error) {
		return func(since time.Duration) (zabbix.AgentState, error) {
			s := watched(up, "")
			s.Clock = old.Add(min(since, end).Truncate(5 * time.Second))
			return s, nil
		}
	}
	ever := until(time.Hour, zabbix.Up)
	for name, c := range map[string]struct {
		version api.Version
		config  time.Duration // config_refresh
		ago     time.Duration // since the change
		proxied bool
		limit   time.Duration
		state   func(time.Duration) (zabbix.AgentState, error)
		want    client.AgentReport
		took    time.Duration
	}{
		"broken, 7.0": {
			seven, 0, 0, false, 90 * time.Second, until(12*time.Second, zabbix.Up),
			client.AgentReport{State: client.AgentUnknown, Trouble: "no data from its agent within 1m30s, and Zabbix does not say why", Waits: true},
			90 * time.Second,
		},
		"broken, 6.0": {
			six, 0, 0, false, 150 * time.Second, until(61*time.Second, zabbix.Up),
			client.AgentReport{State: client.AgentUnknown, Trouble: "no data from its agent within 2m30s", Waits: true},
			150 * time.Second,
		},
		"broken, and Zabbix says so": {
			seven, 0, 0, false, 90 * time.Second, until(12*time.Second, zabbix.Down),
			client.AgentReport{State: client.AgentUnavailable, Trouble: "no data from its agent within 1m30s", Waits: true},
			90 * time.Second,
		},
		"fine, 7.0":              {seven, 0, 0, false, 90 * time.Second, ever, client.AgentReport{State: client.AgentAvailable}, 20 * time.Second},
		"fine, 6.0":              {six, 0, 0, false, 90 * time.Second, ever, client.AgentReport{State: client.AgentAvailable}, 70 * time.Second},
		"fine, by a proxy":       {seven, 0, 0, true, 90 * time.Second, ever, client.AgentReport{State: client.AgentAvailable}, 30 * time.Second},
		"fine, as is configured": {six, time.Second, 0, false, 90 * time.Second, ever, client.AgentReport{State: client.AgentAvailable}, 10 * time.Second},
		"changed a while ago":    {six, 0, time.Minute, false, 90 * time.Second, ever, client.AgentReport{State: client.AgentAvailable}, 10 * time.Second},
		"changed long ago":       {six, 0, time.Hour, false, 90 * time.Second, ever, client.AgentReport{State: client.AgentAvailable}, 6 * time.Second},
		"changed in the future":  {seven, 0, -time.Hour, false, 90 * time.Second, ever, client.AgentReport{State: client.AgentAvailable}, 20 * time.Second},
		"Zabbix is away just then": {seven, 0, 0, false, 90 * time.Second, func(since time.Duration) (zabbix.AgentState, error) {
			if since > 4*time.Second && since < 20*time.Second {
				return zabbix.AgentState{}, errors.New("bad gateway")
			}
			return until(12*time.Second, zabbix.Up)(since)
		}, client.AgentReport{State: client.AgentUnknown, Trouble: "no data from its agent within 1m30s", Waits: true}, 90 * time.Second},
		"too short a wait": {
			six, 0, 0, false, 30 * time.Second, ever,
			client.AgentReport{State: client.AgentUnknown, Trouble: "surely came after the change: Zabbix may poll by the former configuration for 1m0s", Waits: true},
			30 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fakeAgent{state: c.state}
				f.version = c.version
				cl := client.New(client.Config{Zabbix: &client.Zabbix{Server: f, ConfigRefresh: c.config}})
				started := time.Now()
				got, err := cl.WaitForAgent(t.Context(), "12", client.AgentWait{Limit: c.limit, Reached: started.Add(-c.ago), Proxied: c.proxied})
				if err != nil || got.State != c.want.State || got.Waits != c.want.Waits ||
					!strings.Contains(got.Trouble, c.want.Trouble) || (got.Trouble == "") != (c.want.Trouble == "") {
					t.Errorf("got %+v %v, want %+v", got, err, c.want)
				}
				if took := time.Since(started); took != c.took {
					t.Errorf("it took %s, want %s", took, c.took)
				}
			})
		})
	}
}
