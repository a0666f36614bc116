package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/device/frr"
	devssh "github.com/netprovision/terraform-provider-provision/internal/device/ssh"
)

func TestConfigHasItsSize(t *testing.T) {
	text := config("r1", 0, 18000)
	if len(text) < 950_000 || len(text) > 1_100_000 {
		t.Errorf("18,000 lines make %d bytes", len(text))
	}
}

func TestFarm(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, []string{dir, "2", "200"}) }()
	deadline, tick := time.After(time.Minute), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(filepath.Join(dir, "ready")); err == nil {
			break
		} else if !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		select {
		case <-tick.C:
		case err := <-ended:
			t.Fatalf("ended: %v", err)
		case <-deadline:
			t.Fatal("not up in time")
		}
	}
	table, err := os.ReadFile(filepath.Join(dir, "inventory.tsv"))
	if err != nil || strings.Count(string(table), "\n") != 2 {
		t.Fatalf("inventory: %v: %s", err, table)
	}
	if got := show(t, dir, strings.Fields(string(table))); !strings.Contains(got, "CUSTOMER-00199-ROUTES-IN") {
		t.Errorf("the router runs %d bytes without its last line", len(got))
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// show logs in to the first router as the files say and asks what it runs.
func show(t *testing.T, dir string, fields []string) string {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(dir, "id_ed25519"))
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(fields[3])
	if err != nil {
		t.Fatal(err)
	}
	s, err := frr.New().Open(t.Context(), device.Device{Name: fields[0], Host: fields[2], Port: port, SSH: devssh.Config{
		Username: fields[4], PrivateKey: string(key), KnownHosts: []string{filepath.Join(dir, "known_hosts")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	running, err := s.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return string(running.Raw)
}

func TestRunRefuses(t *testing.T) {
	for _, args := range [][]string{nil, {"d", "x", "1"}} {
		if err := run(t.Context(), args); err == nil {
			t.Errorf("farm %v did not fail", args)
		}
	}
}
