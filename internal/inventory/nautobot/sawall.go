package nautobot

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/webapi"
)

// sawAll is an error if the rendering was made with less than there is: Golden
// Config renders what the token may see, and says nothing of the rest. What a key
// of the data is called is the query's affair (ports: interfaces{...}), and the
// data may have been given another shape; so what the token may see is asked
// whatever the keys are, and a key that is not known and holds nothing is suspect.
func (s *Source) sawAll(ctx context.Context, o inventory.Object, data map[string]any) error {
	var device map[string]any
	if err := s.api.Get(ctx, place(o.Kind)+url.PathEscape(o.ID)+"/?depth=0", permission("view", o.Kind), &device); err != nil {
		return fmt.Errorf("comparing what %q was rendered of: %w", o.Name, err)
	}
	denied, err := s.mayNotSee(ctx)
	if err != nil {
		return err
	}
	lacks, suspects := holdNothing(data, denied)
	maps.Copy(lacks, showLess(data, device))
	if len(lacks) > 0 {
		return fmt.Errorf("%s: the rendering of %q is not complete and is not used: the token's user needs the permission %s (without constraints that leave something out)",
			s.api.Where(), o.Name, inWords(lacks))
	}
	return s.suspicious(o, suspects, denied)
}

// showLess gives the permissions for what the data shows less of than the device
// has.
func showLess(data, device map[string]any) map[string]bool {
	lacks := map[string]bool{}
	for key, value := range data {
		m, known := models()[key]
		if have, ok := device[key]; known && ok && less(value, have) {
			lacks[m.permission] = true
		}
	}
	return lacks
}

// holdNothing looks at what is empty in the data: it gives the permissions that the
// token lacks for it, and the keys that are not known.
func holdNothing(data map[string]any, denied map[string]bool) (lacks, suspects map[string]bool) {
	lacks, suspects = map[string]bool{}, map[string]bool{}
	for key := range empties(data) {
		m, known := models()[key]
		switch {
		case known && denied[m.permission]:
			lacks[m.permission] = true
		case !known && !plainField(key):
			suspects[key] = true
		}
	}
	return lacks, suspects
}

// suspicious is what to do about keys that hold nothing and are not known: an error
// if the token may not see everything, else a warning, for there are more models
// than are asked for.
func (s *Source) suspicious(o inventory.Object, keys, denied map[string]bool) error {
	switch {
	case len(keys) == 0:
		return nil
	case len(denied) > 0:
		return fmt.Errorf("%s: the rendering of %q may not be complete and is not used: of the data that it was made of, %s is empty, and the token may not see everything: its user needs the permission %s (without constraints that leave something out)",
			s.api.Where(), o.Name, inWords(keys), inWords(denied))
	}
	if text := inWords(keys); !s.warned[text] {
		s.warned[text] = true
		s.api.Warn("%s: of the data that configurations are rendered of, %s is empty (of %q first). Nautobot shows nothing also where the token's user lacks a permission: look whether that is right.",
			s.api.Where(), text, o.Name)
	}
	return nil
}

// inWords lists what is in a set.
func inWords(set map[string]bool) string { return strings.Join(slices.Sorted(maps.Keys(set)), ", ") }

// less tells whether GraphQL shows less of something than REST does.
func less(shown, there any) bool {
	if list, ok := there.([]any); ok {
		seen, _ := shown.([]any)
		return len(seen) < len(list)
	}
	return shown == nil && there != nil
}

// model is where REST has the objects of a kind, and who may see them.
type model struct{ path, permission string }

// models are those that queries for templates use, by the names of the fields.
func models() map[string]model {
	one := func(path, permission string) model { return model{path, permission} }
	addresses, interfaces, vlans := one("ipam/ip-addresses/", "ipam.view_ipaddress"), one("dcim/interfaces/", "dcim.view_interface"), one("ipam/vlans/", "ipam.view_vlan")
	locations, vrfs := one("dcim/locations/", "dcim.view_location"), one("ipam/vrfs/", "ipam.view_vrf")
	return map[string]model{
		"platform": one("dcim/platforms/", "dcim.view_platform"), "role": one("extras/roles/", "extras.view_role"),
		"status": one("extras/statuses/", "extras.view_status"), "tenant": one("tenancy/tenants/", "tenancy.view_tenant"),
		"tags": one("extras/tags/", "extras.view_tag"), "secrets_group": one("extras/secrets-groups/", "extras.view_secretsgroup"),
		"location": locations, "parent": locations, "location_type": one("dcim/location-types/", "dcim.view_locationtype"), "device_type": one("dcim/device-types/", "dcim.view_devicetype"),
		"manufacturer": one("dcim/manufacturers/", "dcim.view_manufacturer"), "rack": one("dcim/racks/", "dcim.view_rack"),
		"primary_ip4": addresses, "primary_ip6": addresses, "ip_addresses": addresses, "interfaces": interfaces,
		"connected_interface": interfaces, "lag": interfaces, "member_interfaces": interfaces,
		"untagged_vlan": vlans, "tagged_vlans": vlans, "vlans": vlans, "vrf": vrfs, "vrfs": vrfs, "prefixes": one("ipam/prefixes/", "ipam.view_prefix"),
		"cable": one("dcim/cables/", "dcim.view_cable"), "virtual_chassis": one("dcim/virtual-chassis/", "dcim.view_virtualchassis"),
		"clusters": one("virtualization/clusters/", "virtualization.view_cluster"), "cluster": one("virtualization/clusters/", "virtualization.view_cluster"),
		"inventory_items": one("dcim/inventory-items/", "dcim.view_inventoryitem"), "services": one("ipam/services/", "ipam.view_service"),
	}
}

// plainField tells whether a field holds a value of the object itself, which may
// well be null.
func plainField(key string) bool {
	return slices.Contains([]string{
		"asset_tag", "comments", "description", "duplex", "face", "height", "label", "latitude", "longitude", "mac_address", "mode", "mtu", "position",
		"priority", "rd", "serial", "speed", "vc_position", "vc_priority", "weight", "wwn",
	}, key)
}

// empties are the fields that are null or empty lists somewhere. Values that are
// no objects of Nautobot's are not looked into.
func empties(v any) map[string]bool {
	found := map[string]bool{}
	var look func(v any)
	look = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, value := range v {
				list, isList := value.([]any)
				switch {
				case key == "config_context", key == "_custom_field_data", strings.HasPrefix(key, "cf_"):
				case value == nil, isList && len(list) == 0:
					found[key] = true
				default:
					look(value)
				}
			}
		case []any:
			for _, one := range v {
				look(one)
			}
		}
	}
	look(v)
	return found
}

// probes is how many permissions are asked for at once.
const probes = 4

// mayNotSee are the permissions, of those of models, that the token lacks, which
// only REST says; asked once. Only one renders at a time, so nobody asks meanwhile.
func (s *Source) mayNotSee(ctx context.Context) (map[string]bool, error) {
	if s.probed {
		return s.denied, nil
	}
	all := map[model]bool{}
	for _, m := range models() {
		all[m] = true
	}
	var mu sync.Mutex
	denied := map[string]bool{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(probes)
	for m := range all {
		group.Go(func() error {
			no, err := s.deniedAt(ctx, m)
			mu.Lock()
			defer mu.Unlock()
			if no {
				denied[m.permission] = true
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	s.denied, s.probed = denied, true
	return denied, nil
}

// deniedAt tells whether the token may see nothing of a model. One that this
// Nautobot does not have is none that it could show.
func (s *Source) deniedAt(ctx context.Context, m model) (bool, error) {
	var page json.RawMessage
	err := s.api.Get(ctx, m.path+"?limit=1&depth=0", m.permission, &page)
	e := webapi.AsError(err)
	switch {
	case e == nil:
		return false, err
	case e.Status == http.StatusForbidden:
		return true, nil
	case e.Status == http.StatusNotFound:
		return false, nil
	}
	return false, err
}
