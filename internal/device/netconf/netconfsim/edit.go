package netconfsim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/rpc"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/xmltree"
)

// Namespaces of the models.
const (
	interfacesNS = "urn:ietf:params:xml:ns:yang:ietf-interfaces"
	systemNS     = "urn:ietf:params:xml:ns:yang:ietf-system"
	nacmNS       = "urn:ietf:params:xml:ns:yang:ietf-netconf-acm"
)

// Operations of RFC 6241 section 7.2.
const opMerge = "merge"

// schema is what the device knows of an element.
type schema struct {
	key       string   // of a list
	many      bool     // a leaf-list
	user      bool     // the entries have an order of the user's
	mandatory []string // child leafs that must be there
	kids      map[string]*schema
	valid     func(string) bool // of a leaf; nil: any text
}

// leaf is any text.
var leaf = &schema{}

// models are the top-level elements: namespace, prefix and schema.
func models() map[string]struct {
	space, prefix string
	*schema
} {
	isType := func(v string) bool { return strings.Contains(v, ":") }
	isBool := func(v string) bool { return v == "true" || v == "false" }
	type model = struct {
		space, prefix string
		*schema
	}
	return map[string]model{
		"interfaces": {interfacesNS, "if", &schema{kids: map[string]*schema{
			"interface": {key: "name", mandatory: []string{"type"}, kids: map[string]*schema{
				"name": leaf, "description": leaf, "type": {valid: isType}, "enabled": {valid: isBool},
			}},
		}}},
		"system": {systemNS, "sys", &schema{kids: map[string]*schema{
			"contact": leaf, "hostname": leaf, "location": leaf,
			"dns-resolver": {kids: map[string]*schema{"search": {many: true, user: true}}},
			"authentication": {kids: map[string]*schema{
				"user": {key: "name", kids: map[string]*schema{"name": leaf, "password": leaf}},
			}},
		}}},
		"nacm": {nacmNS, "nacm", &schema{}},
	}
}

// editor merges what a client sent into a configuration.
type editor struct {
	prefix   string
	asSent   bool // new entries of a list come behind the others
	failures []failure
}

// edit gives the configuration that results; base stays as it is.
func (d *Device) edit(base, src []*xmltree.Node, op string) ([]*xmltree.Node, []failure) {
	known := models()
	e := &editor{asSent: d.opts.OwnOrder}
	out := slices.Clone(base)
	for _, n := range src {
		m, ok := known[n.Local]
		switch {
		case !ok && n.Space != rpc.BaseNS:
			e.fail(failure{tag: "unknown-namespace", text: "unknown namespace", element: "inv:" + n.Local, ns: n.Space, number: 229})
		case !ok || n.Space != m.space:
			e.fail(failure{tag: "unknown-element", text: "unknown object", element: "nc:" + n.Local, number: 293})
		default:
			e.prefix = m.prefix
			out = e.node(out, n, m.schema, "", op)
		}
	}
	out = slices.DeleteFunc(out, func(n *xmltree.Node) bool { return n.Local == "nacm" && n.Leaf() })
	slices.SortStableFunc(out, func(a, b *xmltree.Node) int { return strings.Compare(a.Local, b.Local) })
	if len(e.failures) > 0 {
		return base, e.failures
	}
	return out, nil
}

func (e *editor) fail(f failure) {
	if f.app == "" {
		f.app = "data-invalid"
	}
	e.failures = append(e.failures, f)
}

// node applies one element to its siblings.
func (e *editor) node(siblings []*xmltree.Node, n *xmltree.Node, sc *schema, path, op string) []*xmltree.Node {
	if own := n.Attr(rpc.BaseNS, "operation"); own != "" {
		op = own
	}
	path += "/" + e.prefix + ":" + n.Local
	if sc.key != "" {
		if n.Child(sc.key) == nil {
			e.fail(failure{
				kind: "application", tag: "missing-element", path: path + "[1]", number: 383,
				text: "expected key leaf in list", element: e.prefix + ":" + sc.key,
			})
			return siblings
		}
		path += fmt.Sprintf("[%s:%s='%s']", e.prefix, sc.key, childText(n, sc.key))
	}
	if text := strings.TrimSpace(n.Text); sc.valid != nil && !sc.valid(text) {
		e.fail(failure{tag: "invalid-value", path: path, text: "invalid value", value: text, number: 258})
		return siblings
	}
	i := slices.IndexFunc(siblings, func(m *xmltree.Node) bool { return sc.same(m, n) })
	return e.change(siblings, i, n, sc, path, op)
}

// same tells that two elements are the same node of the data tree.
func (sc *schema) same(a, b *xmltree.Node) bool {
	switch {
	case a.Local != b.Local || a.Space != b.Space:
		return false
	case sc.key != "":
		return childText(a, sc.key) == childText(b, sc.key)
	case sc.many:
		return a.Value() == b.Value()
	}
	return true
}

// change carries out the operation on siblings[i], which is n's counterpart (-1:
// there is none).
func (e *editor) change(siblings []*xmltree.Node, i int, n *xmltree.Node, sc *schema, path, op string) []*xmltree.Node {
	var old []*xmltree.Node
	switch {
	case e.misplaced(op, i >= 0, path):
		return siblings
	case op == "delete" || op == "remove":
		return slices.DeleteFunc(slices.Clone(siblings), func(m *xmltree.Node) bool { return sc.same(m, n) })
	case i >= 0 && op != "replace":
		old = siblings[i].Kids
	}
	made := *n
	made.Attrs, made.Text, made.Kids = nil, strings.TrimSpace(n.Text), e.kids(old, n, sc, path)
	e.check(&made, sc, path)
	out := slices.Clone(siblings)
	if i >= 0 {
		out[i] = &made
		return out
	}
	if e.asSent {
		return append(out, &made)
	}
	return sc.insert(out, &made)
}

// misplaced refuses to delete what is not there, and to create what is.
func (e *editor) misplaced(op string, there bool, path string) bool {
	switch {
	case op == "delete" && !there:
		e.fail(failure{kind: "application", tag: "data-missing", app: "data-incomplete", path: path, text: "data missing", number: 272})
		return true
	case op == "create" && there:
		e.fail(failure{kind: "application", tag: "data-exists", path: path, text: "data exists", number: 273})
		return true
	}
	return false
}

// kids merges the elements within n into those of its counterpart.
func (e *editor) kids(old []*xmltree.Node, n *xmltree.Node, sc *schema, path string) []*xmltree.Node {
	for _, k := range n.Kids {
		ks := sc.kids[k.Local]
		if ks == nil || k.Space != n.Space {
			e.fail(failure{tag: "unknown-element", path: path, text: "unknown object", element: e.prefix + ":" + k.Local, number: 293})
			continue
		}
		old = e.node(old, k, ks, path, opMerge)
	}
	return old
}

// check looks for what an element must have.
func (e *editor) check(n *xmltree.Node, sc *schema, path string) {
	for _, name := range sc.mandatory {
		if n.Child(name) == nil {
			e.fail(failure{
				kind: "application", tag: "data-missing", app: "instance-required", number: 310,
				path: path + "/" + e.prefix + ":" + name, text: "required value instance not found", value: name,
			})
		}
	}
}

// insert puts a new element in its place: entries of a list in the order of
// their keys, as netconfd does.
func (sc *schema) insert(siblings []*xmltree.Node, n *xmltree.Node) []*xmltree.Node {
	if sc.key == "" {
		return append(siblings, n)
	}
	at := slices.IndexFunc(siblings, func(m *xmltree.Node) bool {
		return m.Local == n.Local && childText(m, sc.key) > childText(n, sc.key)
	})
	if at < 0 {
		return append(siblings, n)
	}
	return slices.Insert(siblings, at, n)
}
