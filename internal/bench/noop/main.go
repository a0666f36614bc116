// Command noop is a Terraform provider whose resources and data sources do nothing: what a run of
// them takes is the share of Terraform itself.
package main

import (
	"context"
	"log"
	"os"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/netprovision/terraform-provider-provision/internal/provider/server"
)

func main() {
	// As the provider does it: a log that Terraform drops, garbage that is
	// collected for nothing and contexts that are kept are no floor.
	for _, name := range []string{"TF_LOG_SDK", "TF_LOG_SDK_PROTO", "TF_LOG_SDK_FRAMEWORK"} {
		_ = os.Setenv(name, "off")
	}
	debug.SetGCPercent(800)
	err := tf6server.Serve("registry.terraform.io/netprovision/noop", func() tfprotov6.ProviderServer { return server.New(noop{}) })
	if err != nil {
		log.Fatal(err)
	}
}

// noop is the provider; it has nothing to configure.
type noop struct{}

// Metadata implements provider.Provider.
func (noop) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "noop"
}

// Schema implements provider.Provider.
func (noop) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

// Configure implements provider.Provider.
func (noop) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

// DataSources implements provider.Provider.
func (noop) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return devices{} }}
}

// Resources implements provider.Provider.
func (noop) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource { return device{} },
		func() resource.Resource { return host{} },
	}
}

// device is the resource noop_device.
type device struct{}

// model is what the state of a device holds.
type model struct {
	Name     types.String `tfsdk:"name"`
	Revision types.Int64  `tfsdk:"revision"`
	Hash     types.String `tfsdk:"hash"`
}

// Metadata implements resource.Resource.
func (device) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "noop_device"
}

// Schema implements resource.Resource. A new revision is an update.
func (device) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"name":     schema.StringAttribute{Required: true},
		"revision": schema.Int64Attribute{Required: true},
		"hash":     schema.StringAttribute{Computed: true},
	}}
}

// Create implements resource.Resource.
func (device) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	m.Hash = m.Name
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// Read implements resource.Resource.
func (device) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

// Update implements resource.Resource.
func (device) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	m.Hash = m.Name
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// Delete implements resource.Resource.
func (device) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
