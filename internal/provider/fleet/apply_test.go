package fleet_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// What Terraform and the provider say when things are not as they were planned.
const (
	staleState  = `{"type":"diagnostic","@message":"Error: Saved plan is stale","diagnostic":{"severity":"error","summary":"Saved plan is stale","detail":"The given plan file can no longer be applied."}}`
	staleDevice = `{"type":"diagnostic","@message":"Error: ams1-edge1","diagnostic":{"severity":"error","summary":"ams1-edge1: compare failed","detail":"changed since the plan: the running configuration is not the one"}}`
	notBegun    = `{"type":"diagnostic","@message":"Error: ams1-core1","diagnostic":{"severity":"error","summary":"ams1-core1: not begun","detail":"another one failed (max_failures = 1)"}}`
	otherError  = `{"type":"diagnostic","@message":"Error: ams1-core1","diagnostic":{"severity":"error","summary":"ams1-core1: open failed","detail":"connection refused"}}`
	lockedState = `{"type":"diagnostic","@message":"Error","diagnostic":{"severity":"error","summary":"Error acquiring the state lock","detail":"Workspace is already locked: default"}}`
	edgeDone    = `{"type":"apply_complete","@message":"done","hook":{"resource":{"addr":"module.site.provision_device.this[\"ams1-edge1\"]"}}}`
)

// clear fails when a plan is readable in the folders of a job.
func (j *jobs) clear() {
	j.t.Helper()
	for _, kv := range j.env {
		if dir, ok := strings.CutPrefix(kv, "TMPDIR="); ok {
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				j.t.Errorf("left behind: %v %v", left, err)
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(j.dir, "provision-run", "*", "*"))
	if err != nil {
		j.t.Fatal(err)
	}
	for _, f := range files {
		if strings.Contains(j.read(f), "format_version") {
			j.t.Errorf("%s has the plan in clear", f)
		}
	}
}

// A plan is kept encrypted with what is agreed to, and applied as it is.
func TestPlanAndApply(t *testing.T) {
	j := newJobs(t)
	out := filepath.Join(j.fake, "output")
	says(t, j.run(0, "plan ams1", "GITHUB_OUTPUT="+out, "GITHUB_TOKEN=hush"), "site ams1: planned; it waits for the merge")
	j.clear()
	says(t, j.calls(), "-chdir=fleet/sites/ams1 init", "plan -json -lock-timeout=10m -detailed-exitcode -out=")
	says(t, j.result("ams1", "report.md"), "## Plan `ams1`", "1 to update", "description one")
	says(t, j.result("ams1", "report.html"), "<!DOCTYPE html>")
	says(t, j.result("ams1", "approved.json"), `"site": "ams1"`, `"commit": "`+planned+`"`, `this[\"ams1-edge1\"]`, `"update"`, `"fingerprint": "`)
	says(t, j.result("ams1", "result.json"), `"status": "planned"`, `"changes": true`)
	says(t, j.read(out), "site=ams1\n", "changes=true\n")
	if env := j.read(j.fake, "environment"); strings.Contains(env, "PLAN_KEY") || strings.Contains(env, "hush") {
		t.Error("Terraform, and with it the configuration, sees the key or the token")
	}
	agreed := j.read(j.fake, "plan.json")
	j.plans(2, change("ams1-edge1", "another"))
	says(t, j.run(0, "apply ams1"), "site ams1: applied")
	if applied := j.read(j.fake, "applied.1"); applied != agreed {
		t.Errorf("another plan was applied:\n%s", applied)
	}
	j.clear()
	says(t, j.result("ams1", "result.json"), `"status": "applied"`)
}

func TestNothingToApply(t *testing.T) {
	j := newJobs(t)
	j.plans(0)
	says(t, j.run(0, "plan ams1"), "nothing changes")
	says(t, j.run(0, "apply ams1"), "nothing was to be changed")
	if strings.Contains(j.calls(), " apply ") {
		t.Errorf("it was applied:\n%s", j.calls())
	}
	j.plans(2) // outputs change, and nothing else
	j.run(0, "plan ams1")
	says(t, j.run(0, "apply ams1"), "site ams1: applied")
}

// Whatever was exchanged, nothing is applied.
func TestApplyOfWhatWasNotAgreedTo(t *testing.T) {
	j := newJobs(t)
	says(t, j.run(1, "apply ams1"), "site ams1:", "approved.json is missing", "plans anew")
	j.run(0, "plan fra1")
	for name, spoil := range map[string]func(dir string){
		"the plan":      func(dir string) { acctest.Put(t, filepath.Join(dir, "tfplan.enc"), j.result("fra1", "tfplan.enc")) },
		"the agreement": func(dir string) { acctest.Put(t, filepath.Join(dir, "approved.json"), `{"changes":[]}`) },
		"the seal":      func(dir string) { acctest.Put(t, filepath.Join(dir, "seal"), "é") },
		"all of them": func(dir string) {
			for _, name := range []string{"tfplan.enc", "approved.json", "seal"} {
				acctest.Put(t, filepath.Join(dir, name), j.result("fra1", name))
			}
		},
	} {
		j.run(0, "plan ams1")
		spoil(filepath.Join(j.dir, "provision-run/ams1"))
		if out := j.run(1, "apply ams1"); !strings.Contains(out, "not the one that was made with this PLAN_KEY for this site: nothing was applied") {
			t.Errorf("%s: %s", name, out)
		}
	}
	j.run(0, "plan ams1")
	says(t, j.run(1, "apply ams1", "PLAN_KEY=another key that is long enough for it"), "Was PLAN_KEY changed?")
	says(t, j.run(1, "apply ams1", "PLAN_KEY=short"), "site ams1: PLAN_KEY", "openssl rand")
	if strings.Contains(j.calls(), " apply ") {
		t.Errorf("it was applied:\n%s", j.calls())
	}
	j.clear()
}

// A stale plan is made again, and applied when it has the same effect.
func TestStalePlans(t *testing.T) {
	one, two, three := change("ams1-edge1", "one"), change("ams1-core1", "two"), change("ams1-core1", "three")
	for name, c := range map[string]struct {
		says []string // the first apply
		then []string // the changes of the plan that is made again
		code int
		want string
		nth  string // the apply that the new plan goes to, or none
	}{
		"same effect":             {[]string{staleState}, []string{one, two}, 0, "the new plan has the effect that was agreed to", "2"},
		"another order":           {[]string{staleState}, []string{two, one}, 0, "the new plan has the effect that was agreed to", "2"},
		"one is done":             {[]string{edgeDone, staleDevice}, []string{two}, 0, "the new plan has the effect that was agreed to", "2"},
		"one is missing":          {[]string{staleState}, []string{two}, 4, `["ams1-edge1"]: update was agreed to, now it has nothing to do`, ""},
		"another effect":          {[]string{staleDevice}, []string{one, three}, 4, `["ams1-core1"]: update, but not with the change that was agreed to`, ""},
		"one more":                {[]string{staleDevice, notBegun}, []string{one, two, change("ams1-edge2", "x")}, 4, `["ams1-edge2"]: update was not agreed to`, ""},
		"nothing is left":         {[]string{staleState}, nil, 0, "applied", ""},
		"another error":           {[]string{otherError}, []string{one, two}, 1, "apply failed, see above; mend the cause", ""},
		"another error as well":   {[]string{staleDevice, otherError}, []string{one, two}, 1, "apply failed", ""},
		"max_failures of another": {[]string{otherError, notBegun}, []string{one, two}, 1, "apply failed", ""},
		"locked":                  {[]string{lockedState}, []string{one, two}, 1, "another run of this site is at work", ""},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJobs(t)
			j.plans(2, one, two)
			j.run(0, "plan ams1")
			j.applies("1", "1", c.says...)
			code := 2
			if len(c.then) == 0 {
				code = 0
			}
			j.plans(code, c.then...)
			says(t, j.run(c.code, "apply ams1"), c.want)
			if second := j.read(j.fake, "applied.2"); (second != "") != (c.nth == "2") || c.nth != "" && second != j.read(j.fake, "plan.json") {
				t.Errorf("applied then: %q", second)
			}
			if status := map[int]string{0: "applied", 1: "failed", 4: "stale"}[c.code]; !strings.Contains(j.result("ams1", "result.json"), `"status": "`+status+`"`) {
				t.Errorf("the result is %s, want %s", j.result("ams1", "result.json"), status)
			}
			if c.code == 4 && name == "another effect" {
				says(t, j.result("ams1", "report.md"), "description three")
			}
			j.clear()
		})
	}
}

// A second plan that goes stale is not made a third time.
func TestStaleTwice(t *testing.T) {
	j := newJobs(t)
	j.run(0, "plan ams1")
	j.applies("1", "1", staleState)
	j.applies("2", "1", staleState)
	says(t, j.run(1, "apply ams1"), "apply of the new plan failed")
	if n := strings.TrimSpace(j.read(j.fake, "applies")); n != "2" {
		t.Errorf("%s applies", n)
	}
}

func TestNotBefore(t *testing.T) {
	j := newJobs(t)
	j.run(0, "plan ams1")
	at := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	says(t, j.run(5, "apply ams1", "NOT_BEFORE="+at), "site ams1: it is too early: NOT_BEFORE is "+at, "run this job again then")
	says(t, j.result("ams1", "result.json"), `"status": "early"`)
	j.write("fleet/sites/ams1/not_before", "2999-01-01T00:00:00+01:00\n")
	j.run(5, "apply ams1")
	for _, wrong := range []string{"-1", "1h", "99999"} {
		says(t, j.run(1, "apply ams1", "NOT_BEFORE_WAIT="+wrong), "site ams1: NOT_BEFORE_WAIT", "no number of minutes")
	}
	j.run(5, "apply ams1", "NOT_BEFORE="+at, "NOT_BEFORE_WAIT=50")
	for _, wrong := range []string{"tomorrow", "2026-01-01T00:00:00", "$(touch x)"} {
		says(t, j.run(1, "apply ams1", "NOT_BEFORE="+wrong), "is no time with a zone")
	}
	if strings.Contains(j.calls(), " apply ") {
		t.Errorf("it was applied:\n%s", j.calls())
	}
	j.run(0, "apply ams1", "NOT_BEFORE="+time.Now().Add(-time.Minute).Format(time.RFC3339))
}

// A job waits for a time that is near, and can be cancelled meanwhile.
func TestNotBeforeWaits(t *testing.T) {
	j := newJobs(t)
	j.run(0, "plan ams1")
	at := time.Now().Add(time.Hour).UTC()
	cmd := j.command([]string{"apply", "ams1"}, "NOT_BEFORE="+at.Format(time.RFC3339), "NOT_BEFORE_WAIT=60")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if says(t, line, "site ams1: waiting for "+at.Format(time.RFC3339)); err != nil {
		t.Error(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("a cancelled job: %v", err)
	}
	if strings.Contains(j.calls(), " apply ") {
		t.Errorf("it was applied:\n%s", j.calls())
	}
	at = time.Now().Add(3 * time.Second).Truncate(time.Second)
	says(t, j.run(0, "apply ams1", "NOT_BEFORE="+at.Format(time.RFC3339), "NOT_BEFORE_WAIT=1"), "site ams1: applied")
	if time.Now().Before(at) {
		t.Error("it was applied before its time")
	}
	j.clear()
}
