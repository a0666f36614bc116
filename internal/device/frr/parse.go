package frr

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
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

// parse reads a configuration. A context is an entry itself, and so is each
// line in it; comments, headings and the ends of contexts are none.
func parse(text string) []entry {
	list, _ := parseNumbered(text)
	return list
}

// parseNumbered is parse with the number of each entry's line, from 0.
func parseNumbered(text string) (list []entry, numbers []int) {
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
		default:
			p.add(line, indented)
			numbers = append(numbers, number)
		}
	}
	return p.list, numbers
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
	list  []entry
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

// add takes one line of configuration.
func (p *parser) add(line string, indented bool) {
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
	p.list = append(p.list, e)
	if in, ok := p.inner[len(p.inner)-1].open(line); ok {
		p.stack, p.inner, p.deep = append(p.stack, e.inside()), append(p.inner, in), p.deep && path != ""
	}
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
	lines := make([]string, 0, len(list))
	for e := range setOf(list) {
		lines = append(lines, e.path+"\x00"+e.line)
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:])
}

// errNotRunning: what should be a running configuration is none.
var errNotRunning = errors.New("the answer to \"show running-config\" is empty or cut short")

// checkRunning tells whether a text is a whole running configuration.
func checkRunning(text []byte) error {
	trimmed := strings.TrimRight(string(text), " \r\n")
	if !strings.HasSuffix(trimmed, "\nend") || !strings.Contains(trimmed, "\nfrr version ") {
		return errNotRunning
	}
	return nil
}
