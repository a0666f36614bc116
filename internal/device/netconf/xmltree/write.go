package xmltree

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Write writes elements as XML that stands by itself in an element of namespace
// outer: each declares what it needs.
func Write(nodes []*Node, outer string) []byte {
	var b bytes.Buffer
	for _, n := range nodes {
		n.write(&b, outer)
	}
	return b.Bytes()
}

func (n *Node) write(b *bytes.Buffer, outer string) {
	b.WriteByte('<')
	b.WriteString(n.Local)
	if n.Space != outer && n.Space != "" {
		b.WriteString(` xmlns="` + escape(n.Space) + `"`)
	}
	for _, p := range n.prefixes {
		b.WriteString(` xmlns:` + p.Name.Local + `="` + escape(p.Value) + `"`)
	}
	for i, a := range n.Attrs {
		name := a.Name.Local
		switch a.Name.Space {
		case "":
		case "xml":
			name = "xml:" + name
		default:
			prefix := fmt.Sprintf("a%d", i)
			for n.usesPrefix(prefix) {
				prefix += "a"
			}
			b.WriteString(` xmlns:` + prefix + `="` + escape(a.Name.Space) + `"`)
			name = prefix + ":" + name
		}
		b.WriteString(` ` + name + `="` + escape(a.Value) + `"`)
	}
	if n.Leaf() && n.Text == "" {
		b.WriteString("/>")
		return
	}
	b.WriteByte('>')
	_ = xml.EscapeText(b, []byte(n.Text)) // a bytes.Buffer takes everything
	for _, k := range n.Kids {
		k.write(b, n.Space)
	}
	b.WriteString("</" + n.Local + ">")
}

func (n *Node) usesPrefix(prefix string) bool {
	return slices.ContainsFunc(n.prefixes, func(a xml.Attr) bool { return a.Name.Local == prefix })
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes everything
	return b.String()
}

// Digest is the hex SHA-256 of the canonical form: the order of attributes, the
// order of elements of different names, white space between elements, comments
// and prefixes do not count. The order of elements of one name counts: without
// the data model a list whose order means something (ordered-by user) cannot be
// told from others. Equal digests are equal configurations, different ones may
// differ in an order that means nothing.
func Digest(nodes []*Node) string {
	h := sha256.New()
	canonical(h, nodes)
	return hex.EncodeToString(h.Sum(nil))
}

// canonical writes the canonical form: every part with its length before it,
// so that no two trees share one.
func canonical(w io.Writer, nodes []*Node) {
	for _, n := range inOrder(nodes) {
		part(w, '<', n.Space)
		part(w, ':', n.Local)
		attrs := slices.Clone(n.Attrs)
		slices.SortFunc(attrs, func(a, b xml.Attr) int {
			return strings.Compare(a.Name.Space+" "+a.Name.Local, b.Name.Space+" "+b.Name.Local)
		})
		for _, a := range attrs {
			part(w, '@', a.Name.Space)
			part(w, ':', a.Name.Local)
			part(w, '=', a.Value)
		}
		if n.Leaf() {
			part(w, '.', n.Value())
		}
		canonical(w, n.Kids)
		part(w, '>', "")
	}
}

func part(w io.Writer, kind byte, s string) {
	_, _ = fmt.Fprintf(w, "%c%d ", kind, len(s)) // a hash takes everything
	_, _ = io.WriteString(w, s)
}

// compareNames orders elements by name.
func compareNames(a, b *Node) int {
	if c := strings.Compare(a.Local, b.Local); c != 0 {
		return c
	}
	return strings.Compare(a.Space, b.Space)
}

// inOrder sorts elements by name; those of one name keep their order.
func inOrder(nodes []*Node) []*Node {
	if slices.IsSortedFunc(nodes, compareNames) {
		return nodes
	}
	out := slices.Clone(nodes)
	slices.SortStableFunc(out, compareNames)
	return out
}
