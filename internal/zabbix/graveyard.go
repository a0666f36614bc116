package zabbix

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// stageDestroy works out what becomes of a host that is no longer wanted. One
// that is not there needs nothing.
func (s *session) stageDestroy(ctx context.Context, in *Intent) (*change, error) {
	c := &change{session: s, in: in, action: ActionNone}
	c.diff.By = provision.ByClient
	if in.Destroy == DestroyKeep {
		return c, nil
	}
	if in.ID == "" {
		return nil, errors.New("a host is destroyed by its hostid, and there is none")
	}
	var err error
	if c.before, err = c.look(ctx, Ref{ID: in.ID}); err != nil || c.before == nil {
		return c, err
	}
	if err := c.leave(ctx); err != nil {
		return nil, err
	}
	if c.goal != nil {
		c.diff = difference(c.before, c.goal, c.gone)
	}
	if c.diff.Empty() {
		c.action = ActionNone
	}
	c.summary = Summary{Action: c.action, Host: c.before, NewGroups: c.made}
	if c.action == ActionBury {
		c.summary.BuriedAs = c.goal.Name
	}
	return c, nil
}

// leave says what is done.
func (c *change) leave(ctx context.Context) error {
	switch c.in.Destroy {
	case DestroyBury:
		return c.bury(ctx)
	case DestroyDisable:
		c.action, c.goal = ActionDisable, disabled(c.before)
	case DestroyDelete:
		return c.remove(ctx)
	default:
		return fieldError(fieldDestroy, "%q is none of graveyard, disable, keep and delete", string(c.in.Destroy))
	}
	return nil
}

// disabled is a host that is no longer monitored.
func disabled(h *Host) *goal {
	g := &goal{Host: *h}
	g.Enabled = false
	return g
}

// maintained refuses to take away a host that somebody is at work on.
func (c *change) maintained(doing string) error {
	if c.before.Maintenance == "" {
		return nil
	}
	return fieldError(fieldDestroy, "the host %q is in the active maintenance %q: end it, or take the host out of it, before %s the host",
		c.before.Name, c.before.Maintenance, doing)
}

// remove plans a deletion.
func (c *change) remove(ctx context.Context) error {
	b := c.before
	if err := c.maintained("deleting"); err != nil {
		return err
	}
	kept, err := c.hosts.Lookup().KeptBy(ctx, b.ID)
	if err != nil {
		return fmt.Errorf("look for maintenances of the host %q: %w", b.Name, err)
	}
	if kept != "" {
		return fieldError(fieldDestroy, "the host %q is the last one in the maintenance %q, which Zabbix does not let become empty, also when it is over: "+
			"delete the maintenance, or put something else into it, before deleting the host", b.Name, kept)
	}
	c.action = ActionDelete
	c.diff.Hunks = []provision.Hunk{{Header: fieldHost, Lines: []string{
		"- " + plain(b.Name) + " (hostid " + b.ID + ", with its items and their history)",
	}}}
	return nil
}

// bury plans a burial. One that is in the graveyard keeps the name that it has
// there.
func (c *change) bury(ctx context.Context) error {
	b, yard := c.before, c.in.Graveyard
	if b.Discovered {
		return fieldError(fieldDestroy, "a discovery rule made the host %q, so that it cannot be moved to the graveyard: "+
			"choose disable, keep or delete", b.Name)
	}
	if yard.Group == "" || yard.Suffix == "" {
		return fieldError(fieldDestroy, "the graveyard has no host group or no suffix")
	}
	name, lies := b.Name, c.in.lies(b)
	if !lies && !c.in.buried(b) {
		err := c.maintained("burying")
		if err != nil {
			return err
		}
		if name, err = c.grave(ctx); err != nil {
			return err
		}
	}
	c.action, c.goal = ActionBury, c.in.inGrave(b, name)
	if lies {
		c.goal.Mark = b.Mark
	}
	if slices.Contains(b.Groups, yard.Group) {
		return nil
	}
	missing, err := c.missingGroup(ctx, yard.Group)
	if missing {
		c.made = []string{yard.Group}
	}
	return err
}

// lies tells that a host is in the graveyard as this object already, whatever
// its name was: a destroy that was killed was not written to the state, which
// then takes the name of the grave for the host's.
func (in *Intent) lies(h *Host) bool {
	return h.Mark.BuriedName != "" && h.Mark.BuriedObject == in.object() && slices.Contains(h.Groups, in.Graveyard.Group)
}

// inGrave is a host as it lies in the graveyard.
func (in *Intent) inGrave(h *Host, name string) *goal {
	g := &goal{Host: *h}
	g.Name, g.VisibleName, g.Enabled = name, name, false
	g.Groups = []string{in.Graveyard.Group}
	g.Mark.BuriedName, g.Mark.BuriedObject = in.Name, in.object()
	return g
}

// maxGraves is how many names are tried.
const maxGraves = 1000

// grave finds a technical name that is free: the name with the suffix, then
// with -1, -2 and so on.
func (c *change) grave(ctx context.Context) (string, error) {
	for i := range maxGraves {
		suffix := c.in.Graveyard.Suffix
		if i > 0 {
			suffix += "-" + strconv.Itoa(i)
		}
		name := fit(c.in.Name, maxName-utf8.RuneCountInString(suffix)) + suffix
		h, err := c.byName(ctx, name)
		if err != nil {
			return "", err
		}
		if h == nil || h.ID == c.before.ID {
			return name, nil
		}
	}
	return "", fmt.Errorf("%d hosts named %q are in the graveyard: empty it", maxGraves, c.in.Name+c.in.Graveyard.Suffix)
}

// fit cuts a text to so many characters.
func fit(text string, limit int) string {
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:max(limit, 0)])
	}
	return text
}

// unearthed takes the graveyard off a host that is to live: its marks, its
// group, and that it is disabled. Where it is not said what it shall be it
// becomes what a new host is.
func (g *goal) unearthed(before *Host, in *Intent) {
	if before == nil || before.Mark.BuriedName == "" {
		return
	}
	g.Mark.BuriedName, g.Mark.BuriedObject = "", ""
	g.Groups = slices.DeleteFunc(slices.Clone(g.Groups), func(n string) bool { return n == in.Graveyard.Group })
	g.Enabled = true
	if in.VisibleName == nil {
		g.VisibleName = in.Name
	}
}
