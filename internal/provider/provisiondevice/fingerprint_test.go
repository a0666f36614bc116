package provisiondevice

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// memory is a private state.
type memory map[string][]byte

func (m memory) GetKey(_ context.Context, key string) ([]byte, diag.Diagnostics) { return m[key], nil }

func (m memory) SetKey(_ context.Context, key string, value []byte) diag.Diagnostics {
	m[key] = value
	return nil
}

func TestFingerprint(t *testing.T) {
	a, b := newKept(), newKept()
	switch {
	case a.fingerprint("d") != a.fingerprint("d"):
		t.Error("equal digests must give equal fingerprints")
	case a.fingerprint("d") == a.fingerprint("e"):
		t.Error("different digests must differ")
	case a.fingerprint("d") == b.fingerprint("d"):
		t.Error("two resources must not share fingerprints: the salt is missing")
	case len(a.fingerprint("d")) != 64:
		t.Error("want hex of 32 bytes")
	}
}

func TestKeptSurvivesPrivateState(t *testing.T) {
	m := memory{}
	k := newKept().applied("digest", "run-7")
	if diags := k.store(t.Context(), m); diags.HasError() {
		t.Fatal(diags)
	}
	got, diags := loadKept(t.Context(), m)
	if diags.HasError() || got.Run != "run-7" || got.Applied != k.fingerprint("digest") || string(got.Salt) != string(k.Salt) {
		t.Errorf("got %+v %v, want %+v", got, diags, k)
	}
}

func TestLoadKeptWithoutOurEntry(t *testing.T) {
	for name, m := range map[string]memory{"none": {}, "junk": {privateKey: []byte("{")}, "no salt": {privateKey: []byte("{}")}} {
		t.Run(name, func(t *testing.T) {
			k, diags := loadKept(t.Context(), m)
			if diags.HasError() || len(k.Salt) == 0 || k.Applied != "" {
				t.Errorf("got %+v %v", k, diags)
			}
		})
	}
}
