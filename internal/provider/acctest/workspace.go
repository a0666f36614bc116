package acctest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// Workspace is a folder in which the engine runs with the real binary of the
// provider, as a user has them: the provider is a process of its own for
// every call.
type Workspace struct {
	Dir string
	Env []string // NAME=value, added to the environment of every call
	// Engine is the program that runs; empty for the terraform of the PATH.
	Engine string

	t testing.TB
}

// Build builds the provider into a folder.
func Build(dir string) error {
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		return errors.New("the test binary does not know where its sources are")
	}
	cmd := exec.Command("go", "build", "-o", filepath.Join(dir, "terraform-provider-provision"), ".")
	cmd.Dir = filepath.Join(filepath.Dir(here), "..", "..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the provider: %w: %s", err, out)
	}
	return nil
}

// Binary builds the provider and returns the folder that it is in.
func Binary(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := Build(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// NewWorkspace makes a workspace for the binary in that folder. Nothing of the
// caller's own set-up of Terraform or of the provider reaches it.
func NewWorkspace(t testing.TB, binary string) *Workspace {
	t.Helper()
	w := &Workspace{Dir: t.TempDir(), t: t}
	w.Write("terraform.rc", fmt.Sprintf(
		"provider_installation {\n  dev_overrides {\n    \"netprovision/provision\" = %q\n  }\n  direct {}\n}\n", binary))
	return w
}

// With is the workspace in another test, whose failures they then are.
func (w *Workspace) With(t testing.TB) *Workspace {
	return &Workspace{Dir: w.Dir, Env: w.Env, Engine: w.Engine, t: t}
}

// Config writes main.tf: what every configuration begins with, and these
// blocks.
func (w *Workspace) Config(blocks ...string) {
	w.t.Helper()
	w.Write("main.tf", "terraform {\n  required_providers {\n    provision = { source = \"netprovision/provision\" }\n  }\n}\n"+
		strings.Join(blocks, "\n"))
}

// Write puts a file into the workspace.
func (w *Workspace) Write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.Dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// Read gives a file of the workspace; "" when there is none.
func (w *Workspace) Read(name string) string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.Dir, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Fatal(err)
	}
	return string(text)
}

// Command is a call of the engine that was not started yet.
func (w *Workspace) Command(args ...string) *exec.Cmd {
	cmd := exec.Command(cmp.Or(w.Engine, Engine()), append(args, "-no-color")...)
	cmd.Dir = w.Dir
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "TF_") && !strings.HasPrefix(kv, "PROVISION_") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, "TF_CLI_CONFIG_FILE="+filepath.Join(w.Dir, "terraform.rc"), "CHECKPOINT_DISABLE=1",
		"TF_IN_AUTOMATION=1", "HOME="+w.Dir)
	cmd.Env = append(cmd.Env, w.Env...)
	return cmd
}

// Terraform runs the engine and gives its exit code and all that it printed,
// unwrapped (engines break their lines).
func (w *Workspace) Terraform(args ...string) (code int, output string) {
	w.t.Helper()
	cmd := w.Command(args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), Unwrap(out.String())
}

// Must is Terraform with the exit code that it must have.
func (w *Workspace) Must(code int, args ...string) string {
	w.t.Helper()
	got, out := w.Terraform(args...)
	if got != code {
		w.t.Fatalf("terraform %q: exit code %d, want %d:\n%s", args, got, code, out)
	}
	return out
}

// blanks are what Terraform breaks lines with.
var blanks = regexp.MustCompile(`\s+`)

// Unwrap makes one line of what Terraform printed, without the bars of its
// boxes.
func Unwrap(output string) string {
	return blanks.ReplaceAllString(strings.NewReplacer("│", "", "╷", "", "╵", "").Replace(output), " ")
}
