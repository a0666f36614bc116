// Package provisiondevices is the data source provision_devices: the devices
// of the source of truth, for for_each.
package provisiondevices

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provider/objectlist"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
)

var _ datasource.DataSourceWithConfigure = (*DataSource)(nil)

// DataSource is the data source provision_devices.
type DataSource struct{ source objectlist.Source }

// NewDataSource makes the data source.
func NewDataSource() datasource.DataSource { return &DataSource{} }

// model is the data source's configuration and result.
type model struct {
	objectlist.Filter
	Devices map[string]device `tfsdk:"devices"`
}

// device is one device of the result.
type device struct {
	objectlist.Object
	Port   types.Int64  `tfsdk:"port"`
	Driver types.String `tfsdk:"driver"`
	Vendor types.String `tfsdk:"vendor"`
	Model  types.String `tfsdk:"model"`
}

// Metadata implements datasource.DataSource.
func (d *DataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_devices"
}

// Schema implements datasource.DataSource.
func (d *DataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := objectlist.FilterAttributes()
	attributes["devices"] = schema.MapNestedAttribute{
		Computed:            true,
		MarkdownDescription: "The devices, by the id of the source of truth, so that another name is not another device; those of an inventory file by name.",
		NestedObject:        schema.NestedAttributeObject{Attributes: deviceAttributes()},
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists devices of the source of truth, as a map for `for_each`. It connects to no device.\n\n" +
			"A device must match every filter that is given.",
		Attributes: attributes,
	}
}

// deviceAttributes is one device of the map.
func deviceAttributes() map[string]schema.Attribute {
	attributes := objectlist.ObjectAttributes()
	maps.Copy(attributes, map[string]schema.Attribute{
		"port":   schema.Int64Attribute{Computed: true, MarkdownDescription: "TCP port. Null when the source of truth does not say."},
		"driver": schema.StringAttribute{Computed: true, MarkdownDescription: "Driver, where the source of truth names one itself."},
		"vendor": schema.StringAttribute{Computed: true, MarkdownDescription: "Manufacturer. Null when the source of truth does not say."},
		"model":  schema.StringAttribute{Computed: true, MarkdownDescription: "Model. Null when the source of truth does not say."},
	})
	return attributes
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *DataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	source, diags := planning.Configured[objectlist.Source](req.ProviderData)
	d.source = source
	resp.Diagnostics.Append(diags...)
}

// Read asks the source of truth.
func (d *DataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data model
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	if resp.Diagnostics.HasError() {
		return
	}
	devices, diags := objectlist.Read(ctx, d.source, inventory.Device, data.Filter, convert)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	data.Devices = devices
	resp.Diagnostics.Append(resp.State.Set(ctx, data)...)
}

// convert is a device as the map holds it.
func convert(o inventory.Object) device {
	d := device{Object: objectlist.Of(o), Driver: objectlist.Text(o.Driver), Vendor: objectlist.Text(o.Vendor), Model: objectlist.Text(o.Model), Port: types.Int64Null()}
	if o.Port != 0 {
		d.Port = types.Int64Value(int64(o.Port))
	}
	return d
}
