package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/netprovision/terraform-provider-provision/internal/provider/zabbixagenthost"
)

// host is the resource noop_host, with the attributes of zabbix_agent_host.
type host struct{}

// Metadata implements resource.Resource.
func (host) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "noop_host"
}

// Schema implements resource.Resource.
func (host) Schema(ctx context.Context, req resource.SchemaRequest, resp *resource.SchemaResponse) {
	zabbixagenthost.NewResource().Schema(ctx, req, resp)
}

// Create implements resource.Resource.
func (host) Create(_ context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	raw, err := known(req.Plan.Raw)
	if err != nil {
		resp.Diagnostics.AddError("The plan is not understood", err.Error())
	}
	resp.State.Raw = raw
}

// Read implements resource.Resource.
func (host) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

// Update implements resource.Resource.
func (host) Update(_ context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	raw, err := known(req.Plan.Raw)
	if err != nil {
		resp.Diagnostics.AddError("The plan is not understood", err.Error())
	}
	resp.State.Raw = raw
}

// Delete implements resource.Resource.
func (host) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// known is a plan in which nothing is left to be found out.
func known(plan tftypes.Value) (tftypes.Value, error) {
	return tftypes.Transform(plan, func(_ *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if v.IsKnown() {
			return v, nil
		}
		return tftypes.NewValue(v.Type(), nil), nil
	})
}
