package client

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// LatestBackup stands for the newest backup of a device.
const LatestBackup = "latest"

// shown is how many backups an error offers.
const shown = 3

// Backup is what ran on a device before a commit.
type Backup struct {
	Path   string
	Made   time.Time
	RunID  string // of the run that was about to commit
	Driver string
	Text   []byte // the whole configuration, with its secrets
}

// String names the backup without its text.
func (b Backup) String() string {
	return fmt.Sprintf("%s, made %s before run %s", b.Path, b.Made.Format(time.RFC3339), b.RunID)
}

// Backup reads a backup of a device: [LatestBackup], a file's name, or its path as
// events and errors give it. It refuses those of other devices and of other drivers.
// Errors are of type *AttributeError for "backup".
func (c *Client) Backup(e Endpoint, which string) (Backup, error) {
	b, err := c.findBackup(e, which)
	if err != nil {
		return Backup{}, attributeError("backup", "%s: %w", e.Device.Name, err)
	}
	return b, nil
}

// findBackup is [Client.Backup] with plain errors.
func (c *Client) findBackup(e Endpoint, which string) (Backup, error) {
	if c.backups == nil {
		return Backup{}, errors.New("the provider keeps no backups: set backup_dir (or PROVISION_BACKUP_DIR) to where the runs put theirs")
	}
	folder := c.backups.folder(e.Device.Name)
	names, err := backupsIn(folder)
	if err != nil {
		return Backup{}, err
	}
	name, err := choose(folder, names, which)
	if err != nil {
		return Backup{}, err
	}
	b, err := parseBackup(filepath.Join(folder, name), e)
	if err != nil {
		return Backup{}, err
	}
	if b.Text, err = os.ReadFile(b.Path); err != nil {
		return Backup{}, fmt.Errorf("reading the backup: %w", err)
	}
	if err := e.Driver.CheckConfig(b.Text); err != nil {
		return Backup{}, fmt.Errorf("the backup %s cannot be put back: %w", b.Path, err)
	}
	return b, nil
}

// backupsIn are the names of the backups in a folder, the oldest first.
func backupsIn(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking for backups: %w", err)
	}
	var names []string // ReadDir sorts by name, which is by time
	for _, entry := range entries {
		if entry.Type().IsRegular() && strings.HasSuffix(entry.Name(), backupSuffix) {
			names = append(names, entry.Name())
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("there is no backup in %s: every run that is about to change the device makes one there; see whether backup_dir is that of those runs", folder)
	}
	return names, nil
}

// choose finds the backup that is meant.
func choose(folder string, names []string, which string) (string, error) {
	if which == LatestBackup {
		return names[len(names)-1], nil
	}
	name := filepath.Base(which)
	if name != which && !sameFolder(filepath.Dir(which), folder) {
		return "", fmt.Errorf("%s is not in %s, where the backups of this device are: a backup of another device is never put on it", which, folder)
	}
	if slices.Contains(names, name) {
		return name, nil
	}
	newest := slices.Clone(names[max(0, len(names)-shown):])
	slices.Reverse(newest)
	return "", fmt.Errorf("there is no backup %s in %s; the newest of %d there are %s", name, folder, len(names), strings.Join(newest, ", "))
}

// sameFolder tells that two paths name one folder.
func sameFolder(a, b string) bool {
	one, err1 := os.Stat(a)
	other, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(one, other)
}

// parseBackup reads a backup's name, and refuses one of another device or driver.
func parseBackup(path string, e Endpoint) (Backup, error) {
	name := filepath.Base(path)
	// NAME.SECONDS.FRACTION.RUN.DRIVER: what stands between dots has none itself.
	parts := strings.Split(strings.TrimSuffix(name, backupSuffix), ".")
	ours := parts[0] == fileName(e.Device.Name)
	for i := range parts {
		var err error
		if parts[i], err = url.PathUnescape(parts[i]); err != nil {
			return Backup{}, notABackup(name)
		}
	}
	if len(parts) != 5 {
		return Backup{}, notABackup(name)
	}
	made, err := time.Parse(backupTime, parts[1]+"."+parts[2])
	switch {
	case err != nil:
		return Backup{}, notABackup(name)
	case !ours:
		return Backup{}, fmt.Errorf("%s is a backup of %s: a backup of another device is never put on this one", name, parts[0])
	case parts[4] != e.Driver.Name():
		return Backup{}, fmt.Errorf("%s was made by the driver %s, and the device's driver is %s: that is another language. Name a backup that ends in .%s%s",
			name, parts[4], e.Driver.Name(), fileName(e.Driver.Name()), backupSuffix)
	}
	return Backup{Path: path, Made: made, RunID: parts[3], Driver: parts[4]}, nil
}

// notABackup tells that a name is none that this provider gives.
func notABackup(name string) error {
	return fmt.Errorf("%s is no name of a backup: NAME.TIME.RUN.DRIVER%s is one, and the driver tells who understands it", name, backupSuffix)
}
