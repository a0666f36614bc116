package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   spread
	}{
		{nil, spread{}},
		{[]float64{3}, spread{3, 3, 3}},
		{[]float64{9, 1, 2}, spread{2, 1, 9}},
		{[]float64{4, 1, 2, 9}, spread{3, 1, 9}},
	} {
		if got := spreadOf(c.values); got != c.want {
			t.Errorf("spreadOf(%v) = %v, want %v", c.values, got, c.want)
		}
	}
}

func TestRatioIsOfTheSameRound(t *testing.T) {
	s := sample{Bare: took{Wall: 3}, Safe: took{Wall: 7}, Noop: took{Wall: 1}, Provider: took{Wall: 6}}
	s.Plan.Wall = 3
	if s.again() != 2 || s.rest() != 4 || s.restRatio() != 1 {
		t.Errorf("the plan again %v, the rest %v of ratio %v, want 2, 4 and 1", s.again(), s.rest(), s.restRatio())
	}
	if s.ratio() != 1.5 || s.safeRatio() != 0.75 {
		t.Errorf("ratios %v and %v, want 1.5 and 0.75", s.ratio(), s.safeRatio())
	}
}

func TestVerdict(t *testing.T) {
	atMost, below := target{most: 1.25}, target{most: 1.5, below: true}
	for _, c := range []struct {
		target target
		value  float64
		want   string
	}{
		{atMost, 1.25, "yes"},
		{atMost, 1.26, "**no**"},
		{below, 1.49, "yes"},
		{below, 1.5, "**no**"},
	} {
		if got := c.target.verdict(c.value); got != c.want {
			t.Errorf("%s of %v: %s, want %s", c.target.text(), c.value, got, c.want)
		}
	}
}

const savedConf = `frr version 8.4.4
hostname r1
ip route 203.0.113.0/24 Null0
ip route 192.0.2.7/32 Null0
!
interface mgmt0
 description bench round 3
 ip ospf hello-interval 10
 ip address 198.18.1.2/16
exit
!
end
`

func TestIntents(t *testing.T) {
	r := router{name: "r1", kind: "router", saved: body(savedConf)}
	merge, whole := r.intent("round 4"), r.whole(2)
	for _, gone := range []string{"frr version", "end\n", "192.0.2.7", "round 3", "hello-interval"} {
		if strings.Contains(merge, gone) || strings.Contains(whole, gone) {
			t.Errorf("an intent still has %q:\n%s", gone, whole)
		}
	}
	for _, there := range []string{"hostname r1\n", "ip route 203.0.113.0/24 Null0\n", " ip address 198.18.1.2/16\n", " description bench round 4\n"} {
		if !strings.Contains(merge, there) {
			t.Errorf("the intent has no %q:\n%s", there, merge)
		}
	}
	if !strings.Contains(whole, "ip route 192.0.2.3/32 Null0\n") {
		t.Errorf("the replacement has no route of its round:\n%s", whole)
	}
	if xmlIntent("a") == xmlIntent("b") {
		t.Error("two rounds of NETCONF are the same")
	}
}

// labDir is a lab's directory with a router and a NETCONF device.
func labDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"inventory.tsv":     "jump\tjump\t127.0.0.1\t31300\tjump\t198.18.0.1\t22\nr1\trouter\t127.0.0.1\t31301\tnetops\t198.18.1.2\t22\nn1\tnetconf\t127.0.0.1\t31302\tnetops\t198.18.100.1\t830\n",
		"r1/data/frr.conf":  savedConf,
		"id_ed25519":        "none",
		"known_hosts":       "",
		"n1/data/leftovers": "",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadRouters(t *testing.T) {
	routers, err := readRouters(labDir(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	want := []router{{name: "r1", kind: "router", host: "127.0.0.1", port: 31301, saved: body(savedConf)}}
	if !reflect.DeepEqual(routers, want) {
		t.Errorf("got %+v, want %+v", routers, want)
	}
	if _, err := readRouters(labDir(t), 2); err == nil {
		t.Error("a lab of one router has two")
	}
}

func TestInventory(t *testing.T) {
	nodes, err := readNodes(labDir(t))
	if err != nil {
		t.Fatal(err)
	}
	got := inventory(nodes[1:])
	want := "devices:\n" +
		"  r1: {host: 127.0.0.1, port: 31301, driver: frr, status: active, config_file: configs/r1.conf}\n" +
		"  n1: {host: 127.0.0.1, port: 31302, driver: netconf, status: active, config_file: configs/n1.xml}\n"
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestWorkspaceKeepsTheCallersTerraformOut(t *testing.T) {
	t.Setenv("TF_CLI_ARGS", "-parallelism=1")
	t.Setenv("PROVISION_MAX_SESSIONS", "1")
	b := &bench{options: options{work: t.TempDir(), bin: "/programs", lab: "/lab"}}
	w, err := b.newWorkspace("w", "noop", noopConfig)
	if err != nil {
		t.Fatal(err)
	}
	for _, kv := range w.env {
		if strings.HasPrefix(kv, "TF_CLI_ARGS=") || strings.HasPrefix(kv, "PROVISION_") {
			t.Errorf("Terraform gets %s", kv)
		}
	}
	rc, err := os.ReadFile(filepath.Join(w.dir, "terraform.rc"))
	if err != nil || !strings.Contains(string(rc), `"netprovision/noop" = "/programs/noop"`) {
		t.Errorf("terraform.rc: %v: %s", err, rc)
	}
}

func TestTimed(t *testing.T) {
	got, err := timed(exec.Command("sh", "-c", "exit 2"), 0, 2)
	if err != nil || got.Wall <= 0 {
		t.Errorf("took %+v, error %v", got, err)
	}
	_, err = timed(exec.Command("sh", "-c", "echo why; exit 1"), 0, 2)
	if err == nil || !strings.Contains(err.Error(), "exit code 1") || !strings.Contains(err.Error(), "why") {
		t.Errorf("error %v, want the exit code and the output", err)
	}
	if _, err := timed(exec.Command("/does/not/exist"), 0); err == nil {
		t.Error("a program that is not there was run")
	}
}

func TestPeakOf(t *testing.T) {
	if got := peakOf("Name:\tterraform-provi\nVmPeak:\t 900 kB\nVmHWM:\t  100000 kB\n"); got != 102.4 {
		t.Errorf("peak %v MB, want 102.4", got)
	}
	if got := peakOf("Name:\tterraform\nVmHWM:\t  100000 kB\n"); got != 0 {
		t.Errorf("Terraform itself counts %v MB", got)
	}
}

func TestStepsAreTakenOnce(t *testing.T) {
	b := &bench{collected: newCollection()}
	w := &workspace{dir: t.TempDir()}
	lines := `{"step":"open","outcome":"ok","duration_ms":40}
{"step":"open","outcome":"ok","duration_ms":60}
{"step":"settle","outcome":"skipped","duration_ms":0}
`
	if err := w.write("events.jsonl", lines); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := b.steps(w, rowRead); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string][]float64{"open": {40, 60}}
	if got := b.collected.Steps[rowRead]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// measured is a collection with something in every row.
func measured() *collection {
	c := newCollection()
	two := func(bare, safe, noop, provider float64) []sample {
		s := sample{Bare: took{Wall: bare}, Safe: took{Wall: safe}, Noop: took{Wall: noop}, Provider: took{Wall: provider, CPU: 0.5, Peak: 120}, Load: "0.5"}
		return []sample{s, s}
	}
	c.Samples[rowRead], c.Devices[rowRead] = two(1, 0, 1, 2), 50
	c.Samples[rowMerge], c.Devices[rowMerge] = two(1, 3, 1, 4), 50
	for i := range c.Samples[rowMerge] {
		c.Samples[rowMerge][i].Plan.Wall = 2
	}
	c.Samples[rowManyRead], c.Devices[rowManyRead], c.Devices[fewKey] = two(5, 0, 0, 30), 200, 50
	c.Samples[rowLargeRead], c.Devices[rowLargeRead] = two(0, 0, 0, 9), 50
	c.Steps[rowMerge] = map[string][]float64{"commit": slices.Repeat([]float64{80, 90, 100, 90}, 25)}
	c.Sizes[sizeConfig], c.Sizes[sizeSmall], c.Sizes[sizeLarge] = 1000000, 5000, 5010
	return c
}

func TestReport(t *testing.T) {
	text, err := measured().render(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), []string{"2 cores"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Measured on 2026-11-23", "- 2 cores\n", "0.5 (0.5 to 0.5)",
		"| plan without changes | 50 | 2 | 1.00 (1.00 to 1.00) | 1.00 (1.00 to 1.00) | 2.00 (2.00 to 2.00) | 1.00 (1.00 to 1.00) | <= 1.25 | yes |",
		"| apply, merge | 50 | 2 | 1.00 (1.00 to 1.00) | 1.00 (1.00 to 1.00) | 4.00 (4.00 to 4.00) | 2.00 (2.00 to 2.00) | <= 1.25 | **no** |",
		"| apply, merge | 3.00 (3.00 to 3.00) | 4.00 (4.00 to 4.00) | 1.00 (1.00 to 1.00) |",
		"| apply, merge | 4.00 (4.00 to 4.00) | 1.00 (1.00 to 1.00) | 3.00 (3.00 to 3.00) | 1.50 (1.50 to 1.50) |\n\nOf the",
		"| commit |  | 1 x 90 |",
		"| plan without changes | 50 | 100.00 (100.00 to 100.00) | 200 | 150.00 (150.00 to 150.00) | 2 | 1.50 (1.50 to 1.50) | **no** |",
		"| plan without changes | 50 | 2 | 120 (120 to 120) | 9.00 (9.00 to 9.00) | yes |",
		"5000 bytes", "5010 bytes", "1.002 times",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report has no %q", want)
		}
	}
	for _, no := range []string{"NETCONF: apply of one change, confirmed from a fresh session |", "<no value>", "\n\n\n"} {
		if strings.Contains(text, no) {
			t.Errorf("the report has %q:\n%s", no, text)
		}
	}
}

func TestCollectionIsKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "results.json")
	want := measured()
	if err := want.store(file); err != nil {
		t.Fatal(err)
	}
	got, err := load(file)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := load(file); err == nil {
		t.Error("broken results were read")
	}
}

func TestRoundsAreKeptAtOnce(t *testing.T) {
	b := &bench{options: options{results: filepath.Join(t.TempDir(), "results.json")}, collected: newCollection()}
	b.add(rowRead, 50, sample{Provider: took{Wall: 2}})
	kept, err := load(b.results)
	if err != nil || len(kept.Samples[rowRead]) != 1 || kept.Devices[rowRead] != 50 {
		t.Errorf("kept %+v, %v", kept, err)
	}
}

func TestReportIsWritten(t *testing.T) {
	dir := t.TempDir()
	results, out := filepath.Join(dir, "results.json"), filepath.Join(dir, "report.md")
	if err := measured().store(results); err != nil {
		t.Fatal(err)
	}
	if err := run(context.Background(), []string{"report", "-results", results, "-report", out}); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(out); err != nil || !strings.HasPrefix(string(text), "---\npage_title:") {
		t.Errorf("report: %v: %s", err, text)
	}
}

func TestRunRefuses(t *testing.T) {
	for _, args := range [][]string{nil, {"unknown"}, {"speed", "-rounds", "x"}, {"speed", "-lab", "/does/not/exist"}} {
		if err := run(context.Background(), args); err == nil {
			t.Errorf("bench %v did not fail", args)
		}
	}
}

func TestValueOf(t *testing.T) {
	if got := gigabytes(valueOf("MemFree: 1 kB\nMemTotal:       24000000 kB\n", "MemTotal")); got != "25 GB of memory" {
		t.Errorf("got %q", got)
	}
	if got := gigabytes(valueOf("", "MemTotal")); got != "memory not known" {
		t.Errorf("got %q", got)
	}
}
