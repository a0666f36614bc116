// Package secret keeps secrets out of what people and files get to see.
package secret

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Mask stands where a secret was.
const Mask = "<redacted>"

// minWord is the length in bytes below which a word is not masked: it would
// mask ordinary text.
const minWord = 4

// Redactor takes secrets out of texts. The nil Redactor takes nothing out. It
// is safe for concurrent use.
type Redactor struct {
	patterns []*regexp.Regexp
	words    []string // the longest first
	learned  *Learned // may be nil
}

// Learned are secrets that come to be known while texts are worked on already: the
// redactors that were made with them mask them from then on. The zero value is
// none. It is safe for concurrent use.
type Learned struct {
	mu  sync.Mutex
	now *Redactor
}

// Add adds words and patterns, as [Redactor.WithWords] and [Redactor.With] do.
func (l *Learned) Add(words []string, patterns ...*regexp.Regexp) {
	l.mu.Lock()
	defer l.mu.Unlock()
	more := &Redactor{}
	for _, p := range patterns {
		same := func(have *regexp.Regexp) bool { return have.String() == p.String() }
		if l.now == nil || !slices.ContainsFunc(l.now.patterns, same) {
			more.patterns = append(more.patterns, p)
		}
	}
	l.now = l.now.With(more.patterns...).WithWords(words...)
}

// redactor masks what is known now.
func (l *Learned) redactor() *Redactor {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

// NewRedactor makes one of regular expressions (RE2 syntax). Of a pattern with
// groups each group is masked, of one without the whole match. "^" and "$"
// stand for the ends of a line; a pattern with (?s) or "\n" may match over
// several lines.
func NewRedactor(patterns ...string) (*Redactor, error) {
	r := &Redactor{}
	for _, p := range patterns {
		if _, err := regexp.Compile(p); err != nil { // as written, for the error
			return nil, fmt.Errorf("redact pattern %q: %w", p, err)
		}
		re, err := regexp.Compile("(?m:" + p + ")")
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
		n.patterns, n.words, n.learned = slices.Clone(r.patterns), slices.Clone(r.words), r.learned
	}
	n.patterns = append(n.patterns, patterns...)
	return n
}

// Learning returns a redactor that also masks what is learned later; it forgets
// what an earlier call gave it.
func (r *Redactor) Learning(l *Learned) *Redactor {
	n := r.With()
	n.learned = l
	return n
}

// WithWords returns a redactor that also masks these words wherever they
// stand; of a text of several lines, such as a private key, each line. Words
// of fewer than four bytes are left out: they would mask ordinary text.
func (r *Redactor) WithWords(words ...string) *Redactor {
	n := r.With()
	for _, w := range words {
		for line := range strings.Lines(w) {
			line = strings.TrimRight(line, "\r\n")
			if len(line) >= minWord && !strings.HasPrefix(line, "-----") && !slices.Contains(n.words, line) {
				n.words = append(n.words, line)
			}
		}
	}
	slices.SortStableFunc(n.words, func(a, b string) int { return len(b) - len(a) })
	return n
}

// String returns the text without its secrets. A secret over several lines
// gives a mask on each of them, so that lines keep their numbers. Everything
// is looked for in the text as it was, so that one mask hides nothing from the
// next pattern.
func (r *Redactor) String(text string) string {
	if r == nil || text == "" {
		return text
	}
	return replace(text, append(r.spans(text), r.learned.redactor().spans(text)...))
}

// spans are where the secrets stand.
func (r *Redactor) spans(text string) []span {
	if r == nil {
		return nil
	}
	var spans []span
	for _, w := range r.words {
		spans = appendWord(spans, text, w)
	}
	for _, re := range r.patterns {
		spans = appendPattern(spans, text, re)
	}
	return spans
}

// Lines returns lines of a difference without their secrets, also of those
// that go over several lines. The first prefix bytes of each line ("+ ") are
// not part of the text.
func (r *Redactor) Lines(lines []string, prefix int) []string {
	if r == nil || len(lines) == 0 {
		return lines
	}
	texts := make([]string, len(lines))
	for i, l := range lines {
		texts[i] = l[min(prefix, len(l)):]
	}
	clean := strings.Split(r.String(strings.Join(texts, "\n")), "\n")
	if len(clean) != len(lines) { // a line that holds several
		clean = texts
		for i := range clean {
			clean[i] = r.String(clean[i])
		}
	}
	for i, l := range lines {
		clean[i] = l[:min(prefix, len(l))] + clean[i]
	}
	return clean
}

// span is a part of a text, in bytes.
type span struct{ from, to int }

// appendWord adds where the word stands.
func appendWord(spans []span, text, word string) []span {
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return spans
		}
		spans = append(spans, span{from + i, from + i + len(word)})
		from += i + 1
	}
}

// appendPattern adds the groups of all matches, or the matches themselves when
// there are no groups.
func appendPattern(spans []span, text string, re *regexp.Regexp) []span {
	for _, m := range re.FindAllStringSubmatchIndex(text, -1) {
		groups := m[2:]
		if len(groups) == 0 {
			groups = m[:2]
		}
		for i := 0; i < len(groups); i += 2 {
			if groups[i] < groups[i+1] { // neither absent nor empty
				spans = append(spans, span{groups[i], groups[i+1]})
			}
		}
	}
	return spans
}

// replace masks the spans, which may overlap.
func replace(text string, spans []span) string {
	if len(spans) == 0 {
		return text
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from - b.from })
	var b strings.Builder
	last := 0
	for i := 0; i < len(spans); {
		s := spans[i]
		for i++; i < len(spans) && spans[i].from < s.to; i++ {
			s.to = max(s.to, spans[i].to)
		}
		b.WriteString(text[last:s.from])
		maskLines(&b, text[s.from:s.to])
		last = s.to
	}
	b.WriteString(text[last:])
	return b.String()
}

// maskLines writes a mask for each line that is not empty.
func maskLines(b *strings.Builder, secret string) {
	for i, line := range strings.Split(secret, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		if strings.TrimSpace(line) != "" {
			b.WriteString(Mask)
		}
	}
}
