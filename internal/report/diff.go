package report

import "strings"

// Limits of what a page shows of differences, so that a browser opens it.
const (
	maxLines     = 2000    // of one change
	maxLine      = 2000    // bytes of a line
	maxAllLines  = 100_000 // of a page
	maxAllBytes  = 16 << 20
	hunkHeader   = "@@ "
	addedPrefix  = "+ "
	removePrefix = "- "
)

// Line is a line of a difference.
type Line struct {
	Sign  string // "+", "-" or " "
	Text  string
	Parts []Part // of a line in whose place another stands
}

// Hunk is a run of changed lines in one place.
type Hunk struct {
	Header string // the place; may be empty
	Lines  []Line
}

// Block is lines of one sign that stand together, signs included, as one text: a
// page has far fewer elements of these than of lines.
type Block struct {
	Sign  string
	Parts []Part
}

// Blocks are the lines of a hunk.
func (h Hunk) Blocks() []Block {
	var list []Block
	for _, l := range h.Lines {
		if n := len(list); n > 0 && list[n-1].Sign == l.Sign {
			list[n-1].add("\n", l)
			continue
		}
		list = append(list, Block{Sign: l.Sign})
		list[len(list)-1].add("", l)
	}
	return list
}

// add appends a line.
func (b *Block) add(before string, l Line) {
	b.text(before + l.Sign + " ")
	if l.Parts == nil {
		b.text(l.Text)
		return
	}
	for _, p := range l.Parts {
		if p.Changed {
			b.Parts = append(b.Parts, p)
		} else {
			b.text(p.Text)
		}
	}
}

// text appends what did not change, to such a part if there is one.
func (b *Block) text(s string) {
	if n := len(b.Parts); n > 0 && !b.Parts[n-1].Changed {
		b.Parts[n-1].Text += s
		return
	}
	b.Parts = append(b.Parts, Part{Text: s})
}

// Diff is a difference as it is shown.
type Diff struct {
	Hunks          []Hunk
	Added, Removed int
	Left           int    // lines that are left out
	Instead        string // why there is none to show: sensitive or unknown

	lines int // all that were there
}

// Empty tells that there is nothing to show.
func (d Diff) Empty() bool { return len(d.Hunks) == 0 && d.Instead == "" }

// room is what a page has left for differences.
type room struct{ lines, bytes, pairs int }

func newRoom() *room { return &room{maxAllLines, maxAllBytes, maxPairs} }

// take is a line of a difference, if there is still room for it.
func (r *room) take(d *Diff, line string) {
	d.countLine(line)
	d.lines++
	if d.lines > maxLines || r.lines <= 0 || r.bytes < min(len(line), maxLine) {
		d.Left++
		return
	}
	line = cut(line, maxLine)
	r.lines--
	r.bytes -= len(line)
	l := Line{Sign: " ", Text: strings.TrimPrefix(line, "  ")}
	if strings.HasPrefix(line, "+") || strings.HasPrefix(line, "-") {
		l.Sign, l.Text = line[:1], strings.TrimPrefix(line[1:], " ")
	}
	l.Text = clean(l.Text)
	last := &d.Hunks[len(d.Hunks)-1]
	last.Lines = append(last.Lines, l)
}

// rows are those of a table for which there is room.
func (r *room) rows(d *Diff, rows []Row) []Row {
	for i, row := range rows {
		r.bytes -= len(row.Attribute) + len(row.Before) + len(row.After)
		if r.bytes < 0 {
			r.bytes = 0
			d.Left += len(rows) - i
			return rows[:i]
		}
	}
	return rows
}

// parse reads the attribute diff: hunks headed by "@@ ", lines that begin with
// "+ ", "- " or two blanks. A configuration has no line that begins with "@@",
// since each has its sign before it.
func (r *room) parse(text string) Diff {
	var d Diff
	if text == "" {
		return d
	}
	d.Hunks = []Hunk{{}}
	for line := range strings.SplitSeq(text, "\n") {
		if header, ok := strings.CutPrefix(line, hunkHeader); ok {
			d.begin(header)
			continue
		}
		r.take(&d, line)
	}
	d.trim()
	for _, h := range d.Hunks {
		r.mark(h.Lines)
	}
	return d
}

// begin adds a hunk.
func (d *Diff) begin(header string) {
	d.Hunks = append(d.Hunks, Hunk{Header: cut(oneLine(header), maxLine)})
}

// countLine counts also what is not shown.
func (d *Diff) countLine(line string) {
	switch {
	case strings.HasPrefix(line, "+"):
		d.Added++
	case strings.HasPrefix(line, "-"):
		d.Removed++
	}
}

// trim drops hunks without lines.
func (d *Diff) trim() {
	kept := d.Hunks[:0]
	for _, h := range d.Hunks {
		if len(h.Lines) > 0 {
			kept = append(kept, h)
		}
	}
	d.Hunks = kept
}

// rows makes a table of the difference of a host in Zabbix, whose hunks are its
// fields.
func (d Diff) rows() []Row {
	var rows []Row
	for _, h := range d.Hunks {
		for i := 0; i < len(h.Lines); i++ {
			l := h.Lines[i]
			key, value := entry(h.Header, l.Text)
			r := Row{Attribute: strings.TrimSpace(h.Header + " " + key)}
			if l.Sign == "+" {
				r.After = value
				rows = append(rows, r)
				continue
			}
			r.Before = value
			if i+1 < len(h.Lines) && h.Lines[i+1].Sign == "+" && pairs(h.Header) {
				if next, after := entry(h.Header, h.Lines[i+1].Text); next == key {
					r.After = after
					i++
				}
			}
			rows = append(rows, r)
		}
	}
	return rows
}

// pairs tells whether a line that goes and one that comes can be one entry of a
// field: those of the others are names.
func pairs(field string) bool {
	switch field {
	case "templates", "host_groups", "tags":
		return false
	}
	return true
}

// entry takes a line of a field apart: the name of a macro or of an inventory
// field, and its value.
func entry(field, line string) (key, value string) {
	separators := map[string][]string{
		"macros": {" = ", " ("}, "inventory": {": "}, "tls": {": ", " ("},
	}[field]
	for _, s := range separators {
		if key, value, ok := strings.Cut(line, s); ok {
			if s == " (" {
				value = "(" + value
			}
			return key, value
		}
	}
	return "", line
}
