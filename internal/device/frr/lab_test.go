//go:build lab

package frr_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/device/devicetest"
	"github.com/netprovision/terraform-provider-provision/internal/device/frr"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh"
)

// realLab is a router of the lab, seen from its console (tools/lab/lab.sh).
type realLab struct {
	dir, name string
	node      labNode
	password  string
	key       string
	base      string // running after Reset, as the console shows it
}

type labNode struct {
	Name     string `json:"name"`
	Host     string `json:"host"`
	Port     int    `json:"port"`
	User     string `json:"user"`
	MgmtHost string `json:"mgmt_host"`
	HostKey  string `json:"host_key"`
}

// newRealLab takes the router of that name of the lab in PROVISION_LAB.
func newRealLab(t *testing.T, name string) *realLab {
	t.Helper()
	dir := os.Getenv("PROVISION_LAB")
	if dir == "" {
		t.Fatal("PROVISION_LAB does not name a lab: make one with tools/lab/lab.sh up DIR, or run the tests without the tag lab")
	}
	l := &realLab{dir: dir, name: name}
	var nodes []labNode
	if err := json.Unmarshal([]byte(l.file(t, "inventory.json")), &nodes); err != nil {
		t.Fatalf("inventory of the lab: %v", err)
	}
	for _, n := range nodes {
		if n.Name == name {
			l.node = n
		}
	}
	if l.node.Name == "" {
		t.Fatalf("the lab has no router %s", name)
	}
	l.password = strings.TrimSpace(l.file(t, "password"))
	l.key = l.file(t, "id_ed25519")
	t.Cleanup(func() { l.Heal(t); l.Reset(t) })
	return l
}

func (l *realLab) file(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(l.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// sh runs lab.sh with a command.
func (l *realLab) lab(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	out, err := l.try(stdin, args...)
	if err != nil {
		t.Fatalf("lab.sh %.200q: %v", args, err)
	}
	return out
}

func (l *realLab) try(stdin string, args ...string) (string, error) {
	cmd := exec.Command("bash", append([]string{"../../../tools/lab/lab.sh"}, args...)...)
	cmd.Env = append(os.Environ(), "LAB_DIR="+l.dir)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%w: %s", err, errs.String())
	}
	return out.String(), nil
}

// console runs a shell script as root on the router.
func (l *realLab) console(t *testing.T, script string) string {
	t.Helper()
	return l.lab(t, "", "exec", l.name, "sh", "-c", script)
}

func (l *realLab) Driver() device.Driver { return frr.New() }

func (l *realLab) Device() device.Device {
	return device.Device{
		Name: l.name, Host: l.node.Host, Port: l.node.Port,
		SSH: ssh.Config{Username: l.node.User, PrivateKey: l.key, HostKey: l.node.HostKey},
	}
}

func (l *realLab) Fixture() devicetest.Fixture {
	base := routerConf(l.name, l.node.MgmtHost)
	return fixture(base, l.node.MgmtHost)
}

// killed are the processes that the driver's user left, in the router's own
// namespace; they end by their ids.
const killUsers = `
for p in /proc/[0-9]*; do
	[ "$(stat -c %u "$p" 2>/dev/null)" != 2001 ] || kill -KILL "${p#/proc/}" 2>/dev/null
done
umount -l /usr/lib/frr/frr-reload.py 2>/dev/null
rm -rf /run/frr/provision-frr* /tmp/provision-frr* /etc/frr/.provision* /run/fill /tmp/fill
`

func (l *realLab) Reset(t *testing.T) {
	t.Helper()
	l.console(t, killUsers+"true")
	if l.base != "" && l.Running(t) == l.base && l.Startup(t) == startupOf(l.base) {
		return
	}
	l.lab(t, l.Fixture().Base, "exec", l.name, "sh", "-c", `cat >/etc/frr/frr.conf && chown frr:frr /etc/frr/frr.conf && chmod 640 /etc/frr/frr.conf &&
		/usr/lib/frr/frr-reload.py --reload /etc/frr/frr.conf && /usr/lib/frr/frr-reload.py --reload /etc/frr/frr.conf && vtysh -c 'write memory' >/dev/null`)
	now := l.Running(t)
	if l.base != "" && now != l.base {
		t.Fatalf("the router cannot be reset:\n--- wanted\n%s\n--- got\n%s", l.base, now)
	}
	l.base = now
}

// startupOf is the file that FRR writes of a running configuration.
func startupOf(running string) string {
	_, text, _ := strings.Cut(running, "Current configuration:\n!\n")
	return strings.TrimSuffix(text, "end\n")
}

func (l *realLab) Running(t *testing.T) string {
	t.Helper()
	return l.lab(t, "", "exec", l.name, "vtysh", "-c", "show running-config")
}

func (l *realLab) Startup(t *testing.T) string {
	t.Helper()
	return l.lab(t, "", "exec", l.name, "cat", "/etc/frr/frr.conf")
}

func (l *realLab) ChangeByHand(t *testing.T, lines string) {
	t.Helper()
	l.lab(t, "", "drift", l.name, lines)
}

func (l *realLab) Leftovers(t *testing.T) []string {
	t.Helper()
	out := l.console(t, `
ls -d /run/frr/provision-frr* /run/frr/reload-* /tmp/provision-frr* /etc/frr/.provision* 2>/dev/null
for p in /proc/[0-9]*; do
	[ "$(stat -c %u "$p" 2>/dev/null)" != 2001 ] || { printf 'process '; tr '\0\n' '  ' <"$p/cmdline" 2>/dev/null | cut -c 1-80; echo; }
done
true`)
	var list []string
	for line := range strings.Lines(out) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

func (l *realLab) Reboot(t *testing.T) {
	t.Helper()
	l.lab(t, "", "kill", l.name)
	l.lab(t, "", "start", l.name)
}

func (l *realLab) Cut(t *testing.T)  { t.Helper(); l.lab(t, "", "cut", l.name) }
func (l *realLab) Heal(t *testing.T) { t.Helper(); l.lab(t, "", "heal", l.name) }

func TestSuiteOnRouter(t *testing.T) {
	devicetest.Run(t, newRealLab(t, "r3"))
}
