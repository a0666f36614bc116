//go:build lab

package faults_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// server is a real Zabbix of the lab.
type server struct {
	t       testing.TB
	version string // "7.0"
	dir     string
	env     map[string]string
	api     *api.Client   // of a super admin
	store   *zabbix.Store // as a super admin sees it
}

// zabbixServer finds a Zabbix of the lab. One that is not there is a failure.
func zabbixServer(t testing.TB, version string) *server {
	t.Helper()
	variable := "PROVISION_ZABBIX_" + strings.ReplaceAll(version, ".", "")
	s := &server{t: t, version: version, dir: os.Getenv(variable), env: map[string]string{}}
	if s.dir == "" {
		t.Fatalf("%s is not set: start a Zabbix with tools/zabbix/zabbix.sh up %s DIR and set it to DIR", variable, version)
	}
	for lines := bufio.NewScanner(strings.NewReader(read(t, filepath.Join(s.dir, "env")))); lines.Scan(); {
		if k, v, ok := strings.Cut(lines.Text(), "="); ok {
			s.env[k] = v
		}
	}
	a, err := api.New(api.Config{URL: s.env["ZABBIX_URL"], Username: s.env["ZABBIX_USER"], Password: s.env["ZABBIX_PASSWORD"]})
	if err != nil {
		t.Fatal(err)
	}
	s.api, s.store = a, zabbix.NewStore(a, zabbix.StoreOptions{})
	return s
}

// object is an object of Zabbix's API.
type object = map[string]any

// call makes a call as somebody does by hand, and reads its result.
func (s *server) call(method string, params, into any) {
	s.t.Helper()
	answers, err := s.api.Write(context.Background(), api.Call{Method: method, Params: params})
	if err == nil {
		err = answers[0].Err
	}
	if err == nil && into != nil {
		err = answers[0].Into(into)
	}
	if err != nil {
		s.t.Fatalf("%s: %v", method, err)
	}
}

// made calls a create and gives the id that comes of it.
func (s *server) made(method, key string, params object) string {
	s.t.Helper()
	var ids map[string][]string
	s.call(method, params, &ids)
	return ids[key][0]
}

// script runs a command of tools/zabbix/zabbix.sh on the server.
func (s *server) script(command string) {
	_, here, _, _ := runtime.Caller(0)
	path := filepath.Join(filepath.Dir(here), "..", "..", "..", "tools", "zabbix", "zabbix.sh")
	if out, err := exec.Command("bash", path, command, s.version, s.dir).CombinedOutput(); err != nil {
		s.t.Errorf("zabbix.sh %s: %v: %s", command, err, out)
	}
}

// hosts are those whose technical names begin so, by name.
func (s *server) hosts(prefix string) map[string]*zabbix.Host {
	s.t.Helper()
	all, err := s.store.All(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	found := map[string]*zabbix.Host{}
	for _, h := range all {
		if strings.HasPrefix(h.Name, prefix) {
			found[h.Name] = h
		}
	}
	return found
}

// estate is a configuration of many hosts and the Zabbix that it goes to,
// through a gate.
type estate struct {
	bed
	*server
	gate   *gate
	prefix string // of all names
	count  int
	round  string   // the value of a tag of all hosts
	login  string   // of the provider block
	limits string   // in the provider's zabbix block
	lines  []string // further ones of all hosts, in which %s is the round
	parts  parts    // what those ask for
}

// parts tell what of a host is as intended in a round, by what a difference calls it.
type parts map[string]func(h *zabbix.Host, round string) bool

// newEstate makes one; its hosts go with the test.
func newEstate(t testing.TB, s *server, binary, prefix string, count int) *estate {
	t.Helper()
	e := &estate{
		bed: bed{acctest.NewWorkspace(t, binary), t}, server: s, gate: newGate(t, s.env["ZABBIX_URL"]),
		prefix: prefix, count: count, round: "1", limits: "max_destroy = 1000",
		login: fmt.Sprintf("username = %q, password = %q", s.env["ZABBIX_USER"], s.env["ZABBIX_PASSWORD"]),
	}
	remove := func() {
		var ids []string
		for _, h := range s.hosts(prefix) {
			ids = append(ids, h.ID)
		}
		if len(ids) > 0 {
			s.call("host.delete", ids, nil)
		}
	}
	remove()
	t.Cleanup(remove)
	return e
}

// in is the estate in another test.
func (e *estate) in(t testing.TB) *estate {
	again := *e
	again.bed = bed{e.With(t), t}
	return &again
}

// names are those of the hosts that the configuration has.
func (e *estate) names() []string {
	names := make([]string, e.count)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%03d", e.prefix, i)
	}
	return names
}

// want writes the configuration of so many hosts whose tag has this value. The
// secret macro has a host marked by the run, so that a killed run is found again.
func (e *estate) want(count int, round string) {
	e.bed.t.Helper()
	e.count, e.round = count, round
	lines := []string{
		fmt.Sprintf(`for_each = toset(formatlist("%s-%%03d", range(%d)))`, e.prefix, count), "host = each.key",
		fmt.Sprintf("tags = { round = [%q] }", round), `secret_macros = { "{$FAULTS}" = "planted-faults" }`,
	}
	for _, l := range e.lines {
		lines = append(lines, strings.ReplaceAll(l, "%s", round))
	}
	e.Config(e.provider(), e.host("it", lines...))
}

// provider is the provider block.
func (e *estate) provider() string {
	return acctest.Provider(map[string]string{
		"zabbix":      fmt.Sprintf("{ url = %q, %s, %s, graveyard = { group = \"faults graveyard\" } }", e.gate.URL, e.login, e.limits),
		"events_file": `"events.jsonl"`,
	})
}

// host is a resource with these lines, and what every host needs where they do
// not have it.
func (e *estate) host(label string, lines ...string) string {
	text := strings.Join(lines, "\n  ")
	for name, value := range map[string]string{
		"host": acctest.Quote(e.prefix + "-" + label), "interface": `{ ip = "192.0.2.1" }`, "host_groups": `["Linux servers"]`,
	} {
		if !strings.Contains(text, name+" =") {
			text += fmt.Sprintf("\n  %s = %s", name, value)
		}
	}
	return fmt.Sprintf("resource \"zabbix_agent_host\" %q {\n  provider = provision\n  %s\n}\n", label, text)
}

// asIntended tells that a host is what the configuration says.
func (e *estate) asIntended(h *zabbix.Host) bool {
	for _, is := range e.parts {
		if h == nil || !is(h, e.round) {
			return false
		}
	}
	return h != nil && h.Enabled && slices.Equal(h.Tags, []zabbix.Tag{{Name: "round", Value: e.round}})
}

// resourceChange is what a plan says of one host.
type resourceChange struct {
	Index  string `json:"index"`
	Change struct {
		Actions []string
		After   struct{ Diff string }
	}
}

// inPlan makes a plan and gives what it says of each host.
func (e *estate) inPlan() (code int, changes map[string]resourceChange, output string) {
	e.bed.t.Helper()
	code, output = e.Terraform("plan", "-detailed-exitcode", "-out=truth.plan")
	if code != 0 && code != 2 {
		e.bed.t.Fatalf("the plan failed:\n%s", output)
	}
	raw, err := e.Command("show", "-json", "truth.plan").Output()
	if err != nil {
		e.bed.t.Fatal(err)
	}
	var plan struct {
		Changes []resourceChange `json:"resource_changes"`
	}
	if err := json.Unmarshal(raw, &plan); err != nil {
		e.bed.t.Fatal(err)
	}
	changes = map[string]resourceChange{}
	for _, c := range plan.Changes {
		changes[c.Index] = c
	}
	return code, changes, output
}

// recorded are the hostids in the state by name. One that is tainted is an error.
func (e *estate) recorded() map[string]string {
	e.bed.t.Helper()
	var state struct {
		Resources []struct {
			Instances []struct {
				Index      string `json:"index_key"`
				Status     string
				Attributes struct{ ID string }
			}
		}
	}
	if text := e.Read("terraform.tfstate"); text != "" {
		if err := json.Unmarshal([]byte(text), &state); err != nil {
			e.bed.t.Fatalf("the state: %v", err)
		}
	}
	ids := map[string]string{}
	for _, r := range state.Resources {
		for _, i := range r.Instances {
			if i.Status != "" {
				e.bed.t.Errorf("%s is %s", i.Index, i.Status)
			}
			ids[i.Index] = i.Attributes.ID
		}
	}
	return ids
}

// truth checks, after whatever happened to an apply: a plan that says what Zabbix
// has, an apply that finishes, hosts that are all there once and in the state,
// and a plan without changes.
func (e *estate) truth() {
	e.bed.t.Helper()
	before, known := e.hosts(e.prefix), e.recorded()
	code, changes, output := e.inPlan()
	open := 0
	for _, name := range e.names() {
		open += e.told(changes[name], name, before[name], known[name] != "", output)
	}
	// With nothing to do in Zabbix the state may still have to learn what is there.
	if going := len(changes) - e.count; open+going > 0 && code != 2 {
		e.bed.t.Errorf("%d hosts are not as intended, %d go; the plan says with exit code %d:\n%s", open, going, code, output)
	}
	e.Must(0, "apply", "-auto-approve")
	e.settled()
}

// told compares what a plan says of a host with what Zabbix has; 1 if there is
// anything to do.
func (e *estate) told(c resourceChange, name string, there *zabbix.Host, known bool, output string) int {
	e.bed.t.Helper()
	creates := slices.Equal(c.Change.Actions, []string{"create"})
	revives := strings.Contains(output, fmt.Sprintf("%s: the host %q", name, name+"_archived"))
	resumes := there != nil && strings.Contains(output, fmt.Sprintf("%s: the host %q (hostid %s) was made by run", name, name, there.ID))
	switch {
	case creates == known:
		e.bed.t.Errorf("%s is in the state: %t; the plan says %v", name, known, c.Change.Actions)
	case creates && !revives && (there != nil) != resumes:
		e.bed.t.Errorf("%s is in Zabbix: %t; the plan takes it over: %t:\n%s", name, there != nil, resumes, output)
	case known && e.asIntended(there) != (c.Change.After.Diff == ""):
		e.bed.t.Errorf("%s is as intended: %t; the plan says:\n%s", name, e.asIntended(there), c.Change.After.Diff)
	}
	for header, is := range e.parts {
		if known && is(there, e.round) == strings.Contains(c.Change.After.Diff, "@@ "+header) {
			e.bed.t.Errorf("%s: %s is as intended: %t; the plan says:\n%s", name, header, is(there, e.round), c.Change.After.Diff)
		}
	}
	if creates || !e.asIntended(there) {
		return 1
	}
	return 0
}

// settled checks that all hosts are as intended, once, and in the state, and that
// nothing is left to do.
func (e *estate) settled() {
	e.bed.t.Helper()
	there, known := e.hosts(e.prefix), e.recorded()
	alive := 0
	for name, h := range there {
		if h.Mark.BuriedName == "" {
			alive++
		}
		if h.Mark.BuriedName == "" && known[name] != h.ID {
			e.bed.t.Errorf("%s has hostid %s, the state has %q", name, h.ID, known[name])
		}
	}
	for _, name := range e.names() {
		if !e.asIntended(there[name]) {
			e.bed.t.Errorf("%s is not as intended: %+v", name, there[name])
		}
	}
	if alive != e.count || len(known) != e.count {
		e.bed.t.Errorf("%d hosts in Zabbix, %d in the state, %d wanted", alive, len(known), e.count)
	}
	if code, output := e.Terraform("plan", "-detailed-exitcode"); code != 0 {
		e.bed.t.Errorf("the second plan is not empty:\n%s", output)
	}
}

// ungroup deletes host groups, now and after the test.
func (s *server) ungroup(names ...string) {
	s.t.Helper()
	remove := func() {
		var found []struct {
			ID string `json:"groupid"`
		}
		s.call("hostgroup.get", object{"filter": object{"name": names}}, &found)
		for _, g := range found {
			s.call("hostgroup.delete", []string{g.ID}, nil)
		}
	}
	remove()
	s.t.Cleanup(remove)
}
