package provisiondevice

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tfdiag"
)

var _ datasource.DataSourceWithConfigure = (*DataSource)(nil)

// DataSource is the data source provision_device.
type DataSource struct{ backend }

// NewDataSource makes the data source.
func NewDataSource() datasource.DataSource { return &DataSource{} }

// found is the data source's configuration and what it read.
type found struct {
	ID                types.String `tfsdk:"id"`
	Name              types.String `tfsdk:"name"`
	Site              types.String `tfsdk:"site"`
	Tenant            types.String `tfsdk:"tenant"`
	Host              types.String `tfsdk:"host"`
	Port              types.Int64  `tfsdk:"port"`
	Driver            types.String `tfsdk:"driver"`
	Credentials       types.String `tfsdk:"credentials"`
	WithRunningConfig types.Bool   `tfsdk:"with_running_config"`
	Facts             types.Map    `tfsdk:"facts"`
	RunningConfig     types.String `tfsdk:"running_config"`
}

// Metadata implements datasource.DataSource.
func (d *DataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_device"
}

// Schema implements datasource.DataSource.
func (d *DataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	one := []validator.String{stringvalidator.LengthAtLeast(1)}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Looks at one network device: what it is and, when asked for, what it runs. It changes nothing on it.",
		Attributes: map[string]schema.Attribute{
			"id":          schema.StringAttribute{Computed: true, MarkdownDescription: "The same as `name`."},
			"name":        schema.StringAttribute{Required: true, Validators: one, MarkdownDescription: "Name of the device in the source of truth."},
			"site":        schema.StringAttribute{Optional: true, Validators: one, MarkdownDescription: "Site of the device, where the source of truth has the name more than once."},
			"tenant":      schema.StringAttribute{Optional: true, Validators: one, MarkdownDescription: "Tenant of the device, where the source of truth has the name more than once."},
			"host":        schema.StringAttribute{Optional: true, Computed: true, Validators: one, MarkdownDescription: "Address or DNS name. Default: from the source of truth."},
			"port":        schema.Int64Attribute{Optional: true, Computed: true, Validators: []validator.Int64{int64validator.Between(1, 65535)}, MarkdownDescription: "TCP port. Default: from the source of truth, the credentials entry, or the driver."},
			"driver":      schema.StringAttribute{Optional: true, Computed: true, Validators: one, MarkdownDescription: "Driver that speaks to the device. Default: from the source of truth."},
			"credentials": schema.StringAttribute{Optional: true, Validators: one, MarkdownDescription: "Name of the entry of the provider's `credentials`. Default: the entry that the source of truth names, else `default`."},
			"with_running_config": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "`true`: read the running configuration too. It is raw, with the secrets that the device shows, and it goes into the state. Default `false`.",
			},
			"facts": schema.MapAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "What the device says about itself: `hostname`, `version`, `model` and what else its driver can learn.",
			},
			"running_config": schema.StringAttribute{
				Computed: true, Sensitive: true,
				MarkdownDescription: "The running configuration in the device's own words, with `with_running_config = true`; else null.",
			},
		},
	}
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *DataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	b, diags := newBackend(req.ProviderData)
	d.backend = b
	resp.Diagnostics.Append(diags...)
}

// Read asks the device.
func (d *DataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data found
	resp.Diagnostics.Append(d.ready()...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	diags, err := d.look(ctx, &data)
	resp.Diagnostics.Append(warnings(data.Name.ValueString(), d.core.Warnings())...)
	if err != nil {
		resp.Diagnostics.Append(tfdiag.Error(data.Name.ValueString(), err))
		return
	}
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(resp.State.Set(ctx, data)...)
}

// look fills in what the source of truth and the device say.
func (d *DataSource) look(ctx context.Context, data *found) (diag.Diagnostics, error) {
	e, err := d.core.Resolve(ctx, data.ref())
	if err != nil {
		return nil, err
	}
	facts, err := d.core.Facts(ctx, e)
	if err != nil {
		return nil, err
	}
	data.RunningConfig = types.StringNull()
	if data.WithRunningConfig.ValueBool() {
		seen, err := d.core.Observe(ctx, e)
		if err != nil {
			return nil, err
		}
		data.RunningConfig = types.StringValue(string(seen.Running.Raw))
	}
	data.ID = data.Name
	data.Host = types.StringValue(e.Device.Host)
	data.Port = types.Int64Value(int64(e.Port))
	data.Driver = types.StringValue(e.Driver.Name())
	var diags diag.Diagnostics
	data.Facts, diags = types.MapValueFrom(ctx, types.StringType, facts)
	return diags, nil
}

// ref says which device is meant.
func (f found) ref() client.Ref {
	return client.Ref{
		Name:        f.Name.ValueString(),
		Site:        f.Site.ValueString(),
		Tenant:      f.Tenant.ValueString(),
		Host:        f.Host.ValueString(),
		Port:        int(f.Port.ValueInt64()),
		Driver:      f.Driver.ValueString(),
		Credentials: f.Credentials.ValueString(),
	}
}
