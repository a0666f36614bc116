package provisiondevice

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
)

// kept is what the resource keeps in its private state.
type kept struct{ planning.Kept }

// newKept makes one with a random salt.
func newKept() kept { return kept{planning.NewKept()} }

// remembering is k with the process's hashes.
func (b backend) remembering(k kept) kept { return kept{k.Remembering(b.hashes)} }

// applied notes how a run left the device.
func (k kept) applied(digest, run string) kept { return kept{k.Left(digest, run)} }

// adopted notes, after an import, that the device was found as intended.
func (k kept) adopted(plan model, run string) kept {
	if !plan.CommitChanges.ValueBool() || plan.IntendedHash.IsNull() {
		return k
	}
	return kept{k.Found(plan.RunningHash.ValueString(), run)}
}

// loadKept reads our entry; without one it is new, with a fresh salt.
func loadKept(ctx context.Context, from planning.PrivateReader) (kept, diag.Diagnostics) {
	var k kept
	ok, diags := planning.Load(ctx, from, &k)
	if !ok || len(k.Salt) == 0 {
		return newKept(), diags
	}
	return k, diags
}

// store writes our entry.
func (k kept) store(ctx context.Context, to planning.PrivateWriter) diag.Diagnostics {
	return planning.Store(ctx, to, k)
}
