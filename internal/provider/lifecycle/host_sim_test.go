//go:build !lab

package lifecycle_test

import (
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

// hostVersions are the versions of Zabbix that the matrix runs on: one, since the
// real ones give the same numbers.
func hostVersions() []string { return []string{"7.0"} }

// newHosts are hosts in a fake Zabbix of that version.
func newHosts(t *testing.T, version string) *hostSubject {
	t.Helper()
	fake := zabbixtest.New(t, zabbixtest.Options{Version: version})
	return hostsIn(t, version, fake.URL(), zabbixtest.AdminUser, zabbixtest.AdminPassword)
}
