package eventlog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// lockWait is how long a writer waits for the others. After it the line is
// written all the same: appending whole lines is nearly always safe without
// the lock, and a log must not hold up a commit. So whoever waited in vain waits
// no more until the lock was free once: all devices write through one File.
const lockWait = time.Second

// File appends records to a file. Several processes may write to the same
// file: each line is one write under a lock of the file. It is safe for
// concurrent use.
type File struct {
	path string
	run  Run

	mu   sync.Mutex
	vain bool // waiting for the lock was in vain
}

// NewFile makes a writer for the file at path, which is created with mode 0600
// on the first write. It is opened anew for each line, so that it can be
// rotated.
func NewFile(path string, run Run) *File { return &File{path: path, run: run} }

// Write is a Sink.
func (f *File) Write(ctx context.Context, ev provision.Event) error {
	line, err := marshal(NewRecord(f.run.In(ctx), ev))
	if err != nil {
		return fmt.Errorf("events file %s: %w", f.path, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	out, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("events file: %w", err)
	}
	unlock, locked := f.lock(ctx, out)
	f.vain = !locked
	_, err = out.Write(line)
	unlock()
	if err := errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("events file: %w", err)
	}
	return nil
}

// marshal gives one line, with < and > left readable.
func marshal(r Record) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(r)
	return b.Bytes(), err
}

// lock takes the file's lock, waiting for it unless that was in vain before, and
// returns what gives it back.
func (f *File) lock(ctx context.Context, out *os.File) (unlock func(), locked bool) {
	if f.vain {
		if unlock, ok := tryLock(out); ok {
			return unlock, true
		}
		return func() {}, false
	}
	return waitLock(ctx, out)
}

// waitLock takes the file's lock, for at most lockWait, and returns what gives
// it back. Whoever gives up writes without it.
func waitLock(ctx context.Context, f *os.File) (unlock func(), locked bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockWait)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if unlock, ok := tryLock(f); ok {
			return unlock, true
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return func() {}, false
		}
	}
}
