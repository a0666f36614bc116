//go:build lab

package provider_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// hostCase is a source of truth that holds a device and a virtual machine, both
// with an address, a name of it, a tag, a custom field and rules of their own.
type hostCase struct {
	block  string // the attribute of the provider block
	hostID func(kind string) any
}

// The objects, and what they have in both sources.
const (
	truthDevice, truthMachine = "truth-r1", "truth-vm1"
	truthDeviceIP, truthVMIP  = "127.9.0.1", "127.9.0.2"
	truthTag                  = "lab-monitored"
)

// dnsOf is the DNS name of an object's address.
func dnsOf(name string) string { return name + ".example.net" }

// truthFields are the custom fields, and truthContext is the config context.
func truthFields() map[string]any { return map[string]any{"rack": "A4"} }

func truthContext() map[string]any {
	return map[string]any{"owner": "net", "zabbix": map[string]any{"templates": []any{"Linux by Zabbix agent"}, "host_groups": []any{"Truth/Own"}}}
}

// with is an object's body of several parts.
func with(parts ...map[string]any) map[string]any {
	out := map[string]any{}
	for _, part := range parts {
		maps.Copy(out, part)
	}
	return out
}

// netboxHosts puts the objects into the real NetBox.
func netboxHosts(t *testing.T) hostCase {
	t.Helper()
	env := serverEnv(t, "PROVISION_NETBOX")
	a := restAPI{t, env["NETBOX_URL"] + "/api/", "Bearer " + env["NETBOX_TOKEN"], t.Context()}
	put := func(path, name string) any {
		return a.put(path, url.Values{"slug": {name}}, map[string]any{"name": name, "slug": name})
	}
	for name, kind := range map[string]string{"zabbix_hostid": "integer", "rack": "text"} {
		a.put("extras/custom-fields/", url.Values{"name": {name}}, map[string]any{
			"name": name, "type": kind, "object_types": []any{"dcim.device", "virtualization.virtualmachine"},
		})
	}
	put("extras/tags/", truthTag)
	common := map[string]any{
		"status": "active", "site": put("dcim/sites/", truthSite), "role": put("dcim/device-roles/", "lab"), "tags": []any{map[string]any{"slug": truthTag}},
		"custom_fields": truthFields(), "local_context_data": truthContext(),
	}
	maker := put("dcim/manufacturers/", "lab")
	kind := a.put("dcim/device-types/", url.Values{"slug": {"lab-router"}}, map[string]any{"model": "lab-router", "slug": "lab-router", "manufacturer": maker})
	add := func(path, ports, owner, model, name, ip string, more map[string]any) string {
		id := a.call(http.MethodPost, path, with(common, more, map[string]any{"name": name}))["id"]
		a.remove(fmt.Sprintf("%s%v/", path, id))
		port := a.call(http.MethodPost, ports, map[string]any{owner: id, "name": "eth0", "type": "virtual"})["id"]
		address := a.call(http.MethodPost, "ipam/ip-addresses/", map[string]any{
			"address": ip + "/32", "dns_name": dnsOf(name), "assigned_object_type": model, "assigned_object_id": port,
		})["id"]
		a.remove(fmt.Sprintf("ipam/ip-addresses/%v/", address))
		a.call(http.MethodPatch, fmt.Sprintf("%s%v/", path, id), map[string]any{"primary_ip4": address})
		return fmt.Sprintf("%s%v/", path, id)
	}
	paths := map[string]string{
		"device":          add("dcim/devices/", "dcim/interfaces/", "device", "dcim.interface", truthDevice, truthDeviceIP, map[string]any{"device_type": kind}),
		"virtual_machine": add("virtualization/virtual-machines/", "virtualization/interfaces/", "virtual_machine", "virtualization.vminterface", truthMachine, truthVMIP, nil),
	}
	return a.hosts("netbox", env["NETBOX_URL"], env["NETBOX_TOKEN"], paths)
}

// nautobotHosts puts the objects into the real Nautobot.
func nautobotHosts(t *testing.T) hostCase {
	t.Helper()
	env := serverEnv(t, "PROVISION_NAUTOBOT")
	a := restAPI{t, env["NAUTOBOT_URL"] + "/api/", "Token " + env["NAUTOBOT_TOKEN"], t.Context()}
	find := func(path, field, value string) any { return a.put(path, url.Values{field: {value}}, nil) }
	active, global := find("extras/statuses/", "name", "Active"), find("ipam/namespaces/", "name", "Global")
	tag := a.put("extras/tags/", url.Values{"name": {truthTag}}, map[string]any{
		"name": truthTag, "content_types": []any{"dcim.device", "virtualization.virtualmachine"},
	})
	common := map[string]any{
		"status": active, "role": find("extras/roles/", "name", "edge"), "tags": []any{tag},
		"custom_fields": truthFields(), "local_config_context_data": truthContext(),
	}
	add := func(path, ports, owner, assigned, name, ip string, more map[string]any) string {
		id := a.call(http.MethodPost, path, with(common, more, map[string]any{"name": name}))["id"]
		a.remove(fmt.Sprintf("%s%v/", path, id))
		port := a.call(http.MethodPost, ports, map[string]any{owner: id, "name": "eth0", "type": "virtual", "status": active})["id"]
		address := a.call(http.MethodPost, "ipam/ip-addresses/", map[string]any{"address": ip + "/32", "dns_name": dnsOf(name), "status": active, "namespace": global})["id"]
		a.remove(fmt.Sprintf("ipam/ip-addresses/%v/", address))
		a.call(http.MethodPost, "ipam/ip-address-to-interface/", map[string]any{"ip_address": address, assigned: port})
		a.call(http.MethodPatch, fmt.Sprintf("%s%v/", path, id), map[string]any{"primary_ip4": address})
		return fmt.Sprintf("%s%v/", path, id)
	}
	paths := map[string]string{
		"device": add("dcim/devices/", "dcim/interfaces/", "device", "interface", truthDevice, truthDeviceIP, map[string]any{
			"location": find("dcim/locations/", "name", "ams"), "device_type": find("dcim/device-types/", "model", "virtual"),
		}),
		"virtual_machine": add("virtualization/virtual-machines/", "virtualization/interfaces/", "virtual_machine", "vm_interface", truthMachine, truthVMIP,
			map[string]any{"cluster": find("virtualization/clusters/", "name", "c1")}),
	}
	return a.hosts("nautobot", env["NAUTOBOT_URL"], env["NAUTOBOT_TOKEN"], paths)
}

// hosts is the case of objects at these paths.
func (a restAPI) hosts(name, address, token string, paths map[string]string) hostCase {
	return hostCase{
		block: fmt.Sprintf("%s = { url = %q, token = %q, write_back = { journal = true, zabbix_host_id = \"zabbix_hostid\" } }", name, address, token),
		hostID: func(kind string) any {
			fields, _ := a.call(http.MethodGet, paths[kind], nil)["custom_fields"].(map[string]any)
			return fields["zabbix_hostid"]
		},
	}
}

// TestLabHostsOfNetBox makes hosts in a real Zabbix of what a real NetBox has.
func TestLabHostsOfNetBox(t *testing.T) { hostsOfATruth(t, netboxHosts) }

// TestLabHostsOfNautobot does the same with a real Nautobot.
func TestLabHostsOfNautobot(t *testing.T) { hostsOfATruth(t, nautobotHosts) }

func hostsOfATruth(t *testing.T, holding func(*testing.T) hostCase) {
	truth := holding(t)
	zbx := serverEnv(t, "PROVISION_ZABBIX_70")
	w := acctest.NewWorkspace(t, acctest.Binary(t))
	rules := func(name string) string {
		return fmt.Sprintf("[{ name = %q, default = true, templates = [\"ICMP Ping\"], host_groups = [\"Truth\"] }]", name)
	}
	resource := func(kind, name string) string {
		return fmt.Sprintf("resource \"zabbix_agent_host\" %q {\n  provider = provision\n  %s = %q\n}\n", kind, kind, name)
	}
	config := func(resources ...string) {
		w.Config(append([]string{fmt.Sprintf(`provider "provision" {
  %s
  zabbix = {
    url = %q
    username = %q
    password = %q
    create_host_groups = true
    defaults = { on_destroy = "delete" }
    mappings = {
      devices = %s
      virtual_machines = %s
      tags = { object_tags = [%q], values = { rack = "custom_fields.rack", owner = "config_context.owner" } }
    }
  }
}
`, truth.block, zbx["ZABBIX_URL"], zbx["ZABBIX_USER"], zbx["ZABBIX_PASSWORD"], rules("any device"), rules("any machine"), truthTag)}, resources...)...)
	}
	config(resource("device", truthDevice), resource("virtual_machine", truthMachine))
	says(t, w.Must(2, "plan", "-detailed-exitcode"), "2 to add", dnsOf(truthDevice), dnsOf(truthMachine))
	w.Must(0, "apply", "-auto-approve")
	defer func() { // what is left after a failure
		config()
		w.Must(0, "apply", "-auto-approve")
	}()
	w.Must(0, "plan", "-detailed-exitcode")
	for kind, want := range map[string]struct{ name, ip, rule string }{
		"device":          {truthDevice, truthDeviceIP, `rule "any device"`},
		"virtual_machine": {truthMachine, truthVMIP, `rule "any machine"`},
	} {
		h := hostState(t, w, "zabbix_agent_host."+kind)
		checkHost(t, h, want.name, want.ip, want.rule)
		if got := truth.hostID(kind); fmt.Sprint(got) != h.ID {
			t.Errorf("%s: the source of truth has the hostid %v, Zabbix %s", kind, got, h.ID)
		}
	}
}

// hostValues are attributes of a host in the state.
type hostValues struct {
	ID, Host, Object string
	Interface        struct{ IP, DNS, Use string }
	Templates        []string
	HostGroups       []string `json:"host_groups"`
	Tags             map[string][]string
	MatchedRules     map[string]string `json:"matched_rules"`
}

// hostState is a host as the state has it.
func hostState(t *testing.T, w *acctest.Workspace, address string) hostValues {
	t.Helper()
	var state struct {
		Values struct {
			Root struct {
				Resources []struct {
					Address string
					Values  hostValues
				}
			} `json:"root_module"`
		}
	}
	raw, err := w.Command("show", "-json").Output()
	if err == nil {
		err = json.Unmarshal(raw, &state)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	for _, r := range state.Values.Root.Resources {
		if r.Address == address {
			return r.Values
		}
	}
	t.Fatalf("the state has no %s", address)
	return hostValues{}
}

// checkHost compares a host with what the source of truth has.
func checkHost(t *testing.T, h hostValues, name, ip, rule string) {
	t.Helper()
	if h.Host != name || h.Interface.IP != ip || h.Interface.DNS != dnsOf(name) || h.Interface.Use != "dns" {
		t.Errorf("%s: host %q, interface %+v", name, h.Host, h.Interface)
	}
	for tag, value := range map[string]string{truthTag: truthTag, "rack": "A4", "owner": "net"} {
		if got := h.Tags[tag]; len(got) != 1 || got[0] != value {
			t.Errorf("%s: tag %s is %q, want %q", name, tag, got, value)
		}
	}
	for what, by := range map[string]string{
		"templates/Linux by Zabbix agent": `rule "config context"`, "host_groups/Truth/Own": `rule "config context"`,
		"templates/ICMP Ping": rule, "host_groups/Truth": rule,
	} {
		if got := h.MatchedRules[what]; got != by {
			t.Errorf("%s: %s is of %q, want %q (all: %q)", name, what, got, by, h.MatchedRules)
		}
	}
	if len(h.Templates) != 2 || len(h.HostGroups) != 2 {
		t.Errorf("%s: templates %q, groups %q", name, h.Templates, h.HostGroups)
	}
}
