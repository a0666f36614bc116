package report_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
	"github.com/netprovision/terraform-provider-provision/internal/report"
)

// troubled is a run in which everything goes wrong that can, and a line that a
// power cut left.
const troubled = `{"time":"2026-01-02T03:04:05.100Z","run_id":"run-1","name":"r-unknown","driver":"frr","actor":"alice","trigger":"hook","dry_run":false,"step":"open","outcome":"ok","duration_ms":50}
{"time":"2026-01-02T03:04:05.900Z","run_id":"run-1","name":"r-unknown","driver":"frr","actor":"alice","trigger":"hook","dry_run":false,"step":"commit","outcome":"failed","duration_ms":700,"hunks":[{"header":"interface lo","lines":["- description a","+ description b"]}],"error":"the connection was lost"}
{"time":"2026-01-02T03:04:08.900Z","run_id":"run-1","name":"r-unknown","driver":"frr","actor":"alice","trigger":"hook","dry_run":false,"step":"finished","outcome":"unknown","duration_ms":3850,"error":"r-unknown (frr): commit: the connection was lost; it does not answer any more"}
{"time":"2026-01-02T03:04:05.200Z","run_id":"run-1","name":"r-reverted","driver":"netconf","actor":"alice","trigger":"hook","dry_run":false,"step":"open","outcome":"ok","duration_ms":150}
{"time":"2026-01-02T03:04:06.200Z","run_id":"run-1","name":"r-reverted","driver":"netconf","actor":"alice","trigger":"hook","dry_run":false,"step":"verify","outcome":"failed","duration_ms":900,"error":"the running configuration is another one"}
{"time":"2026-01-02T03:04:06.900Z","run_id":"run-1","name":"r-reverted","driver":"netconf","actor":"alice","trigger":"hook","dry_run":false,"step":"finished","outcome":"reverted","duration_ms":1800,"error":"r-reverted (netconf): verify: the running configuration is another one"}
{"time":"2026-01-02T03:04:05.200Z","run_id":"run-1","name":"r-failed","driver":"frr","actor":"alice","trigger":"hook","dry_run":false,"step":"lock","outcome":"failed","duration_ms":150,"error":"locked by bob"}
{"time":"2026-01-02T03:04:05.300Z","run_id":"run-1","name":"r-failed","driver":"frr","actor":"alice","trigger":"hook","dry_run":false,"step":"finished","outcome":"not applied","duration_ms":250,"error":"r-failed (frr): lock: locked by bob"}
{"time":"2026-01-02T03:04:05.300Z","run_id":"run-1","name":"r-skipped","driver":"frr","actor":"alice","trigger":"hook","dry_run":true,"step":"open","outcome":"skipped","duration_ms":0,"message":"not checked","error":"r-skipped (frr): open: connection refused"}
{"time":"2026-01-02T03:04:05.300Z","run_id":"run-1","name":"r-killed","driver":"frr","actor":"alice","trigger":"hook","dry_run":false,"step":"open","outcome":"ok","duration_ms":100}
{"time":"2026-01-02T03:04:05.300Z","run_id":"run-1","name":"r1","driver":"frr","actor":"alice","trigger":"hook","dry_run":true,"step":"open","outcome":"ok","duration_ms":20}
{"time":"2026-01-02T03:04:05.310Z","run_id":"run-1","name":"r1","driver":"frr","actor":"alice","trigger":"hook","dry_run":true,"step":"finished","outcome":"planned","duration_ms":30}
{"time":"2026-01-02T03:04:05.320Z","run_id":"run-1","name":"r1","driver":"frr","actor":"alice","trigger":"hook","dry_run":false,"step":"open","outcome":"ok","duration_ms":10}
{"time":"2026-01-02T03:04:05.320Z","run_id":"run-1","name":"r1","driver":"frr","actor":"alice","trigger":"hook","dry_run":false,"step":"settle","outcome":"skipped","duration_ms":0,"message":"no commit is pending"}
{"time":"2026-01-02T03:04:05.420Z","run_id":"run-1","name":"r1","driver":"frr","actor":"alice","trigger":"hook","dry_run":false,"step":"commit","outcome":"ok","duration_ms":100,"hunks":[{"lines":["+ ip route 198.51.100.0/24 Null0"]}]}
{"time":"2026-01-02T03:04:05.450Z","run_id":"run-1","name":"r1","driver":"frr","actor":"alice","trigger":"hook","dry_run":false,"step":"finished","outcome":"applied","duration_ms":140}
{"time":"2026-01-02T03:04:05.450Z","run_id":"run-1","name":"r1","driver":"zabbix","actor":"alice","trigger":"hook","dry_run":true,"step":"finished","outcome":"no change","duration_ms":140}
{"time":"2026-01-02T03:04:05.4`

func readRun(t *testing.T, file, id string) *report.Run {
	t.Helper()
	r, err := report.ReadRun(strings.NewReader(file), id, report.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The worst is first, a device and its host are two, and what a person must look
// at is named.
func TestRunStates(t *testing.T) {
	r := readRun(t, troubled, "")
	var got []string
	for _, target := range r.Targets {
		got = append(got, target.Name+" "+target.Driver+": "+string(target.State))
	}
	want := []string{
		"r-unknown frr: unknown", "r-killed frr: unfinished", "r-failed frr: failed", "r-reverted netconf: reverted",
		"r-skipped frr: not checked", "r1 frr: applied", "r1 zabbix: unchanged",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if !r.Bad() || r.Broken != 1 || r.Others != 0 || r.Took() != "3.85 s" || r.Meta.Actor != "alice" || r.Trigger != "hook" {
		t.Errorf("%+v", r)
	}
	if first := r.Targets[0]; first.Error != "r-unknown (frr): commit: the connection was lost; it does not answer any more" {
		t.Error(first.Error)
	}
	if applied := r.Targets[5]; applied.Error != "" || len(applied.Passes) != 1 || len(applied.Dry) != 1 || len(applied.Passes[0].Steps) != 4 ||
		applied.Passes[0].Diff.Added != 1 {
		t.Errorf("%+v", applied)
	}
}

// The timeline places each step between the first and the last moment.
func TestRunTimeline(t *testing.T) {
	pass := readRun(t, troubled, "").Targets[5].Passes[0]
	if got, want := pass.Bar(pass.Steps[2]), (report.Bar{X: "7.14", Width: "71.43"}); got != want {
		t.Errorf("commit: %v, want %v", got, want)
	}
	if got := pass.Bar(pass.Steps[1]); got.Width != "0.80" {
		t.Errorf("what took no time: %v", got)
	}
}

// The page is about one run: the one that is named, else the one that wrote last.
func TestRunChoice(t *testing.T) {
	line := func(run, name string) string {
		return `{"time":"2026-01-02T03:04:05Z","run_id":"` + run + `","name":"` + name + `","driver":"frr","step":"finished","outcome":"applied","dry_run":false}` + "\n"
	}
	file := line("a", "r1") + line("b", "r2") + "\n" + line("a", "r3") + line("c", "r4")
	if r := readRun(t, file, ""); r.Targets[0].Name != "r4" || r.Others != 2 || r.Meta.RunID != "c" {
		t.Errorf("%+v", r)
	}
	if r := readRun(t, file, "a"); len(r.Targets) != 2 || r.Targets[1].Name != "r3" {
		t.Errorf("%+v", r)
	}
	for input, says := range map[string]string{
		"": "no events (0 lines", "{}\nx\n": "no events (2 lines", file: `no events of the run "d", but of 3 others`,
	} {
		_, err := report.ReadRun(strings.NewReader(input), "d", report.Meta{})
		if !errors.Is(err, report.ErrInput) || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

// What Terraform's and the provider's own words are for an outcome does not get
// lost: each has a state.
func TestRunOutcomes(t *testing.T) {
	for outcome, want := range map[string]report.State{
		"applied": report.StateApplied, "not applied": report.StateFailed, "reverted": report.StateReverted, "unknown": report.StateUnknown,
		"no change": report.StateUnchanged, "planned": report.StatePlanned, "ok": report.StateRead, "levitated": report.StateUnknown,
	} {
		r := readRun(t, `{"time":"2026-01-02T03:04:05Z","run_id":"a","name":"r1","driver":"frr","step":"finished","outcome":"`+outcome+`"}`, "")
		if got := r.Targets[0].State; got != want {
			t.Errorf("%s: %s, want %s", outcome, got, want)
		}
	}
}

// Names, messages and differences of events are as foreign as those of a plan.
func TestRunHostile(t *testing.T) {
	raw, err := json.Marshal(eventlog.Record{
		Time: "2026-01-02T03:04:05Z", RunID: hostile, Name: hostile, Driver: hostile, Actor: hostile, Trigger: hostile, Step: hostile, Outcome: hostile,
		Message: hostile, Error: hostile, Hunks: []eventlog.Hunk{{Header: hostile, Lines: []string{"+ " + hostile}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	page := text(t, readRun(t, string(raw), "").WriteHTML)
	for _, bad := range []string{"<script>alert", "<img", "\u202e", "\x1b"} {
		if strings.Contains(page, bad) {
			t.Errorf("%q is in the page", bad)
		}
	}
}

// Two processes of one run that write to one file do not mix up their devices, and
// a device that is worked on again begins anew.
func TestRunPasses(t *testing.T) {
	line := func(name, driver, step, outcome string, dry bool) string {
		return fmt.Sprintf(`{"time":"2026-01-02T03:04:05Z","run_id":"a","name":%q,"driver":%q,"step":%q,"outcome":%q,"dry_run":%t}`+"\n", name, driver, step, outcome, dry)
	}
	r := readRun(t, line("r1", "frr", "open", "ok", true)+line("r2", "frr", "open", "ok", false)+line("r1", "zabbix", "open", "ok", false)+
		line("r1", "frr", "stage", "ok", true)+ // killed here
		line("r1", "frr", "open", "ok", true)+line("r1", "frr", "finished", "planned", true)+
		line("r1", "frr", "open", "ok", false)+line("r2", "frr", "finished", "not applied", false)+
		line("r1", "frr", "finished", "applied", false)+line("r1", "frr", "open", "ok", true)+line("r1", "frr", "finished", "no change", true), "")
	var got []string
	for _, target := range r.Targets {
		got = append(got, fmt.Sprintf("%s %s: %s, %d and %d dry", target.Name, target.Driver, target.State, len(target.Passes), len(target.Dry)))
	}
	r = readRun(t, line("r1", "frr", "finished", "planned", true)+line("r1", "frr", "finished", "ok", true), "")
	if r.Targets[0].State != report.StatePlanned || len(r.Targets[0].Dry) != 1 {
		t.Errorf("a read after a dry run counts more: %+v", r.Targets[0])
	}
	want := []string{"r1 zabbix: unfinished, 1 and 0 dry", "r2 frr: failed, 1 and 0 dry", "r1 frr: applied, 1 and 3 dry"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// A file that has grown for a year is read without being held.
func TestRunOfAnOldFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	hunk := strings.Repeat("x", 2000)
	for i := range 20_000 {
		fmt.Fprintf(w, `{"time":"2026-01-02T03:04:05Z","run_id":"run-%d","name":"r1","driver":"frr","step":"finished","outcome":"applied","hunks":[{"lines":["+ %s"]}]}`+"\n", i/10, hunk)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r, err := report.ReadRun(f, "", report.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if mb := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) >> 20; mb > 5 || r.Others != 1999 || len(r.Targets[0].Passes) != 10 {
		t.Errorf("%d MB, %d others, %d passes", mb, r.Others, len(r.Targets[0].Passes))
	}
}
