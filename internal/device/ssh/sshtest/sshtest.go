// Package sshtest is an SSH server inside the process, for tests and for
// simulated devices. It does what the caller's handlers say, can be cut off,
// silenced and closed like a real device, and counts what was asked of it.
//
//	s := sshtest.New(t, sshtest.Options{
//		Users: map[string]sshtest.User{"netops": {Password: "s3cret"}},
//		Exec: func(ctx context.Context, r sshtest.Request, _ io.Reader, stdout, _ io.Writer) int {
//			fmt.Fprintln(stdout, "you asked for", r.Command)
//			return 0
//		},
//	})
//
// Outside of tests [Start] gives the same server and an error.
package sshtest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// Special results of an [Exec] handler; other results are exit codes.
const (
	// NoExitStatus ends the command's channel without an exit status.
	NoExitStatus = -1
	// Killed reports that the signal KILL ended the command.
	Killed = -2
)

// Request is one command or subsystem that a client asked for.
type Request struct {
	User string
	// Command is the command line, or the subsystem's name.
	Command string
	// Conn is the connection that it came on, from 1 in the order of logins.
	Conn int
	// Drop breaks this request's connection as a cut cable would.
	Drop func()
}

// Exec runs a command. The context ends when the client closes the channel,
// sends a signal, or the connection breaks; stdin ends when the client says so.
type Exec func(ctx context.Context, r Request, stdin io.Reader, stdout, stderr io.Writer) int

// Subsystem serves a subsystem until it returns; then the stream is closed. The
// context ends as that of an [Exec].
type Subsystem func(ctx context.Context, r Request, stream io.ReadWriter)

// User says how a user may log in. What is empty is not accepted.
type User struct {
	Password string
	Keys     []ssh.PublicKey
}

// Options say what a server does.
type Options struct {
	// Address to listen on; empty is a free port of 127.0.0.1.
	Address string
	// HostKeys identify the server; empty is a new ed25519 key.
	HostKeys []ssh.Signer
	// Users may log in; nobody else may.
	Users map[string]User
	// KeyboardInteractive asks for the password by questions and not by the
	// method "password".
	KeyboardInteractive bool
	// Login is asked after a correct password or key; its error refuses the
	// login. It may block to be a slow device. Nil allows every login.
	Login func(user string) error
	// Exec runs commands; nil refuses them.
	Exec Exec
	// Subsystems by name.
	Subsystems map[string]Subsystem
	// Forward makes the server a jump host: it carries direct-tcpip channels.
	Forward bool
	// Silent accepts connections and never speaks.
	Silent bool
}

// Server is a running server. Its methods are safe for concurrent use.
type Server struct {
	opts   Options
	config *ssh.ServerConfig
	addr   string
	ctx    context.Context // ends with Close: the handlers' parent
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil while refusing
	conns    map[*gatedConn]struct{}
	gate     *gate
	silent   bool
	counts   Counts
	requests []Request
}

// Counts tells how often something happened since the server started.
type Counts struct {
	Connections int // accepted TCP connections
	Attempts    int // passwords and keys that clients tried
	Logins      int // connections that logged in
	Requests    int // commands and subsystems
}

// New starts a server that ends with the test.
func New(t testing.TB, opts Options) *Server {
	t.Helper()
	s, err := Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// Start starts a server. The caller closes it.
func Start(opts Options) (*Server, error) {
	if len(opts.HostKeys) == 0 {
		key, err := NewKey()
		if err != nil {
			return nil, err
		}
		opts.HostKeys = []ssh.Signer{key}
	}
	if opts.Address == "" {
		opts.Address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", opts.Address)
	if err != nil {
		return nil, fmt.Errorf("start ssh server: %w", err)
	}
	s := &Server{
		opts: opts, addr: l.Addr().String(), listener: l, silent: opts.Silent,
		conns: map[*gatedConn]struct{}{}, gate: newGate(),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.config = s.serverConfig()
	s.wg.Go(func() { s.accept(l) })
	return s, nil
}

// NewKey makes an ed25519 key.
func NewKey() (ssh.Signer, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return ssh.NewSignerFromKey(private)
}

// Addr is host:port of the server.
func (s *Server) Addr() string { return s.addr }

// Host is the address without the port.
func (s *Server) Host() string {
	host, _, _ := net.SplitHostPort(s.addr)
	return host
}

// Port is the TCP port.
func (s *Server) Port() int {
	a, err := net.ResolveTCPAddr("tcp", s.addr)
	if err != nil {
		return 0
	}
	return a.Port
}

// HostKey is the first host key.
func (s *Server) HostKey() ssh.PublicKey { return s.opts.HostKeys[0].PublicKey() }

// KnownHostsLine is the known_hosts line of the first host key, without a
// newline.
func (s *Server) KnownHostsLine() string {
	return knownhosts.Line([]string{s.addr}, s.HostKey())
}

// Counts tells what happened so far.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// Requests lists the commands and subsystems in the order they came.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Open is the number of connections that are open now.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Drop breaks every connection.
func (s *Server) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}

// Cut takes the path away: nothing passes in either direction any more, no
// connection breaks, and new ones are accepted and never answered.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate.shut()
}

// Heal gives back the path that Cut took; what was held up goes on.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate.open()
}

// SetSilent makes the server accept new connections and never speak, or speak
// again. Connections that are open are left alone.
func (s *Server) SetSilent(silent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silent = silent
}

// Refuse closes the port. Connections that are open are left alone.
func (s *Server) Refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		_ = s.listener.Close()
		s.listener = nil
	}
}

// Listen opens the port that Refuse closed.
func (s *Server) Listen() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil || s.ctx.Err() != nil {
		return nil
	}
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return fmt.Errorf("listen again: %w", err)
	}
	s.listener = l
	s.wg.Go(func() { s.accept(l) })
	return nil
}

// Close ends the server, its connections and the handlers' contexts, and waits
// for the handlers.
func (s *Server) Close() error {
	s.cancel()
	s.Refuse()
	s.Heal()
	s.Drop()
	s.wg.Wait()
	return nil
}

// accept serves connections until the listener is closed.
func (s *Server) accept(l net.Listener) {
	for {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		c := &gatedConn{Conn: nc, gate: s.gate, closed: make(chan struct{})}
		s.conns[c] = struct{}{}
		s.counts.Connections++
		silent := s.silent
		s.mu.Unlock()
		if s.ctx.Err() != nil { // Close may have missed it
			_ = c.Close()
		}
		s.wg.Go(func() {
			defer s.forget(c)
			if silent {
				_, _ = io.Copy(io.Discard, c)
				return
			}
			s.serve(c)
		})
	}
}

// forget closes a connection and takes it off the list.
func (s *Server) forget(c *gatedConn) {
	_ = c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// errNoLogin refuses a login.
var errNoLogin = errors.New("no such user or password")

// serverConfig accepts the users of the options.
func (s *Server) serverConfig() *ssh.ServerConfig {
	c := &ssh.ServerConfig{
		MaxAuthTries: 6,
		PublicKeyCallback: func(m ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			for _, k := range s.opts.Users[m.User()].Keys {
				if string(k.Marshal()) == string(key.Marshal()) {
					return nil, s.attempt(m, true)
				}
			}
			return nil, s.attempt(m, false)
		},
	}
	password := func(m ssh.ConnMetadata, given string) error {
		want := s.opts.Users[m.User()].Password
		return s.attempt(m, want != "" && given == want)
	}
	if s.opts.KeyboardInteractive {
		c.KeyboardInteractiveCallback = func(m ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			answers, err := ask("", "", []string{"Password: "}, []bool{false})
			if err != nil || len(answers) != 1 {
				return nil, errNoLogin
			}
			return nil, password(m, answers[0])
		}
	} else {
		c.PasswordCallback = func(m ssh.ConnMetadata, given []byte) (*ssh.Permissions, error) {
			return nil, password(m, string(given))
		}
	}
	for _, k := range s.opts.HostKeys {
		c.AddHostKey(k)
	}
	return c
}

// attempt counts a tried password or key and decides on it.
func (s *Server) attempt(m ssh.ConnMetadata, right bool) error {
	s.mu.Lock()
	s.counts.Attempts++
	s.mu.Unlock()
	if !right {
		return errNoLogin
	}
	if s.opts.Login != nil {
		return s.opts.Login(m.User())
	}
	return nil
}
