package zabbix

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// Stage implements provision.Session. It asks Zabbix and changes nothing there.
// What a user mends at attributes are errors of type *[FieldError], all of them
// together; see [FieldErrors].
func (s *session) Stage(ctx context.Context, intent provision.Intent, _ provision.StageOptions) (provision.Change, error) {
	in, ok := intent.(*Intent)
	if !ok {
		return nil, fmt.Errorf("an intent of type %T is no host", intent)
	}
	c, err := s.stage(ctx, in)
	if err != nil {
		return nil, in.masked(err)
	}
	if in.Told != nil {
		in.Told(c.summary)
	}
	return c, nil
}

// stage finds the host, and what has to change.
func (s *session) stage(ctx context.Context, in *Intent) (*change, error) {
	if in.Destroy != "" {
		return s.stageDestroy(ctx, in)
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	c := &change{session: s, in: in}
	if err := c.find(ctx); err != nil {
		return nil, err
	}
	return c, c.settle(ctx)
}

// find looks for the host, and says what is done about it.
func (c *change) find(ctx context.Context) error {
	if c.in.ID != "" {
		return c.findKnown(ctx)
	}
	h, err := c.byName(ctx, c.in.Name)
	if err != nil {
		return err
	}
	if h != nil {
		return c.takeOver(h)
	}
	if c.before, err = c.exhumed(ctx); err != nil {
		return err
	}
	c.action = ActionCreate
	if c.before != nil {
		c.action = ActionRevive
	}
	return nil
}

// findKnown looks for the host of the state.
func (c *change) findKnown(ctx context.Context) error {
	h, err := c.look(ctx, Ref{ID: c.in.ID})
	if err != nil {
		return err
	}
	if h == nil {
		return fmt.Errorf("%w: hostid %s was deleted outside Terraform: plan again, which makes it anew", ErrGone, c.in.ID)
	}
	c.before, c.action = h, ActionUpdate
	if h.Name == c.in.Name {
		return nil
	}
	other, err := c.byName(ctx, c.in.Name)
	if err == nil && other != nil && other.ID != h.ID {
		return fieldError(fieldHost, "%q cannot be renamed to %q: that is the name of the host with hostid %s", h.Name, c.in.Name, other.ID)
	}
	return err
}

// takeOver decides about a host that has the name already. One with our mark
// that is what the intent asks for was made by a run that was killed before its
// state was written.
func (c *change) takeOver(h *Host) error {
	c.before = h
	equal := withoutSecrets(h, aim(h, c.in, true)).Empty()
	switch {
	case h.Mark.Run != "" && equal:
		c.action = ActionResume
	case c.in.Adopt:
		c.action = ActionAdopt
	default:
		return fmt.Errorf("%w: there is a host %q already (hostid %s). Import it (terraform import ADDRESS %q), "+
			"or set adopt = true to take it over", ErrExists, h.Name, h.ID, h.Name)
	}
	return nil
}

// exhumed is the host in the graveyard that was this one; nil without one.
func (c *change) exhumed(ctx context.Context) (*Host, error) {
	if c.in.NoRevival {
		return nil, nil
	}
	list, err := c.hosts.Buried(ctx, c.in.Name, c.in.object())
	if err != nil {
		return nil, fmt.Errorf("look into the graveyard: %w", err)
	}
	list = slices.DeleteFunc(slices.Clone(list), func(h *Host) bool { return !c.in.buried(h) })
	switch len(list) {
	case 0:
		return nil, nil
	case 1:
		return list[0], nil
	}
	var names []string
	for _, h := range list {
		names = append(names, fmt.Sprintf("%q (hostid %s)", h.Name, h.ID))
	}
	slices.Sort(names)
	return nil, fmt.Errorf("%w: the graveyard holds several hosts that were %q: %s. Delete those that are not wanted, "+
		"or remove their tag %s", ErrAmbiguous, c.in.Name, strings.Join(names, ", "), TagObject)
}

// object is the object's id.
func (in *Intent) object() string { return cmp.Or(in.Object, in.Name) }

// buried tells that a host in the graveyard was this one: name and object.
func (in *Intent) buried(h *Host) bool {
	return h.Mark.BuriedName == in.Name && h.Mark.BuriedObject == in.object()
}

// anew tells that everything that cannot be read back is written.
func (c *change) anew() bool { return c.action != ActionUpdate }

// settle works out what has to change, and checks whether it can be done.
func (c *change) settle(ctx context.Context) error {
	if c.in.Run == "" {
		return errors.New("the run has no id to mark hosts with")
	}
	c.aim()
	var p problems
	c.checkGoal(&p)
	if diff := difference(c.before, c.goal, nil); !diff.Empty() {
		if err := c.consult(ctx, diff, &p); err != nil {
			return err
		}
	}
	if err := p.err(); err != nil {
		return err
	}
	c.diff = difference(c.before, c.goal, c.gone)
	c.summarize()
	return nil
}

// aim sets the goal, with the mark of this run where one is due: on a new host,
// and on one that gets secrets, of which nothing else could tell whether they
// arrived.
func (c *change) aim() {
	c.goal = aim(c.before, c.in, c.anew())
	switch {
	case c.before == nil:
		c.goal.Mark.Run = unique(c.in.Run)
	case c.goal.writes():
		c.goal.Mark.Run = stamp(c.before, c.in.Run)
	}
}

// unique is the mark of one creation. A run id is not enough: the jobs of a pipeline
// may share one, and what another of them has made must not be taken for ours.
func unique(run string) string { return run + "#" + rand.Text()[:8] }

// runOf is the run id in a mark.
func runOf(mark string) string {
	run, _, _ := strings.Cut(mark, "#")
	return run
}

// stamp is the mark of a run, which differs from the one that is there: a run
// id may be used for several applies.
func stamp(before *Host, run string) string {
	if before != nil && before.Mark.Run == run {
		return run + "/2"
	}
	return run
}

// summarize tells what a person should know.
func (c *change) summarize() {
	s := Summary{Action: c.action, Host: c.before, Mark: c.goal.Mark.Run, Removes: removals(c.before, c.goal), Losses: c.losses, NewGroups: c.made, Reaches: c.reaches()}
	if c.action == ActionUpdate || c.action == ActionAdopt {
		s.Conflicts = c.goal.conflicts
	}
	if c.diff.Empty() && c.action == ActionUpdate {
		s.Action = ActionNone
	}
	if left := s.Removes[FieldGroups]; c.action == ActionRevive {
		s.Removes[FieldGroups] = slices.DeleteFunc(left, func(n string) bool { return n == c.in.Graveyard.Group })
		if len(s.Removes[FieldGroups]) == 0 {
			delete(s.Removes, FieldGroups)
		}
	}
	c.summary = s
}

// reaches tells that the agent of a host that Zabbix knows is reached another way
// than before. Templates and macros count where the interface has a macro.
func (c *change) reaches() bool {
	if c.before == nil {
		return false
	}
	headers := []string{fieldInterface, fieldTLS, fieldProxy, fieldEnabled}
	if i := c.goal.Agent; i != nil && strings.Contains(i.IP+i.DNS+i.Port, "{$") {
		headers = append(headers, string(FieldMacros), string(FieldTemplates))
	}
	return slices.ContainsFunc(headers, func(h string) bool { return touches(c.diff, h) })
}
