// Package provider is the provider block and the list of the provider's types.
package provider

import (
	"context"
	"errors"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/functions"
	"github.com/netprovision/terraform-provider-provision/internal/provider/provisiondevice"
	"github.com/netprovision/terraform-provider-provision/internal/provider/provisiondevicecheck"
	"github.com/netprovision/terraform-provider-provision/internal/provider/provisiondevicerollback"
	"github.com/netprovision/terraform-provider-provision/internal/provider/provisiondevices"
	"github.com/netprovision/terraform-provider-provision/internal/provider/provisionvirtualmachines"
	"github.com/netprovision/terraform-provider-provision/internal/provider/provisionzabbixhosts"
	"github.com/netprovision/terraform-provider-provision/internal/provider/zabbixagenthost"
)

var (
	_ provider.Provider                   = (*Provider)(nil)
	_ provider.ProviderWithValidateConfig = (*Provider)(nil)
	_ provider.ProviderWithFunctions      = (*Provider)(nil)
	_ provider.ProviderWithActions        = (*Provider)(nil)
	_ provider.ProviderWithListResources  = (*Provider)(nil)
)

// Provider is the provider of one process.
type Provider struct {
	version string
	drivers []device.Driver
	runID   string // where PROVISION_RUN_ID gives none
	environ func() []string

	mu      sync.Mutex
	clients []*client.Client
}

// New makes a provider of a version with these drivers. environ gives the
// environment as os.Environ does.
func New(version string, drivers []device.Driver, environ func() []string) *Provider {
	return &Provider{version: version, drivers: drivers, runID: newRunID(), environ: environ}
}

// Metadata implements provider.Provider.
func (p *Provider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = "provision", p.version
}

// Schema implements provider.Provider.
func (p *Provider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = providerSchema()
}

// ValidateConfig implements provider.ProviderWithValidateConfig. It looks at
// no file: those may be on another machine than the one that validates.
func (p *Provider) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if !resp.Diagnostics.HasError() {
		_, diags := p.build(ctx, m, false)
		resp.Diagnostics.Append(diags...)
	}
}

// Configure implements provider.Provider. It connects to nothing.
func (p *Provider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	if d := checkEngine(req.TerraformVersion); d != nil {
		resp.Diagnostics.Append(d)
		return
	}
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	cfg, diags := p.build(ctx, m, true)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		return
	}
	c := client.New(cfg)
	p.mu.Lock()
	p.clients = append(p.clients, c)
	p.mu.Unlock()
	resp.ResourceData, resp.DataSourceData, resp.ActionData, resp.ListResourceData = c, c, c, c
}

// build makes the client's configuration; files says whether files that the
// configuration names are looked at.
func (p *Provider) build(ctx context.Context, m model, files bool) (client.Config, diag.Diagnostics) {
	b := builder{ctx: ctx, env: newEnviron(p.environ()), drivers: p.drivers, files: files}
	cfg := b.config(m, p.runID)
	if files { // once: the same environment was there when it was validated
		for _, said := range b.env.misspelt() {
			b.diags.AddWarning("A variable of the environment is not read", said)
		}
	}
	return cfg, b.diags
}

// Resources implements provider.Provider.
func (p *Provider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{provisiondevice.NewResource, zabbixagenthost.NewResource}
}

// DataSources implements provider.Provider.
func (p *Provider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		provisiondevice.NewDataSource, provisiondevices.NewDataSource, provisionvirtualmachines.NewDataSource,
		provisionzabbixhosts.NewDataSource, zabbixagenthost.NewDataSource,
	}
}

// Functions implements provider.ProviderWithFunctions.
func (p *Provider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{functions.NewMatch}
}

// Actions implements provider.ProviderWithActions. Engines before Terraform 1.14 do
// not ask for them.
func (p *Provider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{provisiondevicecheck.New, provisiondevicerollback.New}
}

// ListResources implements provider.ProviderWithListResources. Engines before
// Terraform 1.14 do not ask for them.
func (p *Provider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{provisiondevice.NewList, zabbixagenthost.NewList}
}

// Close ends every session before ctx ends. It is called after the server has
// stopped: Terraform kills the process two seconds later.
func (p *Provider) Close(ctx context.Context) error {
	p.mu.Lock()
	clients := p.clients
	p.clients = nil
	p.mu.Unlock()
	errs := make([]error, len(clients))
	var wg sync.WaitGroup
	for i, c := range clients {
		wg.Go(func() { errs[i] = c.Close(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
