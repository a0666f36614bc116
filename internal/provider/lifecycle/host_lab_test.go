//go:build lab

package lifecycle_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hostVersions are the versions of Zabbix that the matrix runs on, as far as it
// runs on each.
func hostVersions() []string { return []string{"6.0", "7.0"} }

// newHosts are hosts in the real Zabbix of that version in the lab. One that is
// not there is a failure.
func newHosts(t *testing.T, version string) *hostSubject {
	t.Helper()
	variable := "PROVISION_ZABBIX_" + strings.ReplaceAll(version, ".", "")
	dir := os.Getenv(variable)
	if dir == "" {
		t.Fatalf("%s is not set: this test runs on a real Zabbix (make test)", variable)
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
	return hostsIn(t, version, env["ZABBIX_URL"], env["ZABBIX_USER"], env["ZABBIX_PASSWORD"])
}
