package xmltree

import (
	"strconv"
	"strings"
)

// Pair is an element of one tree and the one that it is in another; one of
// them is nil where it has no partner.
type Pair struct{ A, B *Node }

// Group is all elements of one name under one parent, in two trees.
type Group struct {
	Pairs []Pair
	// Keys are the child leafs whose values tell the entries apart; empty if
	// there is one element at most, or if their whole content is compared.
	Keys []string
	// Reordered tells that what both trees have stands in another order; After
	// is then what both have, in the order of the second tree.
	Reordered bool
	After     []*Node
}

// usualKeys are names of leafs that are keys of lists wherever they are unique.
var usualKeys = [...]string{"name", "id", "index", "identifier"}

// maxKeys is how many leading leafs are tried as the keys of a list.
const maxKeys = 6

// Match pairs the elements of two trees, group by group, groups in the order
// of names. There is no data model at hand, so it goes by structure:
//
//   - elements of one name under one parent are a list;
//   - its key is a child leaf "name", "id", "index" or "identifier", if
//     every entry has one and no two of a tree share a value; else, where a tree
//     has several entries, the fewest leading child leafs that are unique (RFC
//     7950 section 7.8.5 puts keys first, in the order of the key statement);
//   - entries without a key, and leafs that occur several times, are matched by
//     their whole content;
//   - one element on either side, without a key, is the same element.
func Match(as, bs []*Node) []Group {
	as, bs = inOrder(as), inOrder(bs)
	var out []Group
	for len(as) > 0 || len(bs) > 0 {
		first := head(as, bs)
		i, j := same(as, first), same(bs, first)
		out = append(out, group(as[:i], bs[:j]))
		as, bs = as[i:], bs[j:]
	}
	return out
}

// head is the element with the lower name at the beginning of two lists.
func head(as, bs []*Node) *Node {
	if len(as) == 0 || (len(bs) > 0 && compareNames(bs[0], as[0]) < 0) {
		return bs[0]
	}
	return as[0]
}

// same counts the leading elements that are called as n is.
func same(nodes []*Node, n *Node) int {
	i := 0
	for i < len(nodes) && compareNames(nodes[i], n) == 0 {
		i++
	}
	return i
}

// group pairs elements of one name.
func group(as, bs []*Node) Group {
	keys := keysOf(as, bs)
	if keys == nil && len(as) <= 1 && len(bs) <= 1 {
		return Group{Pairs: []Pair{{at(as), at(bs)}}}
	}
	g := Group{Keys: keys}
	partner := make(map[string]int, len(bs))
	for i, k := range keyTexts(bs, keys) {
		partner[k] = i
	}
	taken, last := make([]bool, len(bs)), -1
	for i, k := range keyTexts(as, keys) {
		j, ok := partner[k]
		if !ok {
			g.Pairs = append(g.Pairs, Pair{A: as[i]})
			continue
		}
		g.Pairs = append(g.Pairs, Pair{as[i], bs[j]})
		g.Reordered = g.Reordered || j < last
		taken[j], last = true, j
	}
	for j, b := range bs {
		switch {
		case !taken[j]:
			g.Pairs = append(g.Pairs, Pair{B: b})
		case g.Reordered:
			g.After = append(g.After, b)
		}
	}
	return g
}

func at(nodes []*Node) *Node {
	if len(nodes) == 0 {
		return nil
	}
	return nodes[0]
}

// keysOf finds the leafs that tell entries apart; nil without any.
func keysOf(as, bs []*Node) []string {
	for _, k := range usualKeys {
		if unique(as, []string{k}) && unique(bs, []string{k}) {
			return []string{k}
		}
	}
	if len(as) <= 1 && len(bs) <= 1 {
		return nil
	}
	model := at(append(as[:len(as):len(as)], bs...))
	var keys []string
	for _, k := range model.Kids[:min(len(model.Kids), maxKeys)] {
		if !k.Leaf() {
			break
		}
		keys = append(keys, k.Local)
		if unique(as, keys) && unique(bs, keys) {
			return keys
		}
	}
	return nil
}

// unique tells that each element has each of these leafs once, and that no two
// have the same values.
func unique(nodes []*Node, keys []string) bool {
	seen := make(map[string]bool, len(nodes))
	for _, n := range nodes {
		text, ok := keyText(n, keys)
		if !ok || seen[text] {
			return false
		}
		seen[text] = true
	}
	return true
}

// keyText joins the values of an entry's keys.
func keyText(n *Node, keys []string) (string, bool) {
	var b strings.Builder
	for _, key := range keys {
		var leaf *Node
		for _, k := range n.Kids {
			if k.Local != key {
				continue
			}
			if leaf != nil || !k.Leaf() {
				return "", false
			}
			leaf = k
		}
		if leaf == nil {
			return "", false
		}
		v := strings.TrimSpace(leaf.Value())
		b.WriteString(strconv.Itoa(len(v)) + " " + v)
	}
	return b.String(), true
}

// keyTexts gives each element what it is found by: its keys, or its content and
// how often that came before.
func keyTexts(nodes []*Node, keys []string) []string {
	out := make([]string, len(nodes))
	count := map[string]int{}
	for i, n := range nodes {
		if len(keys) > 0 {
			out[i], _ = keyText(n, keys)
			continue
		}
		text := n.Value()
		if !n.Leaf() {
			text = Digest([]*Node{n})
		}
		out[i] = text + "#" + strconv.Itoa(count[text])
		count[text]++
	}
	return out
}
