package client_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// keeping is a client that keeps backups, with r1 applied as "1", "2" and "3" by run
// ci/7: there are backups of "" and of the first two.
func keeping(t *testing.T) (c *client.Client, drv *fakeDriver, e client.Endpoint, paths []string) {
	t.Helper()
	drv = newFakeDriver("fake")
	cfg := config(t, drv)
	cfg.BackupDir, cfg.Run.ID = filepath.Join(t.TempDir(), "backups"), "ci/7"
	c = newClient(t, cfg)
	for _, text := range []string{"1\n", "2\n", "3\n"} {
		res, err := apply(t, c, "r1", text)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, res.Backup)
	}
	return c, drv, resolve(t, c, client.Ref{Name: "r1"}), paths
}

func TestABackupIsFoundByNameByPathAndAsTheLatest(t *testing.T) {
	c, _, e, paths := keeping(t)
	for which, want := range map[string]struct{ path, text string }{
		client.LatestBackup:     {paths[2], "2\n"},
		filepath.Base(paths[1]): {paths[1], "1\n"},
		paths[1]:                {paths[1], "1\n"},
	} {
		b, err := c.Backup(e, which)
		if err != nil {
			t.Errorf("%s: %v", which, err)
			continue
		}
		if b.Path != want.path || string(b.Text) != want.text || b.RunID != "ci/7" || b.Driver != "fake" || time.Since(b.Made) > time.Minute || time.Since(b.Made) < 0 {
			t.Errorf("%s: %+v", which, b)
		}
		if said := b.String(); !strings.Contains(said, want.path) || !strings.Contains(said, "before run ci/7") || strings.Contains(said, "\n") {
			t.Errorf("%q", said)
		}
	}
}

// A name and a run id that are too long for a file's name do not stop a commit, and
// the backup is found again.
func TestABackupOfALongName(t *testing.T) {
	drv := newFakeDriver("fake")
	cfg := config(t, drv)
	cfg.BackupDir, cfg.BackupRetention, cfg.Run.ID = t.TempDir(), -1, strings.Repeat("ci/", 42)
	c := newClient(t, cfg)
	long := strings.Repeat("\u00e9", 200)
	endpoint := func(name string, port int) client.Endpoint {
		return resolve(t, c, client.Ref{Name: name, Host: "h", Port: port, Driver: "fake"})
	}
	e, other := endpoint(long, 1), endpoint(long+"2", 2)
	for before, e := range map[string]client.Endpoint{"one\n": e, "two\n": other} {
		drv.set(e.Device.Name, before)
		if _, err := c.Run(t.Context(), e, client.Job{Config: []byte("new\n"), Commit: true}); err != nil {
			t.Fatal(err)
		}
	}
	b, err := c.Backup(e, client.LatestBackup)
	if err != nil || string(b.Text) != "one\n" || !strings.HasPrefix(b.RunID, "ci/ci/") {
		t.Errorf("%+v, %v", b, err)
	}
	if _, err := c.Backup(other, b.Path); err == nil || !strings.Contains(err.Error(), "another device") {
		t.Errorf("put on another device: %v", err)
	}
}

func TestBackupsThatAreRefused(t *testing.T) {
	c, _, e, paths := keeping(t)
	folder := filepath.Dir(paths[0])
	stamp := "20260102T030405.000000006Z"
	put := func(path string) string {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("text\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	empty := put(filepath.Join(folder, "r1."+stamp+".run.fake.backup"))
	if err := os.Truncate(empty, 0); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(folder, "r1."+stamp+".link.fake.backup")
	if err := os.Symlink(put(filepath.Join(t.TempDir(), "elsewhere")), link); err != nil {
		t.Fatal(err)
	}
	for name, of := range map[string]struct {
		which string
		want  []string
	}{
		"the folder of another device": {put(filepath.Join(folder, "..", "r2", "r2."+stamp+".run.fake.backup")), []string{"where the backups of this device are", "another device"}},
		"copied from another device":   {put(filepath.Join(folder, "r2."+stamp+".run.fake.backup")), []string{"is a backup of r2", "never put on this one"}},
		"another driver":               {put(filepath.Join(folder, "r1."+stamp+".run.netconf.backup")), []string{"by the driver netconf", "driver is fake", "ends in .fake.backup"}},
		"no driver":                    {put(filepath.Join(folder, "r1."+stamp+".run.backup")), []string{"no name of a backup", "NAME.TIME.RUN.DRIVER"}},
		"no time":                      {put(filepath.Join(folder, "r1.yesterday.0Z.run.fake.backup")), []string{"no name of a backup"}},
		"no escape":                    {put(filepath.Join(folder, "r1."+stamp+".100%.fake.backup")), []string{"no name of a backup"}},
		"empty":                        {empty, []string{"cannot be put back", "it is empty"}},
		"a link":                       {link, []string{"there is no backup"}},
		"no backup at all":             {"r1.running.backup", []string{"there is no backup r1.running.backup", "the newest of", ".fake.backup"}},
		"out of the folder":            {"../r2/r2." + stamp + ".run.fake.backup", []string{"another device"}},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := c.Backup(e, of.which)
			var at *client.AttributeError
			if !errors.As(err, &at) || at.Attribute != "backup" || !strings.HasPrefix(err.Error(), "r1: ") {
				t.Fatalf("got %+v, %v", b, err)
			}
			for _, want := range of.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestWithoutBackups(t *testing.T) {
	drv := newFakeDriver("fake")
	cfg := config(t, drv)
	c := newClient(t, cfg)
	e := resolve(t, c, client.Ref{Name: "r1"})
	if _, err := c.Backup(e, client.LatestBackup); err == nil || !strings.Contains(err.Error(), "set backup_dir") {
		t.Errorf("got %v", err)
	}
	cfg.BackupDir = filepath.Join(t.TempDir(), "none")
	if _, err := newClient(t, cfg).Backup(e, client.LatestBackup); err == nil || !strings.Contains(err.Error(), "there is no backup in "+filepath.Join(cfg.BackupDir, "r1")) {
		t.Errorf("got %v", err)
	}
	cfg.BackupDir = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(cfg.BackupDir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := newClient(t, cfg).Backup(e, client.LatestBackup); err == nil || !strings.Contains(err.Error(), "looking for backups") {
		t.Errorf("got %v", err)
	}
}

// Going back makes a backup too: the way back from a rollback is a rollback.
func TestABackupGoesBackOnTheDevice(t *testing.T) {
	c, drv, e, paths := keeping(t)
	for _, step := range []struct{ which, want string }{{paths[1], "1\n"}, {client.LatestBackup, "3\n"}} {
		b, err := c.Backup(e, step.which)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Run(t.Context(), e, client.Job{Config: b.Text, Replace: true, Commit: true}); err != nil {
			t.Fatal(err)
		}
		if got := drv.get("r1"); got != step.want {
			t.Errorf("runs %q, want %q", got, step.want)
		}
	}
}

// What a run is for stands in the events and in the journal.
func TestWhatARunIsFor(t *testing.T) {
	rec, notes := &recorder{}, []string{}
	cfg := config(t, newFakeDriver("fake"))
	cfg.Events, cfg.WriteBack.Journal = []eventlog.Sink{rec.sink}, true
	cfg.Inventory = sourceOf{device: inventory.Object{Name: "r1", Host: "h", Driver: "fake", Status: "active"}, notes: &notes}
	c := newClient(t, cfg)
	e := resolve(t, c, client.Ref{Name: "r1"})
	if _, err := c.Run(t.Context(), e, client.Job{Config: []byte("x\n"), Commit: true, About: "back to the backup b"}); err != nil {
		t.Fatal(err)
	}
	if ev := rec.events[0]; ev.Message != "back to the backup b" || ev.Step != provision.StepRead || ev.Name != "r1" || ev.Driver != "fake" || ev.Time.IsZero() || ev.DryRun {
		t.Errorf("%+v", ev)
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "back to the backup b.\n") {
		t.Errorf("noted %q", notes)
	}
}

// telling is a source whose intended configuration tells a secret.
type telling struct {
	sourceOf
	fails error
}

func (s telling) Config(_ context.Context, _ inventory.Object, i inventory.Intent) ([]byte, error) {
	if i.Secret != nil {
		i.Secret(inventory.Secret{Words: []string{"filled-in-7"}})
	}
	return nil, s.fails
}

// A backup may hold what the source of truth fills in. Only the intended
// configuration tells what that is.
func TestLearnedSecretsAreMasked(t *testing.T) {
	drv := newFakeDriver("fake")
	drv.set("r1", "key filled-in-7\n")
	cfg := config(t, drv)
	cfg.Redact = (*secret.Redactor)(nil).WithWords("hunter22")
	source := telling{sourceOf: sourceOf{device: inventory.Object{Name: "r1", Host: "h", Driver: "fake", Status: "active"}}}
	cfg.Inventory = source
	c := newClient(t, cfg)
	e := resolve(t, c, client.Ref{Name: "r1"})
	told := ""
	job := client.Job{Config: []byte("key other\n"), DryRun: true, Commit: true, Tell: func(ev provision.Event) {
		if ev.Diff != nil {
			told += ev.Diff.String()
		}
	}}
	if err := c.Learn(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Run(t.Context(), e, job); err != nil || !strings.Contains(told, "- key") || strings.Contains(told, "filled-in-7") {
		t.Errorf("told %q, %v", told, err)
	}
	source.fails = errors.New("template error")
	cfg.Inventory = source
	if err := newClient(t, cfg).Learn(t.Context(), e); !errors.Is(err, source.fails) {
		t.Errorf("got %v", err)
	}
	e.Inventory = nil
	if err := newClient(t, cfg).Learn(t.Context(), e); err != nil {
		t.Errorf("a device that the source does not know tells nothing: %v", err)
	}
}
