package zabbix

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// change is what has to be done about a host. Nothing of it is in Zabbix before
// Commit.
type change struct {
	*session
	in      *Intent
	action  Action
	before  *Host // as it is; nil when it is not there
	goal    *goal // nil when the host goes, or nothing is done
	diff    provision.Diff
	gone    map[string]string // about a template that goes, by name
	made    []string          // host groups that do not exist yet
	losses  []Loss
	summary Summary

	grouped  []string // host groups that were made for it
	steps    []step   // that were sent
	touched  bool     // something about the host was sent
	answered bool     // Zabbix said that the change is on
	seen     sight
}

// sight is how a host was seen last.
type sight struct {
	host *Host
	at   time.Time // zero: not at all
}

// recent is how old a sight may be that serves again: Zabbix gives a host back
// with every write, and the core looks twice after a commit.
const recent = time.Second

// Before implements provision.Change.
func (c *change) Before() provision.Snapshot { return snapshot(c.before) }

// Diff implements provision.Change.
func (c *change) Diff() provision.Diff { return c.diff }

// Unsaved implements provision.Change: Zabbix has one configuration.
func (c *change) Unsaved() bool { return false }

// Discard implements provision.Change; there is nothing to take back.
func (c *change) Discard(context.Context) error { return nil }

// Commit implements provision.Change. A change that Zabbix refuses half way is
// taken back. Errors: provision.ErrStale, when the host is not what the change
// was made from; provision.RejectedError, when Zabbix refuses it;
// provision.ErrConnectionLost, when it is not known whether the change is on;
// provision.ErrNotBegun, when nothing was done about the host.
func (c *change) Commit(ctx context.Context, _ provision.CommitOptions) (*provision.Pending, error) {
	if c.diff.Empty() {
		return nil, nil
	}
	h, err := c.send(ctx)
	if err != nil {
		return nil, c.untouched(c.in.refused(c.withGroups(err)), err)
	}
	c.answered = true
	if h != nil {
		c.see(h)
		c.in.saw(h)
	}
	return nil, nil
}

// untouched marks an error, of which cause is what the API said, as one after
// which nothing can have been done about the host.
func (c *change) untouched(err, cause error) error {
	var partial *PartialError
	kept := errors.Is(cause, provision.ErrAuth) || errors.Is(cause, provision.ErrUnreachable)
	if c.touched && (!kept || open(cause) || errors.As(cause, &partial) && partial.Done > 0) {
		return err
	}
	return &notBegunError{err}
}

// withGroups names the host groups that were made for a change that failed. They
// stay: another host may be in them by now.
func (c *change) withGroups(err error) error {
	if len(c.grouped) == 0 {
		return err
	}
	return fmt.Errorf("%w (made before that, and left in Zabbix: the host groups %q)", err, c.grouped)
}

// see remembers how the host looks now.
func (c *change) see(h *Host) { c.seen = sight{h, time.Now()} }

// send makes the change and gives the host as it is afterwards, nil when that
// is not known.
func (c *change) send(ctx context.Context) (*Host, error) {
	ids, err := c.ids(ctx)
	if err != nil {
		return nil, err
	}
	if c.before == nil {
		return c.create(ctx, ids)
	}
	if err := c.compare(ctx); err != nil {
		return nil, err
	}
	if c.action == ActionDelete {
		c.touched = true
		return nil, c.hosts.Delete(ctx, c.before.ID)
	}
	if err := c.groupIDs(ctx, &ids); err != nil {
		return nil, err
	}
	c.touched = true
	return c.update(ctx, c.calls(ids))
}

// compare makes sure that the host is still what the change was made from: it
// is what a lock is elsewhere, but for the moment until the change arrives.
func (c *change) compare(ctx context.Context) error {
	now, err := c.hosts.FreshByID(ctx, c.before.ID)
	if err != nil {
		return err
	}
	if snapshot(now).Digest != snapshot(c.before).Digest {
		return fmt.Errorf("%w: somebody changed the host in Zabbix in the meantime; nothing was sent", provision.ErrStale)
	}
	c.before = now // with the ids that its parts have now
	if c.action != ActionDelete && c.in.Destroy == "" {
		c.aim()
	}
	return nil
}

// create makes the host. Zabbix refuses a name that is taken, so that no look
// beforehand is needed.
func (c *change) create(ctx context.Context, ids ids) (*Host, error) {
	if err := c.groupIDs(ctx, &ids); err != nil {
		return nil, err
	}
	c.touched = true
	c.begin(c)
	h, err := c.hosts.Create(ctx, NewHost{Name: c.in.Name, Run: c.goal.Mark.Run, Params: c.newParams(ids)})
	if err == nil || open(err) {
		return h, err
	}
	c.begin(nil)
	other, lookErr := c.hosts.FreshByName(ctx, c.in.Name)
	switch {
	case lookErr == nil && other != nil && other.Mark.Run != c.goal.Mark.Run:
		c.before = other // somebody else's, made in the meantime: ours is not there
	case lookErr == nil && other == nil && strings.Contains(err.Error(), "already exists"):
		err = fmt.Errorf("%w (the API's user does not see that host or template: a permission may be missing)", err)
	}
	return nil, err
}

// update sends the calls. When only the first of them took effect they are
// taken back; when the connection broke that is left to Rollback.
func (c *change) update(ctx context.Context, steps []step) (*Host, error) {
	calls := make([]Call, len(steps))
	for i, s := range steps {
		calls[i] = s.Call
	}
	if len(steps) > 1 {
		c.steps = steps
		c.begin(c)
	}
	h, err := c.hosts.Update(ctx, c.before.ID, calls)
	if open(err) {
		return h, err
	}
	c.begin(nil)
	var partial *PartialError
	if !errors.As(err, &partial) || partial.Done == 0 {
		return h, err
	}
	var undo []Call
	for _, s := range slices.Backward(steps[:min(partial.Done, len(steps))]) {
		undo = append(undo, s.undo)
	}
	if _, failed := c.hosts.Update(ctx, c.before.ID, undo); failed != nil {
		return nil, fmt.Errorf("%w; the part before it was done and could not be taken back: %w", err, failed)
	}
	return nil, err
}

// unmake deletes the host that this run has made, and no other of that name.
func (c *change) unmake(ctx context.Context) error {
	now, err := c.hosts.FreshByName(ctx, c.in.Name)
	if err != nil {
		return err
	}
	if now == nil || now.Mark.Run != c.goal.Mark.Run {
		return provision.ErrNoPending
	}
	c.seen = sight{}
	return c.hosts.Delete(ctx, now.ID)
}

// takeBack undoes the first call, if it and nothing else is on. A host that was
// made and is not what it should be is deleted.
func (c *change) takeBack(ctx context.Context) error {
	if c.action == ActionCreate {
		return c.unmake(ctx)
	}
	now, err := c.hosts.FreshByID(ctx, c.before.ID)
	if err != nil {
		return err
	}
	if now == nil {
		return provision.ErrNoPending
	}
	rest := *now
	rest.Agent = c.before.Agent
	if rest.digest() != c.before.digest() {
		return provision.ErrNoPending // somebody else was at work
	}
	c.seen = sight{}
	_, err = c.hosts.Update(ctx, c.before.ID, []Call{c.steps[0].undo})
	return err
}

// Verify implements provision.Change.
func (c *change) Verify(ctx context.Context, s provision.Session) (provision.Verification, error) {
	other, ok := s.(*session)
	if !ok {
		return provision.Verification{}, fmt.Errorf("a session of type %T is not Zabbix's", s)
	}
	now, err := c.sight(ctx, other)
	if err != nil {
		return provision.Verification{}, c.in.masked(fmt.Errorf("read the host back: %w", err))
	}
	c.in.saw(now)
	return provision.Verification{Running: snapshot(now), Remaining: c.remaining(now)}, nil
}

// sight reads the host back.
func (c *change) sight(ctx context.Context, s *session) (h *Host, err error) {
	if !c.seen.at.IsZero() && time.Since(c.seen.at) < recent {
		return c.seen.host, ctx.Err()
	}
	if c.action == ActionCreate {
		h, err = s.hosts.FreshByName(ctx, c.in.Name)
	} else {
		h, err = s.hosts.FreshByID(ctx, c.id())
	}
	if err == nil {
		c.see(h)
	}
	return h, err
}

// id is the hostid, which a change knows unless it makes the host.
func (c *change) id() string {
	if c.summary.Host != nil {
		return c.summary.Host.ID
	}
	return c.in.ID
}

// remaining is what is left to do on a host as it is now.
func (c *change) remaining(now *Host) provision.Diff {
	switch {
	case c.in.Destroy != "":
		return c.toDestroy(now)
	case now == nil, c.action == ActionCreate && now.Mark.Run != c.goal.Mark.Run:
		return difference(nil, c.goal, c.gone) // not there, or somebody else's
	}
	g := aim(now, c.in, c.anew())
	if c.written(now) {
		g.arrived(now)
	}
	d := difference(now, g, nil)
	d.Hunks = append(d.Hunks, c.lost(now, g)...)
	return d
}

// toDestroy is what is left to do about a host that shall go.
func (c *change) toDestroy(now *Host) provision.Diff {
	none := provision.Diff{By: provision.ByClient}
	switch {
	case now == nil:
		return none
	case c.action == ActionDelete:
		return c.diff
	case c.action == ActionDisable:
		return difference(now, disabled(now), nil)
	case c.action == ActionBury && c.in.buried(now):
		return difference(now, c.in.inGrave(now, c.goal.Name), nil)
	case c.action == ActionBury:
		return c.diff // without the marks it is not buried
	}
	return none
}

// written tells that the secrets arrived: Zabbix said so, or the host has the
// mark that came with them.
func (c *change) written(now *Host) bool {
	marked := now.Mark.Run == c.goal.Mark.Run && (c.before == nil || c.before.Mark.Run != now.Mark.Run)
	return c.answered || marked
}

// arrived takes the secrets off the goal that the host has now.
func (g *goal) arrived(now *Host) {
	for _, m := range now.Macros {
		if m.Kind == MacroSecret {
			delete(g.secrets, macroKey(m.Name))
		}
	}
	g.psk = g.psk && !now.TLS.uses(PSK)
}

// lost is what should have stayed and is not there any more.
func (c *change) lost(now *Host, again *goal) []provision.Hunk {
	var list []provision.Hunk
	gone, due := removals(&c.goal.Host, &goal{Host: *now}), removals(&again.Host, &goal{Host: *now})
	for _, f := range ownedFields() {
		var edits []edit
		for _, name := range gone[f] {
			if !slices.Contains(due[f], name) {
				edits = append(edits, edit{name, "+ ", name + " (was there, and is gone)"})
			}
		}
		if h := hunk(string(f), edits); h != nil {
			list = append(list, *h)
		}
	}
	return list
}
