package fleet_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// key is what saved plans are encrypted with.
const key = "PLAN_KEY=0123456789abcdef0123456789abcdef"

// fakeTerraform writes down how it was called. Its saved plans are the JSON that
// it is told to plan; what the nth apply says, and its exit code, are in files.
const fakeTerraform = `#!/bin/sh
echo "$*" >>"$FAKE/calls"
env >>"$FAKE/environment"
shift
case $1 in
plan)
	for a; do case $a in -out=*) [ ! -e "$FAKE/plan.json" ] || cp "$FAKE/plan.json" "${a#-out=}" ;; esac; done
	cat "$FAKE/plan.says"
	exit "$(cat "$FAKE/plan.code")" ;;
show) cat "$3" ;;
apply)
	n=$(($(cat "$FAKE/applies" 2>/dev/null || echo 0) + 1))
	echo $n >"$FAKE/applies"
	for a; do last=$a; done
	cp "$last" "$FAKE/applied.$n" || exit 1 # options come before the plan
	trap 'echo interrupted >>"$FAKE/calls"' INT
	while [ -e "$FAKE/slow" ]; do : >"$FAKE/applying"; sleep 0.05; done
	cat "$FAKE/apply.$n.says" 2>/dev/null
	exit "$(cat "$FAKE/apply.$n.code" 2>/dev/null || echo 0)" ;;
esac
`

// built builds the provider once; it makes the reports.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "fleet-test-")
	if err != nil {
		return "", err
	}
	return dir, acctest.Build(dir)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, _ := built(); dir != "" {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// jobs are the jobs of a CI in a copy of the fleet.
type jobs struct {
	t    *testing.T
	dir  string
	fake string
	env  []string
}

// newJobs makes a repository with the fleet, whose first commit is tagged base.
func newJobs(t *testing.T) *jobs {
	t.Helper()
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	j := &jobs{t: t, dir: t.TempDir(), fake: t.TempDir()}
	for from, to := range map[string]string{"fleet": "fleet", "modules": "modules", "ci/scripts": "ci/scripts"} {
		if err := os.CopyFS(filepath.Join(j.dir, to), os.DirFS(filepath.Join(examples, from))); err != nil {
			t.Fatal(err)
		}
	}
	j.tell("terraform", fakeTerraform)
	if err := os.Chmod(filepath.Join(j.fake, "terraform"), 0o755); err != nil {
		t.Fatal(err)
	}
	j.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + j.fake, "TMPDIR=" + t.TempDir(), "FAKE=" + j.fake, "TERRAFORM=" + filepath.Join(j.fake, "terraform"),
		"PROVISION_BINARY=" + filepath.Join(binary, "terraform-provider-provision"), "SITES=fleet/sites", "COMMIT=" + planned, key,
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.net", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.net",
	}
	j.git("init", "-q", "-b", "main")
	j.commit()
	j.git("tag", "base")
	j.plans(2, change("ams1-edge1", "one"))
	return j
}

// planned is the commit that runs are about.
const planned = "3f2c1d9000000000000000000000000000000000"

// git runs git in the repository.
func (j *jobs) git(args ...string) string {
	j.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = j.dir, j.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		j.t.Fatalf("git %q: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit commits all that is there.
func (j *jobs) commit() {
	j.t.Helper()
	j.git("add", "-A")
	j.git("commit", "-q", "--allow-empty", "-m", "a change")
}

// write writes a file of the repository, edit replaces a text in one.
func (j *jobs) write(name, text string) {
	j.t.Helper()
	acctest.Put(j.t, filepath.Join(j.dir, name), text)
}

func (j *jobs) edit(name, old, text string) {
	j.t.Helper()
	was := j.read(j.dir, name)
	if !strings.Contains(was, old) {
		j.t.Fatalf("%s has no %q:\n%s", name, old, was)
	}
	j.write(name, strings.Replace(was, old, text, 1))
}

// tell writes a file that the Terraform reads.
func (j *jobs) tell(name, text string) {
	j.t.Helper()
	acctest.Put(j.t, filepath.Join(j.fake, name), text)
}

// plans sets what the following plans are, and their exit code.
func (j *jobs) plans(code int, changes ...string) {
	j.t.Helper()
	j.tell("plan.json", `{"format_version":"1.2","resource_changes":[`+strings.Join(changes, ",")+`]}`)
	j.tell("plan.says", `{"@level":"info","@message":"Plan: so many to change.","type":"change_summary"}`+"\n")
	j.tell("plan.code", string(rune('0'+code)))
}

// applies sets what the nth apply says, and its exit code.
func (j *jobs) applies(n, code string, lines ...string) {
	j.t.Helper()
	j.tell("apply."+n+".says", strings.Join(lines, "\n")+"\n")
	j.tell("apply."+n+".code", code)
}

// change is an update of a device.
func change(device, description string) string {
	return `{"address":"module.site.provision_device.this[\"` + device + `\"]","mode":"managed","type":"provision_device","change":{"actions":["update"],` +
		`"before":{"name":"` + device + `"},"after":{"name":"` + device + `","diff":"@@ interface lo\n+ description ` + description + `"}}}`
}

// read gives a file; "" if there is none.
func (j *jobs) read(path ...string) string {
	j.t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		j.t.Fatal(err)
	}
	return string(text)
}

// result gives a file of a site's results.
func (j *jobs) result(site, name string) string {
	j.t.Helper()
	return j.read(j.dir, "provision-run", site, name)
}

func (j *jobs) calls() string { return j.read(j.fake, "calls") }

// command is a job that was not started yet; later variables win.
func (j *jobs) command(args []string, vars ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(j.dir, "ci/scripts/site.sh"), args...)
	cmd.Dir, cmd.Env = j.dir, append(slices.Clone(j.env), vars...)
	return cmd
}

// run gives the output of a job that ends with this code.
func (j *jobs) run(code int, args string, vars ...string) string {
	j.t.Helper()
	cmd := j.command(strings.Fields(args), vars...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		j.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code || strings.Contains(string(out), "Traceback") {
		j.t.Fatalf("site.sh %s with %q: exit code %d, want %d:\n%s", args, vars, got, code, out)
	}
	return string(out)
}

// says checks that a text has these texts.
func says(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not in:\n%s", w, text)
		}
	}
}
