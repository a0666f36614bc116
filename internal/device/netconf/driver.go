// Package netconf drives devices that speak NETCONF (RFC 6241) over SSH (RFC
// 6242) and have a candidate configuration. What a device can do it says in its
// hello; nothing is assumed of it.
//
// The intended configuration is XML: one element <config>, or its content. The
// device is asked to merge it into the candidate, or to make it the candidate;
// the difference is computed here, from the device's own texts of running and
// candidate.
//
// The path of a change: lock the candidate; discard-changes; edit-config or
// copy-config; get-config of candidate and running; commit confirmed with a
// persist id; unlock, because a locked candidate keeps out the confirming
// commit of another session; read running again, because netconfd answers ok to
// a commit that does nothing once the candidate has been validated. Only the
// candidate is ever locked: a lock on running keeps a server from undoing an
// unconfirmed commit.
//
// A Stage without a Lock before it takes back at once what it put into the
// candidate; the commit puts it there again and stops if anything differs.
package netconf

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/rpc"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/xmltree"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// Driver implements device.Driver.
type Driver struct{}

var _ device.Driver = Driver{}

// New gives the driver.
func New() Driver { return Driver{} }

// Name implements device.Driver.
func (Driver) Name() string { return "netconf" }

// DefaultPort implements device.Driver: RFC 6242 section 6.
func (Driver) DefaultPort() int { return 830 }

// CheckConfig implements device.Driver.
func (Driver) CheckConfig(config []byte) error {
	_, err := parseIntent(config)
	return err
}

// Digest implements device.Driver. What is not XML has the digest of nothing;
// CheckConfig refuses it.
func (Driver) Digest(config []byte) string {
	nodes, err := parseIntent(config)
	if err != nil {
		nodes = nil
	}
	return xmltree.Digest(nodes)
}

// Open implements device.Driver.
func (d Driver) Open(ctx context.Context, dev device.Device) (device.Session, error) {
	c := dev.SSH
	c.Host, c.Port = dev.Host, dev.Port
	if c.Port == 0 {
		c.Port = d.DefaultPort()
	}
	client, err := ssh.Dial(ctx, c)
	if err != nil {
		return nil, err
	}
	nc, err := begin(ctx, client, c)
	if err != nil {
		_ = client.Close()
		return nil, err
	}
	s, err := newSession(nc, client, dev.Redact)
	if err != nil {
		_ = nc.Close()
		_ = client.Close()
		return nil, err
	}
	return s, nil
}

// netconfd 2.13 never answers when it is so busy that it reads our hello and the
// first rpc in one piece: a session that does not answer by firstAnswer is given up,
// and another one begun, on the same connection. The last one has as long as any rpc.
const (
	firstAnswer = 10 * time.Second
	beginnings  = 3
)

// begin begins a NETCONF session that answers.
func begin(ctx context.Context, client *ssh.Client, c ssh.Config) (*rpc.Session, error) {
	for try := 1; ; try++ {
		stream, err := client.Subsystem(ctx, "netconf")
		switch {
		case err != nil && try == 1:
			return nil, noSubsystem(c, err)
		case err != nil:
			return nil, fmt.Errorf("another session, since the first one did not answer: %w", err)
		}
		nc, err := rpc.Open(ctx, stream, rpc.Options{Timeout: c.CommandTimeout})
		if err != nil {
			return nil, err
		}
		err = answers(ctx, nc, try < beginnings)
		if err == nil {
			return nc, nil
		}
		_ = nc.Close()
		if try == beginnings || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) || !client.Alive() {
			return nil, fmt.Errorf("first rpc of the session: %w", err)
		}
	}
}

// answers waits for the answer to the first rpc, for a shorter time if there is
// another try.
func answers(ctx context.Context, nc *rpc.Session, again bool) error {
	if again {
		short, cancel := context.WithTimeout(ctx, firstAnswer)
		defer cancel()
		ctx = short
	}
	return nc.Answers(ctx)
}

// noSubsystem says what it means that the subsystem netconf did not start. A
// device that refuses it is there and let us in, so it is mostly the wrong port,
// or not a NETCONF device.
func noSubsystem(c ssh.Config, err error) error {
	if errors.Is(err, provision.ErrConnectionLost) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("subsystem netconf: %w", err)
	}
	return fmt.Errorf("no NETCONF at port %d: is it on there, is the port right (RFC 6242: 830), and the driver? subsystem netconf: %w", c.Port, err)
}
