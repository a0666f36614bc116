package frr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// The router gives a lock up after a minute of silence, so that one whose
// connection was cut without a word does not stay.
const beatEvery = 15 * time.Second

// held is a lock that a remote command holds while we talk to it.
type held struct {
	mark   string // what the router knows this lock by
	stream io.ReadWriteCloser
	stop   chan struct{}
	ended  chan struct{} // closed when the stream has ended
}

// Lock implements provision.Session. The answer also tells what is running, as
// under a lock everything is asked anew.
func (s *session) Lock(ctx context.Context, holder string) error {
	if s.held != nil {
		return errors.New("lock: this session holds the lock already")
	}
	s.last = nil
	mark := newMark()
	stream, err := s.client.Start(ctx, command("lock", mark, oneLine(holder)))
	if err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	a, err := s.lockAnswer(ctx, stream, mark)
	if err != nil {
		_ = stream.Close()
		return fmt.Errorf("lock: %w", err)
	}
	if by, ok := a.get("locked"); ok {
		_ = stream.Close()
		return &provision.LockedError{Holder: orUnknown(strings.TrimSpace(string(by.body)))}
	}
	s.held = hold(mark, stream)
	_, err = s.keep(a)
	return err
}

func orUnknown(holder string) string {
	if holder == "" {
		return "an unknown run"
	}
	return holder
}

// lockAnswer reads the answer up to its end; the command goes on.
func (s *session) lockAnswer(ctx context.Context, stream io.ReadCloser, mark string) (answer, error) {
	type result struct {
		out []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		out, err := readUntil(stream, []byte("\n--"+mark+" done\n"))
		done <- result{out, err}
	}()
	select {
	case r := <-done:
		if r.err != nil && !errors.Is(r.err, io.EOF) {
			return answer{}, r.err
		}
		return s.judge("lock", answer{sections: sections(r.out, mark)}, 0)
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

// readUntil reads up to and with an end.
func readUntil(r io.Reader, end []byte) ([]byte, error) {
	var out []byte
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		out = append(out, buf[:n]...)
		if err != nil || bytes.HasSuffix(out, end) {
			return out, err
		}
	}
}

// hold keeps a lock alive until release.
func hold(mark string, stream io.ReadWriteCloser) *held {
	h := &held{mark: mark, stream: stream, stop: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(h.ended)
		_, _ = io.Copy(io.Discard, stream)
	}()
	go func() {
		beat := time.NewTicker(beatEvery)
		defer beat.Stop()
		for {
			select {
			case <-h.stop:
				return
			case <-h.ended:
				return
			case <-beat.C:
				_, _ = io.WriteString(stream, "beat\n")
			}
		}
	}()
	return h
}

// Unlock implements provision.Session. It returns when the router has given
// the lock up.
func (s *session) Unlock(ctx context.Context) error {
	h := s.held
	if h == nil {
		return nil
	}
	s.held = nil
	close(h.stop)
	defer func() { _ = h.stream.Close() }()
	if !s.client.Alive() {
		return nil // the lock went with the connection
	}
	go func() { _, _ = io.WriteString(h.stream, "bye\n") }()
	select {
	case <-h.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("unlock: %w", ctx.Err())
	}
}
