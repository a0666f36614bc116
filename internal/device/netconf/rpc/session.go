// Package rpc is a small NETCONF client: framing (RFC 6242), hello, message ids,
// replies and errors (RFC 6241) over any stream. It knows no data model.
package rpc

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// Options of a session.
type Options struct {
	// Timeout of one rpc; 0 is a minute. A hung rpc ends the session: its
	// answer could come at any later moment.
	Timeout time.Duration
	// Limit is the size of the largest message that is accepted, in bytes; 0
	// is [DefaultLimit].
	Limit int
	// Pause is how long after our hello the first rpc waits at least; 0 is
	// [DefaultPause], negative none.
	Pause time.Duration
}

const (
	defaultTimeout = time.Minute
	// closeTimeout is how long a server may take to answer close-session.
	closeTimeout = time.Second
	// DefaultPause is what netconfd 2.13 needs: it never answers an rpc that
	// comes in the same piece of the stream as our hello (measured; 50 ms is
	// safe).
	DefaultPause = 50 * time.Millisecond
)

// Session is a NETCONF session. Its methods are safe for concurrent use; rpcs
// go one after another.
type Session struct {
	rw    io.ReadWriteCloser
	in    *Reader
	out   *Writer
	opts  Options
	hello Hello

	turn    chan struct{} // holds one token: whose turn it is to ask
	replies chan message
	done    chan struct{} // closed when the session is over

	mu     sync.Mutex
	lastID int
	last   time.Time // when the last reply came
	err    error     // why it is over
}

// Open exchanges hellos and gives a session, which owns rw from then on, also
// when Open fails. Errors match [provision.ErrConnectionLost] or the context's.
func Open(ctx context.Context, rw io.ReadWriteCloser, opts Options) (*Session, error) {
	opts.Timeout = cmp.Or(opts.Timeout, defaultTimeout)
	opts.Pause = cmp.Or(opts.Pause, DefaultPause)
	s := &Session{
		rw: rw, in: NewReader(rw, opts.Limit), out: NewWriter(rw), opts: opts,
		turn: make(chan struct{}, 1), replies: make(chan message), done: make(chan struct{}),
	}
	ctx, cancel := context.WithTimeout(ctx, opts.Timeout)
	defer cancel()
	ready := make(chan error, 1)
	go func() { ready <- s.greet() }()
	var err error
	select {
	case err = <-ready:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err == nil {
		err = pause(ctx, opts.Pause)
	}
	if err != nil {
		_ = rw.Close()
		return nil, fmt.Errorf("NETCONF hello: %w", lost(err))
	}
	go s.read()
	s.turn <- struct{}{}
	return s, nil
}

// greet sends our hello and reads the server's. Both bases are offered; the
// higher one that both know is used (RFC 6241 section 8.1).
func (s *Session) greet() error {
	mine, err := xml.Marshal(Hello{Capabilities: []string{Base10, Base11}})
	if err != nil {
		return err
	}
	sent := make(chan error, 1)
	go func() { sent <- s.out.Write(append([]byte(xml.Header), mine...)) }()
	msg, err := s.in.Next()
	if err != nil {
		return err
	}
	if err := <-sent; err != nil {
		return err
	}
	if s.hello, err = readHello(msg); err != nil {
		return err
	}
	switch {
	case s.Has(Base11):
		s.in.Chunked()
		s.out.Chunked()
	case !s.Has(Base10):
		return errors.New("the server names no base capability")
	}
	return nil
}

// pause waits without holding up a context.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ID is the server's number of this session.
func (s *Session) ID() string { return s.hello.SessionID }

// Capabilities are the server's, as its hello gave them.
func (s *Session) Capabilities() []string { return slices.Clone(s.hello.Capabilities) }

// Has tells whether the server has a capability; parameters ("?scheme=file")
// do not count.
func (s *Session) Has(capability string) bool {
	return slices.ContainsFunc(s.hello.Capabilities, func(c string) bool {
		name, _, _ := strings.Cut(c, "?")
		return name == capability
	})
}

// Alive tells that the session has not been seen to end.
func (s *Session) Alive() bool {
	select {
	case <-s.done:
		return false
	default:
		return true
	}
}

// Rest waits until this session has asked nothing for d.
func (s *Session) Rest(ctx context.Context, d time.Duration) error {
	s.mu.Lock()
	left := d - time.Since(s.last)
	s.mu.Unlock()
	return pause(ctx, left)
}

// Do sends an operation, the content of <rpc>, and waits for its reply. The
// server's refusal is of type [Errors]. All other errors end the session and
// match [provision.ErrConnectionLost]; if the context or the timeout ended it,
// they match the context's error as well.
func (s *Session) Do(ctx context.Context, operation []byte) (Reply, error) {
	select {
	case <-s.done:
		return Reply{}, s.over()
	case <-ctx.Done():
		return Reply{}, ctx.Err() // nothing was sent
	case <-s.turn:
	}
	defer func() { s.turn <- struct{}{} }()
	if err := ctx.Err(); err != nil {
		return Reply{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	m, err := s.exchange(ctx, operation)
	if err != nil {
		return Reply{}, err
	}
	s.mu.Lock()
	s.last = time.Now()
	s.mu.Unlock()
	if len(m.errors) > 0 {
		return m.reply, m.errors
	}
	return m.reply, nil
}

// exchange sends a request and receives the reply to it.
func (s *Session) exchange(ctx context.Context, operation []byte) (message, error) {
	s.lastID++
	id := fmt.Sprint(s.lastID)
	msg := slices.Concat([]byte(xml.Header+`<rpc xmlns="`+BaseNS+`" message-id="`+id+`">`), operation, []byte(`</rpc>`))
	go func() {
		if err := s.out.Write(msg); err != nil {
			s.end(err)
		}
	}()
	select {
	case m := <-s.replies:
		if m.id != "" && m.id != id {
			s.end(fmt.Errorf("a reply to message %q where %s is due", m.id, id))
			return message{}, s.over()
		}
		return m, nil
	case <-ctx.Done():
		s.end(ctx.Err())
		return message{}, s.over()
	case <-s.done:
		return message{}, s.over()
	}
}

// read hands on replies until the session ends. Notifications nobody asked for
// are left out.
func (s *Session) read() {
	for {
		raw, err := s.in.Next()
		if err != nil {
			s.end(err)
			return
		}
		m, err := parseMessage(raw)
		switch {
		case err != nil:
			s.end(err)
			return
		case !m.isReply:
			continue
		case !m.answered && len(m.errors) == 0:
			s.end(errors.New("an empty rpc-reply"))
			return
		}
		select {
		case s.replies <- m:
		case <-s.done:
			return
		}
	}
}

// end ends the session; the first cause stays.
func (s *Session) end(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.err = cause
	close(s.done)
	_ = s.rw.Close()
}

// over is the error of a session that has ended.
func (s *Session) over() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Errorf("NETCONF session %s: %w", s.hello.SessionID, lost(s.err))
}

// lost makes an error match [provision.ErrConnectionLost].
func lost(err error) error {
	switch {
	case errors.Is(err, provision.ErrConnectionLost):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		err = &endedError{err}
	}
	return fmt.Errorf("%w: %w", provision.ErrConnectionLost, err)
}

// endedError is a stream that ended in the middle of a session.
type endedError struct{ err error }

// Error implements error.
func (*endedError) Error() string { return "the device, or something on the way to it, ended it" }

// Unwrap gives what the stream said.
func (e *endedError) Unwrap() error { return e.err }

// errClosed is why a session that was closed is over.
var errClosed = errors.New("closed")

// Close says close-session and ends the stream. It returns an error only if the
// server refused; a server that does not answer within a second is left.
func (s *Session) Close() error {
	if !s.Alive() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_, err := s.Do(ctx, []byte("<close-session/>"))
	s.end(errClosed)
	if refused := Errors(nil); errors.As(err, &refused) {
		return fmt.Errorf("close-session: %w", err)
	}
	return nil
}

// sortedKeys are the keys of a map in order.
func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
