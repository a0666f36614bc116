package provisiondevice

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provider/objectlist"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
)

var _ list.ListResourceWithConfigure = (*List)(nil)

// List lists the devices of the source of truth for a query, each with what an
// import names it by.
type List struct{ source objectlist.Source }

// NewList makes the list.
func NewList() list.ListResource { return &List{} }

// listed is the configuration of a list block.
type listed struct{ objectlist.Selection }

// Metadata implements list.ListResource.
func (l *List) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_device"
}

// ListResourceConfigSchema implements list.ListResource.
func (l *List) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists devices of the source of truth, for `terraform query` and for the `import` blocks that it writes. It connects to no device. " +
			"A device must match every filter that is given. Devices without a name are left out: nothing could name them.",
		Attributes: map[string]schema.Attribute{
			"sites":         planning.Query("Sites."),
			"roles":         planning.Query("Roles."),
			"tenants":       planning.Query("Tenants."),
			"platforms":     planning.Query("Platforms."),
			"statuses":      planning.Query("Statuses. The resource takes only the provider's `statuses`."),
			"tags":          planning.Query("Tags."),
			"custom_fields": planning.QueryTable("Values of custom fields, by the name of the field."),
		},
	}
}

// Configure implements list.ListResourceWithConfigure.
func (l *List) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	source, diags := planning.Configured[objectlist.Source](req.ProviderData)
	l.source = source
	resp.Diagnostics.Append(diags...)
}

// List asks the source of truth.
func (l *List) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var data listed
	diags := planning.Ready(l.source)
	diags.Append(req.Config.Get(ctx, &data)...)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	found, all, err := l.devices(ctx, data.Inventory())
	diags.Append(planning.Warnings("The source of truth.", l.source.Warnings())...)
	if err != nil {
		diags.AddError("The source of truth could not be read", err.Error())
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = results(ctx, req, found, twins(all), diags)
}

// devices are those that match, by name, and all there are: only they tell which
// names are there more than once.
func (l *List) devices(ctx context.Context, f inventory.Filter) (found, all []inventory.Object, err error) {
	if found, err = l.source.Objects(ctx, inventory.Device, f); err != nil {
		return nil, nil, err
	}
	if all, err = l.source.Objects(ctx, inventory.Device, inventory.Filter{}); err != nil {
		return nil, nil, err
	}
	found = slices.DeleteFunc(slices.Clone(found), func(o inventory.Object) bool { return o.Name == "" })
	slices.SortFunc(found, func(a, b inventory.Object) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Site, b.Site), cmp.Compare(a.Tenant, b.Tenant))
	})
	return found, all, nil
}

// twins are the names that more than one device has.
func twins(all []inventory.Object) map[string]bool {
	seen := map[string]bool{}
	for _, o := range all {
		_, more := seen[o.Name]
		seen[o.Name] = more
	}
	return seen
}

// results gives as many as are asked for, after what is to be said.
func results(ctx context.Context, req list.ListRequest, found []inventory.Object, twins map[string]bool, said diag.Diagnostics) iter.Seq[list.ListResult] {
	return func(push func(list.ListResult) bool) {
		if len(said) > 0 && !push(list.ListResult{Diagnostics: said}) {
			return
		}
		for i, o := range found {
			if req.Limit > 0 && int64(i) >= req.Limit || !push(result(ctx, req, o, twins[o.Name])) {
				return
			}
		}
	}
}

// result is one device. What the source of truth knows is left to it, unless the
// name alone does not say which device is meant.
func result(ctx context.Context, req list.ListRequest, o inventory.Object, twin bool) list.ListResult {
	r := req.NewListResult(ctx)
	r.DisplayName = o.Name
	if o.Site != "" {
		r.DisplayName += " (" + o.Site + ")"
	}
	id := identity{Name: types.StringValue(o.Name)}
	if twin {
		id.Site, id.Tenant = objectlist.Text(o.Site), objectlist.Text(o.Tenant)
	}
	r.Diagnostics.Append(r.Identity.Set(ctx, id)...)
	if req.IncludeResource {
		r.Diagnostics.Append(r.Resource.Set(ctx, imported(id))...)
	}
	return r
}
