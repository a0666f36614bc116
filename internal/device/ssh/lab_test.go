//go:build lab

package ssh_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// lab is the lab of tools/lab/lab.sh: routers behind OpenSSH.
type lab struct {
	t     *testing.T
	dir   string
	nodes map[string]node
}

// node is one entry of the lab's inventory.
type node struct {
	Name     string `json:"name"`
	Host     string `json:"host"`
	Port     int    `json:"port"`
	User     string `json:"user"`
	Password string `json:"password"`
	MgmtHost string `json:"mgmt_host"`
	MgmtPort int    `json:"mgmt_port"`
	HostKey  string `json:"host_key"`
}

// newLab takes the lab that PROVISION_LAB names.
func newLab(t *testing.T) *lab {
	t.Helper()
	dir := os.Getenv("PROVISION_LAB")
	if dir == "" {
		t.Fatal("PROVISION_LAB does not name a lab: make one with tools/lab/lab.sh up DIR, or run the tests without the tag lab")
	}
	l := &lab{t: t, dir: dir, nodes: map[string]node{}}
	var nodes []node
	if err := json.Unmarshal([]byte(l.file("inventory.json")), &nodes); err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		l.nodes[n.Name] = n
	}
	return l
}

// file reads a file of the lab.
func (l *lab) file(name string) string {
	l.t.Helper()
	text, err := os.ReadFile(filepath.Join(l.dir, name))
	if err != nil {
		l.t.Fatal(err)
	}
	return string(text)
}

// sh runs a command of lab.sh.
func (l *lab) sh(args ...string) {
	l.t.Helper()
	cmd := exec.Command("bash", append([]string{"../../../tools/lab/lab.sh"}, args...)...)
	cmd.Env = append(os.Environ(), "LAB_DIR="+l.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		l.t.Fatalf("lab.sh %q: %v: %s", args, err, out)
	}
}

// key is the configuration to log in to a node by key.
func (l *lab) key(name string) ssh.Config {
	n := l.nodes[name]
	return ssh.Config{
		Host: n.Host, Port: n.Port, Username: n.User, PrivateKey: l.file("id_ed25519"),
		KnownHosts: []string{filepath.Join(l.dir, "known_hosts")},
	}
}

// password is the configuration to log in to a node by password.
func (l *lab) password(name string) ssh.Config {
	c := l.key(name)
	c.PrivateKey, c.Password = "", l.nodes[name].Password
	return c
}

// behindJump is the configuration to reach a node through the jump host.
func (l *lab) behindJump(name string) ssh.Config {
	c := l.key(name)
	c.Host, c.Port = l.nodes[name].MgmtHost, l.nodes[name].MgmtPort
	c.Jump = []ssh.Config{l.key("jump")}
	return c
}

// run runs a command that must end with exit code 0.
func run(t *testing.T, c *ssh.Client, command string) string {
	t.Helper()
	res, err := c.Run(t.Context(), command, nil)
	if err != nil || res.ExitCode != 0 {
		t.Fatalf("%s: exit code %d, %v: %s", command, res.ExitCode, err, res.Stderr)
	}
	return strings.TrimSpace(string(res.Stdout))
}

func TestLabLogins(t *testing.T) {
	l := newLab(t)
	pinned := l.key("r1")
	pinned.HostKey, pinned.KnownHosts = l.nodes["r1"].HostKey, nil
	both := l.password("r1")
	_, both.PrivateKey = newKey(t)
	for name, c := range map[string]ssh.Config{
		"key": l.key("r1"), "password": l.password("r1"), "pinned host key": pinned,
		"password after a key that is not taken": both, "jump host": l.behindJump("r1"),
	} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			if got := run(t, dial(t, c), "hostname"); got != "r1" {
				t.Errorf("this is %q, not r1", got)
			}
		})
	}
}

func TestLabFailures(t *testing.T) {
	l := newLab(t)
	cases := map[string]struct {
		config ssh.Config
		change func(*ssh.Config)
		kind   error
		says   string
	}{
		"wrong password":   {l.password("r1"), func(c *ssh.Config) { c.Password = wrong }, provision.ErrAuth, `login: user "netops" refused; tried password;`},
		"wrong key":        {l.key("r1"), func(c *ssh.Config) { _, c.PrivateKey = newKey(t) }, provision.ErrAuth, "tried publickey;"},
		"unknown host":     {l.key("r1"), func(c *ssh.Config) { c.KnownHosts = []string{knownHosts(t, "")} }, provision.ErrAuth, "unknown host key"},
		"changed host key": {l.key("r1"), func(c *ssh.Config) { c.HostKey = l.nodes["r2"].HostKey }, provision.ErrAuth, "HAS CHANGED"},
		"changed in known_hosts": {l.key("r1"), func(c *ssh.Config) {
			c.KnownHosts = []string{knownHosts(t, fmt.Sprintf("[%s]:%d %s", c.Host, c.Port, l.nodes["r2"].HostKey))}
		}, provision.ErrAuth, "HAS CHANGED"},
		"jump host forbidden": {l.behindJump("r1"), func(c *ssh.Config) { c.Jump[0] = l.key("r2") }, provision.ErrUnreachable, "prohibited"},
		"closed port behind the jump host": {l.behindJump("r1"), func(c *ssh.Config) {
			c.Port, c.HostKey = 9, l.nodes["r1"].HostKey
		}, provision.ErrUnreachable, "the jump host could not go on"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			c.change(&c.config)
			_, err := ssh.Dial(t.Context(), c.config)
			failure(t, err, []error{c.kind}, c.says)
		})
	}
}

func TestLabPortClosedAndPathCut(t *testing.T) {
	noLeaks(t)
	l := newLab(t)
	c := l.key("r2")
	c.ConnectTimeout = 3 * time.Second
	for how, says := range map[string]string{"refuse": ": connect: the port is closed", "link": "no answer within 3s"} {
		func() {
			l.sh("cut", "r2", how)
			defer l.sh("heal", "r2")
			begin := time.Now()
			_, err := ssh.Dial(t.Context(), c)
			failure(t, err, unreachable, says)
			if took := time.Since(begin); took > 8*time.Second {
				t.Errorf("cut %s: the error took %s", how, took)
			}
		}()
	}
	dial(t, l.key("r2"))
}

func TestLabCommands(t *testing.T) {
	noLeaks(t)
	l := newLab(t)
	for _, config := range []ssh.Config{l.key("r1"), l.behindJump("r1")} {
		c := dial(t, config)
		res, err := c.Run(t.Context(), "echo out; echo err >&2; exit 7", nil)
		if err != nil || string(res.Stdout) != "out\n" || string(res.Stderr) != "err\n" || res.ExitCode != 7 {
			t.Errorf("Run = %q %q %d, %v", res.Stdout, res.Stderr, res.ExitCode, err)
		}
		text := bytes.Repeat([]byte("router bgp 64512\n"), 5<<20/17)
		sum := sha256.Sum256(text)
		if res, err = c.Run(t.Context(), "sha256sum", bytes.NewReader(text)); err != nil || !strings.HasPrefix(string(res.Stdout), hex.EncodeToString(sum[:])) {
			t.Errorf("5 MB of stdin: %q, %v", res.Stdout, err)
		}
		if res, err = c.Run(t.Context(), "cat", bytes.NewReader(text)); err != nil || !bytes.Equal(res.Stdout, text) {
			t.Errorf("5 MB there and back: %d bytes, %v", len(res.Stdout), err)
		}
		_, err = c.Run(t.Context(), "kill -KILL $$", nil)
		failure(t, err, nil, "ended by signal KILL")
		if tty := run(t, c, "tty || true"); tty != "not a tty" {
			t.Errorf("the command has the terminal %q", tty)
		}
	}
}

// TestLabEndedCommandRunsItsTrap: what a command has put on the router can be
// removed by the command itself when it is ended.
func TestLabEndedCommandRunsItsTrap(t *testing.T) {
	noLeaks(t)
	l := newLab(t)
	config := l.key("r1")
	config.CommandTimeout = 5 * time.Second // the command sleeps by then
	c := dial(t, config)
	_, err := c.Run(t.Context(), `f=$(mktemp) && trap 'rm -f $f; exit' TERM && echo $f >/tmp/trap-test && sleep 100`, nil)
	failure(t, err, []error{context.DeadlineExceeded})
	patient := dial(t, l.key("r1"))
	run(t, patient, `f=$(cat /tmp/trap-test); for i in $(seq 100); do [ -e $f ] || break; sleep 0.05; done; rm /tmp/trap-test; [ ! -e $f ]`)
}

func TestLabConnectionEndsInACommand(t *testing.T) {
	noLeaks(t)
	l := newLab(t)
	ends := map[string]struct {
		end  func(c *ssh.Client)
		says string
	}{
		"dropped by the router": {func(*ssh.Client) { l.sh("drop", "r2") }, ""},
		"path cut": {func(*ssh.Client) {
			l.sh("cut", "r2", "link")
		}, "answers no keepalives"},
	}
	for name, e := range ends {
		t.Run(name, func(t *testing.T) {
			config := l.key("r2")
			config.Keepalive = time.Second
			c := dial(t, config)
			run(t, c, "true")
			done := make(chan error, 1)
			go func() {
				_, err := c.Run(t.Context(), "sleep 100", nil)
				done <- err
			}()
			e.end(c)
			failure(t, <-done, lost, e.says)
			if c.Alive() {
				t.Error("Alive after the connection broke")
			}
			if name == "path cut" {
				l.sh("heal", "r2")
			}
			run(t, dial(t, l.key("r2")), "pkill -u netops -x sleep || true")
		})
	}
}

func TestLabSubsystem(t *testing.T) {
	noLeaks(t)
	l := newLab(t)
	c := dial(t, l.password("n1"))
	stream, err := c.Subsystem(t.Context(), "netconf")
	if err != nil {
		t.Fatal(err)
	}
	var hello bytes.Buffer
	for buf := make([]byte, 4096); !strings.Contains(hello.String(), "</hello>"); {
		n, err := stream.Read(buf)
		if err != nil {
			t.Fatalf("read hello: %v after %q", err, hello.String())
		}
		hello.Write(buf[:n])
	}
	if err := stream.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	_, err = c.Subsystem(t.Context(), "no-such-subsystem")
	failure(t, err, nil, "refused")
}
