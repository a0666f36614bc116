package tftype_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/tftype"
)

func TestPositiveDuration(t *testing.T) {
	cases := map[string]struct {
		value types.String
		bad   bool
	}{
		"seconds":  {types.StringValue("90s"), false},
		"mixed":    {types.StringValue("1h30m"), false},
		"null":     {types.StringNull(), false},
		"unknown":  {types.StringUnknown(), false},
		"zero":     {types.StringValue("0s"), true},
		"negative": {types.StringValue("-1m"), true},
		"no unit":  {types.StringValue("120"), true},
		"empty":    {types.StringValue(""), true},
		"words":    {types.StringValue("two minutes"), true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			req := validator.StringRequest{Path: path.Root("confirm_timeout"), ConfigValue: c.value}
			var resp validator.StringResponse
			tftype.PositiveDuration().ValidateString(t.Context(), req, &resp)
			if got := resp.Diagnostics.HasError(); got != c.bad {
				t.Errorf("error %v, want %v: %v", got, c.bad, resp.Diagnostics)
			}
		})
	}
}

func TestPositiveDurationDescribesItself(t *testing.T) {
	v := tftype.PositiveDuration()
	if v.Description(t.Context()) == "" || v.MarkdownDescription(t.Context()) == "" {
		t.Error("a validator without a description leaves a hole in the docs")
	}
}
