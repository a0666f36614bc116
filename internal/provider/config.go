package provider

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// Defaults of the provider block.
const (
	defaultMaxFailures = 1
	defaultMaxSessions = 20
)

// config builds the client's configuration.
func (b *builder) config(m model, runID string) client.Config {
	cfg := client.Config{
		Drivers:     b.drivers,
		Platforms:   b.platforms(m),
		Statuses:    b.list(path.Root("statuses"), m.Statuses, "PROVISION_STATUSES", ","),
		MaxFailures: b.number(path.Root("max_failures"), m.MaxFailures, "PROVISION_MAX_FAILURES", defaultMaxFailures),
		MaxSessions: b.number(path.Root("max_sessions"), m.MaxSessions, "PROVISION_MAX_SESSIONS", defaultMaxSessions),
		BackupDir:   b.text(path.Root("backup_dir"), m.BackupDir, "PROVISION_BACKUP_DIR"),
		Run:         b.run(runID),
		SSH:         b.ssh(m.SSH),
	}
	cfg.Credentials = b.credentials(m.Credentials, cfg.SSH)
	cfg.OnUnreachable = b.onUnreachable(m)
	cfg.Zabbix = b.zabbix(m.Zabbix)
	cfg.BackupRetention = b.number(path.Root("backup_retention"), m.BackupRetention, "PROVISION_BACKUP_RETENTION", client.DefaultBackupRetention)
	if cfg.BackupRetention == 0 {
		cfg.BackupRetention = -1 // all
	}
	cfg.Redact = b.redact(m, cfg.Credentials)
	if cfg.Zabbix != nil {
		cfg.Redact = cfg.Redact.WithWords(cfg.Zabbix.Secrets...)
	}
	cfg.Notes = client.NewNotes()
	truth := b.sourceOfTruth(m, cfg.Notes)
	cfg.Inventory, cfg.InventoryUnknown, cfg.WriteBack = truth.source, truth.unknown, truth.writeBack
	cfg.Redact = cfg.Redact.WithWords(truth.secrets...)
	cfg.Events = []eventlog.Sink{logSink(cfg.Run)}
	if events := b.text(path.Root("events_file"), m.EventsFile, "PROVISION_EVENTS_FILE"); events != "" {
		cfg.Events = append(cfg.Events, eventlog.NewFile(events, cfg.Run).Write)
	}
	cfg.Unknown = b.unknown
	return cfg
}

// platforms checks that every platform leads to a driver that there is.
func (b *builder) platforms(m model) map[string]string {
	at := path.Root("drivers")
	platforms := b.table(at, m.Drivers, "PROVISION_DRIVERS")
	known := make([]string, 0, len(b.drivers))
	for _, d := range b.drivers {
		known = append(known, d.Name())
	}
	slices.Sort(known)
	for platform, name := range platforms {
		if !slices.Contains(known, name) {
			b.errorf(at.AtMapKey(platform), "There is no driver %q; the drivers are %s.", name, strings.Join(known, ", "))
		}
	}
	return platforms
}

func (b *builder) onUnreachable(m model) string {
	at := path.Root("on_unreachable")
	switch v := b.text(at, m.OnUnreachable, "PROVISION_ON_UNREACHABLE"); v {
	case "", client.OnUnreachableError:
		return client.OnUnreachableError
	case client.OnUnreachableSkip:
		return v
	default:
		b.errorf(at, "%q is neither %q nor %q.", v, client.OnUnreachableError, client.OnUnreachableSkip)
		return client.OnUnreachableError
	}
}

// redact takes out the user's patterns and every secret of every entry.
func (b *builder) redact(m model, entries map[string]client.Credential) *secret.Redactor {
	at := path.Root("redact")
	patterns := b.list(at, m.Redact, "PROVISION_REDACT", "\n")
	for i, p := range patterns {
		if _, err := secret.NewRedactor(p); err != nil {
			b.errorf(at.AtListIndex(i), "%v.", err)
			return nil
		}
	}
	r, err := secret.NewRedactor(patterns...)
	if err != nil {
		b.errorf(at, "%v.", err)
		return nil
	}
	for _, e := range entries {
		r = r.WithWords(e.Password, e.PrivateKey, e.Passphrase, e.EnablePassword)
	}
	return r
}

// knownHosts are the files that hold host keys.
func (b *builder) knownHosts(at path.Path, files []string) []string {
	if !b.files {
		return files
	}
	if len(files) == 0 {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil
		}
		usual := filepath.Join(home, ".ssh", "known_hosts")
		if _, err := os.Stat(usual); err != nil {
			return nil
		}
		return []string{usual}
	}
	for i, name := range files {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			b.errorf(at.AtListIndex(i), "The file of known hosts cannot be read: %v.", err)
		case !info.Mode().IsRegular():
			b.errorf(at.AtListIndex(i), "%s is not a file.", name)
		}
	}
	return files
}
