// Package zabbixtest is a Zabbix API inside the process, for tests. It keeps
// state, records what was asked of it, answers as Zabbix 6.0, 7.0, 7.2 or 7.4
// does, and can be told to fail at a chosen call:
//
//	s := zabbixtest.New(t, zabbixtest.Options{Version: "7.0"})
//	s.AddTemplate(zabbixtest.Template{Name: "Routers", Groups: []string{"Templates"}})
//	s.Inject(zabbixtest.Fault{Method: "host.create", Call: 2, Status: 502})
//
// What it shows as 6.0 and 7.0 is what the real ones (6.0.14 and 7.0.9) were
// seen to do: [Suite] passes against both. What only a newer version does comes
// from the API's documentation. A method or parameter that it does not know is
// an error that names it, and fails the test.
package zabbixtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// The super admin of a fresh Zabbix.
const (
	AdminUser     = "Admin"
	AdminPassword = "zabbix"
)

// path is where the API is below the URL of the frontend.
const path = "/api_jsonrpc.php"

// Options say what a server is.
type Options struct {
	// Version is "6.0", "7.0", "7.2" or "7.4"; empty is "7.0".
	Version string
	// Address to listen on; empty is a free port of 127.0.0.1.
	Address string
	// Now is the server's clock; nil is the real one. See also [Server.Advance].
	Now func() time.Time
	// Delay is how long each POST takes at least.
	Delay time.Duration
	// Empty leaves out the templates of a fresh Zabbix.
	Empty bool
	// Agent is how the agents of new hosts behave, with all its times; nil: they
	// give nothing until [Server.SetAgent].
	Agent *Agent
}

// Server is a running server. Its methods are safe for concurrent use; those
// that take a *testing.T fail it on names that are not there.
type Server struct {
	opts    Options
	dialect dialect
	addr    string
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc

	mu       sync.Mutex
	state    *state
	ahead    time.Duration // by Advance
	http     *http.Server  // nil while down
	listener net.Listener  // of http
	posts    int
	calls    []Call
	faults   []*laid
	unknown  []string
}

// New starts a server that ends with the test. A call that the server does not
// implement fails the test.
func New(t testing.TB, opts Options) *Server {
	t.Helper()
	s, err := Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.Close()
		for _, u := range s.Unimplemented() {
			t.Errorf("the fake Zabbix was asked for what it does not implement: %s", u)
		}
	})
	return s
}

// Start starts a server that the caller closes.
func Start(opts Options) (*Server, error) {
	if opts.Version == "" {
		opts.Version = "7.0"
	}
	d, err := dialectOf(opts.Version)
	if err != nil {
		return nil, err
	}
	if opts.Address == "" {
		opts.Address = "127.0.0.1:0"
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	s := &Server{opts: opts, dialect: d, addr: opts.Address}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.state = newState(d, s.now())
	s.state.agent = opts.Agent
	if err := seed(s.state, opts.Empty); err != nil {
		return nil, err
	}
	if err := s.Up(); err != nil {
		return nil, err
	}
	return s, nil
}

// URL is the frontend's address; the API is at [Server.Endpoint].
func (s *Server) URL() string { return "http://" + s.addr }

// Endpoint is the API's address.
func (s *Server) Endpoint() string { return s.URL() + path }

// Version is the whole version ("7.0.9").
func (s *Server) Version() string { return s.dialect.version }

// Down refuses connections and breaks those that there are, as a frontend that
// is being restarted does. The state stays.
func (s *Server) Down() {
	s.mu.Lock()
	h := s.http
	s.http = nil
	s.mu.Unlock()
	if h != nil {
		_ = h.Close()
	}
}

// Up listens again at the same address.
func (s *Server) Up() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		return nil
	}
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return fmt.Errorf("fake Zabbix: %w", err)
	}
	s.addr = l.Addr().String()
	h := &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: 10 * time.Second}
	s.http, s.listener = h, l
	go func() {
		if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			_ = l.Close()
		}
	}()
	return nil
}

// Restart breaks all connections and listens again: who sees a connection break finds
// the server up. The state stays, and the sessions with it: they are in the database.
func (s *Server) Restart() error {
	s.mu.Lock()
	h, l := s.http, s.listener
	s.http = nil
	s.mu.Unlock()
	if h == nil {
		return s.Up()
	}
	_ = l.Close()
	err := s.Up()
	_ = h.Close()
	return err
}

// Close ends the server.
func (s *Server) Close() error {
	s.cancel()
	s.Down()
	return nil
}

// Advance puts the server's clock ahead.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
}

// now is the server's time; the caller holds the lock, or is alone.
func (s *Server) now() time.Time { return s.opts.Now().Add(s.ahead) }

// Unimplemented names what the server was asked for and does not know.
func (s *Server) Unimplemented() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.unknown...)
}
