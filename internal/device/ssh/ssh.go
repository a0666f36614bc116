// Package ssh is the transport of the drivers: it logs in and runs commands.
// Nothing is assumed: no default credentials, no unknown host key.
package ssh

import (
	"cmp"
	"net"
	"strconv"
	"time"
)

// Config says how to log in to one host.
type Config struct {
	Host     string // address or DNS name
	Port     int    // TCP; 0 is 22
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
	Files      *KnownFiles // reads KnownHosts; nil reads them at each login

	// Jump hosts, in order from us to the host. Their own Jump is not read.
	Jump []Config

	ConnectTimeout time.Duration // TCP, handshake and login together, of each host; 0 is 15 s
	CommandTimeout time.Duration // one command; 0 is 60 s
	Keepalive      time.Duration // 0 is 15 s; three without an answer end the connection
}

// What is meant where a Config says 0.
const (
	defaultPort           = 22
	defaultConnectTimeout = 15 * time.Second
	defaultCommandTimeout = 60 * time.Second
	defaultKeepalive      = 15 * time.Second
)

// withDefaults fills in what is 0.
func (c Config) withDefaults() Config {
	c.Port = cmp.Or(c.Port, defaultPort)
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, defaultConnectTimeout)
	c.CommandTimeout = cmp.Or(c.CommandTimeout, defaultCommandTimeout)
	c.Keepalive = cmp.Or(c.Keepalive, defaultKeepalive)
	return c
}

// addr is host:port.
func (c Config) addr() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }
