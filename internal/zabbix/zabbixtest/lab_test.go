//go:build lab

package zabbixtest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

// labEnv reads the file "env" of a real Zabbix's directory, lines of ZABBIX_KEY=value.
// The variable that names the directory must be set.
func labEnv(t *testing.T, variable string) map[string]string {
	t.Helper()
	dir := os.Getenv(variable)
	if dir == "" {
		t.Fatalf("%s is not set: it names the directory of a real Zabbix", variable)
	}
	b, err := os.ReadFile(filepath.Join(dir, "env"))
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for line := range strings.Lines(string(b)) {
		if key, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "ZABBIX_"), "="); ok {
			env[key] = value
		}
	}
	for _, key := range []string{"URL", "USER", "PASSWORD", "AGENT_PORT", "PSK_IDENTITY", "PSK"} {
		if env[key] == "" {
			t.Fatalf("%s: %s has no %s", variable, dir, key)
		}
	}
	return env
}

// The real ones pass what the fake passes.
func TestLabSuite(t *testing.T) {
	for version, variable := range labs() {
		t.Run(version, func(t *testing.T) { zabbixtest.Suite(t, labSubject(labEnv(t, variable), version)) })
	}
}

func TestLabSuiteAgents(t *testing.T) {
	for version, variable := range labs() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			env := labEnv(t, variable)
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			zabbixtest.SuiteAgents(t, labSubject(env, version), zabbixtest.Agents{
				Port: env["AGENT_PORT"], PSKIdentity: env["PSK_IDENTITY"], PSK: env["PSK"], Pass: func() { <-tick.C },
			})
		})
	}
}

// labs are the variables that name the directories of the real ones.
func labs() map[string]string {
	return map[string]string{"6.0": "PROVISION_ZABBIX_60", "7.0": "PROVISION_ZABBIX_70"}
}

func labSubject(env map[string]string, version string) zabbixtest.Subject {
	return zabbixtest.Subject{
		Endpoint: endpoint(env["URL"]), User: env["USER"], Password: env["PASSWORD"],
		Version: version, Name: namer(fmt.Sprintf("suite-%x", time.Now().UnixNano())),
	}
}

// endpoint is the API's address below that of the frontend.
func endpoint(url string) string {
	if strings.HasSuffix(url, ".php") {
		return url
	}
	return strings.TrimSuffix(url, "/") + "/api_jsonrpc.php"
}
