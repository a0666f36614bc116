package eventlog_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

var run = eventlog.Run{ID: "run-1", Actor: "ann", Trigger: eventlog.TriggerHook}

func event() provision.Event {
	return provision.Event{
		Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("CET", 3600)), Name: "r1", Driver: "frr", DryRun: true,
		Step: provision.StepStage, Outcome: provision.OutcomeFailed, Duration: 1500 * time.Microsecond,
		Diff:    &provision.Diff{Hunks: []provision.Hunk{{Header: "router bgp 1", Lines: []string{"- a", "+ <redacted>"}}}},
		Message: "m", Err: errors.New("two\nlines"),
	}
}

func TestRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	f := eventlog.NewFile(path, run)
	if err := f.Write(t.Context(), event()); err != nil {
		t.Fatal(err)
	}
	if err := f.Write(t.Context(), provision.Event{Name: "r2"}); err != nil {
		t.Fatal(err)
	}
	const want = `{"time":"2026-01-02T02:04:05.000000006Z","run_id":"run-1","name":"r1","driver":"frr","actor":"ann","trigger":"hook",` +
		`"dry_run":true,"step":"stage","outcome":"failed","duration_ms":1.5,` +
		`"hunks":[{"header":"router bgp 1","lines":["- a","+ <redacted>"]}],"message":"m","error":"two\nlines"}`
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first, second, _ := strings.Cut(string(got), "\n")
	if d := cmp.Diff(want, first); d != "" {
		t.Error(d)
	}
	if !strings.HasSuffix(second, "}\n") || strings.Contains(second, "hunks") {
		t.Errorf("the second line: %q", second)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

func TestAFileThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	err := eventlog.NewFile(dir, run).Write(t.Context(), event())
	if err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v", err)
	}
}

// Lines longer than a pipe's atomic write, from several processes and several
// goroutines in each, stay whole.
func TestManyWriters(t *testing.T) {
	const processes, writers, lines = 3, 4, 25
	path := os.Getenv("EVENTLOG_TEST_FILE")
	if path != "" {
		writeMany(t, path, writers, lines)
		return
	}
	path = filepath.Join(t.TempDir(), "events.jsonl")
	var wg sync.WaitGroup
	for range processes {
		cmd := exec.Command(os.Args[0], "-test.run=^TestManyWriters$")
		cmd.Env = append(os.Environ(), "EVENTLOG_TEST_FILE="+path)
		wg.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	if got := wholeLines(t, path); got != processes*writers*lines {
		t.Errorf("%d lines, want %d", got, processes*writers*lines)
	}
}

func writeMany(t *testing.T, path string, writers, lines int) {
	t.Helper()
	ev := event()
	for i := range 2000 {
		ev.Diff.Hunks[0].Lines = append(ev.Diff.Hunks[0].Lines, fmt.Sprintf("+ line %d", i))
	}
	var wg sync.WaitGroup
	for range writers {
		f := eventlog.NewFile(path, run)
		wg.Go(func() {
			for range lines {
				if err := f.Write(t.Context(), ev); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func wholeLines(t *testing.T, path string) int {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	sc := bufio.NewScanner(bytes.NewReader(data))
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var r eventlog.Record
		if err := json.Unmarshal(sc.Bytes(), &r); err != nil || len(r.Hunks) != 1 || len(r.Hunks[0].Lines) != 2002 {
			t.Fatalf("line %d is not whole: %v", n+1, err)
		}
		n++
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

// What an action does stands with its own trigger, whatever started the process.
func TestTriggerOfAPartOfTheWork(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	f := eventlog.NewFile(path, run)
	for _, ctx := range []context.Context{t.Context(), eventlog.Triggered(t.Context(), eventlog.TriggerAction)} {
		if err := f.Write(ctx, event()); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{`"trigger":"hook"`, `"trigger":"action"`} {
		if line := strings.Split(string(got), "\n")[i]; !strings.Contains(line, want) || !strings.Contains(line, `"run_id":"run-1"`) {
			t.Errorf("line %d is not with %s: %s", i, want, line)
		}
	}
	if slices.Contains(eventlog.Triggers(), eventlog.TriggerAction) {
		t.Error("an action starts no process")
	}
}
