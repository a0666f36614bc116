package client

import (
	"errors"
	"slices"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/eventlog"
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// What the provider does about a device that does not answer.
const (
	// OnUnreachableError: the plan stops.
	OnUnreachableError = "error"
	// OnUnreachableSkip: a device in state keeps its state and gets a warning.
	OnUnreachableSkip = "skip"
)

// DefaultCredentials is the entry that serves where nothing else matches.
const DefaultCredentials = "default"

// DefaultBackupRetention is how many backups of one device are kept.
const DefaultBackupRetention = 10

// idle is how long a session that nobody uses stays open.
const idle = 5 * time.Second

var (
	// ErrNotReady tells that the source of truth does not (or no longer) call
	// the device ready: no address, no driver, or another status.
	ErrNotReady = errors.New("not ready")

	// ErrUnknown tells that something of the provider's configuration is only
	// known at apply, so that the device cannot be reviewed (promise P12).
	ErrUnknown = errors.New("not known until apply")
)

// DefaultStatuses are the statuses that count as ready when none are
// configured.
func DefaultStatuses() []string { return []string{"active", "planned", "staged"} }

// Config is a provider configuration in plain Go.
type Config struct {
	// Credentials by the name of the entry.
	Credentials map[string]Credential
	SSH         SSH
	// Inventory is the source of truth; nil when there is none.
	Inventory inventory.Source
	// InventoryUnknown names what of the source's configuration is known only at
	// apply; empty if all is known.
	InventoryUnknown string
	// WriteBack is what an apply writes back to the source of truth.
	WriteBack WriteBack
	// Notes are what the source of truth has to say to the user; nil for none.
	Notes *Notes
	// Unknown names the attributes of the provider block, other than
	// credentials and the source of truth, whose values are known only at apply.
	// No device is opened then. "credentials" stands for a map that is unknown
	// as a whole.
	Unknown []string

	// Zabbix is where hosts are monitored; nil when there is none.
	Zabbix *Zabbix

	// Statuses that count as ready; nil is DefaultStatuses.
	Statuses []string
	// Drivers are the known drivers.
	Drivers []device.Driver
	// Platforms maps a platform of the source to the name of a driver.
	Platforms map[string]string

	OnUnreachable string // "" is OnUnreachableError
	// MaxFailures is after how many failed commits of this process no further
	// one starts; 0 is no limit.
	MaxFailures int
	// MaxSessions is how many sessions are open at once; 0 is no limit.
	MaxSessions int

	// Redact takes the user's patterns out of every text.
	Redact *secret.Redactor
	// Events receive every step of every run.
	Events []eventlog.Sink
	// BackupDir keeps what ran before a commit; empty for no backups.
	BackupDir string
	// BackupRetention is how many backups of a device are kept; 0 is
	// DefaultBackupRetention, negative keeps all.
	BackupRetention int
	// Run says who works and why.
	Run eventlog.Run
}

// Credential is an entry of the provider's credentials.
type Credential struct {
	Username, Password string
	PrivateKey         string // text, not a path
	Passphrase         string // of PrivateKey
	EnablePassword     string
	JumpHost           string // a name in SSH.JumpHosts
	Port               int    // TCP; 0 is the driver's default
	HostKey            string // a line of authorized_keys form or SHA256:...
	Options            map[string]string
	// Unknown names the values of the entry that are known only at apply.
	Unknown []string
}

// secrets are the words of the entry that no text may show.
func (c Credential) secrets() []string {
	return []string{c.Password, c.PrivateKey, c.Passphrase, c.EnablePassword}
}

// SSH is what all logins have in common.
type SSH struct {
	// KnownHosts are files in known_hosts form.
	KnownHosts []string
	JumpHosts  map[string]JumpHost
	// Agent allows the agent at SSH_AUTH_SOCK for entries without key and
	// password.
	Agent bool

	ConnectTimeout, CommandTimeout, Keepalive time.Duration // 0 is the transport's default
}

// JumpHost is a host that leads to devices.
type JumpHost struct {
	Host        string
	Port        int    // 0 is 22
	Credentials string // the entry that logs in to it; "" is DefaultCredentials
	JumpHost    string // the jump host before it; may be empty
}

// withDefaults returns the configuration with the defaults written out.
func (c Config) withDefaults() Config {
	if c.Statuses == nil {
		c.Statuses = DefaultStatuses()
	}
	if c.OnUnreachable == "" {
		c.OnUnreachable = OnUnreachableError
	}
	if c.BackupRetention == 0 {
		c.BackupRetention = DefaultBackupRetention
	}
	c.Events = slices.Clone(c.Events)
	if c.Zabbix != nil {
		z := c.Zabbix.withDefaults()
		c.Zabbix = &z
	}
	return c
}
