package ssh_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// subsystem starts a server with one subsystem, and opens it.
func subsystem(t *testing.T, f sshtest.Subsystem) (*sshtest.Server, *ssh.Client, io.ReadWriteCloser) {
	t.Helper()
	s := server(t, func(o *sshtest.Options) { o.Subsystems = map[string]sshtest.Subsystem{"netconf": f} })
	c := dial(t, config(t, s))
	stream, err := c.Subsystem(t.Context(), "netconf")
	if err != nil {
		t.Fatal(err)
	}
	return s, c, stream
}

// echo answers with what it was sent.
func echo(_ context.Context, _ sshtest.Request, stream io.ReadWriter) {
	_, _ = io.Copy(stream, stream)
}

// exchange sends a word and reads it back.
func exchange(t *testing.T, stream io.ReadWriter, word string) {
	t.Helper()
	if _, err := io.WriteString(stream, word); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(word))
	if _, err := io.ReadFull(stream, got); err != nil || string(got) != word {
		t.Fatalf("read %q, %v; want %q", got, err, word)
	}
}

func TestSubsystem(t *testing.T) {
	noLeaks(t)
	ended := make(chan struct{})
	_, c, stream := subsystem(t, func(ctx context.Context, r sshtest.Request, s io.ReadWriter) {
		echo(ctx, r, s)
		close(ended)
	})
	exchange(t, stream, "<hello/>")
	for range 2 {
		if err := stream.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	<-ended
	_, err := stream.Read(make([]byte, 1))
	failure(t, err, []error{net.ErrClosed})
	if !c.Alive() {
		t.Error("the connection ended with the subsystem")
	}
}

// TestSubsystemOutlivesItsContext: the context is that of the start.
func TestSubsystemOutlivesItsContext(t *testing.T) {
	s := server(t, func(o *sshtest.Options) { o.Subsystems = map[string]sshtest.Subsystem{"netconf": echo} })
	c := dial(t, config(t, s))
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := c.Subsystem(ctx, "netconf")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	exchange(t, stream, "still there")
}

func TestSubsystemConnectionBreaks(t *testing.T) {
	noLeaks(t)
	s, c, stream := subsystem(t, echo)
	exchange(t, stream, "hello")
	s.Drop()
	_, err := stream.Read(make([]byte, 1))
	failure(t, err, lost, "ssh to "+s.Addr(), "netconf")
	_, err = stream.Write([]byte("x"))
	failure(t, err, lost)
	if err := stream.Close(); err != nil || c.Alive() {
		t.Errorf("Close: %v; alive: %v", err, c.Alive())
	}
}

func TestSubsystemEndedByTheHost(t *testing.T) {
	noLeaks(t)
	_, c, stream := subsystem(t, func(_ context.Context, _ sshtest.Request, s io.ReadWriter) {
		_, _ = io.WriteString(s, "bye")
	})
	got, err := io.ReadAll(stream)
	if err != nil || string(got) != "bye" || !c.Alive() {
		t.Errorf("read %q, %v; alive: %v", got, err, c.Alive())
	}
}

// TestStart: a command is talked to while it runs.
func TestStart(t *testing.T) {
	noLeaks(t)
	ended := make(chan struct{}, 2)
	s, c := connected(t, func(_ context.Context, _ sshtest.Request, stdin io.Reader, stdout, stderr io.Writer) int {
		_, _ = stderr.Write(make([]byte, 4<<20)) // nobody reads it, and it stops nothing
		_, _ = io.Copy(stdout, stdin)
		ended <- struct{}{}
		return 0
	})
	stream, err := c.Start(t.Context(), "flock")
	if err != nil {
		t.Fatal(err)
	}
	exchange(t, stream, "one")
	exchange(t, stream, "two")
	if err := stream.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	<-ended

	again, err := c.Start(t.Context(), "flock")
	if err != nil {
		t.Fatal(err)
	}
	s.Drop()
	_, err = io.ReadAll(again)
	failure(t, err, lost, "read from a command")
	_, err = c.Start(t.Context(), "flock")
	failure(t, err, lost, "start a command")
}

func TestSubsystemUnknown(t *testing.T) {
	s := server(t)
	c := dial(t, config(t, s))
	_, err := c.Subsystem(t.Context(), "netconf")
	failure(t, err, nil, `start subsystem "netconf"`, "refused")
	if errors.Is(err, provision.ErrConnectionLost) {
		t.Error("a refusal counts as a lost connection")
	}
}

// jumpHost starts a jump host.
func jumpHost(t *testing.T, forward bool) *sshtest.Server {
	t.Helper()
	return server(t, func(o *sshtest.Options) { o.Exec, o.Forward = nil, forward })
}

func TestJumpHosts(t *testing.T) {
	noLeaks(t)
	s, first, second := server(t), jumpHost(t, true), jumpHost(t, true)
	conf := config(t, s)
	conf.Jump = []ssh.Config{config(t, first), config(t, second)}
	c := dial(t, conf)
	res, err := c.Run(t.Context(), "cat", strings.NewReader("through"))
	if err != nil || string(res.Stdout) != "through" {
		t.Errorf("Run = %q, %v", res.Stdout, err)
	}
	if n := first.Counts().Logins + second.Counts().Logins; n != 2 {
		t.Errorf("%d logins on the jump hosts", n)
	}
	second.Cut() // Close must not wait for it
	if err := c.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestJumpHostFailures(t *testing.T) {
	cases := map[string]struct {
		breakIt func(host, jump *sshtest.Server, c *ssh.Config)
		kind    error
		says    string // before the address of the jump host
		after   string // anywhere
	}{
		"jump host refuses the login": {func(_, _ *sshtest.Server, c *ssh.Config) { c.Jump[0].Password = wrong }, provision.ErrAuth, "ssh to jump host ", ": login: "},
		"jump host is unknown":        {func(h, _ *sshtest.Server, c *ssh.Config) { c.Jump[0].KnownHosts = c.KnownHosts }, provision.ErrAuth, "ssh to jump host ", ": host key: unknown"},
		"jump host is down":           {func(_, j *sshtest.Server, _ *ssh.Config) { j.Refuse() }, provision.ErrUnreachable, "ssh to jump host ", ": connect: the port is closed"},
		"host is down":                {func(h, _ *sshtest.Server, _ *ssh.Config) { h.Refuse() }, provision.ErrUnreachable, "", ": connect: the jump host could not go on"},
		"host has another key":        {func(_, j *sshtest.Server, c *ssh.Config) { c.KnownHosts = c.Jump[0].KnownHosts }, provision.ErrAuth, "", ": host key: unknown"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			host, jump := server(t), jumpHost(t, true)
			conf := config(t, host)
			conf.Jump = []ssh.Config{config(t, jump)}
			c.breakIt(host, jump, &conf)
			_, err := ssh.Dial(t.Context(), conf)
			where := "ssh to " + host.Addr()
			if c.says != "" {
				where = c.says + jump.Addr()
			}
			failure(t, err, []error{c.kind}, where+c.after)
		})
	}
}

func TestJumpHostThatForwardsNothing(t *testing.T) {
	noLeaks(t)
	host, jump := server(t), jumpHost(t, false)
	conf := config(t, host)
	conf.Jump = []ssh.Config{config(t, jump)}
	_, err := ssh.Dial(t.Context(), conf)
	failure(t, err, unreachable, "the jump host could not go on", "not allowed")
}

// TestJumpHostBreaks: the host behind it is lost with it.
func TestJumpHostBreaks(t *testing.T) {
	noLeaks(t)
	host, jump := server(t), jumpHost(t, true)
	conf := config(t, host)
	conf.Jump = []ssh.Config{config(t, jump)}
	c := dial(t, conf)
	jump.Drop()
	_, err := c.Run(t.Context(), "cat", nil)
	failure(t, err, lost)
	if c.Alive() {
		t.Error("Alive behind a broken jump host")
	}
}
