package xmltree

// Project gives the part of have that want names: the elements, with have's
// values. Elements that want deletes are left out, those that it replaces are
// there as a whole.
func Project(have, want []*Node) []*Node {
	var out []*Node
	for _, g := range Match(have, want) {
		for _, p := range g.Pairs {
			if p.A == nil || p.B == nil || deletes(p.B) {
				continue
			}
			if p.A.Leaf() || p.B.Leaf() || operation(p.B) == "replace" {
				out = append(out, p.A)
				continue
			}
			n := *p.A
			n.Kids = Project(p.A.Kids, p.B.Kids)
			out = append(out, &n)
		}
	}
	return out
}

// Holds tells that have has every element of want, with the same values; what
// else it has does not count.
func Holds(have, want []*Node) bool {
	for _, g := range Match(have, want) {
		for _, p := range g.Pairs {
			switch {
			case p.B == nil:
			case p.A == nil:
				return false
			case p.A.Leaf() && p.B.Leaf():
				if p.A.Value() != p.B.Value() {
					return false
				}
			case !Holds(p.A.Kids, p.B.Kids):
				return false
			}
		}
	}
	return true
}

// HoldsDeleted tells that have still has an element that want deletes.
func HoldsDeleted(have, want []*Node) bool {
	for _, g := range Match(have, want) {
		for _, p := range g.Pairs {
			if p.A != nil && p.B != nil && (deletes(p.B) || HoldsDeleted(p.A.Kids, p.B.Kids)) {
				return true
			}
		}
	}
	return false
}

// Unnamed counts the leafs of have that want does not name.
func Unnamed(have, want []*Node) int {
	count := 0
	for _, g := range Match(have, want) {
		for _, p := range g.Pairs {
			switch {
			case p.A == nil:
			case p.B == nil:
				count += leafs(p.A)
			case operation(p.B) != "replace" && !deletes(p.B):
				count += Unnamed(p.A.Kids, p.B.Kids)
			}
		}
	}
	return count
}

func leafs(n *Node) int {
	if n.Leaf() {
		return 1
	}
	count := 0
	for _, k := range n.Kids {
		count += leafs(k)
	}
	return count
}

// Known gives have without the elements that none of the other trees has.
func Known(have []*Node, others ...[]*Node) []*Node {
	partners := make(map[*Node][][]*Node, len(have))
	for _, other := range others {
		for _, g := range Match(have, other) {
			for _, p := range g.Pairs {
				if p.A != nil && p.B != nil {
					partners[p.A] = append(partners[p.A], p.B.Kids)
				}
			}
		}
	}
	var out []*Node
	for _, n := range have {
		kids, ok := partners[n]
		if !ok {
			continue
		}
		if n.Leaf() {
			out = append(out, n)
			continue
		}
		m := *n
		m.Kids = Known(n.Kids, kids...)
		out = append(out, &m)
	}
	return out
}

// BaseNS is the namespace of the attribute "operation" (RFC 6241 section 7.2).
const BaseNS = "urn:ietf:params:xml:ns:netconf:base:1.0"

func operation(n *Node) string { return n.Attr(BaseNS, "operation") }

func deletes(n *Node) bool {
	op := operation(n)
	return op == "delete" || op == "remove"
}

// FirstOperation is the first element with an operation attribute, or nil.
func FirstOperation(nodes []*Node) *Node {
	for _, n := range nodes {
		if operation(n) != "" {
			return n
		}
		if found := FirstOperation(n.Kids); found != nil {
			return found
		}
	}
	return nil
}
