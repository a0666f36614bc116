package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

// Step is what Dial was doing.
type Step string

// The steps of Dial, in their order.
const (
	StepConfig    Step = "configuration" // before anything was sent
	StepResolve   Step = "resolve"       // the name of the host
	StepConnect   Step = "connect"       // TCP, or the channel through a jump host
	StepHandshake Step = "handshake"     // versions and keys
	StepHostKey   Step = "host key"      // is it the known one?
	StepLogin     Step = "login"
)

// DialError tells which host could not be reached, at which step and why. It
// matches provision.ErrUnreachable or provision.ErrAuth, and its cause.
type DialError struct {
	Addr string // host:port
	// Jump tells that the host is the jump host of this number, from 1; 0 is
	// the host itself.
	Jump int
	Step Step
	// Kind is provision.ErrUnreachable or provision.ErrAuth.
	Kind error
	Err  error
}

// Error implements error.
func (e *DialError) Error() string {
	host := "ssh to " + e.Addr
	if e.Jump > 0 {
		host = "ssh to jump host " + e.Addr
	}
	return fmt.Sprintf("%s: %s: %v", host, e.Step, e.Err)
}

// Unwrap gives the kind and the cause.
func (e *DialError) Unwrap() []error { return []error{e.Kind, e.Err} }

// HostKeyError is a host key that is not the known one.
type HostKeyError struct {
	Addr        string // host:port
	Type        string // "ssh-ed25519"
	Fingerprint string // "SHA256:..."
	// Changed tells that another key is known for the host; without it the
	// host is unknown.
	Changed bool
	// Known is where the known keys stand: "file:line", or "host_key".
	Known []string
	// Line is what to add to a known_hosts file once the key has been checked.
	Line string
}

// Error implements error.
func (e *HostKeyError) Error() string {
	if e.Changed {
		return fmt.Sprintf("THE HOST KEY HAS CHANGED: the host shows %s %s, which is not the key known from %s. "+
			"Either the host was given a new key, or another host answers in its place: nothing was sent to it. "+
			"Compare the fingerprint on the host's console; if it is right, replace the known key",
			e.Type, e.Fingerprint, strings.Join(e.Known, ", "))
	}
	return fmt.Sprintf("unknown host key: the host shows %s %s. Compare the fingerprint on the host's console; "+
		"if it is right, add this line to a known_hosts file, or set host_key to its part after the name: %s",
		e.Type, e.Fingerprint, e.Line)
}

// LoginError is a refused login. It holds no secret.
type LoginError struct {
	User string
	// Tried are the methods that were tried: "publickey", "password".
	Tried []string
	// Offered are the methods that the host takes, as far as it told.
	Offered []string
	Err     error
}

// Error implements error.
func (e *LoginError) Error() string {
	if len(e.Tried) == 0 {
		return fmt.Sprintf("user %q: the host takes %s, for which nothing is configured",
			e.User, list(e.Offered, "no method"))
	}
	return fmt.Sprintf("user %q refused; tried %s; the host takes %s",
		e.User, list(e.Tried, "nothing"), list(e.Offered, "no method"))
}

// Unwrap gives what the transport said.
func (e *LoginError) Unwrap() error { return e.Err }

// list joins words, or says none.
func list(words []string, none string) string {
	if len(words) == 0 {
		return none
	}
	return strings.Join(words, ", ")
}

// SignalError is a command that a signal ended on the host.
type SignalError struct {
	Signal  string // without SIG: "KILL"
	Message string // of the host, may be empty
}

// Error implements error.
func (e *SignalError) Error() string {
	if e.Message != "" {
		return "ended by signal " + e.Signal + ": " + e.Message
	}
	return "ended by signal " + e.Signal
}

// explain says a network error in words that tell causes apart.
func explain(err error, limit time.Duration) error {
	var dns *net.DNSError
	var open *ssh.OpenChannelError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer within %s: %w", limit, err)
	case errors.As(err, &dns):
		return fmt.Errorf("name %q: %w", dns.Name, dnsCause(dns))
	case errors.As(err, &open):
		return fmt.Errorf("the jump host could not go on: %w", err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("the port is closed: %w", syscall.ECONNREFUSED)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return fmt.Errorf("no route: %w", err)
	case errors.Is(err, syscall.ETIMEDOUT):
		return fmt.Errorf("no answer: %w", syscall.ETIMEDOUT)
	}
	return err
}

// errNoSuchHost says that a name has no address, without the resolver's own
// address, which differs from run to run.
var errNoSuchHost = errors.New("no such host")

// dnsCause is what a person needs of a resolver's error.
func dnsCause(e *net.DNSError) error {
	if e.IsNotFound {
		return errNoSuchHost
	}
	return e
}
