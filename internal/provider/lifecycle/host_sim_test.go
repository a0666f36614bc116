//go:build !lab

package lifecycle_test

import (
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

// newHosts are hosts in a fake Zabbix 7.0.
func newHosts(t *testing.T) *hostSubject {
	t.Helper()
	fake := zabbixtest.New(t, zabbixtest.Options{})
	return hostsIn(t, fake.URL(), zabbixtest.AdminUser, zabbixtest.AdminPassword)
}
