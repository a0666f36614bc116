//go:build lab

package faults_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/rpc"
)

// fill leaves no byte of room where the driver may write; undo gives it back.
const (
	fill = "cat /dev/zero >/run/fill 2>/dev/null; cat /dev/zero >/tmp/fill 2>/dev/null; true"
	undo = "rm -f /run/fill /tmp/fill"
)

// fillBut leaves room for so many small files in /run.
func fillBut(files int) string {
	return fmt.Sprintf("%s; %s; truncate -s -%d /run/fill", undo, fill, files*4096)
}

// TestNoRoom fills the router's disks before a plan, and before a commit.
func TestNoRoom(t *testing.T) {
	lab, binary := bench(t)
	r := <-newFleet(t, lab, binary, routers(t, lab)[0])
	console := r.box.(frrBox)
	t.Cleanup(func() { console.console(t, "sh", "-c", undo) })
	advice := "make room in /run and /tmp there"

	r.want(1)
	console.console(t, "sh", "-c", fill)
	out := r.Must(1, "plan")
	t.Log(out)
	says(t, "the plan", out, "Error: r1: stage failed", "a file could not be written on the router", "No space left on device", advice, "State: not applied")
	console.console(t, "sh", "-c", undo)
	r.clean()

	// What a plan needs is too little for a commit, which keeps what was there, too.
	files, code := 0, 1
	for ; code != 2; files++ {
		if files > 64 {
			t.Fatalf("no plan with room for %d files:\n%s", files, out)
		}
		console.console(t, "sh", "-c", fillBut(files))
		code, out = r.Terraform("plan", "-detailed-exitcode")
	}
	t.Logf("a plan has room for %d files", files-1)
	committed := r.step("commit")
	out = r.Must(1, "apply", "-auto-approve")
	t.Log(out)
	r.ended(1, out, 1)
	says(t, "the apply", out, "Error: r1: commit failed", "a file could not be written on the router", "No space left on device", advice, "State: not applied")
	if !committed() {
		t.Error("it did not come to the commit")
	}
	console.console(t, "sh", "-c", undo)
	r.truth(1)
}

// TestNoRoomForStartup fills the disk that netconfd keeps its startup configuration
// on. It answers ok to the save, shows all of it and has written a part: no client
// can tell. With room again the next change writes the whole.
func TestNoRoomForStartup(t *testing.T) {
	lab, binary := bench(t)
	r := <-newFleet(t, lab, binary, devices(t, lab)[0])
	console := func(script string) string {
		return lab.Script(t, "", "exec", r.node().Name, "sh", "-c", script)
	}
	const (
		file = "/mnt/startup-cfg.xml"
		size = 20000 // more than the blocks that the file has
	)
	whole := func() bool { return strings.Contains(console("cat "+file), "</config>") }
	console("set -e; cp " + file + " /tmp/startup; mount -t tmpfs -o mode=755,size=64k small /mnt; cp /tmp/startup " + file)
	t.Cleanup(func() { console("cp " + file + " /tmp/startup; umount -l /mnt; cp /tmp/startup " + file) })

	long := strings.Replace(r.intent(1), "</name>\n", "</name>\n  <description>"+strings.Repeat("x", size)+"</description>\n", 1)
	r.Config(r.provider(nil), r.resource(text(long), `confirm_timeout = "10s"`))
	console("cat /dev/zero >/mnt/fill 2>/dev/null; true")
	out := r.Must(0, "apply", "-auto-approve")
	if running, startup := r.has(t, 1); !running || !startup {
		t.Errorf("running %t, startup %t:\n%s", running, startup, out)
	}
	if whole() {
		t.Error("there was room for the startup configuration")
	}
	r.Must(0, "plan", "-detailed-exitcode")
	r.clean()

	console("rm /mnt/fill")
	r.want(2)
	r.truth(2)
	if !whole() {
		t.Error("the next change did not write the whole startup configuration")
	}
}

// TestLockOfSomebodyElse: a person at the router's console holds the lock.
func TestLockOfSomebodyElse(t *testing.T) {
	lab, binary := bench(t)
	t.Run("frr", func(t *testing.T) {
		r := <-newFleet(t, lab, binary, routers(t, lab)[0])
		r.want(1)
		console := r.box.(frrBox)
		const script = `exec 9>>/run/frr/provision-frr.lock; chmod 644 /run/frr/provision-frr.lock; flock 9
			echo "Ann, change 4711" >/run/frr/provision-frr.lock; echo $$ >/run/ann; exec sleep 600`
		console.console(t, "sh", "-c", "setsid sh -c '"+script+"' >/dev/null 2>&1 </dev/null & while [ ! -s /run/ann ]; do sleep 0.1; done")
		release := func() {
			console.console(t, "sh", "-c", "[ ! -e /run/ann ] || kill $(cat /run/ann); rm -f /run/ann /run/frr/provision-frr.lock")
		}
		t.Cleanup(release)
		r.Must(2, "plan", "-detailed-exitcode") // a dry run needs no lock
		out := r.Must(1, "apply", "-auto-approve")
		t.Log(out)
		says(t, "the error", out, "Error: r1: lock failed", "locked by Ann, change 4711", "State: not applied",
			"wait until Ann, change 4711 is done, or end that session on the target")
		release()
		r.truth(1)
	})
	t.Run("netconf", func(t *testing.T) {
		r := <-newFleet(t, lab, binary, devices(t, lab)[0])
		r.want(1)
		s := r.box.(netconfBox).session(t)
		if err := s.Lock(t.Context(), rpc.Candidate); err != nil {
			t.Fatal(err)
		}
		out := r.Must(1, "apply", "-auto-approve")
		t.Log(out)
		says(t, "the error", out, "Error: n1: ", "locked by NETCONF session "+s.ID()+" (netops from ", "State: not applied", "wait until NETCONF session "+s.ID())
		_ = s.Close()
		r.truth(1)
	})
	t.Run("netconf, not locked but in use", func(t *testing.T) {
		r := <-newFleet(t, lab, binary, devices(t, lab)[0])
		r.want(1)
		s := r.box.(netconfBox).session(t)
		if err := s.EditConfig(t.Context(), []byte(r.intent(7)), true); err != nil {
			t.Fatal(err)
		}
		out := r.Must(1, "apply", "-auto-approve")
		t.Log(out)
		says(t, "the error", out, "Error: n1: ", "changes in the candidate that nobody has committed or discarded", "State: not applied",
			"Next: find out whose they are: commit them, or take them back with discard-changes")
		if !strings.Contains(r.box.(netconfBox).get(t, s, rpc.Candidate), r.mark(7)) {
			t.Error("somebody else's candidate was thrown away")
		}
		if err := s.DiscardChanges(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
		_ = s.Close()
		r.truth(1)
	})
}

// TestChangedAfterThePlan: somebody is at the device between a plan and the
// apply of the saved plan.
func TestChangedAfterThePlan(t *testing.T) {
	lab, binary := bench(t)
	for name, b := range map[string]box{"frr": routers(t, lab)[0], "netconf": devices(t, lab)[0]} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, lab, binary, b)
			stale := func(k int, wants ...string) {
				r.want(k)
				r.Must(0, "plan", "-out=saved.plan")
				r.byHand(t, 100+k)
				committed := r.step("commit")
				out := r.Must(1, "apply", "saved.plan")
				t.Log(out)
				says(t, "the error", out, wants...)
				running, startup := r.has(t, k)
				if running || startup || committed() {
					t.Errorf("running %t, startup %t, committed %t", running, startup, committed())
				}
				r.truth(k)
			}
			n := b.node().Name
			// On create there is no state to compare with: it is Terraform's own
			// error, and our change_id in it says what to do.
			stale(1, "Provider produced inconsistent final plan", "change_id", "something changed after the plan: plan again")
			stale(2, "Error: "+n+": compare failed", "changed since the plan", "State: not applied", "nothing was sent to the device", "Plan again")
		})
	}
}
