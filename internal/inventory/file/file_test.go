package file_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/file"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/inventorytest"
)

// write writes an inventory and gives its path.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "inventory.yaml")
	writeFile(t, path, text)
	return path
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, path string) *file.Source {
	t.Helper()
	s, err := file.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func device(name string) inventory.Ref {
	return inventory.Ref{Kind: inventory.Device, Name: name}
}

func machine(name string) inventory.Ref {
	return inventory.Ref{Kind: inventory.VirtualMachine, Name: name}
}

// suite is the suite's inventory.
const suite = `devices:
  ams-edge1:
    host: 192.0.2.1
    ipv4: 192.0.2.1
    oob: 198.51.100.1
    port: 2201
    driver: frr
    vendor: FRRouting
    model: virtual
    location: hall 1
    tenant: ops
    platform: linux-frr
    site: ams
    role: edge
    status: active
    tags: [bgp, prod]
    credentials: edge
    dns_name: ams-edge1.example.net
    cluster: c1
    config_file: configs/ams-edge1.conf
    custom_fields: &fields
      rack: A4
      floor: 3
      height: 1.5
      no_zabbix: true
      owner: null
      empty: ""
      contacts: [net, 7, {name: sys}]
      place: {room: R1}
    config_context:
      ntp: [192.0.2.123]
      zabbix: {templates: [Linux by Zabbix agent]}
  "ams-core1": &core
    host: 2001:db8::2
    ipv4: 192.0.2.2
    ipv6: 2001:db8::2
    dns_name: core1.example.net
    platform: netconf-box
    site: ams
    role: core
    status: planned
    tags:
      - prod
    config: ""
  fra-edge1: {host: "2001:db8::3", ipv6: "2001:db8::3", platform: linux-frr, site: fra, role: edge, status: failed}
  spare:

virtual_machines:
  ams-edge1:
    host: 192.0.2.80
    ipv4: 192.0.2.80
    dns_name: web.example.net
    platform: debian
    site: ams
    role: web
    cluster: c1
    status: active
    tags: [web, prod]
    custom_fields: *fields
  db1: {site: fra, cluster: c2, status: planned}
  idle:
`

func TestSuite(t *testing.T) {
	path := write(t, suite)
	writeFile(t, filepath.Join(filepath.Dir(path), "configs", "ams-edge1.conf"), "hostname ams-edge1\n")
	// The file has one name, that of host.
	adapt := func(o *inventory.Object) { o.DNSName4, o.DNSName6 = "", "" }
	inventorytest.Suite{Source: open(t, path), DefaultStatus: file.DefaultStatus, Adapt: adapt}.Run(t)
}

func TestURLLeadsToTheLine(t *testing.T) {
	path := write(t, "# devices\ndevices:\n  r1: {}\n\n  r2:\n    host: x\n")
	for name, line := range map[string]string{"r1": ":3", "r2": ":5"} {
		d, err := open(t, path).Object(t.Context(), device(name))
		if err != nil || d.URL != path+line || d.ID != name {
			t.Errorf("%s: %q (id %q), %v", name, d.URL, d.ID, err)
		}
	}
}

func TestMistakesNameTheLine(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty file", "", "there is no key devices"},
		{"nothing under devices", "devices:\n", "there is no key devices"},
		{"something else", "hosts: {}\n", ":1: unknown field \"hosts\""},
		{"a list", "devices:\n  - name: r1\n", ":2: sequence was used where mapping is expected"},
		{"unknown key", "devices:\n  r1:\n    hots: x\n", ":3: unknown field \"hots\"; a device has host, ipv4,"},
		{"name twice", "devices:\n  r1:\n    host: x\n  r1:\n    host: y\n", ":4: mapping key \"r1\" already defined at [2:3]"},
		{"unknown key at the top", "devices: {}\nmachines: {}\n", ":2: unknown field \"machines\"; the file has devices and virtual_machines"},
		{"unknown key on one line", "devices: {r1: {hots: x}}\n", ":1: unknown field \"hots\"; a device has host, ipv4,"},
		{"unknown key of a virtual machine", "devices: {}\nvirtual_machines:\n  web1:\n    driver: frr\n", ":4: unknown field \"driver\"; a virtual machine has host, ipv4,"},
		{"a list of virtual machines", "virtual_machines:\n  - web1\n", ":2: sequence was used where mapping is expected"},
		{"virtual machine twice", "virtual_machines:\n  web1: {}\n  web1: {}\n", ":3: mapping key \"web1\" already defined"},
		{"virtual machine without a name", "virtual_machines:\n  \"\": {}\n", ":2: virtual machine : a virtual machine needs a name"},
		{"text for custom fields", "devices:\n  r1:\n    custom_fields: a\n", ":3: string was used where mapping is expected"},
		{"custom field twice", "devices:\n  r1:\n    custom_fields:\n      a: 1\n      a: 2\n", ":5: mapping key \"a\" already defined"},
		{"key twice", "devices:\n  r1:\n    host: x\n    host: y\n", ":4: mapping key \"host\" already defined"},
		{"text for a number", "devices:\n  r1:\n    port: ssh\n", ":3: a number is needed here"},
		{"list for a text", "devices:\n  r1:\n    host: [a]\n", ":3: a text is needed here"},
		{"text for a list", "devices:\n  r1:\n    tags: a\n", ":3: string was used where sequence is expected"},
		{"text for a device", "devices:\n  r1: a\n", ":2: string was used where mapping is expected"},
		{"no port", "devices:\n  r1: {port: 70000}\n", ":2: device r1: port 70000 is not between"},
		{"no YAML", "devices:\n  r1:\n   host: a\n  bad\n", ":4: "},
		{"two documents", "devices: {}\n---\ndevices: {}\n", "more than one document"},
		{"no name", "devices:\n  \" \": {}\n", ":2: device  : a device needs a name"},
		{"unknown alias", "devices:\n  r1: {host: *x}\n", ":2: could not find alias"},
		{"no config file", "devices:\n  r1: {config_file: nope}\n", ":2: device r1: config_file nope does not exist"},
		{"a folder as config file", "devices:\n  r1: {config_file: .}\n", ":2: device r1: config_file . is not a file"},
		{"two configs", "devices:\n  r1: {config: x, config_file: y}\n", ":2: device r1: config and config_file exclude each other"},
		{"same address", "devices:\n  r1: {host: A, port: 22}\n  r2: {host: a, port: 22}\n", ":3: device r2: the same address a:22 as device r1 in line 2"},
		{"same address, port of the driver", "devices:\n  r1: {host: a, driver: frr}\n  r2: {host: a, driver: frr}\n", ":3: device r2: the same address a as device r1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, c.text)
			_, err := file.Open(path)
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v\nwant %s and the file's name", err, c.want)
			}
		})
	}
}

func TestMistakesAreToldTogether(t *testing.T) {
	_, err := file.Open(write(t, "devices:\n  r1: {config_file: x1}\n  r2: {port: -1}\n"))
	if err == nil || !strings.Contains(err.Error(), "x1") || !strings.Contains(err.Error(), "-1") {
		t.Errorf("got %v", err)
	}
}

func TestMistakesQuoteNoSecret(t *testing.T) {
	_, err := file.Open(write(t, "devices:\n  r1:\n    config: hunter22\n    hots: hunter22\n"))
	if err == nil || strings.Contains(err.Error(), "hunter22") {
		t.Errorf("got %v", err)
	}
}

func TestSameAddressElsewhere(t *testing.T) {
	for _, text := range []string{
		"devices:\n  r1: {host: a, port: 1}\n  r2: {host: a, port: 2}\n",
		"devices:\n  r1: {host: a, driver: frr}\n  r2: {host: a, driver: netconf}\n",
		"devices:\n  r1: {host: a, credentials: behind-x}\n  r2: {host: a, credentials: behind-y}\n",
		"devices:\n  r1: {}\n  r2: {}\n",
	} {
		open(t, write(t, text))
	}
}

func TestMissingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.yaml")
	if _, err := file.Open(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
	if _, err := file.Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not a file") {
		t.Errorf("a folder: %v", err)
	}
}

func TestMergeKeys(t *testing.T) {
	s := open(t, write(t, "devices:\n  r1: &edge {driver: frr, site: ams}\n  r2:\n    <<: *edge\n    host: b\n"))
	d, err := s.Object(t.Context(), device("r2"))
	if err != nil || d.Driver != "frr" || d.Site != "ams" || d.Host != "b" {
		t.Errorf("%+v %v", d, err)
	}
}

func TestConfigFileAbsoluteAndGone(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "r1.conf")
	writeFile(t, conf, "")
	s := open(t, write(t, "devices:\n  r1: {config_file: "+conf+"}\n"))
	r1 := inventory.Object{Kind: inventory.Device, Name: "r1", URL: "inv:2"}
	text, err := s.Config(t.Context(), r1, inventory.Intent{})
	if err != nil || text == nil || len(text) != 0 {
		t.Errorf("an empty file is an empty intent, not none: %q %v", text, err)
	}
	if err := os.Remove(conf); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Config(t.Context(), r1, inventory.Intent{}); err == nil || !strings.Contains(err.Error(), "inv:2") {
		t.Errorf("a file that went: %v", err)
	}
}

func TestNamesThatLookLikeNumbers(t *testing.T) {
	s := open(t, write(t, "devices:\n  101: {host: 192.0.2.1}\n"))
	if d, err := s.Object(t.Context(), device("101")); err != nil || d.Host != "192.0.2.1" {
		t.Errorf("%+v %v", d, err)
	}
}

func TestVirtualMachinesAlone(t *testing.T) {
	path := write(t, "virtual_machines:\n  web1: {host: 192.0.2.1}\n  web2: {host: 192.0.2.1}\n")
	s := open(t, path)
	v, err := s.Object(t.Context(), machine("web2"))
	if err != nil || v.URL != path+":3" || v.ID != "web2" || v.Status != file.DefaultStatus {
		t.Errorf("%+v %v", v, err)
	}
	if devices, err := s.Objects(t.Context(), inventory.Device, inventory.Filter{}); err != nil || len(devices) != 0 {
		t.Errorf("%+v %v", devices, err)
	}
	if _, err := s.Object(t.Context(), device("web1")); err == nil || !strings.Contains(err.Error(), "(0 devices); it is a virtual machine there") {
		t.Errorf("got %v", err)
	}
	if _, err := s.Object(t.Context(), machine("web3")); err == nil || !strings.Contains(err.Error(), "(2 virtual machines); near names: web1, web2") {
		t.Errorf("got %v", err)
	}
}

func TestTheFileRendersNothing(t *testing.T) {
	s := open(t, write(t, "devices:\n  r1: {config: x}\n"))
	r1, err := s.Object(t.Context(), device("r1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, intent := range []inventory.Intent{{From: inventory.FromRendered}, {Branch: "b"}, {Template: "7"}, {Variables: map[string]any{"a": 1}}} {
		if _, err := s.Config(t.Context(), r1, intent); err == nil || !strings.Contains(err.Error(), "renders nothing") || !strings.Contains(err.Error(), r1.URL) {
			t.Errorf("%+v: %v", intent, err)
		}
	}
	if text, err := s.Config(t.Context(), r1, inventory.Intent{From: inventory.FromStored}); err != nil || string(text) != "x" {
		t.Errorf("%q, %v", text, err)
	}
}
