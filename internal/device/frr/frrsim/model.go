package frrsim

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// model is a running configuration: contexts with their lines.
type model struct {
	blocks []*block
}

// block is one context. Its path names it and those around it, outermost
// first, joined by a newline; the top has the empty path.
type block struct {
	path  string
	lines []string
}

// placed is one line of a text in its context.
type placed struct {
	path, line string
	number     int // in the text, from 1
}

// lineError is a line that FRR refuses, in vtysh's words.
type lineError struct {
	number int
	text   string
}

func (e lineError) Error() string { return fmt.Sprintf("line %d: %s", e.number, e.text) }

// kind is the grammar of one sort of context.
type kind struct {
	opens *regexp.Regexp // lines that open a context within
	takes *regexp.Regexp // other lines
}

// grammar tells the sort of a context by the line that opens it.
func grammar(path string) kind {
	last := path[strings.LastIndex(path, "\n")+1:]
	word, _, _ := strings.Cut(last, " ")
	table := kinds()
	switch {
	case strings.HasPrefix(last, "router ") || strings.HasPrefix(last, "key chain "):
		two := strings.SplitN(last, " ", 3)
		return table[two[0]+" "+two[1]]
	case path == "":
		return table[""]
	}
	if k, ok := table[word]; ok {
		return k
	}
	return table["other"]
}

// kinds is the grammar: the part of FRR 8.4.4's that the demo, the suite and
// the usual router need.
var kinds = sync.OnceValue(func() map[string]kind {
	re := regexp.MustCompile
	return map[string]kind{
		"": {
			opens: re(`^(?:interface \S+|router bgp \d+|router ospf|route-map \S+ (?:permit|deny) \d+|key chain \S+|vrf \S+|line vty)$`),
			takes: re(`^(?:hostname \S+|domainname \S+|log \S.*|ip forwarding|ipv6 forwarding|service \S.*|frr version .*|frr defaults \S+|` +
				`ip route \S+/\d+ \S+.*|ip prefix-list \S+ .*|access-list \S+ .*|bgp community-list .*|bgp as-path access-list .*|` +
				`password .*|enable password .*|username \S+ .*|ip router-id \S+|debug .*|banner motd .*)$`),
		},
		"interface": {takes: re(`^(?:description|description .+|ip address \S+/\d+|ipv6 address \S+|ip ospf \S+.*|ipv6 nd \S+.*|shutdown|bandwidth.*|link-detect|mpls \S+)$`)},
		"router bgp": {
			opens: re(`^address-family (?:ipv4|ipv6) (?:unicast|multicast)$`),
			takes: re(`^(?:bgp \S+.*|timers bgp .*|neighbor \S+(?: (?:remote-as|description|timers|password|update-source|ebgp-multihop|` +
				`peer-group|local-as|shutdown|port|bfd|ttl-security|advertisement-interval|disable-connected-check).*)?)$`),
		},
		"address-family": {takes: re(`^(?:network \S+.*|aggregate-address .*|redistribute .*|maximum-paths .*|neighbor \S+ (?:activate|route-map|prefix-list|` +
			`filter-list|next-hop-self|soft-reconfiguration|send-community|maximum-prefix|default-originate|allowas-in).*)$`)},
		"router ospf": {takes: re(`^(?:ospf router-id.*|network \S+ area \S+|passive-interface .*|redistribute .*|area .*|default-information .*|` +
			`auto-cost .*|timers .*|log-adjacency-changes.*|max-metric .*|maximum-paths .*|distance .*|default-metric .*)$`)},
		"route-map": {takes: re(`^(?:match|set|description|call|on-match) .+$`)},
		"key chain": {opens: re(`^key \d+$`)},
		"key":       {takes: re(`^(?:key-string|cryptographic-algorithm) .+$`)},
		"other":     {takes: re(`^\S.*$`)},
	}
})

// fits tells whether a context takes a line, and whether it opens another.
func fits(path, line string) (ok, opens bool) {
	k := grammar(path)
	if k.opens != nil && k.opens.MatchString(line) {
		return true, true
	}
	line = strings.TrimPrefix(line, "no ")
	return (k.takes != nil && k.takes.MatchString(line)) || (k.opens != nil && k.opens.MatchString(line)), false
}

// walk puts the lines of a text into their contexts as vtysh does: a line that
// a context does not take is tried in the one around it.
func walk(text string) (list []placed, errs []error) {
	path := ""
	for i, raw := range strings.Split(text, "\n") {
		line := strings.Join(strings.Fields(raw), " ")
		switch {
		case line == "" || line[0] == '!' || line[0] == '#':
		case line == "end":
			path = ""
		case strings.HasPrefix(line, "exit"):
			path = outer(path)
		default:
			at, opens, ok := find(path, line)
			if !ok {
				errs = append(errs, lineError{i + 1, "% Unknown command[4]: " + strings.TrimRight(raw, " \t\r")})
				continue
			}
			list = append(list, placed{at, line, i + 1})
			if path = at; opens {
				path = strings.TrimPrefix(at+"\n"+line, "\n")
			}
		}
	}
	return list, errs
}

// find looks for the context that takes a line, from path outwards.
func find(path, line string) (at string, opens, ok bool) {
	for {
		if ok, opens := fits(path, line); ok {
			return path, opens, true
		}
		if path == "" {
			return "", false, false
		}
		path = outer(path)
	}
}

func outer(path string) string {
	if i := strings.LastIndex(path, "\n"); i >= 0 {
		return path[:i]
	}
	return ""
}

func inner(path, line string) string { return strings.TrimPrefix(path+"\n"+line, "\n") }

// get returns a context, nil if there is none.
func (m *model) get(path string) *block {
	for _, b := range m.blocks {
		if b.path == path {
			return b
		}
	}
	return nil
}

// make returns a context and makes it if there is none.
func (m *model) make(path string) *block {
	if b := m.get(path); b != nil {
		return b
	}
	if path != "" {
		m.make(outer(path))
	}
	b := &block{path: path}
	m.blocks = append(m.blocks, b)
	return b
}

// drop removes a context and those within.
func (m *model) drop(path string) {
	m.blocks = slices.DeleteFunc(m.blocks, func(b *block) bool {
		return b.path == path || strings.HasPrefix(b.path, path+"\n")
	})
}

// load executes a text; lines that fail are reported, the others take effect.
func (m *model) load(text string) []error {
	list, errs := walk(text)
	for _, p := range list {
		if err := m.execute(p); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// execute executes one command.
func (m *model) execute(p placed) error {
	bare, isNo := strings.CutPrefix(p.line, "no ")
	_, opens := fits(p.path, bare)
	switch {
	case isNo && opens && strings.HasPrefix(bare, "interface "):
		return nil // FRR keeps interfaces that the system has
	case isNo && opens:
		m.drop(inner(p.path, bare))
	case isNo:
		m.remove(p.path, bare)
	case opens:
		if as := m.otherAS(p.line); as != "" {
			return lineError{p.number, "Failure to communicate[13] to bgpd, line: " + p.line + "\nBGP is already running; AS is " + as}
		}
		m.make(inner(p.path, p.line))
	default:
		m.add(p.path, p.line)
	}
	return nil
}

// otherAS is the AS that runs already when a line asks for another one.
func (m *model) otherAS(line string) string {
	as, ok := strings.CutPrefix(line, "router bgp ")
	for _, b := range m.blocks {
		if running, is := strings.CutPrefix(b.path, "router bgp "); ok && is && !strings.Contains(running, "\n") && running != as {
			return running
		}
	}
	return ""
}

// defaults are on and not shown; their "no" is shown.
var defaults = regexp.MustCompile(`^(?:ip forwarding|ipv6 forwarding|bgp ebgp-requires-policy|bgp network import-check|bgp default ipv4-unicast|neighbor \S+ activate|link-detect|bgp suppress-duplicates)$`)

// remove executes "no line".
func (m *model) remove(path, line string) {
	b := m.make(path)
	if defaults.MatchString(line) {
		b.put("no " + line)
		return
	}
	neighbor := regexp.MustCompile(`^neighbor (\S+)(?: remote-as \S+| peer-group)?$`).FindStringSubmatch(line)
	for _, c := range m.blocks {
		if within := neighbor != nil && strings.HasPrefix(c.path, path+"\n"); c.path != path && !within {
			continue
		}
		c.lines = slices.DeleteFunc(c.lines, func(have string) bool {
			if neighbor != nil && strings.HasPrefix(have, "neighbor "+neighbor[1]+" ") {
				return true
			}
			return c.path == path && undoes(line, have)
		})
	}
}

// undoes tells whether "no line" takes a line of the same context away.
func undoes(line, have string) bool {
	same := have == line || strings.HasPrefix(have, line+" ")
	return same && (strings.Contains(line, "timers connect") || !strings.HasPrefix(strings.TrimPrefix(have, line), " connect"))
}

// once are commands of which the last one counts.
var once = regexp.MustCompile(`^(?:hostname|domainname|password|enable password|log file|ip router-id|description|bandwidth|` +
	`ip ospf (?:area|cost|hello-interval|dead-interval|network|priority|retransmit-interval|message-digest-key \d+)|` +
	`bgp router-id|ospf router-id|timers bgp|neighbor \S+ (?:remote-as|description|password|timers connect|timers|update-source|ebgp-multihop)|` +
	`(?:ip prefix-list|access-list) \S+ seq \d+|set \S+|key-string) ?`)

// add executes a line that is not a "no".
func (m *model) add(path, line string) {
	b := m.make(path)
	if defaults.MatchString(line) {
		b.lines = slices.DeleteFunc(b.lines, func(have string) bool { return have == "no "+line })
		return
	}
	line = b.number(line)
	if key := once.FindString(line); key != "" {
		for i, have := range b.lines {
			if once.FindString(have) == key {
				b.lines[i] = line
				return
			}
		}
	}
	b.put(line)
}

var list = regexp.MustCompile(`^((?:ip prefix-list|access-list) \S+ )((?:permit|deny) .*)$`)

// number gives an entry of a list the next number, as FRR does.
func (b *block) number(line string) string {
	m := list.FindStringSubmatch(line)
	if m == nil {
		return line
	}
	last := 0
	for _, have := range b.lines {
		if rest, ok := strings.CutPrefix(have, m[1]+"seq "); ok {
			word, text, _ := strings.Cut(rest, " ")
			if text == m[2] {
				return have
			}
			if n, err := strconv.Atoi(word); err == nil && n > last {
				last = n
			}
		}
	}
	return fmt.Sprintf("%sseq %d %s", m[1], last+5, m[2])
}

func (b *block) put(line string) {
	if !slices.Contains(b.lines, line) {
		b.lines = append(b.lines, line)
	}
}

// rank orders what "show running-config" shows.
func rank(line string) int {
	for i, p := range []string{"frr version", "frr defaults", "hostname", "domainname", "log ", "no ip", "service", "password", "enable", "ip router-id", "ip route"} {
		if strings.HasPrefix(line, p) {
			return i
		}
	}
	return 100
}

// show is the answer to "show running-config" without its heading and end.
func (m *model) show() string {
	var b strings.Builder
	top := slices.Clone(m.make("").lines)
	slices.SortStableFunc(top, func(x, y string) int { return rank(x) - rank(y) })
	for i, l := range top {
		if i > 0 && rank(l) >= 10 && rank(top[i-1]) < 10 {
			b.WriteString("!\n")
		}
		b.WriteString(l + "\n")
	}
	b.WriteString("!\n")
	var tops []string
	for _, c := range m.blocks {
		if c.path != "" && !strings.Contains(c.path, "\n") {
			tops = append(tops, c.path)
		}
	}
	slices.Sort(tops)
	for _, path := range tops {
		m.render(&b, path, 0)
		b.WriteString("!\n")
	}
	return b.String()
}

// render writes a context and those within.
func (m *model) render(b *strings.Builder, path string, depth int) {
	pad := strings.Repeat(" ", depth)
	b.WriteString(pad + path[strings.LastIndex(path, "\n")+1:] + "\n")
	for _, l := range m.get(path).lines {
		b.WriteString(pad + " " + l + "\n")
	}
	for _, c := range m.blocks {
		if c.path != path && outer(c.path) == path {
			b.WriteString(pad + " !\n")
			m.render(b, c.path, depth+1)
		}
	}
	end := "exit"
	if strings.Contains(path, "address-family") {
		end = "exit-address-family"
	}
	b.WriteString(pad + end + "\n")
}
