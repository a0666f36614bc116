package zabbixtest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Always is the Times of a fault that does not end.
const Always = -1

// Fault is what goes wrong at a call. Without Effect the whole POST does
// nothing in Zabbix; a fault with Error alone concerns its call only. What is
// set adds up: hook, session, wait and delay come first, then the answer.
type Fault struct {
	// Method is whose calls are counted; empty: those of every method.
	Method string
	// Call is the call at which it strikes, from 1, counted from when the fault
	// was injected; 0 is 1.
	Call int
	// Times is how many calls in a row it strikes; 0 is 1. See [Always].
	Times int
	// Effect lets the POST take effect before the answer goes wrong.
	Effect bool

	// Before runs before the call: a change by somebody else. It may call the
	// server's methods.
	Before func()
	// Expire ends all sessions before the call.
	Expire bool
	// Wait holds the answer back until it is closed, Delay for a time.
	Wait  <-chan struct{}
	Delay time.Duration

	// Error is answered for the call.
	Error *Error
	// Status answers with a page of HTML; RetryAfter is the header's value.
	Status     int
	RetryAfter string
	// Body is answered as it is, with Status or 200.
	Body string
	// Empty answers JSON of no length, as Zabbix 7.0 does when PHP breaks off.
	Empty bool
	// Cut breaks the connection without an answer, Half after half of it.
	Cut, Half bool
	// Restart takes the frontend down at the call and up again.
	Restart bool
}

// laid is a fault that waits for its calls.
type laid struct {
	Fault
	seen int
}

// Inject lays a fault. Faults that strike the same call all do.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Call == 0 {
		f.Call = 1
	}
	if f.Times == 0 {
		f.Times = 1
	}
	s.faults = append(s.faults, &laid{Fault: f})
}

// ClearFaults takes all faults away.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// strikes counts a call and gives the faults that strike it.
func (s *Server) strikes(method string) []Fault {
	var out []Fault
	for _, l := range s.faults {
		if l.Method != "" && !strings.EqualFold(l.Method, method) {
			continue
		}
		l.seen++
		if l.seen >= l.Call && (l.Times == Always || l.seen < l.Call+l.Times) {
			out = append(out, l.Fault)
		}
	}
	return out
}

// ofTransport tells whether a fault concerns the whole POST.
func (f Fault) ofTransport() bool {
	return f.Status != 0 || f.Body != "" || f.Empty || f.Cut || f.Half || f.Restart
}

// before does what strikes a POST before it takes effect, and tells whether
// nothing is left to do.
func (p *post) before(w http.ResponseWriter) bool {
	for _, c := range p.calls {
		for _, f := range c.struck {
			if f.Before != nil {
				f.Before()
			}
			if f.Expire {
				p.s.ExpireSessions()
			}
			if f.Effect {
				continue
			}
			p.s.hold(p.r.Context(), f)
			if f.ofTransport() {
				p.record()
				p.spoil(w, f, nil)
				return true
			}
		}
	}
	return false
}

// after does what strikes a POST that took effect.
func (p *post) after(w http.ResponseWriter, answer []byte) bool {
	for _, c := range p.calls {
		for _, f := range c.struck {
			if !f.Effect {
				continue
			}
			p.s.hold(p.r.Context(), f)
			if f.ofTransport() {
				p.spoil(w, f, answer)
				return true
			}
		}
	}
	return false
}

// hold keeps an answer back.
func (s *Server) hold(ctx context.Context, f Fault) {
	if f.Wait != nil {
		select {
		case <-f.Wait:
		case <-ctx.Done():
		case <-s.ctx.Done():
		}
	}
	s.delay(ctx, f.Delay)
}

func (s *Server) delay(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
}

// spoil gives the wrong answer.
func (p *post) spoil(w http.ResponseWriter, f Fault, answer []byte) {
	p.breakOff(w, f, answer)
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	status := f.Status
	if status == 0 {
		status = http.StatusOK
	}
	if f.Empty {
		w.Header().Set("Content-Type", "application/json")
	}
	if f.Body != "" || f.Empty {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(f.Body))
		return
	}
	page(w, status, fmt.Sprint(status, " ", http.StatusText(status)))
}

// breakOff breaks the connection if the fault does; it does not return then.
func (p *post) breakOff(w http.ResponseWriter, f Fault, answer []byte) {
	if f.Restart {
		// In the background: the server does not end before its handlers.
		done := make(chan struct{})
		go func() { defer close(done); _ = p.s.Restart() }()
		<-p.r.Context().Done()
		<-done
		panic(http.ErrAbortHandler)
	}
	if f.Cut {
		panic(http.ErrAbortHandler)
	}
	if f.Half {
		if answer == nil {
			answer = []byte(`{"jsonrpc":"2.0","result":`)
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", fmt.Sprint(len(answer)))
		_, _ = w.Write(answer[:len(answer)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}
