package zabbix

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// Agents tells how hosts' agents do. [Store] is the one on an API.
type Agents interface {
	// AgentState has Zabbix ask a host's agent for a value now, and tells what is
	// known so far; the value itself comes later.
	AgentState(ctx context.Context, id string) (AgentState, error)
}

var _ Agents = (*Store)(nil)

// AgentState is what Zabbix knows of a host's agent. Data arrives once Clock
// moves on. What fails shows only as Down, with Error, about a minute after the
// fact (seen on 6.0 and 7.0); until then nothing can be told. Available trails
// the first value by up to 5 s.
type AgentState struct {
	// Interface tells that the host is visible and has a main agent interface.
	Interface bool
	// Item is the key of the item that is asked for; empty when the host has none
	// that the server asks its agent for, and nothing can be told.
	Item string
	// Clock is when the item's last value was taken, by the server's clock; zero
	// without one.
	Clock time.Time
	// Problem is why the agent has no value for the item.
	Problem string
	// Disabled tells that the host is not monitored.
	Disabled bool
	// Refusal is why the agent was not asked; empty when it was. Values come all
	// the same, only later. The server forgets the order when it does not know the
	// item yet, a few seconds after the host was made: ask again every 2 s.
	Refusal string
	// Available and Error are the main agent interface's.
	Available Availability
	Error     string
}

// AgentState implements [Agents]. Hosts that are asked for together go together.
func (s *Store) AgentState(ctx context.Context, id string) (AgentState, error) {
	return s.agents.ask(ctx, id, true)
}

// wireAgentItem is an item in an answer of item.get.
type wireAgentItem struct {
	ID     string `json:"itemid"`
	HostID string `json:"hostid"`
	Key    string `json:"key_"`
	Clock  string `json:"lastclock"`
	Error  string `json:"error"`
}

// inquiry is the question for one host's agent.
type inquiry struct {
	state AgentState
	item  *wireAgentItem
}

// askAgents asks for the agents of several hosts: one POST looks for items that
// suit and for the interfaces, one asks for values and reads the last ones.
func (s *Store) askAgents(ctx context.Context, ids []string) []outcome[AgentState] {
	hosts, err := s.inquiries(ctx, ids)
	if err == nil {
		err = s.order(ctx, hosts)
	}
	if err != nil {
		return allFailed[AgentState](len(ids), err)
	}
	out := make([]outcome[AgentState], len(ids))
	for i, id := range ids {
		out[i].answer = hosts[id].state
	}
	return out
}

// inquiries finds for each host the item to ask for, and reads its interface.
func (s *Store) inquiries(ctx context.Context, ids []string) (map[string]*inquiry, error) {
	answers, err := s.api.Read(ctx,
		api.Call{Method: "item.get", Params: object{
			"hostids": ids, "output": []string{"itemid", "hostid", "key_"},
			"filter": object{"type": 0, "status": 0, "flags": []int{0, 4}}, // asked of agents by the server
		}},
		api.Call{Method: "host.get", Params: object{
			"hostids": ids, "output": []string{"hostid", "status"}, "selectInterfaces": []string{"interfaceid", "type", "main", "available", "error"},
		}})
	if err != nil {
		return nil, err
	}
	hosts := map[string]*inquiry{}
	for _, id := range ids {
		hosts[id] = &inquiry{}
	}
	var items []*wireAgentItem
	if err := answers[0].Into(&items); err != nil {
		return nil, err
	}
	for _, i := range items {
		if h := hosts[i.HostID]; h != nil && (h.item == nil || ease(i.Key) < ease(h.item.Key)) {
			h.item, h.state.Item = i, i.Key
		}
	}
	return hosts, readAvailability(answers[1], hosts)
}

// ease sorts items by how surely an agent has a value for them.
func ease(key string) int {
	for i, start := range []string{"agent.ping", "agent.", "system.", "vfs.", "net."} {
		if strings.HasPrefix(key, start) {
			return i
		}
	}
	return len(key) + 5 // the less there is to go wrong
}

// readAvailability reads what Zabbix says of the hosts and their interfaces.
func readAvailability(a api.Answer, hosts map[string]*inquiry) error {
	var wire []struct {
		HostID     string          `json:"hostid"`
		Status     number          `json:"status"`
		Interfaces []wireInterface `json:"interfaces"`
	}
	if err := a.Into(&wire); err != nil {
		return err
	}
	for _, w := range wire {
		h := hosts[w.HostID]
		if h == nil {
			continue
		}
		h.state.Disabled = w.Status != 0
		for _, i := range w.Interfaces {
			if InterfaceType(i.Type) == TypeAgent && i.Main != 0 {
				h.state.Interface, h.state.Available, h.state.Error = true, Availability(i.Available), i.Error
			}
		}
	}
	return nil
}

// order has the server ask the agents, and reads the last values.
func (s *Store) order(ctx context.Context, hosts map[string]*inquiry) error {
	var all, asked []*inquiry
	var ids []string
	var tasks []any
	for _, h := range hosts {
		if h.item == nil {
			continue
		}
		all, ids = append(all, h), append(ids, h.item.ID)
		if h.state.Disabled {
			h.state.Refusal = "the host is disabled"
			continue
		}
		asked = append(asked, h)
		tasks = append(tasks, object{"type": 6, "request": object{"itemid": h.item.ID}}) // 6: check now
	}
	if len(all) == 0 {
		return nil
	}
	last := api.Call{Method: "item.get", Params: object{"itemids": ids, "output": []string{"itemid", "lastclock", "error"}}}
	if len(tasks) == 0 {
		answers, err := s.api.Read(ctx, last)
		if err != nil {
			return err
		}
		return readClocks(&answers[0], all)
	}
	errs, answer := s.array(ctx, "task.create", tasks, &last)
	for i, h := range asked {
		if errs[i] != nil {
			h.state.Refusal = errs[i].Error()
		}
	}
	return readClocks(answer, all)
}

// readClocks reads when the last values were taken. Without an answer, which is
// a refusal of each as well, nothing is known of them.
func readClocks(a *api.Answer, hosts []*inquiry) error {
	if a == nil {
		return nil
	}
	var items []wireAgentItem
	if err := a.Into(&items); err != nil {
		return err
	}
	for _, h := range hosts {
		at := slices.IndexFunc(items, func(i wireAgentItem) bool { return i.ID == h.item.ID })
		if at < 0 {
			continue // gone since
		}
		h.state.Problem = items[at].Error
		if sec, err := strconv.ParseInt(items[at].Clock, 10, 64); err == nil && sec > 0 {
			h.state.Clock = time.Unix(sec, 0)
		}
	}
	return nil
}
