//go:build lab

package faults_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// gate stands between the provider and the API of a Zabbix. It can stop at one
// POST, before Zabbix has it or before the answer goes back, and spoil answers.
type gate struct {
	*httptest.Server
	to   string
	lost atomic.Int64 // POSTs that did not get through

	mu    sync.Mutex
	stop  *stop
	spoil *spoil
}

// stop is the POST that a gate stops at.
type stop struct {
	method string      // it has a call of this method
	after  bool        // Zabbix has done it; the answer is held back
	skip   int         // so many POSTs of that kind pass first
	ready  func() bool // others pass before this holds; nil: always

	reached chan struct{}
	goOn    chan struct{} // closed to let it pass
}

// spoil has a POST come to nothing, or its answer.
type spoil struct {
	method string      // it has a call of this method
	after  bool        // Zabbix has done it
	times  int         // so many of them, and the others get through; 0: all
	ready  func() bool // others pass before this holds; nil: always
	give   giver
	given  [][]byte // the POSTs that it was given for
}

// giver gives what comes instead of an answer; nil when Zabbix was not asked.
type giver func(w http.ResponseWriter, r *http.Request, answer []byte)

// newGate makes a gate to the API at an address; it ends with the test.
func newGate(t testing.TB, to string) *gate {
	t.Helper()
	g := &gate{to: to}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

// at stops at a POST; what comes back tells when it has got there.
func (g *gate) at(method string, after bool, skip int) *stop {
	return g.set(stop{method: method, after: after, skip: skip})
}

// set sets a stop.
func (g *gate) set(what stop) *stop {
	s := &what
	s.reached, s.goOn = make(chan struct{}), make(chan struct{})
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stop = s
	return s
}

// here tells that the POST is there.
func (s *stop) here() bool {
	select {
	case <-s.reached:
		return true
	default:
		return false
	}
}

// spoils has answers spoilt until the function that comes back is called, which
// gives the POSTs whose answers were.
func (g *gate) spoils(what spoil) func() [][]byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.spoil = &what
	return func() [][]byte {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.spoil = nil
		return what.given
	}
}

// spoiling is the spoil that a POST is meant by; nil for none.
func (g *gate) spoiling(body []byte) *spoil {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.spoil
	if s == nil || !calls(body, s.method) || s.times > 0 && len(s.given) == s.times || s.ready != nil && !s.ready() {
		return nil
	}
	s.given = append(s.given, body)
	return s
}

// calls tells that a POST has a call of a method.
func calls(body []byte, method string) bool {
	return strings.Contains(string(body), `"method":"`+method+`"`)
}

// matching is the stop that a POST is meant by; nil for none. Each stops once.
func (g *gate) matching(body []byte) *stop {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.stop
	if s == nil || !calls(body, s.method) || s.ready != nil && !s.ready() {
		return nil
	}
	if s.skip--; s.skip >= 0 {
		return nil
	}
	g.stop = nil
	return s
}

// hold waits; false when the provider has gone.
func (s *stop) hold(ctx context.Context) bool {
	close(s.reached)
	select {
	case <-s.goOn:
		return true
	case <-ctx.Done():
		return false
	}
}

// ServeHTTP implements http.Handler. What has come this far goes on to Zabbix
// even when the provider has gone, unless it was stopped before.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s, spoilt := g.matching(body), g.spoiling(body)
	switch {
	case s != nil && !s.after && !s.hold(r.Context()):
		return
	case spoilt != nil && !spoilt.after:
		spoilt.give(w, r, nil)
		return
	}
	header, status, answer := g.ask(r, body)
	switch {
	case s != nil && s.after && !s.hold(r.Context()):
	case spoilt != nil:
		spoilt.give(w, r, answer)
	default:
		w.Header().Set("Content-Type", header.Get("Content-Type"))
		w.WriteHeader(status)
		_, _ = w.Write(answer)
	}
}

// ask gives what Zabbix answers.
func (g *gate) ask(r *http.Request, body []byte) (header http.Header, status int, answer []byte) {
	req, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, g.to+r.URL.Path, bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	req.Header, req.Close = r.Header.Clone(), true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		g.lost.Add(1)
		panic(http.ErrAbortHandler) // as the client would see it without the gate
	}
	defer resp.Body.Close()
	if answer, err = io.ReadAll(resp.Body); err != nil {
		panic(http.ErrAbortHandler)
	}
	return resp.Header, resp.StatusCode, answer
}
