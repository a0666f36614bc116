package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// tagLength is how many characters fit into the name and the value of a tag
// (Zabbix: host_tag of the database schema).
const tagLength = 255

// clusterTag is the tag that every virtual machine with a cluster gets.
const clusterTag = "Cluster"

// tagList collects tags in order.
type tagList struct {
	settings TagSettings
	tags     []AssignedTag
	errs     []error
}

// assignTags gives the tags of an object: its id, those of its own tags that
// are wanted, those of paths, its cluster.
func (c *Config) assignTags(o Object) ([]AssignedTag, []error) {
	l := &tagList{settings: c.Tags}
	if c.Tags.Default != "" {
		l.add(c.Tags.Default, o.ID, "tags.default_tag")
	}
	for _, t := range o.Tags {
		if slices.Contains(c.Tags.Tags, t) {
			l.add(t, t, "tags.object_tags")
		}
	}
	for _, t := range c.Tags.Values {
		l.addPath(o, t)
	}
	if o.Kind == VirtualMachine && o.Cluster != "" {
		l.add(clusterTag, o.Cluster, "its cluster")
	}
	return l.tags, l.errs
}

// addPath adds the tag of a path: one for each element of a list.
func (l *tagList) addPath(o Object, t TagPath) {
	from := fmt.Sprintf("tags.values.%s (%s)", t.Name, t.Path)
	v, found := o.at(t.Path)
	if !found {
		return
	}
	elements, isList := v.([]any)
	if !isList {
		elements = []any{v}
	}
	for _, e := range elements {
		if e == nil || e == "" {
			continue
		}
		value, err := text(e)
		if err != nil {
			l.errs = append(l.errs, fmt.Errorf("%s: %w", from, err))
			continue
		}
		l.add(t.Name, value, from)
	}
}

// add adds a tag, unless the same one is there.
func (l *tagList) add(name, value, from string) {
	name = l.settings.Prefix + name
	switch l.settings.Case {
	case "lower":
		name = strings.ToLower(name)
	case "upper":
		name = strings.ToUpper(name)
	}
	if err := errors.Join(fits(name, tagLength), fits(value, tagLength)); err != nil {
		l.errs = append(l.errs, fmt.Errorf("%s: %w", from, err))
		return
	}
	if !slices.ContainsFunc(l.tags, func(t AssignedTag) bool { return t.Name == name && t.Value == value }) {
		l.tags = append(l.tags, AssignedTag{Name: name, Value: value, From: from})
	}
}
