package frr

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"iter"
	"slices"
	"strings"
)

// entry is a line of a configuration in its place.
type entry struct {
	path string // the contexts around it, outermost first, joined by sep
	line string // without indentation, blanks compressed
}

// sep stands between the contexts of a path.
const sep = " / "

// inside is the path of the lines in the context that e opens.
func (e entry) inside() string { return join(e.path, e.line) }

func join(path, line string) string {
	if path == "" {
		return line
	}
	return path + sep + line
}

// contexts are the lines that open one, by where they stand: what frr-reload.py
// 8.4 calls ctx_keywords.
type contexts map[string]contexts

func allContexts() contexts {
	leaf := contexts{}
	return contexts{
		"router bgp ": {
			"address-family ": {"vni ": leaf}, "vnc defaults": leaf, "vnc nve-group ": leaf, "vnc l2-group ": leaf,
			"vrf-policy ": leaf, "bmp targets ": leaf, "segment-routing srv6": leaf,
		},
		"router rip": leaf, "router ripng": leaf, "router isis ": leaf, "router openfabric ": leaf, "router ospf": leaf,
		"router ospf6": leaf, "router eigrp ": leaf, "router babel": leaf,
		"mpls ldp": {"address-family ": {"interface ": leaf}}, "l2vpn ": {"member pseudowire ": leaf},
		"key chain ": {"key ": leaf}, "vrf ": leaf, "interface ": {"link-params": leaf}, "pseudowire ": leaf,
		"segment-routing": {
			"traffic-eng": {
				"segment-list ": leaf, "policy ": {"candidate-path ": leaf},
				"pcep": {"pcc": leaf, "pce ": leaf, "pce-config ": leaf},
			},
			"srv6": {"locators": {"locator ": leaf}},
		},
		"nexthop-group ": leaf, "route-map ": leaf, "pbr-map ": leaf, "rpki": leaf,
		"bfd": {"peer ": leaf, "profile ": leaf}, "line vty": leaf,
	}
}

// open returns the contexts within the one that line opens; ok is false if it
// opens none. Of several the longest counts ("router ospf6").
func (c contexts) open(line string) (inner contexts, ok bool) {
	best := ""
	for prefix, in := range c {
		if strings.HasPrefix(line, prefix) && len(prefix) > len(best) {
			best, inner, ok = prefix, in, true
		}
	}
	if strings.HasPrefix(line, "candidate-path ") && strings.Contains(line, "explicit") {
		return nil, false
	}
	return inner, ok
}

// heading tells a line that is no configuration.
func heading(line string) bool {
	return line == "" || line[0] == '!' || line[0] == '#' ||
		line == "Building configuration..." || line == "Current configuration:"
}

// fixed tells a line at the top that frr-reload.py never adds or takes away
// for being in one text and not in the other: the version that wrote the file.
func fixed(e entry) bool {
	return e.path == "" && (strings.HasPrefix(e.line, "frr version ") || strings.HasPrefix(e.line, "frr defaults ") ||
		e.line == "service integrated-vtysh-config")
}

// parse reads a configuration; see each.
func parse(text string) []entry {
	list := make([]entry, 0, strings.Count(text, "\n")+1)
	for _, e := range each(text) {
		list = append(list, e)
	}
	return list
}

// each gives the entries of a configuration with the numbers of their lines, from
// 0. A context is an entry itself, and so is each line in it; comments, headings
// and the ends of contexts are none. They share the memory of the text.
func each(text string) iter.Seq2[int, entry] {
	return func(yield func(int, entry) bool) {
		p := parser{inner: []contexts{allContexts()}}
		number := -1
		for line := range strings.Lines(text) {
			number++
			indented := line[0] == ' ' || line[0] == '\t'
			line = compress(line)
			switch {
			case heading(line):
			case line == "end":
				p.leave(0)
			case line == "exit" || strings.HasPrefix(line, "exit-"):
				p.leave(len(p.stack) - 1)
			case !yield(number, p.place(line, indented)):
				return
			}
		}
	}
}

// compress takes away indentation and double blanks. The result shares the
// memory of the line where it can: configurations have many lines.
func compress(line string) string {
	line = strings.TrimSpace(line)
	if strings.Contains(line, "  ") || strings.Contains(line, "\t") {
		return strings.Join(strings.Fields(line), " ")
	}
	return line
}

// parser is where parse stands.
type parser struct {
	stack []string   // the paths of the contexts around the next line
	inner []contexts // what each level may open, the top first
	deep  bool       // the lines of the outermost context are indented
}

// leave ends contexts until n are open.
func (p *parser) leave(n int) {
	if n >= 0 {
		p.stack, p.inner = p.stack[:n], p.inner[:n+1]
	}
}

// place puts one line of configuration where it belongs.
func (p *parser) place(line string, indented bool) entry {
	switch {
	case len(p.stack) > 0 && p.deep && !indented:
		p.leave(0) // without "exit", as people write it
	case len(p.stack) > 0:
		p.reopen(line)
		p.deep = p.deep || indented
	}
	path := ""
	if n := len(p.stack); n > 0 {
		path = p.stack[n-1]
	}
	e := entry{path: path, line: line}
	if in, ok := p.inner[len(p.inner)-1].open(line); ok {
		p.stack, p.inner, p.deep = append(p.stack, e.inside()), append(p.inner, in), p.deep && path != ""
	}
	return e
}

// reopen leaves the contexts that a line ends by opening one that does not
// stand in them: "interface eth1" right after a line of "router bgp".
func (p *parser) reopen(line string) {
	for n := len(p.stack); n >= 0; n-- {
		if _, ok := p.inner[n].open(line); ok && (n > 0 || !alsoLine(line)) {
			p.leave(n)
			return
		}
	}
}

// alsoLine tells that what opens a context at the top is a line elsewhere.
func alsoLine(line string) bool {
	return line == "bfd" || strings.HasPrefix(line, "bfd ") || strings.HasPrefix(line, "vrf ")
}

// set is a configuration as a set.
type set map[entry]bool

func setOf(list []entry) set {
	s := make(set, len(list))
	for _, e := range list {
		s[e] = true
	}
	return s
}

// digest is the SHA-256 of a configuration as a set. FRR orders what it shows
// by itself: where order means something, lines carry a sequence number.
func digest(list []entry) string {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b entry) int {
		return cmp.Or(strings.Compare(a.path, b.path), strings.Compare(a.line, b.line))
	})
	h := sha256.New()
	w := bufio.NewWriter(h)
	between := ""
	for _, e := range slices.Compact(list) {
		for _, part := range []string{between, e.path, "\x00", e.line} {
			_, _ = w.WriteString(part)
		}
		between = "\n"
	}
	_ = w.Flush()
	return hex.EncodeToString(h.Sum(nil))
}

// errNotRunning: what should be a running configuration is none.
var errNotRunning = errors.New("the answer to \"show running-config\" is empty or cut short")

// listed is a running configuration without the heading and the "end" that the
// router shows around it, as it stands in a file; of a text that checkRunning
// has passed.
func listed(running string) string {
	if _, rest, ok := strings.Cut(running, "\nCurrent configuration:\n"); ok {
		running = rest
	}
	return strings.TrimSuffix(strings.TrimRight(running, " \r\n"), "end")
}

// checkRunning tells whether a text is a whole running configuration.
func checkRunning(text []byte) error {
	trimmed := bytes.TrimRight(text, " \r\n")
	if !bytes.HasSuffix(trimmed, []byte("\nend")) || !bytes.Contains(trimmed, []byte("\nfrr version ")) {
		return errNotRunning
	}
	return nil
}
