package netbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// fields are what is asked for of a device or virtual machine.
func fields(kind inventory.Kind, context bool) string {
	f := "id,name,role,tenant,platform,site,cluster,status,primary_ip,primary_ip4,primary_ip6,tags,custom_fields"
	if kind == inventory.Device {
		f += ",device_type,location,oob_ip"
	}
	if context {
		f += ",config_context"
	}
	return f
}

// record is a device or virtual machine on the wire.
type record struct {
	ID         int     `json:"id"`
	Name       *string `json:"name"` // devices may have none
	DeviceType *struct {
		Model        string   `json:"model"`
		Manufacturer *related `json:"manufacturer"`
	} `json:"device_type"`
	Role     *related `json:"role"`
	Tenant   *related `json:"tenant"`
	Platform *related `json:"platform"`
	Site     *related `json:"site"`
	Location *related `json:"location"`
	Cluster  *related `json:"cluster"`
	Status   *struct {
		Value string `json:"value"`
	} `json:"status"`
	Primary  *address       `json:"primary_ip"` // of both families' the preferred one
	Primary4 *address       `json:"primary_ip4"`
	Primary6 *address       `json:"primary_ip6"`
	OOB      *address       `json:"oob_ip"`
	Tags     []related      `json:"tags"`
	Custom   map[string]any `json:"custom_fields"`
	Context  map[string]any `json:"config_context"`
}

func (r record) id() int { return r.ID }

// related is an object that another one refers to.
type related struct {
	ID    int    `json:"id"`
	Name  string `json:"name"`
	Slug  string `json:"slug"`
	Depth int    `json:"_depth"` // of a location: 0 at the top of its site
}

// address is an IP address of an object.
type address struct {
	ID      int     `json:"id"`
	Address string  `json:"address"`
	DNSName *string `json:"dns_name"` // nil: NetBox does not say
}

func (a address) id() int { return a.ID }

// location is a location with the way to its parent.
type location struct {
	ID     int      `json:"id"`
	Name   string   `json:"name"`
	Parent *related `json:"parent"`
}

func (l location) id() int { return l.ID }

// shortened says which part of an object came without what it always has, and
// which permission that is missing; empty for none.
func (r record) shortened() (part, permission string) {
	for _, look := range []func() (part, permission string){r.shortRelation, r.shortTag, r.shortType, r.shortAddress} {
		if part, permission = look(); part != "" {
			return part, permission
		}
	}
	return "", ""
}

func (r record) shortRelation() (part, permission string) {
	for _, p := range []struct {
		part       string
		of         *related
		permission string
	}{
		{"role", r.Role, "view on dcim.devicerole"},
		{"tenant", r.Tenant, "view on tenancy.tenant"},
		{"platform", r.Platform, "view on dcim.platform"},
		{"site", r.Site, "view on dcim.site"},
		{"location", r.Location, "view on dcim.location"},
		{"cluster", r.Cluster, "view on virtualization.cluster"},
	} {
		if p.of != nil && p.of.Name == "" {
			return p.part, p.permission
		}
	}
	if r.Platform != nil && r.Platform.Slug == "" {
		return "platform", "view on dcim.platform"
	}
	return "", ""
}

func (r record) shortTag() (part, permission string) {
	if slices.ContainsFunc(r.Tags, func(t related) bool { return t.Name == "" }) {
		return "tags", "view on extras.tag"
	}
	return "", ""
}

func (r record) shortType() (part, permission string) {
	if t := r.DeviceType; t != nil && (t.Model == "" || t.Manufacturer.name() == "") {
		return "device_type", "view on dcim.devicetype and dcim.manufacturer"
	}
	return "", ""
}

func (r record) shortAddress() (part, permission string) {
	short := func(a *address) bool { return a != nil && a.Address == "" }
	noneOfTwo := r.Primary == nil && (r.Primary4 != nil || r.Primary6 != nil)
	if noneOfTwo || slices.ContainsFunc([]*address{r.Primary, r.Primary4, r.Primary6, r.OOB}, short) {
		return "IP address", "view on ipam.ipaddress"
	}
	return "", ""
}

// object is a record in the words of the inventory. Without context it has none.
func (r record) object(kind inventory.Kind, base string) inventory.Object {
	o := inventory.Object{
		Kind: kind, ID: fmt.Sprint(r.ID), URL: fmt.Sprintf("%s/%s%d/", base, place(kind), r.ID),
		Role: r.Role.name(), Tenant: r.Tenant.name(), Site: r.Site.name(), Location: r.Location.name(), Cluster: r.Cluster.name(),
		PrimaryIP4: r.Primary4.host(), PrimaryIP6: r.Primary6.host(), OOBIP: r.OOB.host(), Host: r.Primary.host(),
	}
	if r.Name != nil {
		o.Name = *r.Name
	}
	if r.Platform != nil {
		o.Platform = r.Platform.Slug
	}
	if r.DeviceType != nil {
		o.Model, o.Vendor = r.DeviceType.Model, r.DeviceType.Manufacturer.name()
	}
	if r.Status != nil {
		o.Status = r.Status.Value
	}
	o.DNSName, o.DNSName4, o.DNSName6 = r.Primary.dns(), r.Primary4.dns(), r.Primary6.dns()
	for _, t := range r.Tags {
		o.Tags = append(o.Tags, t.Name)
	}
	if r.Custom != nil {
		o.CustomFields = make(map[string]any, len(r.Custom))
		for name, value := range r.Custom {
			o.CustomFields[name] = plainField(value)
		}
	}
	if r.Context != nil {
		o.ConfigContext = plain(r.Context).(map[string]any)
	}
	return o
}

// name is the name, empty for none.
func (r *related) name() string {
	if r == nil {
		return ""
	}
	return r.Name
}

// host is the address without its prefix length, empty for none.
func (a *address) host() string {
	if a == nil {
		return ""
	}
	host, _, _ := strings.Cut(a.Address, "/")
	return host
}

// dns is the DNS name of the address, empty for none.
func (a *address) dns() string {
	if a == nil || a.DNSName == nil {
		return ""
	}
	return *a.DNSName
}

// plainField is the value of a custom field. A choice that has a label gives its
// value.
func plainField(v any) any {
	switch v := v.(type) {
	case map[string]any:
		_, labelled := v["label"]
		if value, ok := v["value"]; ok && labelled && len(v) == 2 {
			return plain(value)
		}
	case []any:
		list := make([]any, len(v))
		for i, one := range v {
			list[i] = plainField(one)
		}
		return list
	}
	return plain(v)
}

// plain makes plain values of decoded JSON: whole numbers are int64, others
// float64.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return f
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, one := range v {
			out[k] = plain(one)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = plain(one)
		}
		return out
	}
	return v
}

// label is what errors call a record.
func (r record) label(kind inventory.Kind) string {
	name := ""
	if r.Name != nil {
		name = *r.Name
	}
	return fmt.Sprintf("%s %s", kind, cmp.Or(name, fmt.Sprint(r.ID)))
}
