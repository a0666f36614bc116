// Package objectlisttest serves a data source that lists objects with a source of
// truth in memory.
package objectlisttest

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// Source is a source of truth in memory.
type Source struct {
	List []inventory.Object
	Err  error
}

// Objects gives the objects of the list that match.
func (s *Source) Objects(_ context.Context, kind inventory.Kind, f inventory.Filter) ([]inventory.Object, error) {
	var found []inventory.Object
	for _, o := range s.List {
		if o.Kind == kind && f.Matches(o) {
			found = append(found, o)
		}
	}
	return found, s.Err
}

// Warnings has none.
func (s *Source) Warnings() []string { return nil }

// Factories serve a data source with a source of truth.
func Factories(s *Source, dataSource func() datasource.DataSource) map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"provision": providerserver.NewProtocol6WithError(&fakeProvider{s, dataSource}),
	}
}

type fakeProvider struct {
	source     *Source
	dataSource func() datasource.DataSource
}

// Metadata implements provider.Provider.
func (p *fakeProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "provision"
}

// Schema implements provider.Provider.
func (p *fakeProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{}
}

// Configure implements provider.Provider.
func (p *fakeProvider) Configure(_ context.Context, _ provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	resp.DataSourceData = p.source
}

// Resources implements provider.Provider.
func (p *fakeProvider) Resources(context.Context) []func() resource.Resource { return nil }

// DataSources implements provider.Provider.
func (p *fakeProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{p.dataSource}
}
