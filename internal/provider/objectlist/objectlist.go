// Package objectlist is what the data sources that list the source of truth have
// in common: filters, what is told of an object, and the reading.
package objectlist

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
)

// Source is what is asked of the configured provider.
type Source interface {
	Objects(ctx context.Context, kind inventory.Kind, f inventory.Filter) ([]inventory.Object, error)
	// Warnings are sentences about the source that nobody has brought to the user.
	Warnings() []string
}

var _ Source = (*client.Client)(nil)

// Selection is the part of a configuration that selects objects.
type Selection struct {
	Sites        []string            `tfsdk:"sites"`
	Roles        []string            `tfsdk:"roles"`
	Tenants      []string            `tfsdk:"tenants"`
	Platforms    []string            `tfsdk:"platforms"`
	Statuses     []string            `tfsdk:"statuses"`
	Tags         []string            `tfsdk:"tags"`
	CustomFields map[string][]string `tfsdk:"custom_fields"`
}

// Filter is a [Selection] that must find something, unless it is said otherwise.
type Filter struct {
	Selection
	AllowEmpty types.Bool `tfsdk:"allow_empty"`
}

// FilterAttributes are the attributes of a [Filter].
func FilterAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"sites":     planning.Filter("Sites."),
		"roles":     planning.Filter("Roles."),
		"tenants":   planning.Filter("Tenants."),
		"platforms": planning.Filter("Platforms."),
		"statuses":  planning.Filter("Statuses. The resources take only the provider's `statuses`."),
		"tags":      planning.Filter("Tags."),
		"custom_fields": schema.MapAttribute{
			Optional: true, ElementType: types.ListType{ElemType: types.StringType},
			MarkdownDescription: "Values of custom fields, by the name of the field. Any of a list matches; every field must.",
		},
		"allow_empty": planning.AllowEmpty("a mistyped filter would otherwise plan to forget everything"),
	}
}

// Inventory is the selection in the words of the source.
func (f Selection) Inventory() inventory.Filter {
	return inventory.Filter{
		Sites: f.Sites, Roles: f.Roles, Tenants: f.Tenants, Platforms: f.Platforms,
		Statuses: f.Statuses, Tags: f.Tags, CustomFields: f.CustomFields,
	}
}

// text says the filter in words, for an error.
func (f Selection) text() string {
	parts := []string{}
	add := func(name string, values []string) {
		if len(values) > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", name, strings.Join(values, " or ")))
		}
	}
	add("site", f.Sites)
	add("role", f.Roles)
	add("tenant", f.Tenants)
	add("platform", f.Platforms)
	add("status", f.Statuses)
	add("tag", f.Tags)
	for _, name := range slices.Sorted(maps.Keys(f.CustomFields)) {
		add("custom field "+name, f.CustomFields[name])
	}
	if len(parts) == 0 {
		return "any name at all"
	}
	return strings.Join(parts, " and ")
}

// Object is what is told of an object; what the source does not say is null.
type Object struct {
	ID         types.String `tfsdk:"id"`
	Name       types.String `tfsdk:"name"`
	Host       types.String `tfsdk:"host"`
	PrimaryIP4 types.String `tfsdk:"primary_ip4"`
	PrimaryIP6 types.String `tfsdk:"primary_ip6"`
	DNSName    types.String `tfsdk:"dns_name"`
	Platform   types.String `tfsdk:"platform"`
	Site       types.String `tfsdk:"site"`
	Location   types.String `tfsdk:"location"`
	Role       types.String `tfsdk:"role"`
	Tenant     types.String `tfsdk:"tenant"`
	Cluster    types.String `tfsdk:"cluster"`
	Status     types.String `tfsdk:"status"`
	Tags       []string     `tfsdk:"tags"`
	URL        types.String `tfsdk:"url"`
}

// ObjectAttributes are the attributes of an [Object].
func ObjectAttributes() map[string]schema.Attribute {
	field := func(what string) schema.Attribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: what + " Null when the source of truth does not say."}
	}
	return map[string]schema.Attribute{
		"id":          schema.StringAttribute{Computed: true, MarkdownDescription: "The source's own id, which is the key of the map; in an inventory file the name."},
		"name":        schema.StringAttribute{Computed: true, MarkdownDescription: "Name."},
		"host":        field("Address or DNS name that leads to it."),
		"primary_ip4": field("Primary IPv4 address."),
		"primary_ip6": field("Primary IPv6 address."),
		"dns_name":    field("DNS name of the primary address."),
		"platform":    field("Platform."),
		"site":        field("Site."),
		"location":    field("Location below the site."),
		"role":        field("Role."),
		"tenant":      field("Tenant."),
		"cluster":     field("Cluster."),
		"status":      field("Status."),
		"tags":        schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Tags."},
		"url":         field("Where a person finds it."),
	}
}

// Of is an object as it is told.
func Of(o inventory.Object) Object {
	return Object{
		ID: Text(o.ID), Name: Text(o.Name), Host: Text(o.Host), PrimaryIP4: Text(o.PrimaryIP4), PrimaryIP6: Text(o.PrimaryIP6), DNSName: Text(o.DNSName),
		Platform: Text(o.Platform), Site: Text(o.Site), Location: Text(o.Location), Role: Text(o.Role), Tenant: Text(o.Tenant),
		Cluster: Text(o.Cluster), Status: Text(o.Status), Tags: append([]string{}, o.Tags...), URL: Text(o.URL),
	}
}

// Text is a string that is null when empty.
func Text(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

// Read lists the objects of a kind by their ids; convert makes what the map holds.
func Read[T any](ctx context.Context, source Source, kind inventory.Kind, f Filter, convert func(inventory.Object) T) (map[string]T, diag.Diagnostics) {
	diags := planning.Ready(source)
	if diags.HasError() {
		return nil, diags
	}
	objects, err := source.Objects(ctx, kind, f.Inventory())
	diags.Append(planning.Warnings("The source of truth.", source.Warnings())...)
	if err != nil {
		diags.AddError("The source of truth could not be read", err.Error())
		return nil, diags
	}
	if len(objects) == 0 && !f.AllowEmpty.ValueBool() {
		diags.AddError("No "+string(kind)+" matches",
			fmt.Sprintf("The source of truth has no %s with %s. Mend the filter, or set allow_empty = true if an empty map is right.", kind, f.text()))
		return nil, diags
	}
	found := make(map[string]T, len(objects))
	for _, o := range objects {
		found[o.ID] = convert(o)
	}
	return found, diags
}
