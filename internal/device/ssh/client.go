package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// missedKeepalives is how many keepalives may go unanswered.
const missedKeepalives = 3

// Client is one connection to one host. It is safe for concurrent use: commands
// and subsystems run beside each other on it.
type Client struct {
	config Config
	ssh    *ssh.Client
	conn   *watchedConn
	via    *Client // the jump host before this one; nil without
	wg     sync.WaitGroup
	once   sync.Once

	mu     sync.Mutex
	reason error // why we gave the connection up
}

// errNoKeepalive: the host is silent.
var errNoKeepalive = errors.New("the host answers no keepalives")

// newClient looks after a connection that has logged in.
func newClient(c Config, s *ssh.Client, conn *watchedConn, via *Client) *Client {
	client := &Client{config: c, ssh: s, conn: conn, via: via}
	client.wg.Go(func() {
		_ = s.Wait()
		conn.broke()
	})
	client.wg.Go(client.keepalive)
	return client
}

// keepalive asks for an answer in every period and ends the connection when
// none came for too long.
func (c *Client) keepalive() {
	ticker := time.NewTicker(c.config.Keepalive)
	defer ticker.Stop()
	answers := make(chan struct{}, 1)
	missed, waiting := 0, false
	for {
		select {
		case <-c.conn.gone:
			return
		case <-answers:
			missed, waiting = 0, false
		case <-ticker.C:
			if waiting {
				missed++
			}
			if missed == missedKeepalives {
				c.giveUp(errNoKeepalive)
				return
			}
			if !waiting {
				waiting = true
				c.wg.Go(func() { c.ask(answers) })
			}
		}
	}
}

// ask sends one keepalive and reports its answer; a refusal is one too.
func (c *Client) ask(answers chan<- struct{}) {
	if _, _, err := c.ssh.SendRequest("keepalive@openssh.com", true, nil); err == nil {
		answers <- struct{}{}
	}
}

// giveUp breaks the connection for a reason that later errors tell.
func (c *Client) giveUp(reason error) {
	c.mu.Lock()
	c.reason = reason
	c.mu.Unlock()
	c.conn.broke()
	_ = c.conn.Close()
}

// Alive tells that the connection has not been seen to break.
func (c *Client) Alive() bool {
	select {
	case <-c.conn.gone:
		return false
	default:
		return true
	}
}

// Close ends the connection and those to its jump hosts, and with them all
// commands and subsystems. It waits for nothing on the other side and may be
// called more than once.
func (c *Client) Close() error {
	var err error
	c.once.Do(func() {
		// The first host of the chain first: a farther one is closed by a
		// message, which could wait for a path that is cut.
		if c.via != nil {
			err = c.via.Close()
		}
		c.conn.broke()
		if e := c.conn.Close(); e != nil && !errors.Is(e, net.ErrClosed) && !errors.Is(e, io.EOF) {
			err = errors.Join(err, fmt.Errorf("ssh to %s: close: %w", c.config.addr(), e))
		}
		c.wg.Wait()
	})
	return err
}

// start opens a channel and asks for a command or a subsystem on it. When the
// context has ended before, nothing is sent.
func (c *Client) start(ctx context.Context, kind, text string) (*channel, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	type result struct {
		ch  *channel
		err error
	}
	started := make(chan result, 1)
	go func() {
		ch, err := c.request(kind, text)
		started <- result{ch, err}
	}()
	var err error
	select {
	case r := <-started:
		return r.ch, r.err
	case <-ctx.Done():
		err = ctx.Err()
	case <-c.conn.gone:
		err = c.lost(net.ErrClosed)
	}
	go func() { // ends at the latest with the connection
		if r := <-started; r.ch != nil {
			(&execution{channel: r.ch, client: c}).abandon()
		}
	}()
	return nil, err
}

// request does what start says and waits for the host.
func (c *Client) request(kind, text string) (*channel, error) {
	stream, requests, err := c.ssh.OpenChannel("session", nil)
	if err != nil {
		if _, refused := errors.AsType[*ssh.OpenChannelError](err); refused {
			return nil, fmt.Errorf("the host opens no further session: %w", err)
		}
		return nil, c.lost(err)
	}
	ch := &channel{Channel: stream, requests: requests}
	ok, err := stream.SendRequest(kind, true, ssh.Marshal(struct{ Text string }{text}))
	if err != nil {
		return nil, c.lost(err)
	}
	if !ok {
		_ = ch.Close()
		go ssh.DiscardRequests(requests) // ends with the channel
		return nil, fmt.Errorf("the host refused the request %q", kind)
	}
	return ch, nil
}

// lost is the error of something that the connection broke under.
func (c *Client) lost(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.reason != nil:
		err = c.reason
	case isBroken(err), !c.Alive():
		err = &endedError{err}
	}
	return fmt.Errorf("%w: %w", provision.ErrConnectionLost, err)
}

// endedError is a connection that ended without a word of the host. The
// transport's own ("use of closed network connection", "EOF") tell nobody why.
type endedError struct{ err error }

// Error implements error.
func (*endedError) Error() string { return "the host, or something on the way to it, ended it" }

// Unwrap gives what the transport said.
func (e *endedError) Unwrap() error { return e.err }

// channel is an open session channel.
type channel struct {
	ssh.Channel
	requests <-chan *ssh.Request
}

// terminate asks the host to send the signal TERM to what runs on the channel.
func (ch *channel) terminate() {
	_, _ = ch.SendRequest("signal", false, ssh.Marshal(struct{ Signal string }{"TERM"}))
}
