package planning

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// Named is a value of the configuration with its attribute's name.
type Named struct {
	Name  string
	Value attr.Value
}

// Unknown names the attributes whose values are not known yet, or not wholly.
func Unknown(values []Named) []string {
	var names []string
	for _, v := range values {
		if !known(v.Value) {
			names = append(names, v.Name)
		}
	}
	return names
}

// known tells that a value and everything in it is known.
func known(v attr.Value) bool {
	if v.IsUnknown() {
		return false
	}
	switch v := v.(type) {
	case interface{ Elements() []attr.Value }:
		return allKnown(v.Elements())
	case interface{ Elements() map[string]attr.Value }:
		for _, e := range v.Elements() {
			if !known(e) {
				return false
			}
		}
	case interface{ Attributes() map[string]attr.Value }:
		for _, e := range v.Attributes() {
			if !known(e) {
				return false
			}
		}
	}
	return true
}

func allKnown(values []attr.Value) bool {
	for _, v := range values {
		if !known(v) {
			return false
		}
	}
	return true
}

// Unreviewed refuses a plan that shows nothing, because these attributes are not
// known yet (promise P12), or lets it through with a warning when that is
// allowed. what is what apply changes ("the device").
func Unreviewed(who, what string, names []string, allowed bool) diag.Diagnostics {
	var diags diag.Diagnostics
	if allowed {
		diags.AddWarning(who+": planned without a difference to review",
			"Not known at plan: "+strings.Join(names, ", ")+". allow_unreviewed is true: apply works out the difference and makes it.")
		return diags
	}
	for _, n := range names {
		diags.AddAttributeError(path.Root(n), who+": "+n+" is not known at plan",
			"What cannot be reviewed is not applied. Make the value known at plan "+
				"(apply first what it comes from, with -target), or set allow_unreviewed = true to let apply "+
				"change "+what+" without a reviewed difference.")
	}
	return diags
}
