// Package xmltree reads configurations as trees of elements, compares and
// writes them. It knows no data model; what it assumes about YANG data in XML
// (RFC 7950) is said where it is assumed.
package xmltree

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Node is an element.
type Node struct {
	Space string // namespace
	Local string // name without prefix
	Attrs []xml.Attr
	// Text is the content of an element without children, as it was written;
	// white space alone counts as nothing.
	Text string
	Kids []*Node
	// Line is where the element begins, from 1.
	Line int

	// prefixes are those that Text uses, with their namespaces.
	prefixes []xml.Attr
	// value is Text with prefixes replaced by namespaces; "" if it has none.
	value string
}

// Leaf tells that the element has no children.
func (n *Node) Leaf() bool { return len(n.Kids) == 0 }

// Value is the text with its prefixes replaced by their namespaces, so that
// equal values are equal whatever the prefix.
func (n *Node) Value() string {
	if n.value != "" {
		return n.value
	}
	return n.Text
}

// Child is the first child of that name in any namespace, or nil.
func (n *Node) Child(local string) *Node {
	for _, k := range n.Kids {
		if k.Local == local {
			return k
		}
	}
	return nil
}

// Attr is the value of an attribute; "" without one.
func (n *Node) Attr(space, local string) string {
	for _, a := range n.Attrs {
		if a.Name.Space == space && a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}

// ParseError tells where and why a text is not a configuration in XML.
type ParseError struct {
	Line, Column int // from 1
	Message      string
}

// Error implements error.
func (e *ParseError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// maxDepth limits how deep elements may nest.
const maxDepth = 200

// scope is the chain of namespace declarations around an element.
type scope struct {
	parent      *scope
	prefix, uri string
}

func (s *scope) find(prefix string) (string, bool) {
	for ; s != nil; s = s.parent {
		if s.prefix == prefix {
			return s.uri, true
		}
	}
	return "", false
}

// open is an element whose end has not come yet.
type open struct {
	node  *Node
	name  xml.Name // as written: Space is the prefix
	scope *scope
	text  strings.Builder
	// textLine and textColumn are where the first text that is not blank is.
	textLine, textColumn int
}

// parser reads raw tokens: the decoder of encoding/xml lets undeclared prefixes
// pass, and resolves none in values.
type parser struct {
	d            *xml.Decoder
	names        map[string]string // one copy of each name
	roots        []*Node
	stack        []*open
	line, column int // where the current token begins
}

// Parse reads the top-level elements of a text. There may be any number of
// them. A document type, an entity of its own, text beside elements and an
// undeclared prefix are errors. Errors are of type *[ParseError].
func Parse(text []byte) ([]*Node, error) {
	p := &parser{d: xml.NewDecoder(bytes.NewReader(text)), names: map[string]string{}}
	for {
		p.line, p.column = p.d.InputPos()
		t, err := p.d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, p.syntax(err)
		}
		if err := p.token(t); err != nil {
			return nil, err
		}
	}
	if len(p.stack) > 0 {
		o := p.stack[len(p.stack)-1]
		return nil, &ParseError{Line: o.node.Line, Column: 1, Message: "<" + o.node.Local + "> is never closed"}
	}
	return p.roots, nil
}

// syntax puts the position into an error of the decoder.
func (p *parser) syntax(err error) error {
	line, column := p.d.InputPos()
	msg := err.Error()
	var se *xml.SyntaxError
	if errors.As(err, &se) {
		line, msg = se.Line, unquoted(se.Msg)
	}
	return &ParseError{Line: line, Column: column, Message: msg}
}

// unquoted is a message of the decoder without the piece of text that it quotes:
// the text of a leaf can be a secret.
func unquoted(msg string) string {
	const entity, name = "invalid character entity", "invalid XML name"
	switch {
	case strings.HasPrefix(msg, entity):
		return entity + ": a plain & is written &amp;"
	case strings.HasPrefix(msg, name):
		return name + ": a plain < is written &lt;"
	}
	return msg
}

func (p *parser) errorf(format string, args ...any) error {
	return &ParseError{Line: p.line, Column: p.column, Message: fmt.Sprintf(format, args...)}
}

func (p *parser) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		return p.start(t)
	case xml.EndElement:
		return p.end(t)
	case xml.CharData:
		return p.text(t)
	case xml.Directive:
		return p.errorf("a document type or entity is not accepted")
	}
	return nil // comments and processing instructions mean nothing
}

func (p *parser) intern(s string) string {
	if have, ok := p.names[s]; ok {
		return have
	}
	p.names[s] = s
	return s
}

func (p *parser) start(t xml.StartElement) error {
	if len(p.stack) >= maxDepth {
		return p.errorf("elements nest deeper than %d", maxDepth)
	}
	o := &open{node: &Node{Local: p.intern(t.Name.Local), Line: p.line}, name: t.Name}
	if len(p.stack) > 0 {
		o.scope = p.stack[len(p.stack)-1].scope
	}
	for _, a := range t.Attr {
		switch {
		case a.Name.Space == "xmlns":
			o.scope = &scope{o.scope, a.Name.Local, p.intern(a.Value)}
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			o.scope = &scope{o.scope, "", p.intern(a.Value)}
		}
	}
	if err := p.resolve(o, t); err != nil {
		return err
	}
	p.stack = append(p.stack, o)
	return nil
}

// resolve gives an element and its attributes their namespaces.
func (p *parser) resolve(o *open, t xml.StartElement) error {
	uri, ok := o.scope.find(t.Name.Space)
	if !ok && t.Name.Space != "" {
		return p.errorf("<%s:%s>: the prefix is not declared", t.Name.Space, t.Name.Local)
	}
	o.node.Space = uri
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" || (a.Name.Space == "" && a.Name.Local == "xmlns") {
			continue
		}
		if a.Name.Space != "" && a.Name.Space != "xml" {
			uri, ok := o.scope.find(a.Name.Space)
			if !ok {
				return p.errorf("attribute %s:%s: the prefix is not declared", a.Name.Space, a.Name.Local)
			}
			a.Name.Space = uri
		}
		o.node.Attrs = append(o.node.Attrs, a)
	}
	return nil
}

func (p *parser) text(t xml.CharData) error {
	blank := len(bytes.TrimSpace(t)) == 0
	if len(p.stack) == 0 {
		if !blank && !bytes.Equal(t, []byte("\xef\xbb\xbf")) {
			return p.errorf("text outside of an element")
		}
		return nil
	}
	o := p.stack[len(p.stack)-1]
	if !blank && o.textLine == 0 {
		lead := t[:bytes.IndexFunc(t, func(r rune) bool { return !strings.ContainsRune(" \t\r\n", r) })]
		o.textLine, o.textColumn = p.line+bytes.Count(lead, []byte("\n")), p.column
	}
	if !blank && len(o.node.Kids) > 0 {
		return mixed(o)
	}
	o.text.Write(t)
	return nil
}

// mixed refuses text beside elements: YANG data has none.
func mixed(o *open) error {
	return &ParseError{Line: o.textLine, Column: o.textColumn, Message: "text beside elements in <" + o.node.Local + ">"}
}

func (p *parser) end(t xml.EndElement) error {
	if len(p.stack) == 0 {
		return p.errorf("</%s> closes nothing", t.Name.Local)
	}
	o := p.stack[len(p.stack)-1]
	if t.Name != o.name {
		return p.errorf("</%s> closes <%s> of line %d", t.Name.Local, o.node.Local, o.node.Line)
	}
	p.stack = p.stack[:len(p.stack)-1]
	if o.node.Leaf() {
		o.setText()
	}
	if len(p.stack) == 0 {
		p.roots = append(p.roots, o.node)
		return nil
	}
	parent := p.stack[len(p.stack)-1]
	if parent.textLine > 0 {
		return mixed(parent)
	}
	parent.node.Kids = append(parent.node.Kids, o.node)
	return nil
}

// prefixed finds names with a prefix in a value.
var prefixed = regexp.MustCompile(`[A-Za-z_][\w.-]*:[A-Za-z_]`)

// qname is a value that is one name with a prefix: an identityref (RFC 7950
// section 9.10.3).
var qname = regexp.MustCompile(`^[A-Za-z_][\w.-]*:[A-Za-z_][\w.-]*$`)

// setText takes over the text of a leaf. Prefixes are looked for where YANG
// has them: in an identityref, and in an instance-identifier, which begins with
// a slash (section 9.13.2).
func (o *open) setText() {
	text := o.text.String()
	trimmed := strings.TrimSpace(text)
	if trimmed == "" {
		return
	}
	o.node.Text = text
	if !strings.Contains(trimmed, ":") || (trimmed[0] != '/' && !qname.MatchString(trimmed)) {
		return
	}
	seen := map[string]bool{}
	value := prefixed.ReplaceAllStringFunc(trimmed, func(m string) string {
		prefix, rest, _ := strings.Cut(m, ":")
		uri, ok := o.scope.find(prefix)
		if !ok {
			return m
		}
		if !seen[prefix] {
			seen[prefix] = true
			o.node.prefixes = append(o.node.prefixes, xml.Attr{Name: xml.Name{Local: prefix}, Value: uri})
		}
		return "{" + uri + "}" + rest
	})
	if len(seen) > 0 {
		o.node.value = value
	}
}
