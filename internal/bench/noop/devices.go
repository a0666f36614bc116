package main

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/netprovision/terraform-provider-provision/internal/provider/provisiondevices"
)

// devices is the data source noop_devices, with the attributes of
// provision_devices: as many devices as it is told, asked of nobody.
type devices struct{}

// Metadata implements datasource.DataSource.
func (devices) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "noop_devices"
}

// Schema implements datasource.DataSource.
func (devices) Schema(ctx context.Context, req datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	provisiondevices.NewDataSource().Schema(ctx, req, resp)
	resp.Schema.Attributes["size"] = schema.Int64Attribute{Required: true}
}

// Read implements datasource.DataSource.
func (devices) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var size int64
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("size"), &size)...)
	whole := map[string]tftypes.Value{}
	if err := req.Config.Raw.As(&whole); err != nil {
		resp.Diagnostics.AddError("The configuration is not understood", err.Error())
		return
	}
	kind := whole["devices"].Type().(tftypes.Map)
	list := make(map[string]tftypes.Value, size)
	for i := range size {
		list[fmt.Sprint(i)] = madeUp(kind.ElementType)
	}
	whole["devices"] = tftypes.NewValue(kind, list)
	resp.State.Raw = tftypes.NewValue(req.Config.Raw.Type(), whole)
}

// madeUp is some value of a type, about as long as those of real devices.
func madeUp(kind tftypes.Type) tftypes.Value {
	switch kind := kind.(type) {
	case tftypes.Object:
		fields := make(map[string]tftypes.Value, len(kind.AttributeTypes))
		for name, of := range kind.AttributeTypes {
			fields[name] = madeUp(of)
		}
		return tftypes.NewValue(kind, fields)
	case tftypes.List:
		return tftypes.NewValue(kind, []tftypes.Value{madeUp(kind.ElementType), madeUp(kind.ElementType)})
	}
	if kind.Is(tftypes.String) {
		return tftypes.NewValue(kind, "e00001.example")
	}
	return tftypes.NewValue(kind, nil)
}
