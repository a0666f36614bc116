package tfmodel_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
	"github.com/netprovision/terraform-provider-provision/internal/provider/tfmodel"
)

// model has what the models of the resources have.
type model struct {
	Name     types.String   `tfsdk:"name"`
	Port     types.Int64    `tfsdk:"port"`
	On       types.Bool     `tfsdk:"on"`
	Groups   types.Set      `tfsdk:"groups"`
	Table    types.Map      `tfsdk:"table"`
	At       types.Object   `tfsdk:"at"`
	Timeouts timeouts.Value `tfsdk:"timeouts"`
}

// schemaOf is the schema of [model].
func schemaOf(ctx context.Context) schema.Schema {
	return schema.Schema{
		Attributes: map[string]schema.Attribute{
			"name":   schema.StringAttribute{Optional: true},
			"port":   schema.Int64Attribute{Optional: true},
			"on":     schema.BoolAttribute{Optional: true},
			"groups": schema.SetAttribute{Optional: true, ElementType: types.StringType},
			"table":  schema.MapAttribute{Optional: true, ElementType: types.StringType},
			"at": schema.SingleNestedAttribute{Optional: true, Attributes: map[string]schema.Attribute{
				"ip": schema.StringAttribute{Optional: true},
			}},
		},
		Blocks: map[string]schema.Block{"timeouts": planning.Limits{}.Block(ctx)},
	}
}

// models are models whose values are known, null and unknown.
func models() map[string]model {
	ip := map[string]attr.Type{"ip": types.StringType}
	return map[string]model{
		"known": {
			types.StringValue("r1"), types.Int64Value(22), types.BoolValue(true),
			types.SetValueMust(types.StringType, []attr.Value{types.StringValue("a"), types.StringUnknown()}),
			types.MapValueMust(types.StringType, map[string]attr.Value{"k": types.StringValue("v")}),
			types.ObjectValueMust(ip, map[string]attr.Value{"ip": types.StringNull()}), planning.NoTimeouts(),
		},
		"null": {
			types.StringNull(), types.Int64Null(), types.BoolNull(), types.SetNull(types.StringType),
			types.MapNull(types.StringType), types.ObjectNull(ip), planning.NoTimeouts(),
		},
		"unknown": {
			types.StringUnknown(), types.Int64Unknown(), types.BoolUnknown(), types.SetUnknown(types.StringType),
			types.MapUnknown(types.StringType), types.ObjectUnknown(ip), planning.NoTimeouts(),
		},
	}
}

// nothing is a state that is not there.
func nothing(ctx context.Context) tfsdk.State {
	s := schemaOf(ctx)
	return tfsdk.State{Schema: s, Raw: tftypes.NewValue(s.Type().TerraformType(ctx), nil)}
}

func TestModelsAreReadAndWrittenAsTheFrameworkDoesIt(t *testing.T) {
	ctx := t.Context()
	for name, m := range models() {
		ours, theirs := nothing(ctx), nothing(ctx)
		if diags := append(tfmodel.Set(ctx, &ours, &m), theirs.Set(ctx, m)...); diags.HasError() {
			t.Fatalf("%s: %v", name, diags)
		}
		if !ours.Raw.Equal(theirs.Raw) {
			t.Errorf("%s: written as %s, not as %s", name, ours.Raw, theirs.Raw)
		}
		var got, want model
		if diags := append(tfmodel.Get(ctx, theirs, &got), theirs.Get(ctx, &want)...); diags.HasError() {
			t.Fatalf("%s: %v", name, diags)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: read as %+v, not as %+v", name, got, want)
		}
	}
}

func TestWhatDoesNotFitIsABug(t *testing.T) {
	ctx := t.Context()
	one := schema.Schema{Attributes: map[string]schema.Attribute{"port": schema.Int64Attribute{Optional: true}}}
	kind := one.Type().TerraformType(ctx)
	half := tfsdk.State{Schema: one, Raw: tftypes.NewValue(kind, map[string]tftypes.Value{"port": tftypes.NewValue(tftypes.Number, 1.5)})}
	none := tfsdk.State{Schema: one, Raw: tftypes.NewValue(kind, nil)}
	type port struct {
		Port types.Int64 `tfsdk:"port"`
	}
	type text struct {
		Port types.String `tfsdk:"port"`
	}
	type name struct {
		Name types.String `tfsdk:"name"`
	}
	type plain struct {
		Port int `tfsdk:"port"`
	}
	for want, diags := range map[string]diag.Diagnostics{
		"is no object":                  tfmodel.Get(ctx, none, &port{}),
		"has 7 fields for 1 attributes": tfmodel.Get(ctx, half, &model{}),
		"there is no such attribute":    tfmodel.Get(ctx, half, &name{}),
		"is not an integer":             tfmodel.Get(ctx, half, &port{}),
		"int is no attribute":           tfmodel.Set(ctx, &none, &plain{}),
		"Type mismatch":                 tfmodel.Set(ctx, &none, &name{}),
	} {
		if !diags.HasError() || !strings.Contains(diags[0].Detail(), want) {
			t.Errorf("%v, want %q", diags, want)
		}
	}
	if diags := tfmodel.Set(ctx, &none, &port{types.Int64Value(22)}); diags.HasError() {
		t.Fatal(diags)
	}
	if diags := tfmodel.Get(ctx, none, &text{}); !diags.HasError() || !strings.Contains(diags[0].Detail(), "not a basetypes.StringValue") {
		t.Errorf("a number is read as a text: %v", diags)
	}
}
