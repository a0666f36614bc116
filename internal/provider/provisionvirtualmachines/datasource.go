// Package provisionvirtualmachines is the data source
// provision_virtual_machines: the virtual machines of the source of truth, for
// for_each.
package provisionvirtualmachines

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provider/objectlist"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
)

var _ datasource.DataSourceWithConfigure = (*DataSource)(nil)

// DataSource is the data source provision_virtual_machines.
type DataSource struct{ source objectlist.Source }

// NewDataSource makes the data source.
func NewDataSource() datasource.DataSource { return &DataSource{} }

// model is the data source's configuration and result.
type model struct {
	objectlist.Filter
	VirtualMachines map[string]objectlist.Object `tfsdk:"virtual_machines"`
}

// Metadata implements datasource.DataSource.
func (d *DataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_virtual_machines"
}

// Schema implements datasource.DataSource.
func (d *DataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := objectlist.FilterAttributes()
	attributes["virtual_machines"] = schema.MapNestedAttribute{
		Computed:            true,
		MarkdownDescription: "The virtual machines, by the id of the source of truth, so that another name is not another machine; those of an inventory file by name.",
		NestedObject:        schema.NestedAttributeObject{Attributes: objectlist.ObjectAttributes()},
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists virtual machines of the source of truth, as a map for `for_each`, for example of `zabbix_agent_host`.\n\n" +
			"A virtual machine must match every filter that is given.",
		Attributes: attributes,
	}
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
	machines, diags := objectlist.Read(ctx, d.source, inventory.VirtualMachine, data.Filter, objectlist.Of)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	data.VirtualMachines = machines
	resp.Diagnostics.Append(resp.State.Set(ctx, data)...)
}
