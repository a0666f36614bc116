package netbox

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// Named implements [snapshot.Loader].
func (s *Source) Named(ctx context.Context, kind inventory.Kind, name string, context bool) ([]inventory.Object, error) {
	found, err := s.load(ctx, kind, url.Values{"name": {name}}, context)
	// NetBox gives everything if it does not know a filter.
	return slices.DeleteFunc(found, func(o inventory.Object) bool { return o.Name != name }), err
}

// All implements [snapshot.Loader]. Devices without a name are left out: nobody
// could ask for them.
func (s *Source) All(ctx context.Context, kind inventory.Kind, context bool) ([]inventory.Object, error) {
	all, err := s.load(ctx, kind, url.Values{}, context)
	return slices.DeleteFunc(all, func(o inventory.Object) bool { return o.Name == "" }), err
}

// load loads the objects of a kind that a query selects.
func (s *Source) load(ctx context.Context, kind inventory.Kind, query url.Values, context bool) ([]inventory.Object, error) {
	query.Set("fields", fields(kind, context))
	if !context {
		query.Set("exclude", "config_context")
	}
	records, err := list[record](ctx, s.api, place(kind), query, "view on "+model(kind))
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		if part, permission := r.shortened(); part != "" {
			return nil, fmt.Errorf("%s: the %s of %s came incomplete (%s%s%d/): does the token's user lack the permission %s?",
				s.api.Where(), part, r.label(kind), s.api.Base+"/", place(kind), r.ID, permission)
		}
	}
	if err := s.names(ctx, records); err != nil {
		return nil, err
	}
	objects := make([]inventory.Object, len(records))
	for i, r := range records {
		objects[i] = r.object(kind, s.api.Base)
		if objects[i].Location, err = s.path(ctx, r); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

// chunk is how many ids one request asks for: an address may not be too long.
const chunk = 250

// names fills in the DNS names of primary addresses, if this NetBox does not say
// them with the objects.
func (s *Source) names(ctx context.Context, records []record) error {
	nameless := map[string][]*address{} // by their ids
	for _, r := range records {
		for _, a := range []*address{r.Primary, r.Primary4, r.Primary6} {
			if a != nil && a.DNSName == nil {
				id := fmt.Sprint(a.ID)
				nameless[id] = append(nameless[id], a)
			}
		}
	}
	const needs = "view on ipam.ipaddress"
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(nameless)), chunk) {
		found, err := list[address](ctx, s.api, "ipam/ip-addresses/", url.Values{"id": ids, "fields": {"id,address,dns_name"}}, needs)
		if err != nil {
			return fmt.Errorf("the DNS names of primary addresses: %w", err)
		}
		for _, f := range found {
			for _, a := range nameless[fmt.Sprint(f.ID)] {
				a.DNSName = f.DNSName
			}
		}
		for _, id := range ids {
			if a := nameless[id][0]; a.DNSName == nil {
				return fmt.Errorf("%s: the DNS name of the primary address %s is not to be had: it was deleted just now, or the token's user lacks the permission %s",
					s.api.Where(), a.Address, needs)
			}
		}
	}
	return nil
}

// path is the way to the location of a record, from the top of its site.
func (s *Source) path(ctx context.Context, r record) (string, error) {
	if r.Location == nil || r.Location.Depth == 0 {
		return r.Location.name(), nil
	}
	tree, err := s.locations(ctx, r.Location.ID)
	if err != nil {
		return "", fmt.Errorf("the location of %s: %w", r.label(inventory.Device), err)
	}
	var names []string
	for at := r.Location; at != nil; {
		l, ok := tree[at.ID]
		if !ok || len(names) > len(tree) {
			return "", fmt.Errorf("%s: location %q, which %s is in, is not among the locations: does the token's user lack the permission view on dcim.location?",
				s.api.Where(), at.Name, r.label(inventory.Device))
		}
		names = append(names, l.Name)
		at = l.Parent
	}
	slices.Reverse(names)
	return strings.Join(names, " / "), nil
}

// locations are all locations, loaded once, and again for one that is not there.
func (s *Source) locations(ctx context.Context, id int) (map[int]location, error) {
	s.treeMu.Lock()
	defer s.treeMu.Unlock()
	if _, ok := s.tree[id]; ok {
		return s.tree, nil
	}
	all, err := list[location](ctx, s.api, "dcim/locations/", url.Values{"fields": {"id,name,parent"}}, "view on dcim.location")
	if err != nil {
		return nil, err
	}
	tree := make(map[int]location, len(all))
	for _, l := range all {
		tree[l.ID] = l
	}
	s.tree = tree
	return tree, nil
}
