package client

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// HostFilter selects hosts: within a field any value matches, between fields all
// must; of tags any value of a name matches, and all names must. Empty fields
// match everything.
type HostFilter struct {
	Groups, Templates []string
	Tags              []zabbix.Tag
}

// TagFilter makes the filter of tags of the values that each name may have.
func TagFilter(values map[string][]string) []zabbix.Tag {
	var tags []zabbix.Tag
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, v := range values[name] {
			tags = append(tags, zabbix.Tag{Name: name, Value: v})
		}
	}
	return tags
}

// Hosts lists the hosts that are visible and match the filter, by technical name.
func (c *Client) Hosts(ctx context.Context, f HostFilter) ([]*zabbix.Host, error) {
	server, err := c.server()
	if err != nil {
		return nil, err
	}
	all, err := server.All(ctx)
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(slices.Clone(all), func(h *zabbix.Host) bool { return !f.matches(h) })
	slices.SortFunc(found, func(a, b *zabbix.Host) int { return strings.Compare(a.Name, b.Name) })
	return found, nil
}

// matches tells whether the filter selects a host.
func (f HostFilter) matches(h *zabbix.Host) bool {
	anyOf := func(wanted, there []string) bool {
		return len(wanted) == 0 || slices.ContainsFunc(wanted, func(n string) bool { return slices.Contains(there, n) })
	}
	return anyOf(f.Groups, h.Groups) && anyOf(f.Templates, h.Templates) && f.tagsMatch(h)
}

func (f HostFilter) tagsMatch(h *zabbix.Host) bool {
	matched := map[string]bool{}
	for _, t := range f.Tags {
		matched[t.Name] = matched[t.Name] || slices.ContainsFunc(h.Tags, func(u zabbix.Tag) bool { return u.Name == t.Name && u.Value == t.Value })
	}
	for _, ok := range matched {
		if !ok {
			return false
		}
	}
	return true
}
