package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/device/frr"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// startLab starts a lab and gives its devices as a client finds them in the
// files that it wrote.
func startLab(t *testing.T) (*lab, map[string]device.Device) {
	t.Helper()
	dir := t.TempDir()
	l, err := start(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.close(); err != nil {
			t.Error(err)
		}
	})
	inventory := read(t, dir, "inventory.json")
	var entries []entry
	if err := json.Unmarshal([]byte(inventory), &entries); err != nil {
		t.Fatalf("%v in %s", err, inventory)
	}
	devices := map[string]device.Device{}
	for _, e := range entries {
		devices[e.Name] = device.Device{Name: e.Name, Host: e.Host, Port: e.Port, SSH: ssh.Config{
			Username: e.User, PrivateKey: read(t, dir, "id_ed25519"),
			KnownHosts: []string{filepath.Join(dir, "known_hosts")}, ConnectTimeout: time.Minute,
		}}
	}
	return l, devices
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// open logs in to a device.
func open(t *testing.T, drv device.Driver, d device.Device) device.Session {
	t.Helper()
	s, err := drv.Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestLabIsReachedByItsFiles(t *testing.T) {
	l, devices := startLab(t)
	drivers := map[string]device.Driver{"r1": frr.New(), "r2": frr.New(), "r3": frr.New(), "n1": netconf.New()}
	if len(devices) != len(drivers) {
		t.Fatalf("inventory.json has %d devices, want %d", len(devices), len(drivers))
	}
	for name, drv := range drivers {
		open(t, drv, devices[name])
		if got := l.command([]string{"reach", name}); got.Code != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := l.command([]string{"running", "r2"}).Stdout; !strings.Contains(got, "hostname r2\n") || strings.Contains(got, "router bgp") {
		t.Errorf("r2 boots with %q", got)
	}
}

func TestFilesAreForTheOwner(t *testing.T) {
	dir := t.TempDir()
	if _, err := writeLogin(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"id_ed25519", "password"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// TestCutOff: a router whose management address goes is cut off at once, has
// told before that the change begins, and comes back by its own timer.
func TestCutOff(t *testing.T) {
	l, devices := startLab(t)
	drv := frr.New()
	s := open(t, drv, devices["r1"])
	before := l.command([]string{"running", "r1"}).Stdout
	intent := device.NewConfig(drv, []byte("hostname r1\nservice integrated-vtysh-config\n"))
	c, err := s.Stage(t.Context(), intent, provision.StageOptions{Replace: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	pending, err := c.Commit(ctx, provision.CommitOptions{ID: "id", Holder: "me", Window: 7 * time.Second})
	if !errors.Is(err, context.DeadlineExceeded) || pending == nil || pending.ID != "id" {
		t.Errorf("cut off in a commit: pending %+v, error %v", pending, err)
	}
	if got := l.command([]string{"reach", "r1"}); got.Code == 0 {
		t.Error("r1 answers without its management address")
	}
	deadline := time.Now().Add(time.Minute)
	for l.command([]string{"reach", "r1"}).Code != 0 {
		if time.Now().After(deadline) {
			t.Fatal("r1 did not come back")
		}
	}
	if got := l.command([]string{"running", "r1"}).Stdout; got != before {
		t.Errorf("r1 runs %q, had %q", got, before)
	}
}

func TestPortThatIsTaken(t *testing.T) {
	_, devices := startLab(t)
	if _, err := start(t.TempDir(), devices["r1"].Port-1); err == nil {
		t.Error("the port of a running lab was taken twice")
	}
}
