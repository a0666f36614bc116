package client_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

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

// TestManyAgentsAreWaitedForTogether: who waits looks when the others do, and
// what is asked together goes as one call.
func TestManyAgentsAreWaitedForTogether(t *testing.T) {
	const hosts = 40
	fake := zabbixtest.New(t, zabbixtest.Options{Empty: true})
	fake.AddTemplate(t, zabbixtest.Template{Name: "agent", Groups: []string{"Templates"}, Items: []zabbixtest.Item{{Key: "agent.ping"}}})
	ids := make([]string, hosts)
	for i := range ids {
		ids[i] = fake.AddHost(t, zabbixtest.Host{
			Name: fmt.Sprintf("h%d", i), Templates: []string{"agent"},
			Interfaces: []zabbixtest.Interface{{Type: 1, Main: true, UseIP: true, IP: "192.0.2.1", Port: "10050"}},
		})
	}
	server, err := client.OpenZabbix(client.ZabbixLogin{URL: fake.URL(), Username: zabbixtest.AdminUser, Password: zabbixtest.AdminPassword})
	if err != nil {
		t.Fatal(err)
	}
	c := client.New(client.Config{Zabbix: &client.Zabbix{Server: server}})
	var all sync.WaitGroup
	for _, id := range ids {
		all.Go(func() {
			r, err := c.WaitForAgent(t.Context(), id, client.AgentWait{Limit: 6 * time.Second})
			if err != nil || !r.Waits {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
	all.Wait()
	if n, looks := fake.Posts(), len(fake.CallsOf("task.create")); looks < 2 || n >= hosts {
		t.Errorf("%d POSTs for %d looks at %d hosts", n, looks, hosts)
	}
}
