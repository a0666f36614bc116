package zabbixtest

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"
)

// AgentState is how a host's agent behaves towards Zabbix' server.
type AgentState int

// The behaviours. Only what is Answering ever gives values; what is wrong shows
// at the interface a minute later and nowhere else.
const (
	// Silent gives nothing at all: neither value nor error.
	Silent AgentState = iota
	// Answering gives values.
	Answering
	// WrongPSK is a wrong key or identity: they read the same.
	WrongPSK
	// NoEncryptionHere is an agent that wants a PSK and is asked without.
	NoEncryptionHere
	// Refusing is an agent that is not running.
	Refusing
)

// Agent is a host's agent. The times are those of the server's clock and count
// from the last change of how the host is monitored; zero is what the real ones
// took.
type Agent struct {
	State AgentState
	// Known is until the server knows the host: a task before is lost. 2 s.
	Known time.Duration
	// Asked is from a task to the value, 1 s; Unasked is the time between values
	// without a task, 1 min.
	Asked, Unasked time.Duration
	// Trail is how much later than the first value the interface is up. 5 s.
	Trail time.Duration
	// Down is until an interface that does not work is down. 55 s.
	Down time.Duration
	// Dies is after how long an Answering agent is Refusing; zero is never.
	Dies time.Duration
}

// Quick are times for tests on the real clock: everything happens at once.
func Quick(state AgentState) Agent {
	const soon = time.Nanosecond
	return Agent{State: state, Known: soon, Asked: soon, Unasked: time.Minute, Trail: soon, Down: soon}
}

// SetAgent says how a host's agent behaves from now on.
func (s *Server) SetAgent(t testing.TB, host string, a Agent) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.host(t, host)
	for field, otherwise := range map[*time.Duration]time.Duration{
		&a.Known: 2 * time.Second, &a.Asked: time.Second, &a.Unasked: time.Minute,
		&a.Trail: 5 * time.Second, &a.Down: 55 * time.Second,
	} {
		if *field == 0 {
			*field = otherwise
		}
	}
	h.agent, h.changed = &a, s.now()
}

// arrive puts the values on a host's items that have come in by now.
func (c *caller) arrive(h *host) {
	a := h.agent
	if a == nil || a.State != Answering || h.status != 0 {
		return
	}
	known, until := h.changed.Add(a.Known), a.aliveUntil(h.changed, c.st.now)
	for i := range h.items {
		it := &h.items[i]
		if it.kind != 0 || it.status != 0 {
			continue
		}
		if last := a.lastValue(it.asked, known, until); last.Unix() > it.lastClock {
			it.lastClock, it.lastValue = last.Unix(), "1"
		}
	}
}

// aliveUntil is the last time up to now at which an agent answers.
func (a *Agent) aliveUntil(changed, now time.Time) time.Time {
	if died := changed.Add(a.Dies); a.Dies > 0 && died.Before(now) {
		return died
	}
	return now
}

// lastValue is when the last value of an item came in that was asked for at a
// time; zero if none did.
func (a *Agent) lastValue(asked, known, until time.Time) time.Time {
	var last time.Time
	if first := known.Add(a.Unasked); !first.After(until) {
		last = first.Add(until.Sub(first) / a.Unasked * a.Unasked)
	}
	if answer := asked.Add(a.Asked); !asked.Before(known) && !answer.After(until) && answer.After(last) {
		last = answer
	}
	return last
}

// silent tells whether nothing comes from an agent, or there is none.
func (a *Agent) silent() bool { return a == nil || a.State == Silent }

// checked tells whether a host has items that the agent answers; without, the
// interface stays unknown.
func checked(h *host) bool {
	return h.status == 0 && slices.ContainsFunc(h.items, func(i item) bool { return i.kind == 0 && i.status == 0 })
}

// availability gives what Zabbix says of an interface.
func (c *caller) availability(i ifaceOf, field string) any {
	c.arrive(i.host)
	state, text, since := c.available(i)
	switch field {
	case "available":
		return strconv.Itoa(state)
	case "error":
		return text
	}
	if state != 2 {
		return "0"
	}
	if field == "disable_until" {
		since = c.st.now.Add(time.Minute) // it is asked once a minute from then on
	}
	return strconv.FormatInt(since.Unix(), 10)
}

// available gives the state of an interface, its error, and when it failed first.
func (c *caller) available(i ifaceOf) (state int, text string, since time.Time) {
	h, a := i.host, i.host.agent
	if a.silent() || i.face.kind != 1 || !checked(h) {
		return 0, "", since
	}
	failing, from := a.State, h.changed.Add(a.Known)
	if a.State == Answering {
		if a.Dies == 0 || c.st.now.Before(h.changed.Add(a.Dies+a.Down)) {
			return c.upSince(h), "", since
		}
		failing, from = Refusing, h.changed.Add(a.Dies)
	}
	if c.st.now.Before(from.Add(a.Down)) {
		return 0, "", since
	}
	return 2, i.face.failure(c.st.dialect, failing), from
}

// upSince gives 1 from a while after the first value on.
func (c *caller) upSince(h *host) int {
	for _, i := range h.items {
		if i.kind == 0 && i.lastClock != 0 && c.st.now.Unix() >= i.lastClock+int64(h.agent.Trail/time.Second) {
			return 1
		}
	}
	return 0
}

// failure is the error of an interface, word for word.
func (f iface) failure(d dialect, state AgentState) string {
	address := f.ip
	if f.useip == 0 {
		address = f.dns
	}
	where := "[[" + address + "]:" + f.port + "]"
	switch state {
	case WrongPSK:
		return "Get value from agent failed: TCP successful, cannot establish TLS to " + where +
			": zbx_tls_connect(): gnutls_handshake() failed: -110 The TLS connection was non-properly terminated."
	case NoEncryptionHere:
		return fmt.Sprintf("Received empty response from Zabbix Agent at [%s]. "+
			"Assuming that agent dropped connection because of access permissions.", address)
	}
	if d.paths {
		return "Get value from agent failed: Cannot establish TCP connection to " + where + ": [111] Connection refused"
	}
	return "Get value from agent failed: cannot connect to " + where + ": [111] Connection refused"
}

func (c *caller) taskCreate(params any) (any, error) {
	ids, made := []int{}, map[int]int{}
	if len(list(params)) == 0 {
		return nil, invalid("/", "cannot be empty")
	}
	for i, v := range list(params) {
		id, err := taskItem(v, at(i))
		if err != nil {
			return nil, err
		}
		it, err := c.askable(id)
		if err != nil {
			return nil, err
		}
		it.asked = c.st.now
		// From 7.0 on one task serves an item however often it is asked for.
		n := made[id]
		if n == 0 || !c.st.dialect.paths {
			n = c.st.id()
		}
		made[id] = n
		c.st.tasks[n] = task{n, id}
		ids = append(ids, n)
	}
	return object{"taskids": idTexts(ids)}, nil
}

// askable finds an item that can be asked for now.
func (c *caller) askable(id int) (*item, error) {
	h, j := c.st.item(id)
	if h == nil || j < 0 || !c.sees(h.groups, true) || h.template && c.st.dialect.paths {
		return nil, denied(noObject)
	}
	it := &h.items[j]
	return it, checkAskable(h, it)
}

// checkAskable checks type and state of an item that is asked for.
func checkAskable(h *host, it *item) error {
	if !slices.Contains(checkable, it.kind) {
		return refused("Cannot send request: wrong item type.")
	}
	if h.status != 0 || it.status != 0 {
		return refused("Cannot send request: item %q on host %q is not monitored.", it.name, h.name)
	}
	return nil
}

// taskItem is the item that a task asks for.
func taskItem(v any, path string) (int, error) {
	o, _ := v.(object)
	if err := onlyFields(o, path, "type", "request", "proxyid", "proxy_hostid"); err != nil {
		return 0, err
	}
	if text(o["type"]) != "6" {
		return 0, unimplemented("type %s of task.create", text(o["type"]))
	}
	if o["request"] == nil {
		return 0, invalid(path, "the parameter %q is missing", "request")
	}
	request, _ := o["request"].(object)
	if request["itemid"] == nil {
		return 0, invalid(path+"/request", "the parameter %q is missing", "itemid")
	}
	id, _ := number(request["itemid"])
	return id, nil
}

// checkable are the item types that can be asked for now; see
// checkNowAllowedTypes in Zabbix' items.inc.php.
var checkable = []int{0, 3, 5, 10, 11, 12, 13, 14, 15, 16, 19, 20, 21, 22}
