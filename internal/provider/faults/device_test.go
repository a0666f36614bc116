//go:build lab

package faults_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/rpc"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/xmltree"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// box is a device as its console shows it. Item K is something that a
// configuration can ask for: a route, an interface.
type box interface {
	node() acctest.Node
	// intent asks for item k, in merge mode; mark is how item k shows in a
	// difference that adds it.
	intent(k int) string
	mark(k int) string
	// has tells whether item k is in running and in startup.
	has(t testing.TB, k int) (running, startup bool)
	// byHand adds item k to running behind Terraform's back.
	byHand(t testing.TB, k int)
	// committing tells whether a commit waits for its confirmation.
	committing(t testing.TB) bool
	// leftovers are files, locks and sessions that the provider left.
	leftovers(t testing.TB) []string
}

// frrBox is a router of the lab.
type frrBox struct {
	lab  acctest.Lab
	name string
}

func (b frrBox) node() acctest.Node  { return b.lab.Nodes[b.name] }
func (b frrBox) intent(k int) string { return b.mark(k)[2:] + "\n" }
func (b frrBox) mark(k int) string   { return fmt.Sprintf("+ ip route 198.51.100.%d/32 Null0", k) }

func (b frrBox) console(t testing.TB, command ...string) string {
	t.Helper()
	return b.lab.Script(t, "", append([]string{"exec", b.name}, command...)...)
}

func (b frrBox) running(t testing.TB) string {
	t.Helper()
	return b.console(t, "vtysh", "-c", "show running-config")
}

func (b frrBox) has(t testing.TB, k int) (running, startup bool) {
	t.Helper()
	line := "\n" + b.intent(k)
	return strings.Contains(b.running(t), line), strings.Contains(b.console(t, "cat", "/etc/frr/frr.conf"), line)
}

func (b frrBox) byHand(t testing.TB, k int) {
	t.Helper()
	b.console(t, "vtysh", "-c", "configure terminal", "-c", strings.TrimSpace(b.intent(k)))
}

// file tells whether a file that the driver makes is on the router now: quick
// enough to hit a moment within a commit.
func (b frrBox) file(t testing.TB, pattern string) bool {
	t.Helper()
	var pid, child string
	pid = strings.TrimSpace(read(t, filepath.Join(b.lab.Dir, b.name, "pid")))
	child, _, _ = strings.Cut(read(t, "/proc/"+pid+"/task/"+pid+"/children"), " ")
	found, err := filepath.Glob("/proc/" + child + "/root/run/frr/" + pattern)
	if err != nil {
		t.Fatal(err)
	}
	return len(found) > 0
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (b frrBox) committing(t testing.TB) bool {
	t.Helper()
	return b.file(t, "provision-frr.pending/armed")
}

func (b frrBox) leftovers(t testing.TB) []string {
	t.Helper()
	return strings.Fields(b.console(t, "sh", "-c", `
ls -d /run/frr/provision-frr* /run/frr/reload-* /tmp/provision-frr* /etc/frr/.provision* 2>/dev/null
for p in /proc/[0-9]*; do
	[ "$(stat -c %u "$p" 2>/dev/null)" != 2001 ] || { printf 'process:'; tr '\0\n ' '___' <"$p/cmdline" 2>/dev/null | cut -c 1-80; echo; }
done
true`))
}

// netconfBox is a NETCONF device of the lab.
type netconfBox struct {
	lab  acctest.Lab
	name string
}

const (
	interfaces = "urn:ietf:params:xml:ns:yang:ietf-interfaces"
	monitoring = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
)

func (b netconfBox) node() acctest.Node { return b.lab.Nodes[b.name] }

func (b netconfBox) intent(k int) string {
	return fmt.Sprintf("<interfaces xmlns=%q>\n <interface>\n  <name>eth%d</name>\n"+
		"  <type xmlns:i=\"urn:ietf:params:xml:ns:yang:iana-if-type\">i:ethernetCsmacd</type>\n </interface>\n</interfaces>\n", interfaces, k)
}

func (b netconfBox) mark(k int) string { return fmt.Sprintf("<name>eth%d</name>", k) }

// session logs in as the console does: no session of the driver is used.
func (b netconfBox) session(t testing.TB) *rpc.Session {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	n := b.node()
	client, err := ssh.Dial(ctx, ssh.Config{Host: n.Host, Port: n.Port, Username: n.User, Password: n.Password, HostKey: n.HostKey})
	if err != nil {
		t.Fatal(err)
	}
	stream, err := client.Subsystem(ctx, "netconf")
	if err != nil {
		t.Fatal(err)
	}
	s, err := rpc.Open(ctx, stream, rpc.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(); _ = client.Close() })
	return s
}

// with runs f on a session of its own.
func (b netconfBox) with(t testing.TB, f func(*rpc.Session)) {
	t.Helper()
	s := b.session(t)
	f(s)
	_ = s.Close()
}

func (b netconfBox) get(t testing.TB, s *rpc.Session, from rpc.Datastore) string {
	t.Helper()
	raw, err := s.GetConfig(context.WithoutCancel(t.Context()), from)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func (b netconfBox) has(t testing.TB, k int) (running, startup bool) {
	t.Helper()
	b.with(t, func(s *rpc.Session) {
		running = strings.Contains(b.get(t, s, rpc.Running), b.mark(k))
		startup = strings.Contains(b.get(t, s, rpc.Startup), b.mark(k))
	})
	return running, startup
}

func (b netconfBox) byHand(t testing.TB, k int) {
	t.Helper()
	b.with(t, func(s *rpc.Session) {
		if err := errors.Join(s.EditConfig(t.Context(), []byte(b.intent(k)), true), s.Commit(t.Context())); err != nil {
			t.Fatal(err)
		}
	})
}

func (b netconfBox) committing(t testing.TB) (yes bool) {
	t.Helper()
	b.with(t, func(s *rpc.Session) { yes = pending(t, s) })
	return yes
}

// pending asks whether a commit waits. Who asks more often than once a second
// keeps netconfd from undoing it.
func pending(t testing.TB, s *rpc.Session) bool {
	t.Helper()
	var e *rpc.Error
	err := s.CancelCommit(context.WithoutCancel(t.Context()), "the console asks")
	return errors.As(err, &e) && e.Tag == rpc.TagInvalidValue
}

func (b netconfBox) leftovers(t testing.TB) (out []string) {
	t.Helper()
	b.with(t, func(s *rpc.Session) {
		raw, err := s.Get(t.Context(), `<netconf-state xmlns="`+monitoring+`"><datastores/><sessions/></netconf-state>`)
		if err != nil {
			t.Fatal(err)
		}
		state, err := xmltree.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"session-id", "locked-by-session"} {
			for _, id := range texts(state, name) {
				if id != s.ID() {
					out = append(out, name+" "+id)
				}
			}
		}
		if b.get(t, s, rpc.Candidate) != b.get(t, s, rpc.Running) {
			out = append(out, "changes in the candidate")
		}
		if pending(t, s) {
			out = append(out, "a commit that waits")
		}
	})
	return out
}

// texts are those of all elements of a name.
func texts(nodes []*xmltree.Node, name string) []string {
	var out []string
	for _, n := range nodes {
		if n.Local == name {
			out = append(out, strings.TrimSpace(n.Text))
		}
		out = append(out, texts(n.Kids, name)...)
	}
	return out
}
