package mapping

import (
	"fmt"
	"strconv"
	"strings"
)

// Error is one mistake in what [Decode] or [DecodeObject] was given.
type Error struct {
	// Path leads to the mistake: texts for keys, ints for indexes.
	Path []any
	// Message says where and what it is.
	Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// Errors are all mistakes, in the order in which they were found.
type Errors []*Error

// Error implements error: one mistake a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Message
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the mistakes.
func (e Errors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, one := range e {
		errs[i] = one
	}
	return errs
}

// place is where a value stands.
type place struct {
	path []any
	// rule is the rule in which it stands: devices[2] "core".
	rule  string
	depth int // how much of the path the rule is
}

// key and index are places within.
func (p place) key(name string) place { return p.step(name) }
func (p place) index(i int) place     { return p.step(i) }

func (p place) step(s any) place {
	p.path = append(p.path[:len(p.path):len(p.path)], s)
	return p
}

// named makes it the place of a rule; a rule without a name has only its index.
func (p place) named(name string) place {
	p.rule, p.depth = dotted(p.path), len(p.path)
	if name != "" {
		p.rule += " " + strconv.Quote(name)
	}
	return p
}

// errorf makes an error at the place.
func (p place) errorf(format string, args ...any) *Error {
	said := []string{fmt.Sprintf(format, args...)}
	if rest := dotted(p.path[p.depth:]); rest != "" {
		said = append([]string{rest}, said...)
	}
	if p.rule != "" {
		said = append([]string{p.rule}, said...)
	}
	return &Error{Path: p.path, Message: strings.Join(said, ": ")}
}

// dotted writes a path as a configuration does: devices[2].sites.
func dotted(path []any) string {
	var b strings.Builder
	for _, step := range path {
		switch step := step.(type) {
		case int:
			b.WriteString("[" + strconv.Itoa(step) + "]")
		case string:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(step)
		}
	}
	return b.String()
}

// meant suggests one of words for a word that is not one of them: one that
// differs in one place only, by at most two letters, or a third of it.
func meant(word string, words []string) string {
	best, least := "", max(2, len(word)/3)+1
	lower := strings.ToLower(word)
	for _, w := range words {
		if apart := differs(lower, w); apart < least && apart < len(w) {
			best, least = w, apart
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// differs tells how many bytes are between the equal beginnings and the equal
// ends of two words.
func differs(a, b string) int {
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return max(len(a), len(b))
}
