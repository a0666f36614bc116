package ssh

import (
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// login is how one host is logged in to, and what came of it.
type login struct {
	user    string
	methods []ssh.AuthMethod
	done    func() // closes the connection to the agent; may be called again

	mu      sync.Mutex
	tried   []string
	offered []string
}

// What can be wrong with credentials before anything is sent.
var (
	errNoUser        = errors.New("no user name: set username")
	errNoCredentials = errors.New("no credentials: set private_key or password, or agent = true")
	errNoAgent       = errors.New("agent = true, but SSH_AUTH_SOCK is not set: start an agent, or set private_key or password")
	errEmptyAgent    = errors.New("the agent at SSH_AUTH_SOCK has no keys: ssh-add one")
	errNotAKey       = errors.New("private_key is not a private key in PEM or OpenSSH form (the text itself is needed, not a path)")
	errNoPassphrase  = errors.New("private_key is encrypted: set its passphrase")
	errPassphrase    = errors.New("the passphrase does not open private_key")
)

// newLogin makes the login of a configuration. The caller calls done.
func newLogin(ctx context.Context, c Config) (*login, error) {
	l := &login{user: c.Username, done: func() {}}
	if c.Username == "" {
		return nil, errNoUser
	}
	if c.PrivateKey != "" {
		signer, err := parseKey(c.PrivateKey, c.Passphrase)
		if err != nil {
			return nil, err
		}
		l.methods = append(l.methods, ssh.PublicKeys(signer))
	}
	if c.Password != "" {
		l.methods = append(l.methods, ssh.Password(c.Password), ssh.KeyboardInteractive(answers(c.Password)))
	}
	if len(l.methods) > 0 {
		return l, nil
	}
	if !c.Agent {
		return nil, errNoCredentials
	}
	return l, l.useAgent(ctx, c.ConnectTimeout)
}

// parseKey reads a private key. A passphrase that is not needed is not used.
func parseKey(text, passphrase string) (ssh.Signer, error) {
	plain, err := UnlockKey(text, passphrase)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey([]byte(plain))
	if err != nil {
		return nil, errNotAKey
	}
	return signer, nil
}

// UnlockKey returns a private key without its passphrase, in OpenSSH form. The
// key derivation of an encrypted key takes a few hundred milliseconds by
// design: who dials many hosts with one key unlocks it once. A key that is not
// encrypted is returned as it is. Errors do not repeat any of the text.
func UnlockKey(key, passphrase string) (string, error) {
	text := []byte(strings.TrimSpace(key) + "\n")
	_, err := ssh.ParseRawPrivateKey(text)
	if err == nil {
		return string(text), nil
	}
	if _, missing := errors.AsType[*ssh.PassphraseMissingError](err); !missing {
		return "", errNotAKey
	}
	if passphrase == "" {
		return "", errNoPassphrase
	}
	raw, err := ssh.ParseRawPrivateKeyWithPassphrase(text, []byte(passphrase))
	if err != nil {
		return "", errPassphrase
	}
	if k, ok := raw.(*ed25519.PrivateKey); ok {
		raw = *k // the form that MarshalPrivateKey takes
	}
	block, err := ssh.MarshalPrivateKey(raw, "")
	if err != nil {
		return "", fmt.Errorf("private_key: %w", err)
	}
	return string(pem.EncodeToMemory(block)), nil
}

// answers answers the one hidden question of keyboard-interactive (RFC 4256)
// with the password. A host that asks for more gets no guesses.
func answers(password string) ssh.KeyboardInteractiveChallenge {
	asked := false
	return func(_, _ string, questions []string, echos []bool) ([]string, error) {
		if len(questions) == 0 {
			return nil, nil
		}
		if asked || len(questions) > 1 || echos[0] {
			return nil, fmt.Errorf("keyboard-interactive: the host asks for more than a password: %q", questions)
		}
		asked = true
		return []string{password}, nil
	}
}

// useAgent takes the keys of the agent at SSH_AUTH_SOCK. An agent may wait for
// a person: listing its keys ends after limit, and signing when done is called.
func (l *login) useAgent(ctx context.Context, limit time.Duration) error {
	socket := os.Getenv("SSH_AUTH_SOCK")
	if socket == "" {
		return errNoAgent
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	signers, err := l.listKeys(ctx, socket)
	switch {
	case ctx.Err() != nil:
		err = explain(ctx.Err(), limit)
	case err == nil && len(signers) == 0:
		err = errEmptyAgent
	}
	if err != nil {
		l.done()
		return fmt.Errorf("ask the agent at SSH_AUTH_SOCK: %w", err)
	}
	l.methods = append(l.methods, ssh.PublicKeys(signers...))
	return nil
}

// listKeys connects to the agent and asks for its keys.
func (l *login) listKeys(ctx context.Context, socket string) ([]ssh.Signer, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	l.done = func() { _ = conn.Close() }
	defer context.AfterFunc(ctx, l.done)()
	return agent.NewClient(conn).Signers()
}

// observe notes what was tried and what the host takes; it leaves the choice
// of the next method to the transport.
func (l *login) observe(c *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.offered = c.AllowedMethods
	l.tried = nil
	for _, m := range c.TriedMethods {
		if m != "none" { // the question which methods there are
			l.tried = append(l.tried, m)
		}
	}
	return nil, nil
}

// refused is the error of a login that the host did not take.
func (l *login) refused(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return &LoginError{User: l.user, Tried: l.tried, Offered: l.offered, Err: err}
}
