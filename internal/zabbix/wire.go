package zabbix

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// number is a number that the API writes as a text, as it mostly does.
type number int

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(text []byte) error {
	var s string
	if json.Unmarshal(text, &s) != nil {
		s = string(text)
	}
	i, err := strconv.Atoi(s)
	*n = number(i)
	return err
}

// wireHost is a host in an answer of host.get.
type wireHost struct {
	HostID        string `json:"hostid"`
	Host          string `json:"host"`
	Name          string `json:"name"`
	Description   string `json:"description"`
	Status        number `json:"status"`
	Flags         number `json:"flags"`
	InventoryMode number `json:"inventory_mode"`
	TLSConnect    number `json:"tls_connect"`
	TLSAccept     number `json:"tls_accept"`
	TLSIssuer     string `json:"tls_issuer"`
	TLSSubject    string `json:"tls_subject"`
	InMaintenance number `json:"maintenance_status"`
	MaintenanceID string `json:"maintenanceid"`
	ProxyHostID   string `json:"proxy_hostid"` // before 7.0
	MonitoredBy   number `json:"monitored_by"` // from 7.0 on
	ProxyID       string `json:"proxyid"`
	ProxyGroupID  string `json:"proxy_groupid"`
	Groups        []named
	HostGroups    []named         `json:"hostgroups"` // from 6.2 on
	Templates     []wireTemplate  `json:"parentTemplates"`
	Tags          []wireTag       `json:"tags"`
	Macros        []wireMacro     `json:"macros"`
	Inventory     json.RawMessage `json:"inventory"` // an empty list where there is none
	Interfaces    []wireInterface `json:"interfaces"`
}

type named struct {
	Name string `json:"name"`
}

type wireTemplate struct {
	ID   string `json:"templateid"`
	Host string `json:"host"`
}

type wireTag struct {
	Tag       string `json:"tag"`
	Value     string `json:"value"`
	Automatic number `json:"automatic"`
}

type wireMacro struct {
	ID          string `json:"hostmacroid"`
	Macro       string `json:"macro"`
	Value       string `json:"value"`
	Description string `json:"description"`
	Type        number `json:"type"`
	Automatic   number `json:"automatic"`
}

type wireInterface struct {
	ID        string `json:"interfaceid"`
	Type      number `json:"type"`
	Main      number `json:"main"`
	UseIP     number `json:"useip"`
	IP        string `json:"ip"`
	DNS       string `json:"dns"`
	Port      string `json:"port"`
	Available number `json:"available"`
	Error     string `json:"error"`
}

// hostQuery are the parameters of host.get that ask for everything of a host.
func hostQuery(v api.Version, which object) object {
	groups, _ := v.SelectGroups()
	q := object{
		"output": v.HostOutput(), "selectParentTemplates": []string{"templateid", "host"}, groups: []string{"groupid", "name"},
		"selectTags": "extend", "selectMacros": "extend", "selectInventory": "extend",
		"selectInterfaces": []string{"interfaceid", "type", "main", "useip", "ip", "dns", "port", "available", "error"},
	}
	maps.Copy(q, which)
	return q
}

// read makes a host of an answer. Proxies and maintenances are ids in it: names
// gives their names.
func (w wireHost) read(names names) (*Host, error) {
	h := &Host{
		ID: w.HostID, Name: w.Host, VisibleName: w.Name, Description: w.Description, Enabled: w.Status == 0,
		InventoryMode: InventoryMode(w.InventoryMode), Discovered: w.Flags == 4,
		TLS: TLS{Connect: Encryption(w.TLSConnect), Accept: kinds(w.TLSAccept), Issuer: w.TLSIssuer, Subject: w.TLSSubject},
	}
	for _, t := range w.Templates {
		h.Templates = append(h.Templates, t.Host)
	}
	for _, g := range slices.Concat(w.Groups, w.HostGroups) {
		h.Groups = append(h.Groups, g.Name)
	}
	slices.Sort(h.Templates)
	slices.Sort(h.Groups)
	w.readTags(h)
	for _, m := range w.Macros {
		h.Macros = append(h.Macros, Macro{
			ID: m.ID, Name: m.Macro, Value: m.Value, Kind: MacroKind(m.Type), Description: m.Description, Automatic: m.Automatic == 1,
		})
	}
	slices.SortFunc(h.Macros, func(a, b Macro) int { return cmp.Compare(a.Name, b.Name) })
	w.readInterfaces(h)
	if w.InMaintenance == 1 {
		h.Maintenance = cmp.Or(names.maintenances[w.MaintenanceID], "maintenanceid "+w.MaintenanceID)
	}
	h.Proxy, h.ProxyGroup = names.monitors(w)
	return h, w.readInventory(h)
}

// kinds are the kinds in a sum of their bits.
func kinds(bits number) []Encryption {
	var list []Encryption
	for _, e := range []Encryption{NoEncryption, PSK, Certificate} {
		if int(bits)&int(e) != 0 {
			list = append(list, e)
		}
	}
	return list
}

// readTags tells tags from marks.
func (w wireHost) readTags(h *Host) {
	for _, t := range w.Tags {
		switch t.Tag {
		case TagRun:
			h.Mark.Run = t.Value
		case TagName:
			h.Mark.BuriedName = t.Value
		case TagObject:
			h.Mark.BuriedObject = t.Value
		default:
			h.Tags = append(h.Tags, Tag{Name: t.Tag, Value: t.Value, Automatic: t.Automatic == 1})
		}
	}
}

// readInterfaces tells the main agent interface from the others.
func (w wireHost) readInterfaces(h *Host) {
	for _, i := range w.Interfaces {
		read := Interface{
			ID: i.ID, Type: InterfaceType(i.Type), Main: i.Main == 1, IP: i.IP, DNS: i.DNS, Port: i.Port,
			Use: UseDNS, Available: Availability(i.Available), Error: i.Error, Discovered: h.Discovered,
		}
		if i.UseIP == 1 {
			read.Use = UseIP
		}
		if read.Type == TypeAgent && read.Main {
			h.Agent = &read
		} else {
			h.Others = append(h.Others, read)
		}
	}
	slices.SortFunc(h.Others, func(a, b Interface) int { return cmp.Compare(a.ID, b.ID) })
}

// readInventory reads the keys that are not empty.
func (w wireHost) readInventory(h *Host) error {
	h.Inventory = map[string]string{}
	if len(w.Inventory) == 0 || w.Inventory[0] != '{' {
		return nil
	}
	var keys map[string]any
	if err := json.Unmarshal(w.Inventory, &keys); err != nil {
		return fmt.Errorf("host %s: its inventory: %w", w.Host, err)
	}
	for k, v := range keys {
		if text := fmt.Sprint(v); text != "" && k != "inventory_mode" && k != "hostid" {
			h.Inventory[k] = text
		}
	}
	return nil
}
