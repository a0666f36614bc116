//go:build lab

package guides_test

import (
	"slices"
	"strings"
	"testing"
)

// What the page "Zabbix hosts: what apply does" says of a host that changes
// between plan and apply, of ownership, of what is not visible, and of destroy.
func TestGuideZabbixHostsWhatApplyDoes(t *testing.T) {
	z := readZabbix(t)
	z.clean("web1")
	token := z.token(applyAccess, "Linux servers", "graveyard")
	g := z.newZabbixGuide("first-zabbix-host", token)
	g.edit("main.tf", "  wait_for_agent  = \"2m\"\n", "")
	t.Run("somebody makes the host", func(t *testing.T) { g.madeMeanwhile(t, z) })
	g.Must(0, "apply", "-auto-approve")
	t.Run("stale", func(t *testing.T) { g.staleHost(t, z) })
	t.Run("ownership", func(t *testing.T) { g.ownership(t, z) })
	t.Run("permission lost", func(t *testing.T) { g.notVisible(t, z) })
	t.Run("unreachable", g.zabbixIsDown)
	t.Run("max_destroy", g.tooMany)
	t.Run("changed in the graveyard", func(t *testing.T) { g.staleRevival(t, z) })
	t.Run("deleted", func(t *testing.T) { g.deleted(t, z) })
}

// madeMeanwhile: a create finds the name taken.
func (g *guide) madeMeanwhile(t *testing.T, z *zabbixLab) {
	g = g.in(t)
	g.plan(2, "1 to add")
	z.call("host.create", object{"host": "web1", "groups": []object{{"groupid": z.group("Linux servers")}}}, nil)
	g.says(g.Must(1, "apply", "tfplan"), "web1: the host exists already", `there is a host "web1" already`, "Import it", "or set adopt = true to take it over", "State: not applied")
	ids := []any{z.hosts("web1")[0]["hostid"]}
	z.call("host.delete", ids, nil)
}

// describe sets the description by hand.
func (z *zabbixLab) describe(host, text string) {
	z.t.Helper()
	z.call("host.update", object{"hostid": z.hosts(host)[0]["hostid"], "description": text}, nil)
}

func (g *guide) staleHost(t *testing.T, z *zabbixLab) {
	g = g.in(t)
	g.edit("main.tf", `["Linux servers"]`, `["Linux servers"]`+"\n  visible_name    = \"Web 1\"")
	g.plan(2, "@@ visible_name + Web 1")
	z.describe("web1", "by hand")
	out := g.Must(1, "apply", "tfplan")
	g.says(out, "web1: compare failed", "changed since the plan", "State: not applied", "nothing was sent")
	if strings.Contains(out, "inconsistent") {
		t.Errorf("Terraform's own message:\n%s", out)
	}
	g.plan(2, "@@ visible_name + Web 1")
	g.apply("1 changed")
	g.plan(0, "No changes")
}

// ownership: additive leaves what others added and removes what is ours;
// exclusive removes both.
func (g *guide) ownership(t *testing.T, z *zabbixLab) {
	g = g.in(t)
	const linux, ping = "Linux by Zabbix agent", "ICMP Ping"
	z.relink("web1", linux, ping)
	g.edit("main.tf", `templates       = ["`+linux+`"]`, "templates       = []")
	g.plan(2, "@@ templates - "+linux+" (unlinked: its items stay)", `removes = { + "templates" = [ + "`+linux+`", ] }`)
	g.apply("1 changed")
	if got := z.linked("web1"); !slices.Equal(got, []string{ping}) {
		t.Errorf("additive: linked are %q", got)
	}
	g.edit("main.tf", "templates       = []", "templates       = []\n  manage          = { templates = \"exclusive\" }")
	g.plan(2, "@@ templates - "+ping)
	g.apply("1 changed")
	if got := z.linked("web1"); len(got) > 0 {
		t.Errorf("exclusive: linked are %q", got)
	}
}

// notVisible: a user who may not see the host keeps the state and gets an error.
func (g *guide) notVisible(t *testing.T, z *zabbixLab) {
	g = g.in(t)
	was := g.Env
	g.Env = append(slices.Clone(was), "PROVISION_ZABBIX_TOKEN="+z.token(applyAccess, "graveyard"))
	g.says(g.Must(1, "plan"), "the host is not visible", "or the API's user lost the permission to see it", "could not be read")
	g.says(g.Must(0, "state", "list"), "zabbix_agent_host.web1")
	g.Env = was
	g.plan(0, "No changes")
}

// zabbixIsDown: an error, or a warning where hosts are to be skipped.
func (g *guide) zabbixIsDown(t *testing.T) {
	g = g.in(t)
	text := g.Read("main.tf")
	_, address, _ := strings.Cut(text, "url = \"")
	address, _, _ = strings.Cut(address, "\"")
	g.edit("main.tf", address, "http://127.0.0.1:1")
	g.says(g.Must(1, "plan"), "could not be read", "web1: stage failed", "unreachable: http://127.0.0.1:1/api_jsonrpc.php", "State: not applied")
	was := g.Env
	g.Env = append(slices.Clone(was), "PROVISION_ON_UNREACHABLE=skip")
	g.says(g.Must(0, "plan"), "NOT CHECKED: web1", "No changes")
	g.Env = was
	g.Write("main.tf", text)
}

func (g *guide) tooMany(t *testing.T) {
	g = g.in(t)
	was := g.Env
	g.Env = append(slices.Clone(was), "PROVISION_ZABBIX_MAX_DESTROY=0")
	g.says(g.Must(1, "plan", "-destroy"), "would be one more than the 0 hosts that may be destroyed or replaced at once")
	g.Env = was
}

// staleRevival: a create has no prior state, so that Terraform's own message
// stops it, with the change_id that explains it.
func (g *guide) staleRevival(t *testing.T, z *zabbixLab) {
	g = g.in(t)
	g.Must(0, "destroy", "-auto-approve")
	g.plan(2, "is dug up from the graveyard")
	z.describe("web1", "changed in the graveyard")
	g.says(g.Must(1, "apply", "tfplan"), "Provider produced inconsistent final plan", "if this differs at apply, something changed after the plan")
	g.Must(0, "apply", "-auto-approve")
}

// deleted: to a super admin a host that is not there was deleted.
func (g *guide) deleted(t *testing.T, z *zabbixLab) {
	g = g.in(t)
	z.call("host.delete", []any{z.hosts("web1")[0]["hostid"]}, nil)
	g.says(g.Must(1, "plan"), "the host is not visible")
	g.Env = append(g.Env, "PROVISION_ZABBIX_TOKEN="+z.token(superAccess))
	g.plan(2, "1 to add")
}
