package nautobot

import (
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// minSecret is how long, in bytes, a value must be to be masked by itself. Of a
// shorter one the line is secret.
const minSecret = 4

// What of a stored configuration postprocessing replaces: expressions, by values;
// statements and comments, by what cannot be foreseen.
var (
	expression = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	statement  = regexp.MustCompile(`\{%|\{#`)
)

// filledIn is what postprocessing filled in: what stands in place of the
// expressions; where that cannot be told, every line that was not stored so. The
// lines that hold expressions are known by their other words, too, so that a value
// of yesterday, which the device still has, is no less secret.
func filledIn(stored, text string) inventory.Secret {
	var out inventory.Secret
	if stored == text || stored == text+"\n" {
		return out
	}
	values, ok := replaced(stored, text)
	if !ok {
		values = added(stored, text)
	}
	for _, v := range values {
		out.Words = append(out.Words, v)
		if plain := html.UnescapeString(v); plain != v { // as a device says what XML escaped
			out.Words = append(out.Words, plain)
		}
	}
	out.Patterns = templates(stored)
	return out
}

// replaced are the values in place of the expressions; false if the text is more
// than the stored one with values.
func replaced(stored, text string) ([]string, bool) {
	if statement.MatchString(stored) {
		return nil, false
	}
	literals := expression.Split(stored, -1)
	if !strings.HasPrefix(text, literals[0]) {
		return nil, false
	}
	var values []string
	at := len(literals[0])
	for i, literal := range literals[1:] {
		end := strings.Index(text[at:], literal)
		if i == len(literals)-2 { // the last: up to the end
			literal = strings.TrimSuffix(literal, "\n")
			rest := strings.TrimSuffix(text[at:], "\n")
			if !strings.HasSuffix(rest, literal) {
				return nil, false
			}
			end = len(rest) - len(literal)
		}
		if end < 0 {
			return nil, false
		}
		values = append(values, secretAt(text, at, at+end))
		at += end + len(literal)
	}
	return values, true
}

// secretAt is the value between two places of a text, or its line if it is too
// short.
func secretAt(text string, from, to int) string {
	if to-from >= minSecret || to == from {
		return text[from:to]
	}
	begin := strings.LastIndexByte(text[:from], '\n') + 1
	end := len(text)
	if i := strings.IndexByte(text[to:], '\n'); i >= 0 {
		end = to + i
	}
	return strings.TrimSpace(text[begin:end])
}

// added are the lines of a text that were not stored.
func added(stored, text string) []string {
	had := map[string]bool{}
	for line := range strings.Lines(stored) {
		had[strings.TrimSpace(line)] = true
	}
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !had[line] {
			lines = append(lines, line)
		}
	}
	return lines
}

// templates match the lines that have expressions and enough words beside them to
// be known by.
func templates(stored string) []*regexp.Regexp {
	var all []*regexp.Regexp
	seen := map[string]bool{}
	for line := range strings.Lines(stored) {
		literals := expression.Split(strings.TrimSpace(line), -1)
		known := strings.TrimSpace(strings.Join(literals, ""))
		if len(literals) < 2 || len(known) < minSecret || strings.ContainsAny(known, "{}") {
			continue
		}
		for i := range literals {
			literals[i] = regexp.QuoteMeta(literals[i])
		}
		pattern := `(?m)^\s*` + strings.Join(literals, `(.+?)`) + `\s*$`
		if !seen[pattern] {
			seen[pattern] = true
			all = append(all, regexp.MustCompile(pattern))
		}
	}
	return slices.Clip(all)
}
