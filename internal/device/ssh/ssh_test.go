package ssh_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	xssh "golang.org/x/crypto/ssh"

	"github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
)

const (
	user     = "netops"
	password = "pass-Word-1"
	wrong    = "wrong-Word-2"
)

// server starts a server that lets netops in and echoes stdin.
func server(t *testing.T, alter ...func(*sshtest.Options)) *sshtest.Server {
	t.Helper()
	o := sshtest.Options{
		Users: map[string]sshtest.User{user: {Password: password}},
		Exec: func(_ context.Context, _ sshtest.Request, stdin io.Reader, stdout, _ io.Writer) int {
			_, _ = io.Copy(stdout, stdin)
			return 0
		},
	}
	for _, f := range alter {
		f(&o)
	}
	return sshtest.New(t, o)
}

// config is how to log in to s by password.
func config(t *testing.T, s *sshtest.Server) ssh.Config {
	t.Helper()
	return ssh.Config{
		Host: s.Host(), Port: s.Port(), Username: user, Password: password,
		KnownHosts: []string{knownHosts(t, s.KnownHostsLine())},
	}
}

// knownHosts writes a known_hosts file.
func knownHosts(t *testing.T, lines ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "known_hosts")
	text := strings.Join(lines, "\n") + "\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// dial logs in and fails the test when that fails.
func dial(t *testing.T, c ssh.Config) *ssh.Client {
	t.Helper()
	client, err := ssh.Dial(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return client
}

// connected starts a server that runs commands by f, and logs in.
func connected(t *testing.T, f sshtest.Exec) (*sshtest.Server, *ssh.Client) {
	t.Helper()
	s := server(t, func(o *sshtest.Options) { o.Exec = f })
	return s, dial(t, config(t, s))
}

// passphrase is that of lockedKey.
const passphrase = "open sesame"

// newKey makes a key pair: the public half, and the private one as text.
func newKey(t *testing.T) (xssh.PublicKey, string) {
	t.Helper()
	public, private, err := makeKey(func(k crypto.PrivateKey) (*pem.Block, error) { return xssh.MarshalPrivateKey(k, "") })
	if err != nil {
		t.Fatal(err)
	}
	return public, private
}

// lockedPair is made once: the derivation of the key takes its time.
var lockedPair = sync.OnceValues(func() (pair struct {
	public  xssh.PublicKey
	private string
}, err error,
) {
	pair.public, pair.private, err = makeKey(func(k crypto.PrivateKey) (*pem.Block, error) {
		return xssh.MarshalPrivateKeyWithPassphrase(k, "", []byte(passphrase))
	})
	return pair, err
})

// lockedKey is a key pair whose private half needs the passphrase.
func lockedKey(t *testing.T) (xssh.PublicKey, string) {
	t.Helper()
	pair, err := lockedPair()
	if err != nil {
		t.Fatal(err)
	}
	return pair.public, pair.private
}

// makeKey makes a key pair and writes the private half with marshal.
func makeKey(marshal func(crypto.PrivateKey) (*pem.Block, error)) (xssh.PublicKey, string, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, "", err
	}
	signer, err := xssh.NewSignerFromKey(private)
	if err != nil {
		return nil, "", err
	}
	block, err := marshal(private)
	if err != nil {
		return nil, "", err
	}
	return signer.PublicKey(), string(pem.EncodeToMemory(block)), nil
}

// failure fails the test unless err matches all kinds, says all words and
// none of the secrets.
func failure(t *testing.T, err error, kinds []error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, k := range kinds {
		if !errors.Is(err, k) {
			t.Errorf("error %q does not match %q", err, k)
		}
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
	for _, secret := range []string{password, wrong, "PRIVATE KEY"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("error %q gives away %q", err, secret)
		}
	}
}

// noLeaks fails the test when it leaves goroutines of ours or of the
// transport behind. It is called first, so that it looks after everything else
// was closed.
func noLeaks(t *testing.T) {
	t.Helper()
	before := goroutines()
	t.Cleanup(func() {
		deadline := time.NewTimer(time.Minute)
		defer deadline.Stop()
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			left := goroutines()
			maps.DeleteFunc(left, func(id, g string) bool {
				return before[id] != "" || !strings.Contains(g, "ssh") || strings.Contains(g, "testing.tRunner")
			})
			if len(left) == 0 {
				return
			}
			select {
			case <-tick.C:
			case <-deadline.C:
				t.Errorf("goroutines are left: %v", slices.Collect(maps.Values(left)))
				return
			}
		}
	})
}

// goroutines returns the stacks of all goroutines.
func goroutines() map[string]string {
	buf := make([]byte, 1<<20)
	stacks := map[string]string{}
	for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		id, _, _ := strings.Cut(g, " [")
		stacks[id] = g
	}
	return stacks
}
