package acctest

import (
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// GitLab is a git repository whose pipelines gitlab-ci-local runs, as GitLab and
// a runner with the shell executor would. Its user is ann.
type GitLab struct {
	Dir  string
	Env  []string // of git and of the jobs
	t    *testing.T
	tool string
}

// NewGitLab makes one of a folder that is no repository yet, and commits what is
// in it. Root is the folder of this module.
func NewGitLab(t *testing.T, root, dir string, env []string) *GitLab {
	t.Helper()
	out, err := exec.Command(filepath.Join(root, "tools/gitlab-ci-local/gitlab-ci-local.sh")).Output()
	if err != nil {
		t.Fatalf("gitlab-ci-local: %v", err)
	}
	g := &GitLab{Dir: dir, Env: slices.Clone(env), t: t, tool: strings.TrimSpace(string(out))}
	g.Env = append(g.Env, "HOME="+t.TempDir(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	g.Git("init", "--quiet", "--initial-branch=main")
	g.settle("add")
	g.Commit()
	return g
}

// settle says whose repository it is, and where GitLab has it: adds that, or sets
// its URL.
func (g *GitLab) settle(remote string) {
	g.t.Helper()
	g.Git("config", "user.email", "ann@example.net")
	g.Git("config", "user.name", "Ann")
	g.Git("remote", remote, "origin", "git@ci.example.net:network/provision.git")
}

// Clone is the repository in a folder of its own, with main at a commit: pipelines
// of several commits run at once.
func (g *GitLab) Clone(commit string) *GitLab {
	g.t.Helper()
	clone := *g
	clone.Dir = g.t.TempDir()
	clone.Git("clone", "--quiet", g.Dir, ".")
	clone.Git("checkout", "--quiet", "-B", "main", commit)
	clone.settle("set-url")
	return &clone
}

// With is the repository in a part of its test.
func (g *GitLab) With(t *testing.T) *GitLab {
	part := *g
	part.t = t
	return &part
}

// Commit commits everything, and gives the commit.
func (g *GitLab) Commit() string {
	g.t.Helper()
	g.Git("add", "--all")
	g.Git("commit", "--quiet", "--allow-empty", "--message=change")
	return g.Git("rev-parse", "HEAD")
}

// Git gives the output of a command of git.
func (g *GitLab) Git(args ...string) string {
	g.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = g.Dir, g.Env
	out, err := cmd.CombinedOutput()
	if err != nil {
		g.t.Fatalf("git %q: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// Edit replaces a text in a file.
func (g *GitLab) Edit(name, old, text string) {
	g.t.Helper()
	path := filepath.Join(g.Dir, name)
	was, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(was), old) {
		g.t.Fatalf("%s has no %q: %v", name, old, err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(was), old, text, 1)), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// colour is what a terminal shows as colours.
var colour = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// Plain is what a pipeline said, without colours.
func Plain(text string) string { return colour.ReplaceAllString(text, "") }

// Command is a pipeline that was started with these variables, or with arguments
// jobs of it, and that does not run yet.
func (g *GitLab) Command(variables map[string]string, args ...string) *exec.Cmd {
	args = append([]string{"--force-shell-executor", "--shell-isolation"}, args...)
	for name, v := range variables {
		args = append(args, "--variable", name+"="+v)
	}
	cmd := exec.Command(g.tool, args...)
	cmd.Dir, cmd.Env = g.Dir, g.Env
	return cmd
}

// Run runs it, demands this exit code, and gives what it said.
func (g *GitLab) Run(code int, variables map[string]string, args ...string) string {
	g.t.Helper()
	cmd := g.Command(variables, args...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		g.t.Fatal(err)
	}
	text := Plain(string(out))
	if got := cmd.ProcessState.ExitCode(); got != code {
		g.t.Fatalf("%q: exit code %d, want %d:\n%s", cmd.Args, got, code, text)
	}
	return text
}

// Press starts a manual job of a pipeline that was run.
func (g *GitLab) Press(code int, job string, variables map[string]string) string {
	g.t.Helper()
	return g.Run(code, variables, "--manual", job, job)
}

// Artifacts is the folder of the files that a job has left.
func (g *GitLab) Artifacts(job string) string {
	name := regexp.MustCompile(`[^\w-]+`).ReplaceAllStringFunc(job, func(s string) string { // so it names folders
		return base64.RawURLEncoding.EncodeToString([]byte(s))
	})
	return filepath.Join(g.Dir, ".gitlab-ci-local/artifacts", name)
}
