package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestKindOf(t *testing.T) {
	const pages = `{"query": "query($ids: [String]){objects: devices(id: $ids){id}}"}`
	for _, c := range []struct{ method, path, body, want string }{
		{"GET", "/api/dcim/devices/?fields=id&limit=1000", "", kindPage},
		{"GET", "/api/dcim/devices/?fields=id&name=e00001", "", kindLookup},
		{"POST", "/api/dcim/devices/7/render-config/", "{}", kindConfig},
		{"GET", "/api/ipam/ip-addresses/?id=1", "", kindLookup},
		{"POST", "/api/graphql/", pages, kindPage},
		{"POST", "/api/graphql/", strings.ReplaceAll(pages, "devices", "locations"), kindLookup},
		{"GET", "/api/dcim/devices/?limit=1&depth=0", "", kindLookup},
		{"GET", "/api/dcim/devices/5b2c/?depth=0", "", kindConfig},
		{"GET", "/api/plugins/golden-config/golden-config/?device=5b2c", "", kindConfig},
	} {
		u, err := url.Parse(c.path)
		if err != nil {
			t.Fatal(err)
		}
		if got := kindOf(c.method, u, []byte(c.body)); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.method, c.path, got, c.want)
		}
	}
}

// echo is a server that says what it was asked, and refuses some of it.
func echo(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("API-Version", "4.7")
		if r.URL.Query().Has("refused") {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = io.WriteString(w, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Authorization")+" "+string(body))
	}))
	t.Cleanup(s.Close)
	return s
}

// ask makes a request and returns the answer.
func ask(t *testing.T, method, address, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Token t")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return string(text)
}

func TestTapNotesWhatPasses(t *testing.T) {
	tap, err := openTap(echo(t).URL + "/below")
	if err != nil {
		t.Fatal(err)
	}
	defer tap.close()
	if got := ask(t, "POST", tap.url+"/api/dcim/devices/7/render-config/", "{}"); got != "POST /below/api/dcim/devices/7/render-config/ Token t {}" {
		t.Errorf("passed on: %q", got)
	}
	ask(t, "GET", tap.url+"/api/x/?refused", "")
	seen := tap.taken()
	var did took
	did.count(seen)
	if did.Calls != 2 || did.Requests[kindConfig] != 1 || did.Requests[kindLookup] != 1 || did.Refused != 1 || did.AtOnce != 1 || did.Span <= 0 {
		t.Errorf("%+v", did)
	}
	if seen[0].version != "4.7" || seen[1].status != http.StatusBadRequest {
		t.Errorf("%+v", seen)
	}
	if len(tap.taken()) != 0 {
		t.Error("what was taken is there again")
	}
	again, err := tap.repeat(t.Context(), seen, 2)
	if err != nil || again.Calls != 2 || again.Requests[kindConfig] != 1 || again.Wall <= 0 {
		t.Errorf("%+v, %v", again, err)
	}
	seen[0].status = http.StatusTeapot
	if _, err := tap.repeat(t.Context(), seen, 1); err == nil || !strings.Contains(err.Error(), "HTTP 200, before 418") {
		t.Errorf("another answer than before: %v", err)
	}
	if _, err := openTap("http://a b"); err == nil {
		t.Error("no address is taken for one")
	}
}

func TestSpanOf(t *testing.T) {
	at := func(from, to int) exchange {
		return exchange{from: time.UnixMilli(int64(from)), to: time.UnixMilli(int64(to))}
	}
	for _, c := range []struct {
		list []exchange
		span float64
		most int
	}{
		{nil, 0, 0},
		{[]exchange{at(0, 1000)}, 1, 1},
		{[]exchange{at(0, 1000), at(1000, 1500)}, 1.5, 1},
		{[]exchange{at(0, 3000), at(500, 1000), at(900, 2000)}, 3, 3},
	} {
		if span, most := spanOf(c.list); span != c.span || most != c.most {
			t.Errorf("%v: %v s, %d at once", c.list, span, most)
		}
	}
}

// opened is a source of truth at an address.
func opened(t *testing.T, product, address string) *truth {
	t.Helper()
	dir := t.TempDir()
	name := strings.ToUpper(product)
	if err := os.WriteFile(filepath.Join(dir, "env"), []byte(name+"_URL="+address+"\n"+name+"_TOKEN=secret=1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := &bench{
		options:   options{work: t.TempDir(), bin: "/programs", lab: "/lab", source: dir, devices: 1000},
		collected: newCollection(), routers: []router{{host: "127.0.0.1", port: 2201}, {host: "127.0.0.1", port: 2202}},
	}
	var found *truth
	if err := b.truth(product, func(t *truth) error { found = t; return nil }); err != nil {
		t.Fatal(err)
	}
	if found.url != address || found.token != "secret=1" {
		t.Errorf("found %+v", found)
	}
	return found
}

func TestPlannedDevices(t *testing.T) {
	for product, names := range map[string]string{
		netboxName:   "e00000: {host: 127.0.0.1, port: 2201}\ne00010: {host: 127.0.0.1, port: 2202}\n",
		nautobotName: "bulk-00001: {host: 127.0.0.1, port: 2201}\nbulk-00002: {host: 127.0.0.1, port: 2202}\n",
	} {
		w, err := opened(t, product, "http://127.0.0.1:1").planned(rowSite, 2)
		if err != nil {
			t.Fatal(err)
		}
		list, err := os.ReadFile(filepath.Join(w.dir, "inventory.yaml"))
		if err != nil || string(list) != names {
			t.Errorf("%s: %q, %v", product, list, err)
		}
		main, err := os.ReadFile(filepath.Join(w.dir, "main.tf"))
		if err != nil || !strings.Contains(string(main), product+" = { url = var.url, token = \"secret=1\" }") || !strings.Contains(string(main), `file("/lab/id_ed25519")`) {
			t.Errorf("%s: %s, %v", product, main, err)
		}
	}
}

func TestSourceThatIsNotThere(t *testing.T) {
	b := &bench{options: options{source: t.TempDir()}}
	if err := b.truth(netboxName, func(*truth) error { return nil }); err == nil {
		t.Error("a source without a file env was opened")
	}
}

// curl makes the very requests that were seen, and a refusal is an error.
func TestCurlRepeats(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("this test needs curl")
	}
	var seen atomic.Pointer[bytes.Buffer]
	seen.Store(&bytes.Buffer{})
	target := echo(t)
	proxy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = seen.Load().WriteString(r.Method + " " + r.URL.RequestURI() + " " + r.Header.Get("Authorization") + " " + string(body) + "\n")
	}))
	defer proxy.Close()
	source := opened(t, nautobotName, proxy.URL)
	list := []exchange{
		{method: "GET", path: "/api/a/?b=c%20d", header: http.Header{"Authorization": {"Token x"}}},
		{method: "POST", path: "/api/graphql/", header: http.Header{"Content-Type": {"application/json"}}, body: []byte(`{"query": "{a(b: \"c\")}"}`)},
	}
	if _, err := source.curl(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	want := "GET /api/a/?b=c%20d Token x \nPOST /api/graphql/  {\"query\": \"{a(b: \\\"c\\\")}\"}\n"
	if got := seen.Load().String(); got != want {
		t.Errorf("curl sent %q, want %q", got, want)
	}
	source.url = target.URL
	list[0].path = "/api/?refused"
	if _, err := source.curl(t.Context(), list[:1]); err == nil {
		t.Error("a refusal is taken for an answer")
	}
}

// asked is what a command took, with its requests.
func asked(page, lookup, config int) took {
	return took{Wall: 2, Calls: page + lookup + config, Peak: 100, Requests: map[string]int{kindPage: page, kindLookup: lookup, kindConfig: config}}
}

// sourced is a collection with something in every row about sources of truth.
func sourced() *collection {
	c := newCollection()
	c.Versions[netboxName], c.Versions[nautobotName] = "4.7", "3.2"
	add := func(row string, devices int, s sample) {
		s.Load, c.Devices[row] = "1", devices
		c.Samples[row] = append(c.Samples[row], s)
	}
	list := func(page, lookup int, curl float64) sample {
		return sample{Bare: took{Wall: curl}, Noop: took{Wall: 1}, Provider: asked(page, lookup, 0)}
	}
	add(netboxName+rowList, 1000, list(1, 0, 0.6))
	add(netboxName+rowList+huge, 5000, list(6, 0, 0.1))
	add(nautobotName+rowList, 1000, list(4, 4, 0.5))
	add(nautobotName+rowList+huge, 5000, list(20, 3, 0.5))
	c.Samples[nautobotName+rowList+huge][0].Provider.Peak = 300
	add(netboxName+rowOne, 1, sample{Provider: asked(0, 1, 1)})
	add(nautobotName+rowOne, 1, sample{Provider: asked(0, 4, 2)})
	add(netboxName+rowSite, 100, sample{Provider: asked(1, 2, 100)})
	render := func(bare, provider float64, most int) sample {
		return sample{Bare: took{Span: bare}, Provider: took{Span: provider, AtOnce: most}}
	}
	add(netboxName+rowRender, 100, render(8, 10, 8))
	add(nautobotName+rowRender, 20, render(10, 20, 2))
	return c
}

func TestSourceRows(t *testing.T) {
	text, err := sourced().render(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), []string{"2 cores"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"On a real NetBox 4.7 and a real Nautobot 3.2, with",
		"| NetBox | 1000 | 1 | 0.60 (0.60 to 0.60) | 1.00 (1.00 to 1.00) | 2.00 (2.00 to 2.00) | 1.25 (1.25 to 1.25) | <= 1.30 | 1 | 1 | 1 | 100 (100 to 100) | yes |",
		"| NetBox | 5000 | 1 | 0.10 (0.10 to 0.10) | 1.00 (1.00 to 1.00) | 2.00 (2.00 to 2.00) | 1.82 (1.82 to 1.82) |  | 6 | 5 | 6 | 100 (100 to 100) | yes |",
		"| Nautobot | 1000 | 1 | 0.50 (0.50 to 0.50) | 1.00 (1.00 to 1.00) | 2.00 (2.00 to 2.00) | 1.33 (1.33 to 1.33) | <= 1.30 | 4 | 4 | 8 | 100 (100 to 100) | **no** |",
		"|  | 20 | 20 | 23 | 300 (300 to 300) | **no** |",
		"| NetBox: one device by its name | 1 | 1 | <= 3 | 1 | 1 | yes |",
		"| Nautobot: one device by its name | 1 | 4 | <= 3 | 2 | 2 | **no** |",
		"| NetBox: devices of one site | 100 | 3 | <= 15 | 100 | 1 | yes |",
		"| NetBox | 100 | 1 | 12.50 (12.50 to 12.50) | 10.00 (10.00 to 10.00) | 0.80 (0.80 to 0.80) | >= 0.80 | 8 of 8 | 0 | yes |",
		"| Golden Config | 20 | 1 | 2.00 (2.00 to 2.00) | 1.00 (1.00 to 1.00) | 0.50 (0.50 to 0.50) |  | 2 of 1 | 0 | **no** |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report has no %q", want)
		}
	}
	if strings.Contains(text, "Times against a floor") || strings.Contains(text, "Hosts in Zabbix\n") {
		t.Error("what was not measured is reported")
	}
	if t.Failed() {
		t.Log(text)
	}
}

// Too many pages, refusals and slow renderings are not met.
func TestSourceTargets(t *testing.T) {
	c := sourced()
	c.Samples[netboxName+rowList][0].Provider.Requests[kindPage] = 2
	c.Samples[netboxName+rowSite][0].Provider.Requests[kindLookup] = 15
	c.Samples[netboxName+rowOne][0].Provider.Refused = 1
	c.Samples[netboxName+rowRender][0].Provider.Span = 10.1
	golden := &c.Samples[nautobotName+rowRender][0].Provider
	golden.AtOnce, golden.Refused = 1, 1
	for what, met := range map[string]string{
		"a second page": c.listRows()[0].Met, "requests of a site": c.askRows()[1].Met, "a refusal": c.askRows()[0].Met,
		"slow renderings": c.renderRows()[0].Met, "a sync error": c.renderRows()[1].Met,
	} {
		if met == "yes" {
			t.Errorf("%s: is met", what)
		}
	}
	golden.Refused = 0
	if met := c.renderRows()[1].Met; met != "yes" {
		t.Errorf("one at a time without errors: %s", met)
	}
}

// What is known of sources of truth survives being written, and is merged.
func TestSourcesAreKept(t *testing.T) {
	text, err := json.Marshal(sourced())
	if err != nil {
		t.Fatal(err)
	}
	kept := newCollection()
	if err := json.Unmarshal(text, kept); err != nil {
		t.Fatal(err)
	}
	all := measured()
	all.merge(kept)
	if got := all.listRows(); len(got) != 4 || got[2].Pages != 4 || all.sources() != "a real NetBox 4.7 and a real Nautobot 3.2" || len(all.rows()) == 0 {
		t.Errorf("%+v of %s", got, all.sources())
	}
}
