package client

import (
	"fmt"
	"net/netip"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// address is what the agent interface of an object gets: its primary address, or
// the one of a family. What is no IP address is a DNS name. The name of the
// primary address is that of another one only if they are the same. missing says
// that the object has no address of the family.
func address(o inventory.Object, family string) (ip, dns, missing string) {
	host, dns := o.Host, o.DNSName
	if _, err := netip.ParseAddr(host); err != nil && host != "" {
		host, dns = "", host
	}
	if family == "" {
		return host, dns, ""
	}
	f := map[string]struct{ value, words string }{
		AddressIPv4: {o.PrimaryIP4, "IPv4 address"},
		AddressIPv6: {o.PrimaryIP6, "IPv6 address"},
		AddressOOB:  {o.OOBIP, "out-of-band address"},
	}[family]
	ip = f.value
	switch {
	case ip == "":
		return "", "", fmt.Sprintf("it has no %s (the provider's zabbix.defaults.address is %q)", f.words, family)
	case !SameIP(ip, host):
		dns = "" // the name is that of another address
	}
	return ip, dns, ""
}

// Addresses are the values of address.
func Addresses() []string { return []string{AddressIPv4, AddressIPv6, AddressOOB} }
