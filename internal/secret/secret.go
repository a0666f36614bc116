// Package secret keeps secrets out of what people and files get to see.
package secret

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Mask stands where a secret was.
const Mask = "<redacted>"

// Redactor takes secrets out of texts. The nil Redactor takes nothing out. It
// is safe for concurrent use.
type Redactor struct {
	patterns []*regexp.Regexp
	words    []string
}

// NewRedactor makes one of regular expressions (RE2 syntax). Of a pattern with
// groups each group is masked, of one without the whole match.
func NewRedactor(patterns ...string) (*Redactor, error) {
	r := &Redactor{}
	for _, p := range patterns {
		re, err := regexp.Compile(p)
		if err != nil {
			return nil, fmt.Errorf("redact pattern %q: %w", p, err)
		}
		r.patterns = append(r.patterns, re)
	}
	return r, nil
}

// With returns a redactor that also masks these patterns.
func (r *Redactor) With(patterns ...*regexp.Regexp) *Redactor {
	n := &Redactor{}
	if r != nil {
		n.patterns, n.words = slices.Clone(r.patterns), slices.Clone(r.words)
	}
	n.patterns = append(n.patterns, patterns...)
	return n
}

// WithWords returns a redactor that also masks these words wherever they
// stand. Words of fewer than four characters are left out: they would mask
// ordinary text.
func (r *Redactor) WithWords(words ...string) *Redactor {
	n := r.With()
	for _, w := range words {
		if len(w) >= 4 {
			n.words = append(n.words, w)
		}
	}
	slices.SortFunc(n.words, func(a, b string) int { return len(b) - len(a) })
	return n
}

// String returns the text without its secrets.
func (r *Redactor) String(text string) string {
	if r == nil {
		return text
	}
	for _, w := range r.words {
		text = strings.ReplaceAll(text, w, Mask)
	}
	for _, re := range r.patterns {
		text = mask(re, text)
	}
	return text
}

// mask masks the groups of re in text, or the match when there are no groups.
func mask(re *regexp.Regexp, text string) string {
	var b strings.Builder
	last := 0
	for _, m := range re.FindAllStringSubmatchIndex(text, -1) {
		spans := m[2:]
		if len(spans) == 0 {
			spans = m[:2]
		}
		for i := 0; i < len(spans); i += 2 {
			if spans[i] < last {
				continue // a group that took no part, or lies in another
			}
			b.WriteString(text[last:spans[i]] + Mask)
			last = spans[i+1]
		}
	}
	return b.String() + text[last:]
}
