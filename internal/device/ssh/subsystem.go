package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"

	"golang.org/x/crypto/ssh"
)

// Subsystem starts a subsystem ("netconf"). The context and the command timeout
// limit the start only. Closing the stream ends the subsystem. Reads end with
// io.EOF when the host ended it; when the connection breaks, reads and writes
// fail with provision.ErrConnectionLost, after Close with net.ErrClosed.
func (c *Client) Subsystem(ctx context.Context, name string) (io.ReadWriteCloser, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.CommandTimeout)
	defer cancel()
	ch, err := c.start(ctx, "subsystem", name)
	if err != nil {
		return nil, fmt.Errorf("ssh to %s: start subsystem %q: %w", c.config.addr(), name, err)
	}
	return newStream(c, ch, fmt.Sprintf("subsystem %q", name)), nil
}

// Start starts a command that is talked to while it runs: the stream is its
// stdin and stdout; stderr is dropped. Context, Close and errors are those of
// [Client.Subsystem].
func (c *Client) Start(ctx context.Context, command string) (io.ReadWriteCloser, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.CommandTimeout)
	defer cancel()
	ch, err := c.start(ctx, "exec", command)
	if err != nil {
		return nil, fmt.Errorf("ssh to %s: start a command: %w", c.config.addr(), err)
	}
	return newStream(c, ch, "a command"), nil
}

// stream is the input and output of a subsystem or a command.
type stream struct {
	client *Client
	ch     *channel
	what   string // for errors
	closed atomic.Bool
}

// newStream makes a stream of a channel on which something was started.
func newStream(c *Client, ch *channel, what string) *stream {
	// They end with the channel. Unread stderr would fill the window.
	go ssh.DiscardRequests(ch.requests)
	go func() { _, _ = io.Copy(io.Discard, ch.Stderr()) }()
	return &stream{client: c, ch: ch, what: what}
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	n, err := s.ch.Read(p)
	return n, s.explain("read from", err)
}

// Write implements io.Writer.
func (s *stream) Write(p []byte) (int, error) {
	n, err := s.ch.Write(p)
	return n, s.explain("write to", err)
}

// Close ends the subsystem; it may be called more than once.
func (s *stream) Close() error {
	if s.closed.Swap(true) || !s.client.Alive() {
		return nil
	}
	if err := s.ch.Close(); err != nil && !errors.Is(err, io.EOF) {
		return s.explain("close", err)
	}
	return nil
}

// explain tells a broken connection from an ended subsystem.
func (s *stream) explain(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case s.closed.Load():
		err = net.ErrClosed
	case !s.client.Alive():
		err = s.client.lost(err)
	case errors.Is(err, io.EOF):
		return io.EOF
	}
	return fmt.Errorf("ssh to %s: %s %s: %w", s.client.config.addr(), doing, s.what, err)
}
