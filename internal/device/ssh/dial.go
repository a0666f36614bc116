package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/crypto/ssh"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// Dial connects, checks the host key and logs in. Errors are of type
// *[DialError]: they match provision.ErrUnreachable or provision.ErrAuth and
// name the host, the port and the step. The context ends dialing, not the
// client.
func Dial(ctx context.Context, c Config) (*Client, error) {
	hops, err := prepare(ctx, c)
	defer func() {
		for _, h := range hops {
			h.login.done()
		}
	}()
	if err != nil {
		return nil, err
	}
	var client *Client
	for _, h := range hops {
		next, err := h.dial(ctx, client)
		if err != nil {
			if client != nil {
				_ = client.Close()
			}
			return nil, err
		}
		client = next
	}
	return client, nil
}

// hop is one host on the way, the last one included.
type hop struct {
	config Config
	jump   int // number of the jump host; 0 is the host itself
	keys   hostKeys
	login  *login
}

// prepare reads the configurations of all hosts on the way, so that what is
// wrong with one is told before anything is sent to any.
func prepare(ctx context.Context, c Config) ([]*hop, error) {
	var hops []*hop
	for i, config := range append(slices.Clone(c.Jump), c) {
		h := &hop{config: config.withDefaults()}
		if i < len(c.Jump) {
			h.jump = i + 1
		}
		var err error
		if h.config.Host == "" {
			err = errors.New("no host: set its address or name")
		}
		if err == nil {
			h.keys, err = newHostKeys(h.config)
		}
		if err == nil {
			h.login, err = newLogin(ctx, h.config)
		}
		if err != nil {
			return hops, h.failed(StepConfig, provision.ErrAuth, err)
		}
		hops = append(hops, h)
	}
	return hops, nil
}

// failed is the error of one step.
func (h *hop) failed(step Step, kind, err error) error {
	return &DialError{Addr: h.config.addr(), Jump: h.jump, Step: step, Kind: kind, Err: err}
}

// dial logs in to the host through via, directly when that is nil.
func (h *hop) dial(ctx context.Context, via *Client) (*Client, error) {
	ctx, cancel := context.WithTimeout(ctx, h.config.ConnectTimeout)
	defer cancel()
	var first error
	for {
		client, err := h.attempt(ctx, via)
		if first == nil {
			first = err
		}
		key, mismatch := errors.AsType[*HostKeyError](err)
		if err == nil || !h.keys.retry || !mismatch {
			if err != nil {
				err = first
			}
			return client, err
		}
		// The host may have the pinned key besides the one that it showed.
		h.keys.algorithms = slices.DeleteFunc(h.keys.algorithms, func(a string) bool { return keyType(a) == key.Type })
		if len(h.keys.algorithms) == 0 {
			return nil, first
		}
	}
}

// attempt logs in once.
func (h *hop) attempt(ctx context.Context, via *Client) (*Client, error) {
	tcp, err := h.connect(ctx, via)
	if err != nil {
		step := StepConnect
		if _, dns := errors.AsType[*net.DNSError](err); dns {
			step = StepResolve
		}
		return nil, h.failed(step, provision.ErrUnreachable, explain(h.cause(ctx, err), h.config.ConnectTimeout))
	}
	conn := newWatchedConn(tcp)
	// Not a deadline of the connection: a channel through a jump host has none.
	// An agent that waits for a person would hold up the handshake as well.
	stop := context.AfterFunc(ctx, func() {
		_ = conn.Close()
		h.login.done()
	})
	p := &progress{step: StepHandshake}
	sc, channels, requests, err := ssh.NewClientConn(conn, h.config.addr(), h.clientConfig(p))
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, h.handshakeFailed(ctx, p.at(), conn, err)
	}
	return newClient(h.config, ssh.NewClient(sc, channels, requests), conn, via), nil
}

// connect makes the connection that SSH is spoken on.
func (h *hop) connect(ctx context.Context, via *Client) (net.Conn, error) {
	if via != nil {
		return via.ssh.DialContext(ctx, "tcp", h.config.addr())
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", h.config.addr())
}

// cause is the end of the context when that is what ended a step.
func (h *hop) cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// progress is the step that a handshake has reached.
type progress struct {
	mu   sync.Mutex
	step Step
}

func (p *progress) reach(s Step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step = s
}

func (p *progress) at() Step {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.step
}

// clientConfig is the transport's configuration; it reports progress to p.
func (h *hop) clientConfig(p *progress) *ssh.ClientConfig {
	return &ssh.ClientConfig{
		User:              h.login.user,
		Auth:              h.login.methods,
		AuthCallback:      h.login.observe,
		HostKeyAlgorithms: slices.Clone(h.keys.algorithms),
		HostKeyCallback: func(name string, remote net.Addr, key ssh.PublicKey) error {
			p.reach(StepHostKey)
			if err := h.keys.check(name, remote, key); err != nil {
				return err
			}
			p.reach(StepLogin)
			return nil
		},
	}
}

// handshakeFailed says why a handshake failed.
func (h *hop) handshakeFailed(ctx context.Context, step Step, conn *watchedConn, err error) error {
	limit := h.config.ConnectTimeout
	switch {
	case ctx.Err() != nil && step == StepHandshake && !conn.spoke.Load():
		err = fmt.Errorf("the host accepted the connection and never spoke: %w", explain(ctx.Err(), limit))
		return h.failed(step, provision.ErrUnreachable, err)
	case ctx.Err() != nil:
		return h.failed(step, provision.ErrUnreachable, explain(ctx.Err(), limit))
	case step == StepHostKey:
		if known, ok := errors.AsType[*HostKeyError](err); ok {
			err = known // without the transport's words around it
		}
		return h.failed(step, provision.ErrAuth, err)
	case isBroken(err):
		err = fmt.Errorf("the host closed the connection: %w", err)
		return h.failed(step, provision.ErrUnreachable, err)
	case step == StepLogin:
		return h.failed(step, provision.ErrAuth, h.login.refused(err))
	}
	return h.failed(step, provision.ErrUnreachable, err)
}

// isBroken tells whether an error is that of a connection that ended.
func isBroken(err error) bool {
	for _, e := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// watchedConn notices that a connection broke before anybody who reads from
// the channels on it can.
type watchedConn struct {
	net.Conn
	spoke atomic.Bool // the other side has sent something
	once  sync.Once
	gone  chan struct{} // closed when the connection is known to be broken
}

func newWatchedConn(c net.Conn) *watchedConn {
	return &watchedConn{Conn: c, gone: make(chan struct{})}
}

// Read implements net.Conn.
func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.spoke.Store(true)
	}
	if err != nil {
		c.broke()
	}
	return n, err
}

// Write implements net.Conn. After a broken Read it fails, also while the
// kernel would still take bytes: the transport waits without end for the answer
// to a channel that it opens just when the connection ends.
func (c *watchedConn) Write(p []byte) (int, error) {
	select {
	case <-c.gone:
		return 0, net.ErrClosed
	default:
	}
	n, err := c.Conn.Write(p)
	if err != nil {
		c.broke()
	}
	return n, err
}

// broke notes that the connection is of no use any more.
func (c *watchedConn) broke() { c.once.Do(func() { close(c.gone) }) }
