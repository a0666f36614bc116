package zabbix

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// API is what the store asks of the API; *api.Client is one.
type API interface {
	Version(ctx context.Context) (api.Version, error)
	Read(ctx context.Context, calls ...api.Call) ([]api.Answer, error)
	Write(ctx context.Context, calls ...api.Call) ([]api.Answer, error)
}

// How calls are gathered: so long nobody joins before one is made. Measured on
// 7.0 with 1,000 hosts: 60 ms bring together what Terraform has at once, on two
// busy cores as well; reads that nothing is sent after need not be as few.
const (
	readWindow  = 5 * time.Millisecond
	writeWindow = 60 * time.Millisecond
	mostInArray = 100
	readers     = 3 // calls that read at once; more make the server no faster
)

// StoreOptions say how a store reads.
type StoreOptions struct {
	// Prefetch allows to read all visible hosts ahead when many are asked for.
	Prefetch bool
}

// Store reads and writes the hosts of one Zabbix, with few calls. It implements
// [Hosts] and is safe for concurrent use.
type Store struct {
	api     API
	reads   chan struct{}
	writes  chan struct{}
	catalog *catalogue

	hosts   gather[lookup, *Host]
	fresh   gather[lookup, *Host] // right before a write, and as many as there are writes
	graves  gather[grave, []*Host]
	creates gather[NewHost, *Host]
	updates gather[update, *Host]
	deletes gather[string, struct{}]
	agents  gather[string, AgentState]
	ahead   ahead
	taken   once[map[lookup]bool] // the names of all visible hosts
}

var _ Hosts = (*Store)(nil)

// NewStore makes a store on an API; it does not connect.
func NewStore(a API, opts StoreOptions) *Store {
	s := &Store{api: a, reads: make(chan struct{}, readers), writes: make(chan struct{}, 1)}
	s.catalog = newCatalogue(a, s.reads)
	s.ahead.off, s.ahead.begun = !opts.Prefetch, make(chan struct{})
	s.hosts = gather[lookup, *Host]{window: readWindow, most: mostInArray, turns: s.reads, call: s.lookUp}
	who := &crowd{}
	s.fresh = gather[lookup, *Host]{window: writeWindow, most: mostInArray, turns: s.reads, crowd: who, call: s.lookUp}
	s.graves = gather[grave, []*Host]{window: readWindow, most: mostInArray, turns: s.reads, call: s.findBuried}
	// One writer: arrays of creates gain nothing from others at the same time,
	// and first inserts of two can meet.
	s.creates = gather[NewHost, *Host]{window: writeWindow, most: mostInArray, turns: s.writes, crowd: who, call: s.create}
	s.updates = gather[update, *Host]{window: writeWindow, most: mostInArray, turns: s.writes, crowd: who, call: s.update}
	s.deletes = gather[string, struct{}]{window: writeWindow, most: mostInArray, turns: s.writes, call: s.delete}
	s.agents = gather[string, AgentState]{window: writeWindow, most: mostInArray, turns: s.writes, call: s.askAgents}
	return s
}

// Lookup implements [Hosts].
func (s *Store) Lookup() Catalogue { return s.catalog }

// lookup asks for one host.
type lookup struct {
	key   string // "hostids", or the property that is filtered by: "host", "name"
	value string
}

// ByID implements [Hosts].
func (s *Store) ByID(ctx context.Context, id string) (*Host, error) {
	return s.find(ctx, lookup{"hostids", id})
}

// ByName implements [Hosts].
func (s *Store) ByName(ctx context.Context, name string) (*Host, error) {
	return s.find(ctx, lookup{"host", name})
}

// ByVisibleName reads the host of a visible name; nil when none is visible.
func (s *Store) ByVisibleName(ctx context.Context, name string) (*Host, error) {
	return s.find(ctx, lookup{"name", name})
}

// FreshByID implements [Hosts].
func (s *Store) FreshByID(ctx context.Context, id string) (*Host, error) {
	return s.fresh.ask(ctx, lookup{"hostids", id}, true)
}

// FreshByName implements [Hosts].
func (s *Store) FreshByName(ctx context.Context, name string) (*Host, error) {
	return s.fresh.ask(ctx, lookup{"host", name}, true)
}

// find answers from what was read ahead, where it can.
func (s *Store) find(ctx context.Context, l lookup) (*Host, error) {
	h, all := s.ahead.find(ctx, s, l)
	if h != nil || all && s.free(ctx, l) {
		return h, nil
	}
	return s.hosts.ask(ctx, l, true)
}

// lookUp reads the hosts of several questions, with one call for each key.
func (s *Store) lookUp(ctx context.Context, questions []lookup) []outcome[*Host] {
	values := map[string][]string{}
	for _, q := range questions {
		values[q.key] = append(values[q.key], q.value)
	}
	var which []object
	for key, list := range values {
		if key == "hostids" {
			which = append(which, object{"hostids": list})
		} else {
			which = append(which, object{"filter": object{key: list}})
		}
	}
	found, err := s.query(ctx, which...)
	out := make([]outcome[*Host], len(questions))
	for i, q := range questions {
		out[i].err = err
		for _, h := range found {
			if h.is(q) {
				out[i].answer = h.copy()
			}
		}
	}
	return out
}

// is tells that a host answers a question.
func (h *Host) is(q lookup) bool {
	switch q.key {
	case "hostids":
		return h.ID == q.value
	case "host":
		return h.Name == q.value
	}
	return h.VisibleName == q.value
}

// copy keeps callers from changing each other's host.
func (h *Host) copy() *Host {
	if h == nil {
		return nil
	}
	c := *h
	if h.Agent != nil {
		agent := *h.Agent
		c.Agent = &agent
	}
	return &c
}

// query reads hosts, by one host.get for each way to choose them, in one POST.
func (s *Store) query(ctx context.Context, which ...object) ([]*Host, error) {
	v, err := s.api.Version(ctx)
	if err != nil {
		return nil, err
	}
	var calls []api.Call
	for _, w := range which {
		calls = append(calls, api.Call{Method: "host.get", Params: hostQuery(v, w)})
	}
	answers, err := s.api.Read(ctx, calls...)
	if err != nil {
		return nil, err
	}
	var all []*Host
	for _, a := range answers {
		list, err := s.hostsOf(ctx, a)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// hostsOf reads an answer of host.get.
func (s *Store) hostsOf(ctx context.Context, a api.Answer) ([]*Host, error) {
	var wire []wireHost
	if err := a.Into(&wire); err != nil {
		return nil, fmt.Errorf("read hosts: %w", err)
	}
	names, err := s.catalog.names(ctx, wire)
	if err != nil {
		return nil, err
	}
	list := make([]*Host, len(wire))
	for i, w := range wire {
		if list[i], err = w.read(names); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// grave asks for buried hosts.
type grave struct{ name, object string }

// Buried implements [Hosts].
func (s *Store) Buried(ctx context.Context, name, object string) ([]*Host, error) {
	if all, ok := s.ahead.buried(name, object); ok {
		return all, nil
	}
	return s.graves.ask(ctx, grave{name, object}, true)
}

// findBuried reads the buried hosts of several questions with one call: tags of
// one name are alternatives, those of another are a further condition.
func (s *Store) findBuried(ctx context.Context, questions []grave) []outcome[[]*Host] {
	var tags []any
	for _, q := range questions {
		for _, t := range []Tag{{Name: TagName, Value: q.name}, {Name: TagObject, Value: q.object}} {
			tags = append(tags, object{"tag": t.Name, "value": t.Value, "operator": 1}) // equals
		}
	}
	found, err := s.query(ctx, object{"tags": tags, "evaltype": 0, "inheritedTags": false})
	out := make([]outcome[[]*Host], len(questions))
	for i, q := range questions {
		out[i].err = err
		for _, h := range found {
			if h.Mark.BuriedName == q.name && h.Mark.BuriedObject == q.object {
				out[i].answer = append(out[i].answer, h.copy())
			}
		}
	}
	return out
}

// ahead is what was read ahead: everything that is visible.
type ahead struct {
	mu      sync.Mutex
	off     bool
	last    time.Time     // when a host was asked for last
	begun   chan struct{} // closed when the reading begins
	ready   chan struct{} // closed when it has ended; nil before it began
	byID    map[string]*Host
	byName  map[string]*Host
	byShown map[string]*Host
	late    []string // ids of hosts that were changed while everything was read
}

// together is how soon a second question must come for all hosts to be read.
const together = 50 * time.Millisecond

// moment is how long the first question waits for the second.
const moment = 20 * time.Millisecond

// find gives a host from what was read ahead; nil when it is not in it, and
// false when nothing was read. The second question within a moment starts the
// reading.
func (a *ahead) find(ctx context.Context, s *Store, l lookup) (*Host, bool) {
	ready := a.started(ctx, s)
	if ready == nil {
		return nil, false
	}
	select {
	case <-ready:
	case <-ctx.Done():
		return nil, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	all := a.byID != nil
	switch l.key {
	case "hostids":
		return a.byID[l.value].copy(), all
	case "host":
		return a.byName[l.value].copy(), all
	}
	return a.byShown[l.value].copy(), all
}

// started starts the reading when it is due; nil when there is none. The first
// question waits a moment for a second one.
func (a *ahead) started(ctx context.Context, s *Store) <-chan struct{} {
	ready, first := a.due(ctx, s)
	if ready != nil || !first {
		return ready
	}
	timer := time.NewTimer(moment)
	defer timer.Stop()
	select {
	case <-a.begun:
	case <-timer.C:
	case <-ctx.Done():
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ready
}

// due starts the reading at the second of two questions that come soon after
// each other, and tells whether this is the first one of all.
func (a *ahead) due(ctx context.Context, s *Store) (ready <-chan struct{}, first bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.off {
		return nil, false
	}
	first = a.last.IsZero()
	soon := time.Since(a.last) < together
	a.last = time.Now()
	if a.ready == nil && soon {
		a.ready = make(chan struct{})
		close(a.begun)
		go a.read(context.WithoutCancel(ctx), s)
	}
	return a.ready, first
}

// read reads everything. When that fails, or is too much, hosts are read one by
// one.
func (a *ahead) read(ctx context.Context, s *Store) {
	all, err := s.everything(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	defer close(a.ready)
	if err != nil {
		a.off = true
		return
	}
	a.byID, a.byName, a.byShown = map[string]*Host{}, map[string]*Host{}, map[string]*Host{}
	for _, h := range all {
		a.put(h)
	}
	a.drop(a.late)
}

// put takes a host in; the store is locked.
func (a *ahead) put(h *Host) {
	if a.byID == nil {
		return
	}
	a.drop([]string{h.ID})
	a.byID[h.ID], a.byName[h.Name], a.byShown[h.VisibleName] = h, h, h
}

// learn takes in what a write left: hosts, nil for none, by the ids that they
// had.
func (a *ahead) learn(ids []string, hosts []*Host) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byID == nil {
		a.late = append(a.late, ids...)
		return
	}
	a.drop(ids)
	for _, h := range hosts {
		if h != nil {
			a.put(h.copy())
		}
	}
}

// drop takes hosts out; the store is locked.
func (a *ahead) drop(ids []string) {
	for _, id := range ids {
		if old := a.byID[id]; old != nil {
			delete(a.byID, id)
			delete(a.byName, old.Name)
			delete(a.byShown, old.VisibleName)
		}
	}
}

// buried are the hosts in what was read ahead that were this one; false when
// nothing was.
func (a *ahead) buried(name, object string) ([]*Host, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byID == nil {
		return nil, false
	}
	var list []*Host
	for _, h := range a.byID {
		if h.Mark.BuriedName == name && h.Mark.BuriedObject == object {
			list = append(list, h.copy())
		}
	}
	return list, true
}

// How everything is read.
const (
	page     = 1000
	mostRead = 20_000
)

var errTooMany = errors.New("too many hosts to read ahead")

// everything reads all visible hosts: in one call when there are few, else the
// ids first and then page by page, as many pages at once as there are readers.
func (s *Store) everything(ctx context.Context) ([]*Host, error) {
	s.reads <- struct{}{}
	first, err := s.query(ctx, object{"sortfield": "hostid", "limit": page})
	<-s.reads
	if err != nil || len(first) < page {
		return first, err
	}
	ids, err := s.allIDs(ctx)
	if err != nil {
		return nil, err
	}
	had := map[string]bool{}
	for _, h := range first {
		had[h.ID] = true
	}
	var rest []string
	for _, id := range ids {
		if !had[id] {
			rest = append(rest, id)
		}
	}
	more, err := s.pages(ctx, rest)
	return append(first, more...), err
}

// allIDs are the ids of all visible hosts.
func (s *Store) allIDs(ctx context.Context) ([]string, error) {
	answers, err := s.api.Read(ctx, api.Call{Method: "host.get", Params: object{"output": []string{"hostid"}, "limit": mostRead + 1}})
	if err != nil {
		return nil, err
	}
	var list []wireHost
	if err := answers[0].Into(&list); err != nil {
		return nil, err
	}
	if len(list) > mostRead {
		return nil, errTooMany
	}
	ids := make([]string, len(list))
	for i, h := range list {
		ids[i] = h.HostID
	}
	return ids, nil
}

// pages reads hosts by their ids.
func (s *Store) pages(ctx context.Context, ids []string) ([]*Host, error) {
	count := (len(ids) + page - 1) / page
	lists, errs := make([][]*Host, count), make([]error, count)
	var wg sync.WaitGroup
	for i := range count {
		wg.Go(func() {
			s.reads <- struct{}{}
			defer func() { <-s.reads }()
			lists[i], errs[i] = s.query(ctx, object{"hostids": ids[i*page : min((i+1)*page, len(ids))]})
		})
	}
	wg.Wait()
	var all []*Host
	for _, l := range lists {
		all = append(all, l...)
	}
	return all, errors.Join(errs...)
}
