// Package drivers is the list of drivers: a new one is one line here.
package drivers

import (
	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/device/frr"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf"
)

// All returns every driver.
func All() []device.Driver {
	return []device.Driver{
		frr.New(),
		netconf.New(),
	}
}
