// Package tftype holds what the Terraform types of this provider share in
// their schemas.
package tftype

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// PositiveDuration accepts Go durations above zero ("90s", "2m", "1h30m").
// Null and unknown values pass.
func PositiveDuration() validator.String { return positiveDuration{} }

// positiveDuration implements validator.String.
type positiveDuration struct{}

// Description implements validator.String.
func (positiveDuration) Description(context.Context) string {
	return `must be a duration above zero, such as "90s", "2m" or "1h30m"`
}

// MarkdownDescription implements validator.String.
func (v positiveDuration) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements validator.String.
func (v positiveDuration) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	text := req.ConfigValue.ValueString()
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Not a duration",
		fmt.Sprintf("%q %s.", text, v.Description(ctx)))
}
