// Package yang reads in the text of a YANG module (RFC 7950) what the
// comparison of configurations needs: in which lists the order of the entries
// means something.
package yang

import (
	"errors"
	"strings"
)

// Lists tells of the names of lists and leaf-lists whether their entries have
// an order of the user's ("ordered-by user"). A name that stands for several
// lists has one if any of them has.
type Lists map[string]bool

// Read reads one module or submodule: its lists, wherever they stand, and the
// names of the modules and submodules that it imports or includes, which may
// hold groupings that it uses. Types, conditions and paths are not looked at.
func Read(text string) (Lists, []string, error) {
	r := &reader{rest: text, lists: Lists{}}
	if err := r.statements("", 0); err != nil {
		return nil, nil, err
	}
	if r.rest != "" {
		return nil, nil, errSyntax
	}
	if !r.module {
		return nil, nil, errors.New("the text is not a YANG module")
	}
	return r.lists, r.needs, nil
}

// errSyntax tells of a text that is not made of YANG statements.
var errSyntax = errors.New("not the syntax of YANG")

// maxDepth is how deep statements may nest.
const maxDepth = 200

type reader struct {
	rest   string
	lists  Lists
	needs  []string
	module bool
}

// statements reads the statements up to the end of a block or of the text; list
// is the name of the list that they are in directly, or empty.
func (r *reader) statements(list string, depth int) error {
	if depth > maxDepth {
		return errSyntax
	}
	for {
		r.skip()
		if r.rest == "" || r.rest[0] == '}' {
			return nil
		}
		if err := r.statement(list, depth); err != nil {
			return err
		}
	}
}

// statement reads one statement with everything in it.
func (r *reader) statement(list string, depth int) error {
	keyword := r.word()
	if keyword == "" {
		return errSyntax
	}
	argument, err := r.argument()
	if err != nil {
		return err
	}
	inner := ""
	switch keyword {
	case "module", "submodule":
		r.module = true
	case "import", "include":
		r.needs = append(r.needs, argument)
	case "list", "leaf-list":
		inner = argument
		r.list(argument, false)
	case "ordered-by":
		r.list(list, argument == "user")
	}
	switch {
	case strings.HasPrefix(r.rest, ";"):
	case strings.HasPrefix(r.rest, "{"):
		r.rest = r.rest[1:]
		if err := r.statements(inner, depth+1); err != nil {
			return err
		}
		if r.rest == "" {
			return errSyntax
		}
	default:
		return errSyntax
	}
	r.rest = r.rest[1:]
	return nil
}

// list notes a list, and whether it has an order of the user's; an empty name is
// none.
func (r *reader) list(name string, user bool) {
	if name != "" {
		r.lists[name] = r.lists[name] || user
	}
}

// argument reads the argument of a statement, "" without one: a word, or quoted
// parts that are joined by +.
func (r *reader) argument() (string, error) {
	r.skip()
	if r.rest == "" || (r.rest[0] != '"' && r.rest[0] != '\'') {
		return r.word(), nil
	}
	var b strings.Builder
	for {
		part, err := r.quoted()
		if err != nil {
			return "", err
		}
		b.WriteString(part)
		r.skip()
		if !strings.HasPrefix(r.rest, "+") {
			return b.String(), nil
		}
		r.rest = r.rest[1:]
		r.skip()
	}
}

// quoted reads one quoted part. What a backslash stands for does not matter to
// the names that are looked for, only that it does not end the part.
func (r *reader) quoted() (string, error) {
	if r.rest == "" || (r.rest[0] != '"' && r.rest[0] != '\'') {
		return "", errSyntax
	}
	quote := r.rest[0]
	for i := 1; i < len(r.rest); i++ {
		switch {
		case r.rest[i] == quote:
			part := r.rest[1:i]
			r.rest = r.rest[i+1:]
			return part, nil
		case r.rest[i] == '\\' && quote == '"':
			i++
		}
	}
	return "", errSyntax
}

// word reads up to white space or the end of the statement, and skips what
// follows.
func (r *reader) word() string {
	end := strings.IndexAny(r.rest, " \t\r\n;{}\"'")
	if end < 0 {
		end = len(r.rest)
	}
	w := r.rest[:end]
	r.rest = r.rest[end:]
	r.skip()
	return w
}

// skip skips white space and comments.
func (r *reader) skip() {
	for {
		r.rest = strings.TrimLeft(r.rest, " \t\r\n\ufeff")
		end := ""
		switch {
		case strings.HasPrefix(r.rest, "//"):
			end = "\n"
		case strings.HasPrefix(r.rest, "/*"):
			end = "*/"
		default:
			return
		}
		_, r.rest, _ = strings.Cut(r.rest[2:], end)
	}
}
