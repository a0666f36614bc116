package client_test

import (
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
)

// TestAddressOfASubject: which address of an object its agent interface gets.
func TestAddressOfASubject(t *testing.T) {
	both := inventory.Object{Host: "2001:DB8::1", PrimaryIP4: "192.0.2.1", PrimaryIP6: "2001:db8::1", OOBIP: "198.51.100.1", DNSName: "r1.example.net"}
	names := both
	names.DNSName4, names.DNSName6 = "r1-v4.example.net", "r1.example.net"
	other := names
	other.DNSName, other.DNSName6 = "", ""
	named := inventory.Object{Host: "r1.example.net", PrimaryIP4: "192.0.2.1"}
	for _, c := range []struct {
		family           string
		device           inventory.Object
		ip, dns, missing string
	}{
		{"", both, "2001:DB8::1", "r1.example.net", ""},
		{client.AddressIPv4, both, "192.0.2.1", "", ""},
		{client.AddressIPv6, both, "2001:db8::1", "r1.example.net", ""},
		{client.AddressOOB, both, "198.51.100.1", "", ""},
		{"", names, "2001:DB8::1", "r1.example.net", ""},
		{client.AddressIPv4, names, "192.0.2.1", "r1-v4.example.net", ""},
		{client.AddressIPv6, names, "2001:db8::1", "r1.example.net", ""},
		{client.AddressOOB, names, "198.51.100.1", "", ""},
		{client.AddressIPv6, other, "2001:db8::1", "", ""},
		{"", named, "", "r1.example.net", ""},
		{client.AddressIPv4, named, "192.0.2.1", "", ""},
		{client.AddressIPv6, named, "", "", "no IPv6 address"},
		{client.AddressOOB, named, "", "", "no out-of-band address"},
		{client.AddressIPv4, inventory.Object{Host: "192.0.2.1"}, "", "", "no IPv4 address"},
	} {
		d := c.device
		d.ID, d.Name, d.Status = "42", "r1", "active"
		vm := inventory.Object{
			ID: "7", Name: "vm1", Status: "active", Host: d.Host, PrimaryIP4: d.PrimaryIP4, PrimaryIP6: d.PrimaryIP6, OOBIP: d.OOBIP,
			DNSName: d.DNSName, DNSName4: d.DNSName4, DNSName6: d.DNSName6,
		}
		cl := zabbixClient(&fakeZabbix{}, func(cfg *client.Config) {
			cfg.Inventory, cfg.Zabbix.Defaults.Address = sourceOf{device: d, machine: vm}, c.family
		})
		for _, ref := range []client.HostRef{{Device: "r1"}, {VirtualMachine: "vm1"}} {
			s, err := cl.Subject(t.Context(), ref)
			if err != nil || s.IP != c.ip || s.DNS != c.dns || !strings.Contains(s.NoAddress, c.missing) || (s.NoAddress == "") != (c.missing == "") {
				t.Errorf("%q of %+v: %+v, %v", c.family, ref, s, err)
			}
		}
	}
}
