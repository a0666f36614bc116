//go:build lab

package faults_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// page is an HTML page, as something in front of Zabbix gives.
func page(status int) giver {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<html><body>%d from the proxy</body></html>", status)
	}
}

// result is an answer of the API to a call that is alone in its POST.
func result(json string) giver {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `[{"jsonrpc":"2.0","result":%s,"id":0}]`, json)
	}
}

// halved is half of the JSON, as if that were all.
func halved(w http.ResponseWriter, _ *http.Request, answer []byte) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(answer[:len(answer)/2])
}

// torn is half of the JSON, and then the connection breaks.
func torn(w http.ResponseWriter, r *http.Request, answer []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	halved(w, r, answer)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// cut breaks the connection.
func cut(http.ResponseWriter, *http.Request, []byte) { panic(http.ErrAbortHandler) }

// late waits until nobody waits any more.
func late(_ http.ResponseWriter, r *http.Request, _ []byte) { <-r.Context().Done() }

// hasty is the provider's environment where answers come too late.
const hasty = "PROVISION_ZABBIX_TIMEOUT=3s"

// url is what every error about such an answer says to look at.
const url = "url in the provider's zabbix block"

// tries is how often a read is sent before it has failed.
const tries = 5

// TestZabbixSpoiltReads spoils what a plan reads, and what an apply reads last
// before it writes: nothing is sent, the error says what to look at, and when the
// answers are whole again all goes on.
func TestZabbixSpoiltReads(t *testing.T) {
	onBoth(t, func(t *testing.T, s *server) {
		t.Parallel() // it mostly waits
		e := newEstate(t, s, binaryOf(), "read", 1)
		e.want(1, "1")
		e.Must(0, "apply", "-auto-approve")
		e.want(1, "2")
		for _, c := range []struct {
			name  string
			spoil spoil
			times int      // of answers that spoil one read
			says  []string // nil: it is tried again, and there is nothing to say
		}{
			{"500 once", spoil{method: "host.get", times: 1, give: page(500)}, 0, nil},
			{"cut off once", spoil{method: "host.get", times: 1, give: cut}, 0, nil},
			{"500", spoil{method: "host.get", give: page(500)}, tries, []string{"HTTP 500, text/html", "500 from the proxy", url}},
			{"a page", spoil{method: "host.get", give: page(200)}, 1, []string{"something else than JSON", "200 from the proxy", url}},
			{"half", spoil{method: "host.get", after: true, give: halved}, 1, []string{"no whole JSON text", url}},
			{"torn", spoil{method: "host.get", after: true, give: torn}, 1, []string{"unexpected EOF", url}},
			{"late", spoil{method: "host.get", give: late}, tries, []string{"Timeout", "raise timeout in the provider's zabbix block"}},
			{"too old", spoil{method: "apiinfo.version", give: result(`"5.4.12"`)}, 0, []string{"version 5.4.12 of Zabbix is too old: 6.0 or later is needed", url}},
			{"no version", spoil{method: "apiinfo.version", give: result(`"garbage"`)}, 0, []string{`"garbage" is not a version of Zabbix`, url}},
			{"no text", spoil{method: "apiinfo.version", give: result(`{"version": 7}`)}, 0, []string{"ask for the version", url}},
		} {
			t.Run(c.name, func(t *testing.T) {
				e := e.in(t)
				if c.name == "late" {
					e.Env = []string{hasty}
				}
				e.misplans(c.spoil, c.says)
				if c.times > 0 {
					c.spoil.times = c.times
					e.misapplies(c.spoil, c.says)
				}
				e.Env = nil
			})
		}
		e.truth()
	})
}

// misplans makes a plan while what it reads is spoilt.
func (e *estate) misplans(what spoil, words []string) {
	e.bed.t.Helper()
	before := e.hosts(e.prefix)
	given := e.gate.spoils(what)
	code, out := e.Terraform("plan", "-detailed-exitcode")
	if len(given()) == 0 {
		e.bed.t.Fatal("nothing was spoilt")
	}
	if words == nil {
		if code != 2 || !strings.Contains(out, "Plan: 0 to add, 1 to change, 0 to destroy") {
			e.bed.t.Errorf("exit code %d:\n%s", code, out)
		}
		return
	}
	if code != 1 {
		e.bed.t.Errorf("exit code %d", code)
	}
	says(e.bed.t, "the plan", out, slices.Concat(words, []string{"Error: read-000: ", e.gate.URL, "Cause: ", "State: not applied", "Next: "})...)
	e.unchanged(before)
}

// misapplies makes a plan and spoils what its apply reads last before it writes.
func (e *estate) misapplies(what spoil, words []string) {
	e.bed.t.Helper()
	before := e.hosts(e.prefix)
	env := e.Env
	e.Env = nil
	e.Must(2, "plan", "-detailed-exitcode", "-out=saved.plan")
	e.Env = env
	what.ready = e.step("compare")
	given := e.gate.spoils(what)
	out := e.Must(1, "apply", "saved.plan")
	if len(given()) != what.times {
		e.bed.t.Errorf("not %d answers were spoilt", what.times)
	}
	says(e.bed.t, "the apply", out, slices.Concat(words, []string{"Error: read-000: commit failed", e.gate.URL, "Cause: ", "State: not applied", "Next: "})...)
	e.unchanged(before)
}

// TestZabbixSpoiltWrites spoils the answers to what an apply writes. What Zabbix
// has done is found and counts, without a second attempt; what it has not done is
// an error that says so, and the next apply does it.
func TestZabbixSpoiltWrites(t *testing.T) {
	onBoth(t, func(t *testing.T, s *server) {
		for _, c := range []struct {
			name  string
			spoil spoil
			all   bool   // of the host's life; else its creation and a change
			says  string // about what was not done
		}{
			{"cut off", spoil{after: true, give: cut}, false, ""},
			{"a page", spoil{after: true, give: page(200)}, true, ""},
			{"504", spoil{after: true, give: page(504)}, false, ""},
			{"half", spoil{after: true, give: halved}, true, ""},
			{"late", spoil{after: true, give: late}, false, ""},
			{"before: cut off", spoil{give: cut}, false, "EOF"},
			{"before: a page", spoil{give: page(200)}, true, "something else than JSON"},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel() // without an answer the provider watches for ten seconds
				e := newEstate(t, s, binaryOf(), "write-"+strings.NewReplacer(" ", "-", ":", "").Replace(c.name), 2)
				if c.name == "late" {
					e.Env = []string{hasty}
				}
				e.want(2, "1")
				e.loses("host.create", c.spoil, c.says)
				made := e.recorded()
				e.want(2, "2")
				e.loses("host.update", c.spoil, c.says)
				if c.all {
					e.want(0, "2") // buried
					e.loses("host.update", c.spoil, c.says)
					e.want(2, "2") // dug up
					e.loses("host.update", c.spoil, c.says)
					e.lines = []string{`on_destroy = "delete"`}
					e.want(2, "2")
					e.Must(0, "apply", "-auto-approve")
					e.want(0, "2")
					e.loses("host.delete", c.spoil, c.says)
				}
				for name, id := range e.recorded() {
					if made[name] != id {
						t.Errorf("%s came back as hostid %s, was %s", name, id, made[name])
					}
				}
			})
		}
	})
}

// loses runs an apply of which the answers to a method are spoilt; then all must
// be well, at once when Zabbix did what it was asked, else after another apply.
func (e *estate) loses(method string, what spoil, words string) {
	e.bed.t.Helper()
	before := e.hosts(e.prefix)
	what.method = method
	given := e.gate.spoils(what)
	code, out := e.Terraform("apply", "-auto-approve")
	e.once(method, given())
	if what.after {
		if code != 0 {
			e.bed.t.Errorf("%s: exit code %d:\n%s", method, code, out)
		}
		e.settled()
		return
	}
	if code != 1 {
		e.bed.t.Errorf("%s: exit code %d", method, code)
	}
	says(e.bed.t, "the apply", out, words, "Error: "+e.prefix, ": commit failed", e.gate.URL, "Cause: ", "State: not applied", "Next: ", url)
	e.unchanged(before)
	e.truth()
}

// once makes sure that each of two hosts was in one of the POSTs, and in no other;
// whether that are one or two is a matter of the machine's load.
func (e *estate) once(method string, posts [][]byte) {
	e.bed.t.Helper()
	var hosts []string
	for _, body := range posts {
		var calls []struct {
			Method string
			Params json.RawMessage
		}
		if err := json.Unmarshal(body, &calls); err != nil {
			e.bed.t.Fatalf("%v in %s", err, body)
		}
		for _, c := range calls {
			if c.Method == method {
				hosts = append(hosts, meant(c.Params)...)
			}
		}
	}
	slices.Sort(hosts)
	if len(hosts) != 2 || hosts[0] == hosts[1] {
		e.bed.t.Errorf("%s was sent for %q, in %d POSTs; want two hosts, each once", method, hosts, len(posts))
	}
}

// meant are the hosts of a call that writes: of one or of several, which host.delete
// has as hostids only.
func meant(params json.RawMessage) []string {
	var elements []json.RawMessage
	if json.Unmarshal(params, &elements) != nil {
		elements = []json.RawMessage{params}
	}
	hosts := make([]string, len(elements))
	for i, p := range elements {
		var host struct{ Host, HostID string }
		_ = json.Unmarshal(p, &host) // a hostid is a text
		hosts[i] = cmp.Or(host.HostID, host.Host, string(p))
	}
	return hosts
}
