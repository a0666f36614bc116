// Package provisiondevices is the data source provision_devices: the devices
// of the source of truth, for for_each.
package provisiondevices

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
)

var _ datasource.DataSourceWithConfigure = (*DataSource)(nil)

// lister is what this package asks of the configured provider.
type lister interface {
	Devices(ctx context.Context, f inventory.Filter) ([]inventory.Device, error)
}

var _ lister = (*client.Client)(nil)

// DataSource is the data source provision_devices.
type DataSource struct{ source lister }

// NewDataSource makes the data source.
func NewDataSource() datasource.DataSource { return &DataSource{} }

// Metadata implements datasource.DataSource.
func (d *DataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_devices"
}

// Schema implements datasource.DataSource.
func (d *DataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists devices of the source of truth, as a map for `for_each`. It connects to no device.\n\n" +
			"A device must match every filter that is given.",
		Attributes: map[string]schema.Attribute{
			"sites":       planning.Filter("Sites."),
			"roles":       planning.Filter("Roles."),
			"platforms":   planning.Filter("Platforms."),
			"statuses":    planning.Filter("Statuses. `provision_device` takes only the provider's `statuses`."),
			"tags":        planning.Filter("Tags."),
			"allow_empty": planning.AllowEmpty("a mistyped filter would otherwise plan to forget every device"),
			"devices": schema.MapNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The devices, by name.",
				NestedObject:        schema.NestedAttributeObject{Attributes: deviceAttributes()},
			},
		},
	}
}

// deviceAttributes is one device of the map.
func deviceAttributes() map[string]schema.Attribute {
	field := func(what string) schema.Attribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: what + " Null when the source of truth does not say."}
	}
	return map[string]schema.Attribute{
		"name":     schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the device."},
		"host":     field("Address or DNS name."),
		"port":     schema.Int64Attribute{Computed: true, MarkdownDescription: "TCP port. Null when the source of truth does not say."},
		"driver":   field("Driver, where the source of truth names one itself."),
		"platform": field("Platform."),
		"site":     field("Site."),
		"role":     field("Role."),
		"status":   field("Status."),
		"tags":     schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Tags."},
	}
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *DataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	source, diags := planning.Configured[lister](req.ProviderData)
	d.source = source
	resp.Diagnostics.Append(diags...)
}

// Read asks the source of truth.
func (d *DataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data model
	resp.Diagnostics.Append(planning.Ready(d.source)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	if resp.Diagnostics.HasError() {
		return
	}
	devices, err := d.source.Devices(ctx, data.filter())
	if err != nil {
		resp.Diagnostics.AddError("The source of truth could not be read", err.Error())
		return
	}
	if len(devices) == 0 && !data.AllowEmpty.ValueBool() {
		resp.Diagnostics.AddError("No device matches",
			fmt.Sprintf("The source of truth has no device with %s. Mend the filter, or set allow_empty = true if an empty map is right.", data.filterText()))
		return
	}
	data.set(devices)
	resp.Diagnostics.Append(resp.State.Set(ctx, data)...)
}
