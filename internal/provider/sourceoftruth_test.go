package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
)

// apiBlock is the block of a source of truth behind an API, with more in it.
func apiBlock(source string, more block) block {
	b := block{"url": "https://truth.example.net/prefix", "token": "planted-token"}
	for k, v := range more {
		b[k] = v
	}
	return block{source: b}
}

func TestASourceOfTruthFromTheBlock(t *testing.T) {
	for source, more := range map[string]block{"netbox": {"max_renders": 2}, "nautobot": {"location_type": "City"}} {
		more["timeout"], more["headers"] = "5s", block{"X-Gate": "planted-header-1", "X-Forwarded-Proto": "https"}
		more["write_back"] = block{"journal": true, "zabbix_host_id": "zabbix_hostid"}
		cfg := fine(t, apiBlock(source, more))
		if cfg.Inventory == nil || cfg.InventoryUnknown != "" || cfg.WriteBack != (client.WriteBack{Journal: true, ZabbixHostID: "zabbix_hostid"}) {
			t.Errorf("%s: %+v", source, cfg)
		}
		if got := cfg.Redact.String("planted-token planted-header-1 https"); strings.Contains(got, "planted") || !strings.Contains(got, "https") {
			t.Errorf("%s: %s is not redacted", source, got)
		}
	}
}

func TestASourceOfTruthFromTheEnvironment(t *testing.T) {
	for _, source := range []string{"NETBOX", "NAUTOBOT"} {
		p := "PROVISION_" + source + "_"
		cfg := fine(t, block{}, p+"URL=https://truth.example.net", p+"TOKEN=planted-token", p+"WRITE_BACK_JOURNAL=true", p+"TIMEOUT=5s", p+"HEADERS=X-Gate=planted-header-1")
		if cfg.Inventory == nil || !cfg.WriteBack.Journal {
			t.Errorf("%s: %+v", source, cfg)
		}
		if got := cfg.Redact.String("planted-token planted-header-1 https"); strings.Contains(got, "planted") || !strings.Contains(got, "https") {
			t.Errorf("%s: %s is not redacted", source, got)
		}
	}
}

// What is not known of a source of truth is the trouble of those who need it.
func TestWhatIsUnknownOfASourceOfTruth(t *testing.T) {
	for want, b := range map[string]block{
		"netbox":              {"netbox": unknown{}},
		"nautobot.url":        apiBlock("nautobot", block{"url": unknown{}}),
		"netbox.token":        apiBlock("netbox", block{"token": unknown{}}),
		`netbox.headers["x"]`: apiBlock("netbox", block{"headers": block{"x": unknown{}}}),
		"inventory_file":      {"inventory_file": unknown{}},
	} {
		cfg := fine(t, b)
		if cfg.InventoryUnknown != want || cfg.Inventory != nil || len(cfg.Unknown) > 0 {
			t.Errorf("%s: got %q, %v", want, cfg.InventoryUnknown, cfg.Unknown)
		}
	}
}

func TestASourceOfTruthRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		b        block
		at, says string
	}{
		"two":              {block{"netbox": block{"url": "https://a.example.net", "token": "x"}, "inventory_file": "x.yaml"}, "inventory_file", "netbox, inventory_file are all set"},
		"no url":           {block{"netbox": block{"token": "x"}}, "netbox.url", "set url, or PROVISION_NETBOX_URL"},
		"junk url":         {apiBlock("nautobot", block{"url": "nautobot"}), "nautobot.url", "no address"},
		"login in url":     {apiBlock("netbox", block{"url": "https://a:planted@b.example.net"}), "netbox.url", "does not belong"},
		"no token":         {block{"nautobot": block{"url": "https://a.example.net"}}, "nautobot.token", "PROVISION_NAUTOBOT_TOKEN"},
		"half a key":       {apiBlock("netbox", block{"cert_file": "x.pem"}), "netbox.cert_file", "both cert_file and key_file"},
		"no such CA":       {apiBlock("netbox", block{"ca_file": "/nowhere.pem"}), "netbox", "/nowhere.pem"},
		"negative renders": {apiBlock("netbox", block{"max_renders": -1}), "netbox.max_renders", "number"},
		"timeout":          {apiBlock("nautobot", block{"timeout": "soon"}), "nautobot.timeout", "duration"},
	} {
		t.Run(name, func(t *testing.T) {
			_, diags := build(t, c.b)
			if !diags.HasError() {
				t.Fatal("it is accepted")
			}
			d := diags.Errors()[0]
			at, ok := d.(diag.DiagnosticWithPath)
			if !ok || !strings.HasPrefix(at.Path().String(), c.at) || !strings.Contains(d.Detail(), c.says) {
				t.Errorf("got %v", d)
			}
			if strings.Contains(d.Detail(), "planted") {
				t.Errorf("a secret is shown: %v", d)
			}
		})
	}
}
