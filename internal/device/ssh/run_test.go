package ssh_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

var lost = []error{provision.ErrConnectionLost}

func TestRunReturnsOutputAndExitCode(t *testing.T) {
	noLeaks(t)
	s, c := connected(t, func(_ context.Context, r sshtest.Request, stdin io.Reader, stdout, stderr io.Writer) int {
		in, _ := io.ReadAll(stdin)
		fmt.Fprintf(stdout, "%s got %q", r.Command, in)
		fmt.Fprint(stderr, "oh no")
		return 3
	})
	for _, stdin := range []io.Reader{nil, strings.NewReader("")} {
		res, err := c.Run(t.Context(), "check", stdin)
		if err != nil || string(res.Stdout) != `check got ""` || string(res.Stderr) != "oh no" || res.ExitCode != 3 {
			t.Errorf("Run = %q %q %d, %v", res.Stdout, res.Stderr, res.ExitCode, err)
		}
	}
	if n := s.Counts(); n.Logins != 1 || n.Requests != 2 {
		t.Errorf("%+v, want 2 commands on one login", n)
	}
	if r := s.Requests()[0]; r.User != user || r.Command != "check" || r.Conn != 1 {
		t.Errorf("request is %+v", r)
	}
}

func TestRunLargeInputAndOutput(t *testing.T) {
	noLeaks(t)
	c := dial(t, config(t, server(t)))
	text := bytes.Repeat([]byte("0123456789abcde\n"), 5<<20/16)
	res, err := c.Run(t.Context(), "cat", bytes.NewReader(text))
	if err != nil || !bytes.Equal(res.Stdout, text) {
		t.Errorf("Run returned %d of %d bytes, %v", len(res.Stdout), len(text), err)
	}
}

func TestRunCommandThatReadsNoStdin(t *testing.T) {
	noLeaks(t)
	_, c := connected(t, func(context.Context, sshtest.Request, io.Reader, io.Writer, io.Writer) int { return 1 })
	res, err := c.Run(t.Context(), "false", bytes.NewReader(make([]byte, 8<<20)))
	if err != nil || res.ExitCode != 1 {
		t.Errorf("Run = %d, %v; want exit code 1", res.ExitCode, err)
	}
}

func TestRunConcurrently(t *testing.T) {
	noLeaks(t)
	const n = 8
	var all sync.WaitGroup
	all.Add(n)
	s, c := connected(t, func(_ context.Context, r sshtest.Request, _ io.Reader, stdout, _ io.Writer) int {
		all.Done()
		all.Wait() // ends only when all run at once
		fmt.Fprint(stdout, r.Command)
		return 0
	})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			command := fmt.Sprint("command ", i)
			res, err := c.Run(t.Context(), command, nil)
			if err != nil || string(res.Stdout) != command {
				t.Errorf("Run(%q) = %q, %v", command, res.Stdout, err)
			}
		})
	}
	wg.Wait()
	if logins := s.Counts().Logins; logins != 1 {
		t.Errorf("%d logins", logins)
	}
}

// TestRunIsEnded: whatever ends a command, the host is told, the output so far
// is returned, and the connection is still good.
func TestRunIsEnded(t *testing.T) {
	cases := map[string]struct {
		limit  time.Duration
		cancel bool
		kind   error
		says   string
	}{
		"command timeout": {2 * time.Second, false, context.DeadlineExceeded, "not finished within 2s"},
		"cancelled":       {time.Minute, true, context.Canceled, "context canceled"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			told := make(chan struct{})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s := server(t, func(o *sshtest.Options) {
				o.Exec = func(end context.Context, r sshtest.Request, _ io.Reader, stdout, _ io.Writer) int {
					fmt.Fprint(stdout, "begun")
					if r.Command != "long" {
						return 0
					}
					if c.cancel {
						cancel()
					}
					<-end.Done()
					close(told)
					return 0
				}
			})
			conf := config(t, s)
			conf.CommandTimeout = c.limit
			client := dial(t, conf)
			res, err := client.Run(ctx, "long", nil)
			failure(t, err, []error{c.kind}, "ssh to "+s.Addr(), "run a command", c.says)
			if errors.Is(err, provision.ErrConnectionLost) {
				t.Error("the error also says that the connection was lost")
			}
			// A cancel may come before the host's word that the command runs.
			if !c.cancel && string(res.Stdout) != "begun" {
				t.Errorf("output so far is %q", res.Stdout)
			}
			<-told
			if _, err := client.Run(t.Context(), "short", nil); err != nil || !client.Alive() {
				t.Errorf("the next command: %v; alive: %v", err, client.Alive())
			}
		})
	}
}

// TestNothingIsSentAfterTheContext: not even what would be done at once.
func TestNothingIsSentAfterTheContext(t *testing.T) {
	noLeaks(t)
	s := server(t)
	c := dial(t, config(t, s))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 {
		_, err := c.Run(ctx, "true", nil)
		failure(t, err, []error{context.Canceled})
		_, err = c.Start(ctx, "true")
		failure(t, err, []error{context.Canceled})
		_, err = c.Subsystem(ctx, "netconf")
		failure(t, err, []error{context.Canceled})
	}
	if _, err := c.Run(t.Context(), "true", nil); err != nil || s.Counts().Requests != 1 {
		t.Errorf("%d requests, %v", s.Counts().Requests, err)
	}
}

// TestRunOnACutPathReturnsInTime: also when nothing passes any more.
func TestRunOnACutPathReturnsInTime(t *testing.T) {
	noLeaks(t)
	s := server(t)
	conf := config(t, s)
	conf.CommandTimeout = 100 * time.Millisecond
	c := dial(t, conf)
	s.Cut()
	_, err := c.Run(t.Context(), "cat", nil)
	failure(t, err, []error{context.DeadlineExceeded}, "not finished within")
	_, err = c.Subsystem(t.Context(), "netconf")
	failure(t, err, []error{context.DeadlineExceeded}, "netconf")
	begin := time.Now()
	if err := c.Close(); err != nil || time.Since(begin) > 10*time.Second {
		t.Errorf("Close of a cut connection took %s: %v", time.Since(begin), err)
	}
}

func TestRunLosesTheConnection(t *testing.T) {
	exec := map[string]sshtest.Exec{
		"dropped": func(_ context.Context, r sshtest.Request, _ io.Reader, stdout, _ io.Writer) int {
			fmt.Fprint(stdout, "half")
			r.Drop()
			return 0
		},
		"no exit status": func(_ context.Context, _ sshtest.Request, _ io.Reader, stdout, _ io.Writer) int {
			fmt.Fprint(stdout, "half")
			return sshtest.NoExitStatus
		},
	}
	for name, f := range exec {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			_, c := connected(t, f)
			_, err := c.Run(t.Context(), "apply", strings.NewReader("config"))
			said := "the exit status never came"
			if name == "dropped" {
				said = "connection lost: the host, or something on the way to it, ended it"
			}
			failure(t, err, lost, "run a command", said)
			if c.Alive() != (name == "no exit status") {
				t.Errorf("Alive is %v", c.Alive())
			}
		})
	}
}

func TestRunOnADeadConnection(t *testing.T) {
	noLeaks(t)
	s := server(t)
	c := dial(t, config(t, s))
	s.Drop()
	_, err := c.Run(t.Context(), "cat", nil)
	failure(t, err, lost, "ended it")
	if c.Alive() {
		t.Error("Alive after the connection was dropped")
	}
	_, err = c.Subsystem(t.Context(), "netconf")
	failure(t, err, lost)
}

func TestRunSignal(t *testing.T) {
	_, c := connected(t, func(context.Context, sshtest.Request, io.Reader, io.Writer, io.Writer) int { return sshtest.Killed })
	_, err := c.Run(t.Context(), "apply", nil)
	failure(t, err, nil, "ended by signal KILL")
	if signal, ok := errors.AsType[*ssh.SignalError](err); !ok || signal.Signal != "KILL" {
		t.Errorf("error is %v, want a SignalError", err)
	}
}

func TestRunRefused(t *testing.T) {
	noLeaks(t)
	s := server(t, func(o *sshtest.Options) { o.Exec = nil })
	c := dial(t, config(t, s))
	_, err := c.Run(t.Context(), "show "+password, nil) // a command may hold secrets
	failure(t, err, nil, `refused the request "exec"`)
	if errors.Is(err, provision.ErrConnectionLost) || !c.Alive() {
		t.Error("a refusal counts as a lost connection")
	}
}

func TestRunTooMuchOutput(t *testing.T) {
	noLeaks(t)
	ended := make(chan struct{})
	_, c := connected(t, func(_ context.Context, _ sshtest.Request, _ io.Reader, stdout, _ io.Writer) int {
		block := make([]byte, 1<<20)
		for {
			if _, err := stdout.Write(block); err != nil {
				close(ended)
				return 1
			}
		}
	})
	res, err := c.Run(t.Context(), "yes", nil)
	failure(t, err, []error{ssh.ErrTooMuchOutput})
	if len(res.Stdout) > 64<<20 {
		t.Errorf("%d bytes were kept", len(res.Stdout))
	}
	<-ended
}

// TestRunStdinThatCannotBeRead: the host must not take half for the whole.
func TestRunStdinThatCannotBeRead(t *testing.T) {
	noLeaks(t)
	cause := errors.New("disk on fire")
	ended := make(chan error, 1)
	_, c := connected(t, func(ctx context.Context, _ sshtest.Request, stdin io.Reader, _, _ io.Writer) int {
		_, _ = io.ReadAll(stdin)
		<-ctx.Done()
		ended <- ctx.Err()
		return 0
	})
	_, err := c.Run(t.Context(), "apply", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(cause)))
	failure(t, err, []error{cause}, "read stdin")
	<-ended
}

func TestKeepaliveEndsASilentConnection(t *testing.T) {
	noLeaks(t)
	started := make(chan struct{})
	s := server(t, func(o *sshtest.Options) {
		o.Exec = func(ctx context.Context, _ sshtest.Request, _ io.Reader, _, _ io.Writer) int {
			close(started)
			<-ctx.Done()
			return 0
		}
	})
	conf := config(t, s)
	conf.Keepalive = 200 * time.Millisecond
	c := dial(t, conf)
	go func() {
		<-started
		s.Cut()
	}()
	_, err := c.Run(t.Context(), "wait", nil)
	failure(t, err, lost, "answers no keepalives")
	if c.Alive() {
		t.Error("Alive after the keepalives failed")
	}
}

// TestKeepaliveLeavesALivingConnection: answers, also slow ones, keep it.
func TestKeepaliveLeavesALivingConnection(t *testing.T) {
	noLeaks(t)
	const period = 200 * time.Millisecond
	s := server(t, func(o *sshtest.Options) {
		o.Exec = func(context.Context, sshtest.Request, io.Reader, io.Writer, io.Writer) int {
			<-time.After(10 * period) // longer than keepalives may go unanswered
			return 0
		}
	})
	conf := config(t, s)
	conf.Keepalive = period
	if _, err := dial(t, conf).Run(t.Context(), "wait", nil); err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestCloseEndsCommandsAndIsIdempotent(t *testing.T) {
	noLeaks(t)
	started := make(chan struct{})
	_, c := connected(t, func(ctx context.Context, _ sshtest.Request, _ io.Reader, _, _ io.Writer) int {
		close(started)
		<-ctx.Done()
		return 0
	})
	go func() {
		<-started
		_ = c.Close()
	}()
	_, err := c.Run(t.Context(), "wait", nil)
	failure(t, err, lost)
	for range 2 {
		if err := c.Close(); err != nil {
			t.Errorf("Close again: %v", err)
		}
	}
	if c.Alive() {
		t.Error("Alive after Close")
	}
}
