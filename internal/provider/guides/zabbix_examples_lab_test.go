//go:build lab

package guides_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// The source of truth that the examples about hosts read, and rules for what is in it.
const (
	exampleInventory = `
devices:
  edge1: {host: 127.0.0.1, site: ams, role: edge}
virtual_machines:
  web1: {host: 127.0.0.1, site: ams, custom_fields: {owner: web}}
  web2: {host: 127.0.0.1, site: ams, custom_fields: {owner: shop}}
  web3: {host: 127.0.0.1, site: ams, custom_fields: {owner: mail}}
  web4: {host: 127.0.0.1, site: fra, custom_fields: {owner: web}}
  web5: {host: 127.0.0.1, site: ams, status: offline, custom_fields: {owner: web}}
`
	exampleMappings = `
devices: [{name: all, default: true, templates: [Linux by Zabbix agent], host_groups: [Routers]}]
virtual_machines: [{name: all, default: true, templates: [Linux by Zabbix agent], host_groups: [Web servers]}]
tags: {values: {site: site}}
`
)

// example gives a file of examples/.
func example(t *testing.T, path string) string {
	t.Helper()
	return read(t, filepath.Join(root, "examples", path))
}

// examples is a workspace with the example of a provider block for Zabbix alone, and
// a user with the rights of an apply.
func (z *zabbixLab) examples() *guide {
	z.t.Helper()
	g := &guide{Workspace: acctest.NewWorkspace(z.t, acctest.Binary(z.t)), t: z.t}
	g.Write("versions.tf", "terraform {\n  required_providers {\n    provision = { source = \"netprovision/provision\" }\n  }\n}\n")
	g.Write("provider.tf", example(z.t, "provider/provider_zabbix.tf"))
	g.edit("provider.tf", "https://zabbix.example.net", z.env["ZABBIX_URL"])
	g.Write("inventory.yaml", exampleInventory)
	g.Write("mappings.yaml", exampleMappings)
	token := z.token(applyAccess, "Linux servers", "Routers", "Web servers", "graveyard")
	g.Env = append(g.Env, "PROVISION_ZABBIX_TOKEN="+token, "PROVISION_ZABBIX_AGENT_PORT="+z.env["ZABBIX_AGENT_PORT"], "TF_VAR_lab_psk="+z.env["ZABBIX_PSK"])
	return g
}

// remove removes files of the workspace.
func (g *guide) remove(names ...string) {
	g.t.Helper()
	for _, name := range names {
		if err := os.Remove(filepath.Join(g.Dir, name)); err != nil {
			g.t.Fatal(err)
		}
	}
}

// The hosts of the resource's page get data from a real agent, are looked up, and
// come back into a state in each way that the page names.
func TestExampleOfAZabbixHost(t *testing.T) {
	z := readZabbix(t)
	z.clean("edge1", "web1", "lab")
	g := z.examples()
	g.Write("main.tf", example(t, "resources/provision_zabbix_agent_host/resource.tf"))
	g.edit("main.tf", "192.0.2.10", "127.0.0.1")
	g.edit("main.tf", `psk_identity = "lab"`, `psk_identity = "`+z.env["ZABBIX_PSK_IDENTITY"]+`"`)
	g.plan(2, "3 to add")
	g.apply("3 added")
	for _, name := range []string{"edge1", "web1", "lab"} {
		g.says(g.Must(0, "state", "show", "zabbix_agent_host."+name), `agent_state = "available"`)
	}
	g.plan(0, "No changes")
	g.Write("data.tf", example(t, "data-sources/provision_zabbix_agent_host/data-source.tf"))
	g.says(g.Must(0, "apply", "-auto-approve"), `edge1_templates = toset([ "Linux by Zabbix agent", ])`, "0 added, 0 changed")
	t.Run("import", func(t *testing.T) { g.importAgain(t, z) })
	t.Run("newer engine", g.onANewerEngine)
	g.remove("data.tf")
	g.says(g.Must(0, "destroy", "-auto-approve"), "3 destroyed")
}

// importAgain takes edge1 out of the state and imports it, by the commands and by the
// block of the page.
func (g *guide) importAgain(t *testing.T, z *zabbixLab) {
	g = g.in(t)
	commands := regexp.MustCompile(`(?m)^terraform import (\S+) (\S+)$`).FindAllStringSubmatch(
		example(t, "resources/provision_zabbix_agent_host/import.sh"), -1)
	if len(commands) != 2 {
		t.Fatalf("there are %d commands", len(commands))
	}
	id := regexp.MustCompile(`=\d+$`)
	for _, c := range commands {
		g.Must(0, "state", "rm", c[1])
		g.Must(0, "import", c[1], id.ReplaceAllString(c[2], fmt.Sprintf("=%s", z.hosts("edge1")[0]["hostid"])))
		g.says(g.Must(0, "apply", "-auto-approve"), "0 added", "0 destroyed")
		g.plan(0, "No changes")
	}
	g.importsBy("import-by-string-id.tf")
}

// importsBy takes edge1 out of the state and imports it by an import block.
func (g *guide) importsBy(name string) {
	g.t.Helper()
	g.Must(0, "state", "rm", "zabbix_agent_host.edge1")
	g.Write("imports.tf", example(g.t, "resources/provision_zabbix_agent_host/"+name))
	g.plan(2, "1 to import, 0 to add")
	g.apply("1 imported, 0 added")
	g.plan(0, "No changes")
	g.remove("imports.tf")
}

// onANewerEngine is what Terraform 1.11 does not know.
func (g *guide) onANewerEngine(t *testing.T) {
	g = g.in(t)
	g.Engine = acctest.NewEngine(t)
	g.importsBy("import-by-identity.tf")
	g.Write("all.tfquery.hcl", example(t, "list-resources/provision_zabbix_agent_host/list-resource.tfquery.hcl"))
	g.says(g.Must(0, "query", "-generate-config-out=hosts.tf"), "list.zabbix_agent_host.routers", "host=edge1")
	g.says(acctest.Unwrap(g.Read("hosts.tf")), `host = "edge1"`, `identity = { host = "edge1" }`)
	g.remove("all.tfquery.hcl", "hosts.tf")
}

// The virtual machines that a data source chooses become hosts, and these hosts are
// then found in Zabbix and imported.
func TestExamplesOfManyZabbixHosts(t *testing.T) {
	z := readZabbix(t)
	z.clean("web1", "web2", "web3", "web4", "web5")
	g := z.examples()
	g.Write("main.tf", example(t, "data-sources/provision_virtual_machines/data-source.tf"))
	g.plan(2, `zabbix_agent_host.web["web1"]`, `zabbix_agent_host.web["web2"]`, "2 to add")
	g.apply("2 added")
	g.plan(0, "No changes")

	g.Must(0, "state", "rm", "zabbix_agent_host.web")
	g.Write("main.tf", example(t, "data-sources/provision_zabbix_hosts/data-source.tf"))
	g.Write("hosts.json", `{"web1": {}, "web2": {}}`)
	g.plan(2, "2 to import, 0 to add")
	g.apply("2 imported, 0 added")
	g.plan(0, "No changes")
	t.Run("not by the data source", func(t *testing.T) { g.notByWhatIsFound(t, z) })
	g.says(g.Must(0, "destroy", "-auto-approve"), "1 destroyed")
}

// notByWhatIsFound: a host that the filters no longer find stays, unless the resource
// takes what is found for what shall be, which the page warns of. One that was deleted
// is missed only by who has a list.
func (g *guide) notByWhatIsFound(t *testing.T, z *zabbixLab) {
	g = g.in(t)
	asListed := g.Read("main.tf")
	asFound := strings.Replace(asListed, "for_each = local.hosts", "for_each = data.provision_zabbix_hosts.web.hosts", 1)
	id := z.hosts("web2")[0]["hostid"]
	z.call("host.update", object{"hostid": id, "tags": []object{{"tag": "site", "value": "lon"}}}, nil)
	g.plan(0, "No changes")
	g.Write("main.tf", asFound)
	g.plan(2, `zabbix_agent_host.web["web2"] will be destroyed`, "0 to add, 0 to change, 1 to destroy")

	z.call("host.delete", []any{id}, nil)
	g.says(g.Must(1, "plan"), "the host is not visible")
	g.Env = append(slices.Clone(g.Env), "PROVISION_ZABBIX_TOKEN="+z.token(superAccess))
	g.plan(0, "No changes")
	g.Write("main.tf", asListed)
	g.says(g.Must(1, "plan"), "web2: a host without an object in the source of truth needs an interface")
	g.Must(0, "state", "rm", `zabbix_agent_host.web["web2"]`)
	g.Write("hosts.json", `{"web1": {}}`)
	g.plan(0, "No changes")
}
