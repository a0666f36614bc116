package provisiondevice

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/provider/planning"
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
	case a.Fingerprint("d") != a.Fingerprint("d"):
		t.Error("equal digests must give equal fingerprints")
	case a.Fingerprint("d") == a.Fingerprint("e"):
		t.Error("different digests must differ")
	case a.Fingerprint("d") == b.Fingerprint("d"):
		t.Error("two resources must not share fingerprints: the salt is missing")
	case len(a.Fingerprint("d")) != 64:
		t.Error("want hex of 32 bytes")
	}
}

// Every operation of a process takes part in what it has computed already.
func TestFingerprintsAreShared(t *testing.T) {
	b, diags := newBackend(&client.Client{})
	if diags.HasError() || b.hashes == nil {
		t.Fatalf("the configured provider has no hashes: %v", diags)
	}
	k := newKept()
	if got := b.remembering(k); !reflect.DeepEqual(got.Kept, k.Remembering(b.hashes)) || reflect.DeepEqual(got, k) || got.Fingerprint("d") != k.Fingerprint("d") {
		t.Error("a remembered fingerprint is another one")
	}
	raw := memory{}
	if diags := b.remembering(k).store(t.Context(), raw); diags.HasError() || strings.Contains(string(raw[planning.PrivateKey]), "hashes") {
		t.Errorf("private state holds %s (%v)", raw[planning.PrivateKey], diags)
	}
}

func TestKeptSurvivesPrivateState(t *testing.T) {
	m := memory{}
	k := newKept().applied("digest", "run-7")
	if diags := k.store(t.Context(), m); diags.HasError() {
		t.Fatal(diags)
	}
	got, diags := loadKept(t.Context(), m)
	if diags.HasError() || got.Run != "run-7" || got.Applied != k.Fingerprint("digest") || string(got.Salt) != string(k.Salt) {
		t.Errorf("got %+v %v, want %+v", got, diags, k)
	}
}

func TestLoadKeptWithoutOurEntry(t *testing.T) {
	for name, m := range map[string]memory{"none": {}, "junk": {planning.PrivateKey: []byte("{")}, "no salt": {planning.PrivateKey: []byte("{}")}} {
		t.Run(name, func(t *testing.T) {
			k, diags := loadKept(t.Context(), m)
			if diags.HasError() || len(k.Salt) == 0 || k.Applied != "" {
				t.Errorf("got %+v %v", k, diags)
			}
		})
	}
}

func TestAdoptedNotesOnlyWhatAnImportFound(t *testing.T) {
	plan := sample()
	if k := newKept().adopted(plan, "run-2"); k.Applied != plan.RunningHash.ValueString() || k.Run != "run-2" {
		t.Errorf("got %+v", k)
	}
	if k := newKept().applied("d", "run-1").adopted(plan, "run-2"); k.Run != "run-1" {
		t.Error("what an apply left stays what it is")
	}
	uncommitted, skipped := plan, plan
	uncommitted.CommitChanges, skipped.IntendedHash = types.BoolValue(false), types.StringNull()
	for name, m := range map[string]model{"commit_changes = false": uncommitted, "never compared": skipped} {
		if k := newKept().adopted(m, "run-2"); k.Applied != "" {
			t.Errorf("%s: nothing is as intended", name)
		}
	}
}
