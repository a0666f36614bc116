package netconf_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/device/devicetest"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/netconfsim"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// target opens the lab's device for the core.
type target struct{ lab devicetest.Lab }

func (t target) Name() string { return t.lab.Device().Name }
func (target) Driver() string { return "netconf" }
func (t target) Open(ctx context.Context, _ bool) (provision.Session, error) {
	return t.lab.Driver().Open(ctx, t.lab.Device())
}

func request(lab devicetest.Lab) provision.Request {
	return provision.Request{
		Target: target{lab}, Intent: device.NewConfig(netconf.New(), []byte(added)), Commit: true, Save: true,
		ConfirmTimeout: 10 * time.Second, CommitID: persist.ID, Holder: persist.Holder,
	}
}

// The core tells the truth whatever becomes of the commit's answer, although
// NETCONF does not tell whose commit is pending.
func TestCoreAfterFaults(t *testing.T) {
	for name, tc := range map[string]struct {
		op string
		f  netconfsim.Fault
		on bool
	}{
		"commit done, answer lost": {"commit", netconfsim.DropAfter, true},
		"commit not done, lost":    {"commit", netconfsim.DropBefore, false},
		"commit hangs":             {"commit", netconfsim.Hang, false},
		"commit does nothing":      {"commit", netconfsim.Nothing, false},
		"edit lost":                {"edit-config", netconfsim.DropAfter, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab, fail := faulty(t, tc.op, tc.f)
			fail()
			res, err := provision.Run(t.Context(), request(lab))
			if runs(t, lab, isAdded) != tc.on || strings.Contains(lab.Startup(t), isAdded) != tc.on {
				t.Errorf("%s, %v: running\n%s", res.Outcome, err, lab.Running(t))
			}
			if (err == nil) != tc.on {
				t.Errorf("%s, %v", res.Outcome, err)
			}
			if left := lab.Leftovers(t); !devicetest.Eventually(t, time.Minute, func() bool { return len(lab.Leftovers(t)) == 0 }) {
				t.Errorf("left %q", left)
			}
			again, err := provision.Run(t.Context(), request(lab))
			if err != nil || !runs(t, lab, isAdded) || (again.Outcome == provision.OutcomeNoChange) != tc.on {
				t.Errorf("the next run: %s, %v", again.Outcome, err)
			}
		})
	}
}

// A run waits for a commit that a killed one left.
func TestCoreWaitsForPending(t *testing.T) {
	lab := newSim(t, netconfsim.Options{})
	s := driven(t, lab)
	opts := persist
	opts.Window = 5 * time.Second // the run finds it pending
	if _, err := stage(t, s, added, provision.StageOptions{}).Commit(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	must(t, s.Close())
	req := request(lab)
	req.DryRun = true
	res, err := provision.Run(t.Context(), req)
	must(t, err)
	if res.Outcome != provision.OutcomePlanned || len(res.Warnings) == 0 {
		t.Errorf("%s, warnings %q", res.Outcome, res.Warnings)
	}
}
