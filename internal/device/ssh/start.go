package ssh

import (
	"context"
	"fmt"
	"io"

	"golang.org/x/crypto/ssh"
)

// Start starts a command that is talked to while it runs: the stream is its
// stdin and stdout; stderr is dropped. The context and the command timeout limit
// the start only. Closing the stream closes the command's stdin and stdout. Reads
// and writes fail as those of [Client.Subsystem].
func (c *Client) Start(ctx context.Context, command string) (io.ReadWriteCloser, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.CommandTimeout)
	defer cancel()
	ch, err := c.start(ctx, "exec", command)
	if err != nil {
		return nil, fmt.Errorf("ssh to %s: start a command: %w", c.config.addr(), err)
	}
	go ssh.DiscardRequests(ch.requests)
	go func() { _, _ = io.Copy(io.Discard, ch.Stderr()) }()
	return &stream{client: c, ch: ch, name: "command"}, nil
}
