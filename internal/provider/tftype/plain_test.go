package tftype_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/tftype"
)

// texts is a list of texts.
func texts(elements ...attr.Value) types.List {
	return types.ListValueMust(types.StringType, elements)
}

// object is an object as the provider block has it: dynamic within.
func object(elements map[string]attr.Value) types.Object {
	of := map[string]attr.Type{}
	for name, e := range elements {
		of[name] = e.Type(context.Background())
	}
	return types.ObjectValueMust(of, elements)
}

func TestPlain(t *testing.T) {
	huge, _, err := big.ParseFloat("18446744073709551617", 10, 512, big.ToNearestEven)
	if err != nil {
		t.Fatal(err)
	}
	tenth, _, err := big.ParseFloat("0.1", 10, 512, big.ToNearestEven)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		value attr.Value
		want  any
	}{
		"nothing":          {nil, nil},
		"null":             {types.StringNull(), nil},
		"dynamic null":     {types.DynamicNull(), nil},
		"text":             {types.StringValue("a"), "a"},
		"truth":            {types.BoolValue(true), true},
		"whole number":     {types.NumberValue(big.NewFloat(42)), int64(42)},
		"fraction":         {types.NumberValue(tenth), 0.1},
		"huge number":      {types.NumberValue(huge), json.Number("18446744073709551617")},
		"int64":            {types.Int64Value(7), int64(7)},
		"float64":          {types.Float64Value(0.5), 0.5},
		"dynamic":          {types.DynamicValue(types.StringValue("a")), "a"},
		"list":             {texts(types.StringValue("a"), types.StringNull()), []any{"a", nil}},
		"empty list":       {texts(), []any{}},
		"set":              {types.SetValueMust(types.StringType, []attr.Value{types.StringValue("a")}), []any{"a"}},
		"tuple":            {types.TupleValueMust([]attr.Type{types.StringType, types.BoolType}, []attr.Value{types.StringValue("a"), types.BoolValue(false)}), []any{"a", false}},
		"map":              {types.MapValueMust(types.BoolType, map[string]attr.Value{"k": types.BoolValue(true)}), map[string]any{"k": true}},
		"object":           {object(map[string]attr.Value{"a": texts(types.StringValue("x")), "b": types.DynamicNull()}), map[string]any{"a": []any{"x"}, "b": nil}},
		"object in object": {object(map[string]attr.Value{"a": object(map[string]attr.Value{"b": types.BoolValue(true)})}), map[string]any{"a": map[string]any{"b": true}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tftype.Plain(c.value)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("want -, got +:\n%s", d)
			}
		})
	}
}

func TestPlainNamesWhatIsUnknown(t *testing.T) {
	for want, value := range map[string]attr.Value{
		"it is not known until apply":    types.DynamicUnknown(),
		"sites is not known until apply": object(map[string]attr.Value{"sites": types.ListUnknown(types.StringType)}),
		"devices[1].name is not known until apply": object(map[string]attr.Value{"devices": types.TupleValueMust([]attr.Type{types.BoolType, types.ObjectType{AttrTypes: map[string]attr.Type{"name": types.StringType}}},
			[]attr.Value{types.BoolValue(true), object(map[string]attr.Value{"name": types.StringUnknown()})})}),
	} {
		_, err := tftype.Plain(value)
		var unknown *tftype.UnknownError
		if !errors.As(err, &unknown) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestAt(t *testing.T) {
	got := tftype.At(path.Root("mappings"), []any{"devices", 2, "sites"})
	want := path.Root("mappings").AtName("devices").AtListIndex(2).AtName("sites")
	if !got.Equal(want) {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := tftype.Dotted([]any{"devices", 2, "sites", 0}); got != "devices[2].sites[0]" {
		t.Errorf("got %s", got)
	}
}
