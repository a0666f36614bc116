//go:build lab

package faults_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	gossh "golang.org/x/crypto/ssh"

	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// plantedPassword and its like must show up nowhere.
const (
	plantedPassword   = "Planted-Password-91c4"
	plantedPassphrase = "Planted-Passphrase-5be0"
)

// newKey makes a private key in OpenSSH's form; with a passphrase unless that
// is empty.
func newKey(t testing.TB, passphrase string) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return sealKey(t, key, passphrase)
}

// sealKey writes a private key.
func sealKey(t testing.TB, key any, passphrase string) string {
	t.Helper()
	block, err := gossh.MarshalPrivateKey(key, "test")
	if passphrase != "" {
		block, err = gossh.MarshalPrivateKeyWithPassphrase(key, "test", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block))
}

// login is a provider's credentials of one entry.
func login(r *rig, values map[string]string) map[string]string {
	n := r.node()
	entry := map[string]string{"username": n.User, "host_key": n.HostKey}
	for name, value := range values {
		entry[name] = value
	}
	text := "{ default = { "
	for name, value := range entry {
		if value != "" {
			text += name + " = " + acctest.Quote(value) + ", "
		}
	}
	return map[string]string{"credentials": text + "} }"}
}

// badDial is a device that cannot be reached.
type badDial struct {
	name     string
	provider func(t testing.TB, r *rig) map[string]string
	step     string // "" for an error that no connection was needed for
	says     []string
}

// badLogins are refused before anything is asked of the device.
func badLogins() []badDial {
	const check = "check the credentials of this target and its host key, then plan again"
	return []badDial{
		{"wrong password", func(_ testing.TB, r *rig) map[string]string {
			return login(r, map[string]string{"password": plantedPassword})
		}, "open", []string{"login: ", `user "netops" refused; tried password; the host takes`, check}},
		{"wrong key", func(t testing.TB, r *rig) map[string]string {
			return login(r, map[string]string{"private_key": newKey(t, "")})
		}, "open", []string{"login: ", `user "netops" refused; tried publickey; the host takes`, check}},
		{"wrong passphrase", func(t testing.TB, r *rig) map[string]string {
			return login(r, map[string]string{"private_key": newKey(t, "right"), "passphrase": plantedPassphrase})
		}, "", []string{`credentials["default"].private_key`, "The private key cannot be used: the passphrase does not open private_key"}},
		{"changed host key", func(_ testing.TB, r *rig) map[string]string {
			return login(r, map[string]string{"password": plantedPassword, "host_key": r.lab.Nodes["r2"].HostKey})
		}, "open", []string{"host key: ", "THE HOST KEY HAS CHANGED", "SHA256:", "nothing was sent to it", "Compare the fingerprint on the host's console", check}},
		{"changed host key in known_hosts", func(t testing.TB, r *rig) map[string]string {
			known := login(r, map[string]string{"password": plantedPassword, "host_key": ""})
			line := fmt.Sprintf("[127.0.0.1]:%d %s\n", r.proxy.port, r.lab.Nodes["r2"].HostKey)
			known["ssh"] = fmt.Sprintf("{ known_hosts = [%q] }", acctest.File(t, "known_hosts", line))
			return known
		}, "open", []string{"host key: ", "THE HOST KEY HAS CHANGED", "known_hosts:1", check}},
		{"unknown host key", func(t testing.TB, r *rig) map[string]string {
			unknown := login(r, map[string]string{"password": plantedPassword, "host_key": ""})
			unknown["ssh"] = fmt.Sprintf("{ known_hosts = [%q] }", acctest.File(t, "known_hosts", ""))
			return unknown
		}, "open", []string{"host key: ", "unknown host key: the host shows ssh-ed25519 SHA256:", "add this line to a known_hosts file", check}},
		{"login shell that is none", func(_ testing.TB, r *rig) map[string]string {
			return login(r, map[string]string{"username": "cli", "password": r.node().Password})
		}, "open", []string{"the user needs a shell such as /bin/sh, not vtysh"}},
	}
}

// elsewhere puts the device at another address.
func elsewhere(t testing.TB, r *rig, host string, port int) map[string]string {
	more := inventory(t, map[string]acctest.Device{r.node().Name: {Host: host, Port: port, Driver: r.node().Driver()}})
	more["ssh"] = `{ known_hosts = [], connect_timeout = "1m" }`
	return more
}

// badPaths end before a login.
func badPaths() []badDial {
	const check = "check the address, the port and that the target is up, then plan again"
	return []badDial{
		{"port closed", func(t testing.TB, r *rig) map[string]string {
			return elsewhere(t, r, "127.0.0.1", 1)
		}, "open", []string{"connect: the port is closed: connection refused", check}},
		{"a server that never speaks", func(t testing.TB, r *rig) map[string]string {
			s := sshtest.New(t, sshtest.Options{Silent: true})
			more := elsewhere(t, r, s.Host(), s.Port())
			more["ssh"] = `{ known_hosts = [], connect_timeout = "2s" }`
			return more
		}, "open", []string{"handshake: the host accepted the connection and never spoke: no answer within 2s", check}},
		{"a name without an address", func(t testing.TB, r *rig) map[string]string {
			return elsewhere(t, r, "r1.invalid", 22)
		}, "open", []string{"resolve: name \"r1.invalid\"", check}},
		{"a server that is something else", func(t testing.TB, r *rig) map[string]string {
			return elsewhere(t, r, "127.0.0.1", webServer(t))
		}, "open", []string{"handshake: ", check}},
	}
}

// webServer speaks, but not SSH.
func webServer(t testing.TB) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"))
			_ = c.Close()
		}
	}()
	return ln.Addr().(*net.TCPAddr).Port
}

func TestDial(t *testing.T) {
	lab, binary := bench(t)
	for _, bad := range append(badLogins(), badPaths()...) {
		t.Run(bad.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lab, binary, frrBox{lab, "r1"})
			r.Config(r.provider(bad.provider(t, r)), r.resource(text("hostname r1\n")))
			out := r.Must(1, "plan")
			t.Log(out)
			says(t, "the error", out, bad.says...)
			if bad.step != "" {
				says(t, "the error", out, "Error: r1: "+bad.step+" failed", "Device: r1 (frr)", "Cause: ", "State: not applied", "Next: ")
			}
			r.silent(out, plantedPassword, plantedPassphrase)
		})
	}
}

// TestNoRoute runs Terraform where there is no network at all.
func TestNoRoute(t *testing.T) {
	lab, binary := bench(t)
	r := newRig(t, lab, binary, frrBox{lab, "r1"})
	n := r.node()
	r.Config(r.provider(elsewhere(t, r, n.MgmtHost, n.MgmtPort)), r.resource(text("hostname r1\n")))
	plan := r.Command("plan")
	cmd := exec.Command("unshare", append([]string{"--net", plan.Path}, plan.Args[1:]...)...)
	cmd.Dir, cmd.Env = plan.Dir, plan.Env
	raw, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("a plan without a network:\n%s", raw)
	}
	out := acctest.Unwrap(string(raw))
	t.Log(out)
	says(t, "the error", out, "Error: r1: open failed", "ssh to "+net.JoinHostPort(n.MgmtHost, strconv.Itoa(n.MgmtPort))+": connect: no route: ",
		"State: not applied", "check the address, the port and that the target is up")
}

// TestNoPath takes the cable out: the path swallows everything.
func TestNoPath(t *testing.T) {
	lab, binary := bench(t)
	r := newRig(t, lab, binary, frrBox{lab, "r1"})
	lab.Script(t, "", "cut", "r1", "link")
	t.Cleanup(func() { lab.Script(t, "", "heal", "r1") })
	r.Config(r.provider(map[string]string{"ssh": `{ known_hosts = [], connect_timeout = "2s" }`}), r.resource(text("hostname r1\n")))
	out := r.Must(1, "plan")
	t.Log(out)
	says(t, "the error", out, "Error: r1: open failed", "no answer within 2s", "State: not applied")
}

// silent fails if one of these words is in what was printed or written down.
func (b *bed) silent(output string, secrets ...string) {
	b.t.Helper()
	places := map[string]string{"the output": output}
	files, err := filepath.Glob(filepath.Join(b.Dir, "*"))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, f := range files {
		switch name := filepath.Base(f); name {
		case "main.tf", "terraform.rc":
		default:
			places[name] = contents(b.t, f)
		}
	}
	for place, text := range places {
		holds(b.t, place, text, secrets)
	}
}
