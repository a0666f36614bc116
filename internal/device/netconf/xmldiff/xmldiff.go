// Package xmldiff shows the difference of two configurations in XML, redacted.
package xmldiff

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/xmltree"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// secretLeaf are names of leafs that hold secrets; secretTree those of elements
// in which every leaf is one (an SNMP community's name is its secret).
var (
	secretLeaf = regexp.MustCompile(`(?i)passw|passphrase|secret|community|psk|token|credential|key$|^key|private|cipher|auth-?data|hash`)
	secretTree = regexp.MustCompile(`(?i)passw|passphrase|secret|communit|psk|credential`)
)

// harmless are names that look like secrets and are none: names of keys,
// their numbers and kinds.
var harmless = regexp.MustCompile(`(?i)^key-?(id|name|chain|chains|type|length|size|format)$|^(public-key-format|private-key-format)$`)

// IsSecret tells by its name, and by those of the elements around it, that a
// leaf holds a secret.
func IsSecret(leaf string, around []string) bool {
	for _, a := range around {
		if secretTree.MatchString(a) {
			return true
		}
	}
	return secretLeaf.MatchString(leaf) && !harmless.MatchString(leaf)
}

// Secrets are the values of the leafs that hold secrets.
func Secrets(nodes []*xmltree.Node) []string {
	var out []string
	var walk func([]*xmltree.Node, []string)
	walk = func(nodes []*xmltree.Node, around []string) {
		for _, n := range nodes {
			if n.Leaf() && n.Text != "" && IsSecret(n.Local, around) {
				out = append(out, strings.TrimSpace(n.Text))
			}
			walk(n.Kids, append(around[:len(around):len(around)], n.Local))
		}
	}
	walk(nodes, nil)
	return out
}

// Diff shows what becomes of before in after. A changed leaf is a hunk of its
// own, an element that comes or goes one with everything in it; a list whose
// entries change places is one, unless free says of an entry that the order of
// its list means nothing (nil: every order counts). The header is an XPath. Equal
// trees in another order of names give no hunk; r takes out what the user wants
// hidden.
func Diff(before, after []*xmltree.Node, r *secret.Redactor, free func(entry *xmltree.Node) bool) []provision.Hunk {
	d := differ{redact: r, free: free}
	d.level(place{}, before, after)
	return d.hunks
}

// place is where in the tree something is.
type place struct {
	path  string   // XPath
	names []string // of the elements on the way
	space string   // of the last one
}

type differ struct {
	redact *secret.Redactor
	free   func(*xmltree.Node) bool
	hunks  []provision.Hunk
}

// level compares the children of one element.
func (d *differ) level(at place, before, after []*xmltree.Node) {
	for _, g := range xmltree.Match(before, after) {
		if g.Reordered && (d.free == nil || !d.free(g.After[0])) {
			d.reordered(at, g)
		}
		for _, p := range g.Pairs {
			d.pair(d.below(at, cmp.Or(p.B, p.A), g.Keys), at, p)
		}
	}
}

// below is the place of a child.
func (d *differ) below(at place, n *xmltree.Node, keys []string) place {
	names := append(at.names[:len(at.names):len(at.names)], n.Local)
	path := at.path + "/" + n.Local
	for _, k := range keys {
		path += "[" + k + "=" + quote(d.value(n.Child(k), names)) + "]"
	}
	return place{path: path, names: names, space: n.Space}
}

// quote puts quotes around a value in an XPath.
func quote(v string) string {
	v = strings.Join(strings.Fields(v), " ")
	if strings.Contains(v, "'") {
		return `"` + v + `"`
	}
	return "'" + v + "'"
}

func (d *differ) pair(here, parent place, p xmltree.Pair) {
	switch {
	case p.A == nil:
		d.add(here.path, d.subtree("+ ", "", p.B, parent))
	case p.B == nil:
		d.add(here.path, d.subtree("- ", "", p.A, parent))
	case p.A.Leaf() && p.B.Leaf():
		if p.A.Value() != p.B.Value() {
			d.add(here.path, append(d.lines("- ", p.A, parent.names), d.lines("+ ", p.B, parent.names)...))
		}
	default: // a container that is empty on one side is one with nothing in it
		d.level(here, p.A.Kids, p.B.Kids)
	}
}

func (d *differ) add(header string, lines []string) {
	d.hunks = append(d.hunks, provision.Hunk{Header: d.redact.String(header), Lines: d.redact.Lines(lines, 2)})
}

// value is the text of a leaf, or the mask.
func (d *differ) value(n *xmltree.Node, around []string) string {
	switch {
	case n == nil:
		return ""
	case n.Text != "" && IsSecret(n.Local, around):
		return secret.Mask
	}
	return n.Text
}

// lines are the value of a leaf with a sign before each line.
func (d *differ) lines(sign string, n *xmltree.Node, around []string) []string {
	var out []string
	for l := range strings.SplitSeq(d.value(n, around), "\n") {
		out = append(out, sign+l)
	}
	return out
}

// subtree shows an element with everything in it. Namespaces are shown where
// they change.
func (d *differ) subtree(sign, indent string, n *xmltree.Node, parent place) []string {
	tag := n.Local
	if n.Space != parent.space {
		tag += ` xmlns="` + n.Space + `"`
	}
	lead := sign + indent
	if n.Leaf() {
		v := d.value(n, parent.names)
		if v == "" {
			return []string{lead + "<" + tag + "/>"}
		}
		if v != secret.Mask {
			v = escaper.Replace(v)
		}
		return split(lead, "<"+tag+">"+v+"</"+n.Local+">", sign)
	}
	out := []string{lead + "<" + tag + ">"}
	here := d.below(parent, n, nil)
	for _, k := range n.Kids {
		out = append(out, d.subtree(sign, indent+"  ", k, here)...)
	}
	return append(out, lead+"</"+n.Local+">")
}

// split gives each line of a text its sign.
func split(lead, text, sign string) []string {
	lines := strings.Split(text, "\n")
	lines[0] = lead + lines[0]
	for i := range lines[1:] {
		lines[i+1] = sign + lines[i+1]
	}
	return lines
}

// escaper makes a text readable as XML.
var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;")

// reordered shows the new order of a list.
func (d *differ) reordered(at place, g xmltree.Group) {
	var old, now []string
	name := ""
	for _, p := range g.Pairs {
		if p.A != nil && p.B != nil {
			old = append(old, "- "+d.label(p.A, g.Keys, at))
			name = p.A.Local
		}
	}
	for _, n := range g.After {
		now = append(now, "+ "+d.label(n, g.Keys, at))
	}
	d.add(at.path+"/"+name+orderMark, append(old, now...))
}

// orderMark ends the header of a hunk about the order of a list.
const orderMark = " (order)"

// IsOrder tells that a hunk of [Diff] is about the order of a list.
func IsOrder(h provision.Hunk) bool { return strings.HasSuffix(h.Header, orderMark) }

// label names an entry of a list.
func (d *differ) label(n *xmltree.Node, keys []string, at place) string {
	if len(keys) == 0 {
		return strings.Join(strings.Fields(d.value(n, at.names)), " ")
	}
	names := append(at.names[:len(at.names):len(at.names)], n.Local)
	var values []string
	for _, k := range keys {
		values = append(values, strings.Join(strings.Fields(d.value(n.Child(k), names)), " "))
	}
	return strings.Join(values, " ")
}
