package secret_test

import (
	"slices"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

func TestHeaderWords(t *testing.T) {
	for _, c := range []struct {
		name, value string
		words       []string
	}{
		{"X-Forwarded-Proto", "https", nil},
		{"X-NetBox-Branch", "feature-logging", nil},
		{"Accept", "application/json", nil},
		{"X-Env", "Production", nil},
		{"X-Gate", "short1", nil},
		{"X-Gate", "planted-header-1", []string{"planted-header-1"}},
		{"X-Gate", "planted-Header", []string{"planted-Header"}},
		{"X-Api-Key", "abcd", []string{"abcd"}},
		{"Authorization", "Bearer planted-word", []string{"Bearer planted-word", "planted-word"}},
		{"Cookie", "a=planted-one; session=planted-two", []string{"a=planted-one; session=planted-two", "planted-one", "planted-two"}},
		{"CF-Access-Client-Id", "client", []string{"client"}},
		{"x-vault-TOKEN", "planted", []string{"planted"}},
	} {
		got := secret.HeaderWords(map[string]string{c.name: c.value})
		slices.Sort(got)
		got = slices.Compact(got)
		slices.Sort(c.words)
		if !slices.Equal(got, c.words) {
			t.Errorf("%s: %s: got %q, want %q", c.name, c.value, got, c.words)
		}
	}
}
