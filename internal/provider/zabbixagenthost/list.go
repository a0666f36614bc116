package zabbixagenthost

import (
	"context"
	"iter"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tfdiag"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

var _ list.ListResourceWithConfigure = (*List)(nil)

// lister is what the list asks of the configured provider.
type lister interface {
	Hosts(ctx context.Context, f client.HostFilter) ([]*zabbix.Host, error)
	HostDefaults() client.HostDefaults
	HostURL(id string) string
}

var _ lister = (*client.Client)(nil)

// List lists the hosts in Zabbix for a query.
type List struct{ source lister }

// NewList makes the list.
func NewList() list.ListResource { return &List{} }

// listed is the configuration of a list block.
type listed struct {
	HostGroups []string            `tfsdk:"host_groups"`
	Templates  []string            `tfsdk:"templates"`
	Tags       map[string][]string `tfsdk:"tags"`
}

// Metadata implements list.ListResource.
func (l *List) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = typeName
}

// ListResourceConfigSchema implements list.ListResource.
func (l *List) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the hosts in Zabbix that the API's user sees, for `terraform query` and for the `import` blocks and configurations that it writes. " +
			"A host must match every filter that is given. Values of secret macros and keys are not listed: Zabbix does not tell them.",
		Attributes: map[string]schema.Attribute{
			"host_groups": planning.Query("Host groups, by name."),
			"templates":   planning.Query("Templates that are linked directly, by technical name."),
			"tags":        planning.QueryTable("Tags: the values of each name."),
		},
	}
}

// Configure implements list.ListResourceWithConfigure.
func (l *List) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	source, diags := planning.Configured[lister](req.ProviderData)
	l.source = source
	resp.Diagnostics.Append(diags...)
}

// List asks Zabbix.
func (l *List) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var data listed
	diags := planning.Ready(l.source)
	diags.Append(req.Config.Get(ctx, &data)...)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	hosts, err := l.source.Hosts(ctx, client.HostFilter{Groups: data.HostGroups, Templates: data.Templates, Tags: client.TagFilter(data.Tags)})
	if err != nil {
		diags.Append(tfdiag.HostError(typeName, err))
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = l.results(ctx, req, hosts)
}

// results gives as many as are asked for.
func (l *List) results(ctx context.Context, req list.ListRequest, hosts []*zabbix.Host) iter.Seq[list.ListResult] {
	return func(push func(list.ListResult) bool) {
		for i, h := range hosts {
			if req.Limit > 0 && int64(i) >= req.Limit || !push(l.result(ctx, req, h)) {
				return
			}
		}
	}
}

// result is one host. The resource is what an import of it holds.
func (l *List) result(ctx context.Context, req list.ListRequest, h *zabbix.Host) list.ListResult {
	r := req.NewListResult(ctx)
	r.DisplayName = h.Name
	if h.VisibleName != "" && h.VisibleName != h.Name {
		r.DisplayName += " (" + h.VisibleName + ")"
	}
	r.Diagnostics.Append(r.Identity.Set(ctx, identity{Host: types.StringValue(h.Name)})...)
	if req.IncludeResource {
		state := sight{host: h, all: true}.of(imported(h.ID, h.Name, l.source.HostDefaults()))
		state.URL = types.StringValue(l.source.HostURL(h.ID))
		r.Diagnostics.Append(r.Resource.Set(ctx, state)...)
	}
	return r
}
