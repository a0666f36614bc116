//go:build lab

package fleet_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The workflow, run by act on this machine: pull requests are planned, merges
// change routers.
func TestPipeline(t *testing.T) {
	tm := newTeam(t, "pipeline")
	// What all sites share (host groups, the tables of an empty database) one makes.
	says(t, tm.ends(tm.byHand("apply", "ams1"), true), "site ams1: applied")
	tm.describes("r1", "ams1-edge1")
	t.Run("all sites by hand", tm.allByHand)
	t.Run("merge", tm.mergeApplies)
	t.Run("stale, another effect", tm.staleOtherwise)
	t.Run("stale, the same effect", tm.staleAlike)
	t.Run("two merges at once", tm.twoAtOnce)
	t.Run("one site fails", tm.oneFails)
	t.Run("not before", tm.waitsForItsTime)
	t.Run("cancelled", tm.cancelled)
	t.Run("nothing in clear", tm.nothingInClear)
}

// allByHand: a person starts it for all sites, and the nightly run finds nothing.
func (tm *team) allByHand(t *testing.T) {
	tm = tm.in(t)
	says(t, tm.ends(tm.byHand("apply", ""), true), "site ams1: nothing was to be changed", "site fra1: applied", "site lon1: applied")
	says(t, tm.ends(tm.run(tm.clone("main", ""), "schedule", map[string]any{}), true), "site ams1: no drift", "site fra1: no drift", "site lon1: no drift")
}

// mergeApplies: what was planned and reported is on the router after the merge.
func (tm *team) mergeApplies(t *testing.T) {
	tm = tm.in(t)
	out := tm.proposes(1, func() { tm.intend("merged", "ams1-edge2") })
	if says(t, out, "site ams1: planned; it waits for the merge"); strings.Contains(out, "site fra1:") {
		t.Errorf("another site was planned:\n%s", out)
	}
	tm.describes("r2", "ams1-edge2")
	comments := tm.github.bodies(1)
	if len(comments) != 1 {
		t.Fatalf("comments: %q", comments)
	}
	says(t, comments[0], "## Plan `ams1`", "1 to update", "merged of ams1-edge2")
	says(t, tm.ends(tm.merges(1), true), "site ams1: applied")
	tm.describes("r2", "merged of ams1-edge2")
	comments = tm.github.bodies(1)
	if len(comments) != 1 || !strings.Contains(comments[0], "**Applied.**") {
		t.Errorf("comments: %q", comments)
	}
	says(t, read(t, filepath.Join(tm.github.artifacts, "provision-run-ams1-1/run.html")), "ams1-edge2")
}

// staleOtherwise: somebody changes the router between plan and merge. The apply
// stops, says so where it was agreed to, and leaves the router alone.
func (tm *team) staleOtherwise(t *testing.T) {
	tm = tm.in(t)
	tm.proposes(2, func() { tm.intend("stale", "ams1-edge2") })
	tm.lab.Script(t, "", "exec", "r2", "vtysh", "-c", "configure terminal", "-c", "interface lo", "-c", "description by hand")
	out := tm.ends(tm.merges(2), false)
	says(t, out, "the plan is stale: planning again", `["ams1-edge2"]: update, but not with the change that was agreed to`, "exit status 4")
	tm.describes("r2", "by hand")
	says(t, tm.github.bodies(2)[0], "**Not applied.**", "by hand")
	says(t, tm.ends(tm.byHand("drift", "ams1"), false), "site ams1: drift: something differs", "exit status 3")
	tm.describes("r2", "by hand")
	says(t, tm.ends(tm.byHand("apply", "ams1"), true), "site ams1: applied")
	tm.describes("r2", "stale of ams1-edge2")
	says(t, tm.ends(tm.byHand("drift", "ams1"), true), "site ams1: no drift")
}

// staleAlike: another merge was applied since the plan, which still has the effect
// that was agreed to.
func (tm *team) staleAlike(t *testing.T) {
	tm = tm.in(t)
	tm.proposes(3, func() { tm.intend("first", "ams1-core1") })
	tm.proposes(4, func() { tm.intend("second", "ams1-edge2") })
	says(t, tm.ends(tm.merges(4), true), "site ams1: applied")
	says(t, tm.ends(tm.merges(3), true), "the plan is stale: planning again", "the new plan has the effect that was agreed to", "site ams1: applied")
	tm.describes("r2", "second of ams1-edge2")
	tm.describes("r3", "first of ams1-core1")
}

// twoAtOnce: the lock of the state lets one after the other, whichever is first,
// and both are applied.
func (tm *team) twoAtOnce(t *testing.T) {
	tm = tm.in(t)
	tm.proposes(5, func() { tm.intend("five", "ams1-core1") })
	tm.proposes(6, func() { tm.intend("six", "ams1-edge2") })
	runs := []*bytes.Buffer{{}, {}}
	var wg sync.WaitGroup
	main := tm.git(tm.Dir, "rev-parse", "main")
	tm.merges(5)
	five := tm.git(tm.Dir, "rev-parse", "main")
	second := tm.merges(6)
	// The first run begins when both are merged.
	first := tm.push(main, five)
	first.Dir = tm.clone("main", "")
	for n, cmd := range []*exec.Cmd{first, second} {
		cmd.Stdout, cmd.Stderr = runs[n], runs[n]
		wg.Go(func() {
			if err := cmd.Run(); err != nil {
				t.Errorf("%d: %v:\n%s", n, err, runs[n])
			}
		})
	}
	wg.Wait()
	both := runs[0].String() + runs[1].String()
	if n := strings.Count(both, "the new plan has the effect that was agreed to"); n != 1 {
		t.Errorf("%d plans were made again:\n%s", n, both)
	}
	tm.describes("r3", "five of ams1-core1")
	tm.describes("r2", "six of ams1-edge2")
}

// oneFails: the router takes back what cut it off, and the other site is applied.
func (tm *team) oneFails(t *testing.T) {
	tm = tm.in(t)
	before := tm.running("r1")
	tm.proposes(7, func() {
		tm.cutsOff("ams1-edge1", "r1")
		tm.edit("fleet/configs/fra1-access1.xml", "fra1 uplink", "fra1 other uplink")
	})
	out := tm.ends(tm.merges(7), false)
	says(t, out, "ams1-edge1: commit failed", "site ams1: apply failed, see above; mend the cause", "site fra1: applied")
	if after := tm.running("r1"); after != before {
		t.Errorf("the router is not as before:\n%s\nbefore:\n%s", after, before)
	}
	all := strings.Join(tm.github.bodies(7), "\n")
	says(t, all, "**Failed.**", "**Applied.**")
	tm.proposes(8, func() { tm.intend("mended", "ams1-edge1") })
	says(t, tm.ends(tm.merges(8), true), "site ams1: applied")
	tm.describes("r1", "mended of ams1-edge1")
}

// waitsForItsTime: too early, nothing happens; later the same run applies it.
func (tm *team) waitsForItsTime(t *testing.T) {
	tm = tm.in(t)
	tm.proposes(9, func() {
		tm.intend("later", "ams1-edge2")
		tm.Write("fleet/sites/ams1/not_before", "2999-01-01T00:00:00Z\n")
	})
	before, running := tm.git(tm.Dir, "rev-parse", "main"), tm.running("r2")
	says(t, tm.ends(tm.merges(9), false), "site ams1: it is too early: NOT_BEFORE is 2999-01-01T00:00:00Z", "exit status 5")
	if now := tm.running("r2"); now != running {
		t.Errorf("the router is not as before:\n%s", now)
	}
	says(t, tm.github.bodies(9)[0], "**Not applied yet:**")
	after := tm.git(tm.Dir, "rev-parse", "main")
	says(t, tm.ends(tm.push(before, after, "--env", "NOT_BEFORE=2020-01-01T00:00:00Z"), true), "site ams1: applied")
	tm.describes("r2", "later of ams1-edge2")
	if err := os.Remove(filepath.Join(tm.Dir, "fleet/sites/ams1/not_before")); err != nil {
		t.Fatal(err)
	}
	tm.commit()
}

// cancelled: a job that is ended in the middle of a change leaves no lock, and the
// next one brings the router to where it should be.
func (tm *team) cancelled(t *testing.T) {
	tm = tm.in(t)
	tm.proposes(10, func() { tm.intend("cancelled", "ams1-edge1") })
	cmd := tm.merges(10)
	out, err := runUntil(t, cmd, `canary["ams1-edge1"]: Modifying`, func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
	})
	if err == nil {
		t.Fatalf("a cancelled run succeeded:\n%s", out)
	}
	says(t, tm.ends(tm.byHand("apply", "ams1"), true), "site ams1:")
	tm.describes("r1", "cancelled of ams1-edge1")
	says(t, tm.ends(tm.byHand("drift", "ams1"), true), "site ams1: no drift")
}

// nothingInClear: what is kept of the runs has no saved plan that can be read.
func (tm *team) nothingInClear(t *testing.T) {
	tm = tm.in(t)
	files, err := filepath.Glob(filepath.Join(tm.github.artifacts, "*", "*"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files are kept: %v", len(files), err)
	}
	for _, f := range files {
		if text := read(t, f); strings.HasPrefix(text, "PK") || strings.Contains(text, "PRIVATE KEY") || strings.Contains(text, `"format_version"`) {
			t.Errorf("%s is in clear", f)
		}
	}
}
