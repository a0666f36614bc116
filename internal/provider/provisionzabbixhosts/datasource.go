// Package provisionzabbixhosts is the data source provision_zabbix_hosts: the
// hosts that are in Zabbix, for generated import blocks.
package provisionzabbixhosts

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tfdiag"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

var _ datasource.DataSourceWithConfigure = (*DataSource)(nil)

// lister is what this package asks of the configured provider.
type lister interface {
	Hosts(ctx context.Context, f client.HostFilter) ([]*zabbix.Host, error)
	HostURL(id string) string
}

var _ lister = (*client.Client)(nil)

// DataSource is the data source provision_zabbix_hosts.
type DataSource struct{ source lister }

// NewDataSource makes the data source.
func NewDataSource() datasource.DataSource { return &DataSource{} }

// Metadata implements datasource.DataSource.
func (d *DataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_zabbix_hosts"
}

// Schema implements datasource.DataSource.
func (d *DataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the hosts in Zabbix that the API's user sees, as a map for the `for_each` of `import` blocks.\n\n" +
			"A host must match every filter that is given.\n\n" +
			"Do not use it for the `for_each` of a resource: a host that no longer matches would drop out of the configuration, and the plan would destroy it. " +
			"Give the resource a list of your own, as the example does.",
		Attributes: map[string]schema.Attribute{
			"host_groups": planning.Filter("Host groups, by name."),
			"templates":   planning.Filter("Templates that are linked directly, by technical name."),
			"tags": schema.MapAttribute{
				Optional: true, ElementType: types.ListType{ElemType: types.StringType},
				MarkdownDescription: "Tags: the values of each name, of which any matches; every name must.",
			},
			"allow_empty": planning.AllowEmpty("a mistyped filter or a lost permission would look the same"),
			"hosts": schema.MapNestedAttribute{
				Computed: true, MarkdownDescription: "The hosts, by technical name.",
				NestedObject: schema.NestedAttributeObject{Attributes: hostAttributes()},
			},
		},
	}
}

// hostAttributes is one host of the map.
func hostAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":           schema.StringAttribute{Computed: true, MarkdownDescription: "The hostid."},
		"host":         schema.StringAttribute{Computed: true, MarkdownDescription: "Technical name."},
		"visible_name": schema.StringAttribute{Computed: true, MarkdownDescription: "Visible name."},
		"enabled":      schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the host is monitored."},
		"host_groups":  schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Host groups."},
		"templates":    schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Templates that are linked directly."},
		"url":          schema.StringAttribute{Computed: true, MarkdownDescription: "The host's latest data in Zabbix."},
	}
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *DataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	source, diags := planning.Configured[lister](req.ProviderData)
	d.source = source
	resp.Diagnostics.Append(diags...)
}

// Read asks Zabbix.
func (d *DataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data model
	resp.Diagnostics.Append(planning.Ready(d.source)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	if resp.Diagnostics.HasError() {
		return
	}
	hosts, err := d.source.Hosts(ctx, data.filter())
	if err != nil {
		resp.Diagnostics.Append(tfdiag.HostError("provision_zabbix_hosts", err))
		return
	}
	if len(hosts) == 0 && !data.AllowEmpty.ValueBool() {
		resp.Diagnostics.AddError("No host matches",
			"Zabbix has no such host that the API's user may see. Mend the filter or the permissions, or set allow_empty = true if an empty map is right.")
		return
	}
	data.set(hosts, d.source.HostURL)
	resp.Diagnostics.Append(resp.State.Set(ctx, data)...)
}
