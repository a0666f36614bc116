package client_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/mapping"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
)

// everyPath is a mapping whose paths are all that there are but tags and custom
// fields, each as a tag of its name.
func everyPath(t *testing.T) *mapping.Config {
	t.Helper()
	values := map[string]any{"rack": "custom_fields.rack"}
	for _, path := range []string{
		"cluster", "config_context.noc.owner", "dns_name", "driver", "host", "id", "kind", "location", "model", "name", "oob_ip", "platform", "port",
		"primary_ip4", "primary_ip6", "role", "site", "status", "tenant", "url", "vendor",
	} {
		values[path] = path
	}
	rules := []any{map[string]any{"name": "all", "default": true, "templates": []any{"t"}}}
	c, err := mapping.Decode(map[string]any{"devices": rules, "virtual_machines": rules, "tags": map[string]any{"values": values}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// tagsOf are the tags that an object gets of every path.
func tagsOf(t *testing.T, o mapping.Object) []string {
	t.Helper()
	r, err := everyPath(t).Match(o)
	if err != nil {
		t.Fatal(err)
	}
	var tags []string
	for _, tag := range r.Tags {
		tags = append(tags, tag.Name+"="+tag.Value)
	}
	return tags
}

func TestMappingDevice(t *testing.T) {
	o := client.MappingObject(inventory.Object{
		Kind: inventory.Device, ID: "7", Name: "r1", Host: "192.0.2.1", DNSName: "r1.example.net", Port: 22, Driver: "frr", Platform: "linux", Site: "ams",
		Role: "edge", Cluster: "c1", Status: "active", Tags: []string{"a"}, CustomFields: map[string]any{"rack": "A4"}, URL: "inv:3",
		PrimaryIP4: "192.0.2.1", PrimaryIP6: "2001:db8::1", OOBIP: "198.51.100.1", Vendor: "v", Model: "m", Location: "l", Tenant: "t",
		ConfigContext: map[string]any{"noc": map[string]any{"owner": "noc"}},
	})
	want := []string{
		"cluster=c1", "config_context.noc.owner=noc", "dns_name=r1.example.net", "driver=frr", "host=192.0.2.1", "id=7", "kind=device",
		"location=l", "model=m", "name=r1", "oob_ip=198.51.100.1", "platform=linux",
		"port=22", "primary_ip4=192.0.2.1", "primary_ip6=2001:db8::1", "rack=A4", "role=edge", "site=ams", "status=active", "tenant=t", "url=inv:3", "vendor=v",
	}
	if d := cmp.Diff(want, tagsOf(t, o)); d != "" {
		t.Errorf("want -, got +:\n%s", d)
	}
	if o.Interface != "agent" || !slices.Equal(o.Tags, []string{"a"}) {
		t.Errorf("%+v", o)
	}
	if got := tagsOf(t, client.MappingObject(inventory.Object{Kind: inventory.Device, ID: "7", Name: "r1"})); !slices.Equal(got, []string{"id=7", "kind=device", "name=r1"}) {
		t.Errorf("what is unknown: %q", got)
	}
}

func TestMappingVirtualMachine(t *testing.T) {
	o := client.MappingObject(inventory.Object{
		Kind: inventory.VirtualMachine, ID: "7", Name: "web1", Host: "192.0.2.1", DNSName: "web1.example.net", Platform: "debian", Site: "ams",
		Role: "web", Cluster: "c1", Status: "active", Tags: []string{"a"}, CustomFields: map[string]any{"rack": "A4"}, URL: "inv:3",
	})
	want := []string{
		"cluster=c1", "dns_name=web1.example.net", "host=192.0.2.1", "id=7", "kind=virtual_machine", "name=web1", "platform=debian",
		"rack=A4", "role=web", "site=ams", "status=active", "url=inv:3", "Cluster=c1",
	}
	if d := cmp.Diff(want, tagsOf(t, o)); d != "" {
		t.Errorf("want -, got +:\n%s", d)
	}
	if o.Interface != "agent" || !slices.Equal(o.Tags, []string{"a"}) {
		t.Errorf("%+v", o)
	}
}
