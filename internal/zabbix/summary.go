package zabbix

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Action is what a run does about a host.
type Action string

// The actions.
const (
	ActionNone    Action = "none"      // it is what it should be, or forgotten
	ActionCreate  Action = "create"    // a new host is made
	ActionUpdate  Action = "update"    // also: renamed
	ActionRevive  Action = "revive"    // dug up from the graveyard
	ActionAdopt   Action = "adopt"     // an existing one is taken over
	ActionResume  Action = "take over" // what a killed run left is taken over
	ActionBury    Action = "bury"
	ActionDisable Action = "disable"
	ActionDelete  Action = "delete"
)

// Summary is what staging an intent found out beside the difference: what a
// person should know before it is applied. It holds no secrets.
type Summary struct {
	Action Action
	// Host is the host as it is; nil when it is not there. Of a revival it is the
	// buried one.
	Host *Host
	// Mark is the mark of the run that the host will have.
	Mark string
	// Removes is what each field will lose, by name (tags as "name: value"),
	// sorted. Fields that lose nothing are not in it.
	Removes map[Field][]string
	// Losses tells of each template in Removes what a host has from it.
	Losses []Loss
	// Conflicts are entries that somebody else put there with another value,
	// which the run replaces.
	Conflicts []Conflict
	// NewGroups are the host groups that will be made.
	NewGroups []string
	// BuriedAs is the technical name that a host gets in the graveyard.
	BuriedAs string
	// Reaches tells that it changes how Zabbix reaches the agent of a host that it
	// knows: until it has taken that in, it polls by what was before.
	Reaches bool
}

// Loss is a template that a host will no longer have.
type Loss struct {
	Template string
	// Items and Triggers count what the host has from it, those of the
	// template's parents included; both -1 when the template is not visible.
	Items, Triggers int
	// Cleared tells that they go, with their history; else they stay on the host.
	Cleared bool
}

// Conflict is an entry of an additive field that has another value than
// intended although no earlier apply put it there.
type Conflict struct {
	Field Field
	// Name is the macro or the inventory key.
	Name string
}

// Warnings are the summary as sentences for a plan. They do not name the host:
// whoever shows them begins with it.
func (s Summary) Warnings() []string {
	var list []string
	if w := s.actionWarning(); w != "" {
		list = append(list, w)
	}
	for _, l := range s.Losses {
		list = append(list, l.warning())
	}
	for _, f := range slices.Sorted(maps.Keys(s.Removes)) {
		if f != FieldTemplates {
			list = append(list, fmt.Sprintf("removed from %s: %s", f, strings.Join(s.Removes[f], ", ")))
		}
	}
	for _, c := range s.Conflicts {
		list = append(list, fmt.Sprintf("%s: %s has another value, which this resource did not set; it will be replaced", c.Field, c.Name))
	}
	if len(s.NewGroups) > 0 {
		list = append(list, "host groups that will be made: "+strings.Join(s.NewGroups, ", "))
	}
	return list
}

// actionWarning says what is out of the ordinary about the action.
func (s Summary) actionWarning() string {
	switch s.Action {
	case ActionRevive:
		return fmt.Sprintf("the host %q (hostid %s) is dug up from the graveyard with its history; no new one is made", s.Host.Name, s.Host.ID)
	case ActionAdopt:
		return fmt.Sprintf("the host %q (hostid %s) exists and is taken over, because adopt is true", s.Host.Name, s.Host.ID)
	case ActionResume:
		return fmt.Sprintf("the host %q (hostid %s) was made by run %s, which did not get to record it here; it is taken over. "+
			"If another state has it, take it out of one of the two (terraform state rm); if the resource is tainted, plan again without -refresh=false",
			s.Host.Name, s.Host.ID, runOf(s.Host.Mark.Run))
	case ActionBury:
		return fmt.Sprintf("the host %q (hostid %s) will be disabled and moved to the graveyard as %q; its history stays", s.Host.Name, s.Host.ID, s.BuriedAs)
	case ActionDelete:
		return fmt.Sprintf("the host %q (hostid %s) will be deleted, with its items and their history", s.Host.Name, s.Host.ID)
	case ActionDisable:
		return fmt.Sprintf("the host %q (hostid %s) will be disabled and stay", s.Host.Name, s.Host.ID)
	case ActionNone, ActionCreate, ActionUpdate:
	}
	return ""
}

// warning says what goes with a template.
func (l Loss) warning() string {
	what := fmt.Sprintf("its %d items and %d triggers", l.Items, l.Triggers)
	if l.Items < 0 {
		what = "its items and triggers (the template is not visible, so they cannot be counted)"
	}
	if l.Cleared {
		return fmt.Sprintf("template %q goes; %s are removed, with their history", l.Template, what)
	}
	return fmt.Sprintf("template %q is unlinked; %s stay on the host", l.Template, what)
}
