package netconf

import (
	"context"
	"errors"
	"fmt"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/rpc"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/xmltree"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// errIntent refuses an intent of another driver.
var errIntent = errors.New("the intent is not a device configuration")

// Stage implements provision.Session. Without a lock of this session the
// candidate is locked only while the device works on it.
func (s *session) Stage(ctx context.Context, intent provision.Intent, opts provision.StageOptions) (provision.Change, error) {
	cfg, ok := intent.(device.Config)
	if !ok {
		return nil, errIntent
	}
	c, err := newChange(s, cfg, opts)
	if err != nil {
		return nil, err
	}
	var trees trees
	err = s.withCandidate(ctx, c.load, func() (keep bool, err error) {
		// A validated candidate commits nothing on netconfd: it is given up.
		if err := c.check(ctx, opts.Verify); err != nil {
			return false, err
		}
		trees, err = c.take(ctx)
		return !opts.Verify, err
	})
	if err != nil {
		return nil, err
	}
	if err := c.compare(ctx, trees); err != nil {
		return nil, errors.Join(err, s.giveBack(ctx, false))
	}
	return c, nil
}

// withCandidate loads the candidate under its lock and works with it. What was
// loaded stays only if this session had locked the candidate before, and work
// says so.
func (s *session) withCandidate(ctx context.Context, load func(context.Context) error, work func() (bool, error)) error {
	mine := s.locked
	if err := s.Lock(ctx, ""); err != nil {
		return err
	}
	keep := false
	err := s.clear(ctx)
	if err == nil {
		err = load(ctx)
	}
	if err == nil {
		keep, err = work()
	}
	if mine && keep && err == nil {
		return nil
	}
	return errors.Join(err, s.giveBack(ctx, !mine))
}

// giveBack empties the candidate, and unlocks it if asked to, also when the
// context has ended: a session whose rpc was cut off is closed, and the server
// does both.
func (s *session) giveBack(ctx context.Context, unlock bool) error {
	if !s.nc.Alive() {
		s.loaded, s.locked = nil, false
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	if err := s.clear(ctx); err != nil {
		return err
	}
	if unlock {
		return s.Unlock(ctx)
	}
	return nil
}

// change implements provision.Change. It keeps texts, not trees: a tree is ten
// times as large and is needed again only after a commit.
type change struct {
	s      *session
	intent []*xmltree.Node
	xml    []byte // the intent, as it is sent
	text   []byte // the intent, as it was given
	opts   provision.StageOptions

	before    provision.Snapshot // running
	candidate provision.Snapshot
	diff      provision.Diff
	unsaved   bool
}

// trees are what a change is worked out from.
type trees struct{ running, candidate []*xmltree.Node }

func newChange(s *session, cfg device.Config, opts provision.StageOptions) (*change, error) {
	nodes, err := parseIntent(cfg.Text)
	if err != nil {
		return nil, refusedByUs(err)
	}
	if n := xmltree.FirstOperation(nodes); n != nil && opts.Replace {
		return nil, &provision.RejectedError{Line: n.Line, Message: "<" + n.Local + "> has an attribute operation: it means nothing when the intent becomes the whole configuration"}
	}
	return &change{s: s, intent: nodes, xml: xmltree.Write(nodes, rpc.BaseNS), text: cfg.Text, opts: opts}, nil
}

// refusedByUs gives an error of parseIntent its line.
func refusedByUs(err error) error {
	r := &provision.RejectedError{Message: err.Error()}
	var at *xmltree.ParseError
	if errors.As(err, &at) {
		r.Line, r.Message = at.Line, at.Message
	}
	return r
}

// load puts the intent into the candidate, which is locked and clean. From the
// first byte on the candidate counts as ours: a refused edit may be half in.
func (c *change) load(ctx context.Context) error {
	c.s.loaded = c
	var err error
	if c.opts.Replace {
		err = c.s.nc.ReplaceCandidate(ctx, c.xml)
	} else {
		err = c.s.nc.EditConfig(ctx, c.xml, c.s.can.rollback)
	}
	return c.refused(err)
}

// check asks the device to validate the candidate.
func (c *change) check(ctx context.Context, verify bool) error {
	if !verify || !c.s.can.validate {
		return nil
	}
	return c.refused(c.s.nc.Validate(ctx, rpc.Candidate))
}

// take reads candidate and running while the lock keeps others from committing.
func (c *change) take(ctx context.Context) (trees, error) {
	var t trees
	var err error
	if c.candidate, t.candidate, err = c.s.read(ctx, rpc.Candidate); err != nil {
		return t, err
	}
	c.before, t.running, err = c.s.read(ctx, rpc.Running)
	return t, err
}

// compare works out the difference and what is not saved.
func (c *change) compare(ctx context.Context, t trees) error {
	c.diff = provision.Diff{By: provision.ByClient}
	var err error
	if c.before.Digest != c.candidate.Digest {
		if c.diff.Hunks, err = c.s.difference(ctx, t.running, t.candidate); err != nil {
			return err
		}
	}
	if !c.opts.Replace {
		c.diff.Unmanaged = xmltree.Unnamed(t.running, c.intent)
	}
	c.unsaved, err = c.lacks(ctx, c.s, t.candidate, c.s.difference)
	return err
}

// lacks tells that startup, read through s, does not hold what the intent asks for,
// as the candidate shows it.
func (c *change) lacks(ctx context.Context, s *session, candidate []*xmltree.Node, compare comparison) (bool, error) {
	if !s.can.startup {
		return false, nil
	}
	snap, startup, err := s.read(ctx, rpc.Startup)
	if err != nil {
		return false, err
	}
	if c.opts.Replace {
		if snap.Digest == c.candidate.Digest {
			return false, nil
		}
		hunks, err := compare(ctx, startup, candidate)
		return len(hunks) > 0, err
	}
	return !xmltree.Holds(startup, xmltree.Project(candidate, c.intent)) || xmltree.HoldsDeleted(startup, c.intent), nil
}

// Before implements provision.Change.
func (c *change) Before() provision.Snapshot { return c.before }

// Diff implements provision.Change.
func (c *change) Diff() provision.Diff { return c.diff }

// Unsaved implements provision.Change.
func (c *change) Unsaved() bool { return c.unsaved }

// Discard implements provision.Change.
func (c *change) Discard(ctx context.Context) error {
	if c.s.loaded != c || !c.s.nc.Alive() {
		return nil
	}
	return c.s.clear(ctx)
}

// errNotOurs refuses a session of another driver.
var errNotOurs = fmt.Errorf("the session is not one of the driver %s", Driver{}.Name())
