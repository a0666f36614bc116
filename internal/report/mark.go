package report

import (
	"strings"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// Limits of what is looked for inside lines.
const (
	maxMarked = 400    // bytes of a line
	maxFacing = 10_000 // lines that go times lines that come, in one place
	maxPairs  = 5000   // pairs of lines that are compared for a page
)

// Part is a piece of a block. Changed is what a line has and the line in its place
// has not.
type Part struct {
	Text    string
	Changed bool
}

// mark finds the lines of a hunk that come in place of others, and what differs
// in them.
func (r *room) mark(lines []Line) {
	for i := 0; i < len(lines); {
		gone := run(lines[i:], "-")
		come := run(lines[i+gone:], "+")
		r.pair(lines[i:i+gone], lines[i+gone:i+gone+come])
		i += max(gone+come, 1)
	}
}

// run is how many lines begin with that sign.
func run(lines []Line, sign string) int {
	for i, l := range lines {
		if l.Sign != sign {
			return i
		}
	}
	return len(lines)
}

// pair looks for each line that goes for the first one that can have come in its
// place.
func (r *room) pair(gone, come []Line) {
	if len(gone)*len(come) > maxFacing {
		return // what is all new is no change of lines
	}
	for i := range gone {
		for j := range come {
			if r.pairs <= 0 {
				return
			}
			if come[j].Parts == nil && alike(gone[i].Text, come[j].Text) {
				r.pairs--
				if differ(&gone[i], &come[j]) {
					break
				}
			}
		}
	}
}

// alike tells that it is worth to compare two lines: they begin with one word, or
// with one element of XML, and a third of the longer one is equal at the ends of both.
func alike(a, b string) bool {
	if a == b || max(len(a), len(b)) > maxMarked || word(a) != word(b) {
		return false
	}
	return equalEnds(a, b)*3 >= max(len(a), len(b))
}

// equalEnds is how many bytes two lines begin and end with that are equal.
func equalEnds(a, b string) int {
	least, head, tail := min(len(a), len(b)), 0, 0
	for head < least && a[head] == b[head] {
		head++
	}
	for tail < least-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return head + tail
}

func word(line string) string {
	line = strings.TrimSpace(line)
	if i := strings.IndexAny(line, " >="); i >= 0 {
		return line[:i]
	}
	return line
}

// differ gives two lines their parts, unless more than half of them differs.
func differ(gone, come *Line) bool {
	compare := diffmatchpatch.New()
	compare.DiffTimeout = 0 // the same page whatever the load; the lines are short
	diffs := compare.DiffCleanupSemantic(compare.DiffMain(gone.Text, come.Text, false))
	if compare.DiffLevenshtein(diffs)*2 > max(len(gone.Text), len(come.Text)) {
		return false
	}
	for _, d := range diffs {
		switch d.Type {
		case diffmatchpatch.DiffDelete:
			gone.Parts = append(gone.Parts, Part{d.Text, true})
		case diffmatchpatch.DiffInsert:
			come.Parts = append(come.Parts, Part{d.Text, true})
		case diffmatchpatch.DiffEqual:
			gone.Parts = append(gone.Parts, Part{d.Text, false})
			come.Parts = append(come.Parts, Part{d.Text, false})
		}
	}
	return true
}
