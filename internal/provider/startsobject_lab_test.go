//go:build lab

package provider_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// withoutFleet is a repository that has, in place of sites, the roots for one object
// each; their states are in a real PostgreSQL.
func withoutFleet(t *testing.T) *startWorld {
	t.Helper()
	w := netboxStarts(t)
	w.a.call(http.MethodPatch, fmt.Sprint(w.device, w.devices[0], "/"), map[string]any{"name": "starts one"}) // it becomes a host too
	for _, name := range []string{"modules/device", "modules/agent_host", "one-object"} {
		copyInto(t, filepath.Join(w.dir, name), filepath.Join("../../examples", name))
	}
	for _, kind := range []string{"device", "virtual_machine"} {
		file := filepath.Join(w.dir, "one-object", kind, "provider.tf")
		text := strings.Replace(contents(t, file), `"netops"`, fmt.Sprintf(`"netops", port = %d`, w.routers[0].Server().Port()), 1)
		acctest.Put(t, file, text)
	}
	acctest.Put(t, filepath.Join(w.dir, "one-object/known_hosts"), contents(t, variables(w.env)["TF_VAR_known_hosts"]))
	w.env = append(w.env, "PROVISION_CREDENTIALS_DEFAULT_PASSWORD=simulated-Netops1", "PG_CONN_STR="+serverEnv(t, "PROVISION_POSTGRES")["PG_CONN_STR"])
	for n := range w.devices {
		w.intend(n, fmt.Sprintf("interface lo\n description alone %d\nexit\n", n))
	}
	return w
}

// objects says in a pipeline's file that there is no fleet, and that the site's updates
// are applied without a person, which new objects are not.
func objects(t *testing.T, file string) {
	t.Helper()
	text := strings.NewReplacer(`OBJECTS: ""`, `OBJECTS: one-object`, `OBJECTS=""`, `OBJECTS="one-object"`,
		`AUTO_APPLY: ""`, `AUTO_APPLY: quay`, `AUTO_APPLY=""`, `AUTO_APPLY="quay"`).Replace(contents(t, file))
	acctest.Put(t, file, text)
}

// GitHub runs one object at a time where there is no fleet: a press of the button makes
// each of two devices and its host, whose states are their own.
func TestLabStartWithoutAFleetAtGitHub(t *testing.T) {
	w := withoutFleet(t)
	all := variables(w.env)
	secrets := map[string]string{"PLAN_PASSPHRASE": passphrase}
	for _, name := range []string{"PROVISION_NETBOX_TOKEN", "PG_CONN_STR", "PROVISION_CREDENTIALS_DEFAULT_PASSWORD"} {
		secrets[name] = all[name]
	}
	env := variables(w.env, "PATH", "HOME", "PROVISION_NETBOX_TOKEN", "PROVISION_NETBOX_URL", "REPORT_URL", "GATHERED", "PLAN_PASSPHRASE",
		"PG_CONN_STR", "PROVISION_CREDENTIALS_DEFAULT_PASSWORD") // which the workflow sets
	h := newHub(t, w.dir, secrets, map[string]string{"PROVISION_NETBOX_URL": all["PROVISION_NETBOX_URL"]}, env)
	objects(t, filepath.Join(h.dir, ".github/workflows/one-object.yml"))
	h.commit()
	for n, id := range w.devices {
		press := demand("device", id)
		press["TRIGGER"] = "button"
		if n == 0 {
			says(t, h.run(true, press, "--job", "plan"), "module.device.provision_device.this", "module.agent_host.zabbix_agent_host.this", "2 to add", "It waits for a person")
			if strings.Contains(w.routers[0].Running(), "alone") {
				t.Fatal("a plan changed the router")
			}
		}
		says(t, h.run(true, press), "2 added")
		says(t, w.routers[n].Running(), fmt.Sprintf("description alone %d", n))
	}
	says(t, h.run(true, demand("device", w.devices[0])), "Nothing to change")
	if hosts := w.zabbix.Hosts(); len(hosts) != 2 {
		t.Errorf("Zabbix has %q", hosts)
	}
}

// GitLab runs one virtual machine where there is no fleet.
func TestLabStartWithoutAFleetAtGitLab(t *testing.T) {
	w := withoutFleet(t)
	copyInto(t, filepath.Join(w.dir, "ci"), "../../examples/ci/gitlab")
	objects(t, filepath.Join(w.dir, "ci/one-object.yml"))
	acctest.Put(t, filepath.Join(w.dir, ".gitlab-ci.yml"), "include: {local: ci/one-object.yml}\n")
	g := acctest.NewGitLab(t, "../..", w.dir, w.env)
	press := demand("virtual_machine", w.machine)
	press["TRIGGER"] = "button"
	says(t, g.Run(0, press), "1 to add", "It waits for a person")
	if hosts := w.zabbix.Hosts(); len(hosts) != 0 {
		t.Fatalf("a plan made the hosts %q", hosts)
	}
	says(t, g.Press(0, "one-object:apply", press), "1 added")
	if hosts := w.zabbix.Hosts(); len(hosts) != 1 || hosts[0] != "starts vm" {
		t.Errorf("Zabbix has %q", hosts)
	}
	says(t, g.Run(0, press), "Nothing to change")
}
