package mapping_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/netprovision/terraform-provider-provision/internal/mapping"
)

// r1 is a device with everything.
func r1() mapping.Object {
	return mapping.Object{
		Kind: mapping.Device, ID: "42", Name: "r1", Site: "ams", Role: "core", Platform: "eos", Interface: "agent",
		Tags: []string{"prod", "bgp"},
		Values: map[string]any{
			"status": "active", "port": 22,
			"custom_fields": map[string]any{
				"rack": "A4", "floor": int64(3), "height": 1.5, "spare": false, "nothing": nil, "empty": "", "huge": json.Number("18446744073709551617"),
				"owners": []any{"net", nil, "sys", 7, "net", ""}, "place": map[string]any{"room": "R1", "rows": []any{"x", "y"}},
			},
		},
	}
}

// match gives the result of an object without mistakes.
func match(t *testing.T, c *mapping.Config, o mapping.Object) mapping.Result {
	t.Helper()
	r, err := c.Match(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const ladder = `{"devices": [
	{"name": "all", "default": true, "templates": ["ICMP"], "host_groups": ["Network"], "proxy": "p0"},
	{"name": "core", "roles": ["core", "spine"], "templates": ["Core", "ICMP"], "host_groups": ["Core"]},
	{"name": "ams core", "sites": ["ams"], "roles": ["core"], "templates": ["Ams"], "host_groups": ["Network"], "proxy_group": "g1"},
	{"name": "snmp", "interface_type": "snmp", "roles": ["core"], "sites": ["ams"], "templates": ["SNMP"]}
]%s}`

func TestTheMostDimensionsWin(t *testing.T) {
	c := decode(t, strings.Replace(ladder, "%s", "", 1))
	for _, s := range []struct {
		o    mapping.Object
		rule string
	}{
		{mapping.Object{Kind: mapping.Device, Interface: "agent"}, "all"},
		{mapping.Object{Kind: mapping.Device, Role: "edge", Site: "ams", Interface: "agent"}, "all"},
		{mapping.Object{Kind: mapping.Device, Role: "Core", Interface: "agent"}, "all"},
		{mapping.Object{Kind: mapping.Device, Role: "spine", Site: "ams", Interface: "agent"}, "core"},
		{mapping.Object{Kind: mapping.Device, Role: "core", Site: "fra", Interface: "snmp"}, "core"},
		{mapping.Object{Kind: mapping.Device, Role: "core", Site: "ams", Interface: "agent"}, "ams core"},
		{mapping.Object{Kind: mapping.Device, Role: "core", Site: "ams", Interface: "snmp"}, "snmp"},
	} {
		if r := match(t, c, s.o); !slices.Equal(r.Rules, []string{s.rule}) || r.Templates[0].From != `rule "`+s.rule+`"` {
			t.Errorf("%+v: got %+v, want %s", s.o, r, s.rule)
		}
	}
}

func TestTheWinnerGivesEverything(t *testing.T) {
	got := match(t, decode(t, strings.Replace(ladder, "%s", "", 1)), r1())
	want := mapping.Result{
		Rules:      []string{"ams core"},
		Templates:  []mapping.Assigned{{Name: "Ams", From: `rule "ams core"`}},
		HostGroups: []mapping.Assigned{{Name: "Network", From: `rule "ams core"`}},
		ProxyGroup: mapping.Assigned{Name: "g1", From: `rule "ams core"`},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("want -, got +:\n%s", d)
	}
}

func TestMergedLayers(t *testing.T) {
	got := match(t, decode(t, strings.Replace(ladder, "%s", `, "merge": true`, 1)), r1())
	want := mapping.Result{
		Rules: []string{"all", "core", "ams core"},
		Templates: []mapping.Assigned{
			{Name: "ICMP", From: `rule "all"`},
			{Name: "Core", From: `rule "core"`},
			{Name: "Ams", From: `rule "ams core"`},
		},
		HostGroups: []mapping.Assigned{{Name: "Network", From: `rule "all"`}, {Name: "Core", From: `rule "core"`}},
		ProxyGroup: mapping.Assigned{Name: "g1", From: `rule "ams core"`}, // and p0 is gone
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("want -, got +:\n%s", d)
	}
}

func TestRulesOfOneRankThatGiveTheSame(t *testing.T) {
	c := decode(t, devices(`{"name": "b", "roles": ["core"], "templates": ["x"]}, {"name": "c", "sites": ["ams"], "templates": ["x"]}`))
	if r := match(t, c, r1()); !slices.Equal(r.Rules, []string{"b"}) {
		t.Errorf("got %q", r.Rules)
	}
}

func TestTiesOfAConfigMadeByHand(t *testing.T) {
	rules := []mapping.Rule{
		{Name: "all", Default: true, Templates: []string{"a"}},
		{Name: "b", Sites: []string{"ams"}, Templates: []string{"b"}, Proxy: "p"},
		{Name: "c", Roles: []string{"core"}, Templates: []string{"c"}, Proxy: "q"},
	}
	for _, merge := range []bool{false, true} {
		_, err := (&mapping.Config{Devices: rules, Merge: merge}).Match(r1())
		if err == nil || !strings.Contains(err.Error(), `r1: mappings: the rules "b" and "c" match in as many dimensions (1)`) {
			t.Errorf("merge %v: got %v", merge, err)
		}
	}
	rules[1].Proxy, rules[1].ProxyGroup = "", "g"
	rules[2].Proxy = ""
	if _, err := (&mapping.Config{Devices: rules, Merge: true}).Match(r1()); err != nil {
		t.Errorf("only one names a proxy: %v", err)
	}
	if _, err := (&mapping.Config{Devices: rules[1:2]}).Match(mapping.Object{Kind: mapping.Device}); err == nil || !strings.Contains(err.Error(), "no default") {
		t.Errorf("got %v", err)
	}
}

func TestEveryKindHasATable(t *testing.T) {
	c := decode(t, with(`"merge": false`))
	if _, err := c.Match(mapping.Object{Kind: mapping.VirtualMachine, Name: "web1"}); err == nil ||
		err.Error() != "web1: mappings: there are no rules for a virtual machine: add virtual_machines with a default" {
		t.Errorf("got %v", err)
	}
	if _, err := c.Match(mapping.Object{Kind: "rack", Name: "x"}); err == nil || !strings.Contains(err.Error(), `no kind "rack"`) {
		t.Errorf("got %v", err)
	}
}

func TestExclusion(t *testing.T) {
	for field, want := range map[string]string{
		"yes":    `its custom field "yes" is true (exclude.custom_field)`,
		"no":     "",
		"absent": "",
		"null":   "",
	} {
		c := decode(t, with(`"exclude": {"custom_field": "`+field+`"}`))
		o := r1()
		o.Values["custom_fields"] = map[string]any{"yes": true, "no": false, "null": nil}
		r := match(t, c, o)
		if r.Excluded != want || (want != "") != (r.Templates == nil) {
			t.Errorf("%s: %+v", field, r)
		}
	}
	c := decode(t, with(`"exclude": {"custom_field": "rack"}`))
	if _, err := c.Match(r1()); err == nil || !strings.Contains(err.Error(), `the custom field "rack" is a text, and true or false is needed`) {
		t.Errorf("got %v", err)
	}
	if r := match(t, c, mapping.Object{Kind: mapping.Device}); r.Excluded != "" {
		t.Errorf("an object without custom fields: %+v", r)
	}
}

// pairs writes tags as text.
func pairs(tags []mapping.AssignedTag) []string {
	var out []string
	for _, t := range tags {
		out = append(out, t.Name+"="+t.Value)
	}
	return out
}

func TestTags(t *testing.T) {
	for name, c := range map[string]struct {
		tags string
		want []string
	}{
		"none":            {`{}`, nil},
		"in order":        {`{"default_tag": "id", "object_tags": ["bgp", "prod", "other"], "values": {"rack": "custom_fields.rack", "a": "site"}}`, []string{"id=42", "prod=prod", "bgp=bgp", "a=ams", "rack=A4"}},
		"prefix":          {`{"prefix": "Nb_", "default_tag": "id", "object_tags": ["bgp"], "values": {"a": "site"}}`, []string{"Nb_id=42", "Nb_bgp=bgp", "Nb_a=ams"}},
		"lower":           {`{"prefix": "Nb_", "case": "lower", "default_tag": "ID"}`, []string{"nb_id=42"}},
		"upper":           {`{"prefix": "Nb_", "case": "upper", "object_tags": ["bgp"]}`, []string{"NB_BGP=bgp"}},
		"case none":       {`{"prefix": "Nb_", "case": "none", "default_tag": "Id"}`, []string{"Nb_Id=42"}},
		"no prefix":       {`{"prefix": null, "values": {"Site": "site"}}`, []string{"Site=ams"}},
		"plain forms":     {`{"values": {"a": "custom_fields.floor", "b": "custom_fields.height", "c": "custom_fields.spare", "d": "custom_fields.huge", "e": "port"}}`, []string{"a=3", "b=1.5", "c=false", "d=18446744073709551617", "e=22"}},
		"a list":          {`{"values": {"owner": "custom_fields.owners"}}`, []string{"owner=net", "owner=sys", "owner=7"}},
		"tags as a list":  {`{"values": {"tag": "tags"}}`, []string{"tag=prod", "tag=bgp"}},
		"an element":      {`{"values": {"a": "custom_fields.owners.2", "b": "tags.1", "c": "custom_fields.owners.99", "d": "custom_fields.owners.x"}}`, []string{"a=sys", "b=bgp"}},
		"below":           {`{"values": {"a": "custom_fields.place.room", "b": "custom_fields.place.rows.1"}}`, []string{"a=R1", "b=y"}},
		"nowhere":         {`{"values": {"a": "custom_fields.nothing", "b": "custom_fields.empty", "c": "custom_fields.x.y", "d": "custom_fields.rack.x", "e": "cluster", "f": "dns_name"}}`, nil},
		"the same twice":  {`{"case": "lower", "object_tags": ["bgp"], "values": {"BGP": "tags.1", "bgp": "tags.0"}}`, []string{"bgp=bgp", "bgp=prod"}},
		"every own field": {`{"values": {"a": "id", "b": "name", "c": "site", "d": "role", "e": "platform", "f": "status", "g": "kind"}}`, []string{"a=42", "b=r1", "c=ams", "d=core", "e=eos", "f=active", "g=device"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := match(t, decode(t, with(`"tags": `+c.tags)), r1())
			if got := pairs(r.Tags); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTagsSayWhereTheyAreFrom(t *testing.T) {
	c := decode(t, with(`"tags": {"prefix": "x", "default_tag": "id", "object_tags": ["bgp"], "values": {"rack": "custom_fields.rack"}}`))
	want := []mapping.AssignedTag{
		{Name: "xid", Value: "42", From: "tags.default_tag"},
		{Name: "xbgp", Value: "bgp", From: "tags.object_tags"},
		{Name: "xrack", Value: "A4", From: "tags.values.rack (custom_fields.rack)"},
	}
	if d := cmp.Diff(want, match(t, c, r1()).Tags); d != "" {
		t.Errorf("want -, got +:\n%s", d)
	}
}

func TestAVirtualMachineHasItsClusterAsATag(t *testing.T) {
	table := `"virtual_machines": [{"name": "all", "default": true, "templates": ["a"]}]`
	c := decode(t, with(table+`, "tags": {"prefix": "nb_", "case": "lower"}`))
	vm := mapping.Object{Kind: mapping.VirtualMachine, Name: "web1", ID: "1", Cluster: "Big One"}
	if r := match(t, c, vm); !slices.Equal(pairs(r.Tags), []string{"nb_cluster=Big One"}) || r.Tags[0].From != "its cluster" {
		t.Errorf("got %+v", r.Tags)
	}
	vm.Cluster = ""
	if r := match(t, c, vm); len(r.Tags) != 0 {
		t.Errorf("without a cluster: %+v", r.Tags)
	}
	d := r1()
	d.Cluster = "c"
	if r := match(t, c, d); len(r.Tags) != 0 {
		t.Errorf("a device: %+v", r.Tags)
	}
	twice := decode(t, with(table+`, "tags": {"values": {"Cluster": "cluster"}}`))
	vm.Cluster = "c1"
	if r := match(t, twice, vm); len(r.Tags) != 1 || r.Tags[0].From != "tags.values.Cluster (cluster)" {
		t.Errorf("twice: %+v", r.Tags)
	}
}

func TestInventory(t *testing.T) {
	c := decode(t, with(`"inventory": {
		"site_rack": "custom_fields.rack", "name": ["custom_fields.nothing", "custom_fields.empty", "name"],
		"hw_arch": "custom_fields.x.y", "notes": ["custom_fields.spare", "name"], "location": "custom_fields.owners.0"}`))
	want := []mapping.AssignedKey{
		{Key: "location", Value: "net", From: "inventory.location (custom_fields.owners.0)"},
		{Key: "name", Value: "r1", From: "inventory.name (name)"},
		{Key: "notes", Value: "false", From: "inventory.notes (custom_fields.spare)"},
		{Key: "site_rack", Value: "A4", From: "inventory.site_rack (custom_fields.rack)"},
	}
	if d := cmp.Diff(want, match(t, c, r1()).Inventory); d != "" {
		t.Errorf("want -, got +:\n%s", d)
	}
}

func TestInventoryKeys(t *testing.T) {
	for key, limit := range map[string]int{
		"type": 64, "os_full": 255, "hw_arch": 32, "location_lat": 16, "oob_ip": 39, "notes": 65535, "url_c": 2048, "poc_2_notes": 65535,
		"hostid": 0, "inventory_mode": 0, "Type": 0,
	} {
		if got := mapping.InventoryLimit(key); got != limit {
			t.Errorf("%s: %d, want %d", key, got, limit)
		}
	}
}

func TestValuesThatZabbixDoesNotTake(t *testing.T) {
	o := r1()
	long := strings.Repeat("é", 256)
	o.Values["custom_fields"].(map[string]any)["long"] = long
	o.Values["custom_fields"].(map[string]any)["inf"] = math.Inf(1)
	o.Values["custom_fields"].(map[string]any)["odd"] = struct{}{}
	o.Values["custom_fields"].(map[string]any)["nested"] = []any{"a", []any{"b"}}
	for config, want := range map[string]string{
		`"inventory": {"os_full": "custom_fields.long"}`:         `inventory.os_full (custom_fields.long): the value has 256 characters, and Zabbix takes 255`,
		`"inventory": {"name": "custom_fields.place"}`:           `inventory.name (custom_fields.place): the path leads to an object: add one of its keys to the path (room, rows)`,
		`"inventory": {"name": "tags"}`:                          `inventory.name (tags): the path leads to a list, and one value is needed`,
		`"inventory": {"name": "custom_fields.inf"}`:             `something that is not a number`,
		`"inventory": {"name": "custom_fields.odd"}`:             `the path leads to a struct {}, which has no text`,
		`"tags": {"values": {"a": "custom_fields.place"}}`:       `tags.values.a (custom_fields.place): the path leads to an object`,
		`"tags": {"values": {"a": "custom_fields.nested"}}`:      `tags.values.a (custom_fields.nested): the path leads to a list`,
		`"tags": {"values": {"a": "custom_fields.long"}}`:        `the value has 256 characters, and Zabbix takes 255`,
		`"tags": {"prefix": "` + long + `", "default_tag": "a"}`: `tags.default_tag: the value has 257 characters`,
		`"inventory": {"name": ["custom_fields.place", "site"]}`: `inventory.name (custom_fields.place)`,
	} {
		_, err := decode(t, with(config)).Match(o)
		if err == nil || !strings.HasPrefix(err.Error(), "r1: mappings: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\ngot  %v\nwant %s", config, err, want)
		}
	}
	c := decode(t, with(`"inventory": {"url_a": "custom_fields.long"}, "tags": {"values": {"a": "custom_fields.height"}}`))
	if r := match(t, c, o); r.Inventory[0].Value != long {
		t.Error("a value that fits is not as it was")
	}
	both := decode(t, with(`"inventory": {"name": "tags"}, "tags": {"values": {"a": "custom_fields.place"}}`))
	if _, err := both.Match(o); err == nil || len(strings.Split(err.Error(), "\n")) != 2 {
		t.Errorf("not everything is told: %v", err)
	}
}

func TestExplain(t *testing.T) {
	c := decode(t, `{"devices": [{"name": "all", "default": true, "templates": ["T"], "host_groups": ["G"], "proxy": "P"},
		{"name": "fra", "sites": ["fra"], "templates": ["T"], "proxy_group": "PG"}],
		"tags": {"default_tag": "id"}, "inventory": {"name": "name"}, "exclude": {"custom_field": "spare"}}`)
	want := []string{
		`template T: rule "all"`, `host group G: rule "all"`, `proxy P: rule "all"`, "tag id=42: tags.default_tag", "inventory name=r1: inventory.name (name)",
	}
	if got := match(t, c, r1()).Explain(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	o := r1()
	o.Site = "fra"
	if got := match(t, c, o).Explain(); !slices.Contains(got, `proxy group PG: rule "fra"`) {
		t.Errorf("got %q", got)
	}
	o.Values["custom_fields"] = map[string]any{"spare": true}
	if got := match(t, c, o).Explain(); len(got) != 1 || !strings.HasPrefix(got[0], "excluded: its custom field") {
		t.Errorf("got %q", got)
	}
}
