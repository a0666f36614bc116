//go:build lab

package fleet_test

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// gitlabTeam is a rig whose folder is a repository with GitLab's pipeline.
type gitlabTeam struct {
	*rig
	repo *acctest.GitLab
	api  *gitlab
}

// newGitLabTeam makes a team, whose first commit is planned and applied nowhere.
func newGitLabTeam(t *testing.T, database string) *gitlabTeam {
	t.Helper()
	tm := &gitlabTeam{rig: newRig(t, database), api: newGitLab(t)}
	for from, to := range map[string]string{"ci/scripts": "ci/scripts", "ci/gitlab": "ci"} {
		copyTo(t, filepath.Join(tm.Dir, to), from)
	}
	tm.Write(".gitlab-ci.yml", "include: {local: ci/fleet.yml}\n")
	tm.Write(".gitignore", "/mirror/\n/terraform.rc\n.terraform/\n.terraform.lock.hcl\n*.jsonl\nbackups/\n/provision-run/\n.gitlab-ci-local/\n")
	env := append([]string{
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + t.TempDir(), "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE=" + filepath.Join(tm.Dir, "terraform.rc"),
		"TF_VAR_confirm_timeout=10s", "GITLAB_TOKEN=" + gitlabToken, key,
	}, tm.rig.Env...)
	tm.repo = acctest.NewGitLab(t, root, tm.Dir, env)
	return tm
}

// in is the team in a part of its test.
func (tm *gitlabTeam) in(t *testing.T) *gitlabTeam {
	return &gitlabTeam{rig: tm.rig.in(t), repo: tm.repo.With(t), api: tm.api}
}

// started are the variables of a pipeline, with those that GitLab would set.
func (tm *gitlabTeam) started(source string, more map[string]string) map[string]string {
	variables := map[string]string{"CI_PIPELINE_SOURCE": source, "CI_DEFAULT_BRANCH": "main", "CI_API_V4_URL": tm.api.server.URL + "/api/v4"}
	maps.Copy(variables, more)
	return variables
}

// planJob is the name of a site's plan.
func planJob(site string) string { return "fleet:plan: [" + site + "]" }

// proposes makes a merge request, and plans it.
func (tm *gitlabTeam) proposes(iid int, edit func()) string {
	tm.t.Helper()
	base := tm.repo.Git("rev-parse", "main")
	tm.repo.Git("checkout", "--quiet", "-b", branch(iid), "main")
	edit()
	tm.api.opened(iid, tm.repo.Commit())
	out := tm.repo.Run(0, tm.started("merge_request_event", map[string]string{
		"CI_MERGE_REQUEST_IID": strconv.Itoa(iid), "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1217", "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
	}))
	kept := map[string]string{}
	for _, name := range []string{"ams1", "fra1", "lon1"} {
		kept[planJob(name)] = tm.keep(planJob(name))
	}
	tm.api.keeps(iid, kept)
	return tm.hides(out)
}

// keep copies what a job has left, which the next pipeline writes over; a job that
// has left nothing has no folder.
func (tm *gitlabTeam) keep(job string) string {
	tm.t.Helper()
	from, to := tm.repo.Artifacts(job), filepath.Join(tm.t.TempDir(), "kept")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		tm.t.Fatal(err)
	}
	return to
}

// merge merges it into main, and says which commit was the last before.
func (tm *gitlabTeam) merge(iid int) (before string) {
	tm.t.Helper()
	before = tm.repo.Git("rev-parse", "main")
	tm.repo.Git("checkout", "--quiet", "main")
	tm.repo.Git("merge", "--quiet", "--no-ff", "--message=merge", branch(iid))
	tm.api.merge(iid, tm.repo.Git("rev-parse", "main"))
	return before
}

// merges merges it, and runs the pipeline that this starts.
func (tm *gitlabTeam) merges(iid int) string {
	tm.t.Helper()
	return tm.hides(tm.push(tm.merge(iid)))
}

// push runs the pipeline of a push to main. A job that may end with one exit code
// (allow_failure) makes gitlab-ci-local succeed whatever its code; the list at the
// end says which have failed.
func (tm *gitlabTeam) push(before string) string {
	tm.t.Helper()
	return tm.repo.Run(0, tm.started("push", map[string]string{"CI_COMMIT_BEFORE_SHA": before}))
}

// hides checks that an output has no secret, and gives it without colours.
func (tm *gitlabTeam) hides(out string) string {
	tm.t.Helper()
	out = acctest.Plain(out)
	for _, secret := range []string{strings.TrimPrefix(key, "PLAN_KEY="), gitlabToken, "PRIVATE KEY-----"} {
		if strings.Contains(out, secret) {
			tm.t.Errorf("it shows a secret:\n%s", out)
		}
	}
	return out
}

// GitLab's pipeline, run by gitlab-ci-local on this machine: merge requests are
// planned, merges change routers.
func TestGitLabPipeline(t *testing.T) {
	tm := newGitLabTeam(t, "gitlab")
	tm.Must(0, site("ams1"), "init", "-input=false") // of an empty database only one makes what all sites share
	byHand := tm.started("web", map[string]string{"FLEET": "apply"})
	out := tm.repo.Run(0, byHand)
	if says(t, out, "site ams1: planned", "site fra1: planned", "site lon1: planned"); strings.Contains(out, "fleet:apply: [ams1] starting") {
		t.Fatalf("it did not wait for a person:\n%s", out)
	}
	says(t, tm.repo.Press(0, "fleet:apply", byHand), "site ams1: applied", "site fra1: applied", "site lon1: applied")
	tm.describes("r1", "ams1-edge1")
	t.Run("merge", tm.mergeApplies)
	t.Run("stale, another effect", tm.staleOtherwise)
	t.Run("two merges at once", tm.twoAtOnce)
	t.Run("cancelled", tm.cancelled)
	t.Run("one site fails", tm.oneFails)
	t.Run("not before", tm.waitsForItsTime)
	t.Run("drift", tm.finds)
	t.Run("direct push", tm.pushed)
}

// mergeApplies: what was planned and reported is on the router after the merge.
func (tm *gitlabTeam) mergeApplies(t *testing.T) {
	tm = tm.in(t)
	says(t, tm.proposes(1, func() { tm.intend("merged", "ams1-edge2") }),
		"site ams1: planned; it waits for the merge", "fra1 is not concerned", "lon1 is not concerned")
	tm.describes("r2", "ams1-edge2")
	if notes := tm.api.bodies(1); len(notes) != 1 || !strings.Contains(notes[0], "merged of ams1-edge2") {
		t.Fatalf("notes: %q", notes)
	}
	if text := read(t, filepath.Join(tm.repo.Artifacts(planJob("ams1")), "provision-run/ams1/tfplan.enc")); !strings.HasPrefix(text, "Salted__") {
		t.Error("the saved plan is in clear")
	}
	says(t, tm.merges(1), "site ams1: applied", "fra1 is not concerned", "PASS  fleet:apply: [ams1]")
	tm.describes("r2", "merged of ams1-edge2")
	if notes := tm.api.bodies(1); len(notes) != 1 || !strings.Contains(notes[0], "**Applied.**") {
		t.Errorf("notes: %q", notes)
	}
}

// staleOtherwise: somebody changes the router between plan and merge. The apply
// stops, says so where it was agreed to, and leaves the router alone.
func (tm *gitlabTeam) staleOtherwise(t *testing.T) {
	tm = tm.in(t)
	tm.proposes(4, func() { tm.intend("stale", "ams1-edge2") })
	tm.lab.Script(t, "", "exec", "r2", "vtysh", "-c", "configure terminal", "-c", "interface lo", "-c", "description by hand")
	says(t, tm.merges(4), "the plan is stale: planning again", `["ams1-edge2"]: update, but not with the change that was agreed to`, "FAIL  fleet:apply: [ams1]")
	tm.describes("r2", "by hand")
	says(t, tm.api.bodies(4)[0], "**Not applied.**", "by hand")
	// What is there now is proposed, planned and agreed to anew.
	tm.proposes(5, func() { tm.intend("seen", "ams1-edge2") })
	says(t, tm.merges(5), "PASS  fleet:apply: [ams1]")
	tm.describes("r2", "seen of ams1-edge2")
}

// twoAtOnce: the pipelines of two merges run side by side, as without a resource
// group. The lock of the state lets the second wait for the first, which makes its
// plan stale; a new one has the effect that was agreed to.
func (tm *gitlabTeam) twoAtOnce(t *testing.T) {
	tm = tm.in(t)
	tm.proposes(6, func() { tm.intend("six", "ams1-core1") })
	tm.proposes(7, func() { tm.intend("seven", "ams1-edge2") })
	var pipelines []*exec.Cmd
	for _, iid := range []int{6, 7} {
		before := tm.merge(iid)
		pipelines = append(pipelines, tm.repo.Clone("main").Command(tm.started("push", map[string]string{"CI_COMMIT_BEFORE_SHA": before})))
	}
	var second bytes.Buffer
	ended := make(chan error, 1)
	pipelines[1].Stdout, pipelines[1].Stderr = &second, &second
	first, err := runUntil(t, pipelines[0], `this["ams1-core1"]: Modifying`, func() { go func() { ended <- pipelines[1].Run() }() })
	if err := errors.Join(err, <-ended); err != nil {
		t.Errorf("%v:\n%s\n%s", err, first, second.String())
	}
	says(t, tm.hides(first), "site ams1: applied")
	says(t, tm.hides(second.String()), "the plan is stale: planning again", "the new plan has the effect that was agreed to", "site ams1: applied")
	tm.describes("r3", "six of ams1-core1")
	tm.describes("r2", "seven of ams1-edge2")
}

// cancelled: a job that is ended in the middle of a change, as a runner ends it,
// leaves no lock, and the next one brings the router to where it should be.
func (tm *gitlabTeam) cancelled(t *testing.T) {
	tm = tm.in(t)
	tm.proposes(8, func() { tm.intend("cancelled", "ams1-edge1") })
	before := tm.merge(8)
	cmd := tm.repo.Command(tm.started("push", map[string]string{"CI_COMMIT_BEFORE_SHA": before}))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// Gitlab-ci-local takes a job for well that a signal has ended; GitLab does not.
	out, err := runUntil(t, cmd, `canary["ams1-edge1"]: Modifying`, func() { endJobs(t, cmd.Process.Pid) })
	if err != nil {
		t.Errorf("the pipeline: %v:\n%s", err, out)
	}
	says(t, tm.hides(out), "Interrupt received.")
	tm.proposes(9, func() { tm.intend("after", "ams1-edge1") })
	says(t, tm.merges(9), "site ams1: applied", "PASS  fleet:apply: [ams1]")
	tm.describes("r1", "after of ams1-edge1")
}

// endJobs sends the processes of a group but its first one SIGTERM, as a runner
// does with those of a job.
func endJobs(t *testing.T, group int) {
	t.Helper()
	out, err := exec.Command("pgrep", "-g", strconv.Itoa(group)).Output()
	if err != nil {
		t.Errorf("pgrep: %v", err)
	}
	for _, field := range strings.Fields(string(out)) {
		if pid, err := strconv.Atoi(field); err == nil && pid != group {
			_ = syscall.Kill(pid, syscall.SIGTERM) // it may have ended meanwhile
		}
	}
}

// oneFails: the router takes back what cut it off, and the other site is applied.
func (tm *gitlabTeam) oneFails(t *testing.T) {
	tm = tm.in(t)
	before, mended := tm.running("r1"), tm.Read("fleet/configs/ams1-edge1.conf")
	tm.proposes(2, func() {
		tm.cutsOff("ams1-edge1", "r1")
		tm.edit("fleet/configs/fra1-access1.xml", "fra1 uplink", "fra1 other uplink")
	})
	says(t, tm.merges(2), "ams1-edge1: commit failed", "site ams1: apply failed", "site fra1: applied", "PASS  fleet:apply: [fra1]", "FAIL  fleet:apply: [ams1]")
	if after := tm.running("r1"); after != before {
		t.Errorf("the router is not as before:\n%s\nbefore:\n%s", after, before)
	}
	says(t, strings.Join(tm.api.bodies(2), "\n"), "**Failed.**", "**Applied.**")
	tm.proposes(3, func() { tm.Write("fleet/configs/ams1-edge1.conf", mended) })
	says(t, tm.merges(3), "PASS  fleet:apply: [ams1]")
}

// waitsForItsTime: too early, nothing happens; later the same job applies it.
func (tm *gitlabTeam) waitsForItsTime(t *testing.T) {
	tm = tm.in(t)
	const file = "fleet/sites/ams1/not_before"
	tm.proposes(10, func() {
		tm.intend("later", "ams1-core1")
		tm.Write(file, "2999-01-01T00:00:00Z\n")
	})
	before, running := tm.merge(10), tm.running("r3")
	says(t, tm.hides(tm.push(before)), "site ams1: it is too early: NOT_BEFORE is 2999-01-01T00:00:00Z", "WARN  fleet:apply: [ams1]")
	if now := tm.running("r3"); now != running {
		t.Errorf("the router is not as before:\n%s", now)
	}
	says(t, tm.api.bodies(10)[0], "**Not applied yet:**")
	again := tm.started("push", map[string]string{"CI_COMMIT_BEFORE_SHA": before, "NOT_BEFORE": "2020-01-01T00:00:00Z"})
	says(t, tm.hides(tm.repo.Run(0, again)), "site ams1: applied", "PASS  fleet:apply: [ams1]")
	tm.describes("r3", "later of ams1-core1")
	if err := os.Remove(filepath.Join(tm.Dir, file)); err != nil {
		t.Fatal(err)
	}
	tm.repo.Commit()
}

// finds: a schedule's pipeline fails for the site that differs, and only for that.
func (tm *gitlabTeam) finds(t *testing.T) {
	tm = tm.in(t)
	tm.lab.Script(t, "", "exec", "r3", "vtysh", "-c", "configure terminal", "-c", "interface lo", "-c", "description by hand")
	says(t, tm.repo.Run(1, tm.started("schedule", map[string]string{"FLEET": "drift"})),
		"site ams1: drift: something differs", "site fra1: no drift", "FAIL  fleet:drift: [ams1]", "PASS  fleet:drift: [fra1]")
	tm.describes("r3", "by hand")
}

// pushed: nobody has agreed to what came without a merge request.
func (tm *gitlabTeam) pushed(t *testing.T) {
	tm = tm.in(t)
	before := tm.repo.Git("rev-parse", "HEAD")
	tm.intend("pushed", "ams1-edge2")
	tm.repo.Commit()
	says(t, tm.push(before), "came with no merge request: nobody has agreed to a plan of it", "fra1 is not concerned", "FAIL  fleet:apply: [ams1]")
	tm.describes("r2", "seven of ams1-edge2")
}
