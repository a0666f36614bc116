//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package eventlog_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
)

// Somebody who never gives the lock back holds up nobody for long, also not
// with a context that has ended.
func TestALockForEver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	holder, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	if err := syscall.Flock(int(holder.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	start := time.Now()
	f := eventlog.NewFile(path, run)
	if err := f.Write(ctx, event()); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took < 500*time.Millisecond || took > 30*time.Second {
		t.Errorf("took %v", took)
	}
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Errorf("the line is lost: %v", err)
	}
	// All steps of all devices of a process come through here, one by one.
	start = time.Now()
	for range 20 {
		if err := f.Write(ctx, event()); err != nil {
			t.Error(err)
		}
	}
	if took := time.Since(start); took > 15*time.Second { // each would wait for a second
		t.Errorf("20 more took %v", took)
	}
}
