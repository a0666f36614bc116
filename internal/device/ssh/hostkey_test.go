package ssh_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	xssh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
)

// key makes an ed25519 host key.
func key(t *testing.T) xssh.Signer {
	t.Helper()
	k, err := sshtest.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// twoKeys starts a server with an ECDSA and an ed25519 key.
func twoKeys(t *testing.T) (s *sshtest.Server, ec, ed xssh.PublicKey) {
	t.Helper()
	a, b := ecdsaKey(t), key(t)
	s = server(t, func(o *sshtest.Options) { o.HostKeys = []xssh.Signer{a, b} })
	return s, a.PublicKey(), b.PublicKey()
}

// TestKnownHostKeys: whichever key is known, and however, it is asked for.
func TestKnownHostKeys(t *testing.T) {
	s, ec, ed := twoKeys(t)
	hashed := func(k xssh.PublicKey) string {
		return knownhosts.HashHostname(knownhosts.Normalize(s.Addr())) + " " + strings.TrimSpace(string(xssh.MarshalAuthorizedKey(k)))
	}
	cases := map[string]struct{ pin, line string }{
		"known ecdsa":               {line: knownhosts.Line([]string{s.Addr()}, ec)},
		"known ed25519":             {line: knownhosts.Line([]string{s.Addr()}, ed)},
		"hashed ed25519":            {line: hashed(ed)},
		"hashed ecdsa":              {line: hashed(ec)},
		"pinned ed25519":            {pin: string(xssh.MarshalAuthorizedKey(ed))},
		"pinned ecdsa":              {pin: string(xssh.MarshalAuthorizedKey(ec))},
		"pinned ed25519 as a print": {pin: xssh.FingerprintSHA256(ed)},
		"pinned ecdsa as a print":   {pin: xssh.FingerprintSHA256(ec) + "="},
		"pin wins over known_hosts": {pin: xssh.FingerprintSHA256(ed), line: knownhosts.Line([]string{s.Addr()}, key(t).PublicKey())},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			conf := config(t, s)
			conf.HostKey, conf.KnownHosts = c.pin, []string{knownHosts(t, c.line)}
			dial(t, conf)
		})
	}
}

func TestUnknownHostKey(t *testing.T) {
	noLeaks(t)
	s := server(t)
	c := config(t, s)
	c.KnownHosts = []string{knownHosts(t, "other.example "+strings.TrimSpace(string(xssh.MarshalAuthorizedKey(s.HostKey()))))}
	_, err := ssh.Dial(t.Context(), c)
	failure(t, err, auth, "host key: unknown host key", "ssh-ed25519", xssh.FingerprintSHA256(s.HostKey()), "add this line", s.KnownHostsLine())
	hostKey, ok := errors.AsType[*ssh.HostKeyError](err)
	if !ok || hostKey.Changed {
		t.Errorf("error is %+v, want an unknown host key", hostKey)
	}
	if n := s.Counts(); n.Attempts != 0 {
		t.Error("a password was sent to an unknown host")
	}
	// What the error says to do works.
	c.KnownHosts = []string{knownHosts(t, hostKey.Line)}
	dial(t, c)
}

func TestChangedHostKey(t *testing.T) {
	other := key(t).PublicKey()
	s, _, _ := twoKeys(t)
	cases := map[string]struct{ pin, line, from string }{
		"known_hosts":           {line: knownhosts.Line([]string{s.Addr()}, other), from: "known_hosts:1"},
		"known with other type": {line: knownhosts.Line([]string{s.Addr()}, rsaKey(t)), from: "known_hosts:1"},
		"pinned":                {pin: string(xssh.MarshalAuthorizedKey(other)), from: "host_key"},
		"pinned print":          {pin: xssh.FingerprintSHA256(other), from: "host_key"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			conf := config(t, s)
			conf.HostKey, conf.KnownHosts = c.pin, []string{knownHosts(t, c.line)}
			_, err := ssh.Dial(t.Context(), conf)
			failure(t, err, auth, "THE HOST KEY HAS CHANGED", "SHA256:", c.from)
			if e, ok := errors.AsType[*ssh.HostKeyError](err); !ok || !e.Changed {
				t.Errorf("error is %+v, want a changed host key", e)
			}
		})
	}
	if n := s.Counts().Attempts; n != 0 {
		t.Errorf("%d passwords were sent to a host with a changed key", n)
	}
}

// rsaKey is a public key that no server here has.
func rsaKey(t *testing.T) xssh.PublicKey {
	t.Helper()
	// The numbers need not be good ones: nobody signs with them.
	blob := xssh.Marshal(struct {
		Type string
		E, N []byte
	}{"ssh-rsa", []byte{1, 0, 1}, append(append([]byte{0, 0xC1}, make([]byte, 254)...), 1)})
	k, err := xssh.ParsePublicKey(blob)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestCertAuthority(t *testing.T) {
	noLeaks(t)
	ca, host := ecdsaKey(t), key(t)
	cert := &xssh.Certificate{
		Key: host.PublicKey(), CertType: xssh.HostCert, ValidPrincipals: []string{"127.0.0.1"},
		ValidBefore: xssh.CertTimeInfinity,
	}
	if err := cert.SignCert(rand.Reader, ca); err != nil {
		t.Fatal(err)
	}
	signer, err := xssh.NewCertSigner(cert, host)
	if err != nil {
		t.Fatal(err)
	}
	s := server(t, func(o *sshtest.Options) { o.HostKeys = []xssh.Signer{ecdsaKey(t), signer} })
	line := func(marker string, k xssh.PublicKey) string {
		return marker + " * " + strings.TrimSpace(string(xssh.MarshalAuthorizedKey(k)))
	}
	c := config(t, s)
	c.KnownHosts = []string{knownHosts(t, line("@cert-authority", ca.PublicKey()))}
	dial(t, c)

	c.KnownHosts = []string{knownHosts(t, line("@cert-authority", key(t).PublicKey()))}
	_, err = ssh.Dial(t.Context(), c)
	failure(t, err, auth, "host key")

	// The host's plain key is known, and no authority: no certificate is asked for.
	c.KnownHosts = []string{knownHosts(t, knownhosts.Line([]string{s.Addr()}, s.HostKey()))}
	dial(t, c)

	c.KnownHosts = []string{knownHosts(t, line("@revoked", s.HostKey()), knownhosts.Line([]string{s.Addr()}, s.HostKey()))}
	_, err = ssh.Dial(t.Context(), c)
	failure(t, err, auth, "host key", "revoked")
}

// TestCertAuthorityAndPlainHost: a host without a certificate is unknown where
// only an authority is known, not changed.
func TestCertAuthorityAndPlainHost(t *testing.T) {
	s := server(t)
	c := config(t, s)
	c.KnownHosts = []string{knownHosts(t, "@cert-authority * "+strings.TrimSpace(string(xssh.MarshalAuthorizedKey(key(t).PublicKey()))))}
	_, err := ssh.Dial(t.Context(), c)
	failure(t, err, auth, "unknown host key")
}
