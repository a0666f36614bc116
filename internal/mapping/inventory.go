package mapping

import (
	"fmt"
	"unicode/utf8"
)

// textLength is how many characters fit into a field of type text.
const textLength = 65535

// inventoryKeys are the keys of a host's inventory and how many characters fit
// in each (Zabbix: host inventory object, with the lengths of its database
// schema; url_a to url_c take 255 in 6.0).
var inventoryKeys = map[string]int{
	"type": 64, "type_full": 64, "name": 128, "alias": 128, "os": 128, "os_full": 255, "os_short": 128, "serialno_a": 64,
	"serialno_b": 64, "tag": 64, "asset_tag": 64, "macaddress_a": 64, "macaddress_b": 64, "hardware": 255,
	"hardware_full": textLength, "software": 255, "software_full": textLength, "software_app_a": 64, "software_app_b": 64,
	"software_app_c": 64, "software_app_d": 64, "software_app_e": 64, "contact": textLength, "location": textLength,
	"location_lat": 16, "location_lon": 16, "notes": textLength, "chassis": 64, "model": 64, "hw_arch": 32, "vendor": 64,
	"contract_number": 64, "installer_name": 64, "deployment_status": 64, "url_a": 2048, "url_b": 2048, "url_c": 2048,
	"host_networks": textLength, "host_netmask": 39, "host_router": 39, "oob_ip": 39, "oob_netmask": 39, "oob_router": 39,
	"date_hw_purchase": 64, "date_hw_install": 64, "date_hw_expiry": 64, "date_hw_decomm": 64, "site_address_a": 128,
	"site_address_b": 128, "site_address_c": 128, "site_city": 128, "site_state": 64, "site_country": 64, "site_zip": 64,
	"site_rack": 128, "site_notes": textLength, "poc_1_name": 128, "poc_1_email": 128, "poc_1_phone_a": 64, "poc_1_phone_b": 64,
	"poc_1_cell": 64, "poc_1_screen": 64, "poc_1_notes": textLength, "poc_2_name": 128, "poc_2_email": 128, "poc_2_phone_a": 64,
	"poc_2_phone_b": 64, "poc_2_cell": 64, "poc_2_screen": 64, "poc_2_notes": textLength,
}

// InventoryLimit tells how many characters fit into a key of a host's
// inventory; 0 says that Zabbix has no such key.
func InventoryLimit(key string) int { return inventoryKeys[key] }

// inventory gives the inventory of an object: of each key the first path that
// leads to something.
func (c *Config) inventory(o Object) ([]AssignedKey, []error) {
	var keys []AssignedKey
	var errs []error
	for _, k := range c.Inventory {
		for _, p := range k.Paths {
			v, found := o.at(p)
			if !found {
				continue
			}
			from := fmt.Sprintf("inventory.%s (%s)", k.Key, p)
			value, err := text(v)
			if err == nil {
				err = fits(value, inventoryKeys[k.Key])
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", from, err))
				break
			}
			keys = append(keys, AssignedKey{Key: k.Key, Value: value, From: from})
			break
		}
	}
	return keys, errs
}

// fits checks how long a text is.
func fits(value string, limit int) error {
	if n := utf8.RuneCountInString(value); n > limit {
		return fmt.Errorf("the value has %d characters, and Zabbix takes %d", n, limit)
	}
	return nil
}
