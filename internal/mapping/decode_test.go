package mapping_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/netprovision/terraform-provider-provision/internal/mapping"
)

// parse reads JSON as a configuration's plain values.
func parse(t testing.TB, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// decode reads rules that have no mistakes.
func decode(t testing.TB, text string) *mapping.Config {
	t.Helper()
	c, err := mapping.Decode(parse(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const everything = `{
	"devices": [
		{"name": "all", "default": true, "templates": ["ICMP"], "host_groups": ["Network"], "proxy": "p1", "sites": null},
		{"name": "core", "sites": ["ams", "fra"], "roles": ["core"], "platforms": ["eos"], "interface_type": "agent",
		 "templates": ["Core"], "proxy_group": "g1"}
	],
	"virtual_machines": [{"name": "all", "default": true, "interface_type": "any", "templates": ["Linux"]}],
	"merge": true,
	"tags": {"prefix": "nb_", "case": "lower", "default_tag": "id", "object_tags": ["prod"],
	         "values": {"site": "site", "rack": "custom_fields.rack"}},
	"inventory": {"site_rack": "custom_fields.rack", "location": ["custom_fields.room", "site"]},
	"exclude": {"custom_field": "no_zabbix"}
}`

func TestDecode(t *testing.T) {
	want := &mapping.Config{
		Devices: []mapping.Rule{
			{Name: "all", Default: true, Templates: []string{"ICMP"}, HostGroups: []string{"Network"}, Proxy: "p1"},
			{
				Name: "core", Sites: []string{"ams", "fra"}, Roles: []string{"core"}, Platforms: []string{"eos"}, Interface: "agent",
				Templates: []string{"Core"}, ProxyGroup: "g1",
			},
		},
		VirtualMachines: []mapping.Rule{{Name: "all", Default: true, Interface: "any", Templates: []string{"Linux"}}},
		Merge:           true,
		Tags: mapping.TagSettings{
			Prefix: "nb_", Case: "lower", Default: "id", Tags: []string{"prod"},
			Values: []mapping.TagPath{{Name: "rack", Path: "custom_fields.rack"}, {Name: "site", Path: "site"}},
		},
		Inventory: []mapping.InventoryPath{
			{Key: "location", Paths: []string{"custom_fields.room", "site"}},
			{Key: "site_rack", Paths: []string{"custom_fields.rack"}},
		},
		Exclude: mapping.Exclusion{CustomField: "no_zabbix"},
	}
	if d := cmp.Diff(want, decode(t, everything)); d != "" {
		t.Errorf("want -, got +:\n%s", d)
	}
}

func TestDecodeTakesNullAndEmptyAsNotThere(t *testing.T) {
	c := decode(t, `{"devices": [{"name": "all", "default": true, "templates": ["a"], "sites": [], "proxy": null, "interface_type": null}],
		"virtual_machines": null, "merge": null, "tags": {"prefix": "", "case": "none", "default_tag": null, "values": null},
		"inventory": {"name": null}, "exclude": null}`)
	if c.VirtualMachines != nil || c.Merge || c.Tags.Prefix != "" || c.Tags.Case != "" || len(c.Inventory) != 0 || c.Exclude.CustomField != "" {
		t.Errorf("%+v", c)
	}
}

// devices makes a configuration of rules for devices, a default among them.
func devices(rules string) string {
	return `{"devices": [{"name": "all", "default": true, "templates": ["a"]}, ` + rules + `]}`
}

// with adds something to a configuration that has a default.
func with(more string) string {
	return `{"devices": [{"name": "all", "default": true, "templates": ["a"]}], ` + more + `}`
}

func TestMistakes(t *testing.T) {
	for name, c := range map[string]struct{ config, path, want string }{
		"null":                    {`null`, "", "an object is needed, not null"},
		"a text":                  {`"x"`, "", "an object is needed, not a text"},
		"nothing":                 {`{}`, "", "there are no rules: give it devices, virtual_machines or both"},
		"unknown key":             {with(`"device": []`), "device", `unknown key "device"; did you mean "devices"?`},
		"unknown key, far off":    {with(`"zzzzzzzz": 1`), "zzzzzzzz", `unknown key "zzzzzzzz"`},
		"a map of rules":          {`{"devices": {}}`, "devices", "devices: a list of rules is needed, not an object"},
		"no rules":                {`{"devices": []}`, "devices", "devices: there is no default: one rule, without dimensions, needs default = true"},
		"no default":              {`{"devices": [{"name": "a", "sites": ["x"], "templates": ["t"]}]}`, "devices", "devices: there is no default"},
		"two defaults":            {devices(`{"name": "b", "default": true, "templates": ["t"]}`), "devices", `devices: only one rule can be the default, and these are: devices[0] "all", devices[1] "b"`},
		"default with dimensions": {`{"devices": [{"name": "a", "default": true, "sites": ["x"], "templates": ["t"]}]}`, "devices/0", `devices[0] "a": the default matches everything`},
		"default of an interface": {`{"devices": [{"name": "a", "default": true, "interface_type": "snmp", "templates": ["t"]}]}`, "devices/0", `devices[0] "a": the default matches everything`},
		"no dimension":            {devices(`{"name": "b", "templates": ["t"]}`), "devices/1", `devices[1] "b": it matches everything, as only the default does`},
		"any is no dimension":     {devices(`{"name": "b", "interface_type": "any", "sites": [], "templates": ["t"]}`), "devices/1", `devices[1] "b": it matches everything`},
		"no template":             {devices(`{"name": "b", "sites": ["x"], "host_groups": ["g"]}`), "devices/1", `devices[1] "b": it names no template: templates needs at least one`},
		"no template, merged":     {`{"merge": true, "devices": [{"name": "a", "default": true, "host_groups": ["g"]}]}`, "devices/0", `devices[0] "a": it names no template`},
		"nothing, merged":         {`{"merge": true, "devices": [{"name": "a", "default": true, "templates": ["t"]}, {"name": "b", "sites": ["x"]}]}`, "devices/1", `devices[1] "b": it gives nothing`},
		"no name":                 {devices(`{"sites": ["x"], "templates": ["t"]}`), "devices/1", "devices[1]: name is missing"},
		"empty name":              {devices(`{"name": " ", "sites": ["x"], "templates": ["t"]}`), "devices/1/name", `devices[1] " ": name: the text is empty`},
		"number for a name":       {devices(`{"name": 7, "sites": ["x"], "templates": ["t"]}`), "devices/1/name", "devices[1]: name: a text is needed, not a number"},
		"name twice":              {devices(`{"name": "all", "sites": ["x"], "templates": ["t"]}`), "devices/1", `devices[1] "all": devices[0] has the same name`},
		"rule key":                {devices(`{"name": "core", "site": ["x"], "templates": ["t"], "roles": ["r"]}`), "devices/1/site", `devices[1] "core": unknown key "site"; did you mean "sites"?`},
		"text for a list":         {devices(`{"name": "core", "sites": "x", "templates": ["t"], "roles": ["r"]}`), "devices/1/sites", `devices[1] "core": sites: a list of texts is needed, not a text`},
		"truth in a list":         {devices(`{"name": "core", "sites": ["x", true], "templates": ["t"]}`), "devices/1/sites/1", `devices[1] "core": sites[1]: a text is needed, not true or false`},
		"empty text in a list":    {devices(`{"name": "core", "sites": [""], "templates": ["t"]}`), "devices/1/sites/0", `devices[1] "core": sites[0]: the text is empty`},
		"null in a list":          {devices(`{"name": "core", "sites": ["x"], "templates": [null]}`), "devices/1/templates/0", `devices[1] "core": templates[0]: a text is needed, not null`},
		"text for a truth":        {`{"devices": [{"name": "a", "default": "yes", "templates": ["t"]}]}`, "devices/0/default", `devices[0] "a": default: true or false is needed, not a text`},
		"number as interface":     {devices(`{"name": "core", "interface_type": 1, "templates": ["t"]}`), "devices/1/interface_type", `devices[1] "core": interface_type: a text is needed, not a number`},
		"interface type":          {devices(`{"name": "core", "interface_type": "ipmi", "templates": ["t"]}`), "devices/1/interface_type", `devices[1] "core": interface_type: "ipmi" is none of any, agent, snmp`},
		"proxy and group":         {devices(`{"name": "core", "sites": ["x"], "templates": ["t"], "proxy": "p", "proxy_group": "g"}`), "devices/1", `devices[1] "core": proxy and proxy_group exclude each other`},
		"a rule that is a text":   {devices(`"core"`), "devices/1", "devices[1]: an object is needed, not a text"},
		"VMs have their own":      {with(`"virtual_machines": [{"name": "a", "sites": ["x"], "templates": ["t"]}]`), "virtual_machines", "virtual_machines: there is no default"},
		"merge":                   {with(`"merge": 1`), "merge", "merge: true or false is needed, not a number"},
		"tags":                    {with(`"tags": []`), "tags", "tags: an object is needed, not a list"},
		"tag key":                 {with(`"tags": {"defaulttag": "x"}`), "tags/defaulttag", `tags: unknown key "defaulttag"; did you mean "default_tag"?`},
		"case":                    {with(`"tags": {"case": "title"}`), "tags/case", `tags.case: "title" is none of lower, upper, none`},
		"prefix":                  {with(`"tags": {"prefix": 3}`), "tags/prefix", "tags.prefix: a text is needed, not a number"},
		"tag without a name":      {with(`"tags": {"values": {"": "site"}}`), "tags/values", "tags.values: a tag needs a name"},
		"path that is a list":     {with(`"tags": {"values": {"a": ["site"]}}`), "tags/values/a", `tags.values.a: a path is needed, such as "custom_fields.rack", not a list`},
		"path to nowhere":         {with(`"tags": {"values": {"a": "custom_field.rack"}}`), "tags/values/a", `tags.values.a: the path "custom_field.rack" leads nowhere: no object has "custom_field"; did you mean "custom_fields"?`},
		"path below a text":       {with(`"tags": {"values": {"a": "site.name"}}`), "tags/values/a", `tags.values.a: the path "site.name" leads nowhere: site has nothing below it`},
		"path to an object":       {with(`"tags": {"values": {"a": "custom_fields"}}`), "tags/values/a", "add the name of a custom field"},
		"path with a gap":         {with(`"tags": {"values": {"a": "custom_fields..x"}}`), "tags/values/a", `"custom_fields..x" is not a path`},
		"path with a blank":       {with(`"tags": {"values": {"a": "custom_fields. x"}}`), "tags/values/a", "is not a path"},
		"empty path":              {with(`"tags": {"values": {"a": ""}}`), "tags/values/a", `"" is not a path`},
		"inventory key":           {with(`"inventory": {"serial_no_a": "name"}`), "inventory/serial_no_a", `inventory: unknown key "serial_no_a"; did you mean "serialno_a"?`},
		"inventory path":          {with(`"inventory": {"name": 1}`), "inventory/name", "inventory.name: a path is needed"},
		"inventory second path":   {with(`"inventory": {"name": ["name", "nam"]}`), "inventory/name/1", `inventory.name[1]: the path "nam" leads nowhere`},
		"no inventory path":       {with(`"inventory": {"name": []}`), "inventory/name", "inventory.name: the list of paths is empty"},
		"exclude":                 {with(`"exclude": {}`), "exclude", "exclude: custom_field is missing"},
		"exclude key":             {with(`"exclude": {"tag": "x", "custom_field": "y"}`), "exclude/tag", `exclude: unknown key "tag"`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := mapping.Decode(parse(t, c.config))
			var all mapping.Errors
			if !errors.As(err, &all) || got != nil {
				t.Fatalf("got %v, %v", got, err)
			}
			for _, one := range all {
				if strings.HasPrefix(one.Message, c.want) || strings.Contains(one.Message, c.want) && c.path != "" {
					if p := slashed(one.Path); p != c.path {
						t.Errorf("it is at %s, want %s", p, c.path)
					}
					return
				}
			}
			t.Errorf("got:\n%v\nwant: %s", err, c.want)
		})
	}
}

// slashed writes a path for a comparison.
func slashed(path []any) string {
	parts := make([]string, len(path))
	for i, step := range path {
		text, err := json.Marshal(step)
		if err != nil {
			return err.Error()
		}
		parts[i] = strings.Trim(string(text), `"`)
	}
	return strings.Join(parts, "/")
}

func TestMistakesAreToldTogether(t *testing.T) {
	_, err := mapping.Decode(parse(t, devices(`{"name": "b", "site": ["x"]}, {"name": "c", "roles": 1, "templates": ["t"]}`)))
	var all mapping.Errors
	if !errors.As(err, &all) || len(all) < 4 || len(strings.Split(err.Error(), "\n")) != len(all) {
		t.Errorf("got %v", err)
	}
	var one *mapping.Error
	if !errors.As(err, &one) || one != all[0] || one.Error() != one.Message {
		t.Errorf("the first one is not found in %v", err)
	}
}

func TestTies(t *testing.T) {
	for name, c := range map[string]struct{ config, want string }{
		"site and role": {
			devices(`{"name": "ams", "sites": ["fra", "ams"], "templates": ["b"]}, {"name": "core", "roles": ["core"], "templates": ["c"]}`),
			`devices[2] "core": it ties with devices[1] "ams": both match in as many dimensions (1) and give different things, ` +
				`for example for an object with site "fra", role "core"; narrow one of them, or add a rule for both`,
		},
		"same dimension": {
			devices(`{"name": "a", "sites": ["fra", "ams"], "templates": ["b"]}, {"name": "b", "sites": ["ber", "ams"], "templates": ["c"]}`),
			`with site "ams"`,
		},
		"one value is not covered": {
			devices(`{"name": "a", "sites": ["fra", "ams"], "templates": ["b"]}, {"name": "b", "roles": ["core"], "templates": ["c"]},
				{"name": "c", "sites": ["fra"], "roles": ["core"], "templates": ["d"]}`),
			`with site "ams", role "core"`,
		},
		"covered for one platform only": {
			devices(`{"name": "a", "sites": ["ams"], "templates": ["b"]}, {"name": "b", "roles": ["core"], "templates": ["c"]},
				{"name": "c", "sites": ["ams"], "platforms": ["eos"], "templates": ["d"]}`),
			`with site "ams", role "core"`,
		},
		"order of templates": {
			devices(`{"name": "a", "sites": ["ams"], "templates": ["b", "c"]}, {"name": "b", "roles": ["core"], "templates": ["c", "b"]}`),
			`devices[2] "b": it ties`,
		},
		"interface": {
			devices(`{"name": "a", "interface_type": "snmp", "templates": ["b"]}, {"name": "b", "roles": ["core"], "templates": ["c"]}`),
			`with role "core", interface_type "snmp"`,
		},
		"virtual machines": {
			with(`"virtual_machines": [{"name": "all", "default": true, "templates": ["a"]}, {"name": "a", "sites": ["x"], "templates": ["b"]},
				{"name": "b", "sites": ["x"], "templates": ["c"]}]`),
			`virtual_machines[2] "b": it ties with virtual_machines[1] "a"`,
		},
		"merged, two proxies": {
			`{"merge": true, "devices": [{"name": "all", "default": true, "templates": ["a"]}, {"name": "a", "sites": ["x"], "proxy": "p"},
				{"name": "b", "roles": ["y"], "proxy_group": "p"}, {"name": "c", "sites": ["x"], "roles": ["y"], "templates": ["b"]}]}`,
			`devices[2] "b": it ties with devices[1] "a"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := mapping.Decode(parse(t, c.config))
			var all mapping.Errors
			if !errors.As(err, &all) || len(all) != 1 || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestNoTies(t *testing.T) {
	for name, config := range map[string]string{
		"apart":              devices(`{"name": "a", "sites": ["x"], "templates": ["b"]}, {"name": "b", "sites": ["y"], "templates": ["c"]}`),
		"more dimensions":    devices(`{"name": "a", "sites": ["x"], "templates": ["b"]}, {"name": "b", "roles": ["y"], "interface_type": "agent", "templates": ["c"]}`),
		"the same":           devices(`{"name": "a", "sites": ["x"], "templates": ["b"]}, {"name": "b", "roles": ["y"], "templates": ["b"]}`),
		"a rule for both":    devices(`{"name": "a", "sites": ["x"], "templates": ["b"]}, {"name": "b", "roles": ["y"], "templates": ["c"]}, {"name": "c", "sites": ["x"], "roles": ["y", "z"], "templates": ["d"]}`),
		"two rules for both": devices(`{"name": "a", "sites": ["x", "y"], "templates": ["b"]}, {"name": "b", "roles": ["r"], "templates": ["c"]}, {"name": "c", "sites": ["x"], "roles": ["r"], "templates": ["d"]}, {"name": "d", "sites": ["y"], "roles": ["r"], "templates": ["e"]}`),
		"other interfaces":   devices(`{"name": "a", "interface_type": "snmp", "templates": ["b"]}, {"name": "b", "interface_type": "agent", "templates": ["c"]}`),
		"merged": `{"merge": true, "devices": [{"name": "all", "default": true, "templates": ["a"]}, {"name": "a", "sites": ["x"], "templates": ["b"], "proxy": "p"},
			{"name": "b", "roles": ["y"], "templates": ["c"]}]}`,
		"merged, a proxy for both": `{"merge": true, "devices": [{"name": "all", "default": true, "templates": ["a"]}, {"name": "a", "sites": ["x"], "proxy": "p"},
			{"name": "b", "roles": ["y"], "proxy": "q"}, {"name": "c", "sites": ["x"], "roles": ["y"], "proxy": "r"}]}`,
	} {
		t.Run(name, func(t *testing.T) { decode(t, config) })
	}
}

// TestManyRules: every pair of a thousand rules is looked at, and those that
// other rules cover too, in no time that a plan would show.
func TestManyRules(t *testing.T) {
	rules := []any{map[string]any{"name": "default", "default": true, "templates": []any{"t"}}}
	add := func(site, role string) {
		r := map[string]any{"name": site + "/" + role, "templates": []any{site + role}, "sites": []any{site}}
		if role != "" {
			r["roles"] = []any{role}
		}
		rules = append(rules, r)
	}
	for site := range 50 {
		add(fmt.Sprint("site", site), "")
		for role := range 20 {
			add(fmt.Sprint("site", site), fmt.Sprint("role", role))
		}
	}
	began := time.Now()
	if _, err := mapping.Decode(map[string]any{"devices": rules}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("%d rules took %v", len(rules), took)
	}
	rules = append(rules, map[string]any{"name": "role", "roles": []any{"role3", "other"}, "templates": []any{"r"}})
	_, err := mapping.Decode(map[string]any{"devices": rules})
	if err == nil || strings.Count(err.Error(), "\n") != 49 || !strings.Contains(err.Error(), `with site "site0", role "other"`) {
		t.Errorf("the value that no other rule covers is not found: %v", err)
	}
}

func TestDecodeObject(t *testing.T) {
	got, err := mapping.DecodeObject(parse(t, `{"kind": "virtual_machine", "id": "7", "name": "web1", "site": "ams", "role": "web", "platform": "debian",
		"cluster": "c1", "tags": ["prod"], "interface_type": "snmp", "status": "active", "host": "192.0.2.1", "dns_name": "web1.example.net",
		"url": "u", "driver": null, "port": 22, "custom_fields": {"rack": 4},
		"tenant": "ops", "config_context": {"zabbix": {}}}`))
	want := mapping.Object{
		Kind: mapping.VirtualMachine, ID: "7", Name: "web1", Site: "ams", Role: "web", Platform: "debian", Cluster: "c1",
		Tags: []string{"prod"}, Interface: "snmp",
		Values: map[string]any{
			"status": "active", "host": "192.0.2.1", "dns_name": "web1.example.net", "url": "u", "port": float64(22), "tenant": "ops",
			"custom_fields": map[string]any{"rack": float64(4)}, "config_context": map[string]any{"zabbix": map[string]any{}},
		},
	}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v, want -, got +:\n%s", err, d)
	}
	got, err = mapping.DecodeObject(parse(t, `{"kind": "device", "name": "r1"}`))
	if err != nil || got.ID != "r1" || got.Interface != "agent" {
		t.Errorf("%+v %v", got, err)
	}
}

func TestMistakesInAnObject(t *testing.T) {
	for object, want := range map[string]string{
		`[]`:                           "an object is needed, not a list",
		`{"name": "r1"}`:               "kind is missing",
		`{"kind": "vm", "name": "r1"}`: `kind: "vm" is none of device, virtual_machine`,
		`{"kind": "device"}`:           "name is missing",
		`{"kind": "device", "name": "r1", "sites": "x"}`:            `unknown key "sites"; did you mean "site"?`,
		`{"kind": "device", "name": "r1", "site": 1}`:               "site: a text is needed, not a number",
		`{"kind": "device", "name": "r1", "custom_fields": []}`:     "custom_fields: an object is needed, not a list",
		`{"kind": "device", "name": "r1", "interface_type": "any"}`: `interface_type: "any" is none of agent, snmp`,
	} {
		if _, err := mapping.DecodeObject(parse(t, object)); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", object, err, want)
		}
	}
}
