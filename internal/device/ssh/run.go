package ssh

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// Result is what a command gave.
type Result struct {
	Stdout, Stderr []byte
	// ExitCode is the command's; 128 and more can be a signal's, as in a shell.
	ExitCode int
}

const (
	// stopGrace is how long Run waits for an ended command to stop.
	stopGrace = 500 * time.Millisecond
	// stopLimit is how long its output is still read after that.
	stopLimit = 5 * time.Second
)

// maxOutput is how many bytes a command may write to stdout, and to stderr.
const maxOutput = 64 << 20

// ErrTooMuchOutput tells that a command wrote more than 64 MiB and was ended.
var ErrTooMuchOutput = errors.New("more than 64 MiB of output")

// errNoExitStatus: the command's channel was closed and nothing said how the
// command ended.
var errNoExitStatus = errors.New("the exit status never came")

// Run runs a command with stdin (nil for none) and returns its output. A
// command that ends with another exit code than 0 is not an error; one that a
// signal ended is a *[SignalError].
//
// Errors match provision.ErrConnectionLost when the connection broke or the
// exit status never came, context.DeadlineExceeded when the command timeout
// ended the command, the context's error when that ended it. A command that is
// ended gets the signal TERM, half a second to say that it has stopped, and then
// its channel is closed behind Run's back; whether it has stopped is not known
// when Run returns. The output so far is returned with every error.
func (c *Client) Run(ctx context.Context, command string, stdin io.Reader) (Result, error) {
	limited, cancel := context.WithTimeout(ctx, c.config.CommandTimeout)
	defer cancel()
	res, err := c.run(limited, command, stdin)
	switch {
	case err == nil:
		return res, nil
	case ctx.Err() == nil && limited.Err() != nil && errors.Is(err, limited.Err()):
		err = fmt.Errorf("not finished within %s: %w", c.config.CommandTimeout, err)
	}
	return res, fmt.Errorf("ssh to %s: run a command: %w", c.config.addr(), err)
}

// run does what Run says, within the context.
func (c *Client) run(ctx context.Context, command string, stdin io.Reader) (Result, error) {
	ch, err := c.start(ctx, "exec", command)
	if err != nil {
		return Result{}, err
	}
	e := &execution{channel: ch, client: c}
	var finished error
	done := make(chan struct{})
	go func() {
		defer close(done)
		finished = e.finish(stdin)
	}()
	select {
	case <-done:
		err = finished
	case <-ctx.Done():
		err = ctx.Err()
		e.stop(done)
	}
	return Result{Stdout: e.stdout.take(), Stderr: e.stderr.take(), ExitCode: e.code()}, err
}

// execution is a command that runs.
type execution struct {
	*channel
	client         *Client
	stdout, stderr capture

	mu     sync.Mutex
	status int
	reason error // of abort
}

// code is the exit code, 0 while there is none.
func (e *execution) code() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.status
}

// finish gives the command its stdin, takes its output and waits for its end.
func (e *execution) finish(stdin io.Reader) error {
	if stdin == nil {
		_ = e.CloseWrite()
	} else {
		// Not waited for: a command need not read all of its stdin.
		go e.feed(stdin)
	}
	return e.drain()
}

// drain takes the command's output and waits for its end.
func (e *execution) drain() error {
	var output sync.WaitGroup
	output.Go(func() { e.collect(&e.stdout, e.Channel) })
	output.Go(func() { e.collect(&e.stderr, e.Stderr()) })
	err := e.wait()
	output.Wait()
	_ = e.Close()
	return cmp.Or(e.aborted(), err)
}

// stop ends the command by a signal, and after a while by closing the channel.
// Its output is read in the meantime: a shell that tells of a killed child on a
// closed channel dies of SIGPIPE before its trap has run.
func (e *execution) stop(done <-chan struct{}) {
	go e.terminate() // may wait for a path that is cut; ends with the connection
	grace := time.NewTimer(stopGrace)
	defer grace.Stop()
	select {
	case <-done:
		return
	case <-grace.C:
	}
	go func() {
		limit := time.NewTimer(stopLimit)
		defer limit.Stop()
		select {
		case <-done:
		case <-e.client.conn.gone:
		case <-limit.C:
		}
		_ = e.Close()
	}()
}

// abandon ends a command whose user has gone before it was known to run. Its
// stdin stays open: a command must not take nothing for all there is.
func (e *execution) abandon() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = e.drain()
	}()
	e.stop(done)
}

// feed copies stdin to the command. When stdin itself cannot be read the
// command is ended: it must not take what came so far for all there is.
func (e *execution) feed(stdin io.Reader) {
	in := &trackedReader{Reader: stdin}
	_, _ = io.Copy(e.Channel, in)
	if in.err != nil {
		e.abort(fmt.Errorf("read stdin: %w", in.err))
		return
	}
	_ = e.CloseWrite()
}

// collect copies output and ends the command when it is too much. That the
// connection broke shows in the missing exit status.
func (e *execution) collect(to *capture, from io.Reader) {
	if _, err := io.Copy(to, from); errors.Is(err, ErrTooMuchOutput) {
		e.abort(err)
	}
}

// abort ends the command for a reason of ours.
func (e *execution) abort(reason error) {
	e.mu.Lock()
	e.reason = cmp.Or(e.reason, reason)
	e.mu.Unlock()
	e.terminate()
	_ = e.Close()
}

// aborted is the reason of abort, nil without.
func (e *execution) aborted() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.reason
}

// wait returns when the channel is closed, with how the command ended
// (RFC 4254, 6.10).
func (e *execution) wait() error {
	told, signalled := false, error(nil)
	for r := range e.requests {
		var status struct{ Status uint32 }
		var signal struct {
			Signal     string
			CoreDumped bool
			Message    string
			Language   string
		}
		switch {
		case r.Type == "exit-status" && ssh.Unmarshal(r.Payload, &status) == nil:
			told = true
			e.mu.Lock()
			e.status = int(status.Status)
			e.mu.Unlock()
		case r.Type == "exit-signal" && ssh.Unmarshal(r.Payload, &signal) == nil:
			told, signalled = true, &SignalError{Signal: signal.Signal, Message: signal.Message}
		}
		if r.WantReply {
			_ = r.Reply(false, nil)
		}
	}
	if !told {
		return e.client.lost(errNoExitStatus)
	}
	return signalled
}

// trackedReader remembers how reading failed.
type trackedReader struct {
	io.Reader
	err error
}

// Read implements io.Reader.
func (r *trackedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// capture keeps output up to a limit.
type capture struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	taken bool
}

// Write implements io.Writer.
func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.taken {
		return len(p), nil // the command was ended; nobody looks any more
	}
	if c.buf.Len()+len(p) > maxOutput {
		return 0, ErrTooMuchOutput
	}
	return c.buf.Write(p)
}

// take returns what was written; later output is dropped.
func (c *capture) take() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taken = true
	return c.buf.Bytes()
}
