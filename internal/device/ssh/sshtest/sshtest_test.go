package sshtest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
)

// start starts a server with one user and an echo.
func start(t *testing.T, opts sshtest.Options) *sshtest.Server {
	t.Helper()
	opts.Users = map[string]sshtest.User{"u": {Password: "p"}}
	opts.Exec = func(_ context.Context, _ sshtest.Request, stdin io.Reader, stdout, _ io.Writer) int {
		_, _ = io.Copy(stdout, stdin)
		return 0
	}
	return sshtest.New(t, opts)
}

// login logs in.
func login(s *sshtest.Server, password string) (*ssh.Client, error) {
	return ssh.Dial("tcp", s.Addr(), &ssh.ClientConfig{
		User: "u", Auth: []ssh.AuthMethod{ssh.Password(password)},
		HostKeyCallback: ssh.FixedHostKey(s.HostKey()),
	})
}

// echo runs a command that gives back its stdin.
func echo(c *ssh.Client) error {
	s, err := c.NewSession()
	if err != nil {
		return err
	}
	defer s.Close()
	s.Stdin = strings.NewReader("word")
	out, err := s.Output("cat")
	if err == nil && string(out) != "word" {
		err = errors.New("got " + string(out))
	}
	return err
}

// within fails the test unless f ends in time.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatalf("%s took too long", what)
	}
}

func TestCounts(t *testing.T) {
	s := start(t, sshtest.Options{})
	if _, err := login(s, "wrong"); err == nil {
		t.Fatal("a wrong password was taken")
	}
	c, err := login(s, "p")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(echo(c), echo(c)); err != nil {
		t.Error(err)
	}
	if got, want := s.Counts(), (sshtest.Counts{Connections: 2, Attempts: 2, Logins: 1, Requests: 2}); got != want {
		t.Errorf("counts are %+v, want %+v", got, want)
	}
	if len(s.Requests()) != 2 || s.Requests()[1].Command != "cat" {
		t.Errorf("requests are %+v", s.Requests())
	}
	_ = c.Close()
	within(t, "the end of the connection", func() {
		for s.Open() > 0 {
			<-time.After(time.Millisecond)
		}
	})
}

func TestCutHoldsUpAndHealLetsGo(t *testing.T) {
	s := start(t, sshtest.Options{})
	c, err := login(s, "p")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s.Cut()
	s.Cut() // twice is once
	done := make(chan error, 1)
	go func() { done <- echo(c) }()
	select {
	case err := <-done:
		t.Fatalf("a command came through a cut path: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	s.Heal()
	s.Heal()
	if err := <-done; err != nil {
		t.Errorf("after Heal: %v", err)
	}
}

func TestRefuseAndListen(t *testing.T) {
	s := start(t, sshtest.Options{})
	c, err := login(s, "p")
	if err != nil {
		t.Fatal(err)
	}
	s.Refuse()
	if _, err := login(s, "p"); err == nil {
		t.Error("logged in through a closed port")
	}
	if err := echo(c); err != nil {
		t.Errorf("an open connection broke with the port: %v", err)
	}
	if err := errors.Join(s.Listen(), s.Listen()); err != nil {
		t.Fatal(err)
	}
	if _, err := login(s, "p"); err != nil {
		t.Errorf("after Listen: %v", err)
	}
	s.Drop()
	if err := echo(c); err == nil {
		t.Error("a dropped connection still works")
	}
}

func TestSilentServerNeverSpeaks(t *testing.T) {
	s := start(t, sshtest.Options{Silent: true})
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, err := c.Read(make([]byte, 1)); n != 0 || !isTimeout(err) {
		t.Errorf("read %d bytes, %v", n, err)
	}
	s.SetSilent(false)
	if _, err := login(s, "p"); err != nil {
		t.Errorf("when it speaks again: %v", err)
	}
	within(t, "Close with a silent connection", func() { _ = s.Close() })
}

// isTimeout tells a deadline from other errors.
func isTimeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

func TestCloseWhileCut(t *testing.T) {
	s := start(t, sshtest.Options{})
	if _, err := login(s, "p"); err != nil {
		t.Fatal(err)
	}
	s.Cut()
	within(t, "Close", func() { _ = s.Close() })
	if err := s.Listen(); err != nil {
		t.Errorf("Listen after Close: %v", err)
	}
	if _, err := login(s, "p"); err == nil {
		t.Error("Listen opened a closed server")
	}
}

func TestStartReportsATakenAddress(t *testing.T) {
	s := start(t, sshtest.Options{})
	if _, err := sshtest.Start(sshtest.Options{Address: s.Addr()}); err == nil {
		t.Error("two servers on one address")
	}
	if s.Host() != "127.0.0.1" || s.Port() == 0 || !strings.Contains(s.KnownHostsLine(), " ssh-ed25519 ") {
		t.Errorf("host %q, port %d, line %q", s.Host(), s.Port(), s.KnownHostsLine())
	}
}
