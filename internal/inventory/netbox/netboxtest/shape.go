package netboxtest

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// list answers with one page of a list of n; at gives one of them. Filters that
// it does not know are ignored, as NetBox does.
func (s *Server) list(w http.ResponseWriter, r *http.Request, n int, at func(i int) map[string]any) {
	query := r.URL.Query()
	limit, _ := strconv.Atoi(query.Get("limit"))
	if limit <= 0 || limit > s.opts.MaxPageSize {
		limit = s.opts.MaxPageSize
	}
	offset, _ := strconv.Atoi(query.Get("offset"))
	results := []map[string]any{}
	for i := min(offset, n); i < min(offset+limit, n); i++ {
		results = append(results, picked(at(i), r))
	}
	answer(w, http.StatusOK, map[string]any{"count": n, "next": nil, "previous": nil, "results": results})
}

// picked leaves the fields that were asked for.
func picked(o map[string]any, r *http.Request) map[string]any {
	query := r.URL.Query()
	if query.Get("fields") == "" {
		return o
	}
	fields := strings.Split(query.Get("fields"), ",")
	o = maps.Clone(o)
	maps.DeleteFunc(o, func(name string, _ any) bool { return !slices.Contains(fields, name) })
	return o
}

// shape is an object on the wire, in this version's shape.
func (s *Server) shape(o inventory.Object) map[string]any {
	id, _ := strconv.Atoi(o.ID)
	shaped := map[string]any{
		"id": id, "name": textOrNil(o.Name), "display": o.Name,
		"role": named(o.Role), "tenant": named(o.Tenant), "platform": named(o.Platform), "site": named(o.Site), "cluster": named(o.Cluster),
		"status":      map[string]any{"value": o.Status, "label": o.Status},
		"primary_ip4": s.address(o, o.PrimaryIP4), "primary_ip6": s.address(o, o.PrimaryIP6), "primary_ip": s.address(o, o.Host),
		"tags": s.tags(o), "custom_fields": s.customFields(o), "config_context": o.ConfigContext, "comments": "not asked for",
	}
	if o.ConfigContext == nil {
		shaped["config_context"] = map[string]any{}
	}
	if o.Kind == inventory.VirtualMachine {
		return shaped
	}
	shaped["oob_ip"] = s.address(o, o.OOBIP)
	shaped["device_type"] = map[string]any{"id": 1, "model": o.Model, "slug": "x", "manufacturer": named(o.Vendor)}
	shaped["location"] = s.location(o)
	if !s.atLeast(4, 0) {
		shaped["device_role"] = shaped["role"]
	}
	return shaped
}

func textOrNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// named is an object that another one refers to. Names and slugs are the same.
func named(name string) any {
	if name == "" {
		return nil
	}
	return map[string]any{"id": 1, "url": "http://netbox.invalid/api/x/1/", "display": name, "name": name, "slug": name}
}

// address is an IP address as a part of an object.
func (s *Server) address(o inventory.Object, text string) any {
	if text == "" {
		return nil
	}
	shaped := map[string]any{"id": s.addressID(o, text), "url": "http://netbox.invalid/api/ipam/ip-addresses/1/", "address": text + "/24", "family": 4}
	if s.atLeast(4, 0) {
		shaped["family"] = map[string]any{"value": 4, "label": "IPv4"}
	}
	if s.atLeast(4, 7) {
		shaped["dns_name"] = dnsName(o, text)
	}
	return shaped
}

// dnsName is the DNS name of an address of an object.
func dnsName(o inventory.Object, text string) string {
	switch text {
	case o.PrimaryIP4:
		return o.DNSName4
	case o.PrimaryIP6:
		return o.DNSName6
	}
	return ""
}

// addressID tells addresses apart.
func (s *Server) addressID(o inventory.Object, text string) int {
	id, _ := strconv.Atoi(o.ID)
	id *= 10
	if o.Kind == inventory.VirtualMachine {
		id += 5
	}
	return id + slices.Index([]string{o.PrimaryIP4, o.PrimaryIP6, o.OOBIP}, text)
}

// addressList are all addresses, or those with these ids.
func (s *Server) addressList(ids []string) []map[string]any {
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[id] = true
	}
	list := []map[string]any{}
	for _, objects := range s.objects {
		for _, o := range objects {
			for _, text := range []string{o.PrimaryIP4, o.PrimaryIP6, o.OOBIP} {
				id := s.addressID(o, text)
				if text == "" || len(ids) > 0 && !wanted[strconv.Itoa(id)] {
					continue
				}
				list = append(list, map[string]any{"id": id, "address": text + "/24", "dns_name": dnsName(o, text)})
			}
		}
	}
	slices.SortFunc(list, func(a, b map[string]any) int { return cmp.Compare(a["id"].(int), b["id"].(int)) })
	return list
}

func (s *Server) tags(o inventory.Object) []any {
	tags := []any{}
	for _, t := range o.Tags {
		tags = append(tags, named(t))
	}
	return tags
}

// customFields are the custom fields; from 4.7 on choices have labels.
func (s *Server) customFields(o inventory.Object) map[string]any {
	fields := maps.Clone(o.CustomFields)
	if fields == nil {
		fields = map[string]any{}
	}
	if !s.atLeast(4, 7) {
		return fields
	}
	labelled := func(v any) any { return map[string]any{"value": v, "label": fmt.Sprintf("The %v", v)} }
	for _, name := range s.opts.Choices {
		switch v := fields[name].(type) {
		case nil:
		case []any:
			list := []any{}
			for _, one := range v {
				list = append(list, labelled(one))
			}
			fields[name] = list
		default:
			fields[name] = labelled(v)
		}
	}
	return fields
}

// location is the innermost location of an object, "building / room".
func (s *Server) location(o inventory.Object) any {
	if o.Location == "" {
		return nil
	}
	for _, l := range s.locationList() {
		if l["path"] == o.Site+": "+o.Location {
			return map[string]any{"id": l["id"], "name": l["name"], "slug": "x", "_depth": strings.Count(o.Location, " / ")}
		}
	}
	return nil
}

// locationList are all locations.
func (s *Server) locationList() []map[string]any {
	list := []map[string]any{}
	ids := map[string]int{}
	for _, o := range s.objects[inventory.Device] {
		path := o.Site + ":"
		var parent any
		for name := range strings.SplitSeq(o.Location, " / ") {
			if name == "" {
				continue
			}
			if path += " "; strings.HasSuffix(path, ": ") {
				path += name
			} else {
				path += "/ " + name
			}
			if ids[path] == 0 {
				ids[path] = len(ids) + 1
				list = append(list, map[string]any{"id": ids[path], "name": name, "parent": parent, "path": path})
			}
			parent = map[string]any{"id": ids[path], "name": name, "slug": "x"}
		}
	}
	return list
}
