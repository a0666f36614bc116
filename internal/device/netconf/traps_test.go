package netconf_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/device/devicetest"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/netconfsim"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/rpc"
	devssh "github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// gap is long enough for netconfd to look at its timers.
const gap = 1200 * time.Millisecond

// trap is one fact of knowledge about netconfd 2.13, shown with a bare session,
// and how the driver stays out of it.
type trap struct {
	name string
	f    func(t *testing.T, lab devicetest.Lab)
}

func TestTrapsOnSimulator(t *testing.T) { runTraps(t, newSim(t, netconfsim.Options{Deaf: true})) }

func runTraps(t *testing.T, lab devicetest.Lab) {
	for _, tr := range []trap{
		{"1 a lock on running keeps the server from undoing", trapRunningLock},
		{"2 validate makes the commit do nothing", trapValidate},
		{"3 default-operation replace leaves other trees", trapDefaultReplace},
		{"4 an rpc together with the hello is never answered", trapHello},
		{"5 without persist the session's end undoes", trapPersist},
		{"6 test-only accepts a missing mandatory leaf", trapTestOnly},
		{"7 the difference is ours", trapDiff},
		{"8 another session changes things", trapDrift},
		{"9 who asks often keeps the server from undoing", trapPolling},
		{"10 a candidate that somebody left dirty", trapDirty},
		{"11 the confirming commit takes the candidate along", trapConfirmTakesAlong},
		{"12 no lock while a commit is pending", trapLockPending},
		{"13 who holds the lock", trapHolder},
		{"14 somebody has locked running", trapRunningLocked},
		{"15 a session that an operator kills", trapKilled},
	} {
		t.Run(tr.name, func(t *testing.T) {
			lab.Reset(t)
			tr.f(t, lab)
		})
	}
}

// stream opens the subsystem without a session on it.
func stream(t *testing.T, lab devicetest.Lab) io.ReadWriteCloser {
	t.Helper()
	dev := lab.Device()
	c := dev.SSH
	c.Host, c.Port = dev.Host, dev.Port
	client, err := devssh.Dial(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	rw, err := client.Subsystem(t.Context(), "netconf")
	if err != nil {
		t.Fatal(err)
	}
	return rw
}

// raw gives a bare session.
func raw(t *testing.T, lab devicetest.Lab) *rpc.Session {
	t.Helper()
	s, err := rpc.Open(t.Context(), stream(t, lab), rpc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func driven(t *testing.T, lab devicetest.Lab) device.Session {
	t.Helper()
	s, err := lab.Driver().Open(t.Context(), lab.Device())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func stage(t *testing.T, s provision.Session, text string, opts provision.StageOptions) provision.Change {
	t.Helper()
	c, err := s.Stage(t.Context(), device.NewConfig(netconf.New(), []byte(text)), opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func runs(t *testing.T, lab devicetest.Lab, text string) bool {
	t.Helper()
	return strings.Contains(lab.Running(t), text)
}

// waiting tells whether a commit with a persist id is pending.
func waiting(t *testing.T, s *rpc.Session) bool {
	t.Helper()
	var e *rpc.Error
	if err := s.CancelCommit(t.Context(), "nobody's"); !errors.As(err, &e) {
		t.Fatalf("cancel-commit: %v", err)
	}
	return e.Tag == rpc.TagInvalidValue
}

// over rests until no commit is pending.
func over(t *testing.T, s *rpc.Session) {
	t.Helper()
	for range 6 {
		must(t, s.Rest(t.Context(), gap))
		if !waiting(t, s) {
			return
		}
	}
	t.Fatal("the commit is still pending")
}

var (
	added   = interfaces(iface("eth2", "added"))
	persist = provision.CommitOptions{ID: "trap-commit", Holder: "a test", Window: time.Minute}
)

const (
	isAdded = "<name>eth2</name>"
	window  = 2 * time.Second
)

func trapRunningLock(t *testing.T, lab devicetest.Lab) {
	s := raw(t, lab)
	must(t, s.Lock(t.Context(), rpc.Running), s.EditConfig(t.Context(), []byte(added), true),
		s.CommitConfirmed(t.Context(), "x", time.Second))
	over(t, s)
	if !runs(t, lab, isAdded) {
		t.Error("the server undid it: the lock on running matters no more")
	}
	must(t, s.Close())
	lab.Reset(t)
	ours, other := driven(t, lab), raw(t, lab)
	must(t, ours.Lock(t.Context(), "a test"), other.Lock(t.Context(), rpc.Running))
}

func trapValidate(t *testing.T, lab devicetest.Lab) {
	s := raw(t, lab)
	must(t, s.EditConfig(t.Context(), []byte(added), true), s.Validate(t.Context(), rpc.Candidate), s.Commit(t.Context()))
	if runs(t, lab, isAdded) {
		t.Error("the commit was done: validate matters no more")
	}
	must(t, s.Close())
	ours := driven(t, lab)
	must(t, ours.Lock(t.Context(), "a test"))
	c := stage(t, ours, added, provision.StageOptions{Verify: true})
	if _, err := c.Commit(t.Context(), persist); err != nil {
		t.Fatal(err)
	}
	if !runs(t, lab, isAdded) {
		t.Error("a change that was verified is not committed")
	}
	must(t, ours.Rollback(t.Context(), persist.ID))
}

func trapDefaultReplace(t *testing.T, lab devicetest.Lab) {
	only := interfaces(iface("eth7", "alone"))
	s := raw(t, lab)
	_, err := s.Do(t.Context(), []byte("<edit-config><target><candidate/></target><default-operation>replace</default-operation><config>"+only+"</config></edit-config>"))
	must(t, err, s.Commit(t.Context()))
	if !runs(t, lab, "<contact>") {
		t.Error("default-operation replace took away what the intent does not name")
	}
	must(t, s.Close())
	ours := driven(t, lab)
	c := stage(t, ours, only, provision.StageOptions{Replace: true})
	if !strings.Contains(c.Diff().String(), "contact") {
		t.Errorf("replace leaves other trees:\n%s", c.Diff())
	}
}

func trapHello(t *testing.T, lab devicetest.Lab) {
	rw := stream(t, lab)
	_, err := io.WriteString(rw, `<hello xmlns="`+rpc.BaseNS+`"><capabilities><capability>`+rpc.Base10+`</capability></capabilities></hello>]]>]]>`+
		`<rpc xmlns="`+rpc.BaseNS+`" message-id="1"><get-config><source><running/></source></get-config></rpc>]]>]]>`)
	must(t, err)
	in := rpc.NewReader(rw, 0)
	if _, err := in.Next(); err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() { _, err := in.Next(); answered <- err }()
	timer := time.NewTimer(500 * time.Millisecond)
	defer timer.Stop()
	select {
	case err := <-answered:
		if err == nil {
			t.Error("it was answered: the pause is not needed any more")
		}
	case <-timer.C:
	}
	_ = rw.Close()
	for range 5 {
		s := driven(t, lab)
		if _, err := s.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		must(t, s.Close())
	}
}

func trapPersist(t *testing.T, lab devicetest.Lab) {
	s := raw(t, lab)
	must(t, s.EditConfig(t.Context(), []byte(added), true))
	_, err := s.Do(t.Context(), []byte("<commit><confirmed/><confirm-timeout>60</confirm-timeout></commit>"))
	must(t, err)
	if p, err := driven(t, lab).Pending(t.Context()); err != nil || p == nil {
		t.Errorf("a commit without persist id is pending and gave %+v, %v", p, err)
	}
	must(t, s.Close())
	if !devicetest.Eventually(t, 30*time.Second, func() bool { return !runs(t, lab, isAdded) }) {
		t.Error("a confirmed commit without persist outlives its session")
	}
	ours := driven(t, lab)
	if _, err := stage(t, ours, added, provision.StageOptions{}).Commit(t.Context(), persist); err != nil {
		t.Fatal(err)
	}
	must(t, ours.Close())
	if !runs(t, lab, isAdded) {
		t.Error("our commit ended with its session")
	}
	must(t, driven(t, lab).Confirm(t.Context(), persist.ID))
	if !runs(t, lab, isAdded) {
		t.Error("the confirmation undid it")
	}
}

func trapTestOnly(t *testing.T, lab devicetest.Lab) {
	incomplete := ifs + "<interface><name>eth5</name></interface>\n</interfaces>"
	s := raw(t, lab)
	_, err := s.Do(t.Context(), []byte("<edit-config><target><candidate/></target><test-option>test-only</test-option><config>"+incomplete+"</config></edit-config>"))
	must(t, err, s.DiscardChanges(t.Context()), s.Close())
	_, err = driven(t, lab).Stage(t.Context(), device.NewConfig(netconf.New(), []byte(incomplete)), provision.StageOptions{Verify: true})
	var rejected *provision.RejectedError
	if !errors.As(err, &rejected) || rejected.Line != 2 || !strings.Contains(rejected.Message, "/interfaces/interface[name='eth5']/type") {
		t.Errorf("an interface without its type: %+v, %v", rejected, err)
	}
}

func trapDiff(t *testing.T, lab devicetest.Lab) {
	d := stage(t, driven(t, lab), interfaces(iface("eth1", "changed")), provision.StageOptions{}).Diff()
	want := "@@ /interfaces/interface[name='eth1']/description\n- spare\n+ changed"
	if d.String() != want || d.By != provision.ByClient {
		t.Errorf("by %s:\n%s", d.By, d)
	}
}

func trapDrift(t *testing.T, lab devicetest.Lab) {
	s, other := driven(t, lab), raw(t, lab)
	before, err := s.Read(t.Context())
	must(t, err, other.EditConfig(t.Context(), []byte(added), true), other.Commit(t.Context()))
	after, err := s.Read(t.Context())
	must(t, err)
	if before.Digest == after.Digest || !strings.Contains(string(after.Raw), isAdded) {
		t.Error("the change of another session does not show")
	}
}

func trapPolling(t *testing.T, lab devicetest.Lab) {
	s := raw(t, lab)
	must(t, s.EditConfig(t.Context(), []byte(added), true), s.CommitConfirmed(t.Context(), "x", time.Second))
	asked := time.Now()
	for until := asked.Add(3 * time.Second); time.Now().Before(until); {
		still, busy := waiting(t, s), time.Since(asked) > time.Second/2
		if asked = time.Now(); !still {
			if !busy { // else the machine kept us from asking often
				t.Error("it was undone under polling: the rest is not needed any more")
			}
			break
		}
		must(t, s.Rest(t.Context(), 100*time.Millisecond))
	}
	over(t, s)
	must(t, s.Close())
	ours := driven(t, lab)
	opts := persist
	opts.Window = window
	if _, err := stage(t, ours, added, provision.StageOptions{}).Commit(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	gone := func() bool { p, err := ours.Pending(t.Context()); must(t, err); return p == nil }
	if !devicetest.Eventually(t, time.Minute, gone) {
		t.Error("asking through the driver keeps the server from undoing")
	}
	if runs(t, lab, isAdded) {
		t.Error("nothing is pending and the change is on")
	}
}

// locked tries what needs the lock of the candidate, and tells who holds it and
// what to do.
func locked(t *testing.T, s provision.Session) []string {
	t.Helper()
	_, err := s.Stage(t.Context(), device.NewConfig(netconf.New(), []byte(added)), provision.StageOptions{})
	var holders []string
	for what, err := range map[string]error{"stage": err, "lock": s.Lock(t.Context(), "a test")} {
		var l *provision.LockedError
		if !errors.As(err, &l) {
			t.Fatalf("%s: %v", what, err)
		}
		holders = append(holders, l.Holder+"; "+l.Next)
	}
	return holders
}

func trapDirty(t *testing.T, lab devicetest.Lab) {
	other, ours := raw(t, lab), driven(t, lab)
	must(t, other.EditConfig(t.Context(), []byte(added), true))
	for _, h := range locked(t, ours) {
		if !strings.Contains(h, "nobody has committed") || !strings.Contains(h, "discard-changes") {
			t.Errorf("locked by %s", h)
		}
	}
	if text, err := other.GetConfig(t.Context(), rpc.Candidate); err != nil || !strings.Contains(string(text), isAdded) {
		t.Errorf("the other's changes are gone: %v", err)
	}
	must(t, other.DiscardChanges(t.Context()), ours.Lock(t.Context(), "a test"))
}

func trapConfirmTakesAlong(t *testing.T, lab devicetest.Lab) {
	ours := driven(t, lab)
	if _, err := stage(t, ours, added, provision.StageOptions{}).Commit(t.Context(), persist); err != nil {
		t.Fatal(err)
	}
	other := raw(t, lab)
	must(t, other.EditConfig(t.Context(), []byte(interfaces(iface("eth8", "unreviewed"))), true))
	must(t, driven(t, lab).Confirm(t.Context(), persist.ID))
	if runs(t, lab, "eth8") || !runs(t, lab, isAdded) {
		t.Error("the confirmation committed what nobody has reviewed")
	}
}

func trapLockPending(t *testing.T, lab devicetest.Lab) {
	ours := driven(t, lab)
	if _, err := stage(t, ours, added, provision.StageOptions{}).Commit(t.Context(), persist); err != nil {
		t.Fatal(err)
	}
	for _, h := range locked(t, driven(t, lab)) {
		if !strings.Contains(h, "confirmed commit") {
			t.Errorf("locked by %s", h)
		}
	}
	if err := ours.Confirm(context.WithoutCancel(t.Context()), "other"); !errors.Is(err, provision.ErrNoPending) {
		t.Errorf("confirming another's commit: %v", err)
	}
	must(t, ours.Rollback(t.Context(), persist.ID))
}

func trapHolder(t *testing.T, lab devicetest.Lab) {
	other := raw(t, lab)
	must(t, other.Lock(t.Context(), rpc.Candidate))
	for _, h := range locked(t, driven(t, lab)) {
		if !strings.Contains(h, "session "+other.ID()) || !strings.Contains(h, lab.Device().SSH.Username) {
			t.Errorf("locked by %s, which is session %s", h, other.ID())
		}
	}
}

func trapRunningLocked(t *testing.T, lab devicetest.Lab) {
	other, ours := raw(t, lab), driven(t, lab)
	must(t, other.Lock(t.Context(), rpc.Running))
	var l *provision.LockedError
	if _, err := stage(t, ours, added, provision.StageOptions{}).Commit(t.Context(), persist); !errors.As(err, &l) || l.Holder == "" {
		t.Errorf("commit: %v", err)
	}
	must(t, other.Unlock(t.Context(), rpc.Running), ours.Lock(t.Context(), "a test"))
	if runs(t, lab, isAdded) {
		t.Error("committed all the same")
	}
}

func trapKilled(t *testing.T, lab devicetest.Lab) {
	other, ours := raw(t, lab), driven(t, lab)
	facts, err := ours.Facts(t.Context())
	must(t, err, ours.Lock(t.Context(), "a test"))
	_, err = other.Do(t.Context(), []byte("<kill-session><session-id>"+facts["session_id"]+"</session-id></kill-session>"))
	must(t, err)
	if !devicetest.Eventually(t, time.Minute, func() bool { return !ours.Alive() }) {
		t.Error("a killed session is alive")
	}
	if _, err := ours.Read(t.Context()); !errors.Is(err, provision.ErrConnectionLost) {
		t.Errorf("read: %v", err)
	}
	must(t, other.Lock(t.Context(), rpc.Candidate), ours.Close())
}
