package server

import (
	"context"
	"sync/atomic"
	"time"
)

// lent is a context for the time of a call; afterwards it is one that has been
// cancelled, and what was in it is free.
type lent struct{ now atomic.Pointer[holder] }

// holder holds a context.
type holder struct{ context.Context }

// lend lends a context.
func lend(ctx context.Context) *lent {
	l := &lent{}
	l.now.Store(&holder{ctx})
	return l
}

// takeBack ends the loan.
func (l *lent) takeBack() {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	l.now.Store(&holder{ended})
}

// Deadline implements context.Context.
func (l *lent) Deadline() (time.Time, bool) { return l.now.Load().Deadline() }

// Done implements context.Context.
func (l *lent) Done() <-chan struct{} { return l.now.Load().Done() }

// Err implements context.Context.
func (l *lent) Err() error { return l.now.Load().Err() }

// Value implements context.Context.
func (l *lent) Value(key any) any { return l.now.Load().Value(key) }
