package netconf

import (
	"errors"
	"fmt"

	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/rpc"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/xmltree"
)

// errEmpty refuses a configuration that says nothing: in replace mode it would
// take everything away.
var errEmpty = errors.New("the configuration is empty: it must hold at least one element of a data model")

// parseIntent reads an intended configuration: an element <config>, or any
// number of elements that are its content.
func parseIntent(text []byte) ([]*xmltree.Node, error) {
	nodes, err := xmltree.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("the configuration is not XML: %w", err)
	}
	if len(nodes) == 1 && isConfig(nodes[0]) {
		if nodes[0].Text != "" {
			return nil, lineError(nodes[0], "<config> holds text and no elements")
		}
		nodes = nodes[0].Kids
	}
	if len(nodes) == 0 {
		return nil, errEmpty
	}
	for _, n := range nodes {
		if err := checkRoot(n); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

// isConfig tells <config> of NETCONF, or of no namespace, from an element of
// that name in a data model.
func isConfig(n *xmltree.Node) bool {
	return n.Local == "config" && (n.Space == "" || n.Space == rpc.BaseNS)
}

// checkRoot refuses what is not a configuration but carries one.
func checkRoot(n *xmltree.Node) error {
	if n.Space != rpc.BaseNS && n.Space != "" {
		return nil
	}
	switch n.Local {
	case "rpc", "edit-config", "copy-config", "rpc-reply", "data", "target", "source", "hello":
		return lineError(n, "<%s> is a NETCONF message: give only the content of its <config> or <data>", n.Local)
	case "config":
		return lineError(n, "a second <config>: put everything into one")
	}
	return nil
}

func lineError(n *xmltree.Node, format string, args ...any) error {
	return &xmltree.ParseError{Line: n.Line, Column: 1, Message: fmt.Sprintf(format, args...)}
}

// nacm is the container of access control rules. It is one without presence
// (RFC 8341, model ietf-netconf-acm), so an empty one is none; netconfd makes it
// at every start.
const nacm = "urn:ietf:params:xml:ns:yang:ietf-netconf-acm"

// parseData reads a configuration that the device gave. Attributes are marks of
// the server (RFC 7952), not configuration.
func parseData(raw []byte) ([]*xmltree.Node, error) {
	nodes, err := xmltree.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("the device's answer: %w", err)
	}
	if len(nodes) != 1 {
		return nil, fmt.Errorf("the device's answer has %d roots", len(nodes))
	}
	var out []*xmltree.Node
	for _, n := range nodes[0].Kids {
		if n.Space == nacm && n.Local == "nacm" && n.Leaf() {
			continue
		}
		out = append(out, n)
	}
	stripAttrs(out)
	return out, nil
}

func stripAttrs(nodes []*xmltree.Node) {
	for _, n := range nodes {
		n.Attrs = nil
		stripAttrs(n.Kids)
	}
}
