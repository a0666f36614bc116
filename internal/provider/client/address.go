package client

import (
	"fmt"
	"net/netip"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// address is what the agent interface of an object gets: its primary address, or
// the one of a family, with the DNS name of just this address. What is no IP
// address is a DNS name. missing says that the object has no address of the family.
func address(o inventory.Object, family string) (ip, dns, missing string) {
	host, dns := o.Host, o.DNSName
	if _, err := netip.ParseAddr(host); err != nil && host != "" {
		host, dns = "", host
	}
	if family == "" {
		return host, dns, ""
	}
	f := map[string]struct{ value, dns, words string }{
		AddressIPv4: {o.PrimaryIP4, o.DNSName4, "IPv4 address"},
		AddressIPv6: {o.PrimaryIP6, o.DNSName6, "IPv6 address"},
		AddressOOB:  {o.OOBIP, "", "out-of-band address"},
	}[family]
	switch {
	case f.value == "":
		return "", "", fmt.Sprintf("it has no %s (the provider's zabbix.defaults.address is %q)", f.words, family)
	case f.dns == "" && SameIP(f.value, host):
		return f.value, dns, "" // an inventory file knows one name, that of host
	}
	return f.value, f.dns, ""
}

// Addresses are the values of address.
func Addresses() []string { return []string{AddressIPv4, AddressIPv6, AddressOOB} }
