package provision

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// How long calls may take and how often things are asked again.
const (
	callLimit = 5 * time.Minute // one call before the commit
	// openLimit is for one login before the commit, whose own limit the target
	// knows, and before it for the wait until others are done with their sessions
	// (max_sessions): those may sit out the timer of a commit.
	openLimit    = 15 * time.Minute
	afterLimit   = time.Minute      // save and check, after the confirmation
	cleanUpLimit = 10 * time.Second // discard and unlock together; close
	obeyLimit    = time.Second      // how late a call may come back after its context ended
	pollEvery    = time.Second      // pending commits, locks
	// grace is how much later than its deadline a target may be done with
	// undoing a commit.
	grace = 30 * time.Second
)

// link is a session whose calls always come back: each has a deadline, and one
// that does not obey its context is left behind. Nothing more is asked of a
// session with a call left behind, because sessions serve one call at a time;
// it is closed when that call returns.
type link struct {
	session Session
	locked  bool            // we may hold the lock
	behind  <-chan struct{} // closed when the call that was left behind returns
}

// open opens a session.
func open(ctx context.Context, t Target, fresh bool, limit time.Duration) (*link, error) {
	late := func(s Session) {
		if s != nil {
			_ = s.Close()
		}
	}
	s, _, err := within(ctx, limit, late, func(ctx context.Context) (Session, error) { return t.Open(ctx, fresh) })
	if err != nil {
		return nil, err
	}
	return &link{session: s}, nil
}

// ask makes one call that uses the session of l, within the limit.
func ask[T any](ctx context.Context, l *link, limit time.Duration, f func(context.Context) (T, error)) (T, error) {
	if l.behind != nil {
		var zero T
		return zero, fmt.Errorf("%w: an earlier call has not returned", ErrConnectionLost)
	}
	answer, behind, err := within(ctx, limit, nil, f)
	l.behind = behind
	return answer, err
}

// do is ask for a call without an answer.
func (l *link) do(ctx context.Context, limit time.Duration, f func(context.Context) error) error {
	_, err := ask(ctx, l, limit, func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx) })
	return err
}

// lock locks the target once.
func (l *link) lock(ctx context.Context, limit time.Duration, holder string) error {
	err := l.do(ctx, limit, func(ctx context.Context) error { return l.session.Lock(ctx, holder) })
	// After a failure the lock may be held all the same; Unlock without a
	// lock does nothing.
	l.locked = true
	return err
}

// unlock gives the lock back.
func (l *link) unlock(ctx context.Context) error {
	err := l.do(ctx, cleanUpLimit, l.session.Unlock)
	l.locked = err != nil
	return err
}

// close ends the session.
func (l *link) close() error {
	if l.behind != nil {
		go func(s Session, behind <-chan struct{}) {
			<-behind
			_ = s.Close()
		}(l.session, l.behind)
		return fmt.Errorf("%w: an earlier call has not returned", ErrConnectionLost)
	}
	ctx, cancel := context.WithTimeout(context.Background(), cleanUpLimit)
	defer cancel()
	return l.do(ctx, cleanUpLimit, func(context.Context) error { return l.session.Close() })
}

// within runs f with a deadline and comes back soon after it even if f does
// not. Then behind is closed when f returns, and late is given f's answer.
func within[T any](ctx context.Context, limit time.Duration, late func(T), f func(context.Context) (T, error)) (answer T, behind <-chan struct{}, err error) {
	if ctx.Err() != nil {
		return answer, nil, context.Cause(ctx) // f is not called any more
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	done := make(chan struct{})
	var got T
	var gotErr error
	go func() {
		defer cancel()
		defer close(done)
		got, gotErr = f(ctx)
	}()
	select {
	case <-done:
		return got, nil, gotErr
	case <-ctx.Done():
	}
	obey := time.NewTimer(obeyLimit)
	defer obey.Stop()
	select {
	case <-done:
		return got, nil, gotErr
	case <-obey.C:
	}
	if late != nil {
		go func() {
			<-done
			late(got)
		}()
	}
	return answer, done, fmt.Errorf("no answer: %w", context.Cause(ctx))
}

// wait waits; it ends early with the context's error.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// lost tells that after err it is unknown whether the target did what was
// asked, and that the session may be of no more use.
func lost(err error) bool {
	return errors.Is(err, ErrConnectionLost) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}
