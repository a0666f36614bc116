package client_test

import (
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

// TestCloseLogsOut: a login by user name and password leaves no session behind.
func TestCloseLogsOut(t *testing.T) {
	for _, version := range []string{"6.0", "7.0", "7.4"} {
		t.Run(version, func(t *testing.T) {
			fake := zabbixtest.New(t, zabbixtest.Options{Version: version})
			server, err := client.OpenZabbix(client.ZabbixLogin{URL: fake.URL(), Username: zabbixtest.AdminUser, Password: zabbixtest.AdminPassword})
			if err != nil {
				t.Fatal(err)
			}
			if err := server.Close(t.Context()); err != nil || fake.Posts() != 0 {
				t.Errorf("closed before it was used: %d POSTs, %v", fake.Posts(), err)
			}
			if _, err := server.FreshByName(t.Context(), "r1"); err != nil || fake.Sessions() != 1 {
				t.Fatalf("%d sessions, %v", fake.Sessions(), err)
			}
			if err := server.Close(t.Context()); err != nil || fake.Sessions() != 0 {
				t.Errorf("%d sessions are left, %v", fake.Sessions(), err)
			}
		})
	}
}
