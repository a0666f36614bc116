package netbox_test

import (
	"slices"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/inventorytest"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/netbox"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/netbox/netboxtest"
)

// versions are those whose shapes differ.
func versions() []string { return []string{"3.7", "4.0", "4.2", "4.5", "4.7"} }

// adapt makes of an object of the suite what NetBox can hold: no port, driver or
// credentials, no device without a site, role and type, and every custom field
// on every object.
func adapt(o *inventory.Object) {
	o.Port, o.Driver, o.Credentials = 0, "", ""
	if o.CustomFields == nil {
		o.CustomFields = map[string]any{}
		for _, name := range []string{"rack", "floor", "height", "no_zabbix", "owner", "empty", "contacts", "place"} {
			o.CustomFields[name] = nil
		}
	}
	if o.Kind == inventory.VirtualMachine {
		return
	}
	if o.Site == "" {
		o.Site = "store"
	}
	if o.Role == "" {
		o.Role = "other"
	}
	if o.Model == "" {
		o.Vendor, o.Model = "Generic", "box"
	}
}

// suiteObjects are what the suite wants, and a device without a name, which
// nobody sees.
func suiteObjects() []inventory.Object {
	objects := slices.Concat(inventorytest.Devices(), inventorytest.VirtualMachines(), inventorytest.Twins(), []inventory.Object{{Kind: inventory.Device}})
	for i := range objects {
		adapt(&objects[i])
		if objects[i].Status == "" {
			objects[i].Status = "active"
		}
	}
	return objects
}

// fake starts a NetBox in memory.
func fake(t *testing.T, opts netboxtest.Options) *netboxtest.Server {
	t.Helper()
	s := netboxtest.Start(opts)
	t.Cleanup(s.Close)
	return s
}

// source makes a source.
func source(t *testing.T, cfg netbox.Config) *netbox.Source {
	t.Helper()
	s, err := netbox.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// token is the one that a version takes.
func token(version string) string {
	if version < "4.5" {
		return netboxtest.TokenV1
	}
	return netboxtest.Token
}

func TestSuite(t *testing.T) {
	for _, version := range versions() {
		t.Run(version, func(t *testing.T) {
			s := fake(t, netboxtest.Options{Version: version, Objects: suiteObjects(), Configs: inventorytest.Configs(), MaxPageSize: 4})
			warn := func(text string) { t.Errorf("warning: %s", text) }
			suite(source(t, netbox.Config{URL: s.URL + "/", Token: token(version), Warn: warn})).Run(t)
		})
	}
}

// suite is the suite of all sources of truth.
func suite(s inventory.Source) inventorytest.Suite {
	return inventorytest.Suite{Source: s, DefaultStatus: "active", Adapt: adapt, Ambiguous: true}
}
