package provider

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// minMinor is the first 1.x of Terraform, and of OpenTofu, that knows
// write-only attributes.
const minMinor = 11

// checkEngine refuses engines that would write the intended configurations
// into their state. A version that cannot be read passes: a fork may count
// otherwise.
func checkEngine(version string) diag.Diagnostic {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return nil
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	if err1 != nil || err2 != nil || major > 1 || (major == 1 && minor >= minMinor) {
		return nil
	}
	return diag.NewErrorDiagnostic(
		fmt.Sprintf("Version %s is too old for this provider", version),
		fmt.Sprintf("It needs Terraform 1.%[1]d or OpenTofu 1.%[1]d, or later: older ones do not know write-only attributes, "+
			"which keep configurations and secrets out of the state. Install a later version and run init again.", minMinor))
}
