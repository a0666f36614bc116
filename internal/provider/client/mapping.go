package client

import (
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/mapping"
)

// interfaceAgent is the type of the interface by which the provider has hosts
// monitored.
const interfaceAgent = "agent"

// MappingDevice is a device as the rules of a mapping see it.
func MappingDevice(d inventory.Device) mapping.Object {
	o := mapping.Object{
		Kind: mapping.Device, ID: d.ID, Name: d.Name, Site: d.Site, Role: d.Role, Platform: d.Platform, Cluster: d.Cluster,
		Tags: d.Tags, Interface: interfaceAgent,
		Values: mappingValues(d.CustomFields, map[string]string{
			"host": d.Host, "dns_name": d.DNSName, "status": d.Status, "driver": d.Driver, "url": d.URL,
		}),
	}
	if d.Port != 0 {
		o.Values["port"] = d.Port
	}
	return o
}

// MappingVirtualMachine is a virtual machine as the rules of a mapping see it.
func MappingVirtualMachine(v inventory.VirtualMachine) mapping.Object {
	return mapping.Object{
		Kind: mapping.VirtualMachine, ID: v.ID, Name: v.Name, Site: v.Site, Role: v.Role, Platform: v.Platform, Cluster: v.Cluster,
		Tags: v.Tags, Interface: interfaceAgent,
		Values: mappingValues(v.CustomFields, map[string]string{
			"host": v.Host, "dns_name": v.DNSName, "status": v.Status, "url": v.URL,
		}),
	}
}

// mappingValues are what is not a field of its own; what is unknown is not
// there.
func mappingValues(fields map[string]any, texts map[string]string) map[string]any {
	values := map[string]any{}
	if fields != nil {
		values["custom_fields"] = fields
	}
	for name, text := range texts {
		if text != "" {
			values[name] = text
		}
	}
	return values
}
