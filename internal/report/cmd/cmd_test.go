package cmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/report/cmd"
)

const (
	plan  = `{"format_version":"1.2","resource_changes":[{"address":"x.y","mode":"managed","type":"x","change":{"actions":["create"],"after":{"a":1}}}]}`
	event = `{"time":"2026-01-02T03:04:05Z","run_id":"run-1","name":"r1","driver":"frr","step":"finished","outcome":"applied"}` + "\n"
)

// called runs the command with an input and these variables (NAME, VALUE, ...).
func called(input string, env []string, args ...string) (code int, out, errors string) {
	var stdout, stderr strings.Builder
	code = cmd.Main(cmd.Env{Stdin: strings.NewReader(input), Stdout: &stdout, Stderr: &stderr, Getenv: func(name string) string {
		for i := 0; i < len(env); i += 2 {
			if env[i] == name {
				return env[i+1]
			}
		}
		return ""
	}}, args)
	return code, stdout.String(), stderr.String()
}

func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	events := filepath.Join(dir, "events.jsonl")
	if err := os.WriteFile(events, []byte(event), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		input string
		args  []string
		code  int
		says  string // on either output
	}{
		"nothing":         {"", nil, cmd.ExitUsage, "Usage:"},
		"help":            {"", []string{"help"}, cmd.ExitWritten, "Usage:"},
		"help of plan":    {"", []string{"plan", "-h"}, cmd.ExitWritten, "-markdown-limit"},
		"another report":  {"", []string{"weather"}, cmd.ExitUsage, `no report "weather"`},
		"unknown flag":    {plan, []string{"plan", "-x"}, cmd.ExitUsage, "not defined: -x"},
		"no output":       {plan, []string{"plan"}, cmd.ExitUsage, "give -html, -markdown or both"},
		"an argument":     {plan, []string{"plan", "-html", "-", "plan.json"}, cmd.ExitUsage, "1 arguments, want 0"},
		"too small":       {plan, []string{"plan", "-markdown", "-", "-markdown-limit", "10"}, cmd.ExitUsage, "at least 2000"},
		"page":            {plan, []string{"plan", "-html", "-"}, cmd.ExitWritten, "<!DOCTYPE html>"},
		"Markdown":        {plan, []string{"plan", "-markdown", "-"}, cmd.ExitWritten, "**1 to create.**"},
		"failed plan":     {`{"format_version":"1.2","errored":true}`, []string{"plan", "-markdown", "-"}, cmd.ExitWritten, "The plan failed"},
		"empty":           {"", []string{"plan", "-markdown", "-"}, cmd.ExitFailed, "the input is empty"},
		"other version":   {`{"format_version":"9.0"}`, []string{"plan", "-markdown", "-"}, cmd.ExitFailed, "does not satisfy"},
		"no log":          {plan, []string{"plan", "-markdown", "-", "-log", filepath.Join(dir, "none")}, cmd.ExitFailed, "-log: open "},
		"nowhere":         {plan, []string{"plan", "-html", filepath.Join(dir, "no", "x.html")}, cmd.ExitFailed, "writing "},
		"nowhere, later":  {plan, []string{"plan", "-html", filepath.Join(dir, "x.html"), "-markdown", dir}, cmd.ExitFailed, "writing "},
		"run":             {"", []string{"run", "-html", "-", events}, cmd.ExitWritten, "1 applied."},
		"run of no file":  {"", []string{"run", "-html", "-", filepath.Join(dir, "none")}, cmd.ExitFailed, "reading the events"},
		"run of nothing":  {"", []string{"run", "-html", "-"}, cmd.ExitUsage, "0 arguments, want 1"},
		"run to nowhere":  {"", []string{"run", events}, cmd.ExitUsage, "give -html"},
		"run of another":  {"", []string{"run", "-html", "-", "-run-id", "x", events}, cmd.ExitFailed, `no events of the run "x"`},
		"run, wrong flag": {"", []string{"run", "-markdown", "-", events}, cmd.ExitUsage, "not defined"},
		"without a key":   {plan, []string{"fingerprint"}, cmd.ExitFailed, "with PLAN_KEY: the key has 0 bytes"},
		"help, key":       {"", []string{"fingerprint", "-h"}, cmd.ExitWritten, "PLAN_KEY in the environment is the key"},
		"an argument too": {plan, []string{"fingerprint", "plan.json"}, cmd.ExitUsage, "1 arguments, want 0"},
	} {
		code, out, errs := called(tc.input, nil, tc.args...)
		if code != tc.code || !strings.Contains(out+errs, tc.says) {
			t.Errorf("%s: exit code %d, want %d; %q is not in:\n%s%s", name, code, tc.code, tc.says, out, errs)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".report-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q %v", left, err)
	}
}

// Who asked comes from flags, else from the variables that the provider itself
// reads.
func TestWhoAsked(t *testing.T) {
	env := []string{"PROVISION_RUN_ID", "run-7", "PROVISION_ACTOR", "bob"}
	_, out, _ := called(plan, env, "plan", "-markdown", "-", "-commit", "abc")
	if !strings.Contains(out, "run `run-7` · commit `abc` · asked by `bob`") {
		t.Error(out)
	}
	_, out, _ = called(plan, env, "plan", "-markdown", "-", "-run-id", "run-8", "-actor", "eve", "-title", "T", "-site", "fra1", "-run-url", "https://ci.example.net/8")
	for _, text := range []string{"run `run-8` · asked by `eve`", "## Plan `T`", "| `fra1` | other |", "[run in the CI](<https://ci.example.net/8>)"} {
		if !strings.Contains(out, text) {
			t.Errorf("%q is not in:\n%s", text, out)
		}
	}
}

// A report that fails half way does not take the place of the one that is there.
func TestWrittenAsAWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.html")
	if code, _, errs := called(plan, nil, "plan", "-html", path); code != 0 {
		t.Fatal(errs)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if code, _, _ := called("{", nil, "plan", "-html", path); code != cmd.ExitFailed {
		t.Errorf("exit code %d", code)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the report is another one (%v)", err)
	}
}

// What a plan does is written as JSON; two calls say the same.
func TestFingerprint(t *testing.T) {
	env := []string{"PLAN_KEY", strings.Repeat("k", 32)}
	code, out, errs := called(plan, env, "fingerprint")
	if code != cmd.ExitWritten || !strings.Contains(out, `"address": "x.y"`) || !strings.Contains(out, `"create"`) {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	path := filepath.Join(t.TempDir(), "effects.json")
	if code, _, errs := called(plan, env, "fingerprint", "-o", path); code != cmd.ExitWritten {
		t.Fatal(errs)
	}
	if again, err := os.ReadFile(path); err != nil || string(again) != out {
		t.Errorf("it says otherwise: %s %v", again, err)
	}
}
