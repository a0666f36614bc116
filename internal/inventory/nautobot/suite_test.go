package nautobot_test

import (
	"cmp"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/inventorytest"
)

// adapt makes of what the suite wants what Nautobot can hold: it has no port,
// driver, credentials or address out of band, and a device needs a type, a role
// and a location.
func adapt(o *inventory.Object) {
	o.Port, o.Driver, o.Credentials, o.OOBIP = 0, "", "", ""
	if o.Kind == inventory.VirtualMachine {
		o.Cluster = cmp.Or(o.Cluster, "nowhere")
		return
	}
	o.Vendor, o.Model = "FRRouting", "virtual"
	o.Site, o.Role = cmp.Or(o.Site, "depot"), cmp.Or(o.Role, "spare")
	if o.Name == "ams-edge1" {
		o.SecretsGroup = "edge routers"
	}
}

func TestSuite(t *testing.T) {
	for _, version := range []string{"2.4.12", "3.0.1", "3.2.7"} {
		t.Run(version, func(t *testing.T) {
			inventorytest.Suite{
				Source: suiteFake(version).serve(t), DefaultStatus: "active", Ambiguous: true,
				Configs: map[string]string{"ams-edge1": "hostname ams-edge1\n"}, Adapt: adapt,
			}.Run(t)
		})
	}
}
