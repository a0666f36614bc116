package planning

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// PrivateKey names the provider's entry in a resource's private state.
const PrivateKey = "fingerprints"

// Kept is what every resource keeps in its private state: no text of a target,
// only fingerprints. A resource that keeps more embeds it.
type Kept struct {
	// Salt goes into every fingerprint of the resource.
	Salt []byte `json:"salt"`
	// Applied is the fingerprint of the target as the last apply left it; empty
	// when nothing was applied yet. Read leaves it alone.
	Applied string `json:"applied,omitempty"`
	// Run is the id of the run that left Applied.
	Run string `json:"run,omitempty"`

	hashes *secret.Hasher // of the process; nil computes each one anew
}

// NewKept makes one with a random salt.
func NewKept() Kept { return Kept{Salt: secret.NewSalt()} }

// Fingerprint is a salted, slow hash of a digest.
func (k Kept) Fingerprint(digest string) string { return k.hashes.Hash(k.Salt, digest) }

// Remembering is k with the process's hashes.
func (k Kept) Remembering(hashes *secret.Hasher) Kept {
	k.hashes = hashes
	return k
}

// Left notes how a run left the target.
func (k Kept) Left(digest, run string) Kept {
	k.Applied, k.Run = k.Fingerprint(digest), run
	return k
}

// Found notes, after an import, that the target was found as intended, with this
// fingerprint: what differs from now on is drift. Later updates of the state
// alone note nothing.
func (k Kept) Found(fingerprint, run string) Kept {
	if k.Applied == "" {
		k.Applied, k.Run = fingerprint, run
	}
	return k
}

// Changed tells that the target is not what the last apply left; false when
// there was none.
func (k Kept) Changed(digest string) bool {
	return k.Applied != "" && k.Fingerprint(digest) != k.Applied
}

// PrivateReader and PrivateWriter are the two halves of the framework's private
// state, whose type has no exported name.
type PrivateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

// PrivateWriter is the other half.
type PrivateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// Load reads the provider's entry into a resource's own type; false when there
// is none, or none that can be used. Then nothing is lost but the knowledge of
// what the last apply left.
func Load(ctx context.Context, from PrivateReader, into any) (bool, diag.Diagnostics) {
	raw, diags := from.GetKey(ctx, PrivateKey)
	if diags.HasError() || len(raw) == 0 {
		return false, diags
	}
	return json.Unmarshal(raw, into) == nil, diags
}

// Store writes the provider's entry.
func Store(ctx context.Context, to PrivateWriter, entry any) diag.Diagnostics {
	raw, err := json.Marshal(entry)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Private state", err.Error())}
	}
	return to.SetKey(ctx, PrivateKey, raw)
}
