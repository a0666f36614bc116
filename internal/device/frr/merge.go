package frr

import (
	"regexp"
	"strings"
)

// What a merge does cannot be asked of FRR 8.4: frr-reload.py tells which lines
// of the intent are new, but not what they push out. That is worked out here
// from the router's own text, and compared after the commit with what really
// happened; see change.Verify.

// mergeEdits makes the router's "Lines To Add" lines that come and go. exact
// tells that every line is the router's word.
func mergeEdits(add, running []entry) (list []edit, exact bool) {
	m := newMerger(running)
	exact = true
	for _, e := range add {
		edits, own := m.edits(e)
		list = append(list, edits...)
		exact = exact && !own
	}
	return unique(list), exact
}

// merger knows the running configuration.
type merger struct {
	running []entry
	have    set
	noSeq   set
	byPath  map[string][]entry // nil until somebody asks for rivals
	byKey   map[string][]entry // of the paths that are not in byPath any more
}

func newMerger(running []entry) *merger {
	m := &merger{running: running, have: setOf(running), noSeq: set{}}
	for _, e := range running {
		if line, ok := withoutSeq(e.line); ok {
			m.noSeq[entry{e.path, line}] = true
		}
	}
	return m
}

// edits tells what a new line e of the intent does; own tells that some of it
// is our conclusion.
func (m *merger) edits(e entry) (list []edit, own bool) {
	if m.satisfied(e) {
		return nil, false
	}
	target, isNo := unNo(e)
	if isNo {
		for _, r := range m.taken(target) {
			list = append(list, edit{entry: r})
		}
		if len(list) > 0 {
			return append(list, m.shownNo(e)...), true
		}
		return []edit{{entry: e, add: true}}, false
	}
	if no := withNo(e); m.have[no] {
		list = append(list, edit{entry: no})
		if m.defaultOn(e) {
			return list, true // the router shows nothing for a default
		}
	}
	for _, r := range m.rivals(e) {
		list = append(list, edit{entry: r})
	}
	own = len(list) > 0
	return append(list, edit{entry: e, add: true}), own
}

// rivals are the running lines that e takes the place of. What is kept once is
// looked for only in the contexts that it is asked for: mostly few of many.
func (m *merger) rivals(e entry) []entry {
	key := single(e)
	if key == "" {
		return nil
	}
	if m.byPath == nil {
		m.byPath, m.byKey = map[string][]entry{}, map[string][]entry{}
		for _, r := range m.running {
			m.byPath[r.path] = append(m.byPath[r.path], r)
		}
	}
	for _, r := range m.byPath[e.path] {
		if k := single(r); k != "" {
			m.byKey[k] = append(m.byKey[k], r)
		}
	}
	delete(m.byPath, e.path)
	return m.byKey[key]
}

// shownNo is the line "no x" itself where FRR shows it in its place.
func (m *merger) shownNo(e entry) []edit {
	if u, _ := unNo(e); m.defaultOn(u) {
		return []edit{{entry: e, add: true}}
	}
	return nil
}

// satisfied tells that a line that running does not show is nevertheless how
// things are: FRR shows no defaults, and gives list entries a number.
func (m *merger) satisfied(e entry) bool {
	switch u, isNo := unNo(e); {
	case m.have[e] || m.noSeq[e]:
		return true
	case isNo:
		return !m.defaultOn(u) && len(m.taken(u)) == 0
	default:
		return m.defaultOn(e) && !m.have[withNo(e)]
	}
}

// effective is the text of a merge without the lines "no x" of which the router
// has nothing: it would refuse some of them ("Refusing to remove a non-existent
// route"). Comments stand in their place, so that lines keep their numbers.
func effective(text []byte, running []entry) []byte {
	var m *merger
	var lines []string
	for number, e := range each(string(text)) {
		if _, isNo := unNo(e); !isNo {
			continue
		}
		if m == nil {
			m, lines = newMerger(running), strings.Split(string(text), "\n")
		}
		if !m.have[e] && m.satisfied(e) {
			lines[number] = "!"
		}
	}
	if m == nil {
		return text
	}
	return []byte(strings.Join(lines, "\n"))
}

// taken are the running lines that "no e" takes away: e itself, the same
// command with more words, and what is in a context or belongs to a neighbor.
func (m *merger) taken(e entry) []entry {
	var list []entry
	neighbor := wholeNeighbor.FindStringSubmatch(e.line)
	for _, r := range m.running {
		switch {
		case r.continues(e):
		case within(r.path, e.inside()):
		case neighbor != nil && r.ofNeighbor(neighbor[1], e.path):
		default:
			continue
		}
		list = append(list, r)
	}
	return list
}

// continues tells that a line is another one, or the same command with more words.
func (e entry) continues(other entry) bool {
	return e.path == other.path && (e.line == other.line || strings.HasPrefix(e.line, other.line+" ") && !otherCommand(other.line, e.line))
}

// ofNeighbor tells that a line is about a neighbor of the BGP in a context.
func (e entry) ofNeighbor(neighbor, context string) bool {
	return strings.HasPrefix(context, "router bgp ") && within(e.path, context) && strings.HasPrefix(e.line, "neighbor "+neighbor+" ")
}

func within(path, outer string) bool { return path == outer || strings.HasPrefix(path, outer+sep) }

// wholeNeighbor are the lines whose "no" takes everything about a neighbor.
var wholeNeighbor = regexp.MustCompile(`^neighbor (\S+)(?: remote-as \S+| peer-group)?$`)

// otherCommand tells that the longer line is another command than the shorter
// one, though it begins like it: "neighbor x timers connect 1" is not
// "neighbor x timers 3 9".
func otherCommand(short, long string) bool {
	rest := long[len(short)+1:]
	switch {
	case strings.HasSuffix(short, " timers") || short == "timers":
		return strings.HasPrefix(rest, "connect ")
	case short == "maximum-paths":
		return strings.HasPrefix(rest, "ibgp ")
	}
	return false
}

// withoutSeq is a list entry without its number: FRR numbers those that have
// none.
func withoutSeq(line string) (string, bool) {
	if !strings.Contains(line, "seq ") {
		return "", false
	}
	m := numbered.FindStringSubmatch(line)
	if m == nil {
		return "", false
	}
	return m[1] + m[2], true
}

var numbered = regexp.MustCompile(`^((?:ip |ipv6 |bgp )?(?:prefix-list|access-list|community-list|large-community-list|extcommunity-list|as-path access-list) .*?)seq \d+ (.*)$`)

// defaultOn tells whether the router has this command on unless a line
// "no ..." says otherwise: such lines are shown, the command itself is not.
// From the output formats and the default profiles of FRR 8.4's daemons.
func (m *merger) defaultOn(e entry) bool {
	datacenter := m.have[entry{"", "frr defaults datacenter"}]
	switch {
	case neighborActivate.MatchString(e.line):
		bgp, unicast := strings.CutSuffix(e.path, sep+"address-family ipv4 unicast")
		return unicast && !m.have[entry{bgp, "no bgp default ipv4-unicast"}]
	case e.line == "bgp ebgp-requires-policy":
		return !datacenter
	case onInDatacenter.MatchString(e.line):
		return datacenter
	}
	return onByDefault.MatchString(e.line)
}

var (
	neighborActivate = regexp.MustCompile(`^neighbor \S+ activate$`)
	onInDatacenter   = regexp.MustCompile(`^(?:bgp (?:log-neighbor-changes|deterministic-med|default show-(?:nexthop-)?hostname)|log-adjacency-changes)$`)
	onByDefault      = regexp.MustCompile(`^(?:` + strings.Join([]string{
		`ip forwarding`, `ipv6 forwarding`, `zebra nexthop kernel enable`, `route-map optimization`,
		`bgp (?:network import-check|suppress-duplicates|client-to-client reflection|fast-external-failover)`,
		`bgp (?:default ipv4-unicast|graceful-restart notification|hard-administrative-reset|retain route-target all)`,
		`neighbor \S+ send-community(?: (?:all|extended|large))?`, `neighbor \S+ capability extended-nexthop`,
		`link-detect`, `ipv6 nd (?:suppress-ra|ra-fast-retrans)`, `ip ospf mpls ldp-sync`,
		`graceful-restart helper strict-lsa-checking`, `hostname dynamic`,
		`advertise-pip`, `dup-addr-detection`, `use-es-l3nhg`, `proactive-arp`,
	}, `|`) + `)$`)
)

// single is the same for two lines of which the router keeps only the last
// one; empty where lines stand beside each other.
func single(e entry) string {
	m := onlyOne.FindStringSubmatch(e.line)
	if m == nil {
		return ""
	}
	key := m[0]
	if t := strings.TrimPrefix(key, "neighbor "); t != key && strings.HasSuffix(key, " timers ") &&
		strings.HasPrefix(e.line[len(key):], "connect ") {
		key += "connect"
	}
	return e.path + "\x00" + key + "\x00" + direction(e.line)
}

// direction tells apart what is kept once for "in" and once for "out".
func direction(line string) string {
	for _, d := range []string{" in", " out"} {
		if strings.HasPrefix(line, "neighbor ") && strings.HasSuffix(line, d) {
			return d
		}
	}
	return ""
}

var onlyOne = regexp.MustCompile(`^(?:` + strings.Join([]string{
	`hostname `, `domainname `, `password `, `enable password `, `log (?:file|syslog|stdout|facility|record-priority|timestamp precision)\b`,
	`banner motd `, `(?:ip |ipv6 )?router-id `, `frr defaults `,
	`ip protocol \S+ route-map `, `description `, `bandwidth `,
	`ip ospf (?:cost|hello-interval|dead-interval|priority|retransmit-interval|transmit-delay|network|area|authentication|authentication-key|message-digest-key \d+|bfd)\b`,
	`ipv6 ospf6 (?:area|cost|hello-interval|dead-interval|priority|retransmit-interval|transmit-delay|network|instance-id|ifmtu)\b`,
	`isis (?:circuit-type|metric|hello-interval|hello-multiplier|csnp-interval|psnp-interval|priority|network|password)\b`,
	`ip pim (?:drpriority|hello)\b`, `ipv6 nd (?:ra-interval|ra-lifetime|reachable-time|mtu|router-preference)\b`,
	`bgp (?:router-id|cluster-id|confederation identifier|default local-preference|listen limit|graceful-restart (?:restart-time|stalepath-time)|coalesce-time|update-delay)\b`,
	`timers bgp `, `distance bgp `, `distance \d`, `table-map `, `maximum-paths ibgp `, `maximum-paths \d`,
	`neighbor \S+ (?:remote-as|description|password|timers|update-source|ebgp-multihop|ttl-security hops|local-as|port|interface|advertisement-interval|weight|maximum-prefix|maximum-prefix-out|allowas-in|route-map|prefix-list|filter-list|distribute-list|unsuppress-map|default-originate|peer-group|addpath-tx\S*|bfd|shutdown message) ?`,
	`network \S+`, `aggregate-address \S+`, `redistribute \S+`,
	`ospf router-id `, `ospf6 router-id `, `auto-cost reference-bandwidth `, `default-metric `, `default-information originate\b`,
	`timers (?:throttle spf|lsa min-arrival|throttle lsa all) `, `max-metric router-lsa (?:on-startup|on-shutdown)\b`,
	`area \S+ (?:default-cost|authentication|virtual-link \S+)\b`,
	`is-type `, `metric-style `, `(?:area|domain)-password `, `lsp-(?:gen-interval|refresh-interval|mtu) `, `max-lsp-lifetime `, `spf-interval `,
	`set (?:as-path (?:prepend|exclude)|comm-list|community|large-community|extcommunity \S+|ip next-hop|ipv6 next-hop \S+|local-preference|metric|metric-type|origin|src|tag|weight|table|distance|aggregator as|atomic-aggregate|originator-id)\b`,
	`match (?:as-path|community|large-community|extcommunity|interface|ip (?:address|next-hop|route-source)(?: prefix-list| prefix-len)?|ipv6 (?:address|next-hop)(?: prefix-list| prefix-len)?|local-preference|metric|origin|peer|probability|source-protocol|source-vrf|tag|rpki|evpn \S+)\b`,
	`call `, `on-match `, `key-string `, `cryptographic-algorithm `, `(?:accept|send)-lifetime `,
	`(?:ip |ipv6 )?(?:prefix-list|access-list) \S+ seq \d+ `, `(?:ip |ipv6 )?(?:prefix-list|access-list) \S+ (?:description|remark) `,
	`bgp (?:community-list|large-community-list|extcommunity-list) \S+ \S+ seq \d+ `, `bgp as-path access-list \S+ seq \d+ `,
}, `|`) + `)`)
