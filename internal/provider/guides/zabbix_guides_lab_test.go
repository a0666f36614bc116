//go:build lab

package guides_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// Without a word about the provider Terraform looks for another one; a module
// that has only hosts says it once.
func TestZabbixHostNamesItsProvider(t *testing.T) {
	w := acctest.NewWorkspace(t, "")
	from := filepath.Join(acctest.Binary(t), "terraform-provider-provision")
	to := filepath.Join(w.Dir, "mirror/registry.terraform.io/netprovision/provision/0.0.1", runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(from, filepath.Join(to, "terraform-provider-provision_v0.0.1")); err != nil {
		t.Fatal(err)
	}
	w.Write("terraform.rc", "provider_installation {\n  filesystem_mirror {\n    path = "+acctest.Quote(filepath.Join(w.Dir, "mirror"))+"\n  }\n}\n")
	const host = "resource \"zabbix_agent_host\" \"a\" {\n  host = \"a\"\n  interface = { ip = \"192.0.2.1\" }\n}\n"
	w.Config(host)
	g := &guide{Workspace: w, t: t}
	g.says(w.Must(1, "init"), "Could not retrieve the list of available versions for provider hashicorp/zabbix")
	w.Config(strings.Replace(host, "{\n", "{\n  provider = provision\n", 1))
	w.Must(0, "init")
	w.Must(0, "validate")
	w.Config(host)
	g.edit("main.tf", "provision =", "zabbix =")
	w.Must(0, "init")
	w.Must(0, "validate")
}

// The first host, by a user who may no more than the security page says.
func TestGuideFirstZabbixHost(t *testing.T) {
	z := readZabbix(t)
	z.clean("web1")
	apply := z.token(applyAccess, "Linux servers", "graveyard")
	g := z.newZabbixGuide("first-zabbix-host", apply)
	g.edit("inventory.yaml", "192.0.2.21", "127.0.0.1")
	g.plan(2, "1 to add", `+ diff = <<-EOT @@ host + web1`, "@@ templates + Linux by Zabbix agent", "@@ host_groups + Linux servers")
	if found := z.hosts("web1"); len(found) > 0 {
		t.Errorf("a plan made a host: %v", found)
	}
	out := g.Must(0, "apply", "tfplan")
	g.says(out, "1 added", "zabbix.php?action=latest.view")
	if strings.Contains(out, "no data from its agent") {
		t.Errorf("no data came from a real agent:\n%s", out)
	}
	g.says(g.Must(0, "state", "show", "zabbix_agent_host.web1"), `agent_state = "available"`)
	g.plan(0, "No changes")
	t.Run("plan with less", func(t *testing.T) { g.planWithLess(t, z) })
	t.Run("by hand", func(t *testing.T) { g.hostByHand(t, z) })
	t.Run("mistake", g.hostMistake)
	t.Run("graveyard", func(t *testing.T) { g.buryAndDigUp(t, z) })
}

// The security page names every method that the tests' roles may call.
func TestSecurityNamesTheMethodsOfZabbix(t *testing.T) {
	page := read(t, filepath.Join(root, "templates/guides/security.md.tmpl"))
	for _, m := range applyAccess.methods {
		if !strings.Contains(page, "`"+m+"`") {
			t.Errorf("it does not name %s", m)
		}
	}
}

// planWithLess plans as a user who may only read: the plan is the same, and the
// apply is refused.
func (g *guide) planWithLess(t *testing.T, z *zabbixLab) {
	g = g.in(t)
	was := g.Env
	g.Env = append(slices.Clone(was), "PROVISION_ZABBIX_TOKEN="+z.token(planAccess, "Linux servers", "graveyard"))
	g.plan(0, "No changes")
	g.edit("main.tf", `  wait_for_agent  = "2m"`, "  wait_for_agent  = \"2m\"\n  description     = \"first\"")
	g.plan(2, "@@ description + first")
	g.says(g.Must(1, "apply", "tfplan"), "web1: commit failed", "State: not applied")
	g.Env = was
	g.plan(2, "@@ description + first")
	g.apply("1 changed")
}

// hostByHand: what others add stays, what they take away comes back.
func (g *guide) hostByHand(t *testing.T, z *zabbixLab) {
	g = g.in(t)
	const linux, ping = "Linux by Zabbix agent", "ICMP Ping"
	z.relink("web1", linux, ping)
	g.plan(0, "No changes")
	z.relink("web1", ping)
	g.plan(2, "web1: changed outside Terraform since run", "attributes in Zabbix, or a later run was killed: templates", "@@ templates + "+linux)
	g.apply("1 changed")
	got := z.linked("web1")
	slices.Sort(got)
	if want := []string{ping, linux}; !slices.Equal(got, want) {
		t.Errorf("linked are %q, want %q", got, want)
	}
	g.plan(0, "No changes")
}

func (g *guide) hostMistake(t *testing.T) {
	g = g.in(t)
	g.edit("main.tf", `"Linux by Zabbix agent"`, `"Linux by Zabix agent"`)
	g.says(g.Must(1, "plan"), "web1: invalid templates", `there is no template "Linux by Zabix agent" that the API's user can see; near names:`)
	g.edit("main.tf", `"Linux by Zabix agent"`, `"Linux by Zabbix agent"`)
}

func (g *guide) buryAndDigUp(t *testing.T, z *zabbixLab) {
	g = g.in(t)
	id := z.hosts("web1")[0]["hostid"]
	g.says(g.Must(0, "destroy", "-auto-approve"), "will be disabled and moved to the graveyard as \"web1_archived\"; its history stays", "1 destroyed")
	if h := z.hosts("web1"); len(h) != 1 || h[0]["host"] != "web1_archived" || h[0]["status"] != "1" || h[0]["hostid"] != id {
		t.Fatalf("in the graveyard: %v", h)
	}
	g.plan(2, fmt.Sprintf("the host \"web1_archived\" (hostid %s) is dug up from the graveyard with its history; no new one is made", id))
	g.apply("1 added")
	if h := z.hosts("web1"); len(h) != 1 || h[0]["host"] != "web1" || h[0]["status"] != "0" || h[0]["hostid"] != id {
		t.Errorf("dug up: %v", h)
	}
	g.plan(0, "No changes")
}

// The rules of the guide give what the guide says, on real hosts.
func TestGuideZabbixMappingRules(t *testing.T) {
	z := readZabbix(t)
	z.clean("r1", "r2", "web1")
	z.proxy("ams-proxy")
	g := z.newZabbixGuide("zabbix-mapping-rules", z.token(superAccess))
	g.plan(2, "3 to add", `"proxy ams-proxy: rule \"core at Amsterdam\""`, `"template ICMP Ping: rule \"any device\""`,
		`"tag netbox_contact=noc: tags.values.Contact (custom_fields.contacts)"`, `"inventory site_rack=A4: inventory.site_rack (custom_fields.rack)"`,
		`"inventory site_rack=fra: inventory.site_rack (site)"`, "+ netbox_cluster: c1", "dns web1.example.net", "use dns")
	g.apply("3 added")
	g.plan(0, "No changes")
	g.says(g.Must(0, "output", "matched_rules"), `"proxy" = "rule \"core at Amsterdam\""`)

	g.edit("inventory.yaml", "site: fra", "site: ams")
	g.plan(2, "@@ templates - ICMP Ping (unlinked: its items stay) + Linux by Zabbix agent", "@@ proxy + proxy ams-proxy",
		`template "ICMP Ping" is unlinked; its 3 items and 3 triggers stay on the host`)
	g.apply("1 changed")
	g.plan(0, "No changes")

	g.edit("inventory.yaml", "    host: 192.0.2.2\n", "    host: 192.0.2.2\n    custom_fields: { no_monitoring: true }\n")
	g.says(g.Must(1, "plan"), "not ready", `the mappings leave it out, since its custom field "no_monitoring" is true`)
}

// proxy makes a proxy that is there until the end of the test.
func (z *zabbixLab) proxy(name string) {
	z.t.Helper()
	var found []map[string]any
	z.call("proxy.get", object{"filter": object{"name": name}, "output": []string{"proxyid"}}, &found)
	if len(found) > 0 {
		return
	}
	made := z.ids("proxy.create", "proxyids", object{"name": name, "operating_mode": 0})
	z.t.Cleanup(func() {
		z.clean("r1", "r2") // which it monitors
		z.call("proxy.delete", made, nil)
	})
}

// A hundred hosts that somebody made by hand come into the state with one block,
// and nothing in Zabbix changes.
func TestGuideImportZabbixHosts(t *testing.T) {
	const count = 100
	z := readZabbix(t)
	names := z.estate(count)
	g := z.newZabbixGuide("import-zabbix-hosts", z.token(applyAccess, "Web servers"))
	g.Must(0, "apply", "-auto-approve") // nothing but the outputs
	list := g.Must(0, "output", "-raw", "hosts")
	g.Write("hosts.json", list)
	var hosts map[string]any
	if err := json.Unmarshal([]byte(list), &hosts); err != nil || len(hosts) != count {
		t.Fatalf("%d hosts, %v: %s", len(hosts), err, list)
	}
	before := z.whole(names)
	g.plan(2, "100 to import, 0 to add")
	g.apply("100 imported, 0 added")
	g.plan(0, "No changes")
	if after := z.whole(names); after != before {
		t.Errorf("the import changed hosts:\n%s\n%s", before, after)
	}
	t.Run("ours", g.foundIsNotOurs)
	t.Run("by hand", func(t *testing.T) { g.estateByHand(t, z) })
	t.Run("generated", g.generatedHosts)
}

// estate makes hosts as somebody has them.
func (z *zabbixLab) estate(count int) []string {
	z.t.Helper()
	var names []string
	var hosts []object
	for i := range count {
		names = append(names, fmt.Sprintf("estate-%03d", i))
	}
	z.clean(names...)
	template := z.id("template.get", "host", "ICMP Ping", "templateid")
	for i, name := range names {
		hosts = append(hosts, object{
			"host": name, "groups": []object{{"groupid": z.group("Web servers")}},
			"interfaces": []object{{"type": 1, "main": 1, "useip": 1, "ip": fmt.Sprintf("192.0.2.%d", i+1), "dns": "", "port": "10050"}},
			"templates":  []object{{"templateid": template}},
			"tags":       []object{{"tag": "site", "value": "ams"}}, "macros": []object{{"macro": "{$NUMBER}", "value": fmt.Sprint(i)}},
		})
	}
	z.call("host.create", hosts, nil)
	return names
}

// whole is all that Zabbix says of hosts.
func (z *zabbixLab) whole(names []string) string {
	z.t.Helper()
	var found json.RawMessage
	z.call("host.get", object{
		"filter": object{"host": names}, "output": "extend", "selectParentTemplates": []string{"host"}, "selectTags": "extend",
		"selectMacros": "extend", "selectInterfaces": "extend", "selectHostGroups": []string{"name"}, "sortfield": "host",
	}, &found)
	return string(found)
}

// foundIsNotOurs: what an import found stays when the configuration names others,
// in the plan that imports and later.
func (g *guide) foundIsNotOurs(t *testing.T) {
	g = g.in(t)
	g.edit("main.tf", "  host = each.key\n", "  host = each.key\n  tags = { owner = [\"web\"] }\n")
	out := g.Must(2, "plan", "-detailed-exitcode", "-out=tfplan")
	g.says(out, "0 to add, 100 to change", "@@ tags + owner: web EOT")
	if strings.Contains(out, "removed from") || strings.Contains(out, "- site: ams") {
		t.Errorf("what was there goes:\n%s", out)
	}
	g.Must(0, "state", "rm", `zabbix_agent_host.web["estate-042"]`)
	g.says(g.Must(0, "plan", `-target=zabbix_agent_host.web["estate-042"]`), "1 to import", "@@ tags + owner: web EOT")
	g.edit("main.tf", "  tags = { owner = [\"web\"] }\n", "")
	g.Must(0, "apply", "-auto-approve")
}

// estateByHand: what is set from now on is kept.
func (g *guide) estateByHand(t *testing.T, z *zabbixLab) {
	g = g.in(t)
	g.edit("main.tf", "  host = each.key\n", "  host = each.key\n  tags = { site = [\"ams\"], owner = [\"web\"] }\n")
	g.plan(2, "0 to add, 100 to change", "@@ tags + owner: web EOT")
	g.apply("100 changed")
	g.plan(0, "No changes")
	z.call("host.update", object{"hostid": z.hosts("estate-007")[0]["hostid"], "tags": []object{}}, nil)
	g.plan(2, "estate-007: changed outside Terraform since run", "0 to add, 1 to change")
	g.apply("1 changed")
}

// generatedHosts has Terraform write the configuration.
func (g *guide) generatedHosts(t *testing.T) {
	g = g.in(t)
	blocks, err := g.Command("output", "-raw", "imports").Output()
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(blocks), "}\n")
	g.Must(0, "state", "rm", "zabbix_agent_host.web")
	provider, _, _ := strings.Cut(g.Read("main.tf"), "# What is in Zabbix now.")
	g.Write("main.tf", provider)
	g.Write("outputs.tf", "")
	g.Write("imports.tf", first+"}\n")
	g.says(g.Must(0, "plan", "-generate-config-out=generated.tf"), "1 to import, 0 to add")
	g.says(g.Read("generated.tf"), "provider", `resource "zabbix_agent_host" "estate-000"`, `"ICMP Ping"`, "{$NUMBER}")
	g.Must(0, "apply", "-auto-approve")
	g.plan(0, "No changes")
}
