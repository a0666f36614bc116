package zabbixagenthost

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/mapping"
	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

// The templates that the tests link.
const (
	linux = "Linux by Zabbix agent"
	icmp  = "ICMP Ping"
	other = "Plain"
)

func TestAccCreateNoOpUpdateDestroy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	one := plain(`templates = ["`+linux+`"]`, `tags = { site = ["fra1"], role = ["core", "edge"] }`,
		`macros = { "{$LIMIT}" = { value = "90" } }`, `inventory = { location = "Rack A4" }`, `description = "first"`)
	two := plain(`templates = ["`+linux+`", "`+icmp+`"]`, `tags = { site = ["fra1"], role = ["core"] }`,
		`macros = { "{$LIMIT}" = { value = "95", description = "in percent" } }`, `inventory = { location = "Rack A5" }`, `description = "second"`)
	r.accept(
		planned(applies(one, plancheck.ResourceActionCreate,
			state(at1, "host", "r1"), state(at1, "visible_name", "r1"), state(at1, "enabled", "true"), state(at1, "object", "r1"),
			state(at1, "interface.port", "10050"), state(at1, "interface.use", "ip"), stateMissing(at1, "interface.dns"),
			state(at1, "tags.role.#", "2"), state(at1, "inventory_mode", "manual"), state(at1, "tls.connect", "unencrypted"),
			state(at1, "on_destroy", "graveyard"), state(at1, "agent_state", "unknown"), stateMissing(at1, "proxy"),
			state(at1, "matched_rules.templates", "configuration"),
			resource.TestMatchResourceAttr(at1, "id", regexp.MustCompile(`^\d+$`)),
			resource.TestMatchResourceAttr(at1, "url", regexp.MustCompile(`^https://zabbix.example.net/zabbix.php\?action=latest.view&filter_set=1&hostids%5B%5D=\d+$`)),
			r.is("r1", func(h *zabbix.Host) string {
				return want("templates", strings.Join(h.Templates, ","), linux) + want("tags", len(h.Tags), 3) +
					want("macro", h.Macros[0].Value, "90") + want("inventory", h.Inventory["location"], "Rack A4")
			})),
			plancheck.ExpectUnknownValue(at1, tfjsonpath.New("id")),
			plancheck.ExpectKnownValue(at1, tfjsonpath.New("host"), knownvalue.StringExact("r1")),
			plancheck.ExpectKnownValue(at1, tfjsonpath.New("diff"), knownvalue.StringRegexp(regexp.MustCompile(`\+ `+linux)))),
		applies(one, plancheck.ResourceActionNoop),
		planned(applies(two, plancheck.ResourceActionUpdate,
			r.is("r1", func(h *zabbix.Host) string {
				return want("templates", strings.Join(h.Templates, ","), icmp+","+linux) + want("tags", len(h.Tags), 2) +
					want("macro", h.Macros[0].Value, "95") + want("inventory", h.Inventory["location"], "Rack A5") + want("description", h.Description, "second")
			})),
			plancheck.ExpectKnownValue(at1, tfjsonpath.New("removes"), knownvalue.MapExact(map[string]knownvalue.Check{
				"tags": knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("role: edge")}),
			}))),
		applies("# nothing", plancheck.ResourceActionDestroy, r.isNot("r1"),
			r.is("r1_archived", func(h *zabbix.Host) string {
				return want("enabled", h.Enabled, false) + want("groups", strings.Join(h.Groups, ","), "graveyard") + want("mark", h.Mark.BuriedName, "r1")
			})),
	)
	for _, ev := range r.events {
		if ev.Name != "r1" || ev.Driver != "zabbix" {
			t.Fatalf("event %+v", ev)
		}
	}
	if len(r.events) == 0 {
		t.Error("there are no events")
	}
}

// errorOf is what want said as an error.
func errorOf(said string) error {
	if said == "" {
		return nil
	}
	return errors.New(said)
}

// rules are mappings for devices and virtual machines.
func rules() *mapping.Config {
	return &mapping.Config{
		Devices: []mapping.Rule{
			{Name: "default", Default: true, Templates: []string{icmp}, HostGroups: []string{"Linux servers"}},
			{Name: "core", Roles: []string{"core"}, Templates: []string{linux}, HostGroups: []string{"Linux servers", "Hypervisors"}, Proxy: "proxy-1"},
		},
		VirtualMachines: []mapping.Rule{{Name: "vms", Default: true, Templates: []string{linux}, HostGroups: []string{"Virtual machines"}}},
		Tags:            mapping.TagSettings{Values: []mapping.TagPath{{Name: "site", Path: "site"}}},
		Inventory:       []mapping.InventoryPath{{Key: "location", Paths: []string{"custom_fields.rack"}}},
	}
}

func TestAccMappedDevice(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.zabbix.Mappings = rules()
	r.accept(
		applies(r1(), plancheck.ResourceActionCreate,
			state(at1, "object", "device:42"), state(at1, "interface.ip", "192.0.2.1"), state(at1, "proxy", "proxy-1"),
			state(at1, "templates.#", "1"), state(at1, "host_groups.#", "2"), state(at1, "tags.site.0", "fra1"),
			state(at1, "inventory.location", "A4"), state(at1, "inventory_mode", "manual"),
			state(at1, "matched_rules.templates/"+linux, `rule "core"`), state(at1, "matched_rules.proxy", `rule "core"`),
			r.is("r1", func(h *zabbix.Host) string { return want("proxy", h.Proxy, "proxy-1") })),
		applies(r1(), plancheck.ResourceActionNoop),
		// What is set wins, attribute by attribute; a set one takes the place of the whole mapped one.
		applies(r1(`templates = ["`+icmp+`"]`, `proxy = ""`, `interface = { port = "10051" }`), plancheck.ResourceActionUpdate,
			state(at1, "interface.ip", "192.0.2.1"), state(at1, "proxy", ""),
			r.is("r1", func(h *zabbix.Host) string {
				return want("templates", strings.Join(h.Templates, ","), icmp) + want("proxy", h.Proxy, "") + want("port", h.Agent.Port, "10051") + want("groups", len(h.Groups), 2)
			})),
		// Back to the mapping.
		applies(r1(), plancheck.ResourceActionUpdate, state(at1, "proxy", "proxy-1"), state(at1, "interface.port", "10050")),
	)
}

func TestAccVirtualMachineByDNS(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.zabbix.Mappings = rules()
	r.accept(applies(block("r1", `virtual_machine = "vm1"`), plancheck.ResourceActionCreate,
		state(at1, "host", "vm1"), state(at1, "object", "virtual_machine:7"), state(at1, "interface.use", "dns"),
		state(at1, "interface.dns", "vm1.example.net"), state(at1, "interface.ip", "192.0.2.80")))
}

// TestAccDrift: each attribute that somebody else changes is shown as itself, and
// put back.
func TestAccDrift(t *testing.T) {
	t.Parallel()
	config := plain(`templates = ["`+linux+`", "`+icmp+`"]`, `tags = { site = ["fra1"] }`, `macros = { "{$A}" = { value = "1" } }`,
		`inventory = { location = "A4" }`, `description = "d"`, `enabled = true`, `visible_name = "Router 1"`, `proxy = "proxy-1"`,
		`manage = { tags = "exclusive" }`)
	cases := map[string]struct {
		edit func(h *zabbix.Host)
		attr string // what the plan shows a change of
	}{
		"templates":          {func(h *zabbix.Host) { h.Templates = []string{linux} }, "templates"},
		"host_groups":        {func(h *zabbix.Host) { h.Groups = []string{"Hypervisors"} }, "host_groups"},
		"tag removed":        {func(h *zabbix.Host) { h.Tags = nil }, "tags"},
		"tag added":          {func(h *zabbix.Host) { h.Tags = append(h.Tags, zabbix.Tag{Name: "x", Value: "y"}) }, "tags"},
		"macro value":        {func(h *zabbix.Host) { h.Macros[0].Value = "2" }, "macros"},
		"macro removed":      {func(h *zabbix.Host) { h.Macros = nil }, "macros"},
		"inventory":          {func(h *zabbix.Host) { h.Inventory["location"] = "B1" }, "inventory"},
		"inventory disabled": {func(h *zabbix.Host) { h.Inventory, h.InventoryMode = map[string]string{}, zabbix.InventoryDisabled }, "inventory,inventory_mode"},
		"description":        {func(h *zabbix.Host) { h.Description = "x" }, "description"},
		"enabled":            {func(h *zabbix.Host) { h.Enabled = false }, "enabled"},
		"visible_name":       {func(h *zabbix.Host) { h.VisibleName = "x" }, "visible_name"},
		"host":               {func(h *zabbix.Host) { h.Name = "r1-renamed" }, "host"},
		"interface":          {func(h *zabbix.Host) { h.Agent.Port = "10052" }, "interface"},
		"proxy":              {func(h *zabbix.Host) { h.Proxy = "" }, "proxy"},
		"additive and theirs": {func(h *zabbix.Host) {
			h.Groups = append(h.Groups, "Hypervisors")
			h.Macros = append(h.Macros, zabbix.Macro{Name: "{$B}"})
		}, ""},
	}
	r := newRig(t)
	steps := []resource.TestStep{applies(config, plancheck.ResourceActionCreate)}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		action := plancheck.ResourceActionUpdate
		if cases[name].attr == "" {
			action = plancheck.ResourceActionNoop
		}
		steps = append(steps, then(r.edit("r1", cases[name].edit), planned(applies(config, action, r.is("r1", func(h *zabbix.Host) string {
			return want("templates", len(h.Templates), 2) + want("tags", len(h.Tags), 1) + want("macro", h.Macros[0].Value, "1") + want("location", h.Inventory["location"], "A4") +
				want("description", h.Description, "d") + want("visible name", h.VisibleName, "Router 1") + want("enabled", h.Enabled, true) +
				want("port", h.Agent.Port, "10050") + want("proxy", h.Proxy, "proxy-1") + want("group", slices.Contains(h.Groups, "Linux servers"), true)
		})), changes(cases[name].attr))))
	}
	r.accept(steps...)
}

func TestAccRenameInPlace(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	renamed := block("r1", `host = "r1-new"`, `interface = { ip = "192.0.2.1" }`, `host_groups = ["Linux servers"]`)
	r.accept(
		applies(plain(), plancheck.ResourceActionCreate),
		planned(applies(renamed, plancheck.ResourceActionUpdate, r.isNot("r1"),
			state(at1, "visible_name", "r1-new"), r.is("r1-new", func(h *zabbix.Host) string { return want("visible name", h.VisibleName, "r1-new") })),
			changes("host,object,visible_name")),
	)
}

func TestAccExistingHostNeedsAWord(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.AddHost(t, zabbixtest.Host{
		Name: "r1", Description: "theirs", Groups: []string{"Hypervisors"}, InventoryMode: -1,
		Interfaces: []zabbixtest.Interface{{Type: 1, Main: true, UseIP: true, IP: "192.0.2.9", Port: "10050"}},
	})
	r.accept(
		refused(plain(), "r1: the host exists already", "terraform import", "adopt = true", "moved block"),
		applies(plain(`adopt = true`), plancheck.ResourceActionCreate, state(at1, "description", "theirs"), state(at1, "host_groups.#", "1"),
			r.is("r1", func(h *zabbix.Host) string {
				return want("groups", len(h.Groups), 2) + want("ip", h.Agent.IP, "192.0.2.1") + want("description", h.Description, "theirs")
			})),
		// What others put there stays when ours goes.
		applies(plain(`adopt = true`, `description = "ours"`), plancheck.ResourceActionUpdate),
	)
}

func TestAccImport(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.AddHost(t, zabbixtest.Host{
		Name: "r1", Groups: []string{"Hypervisors", "Linux servers"}, Templates: []string{linux}, InventoryMode: -1,
		Interfaces: []zabbixtest.Interface{{Type: 1, Main: true, UseIP: true, IP: "192.0.2.1", Port: "10050"}},
		Tags:       []zabbixtest.Tag{{Name: "site", Value: "fra1"}, {Name: "theirs"}},
	})
	config := plain(`tags = { site = ["fra1"] }`)
	imports := func(id string) resource.TestStep {
		return resource.TestStep{
			Config: config, ResourceName: at1, ImportState: true, ImportStateId: id, ImportStatePersist: true,
			ImportStateCheck: func(states []*terraform.InstanceState) error {
				s := states[0].Attributes
				if said := want("templates", s["templates.#"], "1") + want("groups", s["host_groups.#"], "2") + want("tags", s["tags.%"], "2") +
					want("on_destroy", s["on_destroy"], "graveyard"); said != "" {
					return errors.New(said)
				}
				return nil
			},
		}
	}
	noticed := func(h *zabbix.Host) string {
		return want("groups", len(h.Groups), 2) + want("tags", len(h.Tags), 2) + want("templates", len(h.Templates), 1)
	}
	r.accept(
		imports("hostid="+r.id("r1")),
		planned(applies(config, plancheck.ResourceActionUpdate, r.is("r1", noticed), state(at1, "host_groups.#", "1"), state(at1, "templates.#", "1")),
			plancheck.ExpectKnownValue(at1, tfjsonpath.New("diff"), knownvalue.Null())),
		applies(config, plancheck.ResourceActionNoop, r.is("r1", noticed)),
		// A field that is named only now loses nothing of what the import found.
		applies(plain(`tags = { site = ["fra1"] }`, `templates = []`), plancheck.ResourceActionUpdate, r.is("r1", noticed), state(at1, "templates.#", "0")),
		// From now on what is named here is ours.
		applies(plain(`tags = {}`), plancheck.ResourceActionUpdate, r.is("r1", func(h *zabbix.Host) string { return want("tags", len(h.Tags), 1) })),
	)
}

func TestAccAdditiveAndExclusiveRemoval(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	both := plain(`templates = ["` + linux + `", "` + icmp + `"]`)
	theirs := r.edit("r1", func(h *zabbix.Host) { h.Templates = append(h.Templates, other) })
	removes := func(names ...string) plancheck.PlanCheck {
		var list []knownvalue.Check
		for _, n := range names {
			list = append(list, knownvalue.StringExact(n))
		}
		return plancheck.ExpectKnownValue(at1, tfjsonpath.New("removes"), knownvalue.MapExact(map[string]knownvalue.Check{"templates": knownvalue.ListExact(list)}))
	}
	linked := func(names ...string) resource.TestCheckFunc {
		return r.is("r1", func(h *zabbix.Host) string {
			return want("templates", strings.Join(h.Templates, ","), strings.Join(names, ","))
		})
	}
	r.accept(
		applies(both, plancheck.ResourceActionCreate),
		then(theirs, applies(both, plancheck.ResourceActionNoop, linked(icmp, linux, other), state(at1, "templates.#", "2"))),
		planned(applies(plain(`templates = ["`+linux+`"]`), plancheck.ResourceActionUpdate, linked(linux, other)), removes(icmp)),
		planned(applies(plain(`templates = ["`+linux+`"]`, `manage = { templates = "exclusive" }`), plancheck.ResourceActionUpdate, linked(linux)), removes(other)),
	)
}

// TestAccOwnershipInThePlan: what others added to additive fields stays while the
// interface follows the source of truth from one address to another, and goes as
// soon as the fields are exclusive, which the plan shows.
func TestAccOwnershipInThePlan(t *testing.T) {
	t.Parallel()
	newRig(t).ownershipInThePlan("r1")
}

// ownershipInThePlan is the story, on any Zabbix.
func (r *rig) ownershipInThePlan(name string) {
	device := r.source.devices["r1"]
	device.PrimaryIP6, device.OOBIP = "2001:db8::1", "198.51.100.1"
	r.source.devices["r1"] = device
	r.zabbix.Defaults.Address = client.AddressIPv6
	config := func(lines ...string) string {
		return r1(append([]string{
			fmt.Sprintf("host = %q", name), `host_groups = ["Linux servers"]`, `on_destroy = "delete"`, `tags = { site = ["fra1"] }`,
			`macros = { "{$OURS}" = { value = "1" } }`, `inventory = { location = "A4" }`,
		}, lines...)...)
	}
	theirs := r.edit(name, func(h *zabbix.Host) {
		h.Groups, h.Tags = append(h.Groups, "Hypervisors"), append(h.Tags, zabbix.Tag{Name: "theirs", Value: "1"})
		h.Macros, h.Inventory["contact"] = append(h.Macros, zabbix.Macro{Name: "{$THEIRS}", Value: "1"}), "them"
	})
	has := func(ip string, each int) resource.TestCheckFunc {
		return r.is(name, func(h *zabbix.Host) string {
			return want("ip", h.Agent.IP, ip) + want("groups", len(h.Groups), each) + want("tags", len(h.Tags), each) +
				want("macros", len(h.Macros), each) + want("inventory", len(h.Inventory), each)
		})
	}
	loses := map[string]knownvalue.Check{}
	for field, entry := range map[string]string{"host_groups": "Hypervisors", "tags": "theirs: 1", "macros": "{$THEIRS}", "inventory": "contact"} {
		loses[field] = knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact(entry)})
	}
	exclusive := config(`manage = { host_groups = "exclusive", tags = "exclusive", macros = "exclusive", inventory = "exclusive" }`)
	r.accept(
		applies(config(), plancheck.ResourceActionCreate, state(at1, "interface.ip", "2001:db8::1"), has("2001:db8::1", 1)),
		then(func() { theirs(); r.zabbix.Defaults.Address = client.AddressOOB }, planned(
			applies(config(), plancheck.ResourceActionUpdate, state(at1, "interface.ip", "198.51.100.1"), has("198.51.100.1", 2)),
			plancheck.ExpectKnownValue(at1, tfjsonpath.New("removes"), knownvalue.Null()))),
		planned(applies(exclusive, plancheck.ResourceActionUpdate, has("198.51.100.1", 1)),
			plancheck.ExpectKnownValue(at1, tfjsonpath.New("removes"), knownvalue.MapExact(loses))),
	)
}

func TestAccSecrets(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	config := func(secret, key string) string {
		return plain(`secret_macros = { "{$PASSWORD}" = "`+secret+`" }`, `tls = { connect = "psk", psk_identity = "r1" }`, `tls_psk = "`+key+`"`)
	}
	const key1, key2 = "00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"
	stored := func(secret, key string) resource.TestCheckFunc {
		return func(*terraform.State) error {
			h := r.fake.Host("r1")
			if h.Macros[0].Value != secret || h.PSK != key {
				return fmt.Errorf("macro %q and key %q, want %q and %q", h.Macros[0].Value, h.PSK, secret, key)
			}
			return nil
		}
	}
	one := config("planted-secret-1", key1)
	r.accept(
		planned(applies(one, plancheck.ResourceActionCreate, stored("planted-secret-1", key1),
			resource.TestMatchResourceAttr(at1, "tls_psk_hash", regexp.MustCompile("^[0-9a-f]{64}$")),
			resource.TestMatchResourceAttr(at1, "secret_macros_hash.{$PASSWORD}", regexp.MustCompile("^[0-9a-f]{64}$")),
			stateMissing(at1, "secret_macros"), stateMissing(at1, "tls_psk"), state(at1, "tls.accept.0", "psk")),
			plancheck.ExpectUnknownValue(at1, tfjsonpath.New("tls_psk_hash"))),
		applies(one, plancheck.ResourceActionNoop),
		planned(applies(config("planted-secret-2", key1), plancheck.ResourceActionUpdate, stored("planted-secret-2", key1)), changes("secret_macros_hash")),
		planned(applies(config("planted-secret-2", key2), plancheck.ResourceActionUpdate, stored("planted-secret-2", key2)), changes("tls_psk_hash")),
		// Zabbix does not return the identity: another one is sent with the key.
		planned(applies(strings.Replace(config("planted-secret-2", key2), `psk_identity = "r1"`, `psk_identity = "other"`, 1), plancheck.ResourceActionUpdate,
			func(*terraform.State) error { return errorOf(want("identity", r.fake.Host("r1").PSKIdentity, "other")) }), changes("tls")),
		// A secret that somebody removed is written again.
		then(r.edit("r1", func(h *zabbix.Host) { h.Macros = nil }),
			applies(config("planted-secret-2", key2), plancheck.ResourceActionUpdate, stored("planted-secret-2", key2))),
		// One that is no longer named goes.
		applies(plain(`secret_macros = {}`, `tls = { connect = "unencrypted" }`), plancheck.ResourceActionUpdate,
			r.is("r1", func(h *zabbix.Host) string { return want("macros", len(h.Macros), 0) }), stateMissing(at1, "tls_psk_hash")),
	)
	for _, ev := range r.events {
		text := fmt.Sprintf("%+v %+v", ev, ev.Diff)
		for _, secret := range []string{"planted-secret", key1, key2} {
			if strings.Contains(text, secret) {
				t.Errorf("an event shows a secret: %s", text)
			}
		}
	}
}

// TestAccSecretMacrosThatNothingNames: they go with the attribute, whatever other
// attributes say; those of others stay.
func TestAccSecretMacrosThatNothingNames(t *testing.T) {
	t.Parallel()
	newRig(t).secretMacrosGo("r1")
}

// secretMacrosGo is the story, on any Zabbix.
func (r *rig) secretMacrosGo(name string) {
	config := func(lines ...string) string {
		return block("r1", append([]string{fmt.Sprintf("host = %q", name), `interface = { ip = "192.0.2.1" }`, `host_groups = ["Linux servers"]`, `on_destroy = "delete"`}, lines...)...)
	}
	const ours, macro = `secret_macros = { "{$OURS}" = "planted-ours" }`, `macros = { "{$A}" = { value = "1" } }`
	has := func(names ...string) resource.TestCheckFunc {
		return r.is(name, func(h *zabbix.Host) string {
			var there []string
			for _, m := range h.Macros {
				there = append(there, m.Name)
			}
			return want("macros", strings.Join(there, " "), strings.Join(names, " "))
		})
	}
	goes := plancheck.ExpectKnownValue(at1, tfjsonpath.New("removes"), knownvalue.MapExact(map[string]knownvalue.Check{
		"macros": knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("{$OURS}")}),
	}))
	theirs := r.edit(name, func(h *zabbix.Host) {
		h.Macros = append(h.Macros, zabbix.Macro{Name: "{$THEIRS}", Kind: zabbix.MacroSecret})
	})
	r.accept(
		applies(config(ours), plancheck.ResourceActionCreate, has("{$OURS}")),
		planned(applies(config(), plancheck.ResourceActionUpdate, has(), stateMissing(at1, "secret_macros_hash.%")), goes),
		applies(config(ours, macro), plancheck.ResourceActionUpdate, has("{$A}", "{$OURS}")),
		planned(applies(config(macro), plancheck.ResourceActionUpdate, has("{$A}")), goes),
		// What is not secret is not theirs to take along.
		applies(config(ours), plancheck.ResourceActionUpdate, has("{$A}", "{$OURS}"), state(at1, "macros.%", "1")),
		then(theirs, applies(config(ours), plancheck.ResourceActionNoop)),
		planned(applies(config(), plancheck.ResourceActionUpdate, has("{$A}", "{$THEIRS}")), goes),
		applies(config(), plancheck.ResourceActionNoop),
	)
}

func TestAccDestroy(t *testing.T) {
	t.Parallel()
	for how, check := range map[string]func(r *rig) resource.TestCheckFunc{
		"disable": func(r *rig) resource.TestCheckFunc {
			return r.is("r1", func(h *zabbix.Host) string {
				return want("enabled", h.Enabled, false) + want("groups", len(h.Groups), 1)
			})
		},
		"keep": func(r *rig) resource.TestCheckFunc {
			return r.is("r1", func(h *zabbix.Host) string { return want("enabled", h.Enabled, true) })
		},
		"delete": func(r *rig) resource.TestCheckFunc { return r.isNot("r1") },
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.accept(
				applies(plain(`on_destroy = "`+how+`"`), plancheck.ResourceActionCreate),
				applies("# nothing", plancheck.ResourceActionDestroy, check(r)),
			)
		})
	}
}

func TestAccRevival(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var id string
	r.accept(
		applies(plain(`description = "d"`, `secret_macros = { "{$P}" = "first-secret" }`), plancheck.ResourceActionCreate,
			func(*terraform.State) error { id = r.id("r1"); return nil }),
		applies("# nothing", plancheck.ResourceActionDestroy, r.isNot("r1")),
		applies(plain(`secret_macros = { "{$P}" = "second-secret" }`), plancheck.ResourceActionCreate, state(at1, "enabled", "true"),
			state(at1, "description", "d"), r.isNot("r1_archived"),
			r.is("r1", func(h *zabbix.Host) string {
				return want("id", h.ID, id) + want("enabled", h.Enabled, true) + want("groups", strings.Join(h.Groups, ","), "Linux servers") +
					want("mark", h.Mark.BuriedName, "") + want("secret", r.fake.Host("r1").Macros[0].Value, "second-secret")
			})),
	)
}

// TestAccOneNewGroupForTwoHosts: the second host is planned again when the first
// one has made the group that both shall have; the plan holds all the same.
func TestAccOneNewGroupForTwoHosts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.zabbix.CreateGroups = true
	r.source.devices["r2"] = inventory.Object{Kind: inventory.Device, ID: "43", Name: "r2", Host: "192.0.2.2", Status: "active"}
	config := block("r1", `device = "r1"`, `host_groups = ["New"]`) +
		block("r2", `device = "r2"`, `host_groups = ["New"]`, "depends_on = [zabbix_agent_host.r1]")
	r.accept(applies(config, plancheck.ResourceActionCreate), applies(config, plancheck.ResourceActionNoop))
}

func TestAccReplaceMakesANewHost(t *testing.T) {
	t.Parallel()
	for how, left := range map[string]string{"graveyard": "r1_archived", "delete": ""} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.source.devices["r2"] = inventory.Object{Kind: inventory.Device, ID: "43", Name: "r2", Host: "192.0.2.2", Status: "active"}
			checks := []resource.TestCheckFunc{r.is("host-1", func(h *zabbix.Host) string { return want("ip", h.Agent.IP, "192.0.2.2") })}
			if left != "" {
				checks = append(checks, r.is("host-1_archived", func(h *zabbix.Host) string { return want("object", h.Mark.BuriedObject, "device:42") }))
			}
			of := func(device string) string {
				return block("r1", `device = "`+device+`"`, `host = "host-1"`, `host_groups = ["Linux servers"]`, `on_destroy = "`+how+`"`)
			}
			r.accept(
				applies(of("r1"), plancheck.ResourceActionCreate),
				applies(of("r2"), plancheck.ResourceActionDestroyBeforeCreate, checks...),
				applies(of("r2"), plancheck.ResourceActionNoop),
			)
		})
	}
}

// TestAccReplaceUnderAnotherName: apply is not told that it makes the new host
// for a replacement, and must plan it as it was planned.
func TestAccReplaceUnderAnotherName(t *testing.T) {
	t.Parallel()
	const cbd = "lifecycle {\n    create_before_destroy = true\n  }"
	for more, action := range map[string]plancheck.ResourceActionType{
		"": plancheck.ResourceActionDestroyBeforeCreate, cbd: plancheck.ResourceActionCreateBeforeDestroy,
	} {
		r := newRig(t)
		r.source.devices["r2"] = inventory.Object{Kind: inventory.Device, ID: "43", Name: "r2", Host: "192.0.2.2", Status: "active"}
		of := func(device string) string {
			return block("r1", fmt.Sprintf("device = %q", device), `host_groups = ["Linux servers"]`, more)
		}
		r.accept(
			applies(of("r1"), plancheck.ResourceActionCreate),
			applies(of("r2"), action, r.isNot("r1"), r.is("r2", func(h *zabbix.Host) string { return want("enabled", h.Enabled, true) })),
			applies(of("r2"), plancheck.ResourceActionNoop),
		)
	}
}

// TestAccForcedReplacement: only what the first plan kept tells the second one
// that it is about a replacement.
func TestAccForcedReplacement(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	config := func(input string) string {
		return "resource \"terraform_data\" \"x\" {\n  input = \"" + input + "\"\n}\n" +
			plain(`lifecycle {
    replace_triggered_by = [terraform_data.x]
  }`)
	}
	var id string
	r.accept(
		applies(config("a"), plancheck.ResourceActionCreate, func(*terraform.State) error { id = r.id("r1"); return nil }),
		applies(config("b"), plancheck.ResourceActionDestroyBeforeCreate,
			r.is("r1_archived", func(h *zabbix.Host) string { return want("id", h.ID, id) }),
			r.is("r1", func(h *zabbix.Host) string { return want("another one", h.ID != id, true) })),
		applies(config("b"), plancheck.ResourceActionNoop),
	)
}

func TestAccTheSameObjectUnderANewNameIsNotReplaced(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	of := func(device string) string {
		return block("r1", `device = "`+device+`"`, `host_groups = ["Linux servers"]`)
	}
	var id string
	r.accept(
		applies(of("r1"), plancheck.ResourceActionCreate, func(*terraform.State) error { id = r.id("r1"); return nil }),
		then(func() {
			d := r.source.devices["r1"]
			d.Name = "r1-new"
			r.source.devices = map[string]inventory.Object{"r1-new": d}
		}, applies(of("r1-new"), plancheck.ResourceActionUpdate, r.is("r1-new", func(h *zabbix.Host) string { return want("id", h.ID, id) }))),
	)
}

func TestAccMaxDestroy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.zabbix.MaxDestroy = 1
	host := func(name string) string {
		return block(name, `host = "`+name+`"`, `interface = { ip = "192.0.2.1" }`, `host_groups = ["Linux servers"]`, `on_destroy = "delete"`)
	}
	three := host("r1") + host("r2") + host("r3")
	r.accept(
		applies(three, plancheck.ResourceActionCreate),
		refused(host("r3"), "one more than the 1 hosts"),
		applies(host("r1")+host("r2"), plancheck.ResourceActionNoop, r.isNot("r3")),
		then(func() { r.zabbix.MaxDestroy = 2 }, resource.TestStep{Config: "# nothing", Check: r.isNot("r1")}),
	)
}

// TestAccMaxDestroyCountsReplacements: one that is destroyed, one that is replaced
// and one that is forgotten are two.
func TestAccMaxDestroyCountsReplacements(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.source.devices["r2"] = inventory.Object{Kind: inventory.Device, ID: "43", Name: "r2", Host: "192.0.2.2", Status: "active"}
	host := func(label string, lines ...string) string {
		return block(label, append([]string{fmt.Sprintf("host = %q", label), `host_groups = ["Linux servers"]`}, lines...)...)
	}
	replaced := func(device string) string {
		return host("r1", fmt.Sprintf("device = %q", device), `on_destroy = "delete"`)
	}
	const address = `interface = { ip = "192.0.2.1" }`
	before := replaced("r1") + host("gone", address) + host("forgotten", address, `on_destroy = "keep"`)
	r.zabbix.MaxDestroy = 1
	tooMany := refused(replaced("r2"), "one more than the 1 hosts")
	tooMany.PlanOnly = true
	r.accept(
		applies(before, plancheck.ResourceActionCreate),
		tooMany,
		then(func() { r.zabbix.MaxDestroy = 2 },
			applies(replaced("r2"), plancheck.ResourceActionDestroyBeforeCreate, r.isNot("gone"), r.is("forgotten", func(*zabbix.Host) string { return "" }))),
	)
}

// TestAccPermissionLost: a host that is not visible is not forgotten, unless the
// API's user sees everything.
func TestAccPermissionLost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.AddUser(t, zabbixtest.User{Name: "weak", Password: "planted-weak", Type: zabbixtest.TypeAdmin, Rights: map[string]zabbixtest.Permission{"Linux servers": zabbixtest.ReadWrite}})
	weak := client.ZabbixLogin{URL: r.fake.URL(), Username: "weak", Password: "planted-weak"}
	strong := r.login
	hide := r.edit("r1", func(h *zabbix.Host) { h.Groups = []string{"Hypervisors"} })
	r.accept(
		applies(plain(), plancheck.ResourceActionCreate),
		then(func() { hide(); r.login = weak }, refused(plain(), "r1: stage failed", "lost the permission")),
		then(func() { r.login = strong }, applies(plain(), plancheck.ResourceActionUpdate)),
		then(func() { r.fake.DeleteHost(t, "r1") }, applies(plain(), plancheck.ResourceActionCreate)),
	)
}

func TestAccUnreachable(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	up := func() {
		if err := r.fake.Up(); err != nil {
			t.Fatal(err)
		}
	}
	skipping := plain(`on_unreachable = "skip"`)
	r.accept(
		applies(plain(), plancheck.ResourceActionCreate),
		then(r.fake.Down, refused(plain(`description = "new"`), "r1: stage failed", "unreachable")),
		then(up, applies(skipping, plancheck.ResourceActionUpdate)),
		then(r.fake.Down, applies(skipping, plancheck.ResourceActionNoop)),
		then(up, applies(skipping, plancheck.ResourceActionNoop)),
	)
}

func TestAccWaitForAgent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	waiting := func(limit string, more ...string) string {
		return plain(append([]string{`templates = ["` + linux + `"]`, `wait_for_agent = "` + limit + `"`}, more...)...)
	}
	answers := func() { r.fake.SetAgent(t, "r1", zabbixtest.Quick(zabbixtest.Answering)) }
	again := applies(waiting("3s"), plancheck.ResourceActionUpdate, state(at1, "agent_state", "unknown"))
	again.ExpectNonEmptyPlan = true
	r.accept(
		// The host is made, and not tainted: the plan waits again.
		resource.TestStep{Config: waiting("3s"), ExpectNonEmptyPlan: true, Check: resource.ComposeTestCheckFunc(state(at1, "agent_state", "unknown"), r.is("r1", func(*zabbix.Host) string { return "" }))},
		again,
		then(answers, applies(waiting("1m"), plancheck.ResourceActionUpdate, state(at1, "agent_state", "available"))),
		applies(waiting("1m"), plancheck.ResourceActionNoop),
		applies(waiting("1m", `description = "d"`), plancheck.ResourceActionUpdate, state(at1, "agent_state", "available")),
		// What is not asked for cannot be waited for, and is not waited for again.
		applies(plain(`wait_for_agent = "1h"`), plancheck.ResourceActionUpdate),
	)
}

// TestAccWaitAfterAnUpdate: data that may have come by the former configuration
// are no answer, and what Zabbix says of the interface is none either.
func TestAccWaitAfterAnUpdate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.zabbix.ConfigRefresh = time.Second
	config := func(port, wait string) string {
		return block("r1", `host = "r1"`, `interface = { ip = "192.0.2.1", port = "`+port+`" }`, `host_groups = ["Linux servers"]`,
			`templates = ["`+linux+`"]`, `wait_for_agent = "`+wait+`"`)
	}
	answers := func() { r.fake.SetAgent(t, "r1", zabbixtest.Quick(zabbixtest.Answering)) }
	pending := func(step resource.TestStep) resource.TestStep {
		step.ExpectNonEmptyPlan = true
		return step
	}
	r.accept(
		pending(applies(config("10050", "1s"), plancheck.ResourceActionCreate)),
		then(answers, applies(config("10050", "1m"), plancheck.ResourceActionUpdate, state(at1, "agent_state", "available"))),
		pending(applies(config("10051", "2s"), plancheck.ResourceActionUpdate, state(at1, "agent_state", "unknown"))),
		resource.TestStep{RefreshState: true, ExpectNonEmptyPlan: true, Check: state(at1, "agent_state", "unknown")},
		applies(config("10051", "1m"), plancheck.ResourceActionUpdate, state(at1, "agent_state", "available")),
		applies(config("10051", "1m"), plancheck.ResourceActionNoop),
	)
}

func TestAccTwoResourcesOneHost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.accept(
		refused(plain()+strings.Replace(plain(), `"r1" {`, `"r2" {`, 1), `two resources are about the host "r1"`),
	)
}

func TestAccUnknown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	config := func(more string) string {
		return "resource \"terraform_data\" \"x\" {\n  input = \"later\"\n}\n" + plain(`description = terraform_data.x.output`, more)
	}
	r.accept(
		refused(config(""), "r1: description is not known at plan", "allow_unreviewed = true"),
		applies(config("allow_unreviewed = true"), plancheck.ResourceActionCreate, state(at1, "description", "later")),
	)
}

// What an unknown element of a list will allow is nothing to complain about before
// it is known.
func TestAccUnknownWithinTLS(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	config := func(accept string) string {
		return "resource \"terraform_data\" \"x\" {\n  input = \"" + accept + "\"\n}\n" + plain("allow_unreviewed = true", `tls_psk = "`+strings.Repeat("ab", 16)+`"`,
			`tls = { connect = "unencrypted", accept = ["unencrypted", terraform_data.x.output], psk_identity = "r1" }`)
	}
	r.accept(
		applies(config("psk"), plancheck.ResourceActionCreate, state(at1, "tls.accept.#", "2"), state(at1, "tls.psk_identity", "r1")),
	)
}

func TestAccDriftFails(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	config := plain(`description = "d"`, `on_drift = "fail"`)
	r.accept(
		applies(config, plancheck.ResourceActionCreate),
		then(r.edit("r1", func(h *zabbix.Host) { h.Description = "x" }), refused(config, "r1: changed outside Terraform since run run-", "description", "on_drift is \"fail\"")),
		then(r.edit("r1", func(h *zabbix.Host) { h.Description = "d" }), applies(config, plancheck.ResourceActionNoop)),
		// A change of the configuration is no drift, whatever others did to what is not set here.
		then(r.edit("r1", func(h *zabbix.Host) { h.Proxy = "proxy-1" }), applies(plain(`description = "e"`, `on_drift = "fail"`), plancheck.ResourceActionUpdate, state(at1, "proxy", "proxy-1"))),
	)
}

// TestAccProviderDefaults: enabled, adopt and on_drift of the provider block. A
// state in which on_drift came from the schema, as earlier versions wrote it, is
// not planned to change.
func TestAccProviderDefaults(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fake.AddHost(t, zabbixtest.Host{
		Name: "r1", Groups: []string{"Hypervisors"}, InventoryMode: -1,
		Interfaces: []zabbixtest.Interface{{Type: 1, Main: true, UseIP: true, IP: "192.0.2.9", Port: "10050"}},
	})
	r.providerDefaults("r1", plain)
}

// providerDefaults is the story of a host that exists, with the defaults of the
// provider block one after the other.
func (r *rig) providerDefaults(name string, config func(more ...string) string) {
	r.t.Helper()
	defaults := func(d client.HostDefaults) func() {
		return func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.zabbix.Defaults = d
		}
	}
	enabled := func(yes bool) func(h *zabbix.Host) string {
		return func(h *zabbix.Host) string { return want("enabled", h.Enabled, yes) }
	}
	no := false
	paused := client.HostDefaults{Adopt: true, Enabled: &no}
	strict := client.HostDefaults{Adopt: true, Enabled: &no, OnDrift: client.DriftFail}
	r.accept(
		refused(config(), name+": the host exists already"),
		then(defaults(paused), refused(config(`adopt = false`), name+": the host exists already")),
		applies(config(`on_drift = "revert"`), plancheck.ResourceActionCreate, stateMissing(at1, "adopt"), state(at1, "on_drift", "revert"),
			state(at1, "enabled", "false"), state(at1, "matched_rules.enabled", "provider defaults"), r.is(name, enabled(false))),
		applies(config(), plancheck.ResourceActionNoop),
		planned(then(defaults(strict), applies(config(), plancheck.ResourceActionUpdate, state(at1, "on_drift", "fail"))), changes("on_drift")),
		then(r.edit(name, func(h *zabbix.Host) { h.Enabled = true }), refused(config(), name+": changed outside Terraform since run run-", "enabled", "on_drift is \"fail\"")),
		applies(config(`on_drift = "revert"`), plancheck.ResourceActionUpdate, r.is(name, enabled(false))),
		applies(config(`enabled = true`), plancheck.ResourceActionUpdate, state(at1, "on_drift", "fail"), r.is(name, enabled(true))),
	)
}

func TestAccErrorsAtAttributes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.accept(
		refused(plain(`templates = ["nowhere"]`), "invalid templates", "nowhere"),
		refused(plain(`macros = { "LIMIT" = { value = "1" } }`), "invalid macros"),
		refused(plain(`tls_psk = "abc"`, `tls = { connect = "psk", psk_identity = "x" }`), "invalid tls_psk"),
		refused(plain(`proxy = "a"`, `proxy_group = "b"`), "proxy_group"),
		refused(plain(`inventory_mode = "disabled"`, `inventory = { location = "x" }`), "disabled holds nothing"),
		refused(plain(`tls = { connect = "unencrypted", psk_identity = "x" }`), "identity without a pre-shared key"),
		refused(block("r1", `templates = []`), "Which host?"),
		refused(block("r1", `host = "x"`), "needs an interface"),
		refused(block("r1", `device = "nowhere"`), "not in the inventory"),
	)
}

func TestAccDataSource(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	h := hostByHand("r1")
	h.Macros = []zabbixtest.Macro{{Name: "{$A}", Value: "1"}, {Name: "{$S}", Value: "planted", Type: 1}}
	r.fake.AddHost(t, h)
	const by = "data.zabbix_agent_host.x"
	data := func(attribute string) string { return "data \"zabbix_agent_host\" \"x\" {\n  " + attribute + "\n}\n" }
	r.accept(
		resource.TestStep{Config: data(`host = "r1"`), Check: resource.ComposeTestCheckFunc(
			state(by, "id", r.id("r1")), state(by, "interface.ip", "192.0.2.1"), state(by, "templates.0", linux), state(by, "macros.%", "1"),
			state(by, "macros.{$A}.value", "1"), state(by, "enabled", "true"), state(by, "tls.connect", "unencrypted"), state(by, "agent_state", "unknown"))},
		refused(data(`host = "nowhere"`), "nowhere: there is no such host"),
		refused(data(""), "one (and only one)"),
		resource.TestStep{Config: data(`id = "` + r.id("r1") + `"`), Check: state(by, "host", "r1")},
	)
}
