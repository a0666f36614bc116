package nautobot

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// named is something of which only the name is used.
type named struct{ Name string }

// location is a place, with the places it is in.
type location struct {
	ID     string
	Name   string
	Type   *named    `json:"location_type"`
	Parent *location `json:"parent"`
}

// address is an IP address.
type address struct {
	Host    string
	DNSName string `json:"dns_name"`
}

// record is a device or a virtual machine as GraphQL shows it. Of what the token
// may not see there is null, or an empty list.
type record struct {
	ID       string
	Name     *string
	Status   *named
	Role     *named
	Platform *struct {
		Name          string
		NetworkDriver string `json:"network_driver"`
	}
	DeviceType *struct {
		Model        string
		Manufacturer *named
	} `json:"device_type"`
	Tenant   *named
	Location *location
	Cluster  *struct {
		Name     string
		Location *location
	}
	Clusters     []named
	PrimaryIP4   *address       `json:"primary_ip4"`
	PrimaryIP6   *address       `json:"primary_ip6"`
	SecretsGroup *named         `json:"secrets_group"`
	Tags         []named        `json:"tags"`
	Fields       map[string]any `json:"_custom_field_data"`
	Context      map[string]any `json:"config_context"`
}

// clusterLocation is the place of the record's cluster, nil if it has no cluster.
func (r *record) clusterLocation() **location {
	if r.Cluster == nil {
		return nil
	}
	return &r.Cluster.Location
}

// place is where the record is; a virtual machine is where its cluster is.
func (r *record) place() *location {
	if r.Location == nil && r.Cluster != nil {
		return r.Cluster.Location
	}
	return r.Location
}

// hidden is the permission without which something that every object of the kind
// has is not seen; empty if nothing is hidden.
func (r *record) hidden(kind inventory.Kind) string {
	switch {
	case r.Status == nil:
		return "extras.view_status"
	case kind == inventory.VirtualMachine && r.Cluster == nil:
		return "virtualization.view_cluster"
	case kind == inventory.VirtualMachine:
		return ""
	case r.Role == nil:
		return "extras.view_role"
	case r.Location == nil:
		return "dcim.view_location"
	case r.DeviceType == nil:
		return "dcim.view_devicetype"
	case r.DeviceType.Manufacturer == nil:
		return "dcim.view_manufacturer"
	}
	return ""
}

// object is the record in the one model.
func (s *Source) object(kind inventory.Kind, r *record) inventory.Object {
	o := inventory.Object{
		Kind: kind, ID: r.ID, Name: *r.Name,
		Role: name(r.Role), Tenant: name(r.Tenant), SecretsGroup: name(r.SecretsGroup), Status: slug(name(r.Status)),
		CustomFields: plainMap(r.Fields), ConfigContext: plainMap(r.Context),
		URL: s.api.Base + "/" + place(kind) + r.ID + "/",
	}
	for _, tag := range r.Tags {
		o.Tags = append(o.Tags, tag.Name)
	}
	slices.Sort(o.Tags)
	if r.Platform != nil {
		o.Platform = cmp.Or(r.Platform.NetworkDriver, r.Platform.Name)
	}
	if r.DeviceType != nil {
		o.Vendor, o.Model = name(r.DeviceType.Manufacturer), r.DeviceType.Model
	}
	if r.Cluster != nil {
		o.Cluster = r.Cluster.Name
	}
	if len(r.Clusters) > 0 {
		o.Cluster = slices.MinFunc(r.Clusters, func(a, b named) int { return strings.Compare(a.Name, b.Name) }).Name
	}
	o.Site, o.Location = s.site(r.place())
	r.addresses(&o)
	return o
}

// addresses sets the addresses. Nautobot prefers IPv6, unless its own setting
// PREFER_IPV4 says otherwise, which it does not tell.
func (r *record) addresses(o *inventory.Object) {
	if a := r.PrimaryIP4; a != nil {
		o.PrimaryIP4, o.DNSName4 = a.Host, a.DNSName
		o.Host, o.DNSName = a.Host, a.DNSName
	}
	if a := r.PrimaryIP6; a != nil {
		o.PrimaryIP6, o.DNSName6 = a.Host, a.DNSName
		o.Host, o.DNSName = a.Host, a.DNSName
	}
}

// site is the nearest place of the type of sites, else the topmost, and the path
// below it.
func (s *Source) site(l *location) (site, below string) {
	var chain []*location // from the object's own place up
	for ; l != nil; l = l.Parent {
		chain = append(chain, l)
	}
	if len(chain) == 0 {
		return "", ""
	}
	at := slices.IndexFunc(chain, s.isSite)
	if at < 0 {
		at = len(chain) - 1
	}
	var path []string
	for i := at - 1; i >= 0; i-- {
		path = append(path, chain[i].Name)
	}
	return chain[at].Name, strings.Join(path, " / ")
}

// isSite tells whether a place is of the type of sites.
func (s *Source) isSite(l *location) bool {
	return l.Type != nil && strings.EqualFold(l.Type.Name, s.siteType)
}

// name is the name of something, empty if there is none.
func name(n *named) string {
	if n == nil {
		return ""
	}
	return n.Name
}

// slug is the name of a status as the other sources of truth write it: "active".
func slug(name string) string {
	return strings.Join(strings.Fields(strings.ToLower(name)), "-")
}

// plainMap makes plain values of what was read.
func plainMap(m map[string]any) map[string]any {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = plain(v)
	}
	return out
}

// plain makes numbers of what JSON has for numbers: whole ones stay whole.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return int(i)
		}
		if f, err := v.Float64(); err == nil && !strings.ContainsAny(fmt.Sprint(f), "N") {
			return f
		}
		return v.String()
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plain(v[i])
		}
		return out
	case map[string]any:
		if len(v) == 0 {
			return map[string]any{}
		}
		return plainMap(v)
	}
	return v
}
