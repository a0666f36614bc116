package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

// zabbixDir is the directory of a Zabbix that is at an address and writes this
// access log.
func zabbixDir(t *testing.T, url, log string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "log"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"env": "ZABBIX_URL=" + url + "\nZABBIX_USER=" + zabbixtest.AdminUser + "\nZABBIX_PASSWORD=" + zabbixtest.AdminPassword + "\nZABBIX_AGENT_PORT=18082\n", "log/php.log": log,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const accessLog = `[Tue Nov 24 22:00:00 2026] 127.0.0.1:40000 Accepted
[Tue Nov 24 22:00:00 2026] 127.0.0.1:40000 [200]: POST /api_jsonrpc.php
[Tue Nov 24 22:00:00 2026] 127.0.0.1:40000 Closing
[Tue Nov 24 22:00:01 2026] 127.0.0.1:40001 [200]: GET /index.php
[Tue Nov 24 22:00:02 2026] 127.0.0.1:40002 [200]: POST /api_jsonrpc.php
`

func TestCallsAreCountedInTheAccessLog(t *testing.T) {
	dir := zabbixDir(t, "", accessLog)
	s := &zabbixServer{log: filepath.Join(dir, "log", "php.log")}
	if n, err := s.calls(); n != 2 || err != nil {
		t.Errorf("%d calls, %v", n, err)
	}
}

// A log that does not count must not give figures.
func TestZabbixWithoutAnAccessLogIsRefused(t *testing.T) {
	f := zabbixtest.New(t, zabbixtest.Options{})
	b := &bench{options: options{zabbix: zabbixDir(t, f.URL(), accessLog)}, collected: newCollection()}
	_, err := b.openZabbix(t.Context())
	if err == nil || !strings.Contains(err.Error(), "calls cannot be counted") {
		t.Errorf("error %v", err)
	}
}

func TestEstateOnServer(t *testing.T) {
	f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
	b := &bench{options: options{zabbix: zabbixDir(t, f.URL(), accessLog)}, collected: newCollection()}
	s, _ := b.openZabbix(t.Context())
	f.AddHost(t, zabbixtest.Host{Name: hostPrefix + "1"})
	f.AddHost(t, zabbixtest.Host{Name: hostPrefix + "2"})
	f.AddHost(t, zabbixtest.Host{Name: "other"})
	if err := s.expect(t.Context(), 2); err != nil {
		t.Error(err)
	}
	if err := s.expect(t.Context(), 3); err == nil {
		t.Error("a lost host is not noticed")
	}
	if err := s.empty(t.Context()); err != nil {
		t.Error(err)
	}
	if n, err := s.count(t.Context()); n != 0 || err != nil {
		t.Errorf("%d hosts are left, %v", n, err)
	}
}

func TestEstateArguments(t *testing.T) {
	e := &estate{hosts: 7, revision: 2, onDestroy: "delete", server: &zabbixServer{port: "10051"}, more: []string{"-parallelism=100"}}
	want := "-var=hosts=7 -var=revision=2 -var=on_destroy=delete -var=port=10051 -parallelism=100"
	if got := strings.Join(e.args(), " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestBothEstatesHaveTheSameConfiguration(t *testing.T) {
	b := &bench{options: options{work: t.TempDir(), bin: "/programs"}}
	e := &estate{bench: b, server: &zabbixServer{url: "http://z.example.net", user: "u", password: "p"}}
	body := func(w *workspace) string {
		text, err := os.ReadFile(filepath.Join(w.dir, "main.tf"))
		if err != nil {
			t.Fatal(err)
		}
		_, after, _ := strings.Cut(string(text), "host        =")
		return strings.TrimRight(after, "}\n ")
	}
	for _, each := range []repetition{byKey, byCount} {
		if err := e.workspaces(each); err != nil {
			t.Fatal(err)
		}
		real, noop := body(e.provider), body(e.noop)
		if err := e.floor("hosts-builtin", "", "terraform_data", "input = {", "}", each); err != nil {
			t.Fatal(err)
		}
		if builtin := body(e.noop); real != noop || real != builtin || !strings.Contains(real, `templates   = ["`+templateName+`"]`) || strings.Contains(real, "%!") {
			t.Errorf("the provider's:\n%s\nwhat does nothing:\n%s\nTerraform's own:\n%s", real, noop, builtin)
		}
	}
}

func TestHostRows(t *testing.T) {
	c := newCollection()
	c.Zabbix = "7.0.9"
	add := func(row string, hosts, calls int, noop, provider, peak float64) {
		c.Devices[row] = hosts
		c.Samples[row] = append(c.Samples[row], sample{Noop: took{Wall: noop}, Provider: took{Wall: provider, Calls: calls, Peak: peak}, Load: "1"})
	}
	add(rowHostPlan, 1000, 15, 2, 2.5, 100)
	add(rowHostCreate, 1000, 301, 2, 5, 100)
	add(rowHostTag, 1000, 300, 2, 5.1, 100)
	add(rowHostBury, 1000, 200, 2, 4, 150)
	add(rowHostPlan+small, 100, 9, 1, 4, 60)
	add(rowHostPlan+middle, 1000, 99, 10, 50, 100)
	add(rowHostPlan+huge, 5000, 999, 45, 450, 400)
	text, err := c.render(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), []string{"2 cores"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"on Zabbix 7.0.9 ",
		"| plan without changes | 1000 | 1 | 2.00 (2.00 to 2.00) | 2.50 (2.50 to 2.50) | 1.25 (1.25 to 1.25) | <= 1.25 | 15 (15 to 15) | <= 15 | 100 (100 to 100) | 0.0 | yes |",
		"| create all | 1000 | 1 | 2.00 (2.00 to 2.00) | 5.00 (5.00 to 5.00) | 2.50 (2.50 to 2.50) | <= 2.50 | 301 (301 to 301) | <= 300 | 100 (100 to 100) | 0.0 | **no** |",
		"| 2.55 (2.55 to 2.55) | <= 2.50 | 300 (300 to 300) | <= 300 | 100 (100 to 100) | 0.0 | **no** |",
		"| 2.00 (2.00 to 2.00) | <= 2.50 | 200 (200 to 200) | <= 300 | 150 (150 to 150) | 0.0 | **no** |",
		"| plan without changes | 100 | 1.00 | 4.00 | 4.00 |  |  |  |  | 9 | 60 | 0.0 | yes |",
		"| plan without changes | 1000 | 10.00 | 50.00 | 5.00 | 10.00 | 12.50 | 1.25 | <= 1.30 | 99 | 100 | 0.0 | yes |",
		"| plan without changes | 5000 | 45.00 | 450.00 | 10.00 | 4.50 | 9.00 | 2.00 | <= 1.30 | 999 | 400 | 0.0 | **no** |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report has no %q", want)
		}
	}
	if strings.Contains(text, "Times against a floor") {
		t.Error("what was not measured is reported")
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestReportsAreMerged(t *testing.T) {
	dir := t.TempDir()
	devices, hosts, out := filepath.Join(dir, "devices.json"), filepath.Join(dir, "hosts.json"), filepath.Join(dir, "report.md")
	c := newCollection()
	c.Devices[rowHostPlan], c.Samples[rowHostPlan] = 1000, []sample{{Noop: took{Wall: 1}, Provider: took{Wall: 1}}}
	if err := measured().store(devices); err != nil {
		t.Fatal(err)
	}
	if err := c.store(hosts); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), []string{"report", "-results", devices, "-report", out, hosts}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(text), "| apply, merge |") || !strings.Contains(string(text), "| plan without changes | 1000 |") {
		t.Errorf("%v: %s", err, text)
	}
	if kept, err := load(devices); err != nil || len(kept.Samples[rowHostPlan]) > 0 {
		t.Errorf("the results of others are kept: %v, %v", kept.Samples, err)
	}
	if err := run(t.Context(), []string{"report", "-results", devices, "-report", out, filepath.Join(dir, "none")}); err == nil {
		t.Error("a file that is not there was merged")
	}
}
