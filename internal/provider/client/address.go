package client

import (
	"fmt"
	"net/netip"

	"github.com/netprovision/terraform-provider-provision/internal/mapping"
)

// address is what the agent interface of an object gets: its primary address, or
// the one of a family. What is no IP address is a DNS name. The name of the
// primary address is that of another one only if they are the same. missing says
// that the object has no address of the family.
func address(o mapping.Object, family string) (ip, dns, missing string) {
	value := func(name string) string {
		text, _ := o.Values[name].(string)
		return text
	}
	host, dns := value("host"), value("dns_name")
	if _, err := netip.ParseAddr(host); err != nil && host != "" {
		host, dns = "", host
	}
	if family == "" {
		return host, dns, ""
	}
	f := map[string]struct{ value, words string }{
		AddressIPv4: {"primary_ip4", "IPv4 address"},
		AddressIPv6: {"primary_ip6", "IPv6 address"},
		AddressOOB:  {"oob_ip", "out-of-band address"},
	}[family]
	ip = value(f.value)
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
