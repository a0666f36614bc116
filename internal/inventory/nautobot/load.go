package nautobot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/webapi"
)

const (
	// pageSize is how many objects are asked for at once. GraphQL has no limit of
	// its own; a page should stay far below the limit of time of one request.
	pageSize = 250
	// depth is how many places, an object's own and those above it, are asked for
	// with it. Each costs the server a join; deeper ones cost a request.
	depth = 5
)

// list is what GraphQL calls the objects of a kind.
func list(kind inventory.Kind) string {
	if kind == inventory.VirtualMachine {
		return "virtual_machines"
	}
	return "devices"
}

// above asks for a place and those above it.
func above(levels int) string {
	if levels == 0 {
		return "location{id}"
	}
	chain := "id"
	for range levels {
		chain = "id name location_type{name} parent{" + chain + "}"
	}
	return "location{" + chain + "}"
}

// fields are what is asked of an object, with so many places above it; 0 for
// the id of its place alone.
func fields(kind inventory.Kind, v webapi.Version, levels int, contexts bool) string {
	text := "id name status{name} role{name} platform{name network_driver} tenant{name} " +
		"primary_ip4{host dns_name} primary_ip6{host dns_name} tags{name} _custom_field_data "
	if kind == inventory.VirtualMachine {
		text += "cluster{name " + above(levels) + "}"
	} else {
		text += "device_type{model manufacturer{name}} secrets_group{name} " + cluster(v) + "{name} " + above(levels)
	}
	if contexts {
		text += " config_context"
	}
	return text
}

// relation is something that not every object has, so that null may mean that it
// has none or that the token may not see it. The filter selects objects that have
// one, seen or not. (Looked up in the filters of 2.x, run on 3.2.7.)
type relation struct {
	filter, permission string
	seen               func(*record) bool
}

// inCluster selects the devices that are in a cluster. Since a device may be in
// several there is no filter for null alone, but null is a choice like the others.
func inCluster(v webapi.Version) string {
	if v.AtLeast(3, 0) {
		return `clusters__n: ["null"]`
	}
	return "cluster__isnull: false"
}

// relations are those of a kind by what they are called.
func relations(kind inventory.Kind, v webapi.Version) map[string]relation {
	all := map[string]relation{
		"platform": {"platform__isnull: false", "dcim.view_platform", func(r *record) bool { return r.Platform != nil }},
		"tenant":   {"tenant__isnull: false", "tenancy.view_tenant", func(r *record) bool { return r.Tenant != nil }},
		"address":  {"has_primary_ip: true", "ipam.view_ipaddress", func(r *record) bool { return r.PrimaryIP4 != nil || r.PrimaryIP6 != nil }},
		"tags":     {"tags__isnull: false", "extras.view_tag", func(r *record) bool { return len(r.Tags) > 0 }},
	}
	if kind == inventory.VirtualMachine {
		all["role"] = relation{"role__isnull: false", "extras.view_role", func(r *record) bool { return r.Role != nil }}
		all["location"] = relation{"location__isnull: false", "dcim.view_location", func(r *record) bool { return r.Cluster.Location != nil }}
	} else {
		all["cluster"] = relation{inCluster(v), "virtualization.view_cluster", func(r *record) bool { return r.Cluster != nil || len(r.Clusters) > 0 }}
		all["secrets_group"] = relation{"secrets_group__isnull: false", "extras.view_secretsgroup", func(r *record) bool { return r.SecretsGroup != nil }}
	}
	return all
}

// having asks which objects have each of the relations; also selects among them.
func having(kind inventory.Kind, v webapi.Version, also string) string {
	var text strings.Builder
	all := relations(kind, v)
	for _, what := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&text, " has_%s: %s(%s%s){id}", what, list(kind), also, all[what].filter)
	}
	return text.String()
}

// Named implements [snapshot.Loader]: one request.
func (s *Source) Named(ctx context.Context, kind inventory.Kind, name string, contexts bool) ([]inventory.Object, error) {
	var got map[string][]*record
	err := s.api.inVersion(ctx, func(v webapi.Version) error {
		query := fmt.Sprintf("query($name: [String]){objects: %s(name: $name){%s}%s}", list(kind), fields(kind, v, depth, contexts), having(kind, v, "name: $name, "))
		return s.api.graphql(ctx, fmt.Sprintf("%s %q", kind, name), query, map[string]any{"name": []string{name}}, &got)
	})
	if err != nil {
		return nil, err
	}
	if len(got["objects"]) == 0 {
		// An empty answer may be a lack of permission, which REST tells.
		_, err := s.count(ctx, kind)
		return nil, err
	}
	return s.objects(ctx, kind, got, name)
}

// objects are the answer in the one model; only those of the name, unless it is
// empty. It is an error if the token does not see all that they refer to.
func (s *Source) objects(ctx context.Context, kind inventory.Kind, got map[string][]*record, name string) ([]inventory.Object, error) {
	if err := s.complete(kind, got); err != nil {
		return nil, err
	}
	if err := s.deep(ctx, got["objects"]); err != nil {
		return nil, err
	}
	if err := s.upToTheSite(ctx, kind, got["objects"]); err != nil {
		return nil, err
	}
	var all []inventory.Object
	nameless := 0
	for _, r := range got["objects"] {
		switch {
		case r.Name == nil || *r.Name == "":
			nameless++
		case name == "" || *r.Name == name:
			all = append(all, s.object(kind, r))
		}
	}
	if nameless > 0 {
		s.api.Warn("%s has %d %ss without a name: they are left out.", s.api.Where(), nameless, kind)
	}
	return all, nil
}

// complete tells whether the token sees what the objects refer to.
func (s *Source) complete(kind inventory.Kind, got map[string][]*record) error {
	byID := map[string]*record{}
	for _, r := range got["objects"] {
		byID[r.ID] = r
		if lack := r.hidden(kind); lack != "" {
			return s.weak(kind, r, lack)
		}
	}
	all := relations(kind, s.api.Known())
	for _, what := range slices.Sorted(maps.Keys(all)) {
		rel := all[what]
		for _, has := range got["has_"+what] {
			if r := byID[has.ID]; r != nil && !rel.seen(r) {
				return s.weak(kind, r, rel.permission)
			}
		}
	}
	return nil
}

// weak is the error of a token that does not see all of an object.
func (s *Source) weak(kind inventory.Kind, r *record, lack string) error {
	who := r.ID
	if r.Name != nil {
		who = *r.Name
	}
	return fmt.Errorf("%s: the token does not see all of %s %q: its user needs the permission %s (without constraints that leave something out)",
		s.api.Where(), kind, who, lack)
}

// All implements [snapshot.Loader].
func (s *Source) All(ctx context.Context, kind inventory.Kind, contexts bool) ([]inventory.Object, error) {
	got, err := webapi.Steady(func() (map[string][]*record, error) { return s.everything(ctx, kind, contexts) })
	if errors.Is(err, webapi.ErrChanged) {
		return nil, fmt.Errorf("%s: %ss: %w: nothing of it is used; try again when less is changed", s.api.Where(), kind, err)
	}
	if err != nil {
		return nil, err
	}
	return s.objects(ctx, kind, got, "")
}

// everything reads all objects of a kind once: which there are, and what of them
// is not there for all, in one question that the server answers as of one moment;
// then the objects in pages, by their ids. An offset would not do: devices without
// a name, or of one name, are in no order, and GraphQL has none to ask for.
func (s *Source) everything(ctx context.Context, kind inventory.Kind, contexts bool) (map[string][]*record, error) {
	places, err := s.places(ctx)
	if err != nil {
		return nil, err
	}
	v, err := s.api.version(ctx)
	if err != nil {
		return nil, err
	}
	total, err := s.count(ctx, kind)
	if err != nil {
		return nil, err
	}
	got := map[string][]*record{}
	if err := s.api.graphql(ctx, string(kind)+"s", fmt.Sprintf("{ids: %s{id}%s}", list(kind), having(kind, v, "")), nil, &got); err != nil {
		return nil, err
	}
	if total != len(got["ids"]) {
		return nil, fmt.Errorf("%w: Nautobot counts %d and gave %d", webapi.ErrChanged, total, len(got["ids"]))
	}
	query := fmt.Sprintf("query($ids: [String]){objects: %s(id: $ids){%s}}", list(kind), fields(kind, v, 0, contexts))
	if got["objects"], err = s.pages(ctx, string(kind)+"s", query, got["ids"]); err != nil {
		return nil, err
	}
	return got, located(got["objects"], places)
}

// pages reads the objects of a list of ids in pages. One that is not there any
// more tells that the list has changed.
func (s *Source) pages(ctx context.Context, what, query string, list []*record) ([]*record, error) {
	all := make([]*record, 0, len(list))
	seen := webapi.Seen[string]{}
	for some := range slices.Chunk(list, pageSize) {
		ids := make([]string, len(some))
		for i, r := range some {
			ids[i] = r.ID
		}
		var page struct{ Objects []*record }
		if err := s.api.graphql(ctx, fmt.Sprintf("%s from the %d. on", what, len(all)+1), query, map[string]any{"ids": ids}, &page); err != nil {
			return nil, err
		}
		for _, r := range page.Objects {
			if !seen.New(r.ID) {
				return nil, webapi.ErrChanged
			}
		}
		if len(page.Objects) != len(some) {
			return nil, fmt.Errorf("%w: of %d objects that were there, %d came", webapi.ErrChanged, len(some), len(page.Objects))
		}
		all = append(all, page.Objects...)
	}
	return all, nil
}

// located gives the records their places. One of which nothing is known came after
// the places were read.
func located(records []*record, places map[string]*location) error {
	for _, r := range records {
		for _, at := range []**location{&r.Location, r.clusterLocation()} {
			if at == nil || *at == nil {
				continue
			}
			found := places[(*at).ID]
			if found == nil {
				return fmt.Errorf("%w: location %s was not there before", webapi.ErrChanged, (*at).ID)
			}
			*at = found
		}
	}
	return nil
}

// count is how many objects of a kind the token sees. Unlike GraphQL, REST
// refuses a token that may see none.
func (s *Source) count(ctx context.Context, kind inventory.Kind) (int, error) {
	var page struct{ Count *int }
	path := place(kind) + "?limit=1&depth=0"
	needs := permission("view", kind)
	if err := s.api.Get(ctx, path, needs, &page); err != nil {
		return 0, err
	}
	if page.Count == nil {
		return 0, s.api.NoList(webapi.Request{Method: http.MethodGet, Path: path})
	}
	return *page.Count, nil
}

// places are all places by id, each with those above it. One question: there are
// far fewer than devices, and little is asked of each.
func (s *Source) places(ctx context.Context) (map[string]*location, error) {
	var got struct{ Objects []*location }
	if err := s.api.graphql(ctx, "locations", "{objects: locations{id name location_type{name} parent{id}}}", nil, &got); err != nil {
		return nil, err
	}
	byID := map[string]*location{}
	for _, l := range got.Objects {
		byID[l.ID] = l
	}
	for _, l := range got.Objects {
		if l.Parent != nil {
			l.Parent = byID[l.Parent.ID]
		}
	}
	return byID, nil
}

// deep completes places that are deeper than was asked for.
func (s *Source) deep(ctx context.Context, records []*record) error {
	var places map[string]*location
	for _, r := range records {
		for at := r.place(); at != nil; at = at.Parent {
			if at.Parent == nil || at.Parent.Name != "" {
				continue
			}
			if places == nil {
				var err error
				if places, err = s.places(ctx); err != nil {
					return err
				}
			}
			at.Parent = places[at.Parent.ID]
		}
	}
	return nil
}

// upToTheSite is an error if the token does not see all places up to the site of
// an object: what is above a hidden one is not there for it, and a place below the
// site would be taken for the site.
func (s *Source) upToTheSite(ctx context.Context, kind inventory.Kind, records []*record) error {
	tops := map[string]*record{} // those of places that are within no site, by the id of the topmost
	for _, r := range records {
		top, typed := s.top(r.place())
		switch {
		case !typed:
			return s.weak(kind, r, "dcim.view_locationtype")
		case top != nil:
			tops[top.ID] = r
		}
	}
	if len(tops) == 0 {
		return nil
	}
	var got struct{ Objects []*location }
	query := "query($ids: [String]){objects: locations(id: $ids, parent__isnull: false){id}}"
	if err := s.api.graphql(ctx, "locations", query, map[string]any{"ids": slices.Sorted(maps.Keys(tops))}, &got); err != nil {
		return err
	}
	for _, l := range got.Objects {
		if r := tops[l.ID]; r != nil {
			return s.weak(kind, r, "dcim.view_location")
		}
	}
	return nil
}

// top is the topmost place if none is the site; typed tells that the token sees of
// which type each is, up to the site.
func (s *Source) top(l *location) (top *location, typed bool) {
	for ; l != nil; l = l.Parent {
		switch {
		case l.Type == nil:
			return nil, false
		case s.isSite(l):
			return nil, true
		}
		top = l
	}
	return top, true
}
