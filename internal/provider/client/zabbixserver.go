package client

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// ZabbixLogin is how Zabbix's API is reached.
type ZabbixLogin struct {
	URL                string
	Token              string // or Username and Password
	Username, Password string
	CAFile             string
	Headers            map[string]string
	Timeout            time.Duration // of one request; 0 is the default
	// Prefetch allows to read all hosts ahead.
	Prefetch bool
}

// Secrets are the words that no text may show.
func (l ZabbixLogin) Secrets() []string {
	return append([]string{l.Token, l.Password}, slices.Sorted(maps.Values(l.Headers))...)
}

// OpenZabbix makes a server of a login. It connects to nothing.
func OpenZabbix(l ZabbixLogin) (Server, error) {
	a, err := api.New(api.Config{
		URL: l.URL, Token: l.Token, Username: l.Username, Password: l.Password,
		HTTP: httpclient.Config{CAFile: l.CAFile, Headers: l.Headers, Timeout: l.Timeout, UserAgent: "terraform-provider-provision"},
	})
	if err != nil {
		return nil, err
	}
	return &store{Store: zabbix.NewStore(a, zabbix.StoreOptions{Prefetch: l.Prefetch}), api: a}, nil
}

// store is a Zabbix on its API.
type store struct {
	*zabbix.Store
	api *api.Client
}

// Close implements Server.
func (s *store) Close(ctx context.Context) error {
	if err := s.api.Logout(ctx); err != nil {
		return fmt.Errorf("log out of Zabbix: %w", err)
	}
	return nil
}

// agentItem is an item that the server asks an agent for.
type agentItem struct {
	ID    string `json:"itemid"`
	Key   string `json:"key_"`
	Clock string `json:"lastclock"`
}

// LookAtAgent implements Server. What the API answers to the request for a value
// says nothing: it is successful for items that the server does not know yet,
// and a user who may not make it gets values all the same, only later.
func (s *store) LookAtAgent(ctx context.Context, id string) (AgentSight, error) {
	h, err := s.FreshByID(ctx, id)
	if err != nil || h == nil {
		return AgentSight{}, err
	}
	items, err := s.agentItems(ctx, id)
	if err != nil || len(items) == 0 {
		return AgentSight{Host: h}, err
	}
	seen := AgentSight{Host: h, Asks: true}
	for _, i := range items {
		if clock, err := strconv.ParseInt(i.Clock, 10, 64); err == nil && clock > 0 && time.Unix(clock, 0).After(seen.Newest) {
			seen.Newest = time.Unix(clock, 0)
		}
	}
	if h.Enabled {
		_, err = s.api.Write(ctx, api.Call{Method: "task.create", Params: []any{
			map[string]any{"type": 6, "request": map[string]any{"itemid": items[0].ID}}, // 6: execute now (API 6.0 to 7.4)
		}})
	}
	return seen, err
}

// agentItems are the items that the server asks the agent for, the cheapest
// first.
func (s *store) agentItems(ctx context.Context, id string) ([]agentItem, error) {
	answers, err := s.api.Read(ctx, api.Call{Method: "item.get", Params: map[string]any{
		"hostids": id, "output": []string{"itemid", "key_", "lastclock"}, "filter": map[string]any{"type": 0, "status": 0}, // 0: Zabbix agent; enabled
	}})
	if err != nil {
		return nil, err
	}
	var items []agentItem
	if err := answers[0].Into(&items); err != nil {
		return nil, err
	}
	slices.SortFunc(items, func(a, b agentItem) int {
		ping := func(i agentItem) int {
			if i.Key == "agent.ping" {
				return 0
			}
			return 1
		}
		return cmp.Or(ping(a)-ping(b), cmp.Compare(a.ID, b.ID))
	})
	return items, nil
}
