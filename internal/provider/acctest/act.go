package acctest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// standIns are the actions that reach the Internet, by what act runs in their
// place. Artifacts and caches are folders.
var standIns = map[string]string{
	"hashicorp/setup-terraform@v3": "inputs: {terraform_wrapper: {}}\nruns: {using: composite, steps: [{shell: bash, run: terraform version}]}\n",
	"actions/upload-artifact@v4": `
inputs: {name: {}, path: {}, retention-days: {}, overwrite: {}}
runs:
  using: composite
  steps:
    - shell: bash
      run: rm -rf "$ARTIFACTS/$NAME" && cp -r "$FROM" "$ARTIFACTS/$NAME"
      env: {NAME: "${{ inputs.name }}", FROM: "${{ inputs.path }}"}
`,
	"actions/download-artifact@v4": `
inputs: {name: {}, pattern: {}, path: {}}
runs:
  using: composite
  steps:
    - shell: bash
      run: mkdir -p "$TO" && if [ -n "$NAME" ]; then cp -r "$ARTIFACTS/$NAME/." "$TO"; else find "$ARTIFACTS" -maxdepth 1 -name "$PATTERN" -exec cp -r {} "$TO" ";"; fi
      env: {NAME: "${{ inputs.name }}", PATTERN: "${{ inputs.pattern }}", TO: "${{ inputs.path }}"}
`,
	"actions/cache@v4": `
inputs: {path: {}, key: {}, restore-keys: {}}
runs:
  using: composite
  steps:
    - shell: bash
      run: mkdir -p "$ARTIFACTS/$OLD" && ln -s "$ARTIFACTS/$OLD" "$AT"
      env: {OLD: "${{ inputs.restore-keys }}", AT: "${{ inputs.path }}"}
`,
}

// Act runs workflows of GitHub on this machine, as a runner of one's own would.
// It knows neither environments nor concurrency groups: nothing waits.
type Act struct {
	Artifacts string // a folder for each

	tool string
	args []string // of each run
	env  []string // of act
}

// NewAct makes one. Root is the folder of this module; vars are the variables of
// the repository, and env is in the environment of each step.
func NewAct(t *testing.T, root string, secrets, vars, env map[string]string) *Act {
	t.Helper()
	home := t.TempDir()
	a := &Act{
		Artifacts: t.TempDir(), tool: Tool(t, root, "act"), env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home},
		args: []string{"--action-cache-path", filepath.Join(home, "cache"), "--no-cache-server"},
	}
	for action, text := range standIns {
		dir := filepath.Join(home, action)
		Put(t, filepath.Join(dir, "action.yml"), "name: stand-in\n"+strings.TrimPrefix(text, "\n"))
		a.args = append(a.args, "--local-repository", action+"="+dir)
	}
	Put(t, filepath.Join(home, ".actrc"), "-P ubuntu-latest=-self-hosted\n")
	text, err := json.Marshal(secrets)
	if err != nil {
		t.Fatal(err)
	}
	// Secrets are in a file, because all that is in act's environment is in that of
	// each step. JSON is a part of YAML.
	file := filepath.Join(home, "secrets.yml")
	Put(t, file, string(text))
	a.args = append(a.args, "--secret-file", file)
	all := map[string]string{"ARTIFACTS": a.Artifacts, "CHECKPOINT_DISABLE": "1", "TMPDIR": t.TempDir()}
	maps.Copy(all, env)
	for flag, values := range map[string]map[string]string{"--var": vars, "--env": all} {
		for name, v := range values {
			a.args = append(a.args, flag, name+"="+v)
		}
	}
	return a
}

// Put writes a file, and makes the folders on the way to it.
func Put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Tool is a tool of tools/tool.sh, which is built if it is not there.
func Tool(t *testing.T, root, name string) string {
	t.Helper()
	cmd := exec.Command(filepath.Join(root, "tools/tool.sh"), name)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tool.sh %s: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}

// Command is a run of a workflow of the repository in a folder, which does not run
// yet. The event has that payload.
func (a *Act) Command(t *testing.T, dir, workflow, event string, payload any, more ...string) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "event.json")
	Put(t, file, string(text))
	cmd := exec.Command(a.tool, slices.Concat([]string{event, "-W", ".github/workflows/" + workflow, "-e", file}, a.args, more)...)
	cmd.Dir, cmd.Env = dir, a.env
	return cmd
}

// Ends runs a command, demands that it succeeds or fails, and gives what it said.
func Ends(t *testing.T, cmd *exec.Cmd, well bool) string {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout = &out
	if testing.Verbose() {
		cmd.Stdout = io.MultiWriter(&out, os.Stdout)
	}
	cmd.Stderr = cmd.Stdout
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if (err == nil) != well {
		t.Fatalf("%q: %v:\n%s", cmd.Args[:2], err, out.String())
	}
	return out.String()
}

// Git gives the output of a command of git in a folder, as somebody who has no
// configuration.
func Git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.net"}, args...)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %q: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}
