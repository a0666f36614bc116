//go:build lab

package zabbixagenthost

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
)

// labEnv reads how to get into a Zabbix of the lab. A lab that is not there is a
// failure.
func labEnv(t *testing.T, version string) map[string]string {
	t.Helper()
	dir := os.Getenv("PROVISION_ZABBIX_" + version)
	if dir == "" {
		t.Fatalf("PROVISION_ZABBIX_%s is not set: these tests run on a real Zabbix (make test)", version)
	}
	return envOf(t, dir)
}

// envOf reads how to get into the Zabbix of a directory.
func envOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "env"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	env := map[string]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		if k, v, ok := strings.Cut(s.Text(), "="); ok {
			env[k] = v
		}
	}
	return env
}

// TestLabLifeOfAHost: real Terraform, real Zabbix, real agent.
func TestLabLifeOfAHost(t *testing.T) {
	for _, version := range []string{"60", "70"} {
		t.Run(version, func(t *testing.T) {
			r := newLabRig(t, labEnv(t, version))
			r.zabbix.Graveyard = zabbix.Graveyard{Group: "life-graveyard", Suffix: "_archived"}
			r.zabbix.ConfigRefresh = time.Second // as the lab's servers have it
			r.life()
		})
	}
}

// oldest is the first value that a host has in the history of agent.ping, which is
// what its creation waited for.
func (r labRig) oldest(name string) string {
	r.t.Helper()
	var items, values []object
	r.call("item.get", object{"hostids": r.id(name), "filter": object{"key_": "agent.ping"}, "output": []string{"itemid"}}, &items)
	if len(items) != 1 {
		r.t.Fatalf("%s has %d items agent.ping", name, len(items))
	}
	r.call("history.get", object{"itemids": items[0]["itemid"], "history": 3, "sortfield": "clock", "limit": 1}, &values)
	if len(values) != 1 {
		r.t.Fatalf("%s has no history of agent.ping", name)
	}
	return fmt.Sprint(values[0])
}

// life is the story.
func (r labRig) life() {
	env := r.env
	config := func(name, encryption string, more ...string) string {
		return block("r1", append([]string{
			fmt.Sprintf("host = %q", name), fmt.Sprintf("interface = { ip = \"127.0.0.1\", port = %q }", env["ZABBIX_AGENT_PORT"]),
			`host_groups = ["Linux servers"]`, fmt.Sprintf("templates = [%q]", linux), `tags = { site = ["fra1", "ams1"] }`,
			`macros = { "{$LIFE}" = { value = "1" } }`, `secret_macros = { "{$LIFE_SECRET}" = "planted-life" }`,
			`inventory = { location = "A4" }`, `wait_for_agent = "3m"`, encryption,
		}, more...)...)
	}
	open := `tls = { connect = "unencrypted" }`
	psk := fmt.Sprintf("tls = { connect = \"psk\", psk_identity = %q }\n  tls_psk = %q", env["ZABBIX_PSK_IDENTITY"], env["ZABBIX_PSK"])
	var id, value string
	keepsHistory := func(*terraform.State) error {
		return errorOf(want("the first value", r.oldest("life-r2"), value))
	}
	same := func(h *zabbix.Host) string { return want("id", h.ID, id) }
	r.accept(
		applies(config("life-r1", open), plancheck.ResourceActionCreate, state(at1, "agent_state", "available"),
			func(*terraform.State) error { id = r.id("life-r1"); return nil }),
		applies(config("life-r1", open), plancheck.ResourceActionNoop),
		applies(config("life-r1", psk), plancheck.ResourceActionUpdate, state(at1, "agent_state", "available")),
		applies(config("life-r1", psk), plancheck.ResourceActionNoop),
		planned(then(r.edit("life-r1", func(h *zabbix.Host) {
			h.Tags = nil
			for i := range h.Macros {
				if h.Macros[i].Name == "{$LIFE}" {
					h.Macros[i].Value = "2"
				}
			}
		}), applies(config("life-r1", psk), plancheck.ResourceActionUpdate)), changes("agent_state,macros,tags")),
		applies(config("life-r2", psk), plancheck.ResourceActionUpdate, r.isNot("life-r1"), r.is("life-r2", same),
			func(*terraform.State) error { value = r.oldest("life-r2"); return nil }),
		applies("# nothing", plancheck.ResourceActionDestroy, r.isNot("life-r2"),
			r.is("life-r2_archived", func(h *zabbix.Host) string { return same(h) + want("enabled", h.Enabled, false) })),
		applies(config("life-r2", psk, `on_destroy = "delete"`), plancheck.ResourceActionCreate, state(at1, "agent_state", "available"), r.is("life-r2", same), keepsHistory),
		resource.TestStep{Config: "# nothing", Check: r.isNot("life-r2")},
	)
}
