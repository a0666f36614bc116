package netconfsim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/rpc"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/xmltree"
)

// kept gives the entries of lists that have no order of the user's the order that
// they had before; new ones come behind. It is what a device does that commits
// only what has changed in its tables.
func kept(before, after []*xmltree.Node, kids map[string]*schema) []*xmltree.Node {
	out := slices.Clone(after)
	at := make(map[*xmltree.Node]int, len(out))
	for i, n := range out {
		sc := kids[n.Local]
		if sc == nil {
			continue
		}
		at[n] = len(before)
		j := slices.IndexFunc(before, func(m *xmltree.Node) bool { return sc.same(m, n) })
		if j < 0 {
			continue
		}
		m := *n
		m.Kids = kept(before[j].Kids, n.Kids, sc.kids)
		out[i], at[&m] = &m, j
	}
	slices.SortStableFunc(out, func(a, b *xmltree.Node) int {
		sc := kids[a.Local]
		if a.Local != b.Local || sc == nil || sc.user || (sc.key == "" && !sc.many) {
			return 0
		}
		return at[a] - at[b]
	})
	return out
}

// roots are the schemas of the top-level elements.
func roots() map[string]*schema {
	out := map[string]*schema{}
	for name, m := range models() {
		out[name] = m.schema
	}
	return out
}

// modules are the texts of the data models, cut down to their lists.
func modules() map[string]string {
	return map[string]string{
		"ietf-interfaces": `module ietf-interfaces { namespace "` + interfacesNS + `"; prefix if;
  import ietf-yang-types { prefix yang; }
  container interfaces { list interface { key "name"; leaf name { type string; } } }
}`,
		"ietf-system": `module ietf-system { namespace "` + systemNS + `"; prefix sys;
  import ietf-yang-types { prefix yang; }
  container system {
    container dns-resolver { leaf-list search { type string; ordered-by user; } }
    container authentication { list user { key name; leaf name { type string { length "0..max"; } } } }
  } // <system>
}`,
		"ietf-yang-types": `module ietf-yang-types { namespace "urn:ietf:params:xml:ns:yang:ietf-yang-types"; prefix yang; }`,
	}
}

// schemas is the list of the data models, of <get>.
func schemas() string {
	var b strings.Builder
	for name := range modules() {
		fmt.Fprintf(&b, `<schema><identifier>%s</identifier><version/><format>ncm:yang</format><namespace>urn:ietf:params:xml:ns:yang:%s</namespace></schema>`, name, name)
	}
	return `<schemas xmlns:ncm="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring">` + b.String() + "</schemas>"
}

// getSchema gives the text of a data model.
func (d *Device) getSchema(op *xmltree.Node) (string, []failure) {
	name := childText(op, "identifier")
	text, ok := modules()[name]
	if !ok || slices.Contains(d.opts.NoSchemas, name) {
		return "", []failure{{tag: "operation-failed", app: "no-matches", text: "no matches found"}}
	}
	return `<data xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring">` + rpc.Escape(text) + "</data>", nil
}
