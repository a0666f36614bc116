package provider_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

// zabbixRules are mappings as they are written in a configuration.
const zabbixRules = `{
    devices = [
      { name = "everything", default = true, templates = ["ICMP Ping"], host_groups = ["Linux servers"] },
      { name = "core", roles = ["core"], templates = ["Linux by Zabbix agent"], host_groups = ["Linux servers", "Routers"] },
    ]
    virtual_machines = [
      { name = "machines", default = true, templates = ["Linux by Zabbix agent"], host_groups = ["Virtual machines"] },
    ]
  }`

// TestAccZabbixFromTheProviderBlock: inventory, mappings, login and defaults of
// the provider block, and a host by them.
func TestAccZabbixFromTheProviderBlock(t *testing.T) {
	t.Setenv("CHECKPOINT_DISABLE", "1")
	fake := zabbixtest.New(t, zabbixtest.Options{})
	inv := acctest.File(t, "inventory.yaml", "devices:\n  r1: {host: 192.0.2.1, site: fra1, role: core, platform: linux}\n  r2: {host: 192.0.2.2, site: fra1}\n")
	block := acctest.Provider(map[string]string{
		"inventory_file": acctest.Quote(inv),
		"zabbix": fmt.Sprintf("{\n  url = %q\n  username = %q\n  create_host_groups = true\n  mappings = %s\n  defaults = { on_destroy = \"delete\", enabled = false, adopt = true, on_drift = \"fail\" }\n}",
			fake.URL(), zabbixtest.AdminUser, zabbixRules),
	})
	config := block + `
resource "zabbix_agent_host" "r1" {
  provider = provision
  device   = "r1"
  tags     = { site = ["fra1"] }
}

resource "zabbix_agent_host" "r2" {
  provider = provision
  device   = "r2"
}

data "provision_zabbix_hosts" "all" {
  host_groups = ["Routers"]
  depends_on  = [zabbix_agent_host.r1, zabbix_agent_host.r2]
}`
	fake.AddHost(t, zabbixtest.Host{ // which adopt takes over
		Name: "r1", Groups: []string{"Linux servers"}, InventoryMode: -1,
		Interfaces: []zabbixtest.Interface{{Type: 1, Main: true, UseIP: true, IP: "192.0.2.9", Port: "10050"}},
	})
	const at = "zabbix_agent_host.r1"
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.ProviderFactories(t, "PROVISION_ZABBIX_PASSWORD="+zabbixtest.AdminPassword),
		Steps: []resource.TestStep{{
			Config: config,
			Check: resource.ComposeTestCheckFunc(
				resource.TestCheckResourceAttr(at, "object", "device:r1"),
				resource.TestCheckResourceAttr(at, "on_destroy", "delete"),
				resource.TestCheckResourceAttr(at, "on_drift", "fail"),
				resource.TestCheckResourceAttr(at, "enabled", "false"),
				resource.TestCheckResourceAttr(at, "matched_rules.host_groups/Routers", `rule "core"`),
				resource.TestCheckResourceAttr("data.provision_zabbix_hosts.all", "hosts.%", "1"),
				resource.TestCheckResourceAttrPair("data.provision_zabbix_hosts.all", "hosts.r1.id", at, "id"),
				func(*terraform.State) error {
					if got := fake.Host("r2"); got == nil || !slices.Equal(got.Templates, []string{"ICMP Ping"}) {
						return fmt.Errorf("r2 is %+v", got)
					}
					return nil
				},
			),
		}},
	})
	if hosts := fake.Hosts(); slices.Contains(hosts, "r1") || slices.Contains(hosts, "r2") {
		t.Errorf("destroy left %v", hosts)
	}
}
