package ssh_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
)

const (
	user     = "netops"
	password = "pass-Word-1"
)

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
	text := ""
	for _, l := range lines {
		text += l + "\n"
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// server starts a server that lets netops in and echoes stdin.
func server(t *testing.T, change ...func(*sshtest.Options)) *sshtest.Server {
	t.Helper()
	o := sshtest.Options{
		Users: map[string]sshtest.User{user: {Password: password}},
		Exec: func(_ context.Context, _ sshtest.Request, stdin io.Reader, stdout, _ io.Writer) int {
			_, _ = io.Copy(stdout, stdin)
			return 0
		},
	}
	for _, f := range change {
		f(&o)
	}
	return sshtest.New(t, o)
}
