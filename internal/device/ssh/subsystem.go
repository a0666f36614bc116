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
	// They end with the channel. Unread stderr would fill the window.
	go ssh.DiscardRequests(ch.requests)
	go func() { _, _ = io.Copy(io.Discard, ch.Stderr()) }()
	return &stream{client: c, ch: ch, name: name}, nil
}

// stream is a subsystem's input and output.
type stream struct {
	client *Client
	ch     *channel
	name   string
	closed atomic.Bool
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
	return fmt.Errorf("ssh to %s: %s subsystem %q: %w", s.client.config.addr(), doing, s.name, err)
}
