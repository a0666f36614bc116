package zabbixtest_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

// namer makes names that begin alike and are used once.
func namer(prefix string) func(string) string {
	var n atomic.Int64
	return func(name string) string { return fmt.Sprintf("%s-%d-%s", prefix, n.Add(1), name) }
}

// The fake passes what the real ones pass.
func TestSuite(t *testing.T) {
	for _, version := range []string{"6.0", "7.0"} {
		t.Run(version, func(t *testing.T) {
			s := zabbixtest.New(t, zabbixtest.Options{Version: version})
			zabbixtest.Suite(t, zabbixtest.Subject{
				Endpoint: s.Endpoint(), User: zabbixtest.AdminUser, Password: zabbixtest.AdminPassword,
				Version: version, Name: namer("suite"),
			})
		})
	}
}

func TestSuiteAgents(t *testing.T) {
	for _, version := range []string{"6.0", "7.0"} {
		t.Run(version, func(t *testing.T) {
			s := zabbixtest.New(t, zabbixtest.Options{Version: version})
			zabbixtest.SuiteAgents(t, zabbixtest.Subject{
				Endpoint: s.Endpoint(), User: zabbixtest.AdminUser, Password: zabbixtest.AdminPassword,
				Version: version, Name: namer("suite"),
			}, zabbixtest.Agents{
				Port: "10050", PSKIdentity: "id", PSK: strings.Repeat("ab", 32),
				Set:  func(host string, state zabbixtest.AgentState) { s.SetAgent(t, host, zabbixtest.Agent{State: state}) },
				Pass: func() { s.Advance(2 * time.Second) },
			})
		})
	}
}
