package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/netconfsim"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
)

const wanted = "hostname r1\n!\ninterface mgmt0\n description bench\nexit\n"

// fakeRouter answers the remote commands and remembers them.
type fakeRouter struct {
	running string // what show running-config says
	refuse  string // a part of a command that fails

	mu    sync.Mutex
	asked []string
}

func (f *fakeRouter) exec(_ context.Context, r sshtest.Request, stdin io.Reader, stdout, _ io.Writer) int {
	_, _ = io.Copy(io.Discard, stdin)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, r.Command)
	if f.refuse != "" && strings.Contains(r.Command, f.refuse) {
		_, _ = fmt.Fprintln(stdout, "% refused")
		return 2
	}
	switch {
	case strings.Contains(r.Command, "show running-config"):
		_, _ = io.WriteString(stdout, f.running+"\nend\n")
	case strings.Contains(r.Command, "--test") && strings.HasPrefix(r.Command, "cat"):
		_, _ = io.WriteString(stdout, "Lines To Add\n============\n x\n")
	}
	return 0
}

// files are a lab's directory with a key, and the configuration of a device.
func files(t *testing.T, kind, config string) (options, map[string]sshtest.User) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	o := options{lab: t.TempDir(), configs: t.TempDir(), names: []string{"x1"}, jobs: 1}
	write(t, filepath.Join(o.lab, "id_ed25519"), string(pem.EncodeToMemory(block)))
	write(t, filepath.Join(o.configs, "x1"+map[string]string{"router": ".conf", "netconf": ".xml"}[kind]), config)
	return o, map[string]sshtest.User{"netops": {Keys: []ssh.PublicKey{key}}}
}

// reachable writes down how to reach the device.
func reachable(t *testing.T, o options, kind string, s *sshtest.Server) {
	t.Helper()
	write(t, filepath.Join(o.lab, "known_hosts"), s.KnownHostsLine()+"\n")
	write(t, filepath.Join(o.lab, "inventory.tsv"), fmt.Sprintf("jump\tjump\t127.0.0.1\t1\tjump\nx1\t%s\t%s\t%d\tnetops\n", kind, s.Host(), s.Port()))
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// bare runs a mode on a router.
func bare(t *testing.T, f *fakeRouter, mode string) (options, error) {
	t.Helper()
	o, users := files(t, "router", wanted)
	s := sshtest.New(t, sshtest.Options{Users: users, Exec: f.exec})
	reachable(t, o, "router", s)
	return o, run([]string{"-mode", mode, "-lab", o.lab, "-configs", o.configs, "-devices", "x1"})
}

func TestModes(t *testing.T) {
	for mode, steps := range map[string][]string{
		"read":    {"show running-config"},
		"test":    {"--test"},
		"merge":   {"vtysh -C", "show running-config", "vtysh -f", "write memory", "show running-config"},
		"replace": {"vtysh -C", "show running-config", "--reload", "write memory", "--test"},
		"safe-merge": {
			"vtysh -C", "show running-config", "--test", "setsid", "vtysh -f",
			"show running-config", "kill", "write memory", "show running-config",
		},
		"safe-replace": {
			"vtysh -C", "show running-config", "--test", "setsid", "--reload",
			"show running-config", "kill", "write memory", "--test",
		},
	} {
		t.Run(mode, func(t *testing.T) {
			f := &fakeRouter{running: wanted}
			if _, err := bare(t, f, mode); err != nil {
				t.Fatal(err)
			}
			if len(f.asked) != len(steps) {
				t.Fatalf("asked %q, want %q", f.asked, steps)
			}
			for i, s := range steps {
				if !strings.Contains(f.asked[i], s) || strings.Contains(f.asked[i], "FILE") {
					t.Errorf("step %d: asked %q, want %q", i+1, f.asked[i], s)
				}
			}
		})
	}
}

func TestMergeKeepsABackup(t *testing.T) {
	o, err := bare(t, &fakeRouter{running: wanted}, "merge")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(o.configs, "x1.before"))
	if err != nil || !strings.Contains(string(text), "hostname r1") {
		t.Errorf("backup: %v: %q", err, text)
	}
}

func TestFailuresEnd(t *testing.T) {
	for name, f := range map[string]*fakeRouter{
		"a line is missing after the merge": {running: "hostname r1"},
		"the check refuses":                 {running: wanted, refuse: "vtysh -C"},
		"saving fails":                      {running: wanted, refuse: "write memory"},
	} {
		if _, err := bare(t, f, "merge"); err == nil || !strings.Contains(err.Error(), "x1: ") {
			t.Errorf("%s: error %v, want one that names x1", name, err)
		}
	}
	if _, err := bare(t, &fakeRouter{}, "nonsense"); err == nil {
		t.Error("a mode that is none was run")
	}
}

func TestNetconf(t *testing.T) {
	const ns = `xmlns="urn:ietf:params:xml:ns:yang:ietf-interfaces"`
	config := `<config xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><interfaces ` + ns +
		`><interface><name>uplink</name><description>bench</description>` +
		`<type xmlns:t="urn:ietf:params:xml:ns:yang:iana-if-type">t:ethernetCsmacd</type></interface></interfaces></config>`
	o, users := files(t, "netconf", config)
	d, err := netconfsim.New(netconfsim.Options{Name: "x1", SSH: sshtest.Options{Users: users}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	reachable(t, o, "netconf", d.Server)
	if err := run([]string{"-mode", "netconf", "-lab", o.lab, "-configs", o.configs, "-devices", "x1"}); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"running": d.Running(), "startup": d.Startup()} {
		if !strings.Contains(text, "bench") {
			t.Errorf("%s has no change: %s", name, text)
		}
	}
}
