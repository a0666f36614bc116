//go:build !lab

package engines_test

import (
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

// newThings are a simulated router and a Zabbix that keeps state.
func newThings(t *testing.T) things {
	t.Helper()
	sim := acctest.Simulate(t, map[string]string{"r1": startup}, nil)
	r1 := sim.Routers["r1"]
	return things{
		provider: sim.Provider(t, nil),
		running:  r1.Running,
		configure: func(line string) {
			t.Helper()
			if err := r1.Configure(line + "\n"); err != nil {
				t.Fatal(err)
			}
		},
		login: api.Config{URL: zabbixtest.New(t, zabbixtest.Options{}).URL(), Username: zabbixtest.AdminUser, Password: zabbixtest.AdminPassword},
	}
}
