package netconf_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/device/devicetest"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/netconfsim"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/rpc"
	devssh "github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

const prefix = "urn:ietf:params:netconf:capability:"

func TestCheckConfig(t *testing.T) {
	const x = `<interfaces xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"/>`
	for text, want := range map[string]string{
		x:                            "",
		"<config>" + x + "</config>": "",
		`<nc:config xmlns:nc="` + rpc.BaseNS + `">` + x + `</nc:config>`: "",
		x + "\n" + sys + "</system>":                                     "",
		`<config xmlns="urn:vendor"><a/></config>`:                       "",
		"":                         "empty",
		"<config/>":                "empty",
		"<!-- nothing -->":         "empty",
		"<config>text</config>":    "text",
		"interface eth0\n":         "line 1, column 1: text outside",
		"<a xmlns='u'>\n<b>\n</a>": "line 3, column 1: </a> closes <b> of line 2",
		"<!DOCTYPE x>" + x:         "document type",
		"<config>" + x + "</config>\n<config>" + x + "</config>": "second <config>",
		"\n<rpc>" + x + "</rpc>":                                 "line 2, column 1: <rpc> is a NETCONF message",
		"<edit-config/>":                                         "NETCONF message",
		`<data xmlns="` + rpc.BaseNS + `">` + x + `</data>`:      "NETCONF message",
	} {
		err := netconf.New().CheckConfig([]byte(text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v; want %q", text, err, want)
		}
	}
}

func TestDigestOfWrapper(t *testing.T) {
	drv, base := netconf.New(), fixture().Base
	if drv.Digest([]byte(base)) != drv.Digest([]byte("<config>"+base+"</config>")) {
		t.Error("the wrapper <config> counts")
	}
}

func TestCapabilitiesGate(t *testing.T) {
	open := func(t *testing.T, without ...string) (device.Session, error) {
		lab := newSim(t, netconfsim.Options{Without: without})
		s, err := lab.Driver().Open(t.Context(), lab.Device())
		if err == nil {
			t.Cleanup(func() { _ = s.Close() })
		}
		return s, err
	}
	if _, err := open(t, prefix+"candidate:1.0"); err == nil || !strings.Contains(err.Error(), prefix+"candidate:1.0") {
		t.Errorf("without candidate: %v", err)
	}
	for name, tc := range map[string]struct {
		without            []string
		confirmed, startup bool
		notes              int
	}{
		"all":            {nil, true, true, 0},
		"no 1.1":         {[]string{prefix + "confirmed-commit:1.1"}, false, true, 1},
		"no confirm":     {[]string{prefix + "confirmed-commit:1.1", prefix + "confirmed-commit:1.0"}, false, true, 1},
		"no startup":     {[]string{prefix + "startup:1.0"}, true, false, 0},
		"base 1.0 alone": {[]string{rpc.Base11}, true, true, 0},
	} {
		s, err := open(t, tc.without...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c := s.Capabilities()
		if c.ConfirmedCommit != tc.confirmed || c.Startup != tc.startup || len(c.Notes) != tc.notes || !c.Lock || c.DeviceDiff {
			t.Errorf("%s: %+v", name, c)
		}
		if _, err := s.Read(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Without confirmed commit and startup the rest works.
func TestPlainDevice(t *testing.T) {
	lab := newSim(t, netconfsim.Options{Without: []string{
		prefix + "confirmed-commit:1.1", prefix + "confirmed-commit:1.0", prefix + "startup:1.0", prefix + "validate:1.0",
		prefix + "validate:1.1", prefix + "rollback-on-error:1.0", "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring",
		"urn:ietf:params:xml:ns:yang:ietf-system",
	}})
	s := driven(t, lab)
	c := stage(t, s, added, provision.StageOptions{Verify: true})
	if p, err := c.Commit(t.Context(), persist); err != nil || p != nil {
		t.Errorf("%+v, %v", p, err)
	}
	p, err := s.Pending(t.Context())
	must(t, err, s.Save(t.Context()))
	if p != nil || c.Unsaved() || !runs(t, lab, isAdded) {
		t.Errorf("pending %+v, unsaved %t", p, c.Unsaved())
	}
	for _, f := range []func(context.Context, string) error{s.Confirm, s.Rollback} {
		if err := f(t.Context(), persist.ID); !errors.Is(err, provision.ErrNoPending) {
			t.Error(err)
		}
	}
	if facts, err := s.Facts(t.Context()); err != nil || facts["session_id"] == "" || facts["hostname"] != "" {
		t.Errorf("%v, %v", facts, err)
	}
	must(t, s.Lock(t.Context(), ""))
	for _, h := range locked(t, driven(t, lab)) {
		if !strings.HasPrefix(h, "NETCONF session ") {
			t.Errorf("locked by %s", h)
		}
	}
}

func TestFacts(t *testing.T) {
	facts, err := driven(t, newSim(t, netconfsim.Options{Name: "core1"})).Facts(t.Context())
	must(t, err)
	for k, want := range map[string]string{"hostname": "core1", "base": "1.1", "modules": "4", "vendor_modules": "1"} {
		if facts[k] != want {
			t.Errorf("%s is %q in %v", k, facts[k], facts)
		}
	}
}

// faulty gives a device whose next operation of this name goes wrong.
func faulty(t *testing.T, operation string, f netconfsim.Fault) (simLab, func()) {
	on := make(chan struct{}, 1)
	lab := newSim(t, netconfsim.Options{Faults: func(op string) netconfsim.Fault {
		if op != operation {
			return netconfsim.None
		}
		select {
		case <-on:
			return f
		default:
			return netconfsim.None
		}
	}})
	if f == netconfsim.Hang {
		lab.dev.SSH.CommandTimeout = 2 * time.Second
	}
	return lab, func() { on <- struct{}{} }
}

func TestCommitThatDoesNothing(t *testing.T) {
	lab, fail := faulty(t, "commit", netconfsim.Nothing)
	c := stage(t, driven(t, lab), added, provision.StageOptions{})
	fail()
	if _, err := c.Commit(t.Context(), persist); err == nil || !strings.Contains(err.Error(), "changed nothing") {
		t.Errorf("a silent no-op: %v", err)
	}
}

func TestSaveThatDoesNothing(t *testing.T) {
	lab, fail := faulty(t, "copy-config", netconfsim.Nothing)
	lab.ChangeByHand(t, added)
	s := driven(t, lab)
	fail()
	if err := s.Save(t.Context()); err == nil || !strings.Contains(err.Error(), "startup is not what is running") {
		t.Errorf("%v", err)
	}
	must(t, s.Save(t.Context()))
	if lab.Startup(t) != lab.Running(t) {
		t.Error("not saved")
	}
}

func TestFaultsInCommit(t *testing.T) {
	for name, tc := range map[string]struct {
		op string
		f  netconfsim.Fault
		on bool
	}{
		"dropped before": {"commit", netconfsim.DropBefore, false},
		"dropped after":  {"commit", netconfsim.DropAfter, true},
		"hangs":          {"commit", netconfsim.Hang, false},
		"unlock dropped": {"unlock", netconfsim.DropBefore, true},
		"edit dropped":   {"edit-config", netconfsim.DropAfter, false},
	} {
		t.Run(name, func(t *testing.T) {
			lab, fail := faulty(t, tc.op, tc.f)
			s := driven(t, lab)
			c := stage(t, s, added, provision.StageOptions{})
			fail()
			if _, err := c.Commit(t.Context(), persist); !errors.Is(err, provision.ErrConnectionLost) {
				t.Errorf("commit: %v", err)
			}
			if s.Alive() {
				t.Error("the session is alive")
			}
			must(t, c.Discard(t.Context()), s.Close())
			if runs(t, lab, isAdded) != tc.on {
				t.Errorf("on: %t", !tc.on)
			}
			fresh := driven(t, lab)
			p, err := fresh.Pending(t.Context())
			must(t, err)
			if (p != nil) != tc.on {
				t.Errorf("pending %+v", p)
			}
			if tc.on {
				must(t, fresh.Rollback(t.Context(), persist.ID))
			}
		})
	}
}

func TestStaleBetweenStageAndCommit(t *testing.T) {
	lab := newSim(t, netconfsim.Options{})
	s := driven(t, lab)
	c := stage(t, s, added, provision.StageOptions{Verify: true})
	lab.ChangeByHand(t, fixture().ByHand)
	if _, err := c.Commit(t.Context(), persist); !errors.Is(err, provision.ErrStale) {
		t.Errorf("%v", err)
	}
	if runs(t, lab, isAdded) {
		t.Error("committed all the same")
	}
	must(t, s.Close())
	if !devicetest.Eventually(t, time.Minute, func() bool { return len(lab.Leftovers(t)) == 0 }) {
		t.Errorf("left %q", lab.Leftovers(t))
	}
}

// A server that does not answer the first rpc of a session, as netconfd when it is
// busy, is asked again in another session of the same login.
func TestSessionThatDoesNotAnswer(t *testing.T) {
	var deaf atomic.Int32
	deaf.Store(2)
	lab := newSim(t, netconfsim.Options{Faults: func(op string) netconfsim.Fault {
		if op == "get" && deaf.Add(-1) >= 0 {
			return netconfsim.Hang
		}
		return netconfsim.None
	}})
	lab.dev.SSH.CommandTimeout = 4 * time.Second
	s := driven(t, lab)
	if _, err := s.Read(t.Context()); err != nil || deaf.Load() != -1 {
		t.Errorf("%v, %d more", err, deaf.Load())
	}
	must(t, s.Close())
	deaf.Store(100)
	if _, err := lab.Driver().Open(t.Context(), lab.Device()); !errors.Is(err, provision.ErrConnectionLost) || !strings.Contains(err.Error(), "first rpc of the session") || deaf.Load() != 97 {
		t.Errorf("%v, %d more", err, deaf.Load())
	}
}

// Running can change although the candidate is locked: by a way that does not go
// through the candidate, as a vendor's own command line. The candidate that was
// loaded before would take the change back.
func TestStaleBehindTheLock(t *testing.T) {
	lab := newSim(t, netconfsim.Options{})
	for _, replace := range []bool{false, true} {
		lab.Reset(t)
		s := driven(t, lab)
		must(t, s.Lock(t.Context(), "a test"))
		c := stage(t, s, added, provision.StageOptions{Replace: replace})
		lab.ChangeByHand(t, fixture().ByHand)
		if p, err := c.Commit(t.Context(), persist); p != nil || !errors.Is(err, provision.ErrStale) {
			t.Errorf("replace %t: %+v, %v", replace, p, err)
		}
		if runs(t, lab, isAdded) || !runs(t, lab, "eth9") {
			t.Errorf("replace %t: committed all the same", replace)
		}
		must(t, s.Close())
		if !devicetest.Eventually(t, time.Second, func() bool { return len(lab.Leftovers(t)) == 0 }) {
			t.Errorf("left %q", lab.Leftovers(t))
		}
	}
}

func TestRefusalsNameTheLine(t *testing.T) {
	lab := newSim(t, netconfsim.Options{})
	const bad = "<interface><name>x</name><enabled>maybe</enabled></interface>"
	for name, tc := range map[string]struct {
		text    string
		replace bool
		line    int
		message string
	}{
		"value":     {ifs + iface("a", "d") + "<interface><name>x</name>\n<enabled>maybe</enabled><type" + iana + "</interface></interfaces>", false, 4, `invalid-value at /interfaces/interface[name='x']/enabled: invalid value "maybe"`},
		"element":   {ifs + "<interface>\n<name>x</name>\n<bogus/><type" + iana + "</interface></interfaces>", true, 4, "unknown-element at /interfaces/interface[name='x']: unknown object <bogus>"},
		"no key":    {ifs + "\n<interface><enabled>true</enabled></interface></interfaces>", false, 3, "missing-element at /interfaces/interface[1]"},
		"namespace": {interfaces(iface("a", "d")) + `<foo xmlns="urn:nope"/>`, false, 4, "unknown-namespace"},
		"two":       {ifs + bad + "</interfaces>", false, 2, "; data-missing at /interfaces/interface[name='x']/type"},
		"operation": {ifs + `<interface xmlns:nc="` + rpc.BaseNS + `" nc:operation="delete"><name>eth0</name></interface></interfaces>`, true, 2, "attribute operation"},
		"delete":    {ifs + `<interface xmlns:nc="` + rpc.BaseNS + `" nc:operation="delete"><name>q</name></interface></interfaces>`, false, 2, "data-missing"},
		"not XML":   {"<a>\n<b>\n</a>", false, 3, "closes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := driven(t, lab).Stage(t.Context(), device.NewConfig(netconf.New(), []byte(tc.text)), provision.StageOptions{Replace: tc.replace})
			var r *provision.RejectedError
			if !errors.As(err, &r) || r.Line != tc.line || !strings.Contains(r.Message, tc.message) {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
	if got := lab.Running(t); got != lab.Startup(t) {
		t.Errorf("a refused intent left something:\n%s", got)
	}
}

// A refusal may quote what was sent; a secret in it must not show, nor what the
// user wants hidden.
func TestRefusalHidesSecrets(t *testing.T) {
	lab := newSim(t, netconfsim.Options{})
	var err error
	if lab.dev.Redact, err = secret.NewRedactor("cust-[0-9]+"); err != nil {
		t.Fatal(err)
	}
	text := sys + "<authentication><user><name>bob</name><password>planted-secret</password><planted-secret/></user></authentication></system>\n" +
		ifs + "<interface><name>cust-77</name><enabled>cust-77</enabled></interface></interfaces>"
	_, err = driven(t, lab).Stage(t.Context(), device.NewConfig(netconf.New(), []byte(text)), provision.StageOptions{})
	var r *provision.RejectedError
	if !errors.As(err, &r) {
		t.Fatal(err)
	}
	if all := r.Error() + r.Text + fmt.Sprintf("%+v", r); strings.Contains(all, "planted-secret") || strings.Contains(all, "cust-77") {
		t.Errorf("%s", all)
	}
}

func TestMergeDeletesAndSaves(t *testing.T) {
	lab := newSim(t, netconfsim.Options{})
	gone := ifs + `<interface xmlns:nc="` + rpc.BaseNS + `" nc:operation="remove"><name>eth1</name></interface></interfaces>`
	s := driven(t, lab)
	c := stage(t, s, gone, provision.StageOptions{})
	if _, removed := c.Diff().Counts(); removed == 0 || !c.Unsaved() {
		t.Errorf("unsaved %t:\n%s", c.Unsaved(), c.Diff())
	}
	if _, err := c.Commit(t.Context(), persist); err != nil {
		t.Fatal(err)
	}
	fresh := driven(t, lab)
	v, err := c.Verify(t.Context(), fresh)
	must(t, err)
	if !v.Remaining.Empty() || !v.Unsaved {
		t.Errorf("%+v", v)
	}
	lab.ChangeByHand(t, interfaces(iface("eth1", "back")))
	if v, err = c.Verify(t.Context(), fresh); err != nil || v.Remaining.Empty() {
		t.Errorf("what was to go is back: %+v, %v", v, err)
	}
	must(t, fresh.Confirm(t.Context(), persist.ID))
	again := stage(t, fresh, gone, provision.StageOptions{})
	if again.Diff().Empty() {
		t.Error("it is there again and shows no difference")
	}
}

// What others lose in the window is named, what they add is not.
func TestVerifyMerge(t *testing.T) {
	lab := newSim(t, netconfsim.Options{})
	s := driven(t, lab)
	c := stage(t, s, added, provision.StageOptions{})
	if _, err := c.Commit(t.Context(), persist); err != nil {
		t.Fatal(err)
	}
	lab.ChangeByHand(t, fixture().ByHand)
	v, err := c.Verify(t.Context(), s)
	must(t, err)
	if !v.Remaining.Empty() {
		t.Errorf("what others added is remaining:\n%s", v.Remaining)
	}
	lab.ChangeByHand(t, ifs+`<interface xmlns:nc="`+rpc.BaseNS+`" nc:operation="delete"><name>eth0</name></interface></interfaces>`)
	v, err = c.Verify(t.Context(), s)
	must(t, err)
	if !strings.Contains(v.Remaining.String(), "eth0") {
		t.Errorf("a lost interface is not remaining:\n%s", v.Remaining)
	}
	must(t, s.Rollback(t.Context(), persist.ID))
}

func TestUnmanaged(t *testing.T) {
	lab := newSim(t, netconfsim.Options{})
	s := driven(t, lab)
	for text, want := range map[string]int{
		added: 7, fixture().Base: 0, sys + "<contact>noc</contact></system>": 6,
	} {
		if got := stage(t, s, text, provision.StageOptions{}).Diff().Unmanaged; got != want {
			t.Errorf("%d unmanaged, want %d: %s", got, want, text)
		}
	}
}

type otherIntent struct{}

func (otherIntent) Digest() string { return "" }

type otherSession struct{ provision.Session }

func TestStrangers(t *testing.T) {
	s := driven(t, newSim(t, netconfsim.Options{}))
	if _, err := s.Stage(t.Context(), otherIntent{}, provision.StageOptions{}); err == nil {
		t.Error("staged another driver's intent")
	}
	if _, err := stage(t, s, added, provision.StageOptions{}).Verify(t.Context(), otherSession{s}); err == nil {
		t.Error("verified through another driver's session")
	}
}

// A host that lets us in and serves no NETCONF is mostly the wrong port.
func TestNoNETCONFThere(t *testing.T) {
	server := sshtest.New(t, sshtest.Options{Users: map[string]sshtest.User{"netops": {Password: "sim-pass"}}})
	_, err := netconf.New().Open(t.Context(), device.Device{Name: "r1", Host: server.Host(), Port: server.Port(), SSH: devssh.Config{
		Username: "netops", Password: "sim-pass", HostKey: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(server.HostKey()))),
	}})
	want := fmt.Sprintf("no NETCONF at port %d", server.Port())
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "is the port right") {
		t.Errorf("got %v", err)
	}
}

// Once locked, the candidate stays loaded: a large configuration is sent once.
func TestLockedStageIsCommittedAsItIs(t *testing.T) {
	edits := 0
	lab := newSim(t, netconfsim.Options{Faults: func(op string) netconfsim.Fault {
		if op == "edit-config" {
			edits++
		}
		return netconfsim.None
	}})
	s := driven(t, lab)
	must(t, s.Lock(t.Context(), "a test"))
	first := stage(t, s, interfaces(iface("eth5", "not this one")), provision.StageOptions{})
	c := stage(t, s, added, provision.StageOptions{})
	must(t, first.Discard(t.Context()))
	if _, err := c.Commit(t.Context(), persist); err != nil || edits != 2 {
		t.Errorf("%d edits, %v", edits, err)
	}
	if !runs(t, lab, isAdded) || runs(t, lab, "eth5") {
		t.Error("not what was staged")
	}
	must(t, s.Unlock(t.Context()), s.Rollback(t.Context(), persist.ID))
}

// large is a configuration of at least so many bytes.
func large(size int) string {
	const each = 10 << 10
	var list []string
	for i := range size/each + 1 {
		list = append(list, iface(fmt.Sprintf("big%04d", i), strings.Repeat("0123456789", each/10)))
	}
	return interfaces(list...)
}

// testLarge stages and commits 5 MB.
func testLarge(t *testing.T, lab devicetest.Lab) {
	lab.Reset(t)
	text := large(5 << 20)
	s := driven(t, lab)
	c := stage(t, s, text, provision.StageOptions{Replace: true, Verify: true})
	if added, _ := c.Diff().Counts(); added < 500 {
		t.Errorf("%d lines added", added)
	}
	if _, err := c.Commit(t.Context(), persist); err != nil {
		t.Fatal(err)
	}
	v, err := c.Verify(t.Context(), s)
	must(t, err, s.Rollback(t.Context(), persist.ID))
	if !v.Remaining.Empty() {
		t.Errorf("%d hunks remain", len(v.Remaining.Hunks))
	}
}

func TestLargeOnSimulator(t *testing.T) { testLarge(t, newSim(t, netconfsim.Options{})) }

// A message that a session had sent before it ended does nothing afterwards, as on
// a server that works off one message after the other.
func TestSimulatorForgetsWhatAnEndedSessionSent(t *testing.T) {
	var sim *netconfsim.Device
	lab := newSim(t, netconfsim.Options{Faults: func(op string) netconfsim.Fault {
		if op == "edit-config" {
			sim.Reboot() // while the message is on its way
		}
		return netconfsim.None
	}})
	sim = lab.sim
	s, err := lab.Driver().Open(t.Context(), lab.Device())
	if err != nil {
		t.Fatal(err)
	}
	cfg := device.NewConfig(lab.Driver(), []byte(fixture().Merge))
	if _, err := s.Stage(t.Context(), cfg, provision.StageOptions{}); !errors.Is(err, provision.ErrConnectionLost) {
		t.Errorf("%v", err)
	}
	_ = s.Close()
	if left := sim.Leftovers(); len(left) > 0 {
		t.Errorf("left %q", left)
	}
}
