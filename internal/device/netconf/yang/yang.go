// Package yang reads in the text of a YANG module (RFC 7950) what the
// comparison of configurations needs: in which lists the order of the entries
// means something.
package yang

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/openconfig/goyang/pkg/yang"
)

// Lists tells of the names of lists and leaf-lists whether their entries have
// an order of the user's ("ordered-by user"). A name that stands for several
// lists has one if any of them has.
type Lists map[string]bool

// Read reads one module or submodule: its lists, wherever they stand, and the
// names of the modules and submodules that it imports or includes, which may
// hold groupings that it uses. Types, conditions and paths are not looked at.
func Read(text string) (Lists, []string, error) {
	if err := shallow(text); err != nil {
		return nil, nil, err
	}
	top, err := yang.Parse(escape.ReplaceAllStringFunc(text, plain), "the module")
	if err != nil {
		return nil, nil, err
	}
	if len(top) != 1 || top[0].Keyword != "module" && top[0].Keyword != "submodule" {
		return nil, nil, errors.New("the text is not a YANG module")
	}
	r := reader{lists: Lists{}}
	r.read(top[0])
	return r.lists, r.needs, nil
}

// maxDepth is how deep statements may nest: parsing goes down with them.
const maxDepth = 1000

// shallow refuses a text whose blocks nest deeper. Braces within quotes count as
// well: that many stand in no module.
func shallow(text string) error {
	depth := 0
	for _, c := range []byte(text) {
		switch c {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth > maxDepth {
			return fmt.Errorf("the statements nest deeper than %d", maxDepth)
		}
	}
	return nil
}

// escape is a backslash and what follows it.
var escape = regexp.MustCompile(`(?s)\\.`)

// plain has a backslash stand for itself where YANG 1.1 gives it no meaning within
// double quotes: YANG 1.0 leaves that open, and modules have it in patterns.
func plain(escaped string) string {
	if strings.ContainsAny(escaped[1:], "nt\"\\") {
		return escaped
	}
	return `\` + escaped
}

// reader is what is read so far.
type reader struct {
	lists Lists
	needs []string
}

// read reads a statement with everything in it.
func (r *reader) read(s *yang.Statement) {
	switch s.Keyword {
	case "import", "include":
		r.needs = append(r.needs, s.Argument)
	case "list", "leaf-list":
		r.lists[s.Argument] = r.lists[s.Argument] || ofUser(s)
	}
	for _, sub := range s.SubStatements() {
		r.read(sub)
	}
}

// ofUser tells that the entries of a list have an order of the user's.
func ofUser(list *yang.Statement) bool {
	for _, sub := range list.SubStatements() {
		if sub.Keyword == "ordered-by" && sub.Argument == "user" {
			return true
		}
	}
	return false
}
