package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain is the program itself when "up" starts it in the background.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		main()
		return
	}
	os.Exit(m.Run())
}

// simlab runs a command as from a shell.
func simlab(t *testing.T, dir string, args ...string) string {
	t.Helper()
	var out strings.Builder
	if code, err := run(dir, args, &out); code != 0 || err != nil {
		t.Fatalf("simlab %v: code %d, error %v", args, code, err)
	}
	return out.String()
}

// TestUpAndDown runs the program as the demo does.
func TestUpAndDown(t *testing.T) {
	t.Chdir(t.TempDir()) // commands go to the lab's directory; this brings us back
	dir := filepath.Join(t.TempDir(), "lab")
	t.Setenv("LAB_PORTBASE", "0")
	simlab(t, dir, "up")
	t.Cleanup(func() { simlab(t, dir, "down") })
	if got := simlab(t, dir, "status"); strings.Count(got, "(simulated)") != 4 {
		t.Errorf("status: %q", got)
	}
	simlab(t, dir, "drift", "r1", "interface lo", " description by hand")
	if got := simlab(t, dir, "running", "r1"); !strings.Contains(got, " description by hand\n") {
		t.Errorf("after a change by hand: %q", got)
	}
	if got := simlab(t, dir, "exec", "r1", "vtysh", "-c", "show bgp summary"); got != "% BGP instance not found\n" {
		t.Errorf("bgp: %q", got)
	}
	var out strings.Builder
	if code, err := run(dir, []string{"exec", "r1", "vtysh", "-c", "show version"}, &out); code != exitFailed || err != nil || out.String() == "" {
		t.Errorf("a command that fails: code %d, error %v, output %q", code, err, &out)
	}
	simlab(t, dir, "up") // again: a new lab in place of the old one
	if got := simlab(t, dir, "running", "r1"); strings.Contains(got, "by hand") {
		t.Errorf("the new lab remembers: %q", got)
	}
	simlab(t, dir, "down")
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("after down: %v", err)
	}
}

// TestUpThatFails tells why.
func TestUpThatFails(t *testing.T) {
	t.Chdir(t.TempDir())
	dir := filepath.Join(t.TempDir(), "lab")
	t.Setenv("LAB_PORTBASE", "none")
	var out strings.Builder
	code, err := run(dir, []string{"up"}, &out)
	if code != exitFailed || err == nil || !strings.Contains(err.Error(), `LAB_PORTBASE is a port, not "none"`) {
		t.Errorf("code %d, error %v", code, err)
	}
}

// TestDownLeavesOtherDirectoriesAlone: only a directory that is a lab goes.
func TestDownLeavesOtherDirectoriesAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	simlab(t, dir, "down")
	if _, err := os.Stat(filepath.Join(dir, "mine")); err != nil {
		t.Error(err)
	}
}

// TestConsoleOfNoLab: without a lab a command says so.
func TestConsoleOfNoLab(t *testing.T) {
	t.Chdir(t.TempDir())
	var out strings.Builder
	if code, err := run(filepath.Join(t.TempDir(), "none"), []string{"status"}, &out); code == 0 || err == nil {
		t.Errorf("code %d, error %v", code, err)
	}
	if code, err := run(t.TempDir(), nil, &out); code != exitUsage || err == nil {
		t.Errorf("without a command: code %d, error %v", code, err)
	}
	if code, err := run(filepath.Join(t.TempDir(), "none"), []string{"down"}, &out); code != 0 || err != nil {
		t.Errorf("down of nothing: code %d, error %v", code, err)
	}
}
