package ssh

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"
)

// hostKeys decides on the key that a host shows.
type hostKeys struct {
	check ssh.HostKeyCallback
	// algorithms in order of preference: those of the known keys first, so
	// that a host with several keys shows the known one.
	algorithms []string
	// retry tells that the type of the known key is not known: a host that
	// showed another one may have it too.
	retry bool
}

// errNoHostKey says what to do when nothing is known about a host's key.
var errNoHostKey = errors.New("no host key is known: set host_key, or known_hosts to a file that has the host (ssh-keyscan makes its lines; compare them with the host's console)")

// newHostKeys makes the decision of a configuration.
func newHostKeys(c Config) (hostKeys, error) {
	pin := strings.TrimSpace(c.HostKey)
	switch {
	case strings.HasPrefix(pin, "SHA256:"):
		return pinnedFingerprint(c.addr(), strings.TrimRight(pin, "=")), nil
	case pin != "":
		return pinnedKey(c.addr(), pin)
	case len(c.KnownHosts) > 0:
		return knownKeys(c)
	}
	return hostKeys{}, errNoHostKey
}

// pinnedKey accepts the one key of a line in authorized_keys form.
func pinnedKey(addr, line string) (hostKeys, error) {
	want, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		return hostKeys{}, errors.New(`host_key is neither a public key ("ssh-ed25519 AAAA...") nor a fingerprint ("SHA256:...")`)
	}
	check := func(_ string, _ net.Addr, key ssh.PublicKey) error {
		if string(key.Marshal()) == string(want.Marshal()) {
			return nil
		}
		return changed(addr, key, "host_key")
	}
	return hostKeys{check: check, algorithms: preferring(plainAlgorithms(), want.Type())}, nil
}

// pinnedFingerprint accepts the one key with a fingerprint.
func pinnedFingerprint(addr, want string) hostKeys {
	check := func(_ string, _ net.Addr, key ssh.PublicKey) error {
		if ssh.FingerprintSHA256(key) == want {
			return nil
		}
		return changed(addr, key, "host_key")
	}
	return hostKeys{check: check, algorithms: preferring(plainAlgorithms(), ssh.KeyAlgoED25519), retry: true}
}

// knownKeys accepts what known_hosts files say.
func knownKeys(c Config) (hostKeys, error) {
	db, err := c.Files.read(c.KnownHosts)
	if err != nil {
		return hostKeys{}, fmt.Errorf("known_hosts: %w", err)
	}
	var types []string
	authority := false
	for _, k := range db.HostKeys(c.addr()) {
		if k.Cert {
			authority = true
			continue
		}
		types = append(types, k.Type())
	}
	h := hostKeys{algorithms: preferring(plainAlgorithms(), types...)}
	if authority {
		h.algorithms = append(certAlgorithms(), h.algorithms...)
	}
	callback := db.HostKeyCallback()
	h.check = func(name string, remote net.Addr, key ssh.PublicKey) error {
		return explainKnown(c.addr(), key, len(types) > 0, callback(name, remote, key))
	}
	return h, nil
}

// explainKnown says what a known_hosts file has against a key. Where only a
// certificate authority is known, a plain key is unknown and not changed.
func explainKnown(addr string, key ssh.PublicKey, plain bool, err error) error {
	var mismatch *xknownhosts.KeyError
	if !errors.As(err, &mismatch) {
		return err
	}
	var places []string
	for _, k := range mismatch.Want {
		places = append(places, fmt.Sprintf("%s:%d", k.Filename, k.Line))
	}
	if plain && len(places) > 0 {
		return changed(addr, key, places...)
	}
	return &HostKeyError{
		Addr: addr, Type: key.Type(), Fingerprint: ssh.FingerprintSHA256(key),
		Line: xknownhosts.Line([]string{addr}, key),
	}
}

// changed is the error for a host that shows another key than the known one.
func changed(addr string, key ssh.PublicKey, known ...string) error {
	return &HostKeyError{
		Addr: addr, Type: key.Type(), Fingerprint: ssh.FingerprintSHA256(key),
		Changed: true, Known: known, Line: xknownhosts.Line([]string{addr}, key),
	}
}

// plainAlgorithms are the host key algorithms without certificates.
func plainAlgorithms() []string {
	return slices.DeleteFunc(ssh.SupportedAlgorithms().HostKeys, isCert)
}

// certAlgorithms are those with certificates.
func certAlgorithms() []string {
	return slices.DeleteFunc(ssh.SupportedAlgorithms().HostKeys, func(a string) bool { return !isCert(a) })
}

// isCert tells whether an algorithm is one of certificates.
func isCert(algorithm string) bool { return strings.Contains(algorithm, "-cert-v01") }

// preferring sorts the algorithms of these key types to the front. RSA keys
// sign with SHA-2 only (RFC 8332).
func preferring(algorithms []string, types ...string) []string {
	front := func(a string) bool {
		return slices.ContainsFunc(types, func(t string) bool { return keyType(a) == t })
	}
	slices.SortStableFunc(algorithms, func(a, b string) int {
		switch {
		case front(a) && !front(b):
			return -1
		case front(b) && !front(a):
			return 1
		}
		return 0
	})
	return algorithms
}

// keyType is the type of the keys that an algorithm signs with.
func keyType(algorithm string) string {
	switch algorithm {
	case ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512:
		return ssh.KeyAlgoRSA
	}
	return algorithm
}
