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
// the lock, and a log must not hold up a commit.
const lockWait = time.Second

// File appends records to a file. Several processes may write to the same
// file: each line is one write under a lock of the file. It is safe for
// concurrent use.
type File struct {
	path string
	run  Run
	mu   sync.Mutex
}

// NewFile makes a writer for the file at path, which is created with mode 0600
// on the first write. It is opened anew for each line, so that it can be
// rotated.
func NewFile(path string, run Run) *File { return &File{path: path, run: run} }

// Write is a Sink.
func (f *File) Write(ctx context.Context, ev provision.Event) error {
	line, err := marshal(NewRecord(f.run, ev))
	if err != nil {
		return fmt.Errorf("events file %s: %w", f.path, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	out, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("events file: %w", err)
	}
	unlock := waitLock(ctx, out)
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

// waitLock takes the file's lock, for at most lockWait, and returns what gives
// it back. Whoever gives up writes without it.
func waitLock(ctx context.Context, f *os.File) (unlock func()) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockWait)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if unlock, ok := tryLock(f); ok {
			return unlock
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return func() {}
		}
	}
}
