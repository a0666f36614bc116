package netconf

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/rpc"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/xmltree"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// errNothing tells of a commit that the device answered with ok and did not do.
var errNothing = errors.New("the device answered ok to the commit and changed nothing")

// Commit implements provision.Change. The lock of the candidate is given up,
// also when the commit fails. ErrStale: nothing was committed, because running is
// not what the change was staged on.
func (c *change) Commit(ctx context.Context, opts provision.CommitOptions) (*provision.Pending, error) {
	s := c.s
	ready := c.unmoved
	if s.loaded != c || !s.locked {
		ready = c.again
	}
	if err := ready(ctx); err != nil {
		return nil, err
	}
	p, err := c.commit(ctx, opts)
	if err != nil {
		return nil, errors.Join(err, s.giveBack(ctx, true))
	}
	s.loaded = nil // it is running now
	if err := s.Unlock(ctx); err != nil {
		return nil, err
	}
	return p, c.changed(ctx)
}

// unmoved stops when running has changed since the change was staged. The lock of
// the candidate keeps out only those who go through the candidate, and a commit
// would take back what came another way.
func (c *change) unmoved(ctx context.Context) error {
	now, _, err := c.s.read(ctx, rpc.Running)
	if err == nil && now.Digest != c.before.Digest {
		err = errStale
	}
	if err != nil {
		return errors.Join(err, c.s.giveBack(ctx, true))
	}
	return nil
}

// errStale tells that somebody changed running between staging and commit.
var errStale = fmt.Errorf("commit: %w: the running configuration was changed since it was read", provision.ErrStale)

// again puts the intent into the candidate once more, and stops if it would do
// something else than what was staged.
func (c *change) again(ctx context.Context) error {
	s := c.s
	staged := *c
	if err := s.Lock(ctx, ""); err != nil {
		return err
	}
	err := s.clear(ctx)
	if err == nil {
		err = c.load(ctx)
	}
	if err == nil {
		_, err = c.take(ctx)
	}
	if err == nil && (staged.before.Digest != c.before.Digest || staged.candidate.Digest != c.candidate.Digest) {
		err = errStale
	}
	if err != nil {
		c.before, c.candidate = staged.before, staged.candidate
		return errors.Join(err, s.giveBack(ctx, true))
	}
	return nil
}

// commit sends the commit.
func (c *change) commit(ctx context.Context, opts provision.CommitOptions) (*provision.Pending, error) {
	if !c.s.can.confirmed {
		return nil, c.commitFailed(ctx, c.s.nc.Commit(ctx))
	}
	if err := c.s.nc.CommitConfirmed(ctx, opts.ID, opts.Window); err != nil {
		return nil, c.commitFailed(ctx, err)
	}
	window := time.Duration(rpc.Seconds(opts.Window)) * time.Second
	return &provision.Pending{ID: opts.ID, Holder: opts.Holder, Deadline: time.Now().Add(window)}, nil
}

// commitFailed reads the device's refusal of a commit.
func (c *change) commitFailed(ctx context.Context, err error) error {
	var e *rpc.Error
	if errors.As(err, &e) && (e.Tag == rpc.TagInUse || e.Tag == rpc.TagLockDenied) {
		return c.s.lockFailed(ctx, err)
	}
	return c.refused(err)
}

// changed makes sure that running has moved: netconfd answers ok to a commit
// that does nothing.
func (c *change) changed(ctx context.Context) error {
	if c.diff.Empty() {
		return nil
	}
	now, _, err := c.s.read(ctx, rpc.Running)
	if err != nil {
		return err
	}
	if now.Digest == c.before.Digest {
		return c.nothing()
	}
	return nil
}

// Verify implements provision.Change. In replace mode running must be what the
// candidate was. In merge mode what others added since does not count; what was
// there and is not any more, or still is and should not be, does.
func (c *change) Verify(ctx context.Context, through provision.Session) (provision.Verification, error) {
	s, ok := through.(*session)
	if !ok {
		return provision.Verification{}, errNotOurs
	}
	snap, running, err := s.read(ctx, rpc.Running)
	if err != nil {
		return provision.Verification{}, err
	}
	candidate, err := parseData(c.candidate.Raw)
	if err != nil {
		return provision.Verification{}, err
	}
	v := provision.Verification{Running: snap, Remaining: provision.Diff{By: provision.ByClient}}
	if snap.Digest != c.candidate.Digest {
		if !c.opts.Replace {
			before, err := parseData(c.before.Raw)
			if err != nil {
				return v, err
			}
			running = xmltree.Known(running, before, candidate)
		}
		if v.Remaining.Hunks, err = c.s.unasked(ctx, running, candidate); err != nil {
			return v, err
		}
	}
	v.Unsaved, err = c.lacks(ctx, s, candidate, c.s.unasked)
	return v, err
}
