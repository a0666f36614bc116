package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// router is a router, or a NETCONF device, of the lab.
type router struct {
	name, kind, host string
	port             int
	saved            string // its configuration as it booted, without header and end
}

// file is the name of the file with its configuration.
func (r router) file() string {
	if r.kind == "netconf" {
		return r.name + ".xml"
	}
	return r.name + ".conf"
}

// readRouters reads the first n routers of a lab.
func readRouters(lab string, n int) ([]router, error) {
	all, err := readNodes(lab)
	if err != nil {
		return nil, err
	}
	var list []router
	for _, r := range all {
		if r.kind != "router" || len(list) == n {
			continue
		}
		text, err := os.ReadFile(filepath.Join(lab, r.name, "data", "frr.conf"))
		if err != nil {
			return nil, err
		}
		r.saved = body(string(text))
		list = append(list, r)
	}
	if len(list) != n {
		return nil, fmt.Errorf("the lab in %s has %d routers, not %d", lab, len(list), n)
	}
	return list, nil
}

// readNodes reads how to reach the nodes of a lab.
func readNodes(lab string) ([]router, error) {
	table, err := os.ReadFile(filepath.Join(lab, "inventory.tsv"))
	if err != nil {
		return nil, err
	}
	var list []router
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) < 4 {
			return nil, fmt.Errorf("inventory.tsv: not understood: %q", line)
		}
		port, err := strconv.Atoi(f[3])
		if err != nil {
			return nil, fmt.Errorf("inventory.tsv: %w", err)
		}
		list = append(list, router{name: f[0], kind: f[1], host: f[2], port: port})
	}
	return list, nil
}

// body is a saved configuration without what no intent holds, and without the
// marks of earlier rounds.
func body(saved string) string {
	var b strings.Builder
	for line := range strings.Lines(saved) {
		word := strings.TrimSpace(line)
		if word == defaultHello || strings.HasPrefix(word, "frr version") || word == "end" || strings.HasPrefix(word, "ip route "+markNet) {
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}

// defaultHello stands in the saved configuration of a large lab, and no router
// shows it: it is FRR's default.
const defaultHello = "ip ospf hello-interval 10"

// markNet is the network of the routes that tell the rounds of a replacement
// apart (RFC 5737).
const markNet = "192.0.2."

// mark is the description that tells the rounds apart.
func mark(text string) string {
	return "interface mgmt0\n description bench " + text + "\nexit\n!\n"
}

// asBooted is what the router booted with: nothing is left to do.
func asBooted(r router) string { return r.saved }

// intent is the configuration of a round: what the router booted with, and
// another description of the management interface.
func (r router) intent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(r.saved) {
		if !strings.HasPrefix(line, " description management") && !strings.HasPrefix(line, " description bench ") {
			b.WriteString(line)
		}
	}
	return b.String() + mark(text)
}

// whole is a round of a replacement: a route comes and the one before goes.
func (r router) whole(i int) string {
	return fmt.Sprintf("%sip route %s%d/32 Null0\n!\n", r.intent("replace"), markNet, i%250+1)
}

// names joins the names of routers.
func names(list []router) string {
	var all []string
	for _, r := range list {
		all = append(all, r.name)
	}
	return strings.Join(all, ",")
}
