package zabbixagenthost

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/tfdiag"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

var _ datasource.DataSourceWithConfigure = (*DataSource)(nil)

// DataSource is the data source zabbix_agent_host.
type DataSource struct{ backend }

// NewDataSource makes the data source.
func NewDataSource() datasource.DataSource { return &DataSource{} }

// found is the data source's configuration and what it read.
type found struct {
	ID            types.String `tfsdk:"id"`
	Host          types.String `tfsdk:"host"`
	VisibleName   types.String `tfsdk:"visible_name"`
	Description   types.String `tfsdk:"description"`
	Enabled       types.Bool   `tfsdk:"enabled"`
	Interface     types.Object `tfsdk:"interface"`
	Templates     types.Set    `tfsdk:"templates"`
	HostGroups    types.Set    `tfsdk:"host_groups"`
	Tags          types.Map    `tfsdk:"tags"`
	Macros        types.Map    `tfsdk:"macros"`
	Inventory     types.Map    `tfsdk:"inventory"`
	InventoryMode types.String `tfsdk:"inventory_mode"`
	Proxy         types.String `tfsdk:"proxy"`
	ProxyGroup    types.String `tfsdk:"proxy_group"`
	TLS           types.Object `tfsdk:"tls"`
	AgentState    types.String `tfsdk:"agent_state"`
	URL           types.String `tfsdk:"url"`
}

// Metadata implements datasource.DataSource.
func (d *DataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = typeName
}

// Schema implements datasource.DataSource.
func (d *DataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	text := func(what string) schema.Attribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: what}
	}
	set := func(what string) schema.Attribute {
		return schema.SetAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: what}
	}
	one := []validator.String{stringvalidator.LengthAtLeast(1)}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Looks at one host in Zabbix, by its technical name or its hostid. It changes nothing.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				Optional: true, Computed: true, Validators: append(one, stringvalidator.ExactlyOneOf(at("host"))),
				MarkdownDescription: "The hostid.",
			},
			"host":           schema.StringAttribute{Optional: true, Computed: true, Validators: one, MarkdownDescription: "Technical name."},
			"visible_name":   text("Visible name."),
			"description":    text("Description."),
			"enabled":        schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the host is monitored."},
			"interface":      schema.ObjectAttribute{Computed: true, AttributeTypes: interfaceType().AttrTypes, MarkdownDescription: "The main agent interface: `ip`, `dns`, `port` and `use`. Null when there is none."},
			"templates":      set("Templates that are linked directly, by technical name."),
			"host_groups":    set("Host groups."),
			"tags":           schema.MapAttribute{Computed: true, ElementType: tagType(), MarkdownDescription: "Tags: the values of each name."},
			"macros":         schema.MapAttribute{Computed: true, ElementType: macroType(), MarkdownDescription: "User macros by name, without the secret ones: `value`, `description` and `type`."},
			"inventory":      schema.MapAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "Inventory fields that are not empty."},
			"inventory_mode": text("`disabled`, `manual` or `automatic`."),
			"proxy":          text("Proxy that monitors the host. Null when none does."),
			"proxy_group":    text("Proxy group that monitors the host. Null when none does."),
			"tls":            schema.ObjectAttribute{Computed: true, AttributeTypes: tlsType().AttrTypes, MarkdownDescription: "Encryption: `connect`, `accept`, `psk_identity`, `issuer` and `subject`."},
			"agent_state":    text("What Zabbix says of the agent interface: `available`, `unavailable` or `unknown`; `none` without one."),
			"url":            text("The host's latest data in Zabbix."),
		},
	}
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *DataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	b, diags := newBackend(req.ProviderData)
	d.backend = b
	resp.Diagnostics.Append(diags...)
}

// Read asks Zabbix. A host that is not there is an error.
func (d *DataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var data found
	resp.Diagnostics.Append(d.ready()...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &data)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	ref := data.ref()
	seen, err := d.core.LookAtHost(ctx, ref)
	switch {
	case err != nil:
		resp.Diagnostics.Append(tfdiag.HostErrors(ref.Name, err)...)
		return
	case seen.Summary.Host == nil:
		resp.Diagnostics.AddError(ref.Name+": there is no such host", notThere)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, d.convert(seen.Summary.Host))...)
}

// ref says which host is meant.
func (f found) ref() zabbix.Ref {
	if id := f.ID.ValueString(); id != "" {
		return zabbix.Ref{Name: idPrefix + id, ID: id}
	}
	return zabbix.Ref{Name: f.Host.ValueString(), Host: f.Host.ValueString()}
}

// convert is a host as the data source shows it: everything that is there.
func (d *DataSource) convert(h *zabbix.Host) found {
	m := sight{host: h, all: true}.of(empty())
	return found{
		ID: m.ID, Host: m.Host, VisibleName: m.VisibleName, Description: m.Description, Enabled: m.Enabled, Interface: m.Interface,
		Templates: m.Templates, HostGroups: m.HostGroups, Tags: m.Tags, Macros: m.Macros, Inventory: m.Inventory,
		InventoryMode: m.InventoryMode, Proxy: m.Proxy, ProxyGroup: m.ProxyGroup, TLS: m.TLS, AgentState: m.AgentState,
		URL: types.StringValue(d.core.HostURL(h.ID)),
	}
}
