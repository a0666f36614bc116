package client_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// recorder keeps events.
type recorder struct {
	mu     sync.Mutex
	events []provision.Event
	err    error
}

func (r *recorder) sink(_ context.Context, ev provision.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, ev)
	return r.err
}

func (r *recorder) steps() []provision.Step {
	r.mu.Lock()
	defer r.mu.Unlock()
	var steps []provision.Step
	for _, e := range r.events {
		steps = append(steps, e.Step)
	}
	return steps
}

// dryRun gives what a plan shows.
func dryRun(t *testing.T, c *client.Client, name, text string) (client.Endpoint, provision.Result) {
	t.Helper()
	e := resolve(t, c, client.Ref{Name: name})
	res, err := c.Run(t.Context(), e, client.Job{Config: []byte(text), DryRun: true, Commit: true})
	if err != nil {
		t.Fatal(err)
	}
	return e, res
}

// apply commits what a plan showed.
func apply(t *testing.T, c *client.Client, name, text string) (provision.Result, error) {
	t.Helper()
	e, planned := dryRun(t, c, name, text)
	return c.Run(t.Context(), e, client.Job{
		Config: []byte(text), Commit: true, Save: true,
		Approved: &provision.Approval{Diff: planned.Diff.String(), ChangeID: planned.ChangeID},
	})
}

func TestRunPlansAndApplies(t *testing.T) {
	drv, rec := newFakeDriver("fake"), &recorder{}
	cfg := config(t, drv)
	cfg.Events = []eventlog.Sink{rec.sink}
	cfg.Run = eventlog.Run{ID: "run-7", Actor: "ann"}
	c := newClient(t, cfg)
	drv.set("r1", "old\n")

	_, planned := dryRun(t, c, "r1", "new\n")
	if planned.Outcome != provision.OutcomePlanned || drv.get("r1") != "old\n" {
		t.Fatalf("dry run: %+v, running %q", planned, drv.get("r1"))
	}
	res, err := apply(t, c, "r1", "new\n")
	if err != nil || res.Outcome != provision.OutcomeApplied || drv.get("r1") != "new\n" {
		t.Fatalf("apply: %+v %v, running %q", res, err, drv.get("r1"))
	}
	if !slices.Contains(rec.steps(), provision.StepCommit) || rec.events[0].Name != "r1" || rec.events[0].Driver != "fake" {
		t.Errorf("events %v", rec.steps())
	}
	if got := drv.commits[0]; got.ID != "provision:r1" || got.Holder != "terraform-provider-provision run run-7 (ann)" {
		t.Errorf("commit %+v", got)
	}
}

func TestSessionsAreShared(t *testing.T) {
	drv := newFakeDriver("fake")
	c := newClient(t, config(t, drv))
	e, _ := dryRun(t, c, "r1", "new\n")
	seen, err := c.Observe(t.Context(), e)
	if err != nil || seen.Running.Digest != digest("") {
		t.Fatalf("%+v %v", seen, err)
	}
	facts, err := c.Facts(t.Context(), e)
	if err != nil || facts["hostname"] != "r1" {
		t.Fatalf("%v %v", facts, err)
	}
	if len(drv.opened) != 1 {
		t.Errorf("%d logins", len(drv.opened))
	}
	if err := c.Close(t.Context()); err != nil || drv.closed != 1 {
		t.Errorf("%d closed, %v", drv.closed, err)
	}
}

func TestFactsNameTheDevice(t *testing.T) {
	drv := newFakeDriver("fake")
	drv.dead["r1"] = true
	c := newClient(t, config(t, drv))
	_, err := c.Facts(t.Context(), resolve(t, c, client.Ref{Name: "r1"}))
	if !errors.Is(err, provision.ErrUnreachable) || !strings.Contains(err.Error(), "r1 (fake)") {
		t.Errorf("got %v", err)
	}
}

func TestRunRefusesAConfigTheDriverCannotUse(t *testing.T) {
	drv := newFakeDriver("fake")
	c := newClient(t, config(t, drv))
	_, err := c.Run(t.Context(), resolve(t, c, client.Ref{Name: "r1"}), client.Job{DryRun: true})
	var at *client.AttributeError
	if !errors.As(err, &at) || at.Attribute != "config" || len(drv.opened) != 0 {
		t.Errorf("%v, %d logins", err, len(drv.opened))
	}
}

func TestTwoNamesForOneAddress(t *testing.T) {
	c := newClient(t, config(t, newFakeDriver("fake")))
	run := func(ref client.Ref) error {
		_, err := c.Run(t.Context(), resolve(t, c, ref), client.Job{Config: []byte("x"), DryRun: true})
		return err
	}
	first := client.Ref{Name: "a", Host: "Box", Driver: "fake"}
	if err := errors.Join(run(first), run(first)); err != nil {
		t.Fatal(err)
	}
	err := run(client.Ref{Name: "b", Host: "box", Driver: "fake"})
	var at *client.AttributeError
	if !errors.As(err, &at) || at.Attribute != "host" || !strings.Contains(err.Error(), "a and b") || !strings.Contains(err.Error(), "box:2222") {
		t.Errorf("got %v", err)
	}
	if err := run(client.Ref{Name: "c", Host: "box", Port: 23, Driver: "fake"}); err != nil {
		t.Errorf("another port: %v", err)
	}
	if err := run(client.Ref{Name: "d", Host: "box", Driver: "fake", Credentials: "behind"}); err != nil {
		t.Errorf("behind a jump host: %v", err)
	}
}

func TestObserveClaimsNoAddress(t *testing.T) {
	c := newClient(t, config(t, newFakeDriver("fake")))
	former := resolve(t, c, client.Ref{Name: "former", Host: "box", Driver: "fake"})
	if _, err := c.Observe(t.Context(), former); err != nil {
		t.Fatal(err)
	}
	renamed := resolve(t, c, client.Ref{Name: "renamed", Host: "box", Driver: "fake"})
	if _, err := c.Run(t.Context(), renamed, client.Job{Config: []byte("x"), DryRun: true}); err != nil {
		t.Errorf("a renamed device: %v", err)
	}
}

func TestMaxFailures(t *testing.T) {
	for limit, want := range map[int]bool{1: true, 0: false} {
		drv := newFakeDriver("fake")
		drv.refuse["r1"] = &provision.RejectedError{Message: "no"}
		cfg := config(t, drv)
		cfg.MaxFailures = limit
		c := newClient(t, cfg)
		if _, err := apply(t, c, "r1", "new\n"); err == nil {
			t.Fatal("the first commit did not fail")
		}
		_, err := apply(t, c, "r2", "new\n")
		if errors.Is(err, provision.ErrTooManyFailures) != want {
			t.Errorf("max_failures %d: %v", limit, err)
		}
	}
}

func TestEventsHoldNoSecrets(t *testing.T) {
	drv, rec := newFakeDriver("fake"), &recorder{}
	cfg := config(t, drv)
	cfg.Events = []eventlog.Sink{rec.sink}
	var err error
	if cfg.Redact, err = secret.NewRedactor(`community (\S+)`); err != nil {
		t.Fatal(err)
	}
	drv.refuse["r1"] = &provision.RejectedError{Line: 1, Message: "no community public"}
	c := newClient(t, cfg)
	if _, err := apply(t, c, "r1", "community public\npassword hunter22\n"); err == nil {
		t.Fatal("the commit did not fail")
	}
	seen := false
	for _, ev := range rec.events {
		r := eventlog.NewRecord(cfg.Run, ev)
		text := r.Message + r.Error
		for _, h := range r.Hunks {
			text += h.Header + strings.Join(h.Lines, "\n")
		}
		if strings.Contains(text, "public") || strings.Contains(text, "hunter22") {
			t.Errorf("%s: %s", ev.Step, text)
		}
		seen = seen || strings.Contains(text, "+ community "+secret.Mask)
	}
	if !seen {
		t.Error("no event holds the difference")
	}
}

func TestLostEventsAreToldOnce(t *testing.T) {
	drv, rec := newFakeDriver("fake"), &recorder{err: errors.New("disk full")}
	cfg := config(t, drv)
	cfg.Events = []eventlog.Sink{rec.sink}
	c := newClient(t, cfg)
	res, err := apply(t, c, "r1", "new\n")
	if err != nil || res.Outcome != provision.OutcomeApplied {
		t.Fatalf("lost events stopped the run: %+v %v", res, err)
	}
	if slices.ContainsFunc(res.Warnings, lost) {
		t.Error("told again: the dry run had told it")
	}
	fresh := newClient(t, cfg)
	if _, res := dryRun(t, fresh, "r1", "x\n"); !slices.ContainsFunc(res.Warnings, lost) {
		t.Errorf("never told: %q", res.Warnings)
	}
}

func lost(w string) bool { return strings.Contains(w, "disk full") }

func TestSkipped(t *testing.T) {
	rec := &recorder{}
	cfg := config(t, newFakeDriver("fake"))
	cfg.Events = []eventlog.Sink{rec.sink}
	cause := &provision.Error{Target: "r1", Step: provision.StepRead, Err: errors.New("hunter22 gone")}
	cfg.Redact = (*secret.Redactor)(nil).WithWords("hunter22")
	c := newClient(t, cfg)
	c.Skipped(t.Context(), "r1", "fake", cause)
	c.Skipped(t.Context(), "r2", "", errors.New("odd"))
	ev := rec.events[0]
	if ev.Outcome != provision.OutcomeSkipped || ev.Step != provision.StepRead || ev.Name != "r1" || ev.Time.IsZero() {
		t.Errorf("%+v", ev)
	}
	if strings.Contains(ev.Err.Error(), "hunter22") {
		t.Errorf("%v", ev.Err)
	}
	if rec.events[1].Step != provision.StepOpen {
		t.Errorf("%+v", rec.events[1])
	}
}

func TestBackups(t *testing.T) {
	drv := newFakeDriver("fake")
	cfg := config(t, drv)
	cfg.BackupDir = filepath.Join(t.TempDir(), "backups")
	cfg.BackupRetention = 2
	cfg.Run.ID = "ci/7"
	c := newClient(t, cfg)
	var last provision.Result
	for _, text := range []string{"1\n", "2\n", "3\n", "4\n"} {
		var err error
		if last, err = apply(t, c, "r1", text); err != nil {
			t.Fatal(err)
		}
	}
	found := files(t, cfg.BackupDir)
	if len(found) != 2 || found[1] != last.Backup {
		t.Fatalf("kept %q, the last is %q", found, last.Backup)
	}
	if base := filepath.Base(last.Backup); !strings.HasPrefix(base, "r1.2") || !strings.HasSuffix(base, "Z.ci%2F7.fake.backup") {
		t.Errorf("name %s", base)
	}
	text, err := os.ReadFile(last.Backup)
	if err != nil || string(text) != "3\n" {
		t.Errorf("%q %v", text, err)
	}
	for path, want := range map[string]fs.FileMode{last.Backup: 0o600, filepath.Dir(last.Backup): 0o700, cfg.BackupDir: 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
}

// A run that was killed while it wrote leaves half a configuration: the next one
// removes it, but not what another one is writing.
func TestBackupsOfKilledRuns(t *testing.T) {
	drv := newFakeDriver("fake")
	cfg := config(t, drv)
	cfg.BackupDir, cfg.BackupRetention = t.TempDir(), -1
	dir := filepath.Join(cfg.BackupDir, "r1")
	old, young := filepath.Join(dir, ".unfinished-1"), filepath.Join(dir, ".unfinished-2")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{old, young} {
		if err := os.WriteFile(path, []byte("enable secret"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(old, time.Time{}, time.Now().Add(-2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	res, err := apply(t, newClient(t, cfg), "r1", "1\n")
	if err != nil {
		t.Fatal(err)
	}
	if found := files(t, cfg.BackupDir); !slices.Equal(found, []string{young, res.Backup}) {
		t.Errorf("%q", found)
	}
}

func TestBackupsOfAllDevices(t *testing.T) {
	drv := newFakeDriver("fake")
	cfg := config(t, drv)
	cfg.BackupDir, cfg.BackupRetention = t.TempDir(), 1
	c := newClient(t, cfg)
	long := strings.Repeat("\u00e9/", 100) // 900 bytes in a file's name, which may have 255
	for i, name := range []string{"a", "a/../b", "..", "A%", "\u00e9", long, long + "2", strings.Repeat("l", 96), strings.Repeat("l", 97)} {
		e := resolve(t, c, client.Ref{Name: name, Host: "h", Port: i + 1, Driver: "fake"})
		if _, err := c.Run(t.Context(), e, client.Job{Config: []byte("x"), Commit: true}); err != nil {
			t.Fatal(err)
		}
	}
	found := files(t, cfg.BackupDir)
	if len(found) != 9 {
		t.Errorf("%q", found)
	}
}

// files are the files below dir, sorted.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestABackupThatFailsStopsTheCommit(t *testing.T) {
	drv := newFakeDriver("fake")
	cfg := config(t, drv)
	cfg.BackupDir = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(cfg.BackupDir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := apply(t, newClient(t, cfg), "r1", "new\n")
	var run *provision.Error
	if !errors.As(err, &run) || run.Step != provision.StepBackup || drv.get("r1") != "" {
		t.Errorf("%v, running %q", err, drv.get("r1"))
	}
}

func TestRunID(t *testing.T) {
	if got := newClient(t, client.Config{Run: eventlog.Run{ID: "x"}}).RunID(); got != "x" {
		t.Errorf("got %q", got)
	}
}

func TestWhoIsToldHearsEveryStepWithoutSecrets(t *testing.T) {
	rec := &recorder{}
	cfg := config(t, newFakeDriver("fake"))
	cfg.Events = []eventlog.Sink{rec.sink}
	cfg.Redact = (*secret.Redactor)(nil).WithWords("hunter22")
	c := newClient(t, cfg)
	var told []provision.Event
	job := client.Job{Config: []byte("password hunter22\n"), DryRun: true, Commit: true, Tell: func(ev provision.Event) { told = append(told, ev) }}
	if _, err := c.Run(t.Context(), resolve(t, c, client.Ref{Name: "r1"}), job); err != nil {
		t.Fatal(err)
	}
	if len(told) != len(rec.events) || len(told) == 0 {
		t.Fatalf("told of %d steps, %d were written", len(told), len(rec.events))
	}
	seen := false
	for _, ev := range told {
		if ev.Diff == nil {
			continue
		}
		seen = seen || strings.Contains(ev.Diff.String(), "+ password")
		if strings.Contains(ev.Diff.String(), "hunter22") {
			t.Errorf("%s tells a secret: %s", ev.Step, ev.Diff)
		}
	}
	if !seen {
		t.Error("no step told the difference")
	}
}
