package client

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// backupSuffix ends the name of every backup.
const backupSuffix = ".backup"

// unfinished begins the name of a backup that is being written. After
// unfinishedFor nobody writes it any more: the run was killed.
const (
	unfinished    = ".unfinished-"
	unfinishedFor = time.Hour
)

// backupTime is how a backup's name tells when it was made.
const backupTime = "20060102T150405.000000000Z"

// backups keeps what ran before commits: DIR/NAME/NAME.TIME.RUN.DRIVER.backup, files
// with mode 0600 in directories with mode 0700, since configurations hold
// secrets. The driver is there because its language is: another one must not be
// given the text.
type backups struct {
	dir   string
	keep  int // backups of one device; negative keeps all
	runID string
}

// backup keeps a snapshot. That old ones could not be removed is no reason to
// stop a run.
func (c *Client) backup(name, driver string, s provision.Snapshot) (string, error) {
	path, err := c.backups.write(name, driver, s)
	if err != nil {
		return "", fmt.Errorf("backup of %s: %w", name, err)
	}
	if err := c.backups.prune(filepath.Dir(path)); err != nil {
		c.warnOnce("backups", fmt.Sprintf("Old backups could not be removed: %v", err))
	}
	return path, nil
}

// write writes a backup. The path that it returns is that of a complete file.
func (b *backups) write(name, driver string, s provision.Snapshot) (string, error) {
	dir := b.folder(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	stamp := time.Now().UTC().Format(backupTime)
	path := filepath.Join(dir, strings.Join([]string{fileName(name), stamp, fileName(b.runID), fileName(driver)}, ".")+backupSuffix)
	if err := writeAtomic(path, s.Raw); err != nil {
		return "", err
	}
	return path, nil
}

// folder is where the backups of a device are.
func (b *backups) folder(name string) string { return filepath.Join(b.dir, fileName(name)) }

// prune removes all but the newest backups of one device, and what runs that were
// killed left half written.
func (b *backups) prune(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var found, gone []string // found is sorted by name, hence by time
	for _, e := range entries {
		switch {
		case !e.Type().IsRegular():
		case strings.HasPrefix(e.Name(), unfinished):
			if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > unfinishedFor {
				gone = append(gone, e.Name())
			}
		case b.keep >= 0 && strings.HasSuffix(e.Name(), backupSuffix):
			found = append(found, e.Name())
		}
	}
	slices.Sort(found)
	var errs []error
	for _, old := range append(gone, found[:max(0, len(found)-max(0, b.keep))]...) {
		// Another process may have removed it first.
		if err := os.Remove(filepath.Join(dir, old)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// writeAtomic writes a file with mode 0600 that is there completely, on disk,
// or not at all.
func writeAtomic(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), unfinished+"*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	// The file's name, and its folder's, which may be new.
	if err := errors.Join(syncDir(filepath.Dir(path)), syncDir(filepath.Dir(filepath.Dir(path)))); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// syncDir puts the names in a directory on disk, where that can be asked for: not on
// Windows and some file systems, nor in a directory that only lets us through.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrPermission) || runtime.GOOS == "windows" {
		return nil
	}
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

// longest is how many bytes of a name stand in the name of a file, which may have
// 255 and holds two of them.
const longest = 96

// fileName makes a name of letters, digits, "-" and "_" out of any text; other
// bytes become %XX, so that two names never meet and none leaves its folder. Of one
// that gets too long the beginning and a fingerprint of all stay, with a "~" between.
func fileName(name string) string {
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	switch {
	case b.Len() == 0:
		return "%"
	case b.Len() <= longest:
		return b.String()
	}
	sum := sha256.Sum256([]byte(name))
	mark := "~" + hex.EncodeToString(sum[:8])
	head := b.String()[:longest-len(mark)]
	if cut := strings.LastIndexByte(head, '%'); cut >= 0 && cut > len(head)-len("%XX") {
		head = head[:cut] // not in the middle of a byte
	}
	return head + mark
}
