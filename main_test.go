package main_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestBinary(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "provider")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-X main.version=1.2.3", "-o", bin, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), bin, "-version").Output()
	if err != nil || strings.TrimSpace(string(out)) != "1.2.3" {
		t.Errorf("%q %v", out, err)
	}
	report := exec.CommandContext(t.Context(), bin, "report", "plan", "-markdown", "-")
	report.Stdin = strings.NewReader(`{"format_version":"1.2","errored":false}`)
	if out, err := report.CombinedOutput(); err != nil || !strings.Contains(string(out), "No changes.") {
		t.Errorf("report: %q %v", out, err)
	}
	report = exec.CommandContext(t.Context(), bin, "report")
	if out, err := report.CombinedOutput(); report.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "Usage:") {
		t.Errorf("report: %q %v", out, err)
	}
}
