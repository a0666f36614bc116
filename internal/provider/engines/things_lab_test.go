//go:build lab

package engines_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// newThings are a real router and the real Zabbix 7.0. What the story changes
// on the router is taken back at the end.
func newThings(t *testing.T) things {
	t.Helper()
	lab := acctest.ReadLab(t)
	lab.KeepRouter(t, "r1")
	vtysh := func(commands ...string) string {
		t.Helper()
		args := []string{"exec", "r1", "vtysh"}
		for _, c := range commands {
			args = append(args, "-c", c)
		}
		return lab.Script(t, "", args...)
	}
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
	return things{
		provider:  lab.Provider(t, nil),
		running:   func() string { return vtysh("show running-config") },
		configure: func(line string) { vtysh("configure terminal", line) },
		login:     api.Config{URL: env["ZABBIX_URL"], Username: env["ZABBIX_USER"], Password: env["ZABBIX_PASSWORD"]},
	}
}
