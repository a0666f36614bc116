// Package device is what all network devices have in common: the contract of a
// driver, the device that a driver opens, and the sessions that one process
// shares. Drivers live in folders of their own below; the list of them is
// package drivers.
package device

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// Driver speaks to one kind of device. Implementations keep no state and are
// safe for concurrent use.
type Driver interface {
	// Name is the name in the configuration: "frr".
	Name() string

	// DefaultPort is the TCP port when none is given.
	DefaultPort() int

	// CheckConfig tells what is wrong with an intended configuration without
	// asking a device: empty, not text, not XML. The error names the line.
	CheckConfig(config []byte) error

	// Digest is the hex SHA-256 of an intended configuration in canonical
	// form: line ends, comments and order that mean nothing do not count.
	Digest(config []byte) string

	// Open logs in. The session implements [Session]. Errors match
	// provision.ErrUnreachable or provision.ErrAuth.
	Open(ctx context.Context, d Device) (Session, error)
}

// Session is a provision.Session on a network device.
type Session interface {
	provision.Session

	// Facts tells what the device is: "hostname", "version", "model" and what
	// else the driver can learn without secrets.
	Facts(ctx context.Context) (map[string]string, error)

	// Alive tells, without asking the device, that the connection has not
	// been seen to break.
	Alive() bool
}

// Device is one device and how to reach it.
type Device struct {
	Name string // in the source of truth
	Host string // address or DNS name
	Port int    // TCP; 0 is the driver's default
	// SSH says how to log in: user, keys, host keys, jump hosts, timeouts.
	// Host and Port are filled in by the driver from the fields above.
	SSH ssh.Config
	// EnablePassword is for devices that ask for one after the login.
	EnablePassword string
	// Options are the driver's own, from the credentials entry.
	Options map[string]string
	// Redact takes the user's patterns out of texts; a driver adds its own.
	Redact *secret.Redactor
}

// Config is an intended configuration as text; it implements provision.Intent.
type Config struct {
	Text   []byte
	digest string
}

// NewConfig makes an intent of a text, with the driver's digest.
func NewConfig(d Driver, text []byte) Config {
	return Config{Text: text, digest: d.Digest(text)}
}

// Digest implements provision.Intent.
func (c Config) Digest() string {
	if c.digest != "" {
		return c.digest
	}
	sum := sha256.Sum256(c.Text)
	return hex.EncodeToString(sum[:])
}
