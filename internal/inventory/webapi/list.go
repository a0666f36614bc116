package webapi

import (
	"errors"
	"fmt"
)

// ErrChanged tells that a list was not the same from its beginning to its end.
var ErrChanged = errors.New("the list changed while it was read")

// attempts is how often a list is read from its beginning when it changes while
// it is read.
const attempts = 3

// Steady reads a list, again when it changed meanwhile. The error matches
// ErrChanged when it did so every time.
func Steady[T any](read func() (T, error)) (T, error) {
	for range attempts {
		list, err := read()
		if !errors.Is(err, ErrChanged) {
			return list, err
		}
	}
	var none T
	return none, fmt.Errorf("%w %d times", ErrChanged, attempts)
}

// Seen are the objects of a list that came already, by what tells them apart.
type Seen[K comparable] map[K]bool

// New notes an object, and tells whether it is there for the first time.
func (s Seen[K]) New(key K) bool {
	if s[key] {
		return false
	}
	s[key] = true
	return true
}
