package provision

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Budget limits how many commits may fail over several runs (max_failures), so
// that one bad intent does not reach every target. It is safe for concurrent
// use. The nil Budget has no limit.
type Budget struct {
	limit  int
	mu     sync.Mutex
	failed []string
}

// NewBudget makes a budget of so many failed commits; 0 means no limit.
func NewBudget(maxFailures int) *Budget { return &Budget{limit: maxFailures} }

// admit tells whether another commit may start; the error matches
// [ErrTooManyFailures] and names the targets that failed.
func (b *Budget) admit() error {
	if b == nil || b.limit <= 0 {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.failed) < b.limit {
		return nil
	}
	return fmt.Errorf("%w: the commit failed on %s (max_failures = %d)",
		ErrTooManyFailures, strings.Join(slices.Sorted(slices.Values(b.failed)), ", "), b.limit)
}

// fail counts a failed commit.
func (b *Budget) fail(target string) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = append(b.failed, target)
}
