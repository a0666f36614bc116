//go:build lab

package lifecycle_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// newDevices are three real routers of the lab; what the cases change on them
// is taken back at the end.
func newDevices(t *testing.T) *deviceSubject {
	t.Helper()
	lab := acctest.ReadLab(t)
	d := &deviceSubject{}
	for i, name := range []string{"r1", "r2", "r3"} {
		n := lab.Node(t, name)
		lab.KeepRouter(t, name)
		r := &labRouter{lab: lab, node: n}
		r.before, r.startup = r.show(t)
		d.routers[i], d.user, d.password = r, n.User, n.Password
		t.Cleanup(func() { r.heal(t) })
	}
	return d
}

// labRouter is a router of the lab.
type labRouter struct {
	lab             acctest.Lab
	node            acctest.Node
	before, startup string // at first
	isCut           bool
}

func (r *labRouter) console(t *testing.T, stdin string, command ...string) string {
	t.Helper()
	return r.lab.Script(t, stdin, append([]string{"exec", r.node.Name}, command...)...)
}

func (r *labRouter) device() acctest.Device { return r.node.Device() }
func (r *labRouter) management() string     { return r.node.MgmtHost + "/16" }

func (r *labRouter) knownHosts() string {
	data, err := os.ReadFile(filepath.Join(r.lab.Dir, "known_hosts"))
	if err != nil {
		return "" // the provider then refuses the host key
	}
	return string(data)
}

func (r *labRouter) show(t *testing.T) (running, startup string) {
	t.Helper()
	const between = "\n--startup--\n"
	running, startup, _ = strings.Cut(r.console(t, "", "sh", "-c", "vtysh -c 'show running-config' && printf '"+strings.ReplaceAll(between, "\n", `\n`)+"' && cat /etc/frr/frr.conf"), between)
	return running, startup
}

// logins counts what sshd has written down: it writes before the session can
// do anything.
func (r *labRouter) logins(t *testing.T) int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(r.lab.Dir, r.node.Name, "log", "sshd.log"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(data), "Accepted ")
}

// leftovers are files of the driver and processes of its user.
func (r *labRouter) leftovers(t *testing.T) []string {
	t.Helper()
	out := r.console(t, "", "sh", "-c", `
ls -d /run/frr/provision-frr* /run/frr/reload-* /tmp/provision-frr* /etc/frr/.provision* 2>/dev/null
for p in /proc/[0-9]*; do
	[ "$(stat -c %U "$p" 2>/dev/null)" != `+r.node.User+` ] || { printf 'process '; tr '\0\n' '  ' <"$p/cmdline" 2>/dev/null | cut -c 1-80; echo; }
done
true`)
	var list []string
	for text := range strings.Lines(out) {
		if text = strings.TrimSpace(text); text != "" {
			list = append(list, text)
		}
	}
	return list
}

func (r *labRouter) configure(t *testing.T, line string) {
	t.Helper()
	r.lab.Script(t, "", "drift", r.node.Name, line)
}

func (r *labRouter) reset(t *testing.T) {
	t.Helper()
	running, startup := r.show(t)
	if sorted(running) == sorted(r.before) && sorted(startup) == sorted(r.startup) {
		return
	}
	r.console(t, r.startup, "sh", "-c", `cat >/etc/frr/frr.conf && /usr/lib/frr/frr-reload.py --reload /etc/frr/frr.conf >/dev/null`)
	if running, _ = r.show(t); sorted(running) != sorted(r.before) {
		t.Fatalf("%s cannot be put back: it was\n%s\nand is\n%s", r.node.Name, r.before, running)
	}
}

func (r *labRouter) cut(t *testing.T) {
	t.Helper()
	r.isCut = true
	r.lab.Script(t, "", "cut", r.node.Name, "refuse")
}

func (r *labRouter) heal(t *testing.T) {
	t.Helper()
	if r.isCut {
		r.isCut = false
		r.lab.Script(t, "", "heal", r.node.Name)
	}
}

// simulated tells that the routers are not real.
const simulated = false
