package report

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// What stands for a value that is not shown.
const (
	textSensitive = "(sensitive)"
	textUnknown   = "(known after apply)"
)

// Limits of what one change shows.
const (
	maxValue = 4000 // bytes of a value
	maxRows  = 500  // rows of a table
	maxDepth = 20   // of values in values
)

// Row is a changed attribute: what it is before and after.
type Row struct {
	Attribute     string
	Before, After string // empty: not there
}

// side is one side of a change: a value, what of it is sensitive and what of it
// is not known yet, as three trees of one shape.
type side struct{ value, sensitive, unknown any }

// before and after are the sides of a change.
func before(c *tfjson.Change) side { return side{value: c.Before, sensitive: c.BeforeSensitive} }

func after(c *tfjson.Change) side {
	return side{value: c.After, sensitive: c.AfterSensitive, unknown: c.AfterUnknown}
}

// at is what stands under a name of an object or at a place of a list.
func (s side) at(key any) side {
	return side{child(s.value, key), child(s.sensitive, key), child(s.unknown, key)}
}

// child follows a key; a mark that holds for the whole holds for its parts.
func child(tree, key any) any {
	switch t := tree.(type) {
	case bool:
		if t {
			return true
		}
	case map[string]any:
		if name, ok := key.(string); ok {
			return t[name]
		}
	case []any:
		if i, ok := key.(int); ok && i < len(t) {
			return t[i]
		}
	}
	return nil
}

// marked tells that a mark holds for the whole value.
func marked(tree any) bool {
	whole, ok := tree.(bool)
	return ok && whole
}

// text is the string under a name; ok is false when it is not one that may be
// shown.
func (s side) text(name string) (text string, ok bool) {
	v := s.at(name)
	if marked(v.sensitive) || marked(v.unknown) {
		return "", false
	}
	text, ok = v.value.(string)
	return text, ok
}

// number is the whole number under a name.
func (s side) number(name string) (int, bool) {
	v := s.at(name)
	n, ok := v.value.(json.Number)
	if !ok || marked(v.sensitive) {
		return 0, false
	}
	i, err := strconv.Atoi(n.String())
	return i, err == nil
}

// masked is a decoded value in which what is sensitive or unknown is replaced.
func (s side) masked(depth int) any {
	switch {
	case marked(s.sensitive):
		return textSensitive
	case marked(s.unknown):
		return textUnknown
	case depth > maxDepth:
		return "…"
	}
	switch v := s.value.(type) {
	case map[string]any:
		m := map[string]any{}
		for _, name := range names(s) {
			m[name] = s.at(name).masked(depth + 1)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = s.at(i).masked(depth + 1)
		}
		return list
	}
	return s.value
}

// print is a value as one text; empty for none.
func (s side) print() string {
	switch v := s.masked(0).(type) {
	case nil:
		return ""
	case string:
		if v == "" {
			return `""`
		}
		return cut(clean(v), maxValue)
	default:
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false) // the page and the Markdown escape by themselves
		if err := enc.Encode(v); err != nil {
			return fmt.Sprintf("(%v)", err)
		}
		return cut(clean(strings.TrimSpace(b.String())), maxValue)
	}
}

// names are the keys of objects, in order. Unknown parts are in the marks only.
func names(sides ...side) []string {
	all := map[string]bool{}
	for _, s := range sides {
		for _, tree := range []any{s.value, s.unknown} {
			m, _ := tree.(map[string]any)
			for name := range m {
				all[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// shape is what a value is compared by.
type shape int

const (
	shapeNone shape = iota
	shapeLeaf
	shapeObject
	shapeList
)

func (s side) shape() shape {
	switch s.value.(type) {
	case map[string]any:
		return shapeObject
	case []any:
		return shapeList
	case nil:
		if _, ok := s.unknown.(map[string]any); ok {
			return shapeObject
		}
		return shapeNone
	}
	return shapeLeaf
}

// comparison gathers the rows of two sides.
type comparison struct {
	rows []Row
	skip func(name string) bool // attributes of the outermost object
}

// compare gives a row for each leaf that differs.
func compare(a, b side, skip func(name string) bool) []Row {
	c := comparison{skip: skip}
	c.walk("", a, b, 0)
	return c.rows
}

func (c *comparison) walk(path string, a, b side, depth int) {
	shape := common(a, b)
	switch {
	case depth > maxDepth || len(c.rows) > maxRows:
		c.differ(path, a, b)
	case shape == shapeObject:
		for _, name := range names(a, b) {
			if depth > 0 || c.skip == nil || !c.skip(name) {
				c.walk(strings.TrimPrefix(path+"."+oneLine(name), "."), a.at(name), b.at(name), depth+1)
			}
		}
	case shape == shapeList:
		x, _ := a.value.([]any)
		y, _ := b.value.([]any)
		for i := range max(len(x), len(y)) {
			c.walk(fmt.Sprintf("%s[%d]", path, i), a.at(i), b.at(i), depth+1)
		}
	default:
		c.differ(path, a, b)
	}
}

// common is the shape by which two sides are compared: as a whole when they have
// none in common, or when one may not be looked into.
func common(a, b side) shape {
	if marked(a.sensitive) || marked(b.sensitive) || marked(b.unknown) {
		return shapeLeaf
	}
	x, y := a.shape(), b.shape()
	switch {
	case x == shapeNone:
		return y
	case y == shapeNone || x == y:
		return x
	}
	return shapeLeaf
}

// differ adds a row when two values are not the same. Of secrets only that they
// differ is told, on both sides.
func (c *comparison) differ(path string, a, b side) {
	if same(a, b) || len(c.rows) > maxRows {
		return
	}
	if len(c.rows) == maxRows {
		c.rows = append(c.rows, Row{Attribute: "…", After: "further attributes change as well"})
		return
	}
	if marked(a.sensitive) || marked(b.sensitive) {
		a.sensitive, b.sensitive = a.value != nil, b.value != nil || marked(b.unknown)
	}
	r := Row{Attribute: path, Before: a.print(), After: b.print()}
	if r.Before == r.After && r.After != "" { // two secrets, or two texts that are cut
		r.After += " (another value)"
	}
	c.rows = append(c.rows, r)
}

// same tells that nothing changes.
func same(a, b side) bool {
	if marked(b.unknown) {
		return false
	}
	x, errX := json.Marshal(a.value)
	y, errY := json.Marshal(b.value)
	return errX == nil && errY == nil && string(x) == string(y)
}
