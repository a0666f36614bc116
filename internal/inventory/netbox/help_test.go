package netbox_test

import (
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/netbox"
)

// object finds an object.
func object(t *testing.T, s *netbox.Source, kind inventory.Kind, name string) inventory.Object {
	t.Helper()
	o, err := s.Object(t.Context(), inventory.Ref{Kind: kind, Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// complains checks that there is an error which says all of these.
func complains(t *testing.T, err error, says ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error that says %q", says)
		return
	}
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%v\ndoes not say %q", err, text)
		}
	}
}
