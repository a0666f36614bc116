// Package planning holds what the resources of this provider have in common
// when they plan: the memory in their private state, the refusal of what is not
// known yet, the word about changes from outside, and the way past what does not
// answer; and what all types have in common when they are configured.
package planning

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// Text is a string attribute that is null when empty.
func Text(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

// Equal tells that two models, given by their values in one order, are the same.
func Equal(a, b []attr.Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].Equal(b[i]) {
			return false
		}
	}
	return true
}

// Where names the step and the cause of an error in one line.
func Where(err error) string {
	cause := err
	step := ""
	var run *provision.Error
	if errors.As(err, &run) {
		step, cause = string(run.Step)+": ", run.Err
	}
	line, _, _ := strings.Cut(fmt.Sprint(cause), "\n")
	return step + line
}

// Warnings turns the sentences of a run, which begin with the target's name,
// into diagnostics; about says whom they concern ("Device r1.").
func Warnings(about string, sentences []string) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, s := range sentences {
		diags.AddWarning(s, about)
	}
	return diags
}

// NotRead is the warning of a Read that could not look (promise P8).
func NotRead(name string, err error) diag.Diagnostic {
	return diag.NewWarningDiagnostic(name+": could not be read: "+Where(err), err.Error()+"\n\nThe state is kept as it is.")
}
