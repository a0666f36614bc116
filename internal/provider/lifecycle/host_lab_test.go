//go:build lab

package lifecycle_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// newHosts are hosts in the real Zabbix 7.0 of the lab. One that is not there is
// a failure.
func newHosts(t *testing.T) *hostSubject {
	t.Helper()
	dir := os.Getenv("PROVISION_ZABBIX_70")
	if dir == "" {
		t.Fatal("PROVISION_ZABBIX_70 is not set: this test runs on a real Zabbix (make test)")
	}
	text, err := os.ReadFile(filepath.Join(dir, "env"))
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for l := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(l), "=")
		env[name] = value
	}
	return hostsIn(t, env["ZABBIX_URL"], env["ZABBIX_USER"], env["ZABBIX_PASSWORD"])
}
