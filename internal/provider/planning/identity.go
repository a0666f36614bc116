package planning

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
)

// SetIdentity writes the identity where there is none: engines refuse one that
// changes while the resource lives.
func SetIdentity(ctx context.Context, to *tfsdk.ResourceIdentity, id any) diag.Diagnostics {
	if to == nil || !to.Raw.IsFullyNull() {
		return nil
	}
	return to.Set(ctx, id)
}
