// Package ssh is the transport of the drivers: it logs in and runs commands.
// Nothing is assumed: no default credentials, no unknown host key.
package ssh

import (
	"context"
	"io"
	"time"
)

// Config says how to log in to one host.
type Config struct {
	Host     string // address or DNS name
	Port     int    // TCP
	Username string
	Password string
	// PrivateKey is PEM or OpenSSH text, not a path.
	PrivateKey string
	Passphrase string // of PrivateKey
	// Agent asks the agent at SSH_AUTH_SOCK when no key and no password is given.
	Agent bool

	// HostKey pins the host's key: a line of authorized_keys form ("ssh-ed25519 AAAA...")
	// or a fingerprint ("SHA256:..."). It wins over KnownHosts.
	HostKey string
	// KnownHosts are files in known_hosts form (hashed names and
	// @cert-authority lines included).
	KnownHosts []string

	// Jump hosts, in order from us to the host.
	Jump []Config

	ConnectTimeout time.Duration // TCP, handshake and login together; 0 is 15 s
	CommandTimeout time.Duration // one command; 0 is 60 s
	Keepalive      time.Duration // 0 is 15 s; three without an answer end the connection
}

// Result is what a command gave.
type Result struct {
	Stdout, Stderr []byte
	ExitCode       int
}

// Client is one connection to one host.
type Client struct{}

// Dial connects, checks the host key and logs in. Errors match
// provision.ErrUnreachable or provision.ErrAuth and name the host, the port and
// the step (resolve, connect, jump host, handshake, host key, login).
func Dial(ctx context.Context, c Config) (*Client, error) { panic("not written yet") }

// Run runs a command with stdin (nil for none) and returns its output. A
// command that ends with another exit code than 0 is not an error. Errors match
// provision.ErrConnectionLost when the connection broke, and
// context.DeadlineExceeded when the command timeout ended it.
func (c *Client) Run(ctx context.Context, command string, stdin io.Reader) (Result, error) {
	panic("not written yet")
}

// Subsystem starts a subsystem ("netconf"). Closing the stream ends it; when
// the connection breaks, reads and writes fail with provision.ErrConnectionLost.
func (c *Client) Subsystem(ctx context.Context, name string) (io.ReadWriteCloser, error) {
	panic("not written yet")
}

// Alive tells that the connection has not been seen to break.
func (c *Client) Alive() bool { panic("not written yet") }

// Close ends the connection and those to its jump hosts.
func (c *Client) Close() error { panic("not written yet") }
