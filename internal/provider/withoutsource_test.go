package provider_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/netbox/netboxtest"
	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

// betweenPlanAndApply runs when a step's plan is saved and not yet applied.
type betweenPlanAndApply func()

// CheckPlan implements plancheck.PlanCheck.
func (f betweenPlanAndApply) CheckPlan(context.Context, plancheck.CheckPlanRequest, *plancheck.CheckPlanResponse) {
	f()
}

// TestAccDestroyWithoutTheSource: a source of truth that always fails keeps nobody
// from destroying what it once named, which does not even ask it.
func TestAccDestroyWithoutTheSource(t *testing.T) {
	t.Setenv("CHECKPOINT_DISABLE", "1")
	sim := acctest.Simulate(t, map[string]string{
		"r1": "frr version 8.4.4\nfrr defaults traditional\nhostname r1\nservice integrated-vtysh-config\n!\nend\n",
	}, nil)
	n := sim.Node(t, "r1")
	source := netboxtest.Start(netboxtest.Options{
		Objects: []inventory.Object{{Kind: inventory.Device, Name: "r1", Site: "ams", Role: "edge", Platform: "frr", Vendor: "Acme", Model: "R1", Host: n.Host, PrimaryIP4: n.Host, Status: "active"}},
		Configs: map[string]string{"r1": "interface lo\n description from NetBox\nexit\n"},
	})
	t.Cleanup(source.Close)
	zbx := zabbixtest.New(t, zabbixtest.Options{})
	provider := acctest.Provider(map[string]string{
		"netbox":      fmt.Sprintf("{ url = %q, token = %q }", source.URL, netboxtest.Token),
		"credentials": fmt.Sprintf("{ default = { username = %q, password = %q } }", n.User, n.Password),
		"ssh":         fmt.Sprintf("{ known_hosts = [%s] }", acctest.Quote(filepath.Join(sim.Dir, "known_hosts"))),
		"zabbix": fmt.Sprintf("{\n  url = %q\n  username = %q\n  defaults = { on_destroy = \"delete\" }\n}",
			zbx.URL(), zabbixtest.AdminUser),
	})
	config := provider + fmt.Sprintf(`
resource "provision_device" "r1" {
  name = "r1"
  port = %d
}

resource "zabbix_agent_host" "r1" {
  provider    = provision
  device      = "r1"
  host_groups = ["Linux servers"]
}
`, n.Port)
	var asked atomic.Int32
	var down atomic.Bool
	source.Fault(func(w http.ResponseWriter, _ *http.Request) bool {
		asked.Add(1)
		if down.Load() {
			w.WriteHeader(http.StatusForbidden)
		}
		return down.Load()
	})
	var planned int32
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.ProviderFactories(t, "PROVISION_ZABBIX_PASSWORD="+zabbixtest.AdminPassword),
		Steps: []resource.TestStep{
			{Config: config},
			{
				PreConfig: func() {
					if asked.Swap(0) == 0 {
						t.Error("no request was counted")
					}
					down.Store(true)
				},
				Config: provider, // "destroy" would plan everything once more before
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
					betweenPlanAndApply(func() { planned = asked.Swap(0) }),
				}},
			},
		},
	})
	if n := asked.Load(); n != 0 {
		t.Errorf("the apply that destroys asked the source of truth %d times", n)
	}
	if running := sim.Routers["r1"].Running(); !strings.Contains(running, "description from NetBox") {
		t.Errorf("r1 runs:\n%s", running)
	}
	if hosts := zbx.Hosts(); len(hosts) > 0 && strings.Contains(strings.Join(hosts, " "), "r1") {
		t.Errorf("destroy left %v", hosts)
	}
	t.Logf("the plan asked %d times", planned)
}
