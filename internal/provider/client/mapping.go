package client

import (
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/mapping"
)

// interfaceAgent is the type of the interface by which the provider has hosts
// monitored.
const interfaceAgent = "agent"

// MappingObject is an object as the rules of a mapping see it.
func MappingObject(o inventory.Object) mapping.Object {
	kind := mapping.Device
	if o.Kind == inventory.VirtualMachine {
		kind = mapping.VirtualMachine
	}
	return mapping.Object{
		Kind: kind, ID: o.ID, Name: o.Name, Site: o.Site, Role: o.Role, Platform: o.Platform, Cluster: o.Cluster,
		Tags: o.Tags, Interface: interfaceAgent, Values: mappingValues(o),
	}
}

// mappingValues are what paths of the mappings lead to; what is unknown is not
// there.
func mappingValues(o inventory.Object) map[string]any {
	values := map[string]any{}
	for name, text := range map[string]string{
		"host": o.Host, "dns_name": o.DNSName, "primary_ip4": o.PrimaryIP4, "primary_ip6": o.PrimaryIP6, "oob_ip": o.OOBIP,
		"status": o.Status, "driver": o.Driver, "url": o.URL, "vendor": o.Vendor, "model": o.Model, "location": o.Location, "tenant": o.Tenant,
	} {
		if text != "" {
			values[name] = text
		}
	}
	if o.Port != 0 {
		values["port"] = int64(o.Port)
	}
	if o.CustomFields != nil {
		values["custom_fields"] = o.CustomFields
	}
	if o.ConfigContext != nil {
		values["config_context"] = o.ConfigContext
	}
	return values
}
