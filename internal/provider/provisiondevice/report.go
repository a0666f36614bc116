package provisiondevice

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
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

// unreachable tells that an error means "the device does not answer". A
// refused login or a changed host key is not that: somebody must look at it.
func unreachable(err error) bool {
	return errors.Is(err, provision.ErrUnreachable) ||
		errors.Is(err, provision.ErrConnectionLost) ||
		errors.Is(err, context.DeadlineExceeded)
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

// skippable tells that on_unreachable = "skip" covers an error: the device
// does not answer, or the source of truth says that it is not ready.
func skippable(err error) bool { return unreachable(err) || errors.Is(err, client.ErrNotReady) }
