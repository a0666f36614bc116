package provisiondevice

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// where names the step and the cause in one line.
func where(err error) string {
	cause := err
	step := ""
	var run *provision.Error
	if errors.As(err, &run) {
		step, cause = string(run.Step)+": ", run.Err
	}
	line, _, _ := strings.Cut(fmt.Sprint(cause), "\n")
	return step + line
}

// warnings turns the sentences of a run, which begin with the device's name,
// into diagnostics.
func warnings(name string, sentences []string) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, s := range sentences {
		diags.AddWarning(s, "Device "+name+".")
	}
	return diags
}
