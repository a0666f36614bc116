package provisiondevice

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// privateKey names our entry in the resource's private state.
const privateKey = "fingerprints"

// kept is what the resource keeps in its private state: no text of a device,
// only fingerprints.
type kept struct {
	// Salt goes into every fingerprint of this resource.
	Salt []byte `json:"salt"`
	// Applied is the fingerprint of running as the last apply left it; empty
	// when nothing was applied yet. Read leaves it alone.
	Applied string `json:"applied,omitempty"`
	// Run is the id of the run that left Applied.
	Run string `json:"run,omitempty"`

	hashes *secret.Hasher // of the process; nil computes each one anew
}

// newKept makes one with a random salt.
func newKept() kept { return kept{Salt: secret.NewSalt()} }

// fingerprint is a salted, slow hash of a digest.
func (k kept) fingerprint(digest string) string { return k.hashes.Hash(k.Salt, digest) }

// remembering is k with the process's hashes.
func (b backend) remembering(k kept) kept {
	k.hashes = b.hashes
	return k
}

// applied notes how a run left the device.
func (k kept) applied(digest, run string) kept {
	k.Applied, k.Run = k.fingerprint(digest), run
	return k
}

// adopted notes, after an import, that the device was found as intended: what
// differs from now on is drift. Later updates of the state alone note nothing.
func (k kept) adopted(plan model, run string) kept {
	if k.Applied != "" || !plan.CommitChanges.ValueBool() || plan.IntendedHash.IsNull() {
		return k
	}
	k.Applied, k.Run = plan.RunningHash.ValueString(), run
	return k
}

// privateReader and privateWriter are the two halves of the framework's
// private state, whose type has no exported name.
type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

type privateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// loadKept reads our entry; without one it is new, with a fresh salt.
func loadKept(ctx context.Context, from privateReader) (kept, diag.Diagnostics) {
	raw, diags := from.GetKey(ctx, privateKey)
	if diags.HasError() || len(raw) == 0 {
		return newKept(), diags
	}
	var k kept
	if err := json.Unmarshal(raw, &k); err != nil || len(k.Salt) == 0 {
		// Nothing is lost but the knowledge of what the last apply left.
		return newKept(), diags
	}
	return k, diags
}

// store writes our entry.
func (k kept) store(ctx context.Context, to privateWriter) diag.Diagnostics {
	raw, err := json.Marshal(k)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Private state", err.Error())}
	}
	return to.SetKey(ctx, privateKey, raw)
}
