package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// No BGP runs in the simulators. What the routers would tell about their
// sessions is worked out from the running configurations of all of them.

// speaker is the part of a router's configuration that matters for BGP.
type speaker struct {
	name      string
	as        int
	routerID  string
	addresses []netip.Prefix
	neighbors []neighbor
	networks  []string
}

// neighbor is one configured session.
type neighbor struct {
	address     netip.Addr
	as          int
	description string
	shutdown    bool
}

// parseSpeaker reads a running configuration of FRR.
func parseSpeaker(name, config string) speaker {
	s := speaker{name: name}
	context := ""
	for line := range strings.Lines(config) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "!" {
			continue
		}
		if !strings.HasPrefix(line, " ") {
			context = words[0]
		}
		switch {
		case context == "interface":
			s.interfaceLine(words)
		case context == "router" && len(words) > 1:
			s.routerLine(words)
		}
	}
	return s
}

// interfaceLine takes the address of an interface.
func (s *speaker) interfaceLine(words []string) {
	if len(words) < 3 || words[0] != "ip" || words[1] != "address" {
		return
	}
	if p, err := netip.ParsePrefix(words[2]); err == nil {
		s.addresses = append(s.addresses, p)
	}
}

// routerLine takes a line of "router bgp".
func (s *speaker) routerLine(words []string) {
	switch {
	case words[0] == "router" && words[1] == "bgp" && len(words) > 2:
		s.as, _ = strconv.Atoi(words[2])
	case words[0] == "bgp" && words[1] == "router-id" && len(words) > 2:
		s.routerID = words[2]
	case words[0] == "network":
		s.networks = append(s.networks, words[1])
	case words[0] == "neighbor" && len(words) > 2:
		s.neighborLine(words[1], words[2], words[3:])
	}
}

// neighborLine takes a line about one neighbour.
func (s *speaker) neighborLine(address, what string, rest []string) {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return
	}
	i := slices.IndexFunc(s.neighbors, func(n neighbor) bool { return n.address == addr })
	if i < 0 {
		s.neighbors = append(s.neighbors, neighbor{address: addr})
		i = len(s.neighbors) - 1
	}
	switch n := &s.neighbors[i]; {
	case what == "remote-as" && len(rest) > 0:
		n.as, _ = strconv.Atoi(rest[0])
	case what == "description":
		n.description = strings.Join(rest, " ")
	case what == "shutdown":
		n.shutdown = true
	}
}

// owns tells whether an address is one of the router's.
func (s speaker) owns(a netip.Addr) bool {
	return slices.ContainsFunc(s.addresses, func(p netip.Prefix) bool { return p.Addr() == a })
}

// expects tells whether the router has a session configured to the other one,
// over an interface that both are on.
func (s speaker) expects(other speaker) bool {
	return slices.ContainsFunc(s.neighbors, func(n neighbor) bool {
		onLink := slices.ContainsFunc(s.addresses, func(p netip.Prefix) bool { return p.Contains(n.address) })
		return n.as == other.as && !n.shutdown && onLink && other.owns(n.address)
	})
}

// fabric is all routers of the lab.
type fabric []speaker

// peer is the router at the other end of a session that both ends want.
func (f fabric) peer(s speaker, n neighbor) (speaker, bool) {
	for _, other := range f {
		if other.name != s.name && other.owns(n.address) && s.expects(other) && other.expects(s) {
			return other, true
		}
	}
	return speaker{}, false
}

// received counts the prefixes that a router takes from a peer: those of all
// routers that the peer reaches without it.
func (f fabric) received(by, from speaker) int {
	seen := map[string]bool{by.name: true, from.name: true}
	queue, count := []speaker{from}, 0
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		count += len(s.networks)
		for _, n := range s.neighbors {
			if p, up := f.peer(s, n); up && !seen[p.name] {
				seen[p.name] = true
				queue = append(queue, p)
			}
		}
	}
	return count
}

// summary is what "show bgp summary" would print on a router, without the
// counters that only a running BGP has.
func (f fabric) summary(s speaker) string {
	if s.as == 0 {
		return "% BGP instance not found\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nIPv4 Unicast Summary (simulated: worked out from the configurations):\n")
	fmt.Fprintf(&b, "BGP router identifier %s, local AS number %d\n\n", s.routerID, s.as)
	const row = "%-15s %1s %10s %9s %9s %8s %4s %4s %8s %12s %8s %s\n"
	fmt.Fprintf(&b, row, "Neighbor", "V", "AS", "MsgRcvd", "MsgSent", "TblVer", "InQ", "OutQ", "Up/Down", "State/PfxRcd", "PfxSnt", "Desc")
	for _, n := range s.neighbors {
		state, sent := "Active", 0
		if n.shutdown {
			state = "Idle (Admin)"
		}
		if p, up := f.peer(s, n); up {
			state, sent = strconv.Itoa(f.received(s, p)), f.received(p, s)
		}
		fmt.Fprintf(&b, row, n.address, "4", strconv.Itoa(n.as), "-", "-", "-", "-", "-", "-", state, strconv.Itoa(sent), n.description)
	}
	fmt.Fprintf(&b, "\nTotal number of neighbors %d\n", len(s.neighbors))
	return b.String()
}
