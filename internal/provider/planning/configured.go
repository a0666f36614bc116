package planning

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// Configured takes what the provider hands to its types, as what one of them
// asks of it. Nil is no error: Terraform validates before it configures. Then,
// and after an error, the zero value comes back.
func Configured[T any](data any) (T, diag.Diagnostics) {
	d, ok := data.(T)
	if ok || data == nil {
		return d, nil
	}
	return d, diag.Diagnostics{diag.NewErrorDiagnostic("Unexpected provider data", fmt.Sprintf("Got %T. This is a bug in the provider.", data))}
}

// Ready tells, by a diagnostic, when the provider was not configured: core is
// what [Configured] gave.
func Ready(core any) diag.Diagnostics {
	if core != nil {
		return nil
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic("The provider is not configured",
		"The provider block could not be used, mostly because one of its values is not known yet. "+
			"Give values that are known at plan, or apply first what they come from (-target).")}
}
