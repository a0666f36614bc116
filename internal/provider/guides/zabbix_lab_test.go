//go:build lab

package guides_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// object is an object of Zabbix's API.
type object = map[string]any

// zabbixLab is the real Zabbix 7.0 that the guides about hosts run on.
type zabbixLab struct {
	t   *testing.T
	api *api.Client
	env map[string]string
}

// readZabbix finds the Zabbix of the lab. One that is not there is a failure.
func readZabbix(t *testing.T) *zabbixLab {
	t.Helper()
	dir := os.Getenv("PROVISION_ZABBIX_70")
	if dir == "" {
		t.Fatal("PROVISION_ZABBIX_70 is not set: this test runs on a real Zabbix (make test)")
	}
	z := &zabbixLab{t: t, env: map[string]string{}}
	for line := range strings.Lines(read(t, filepath.Join(dir, "env"))) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			z.env[k] = v
		}
	}
	var err error
	z.api, err = api.New(api.Config{URL: z.env["ZABBIX_URL"], Username: z.env["ZABBIX_USER"], Password: z.env["ZABBIX_PASSWORD"]})
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// call makes a call as the super admin and reads its result.
func (z *zabbixLab) call(method string, params, into any) {
	z.t.Helper()
	answers, err := z.api.Write(context.WithoutCancel(z.t.Context()), api.Call{Method: method, Params: params})
	if err == nil {
		err = answers[0].Err
	}
	if err == nil && into != nil {
		err = json.Unmarshal(answers[0].Result, into)
	}
	if err != nil {
		z.t.Fatalf("%s: %v", method, err)
	}
}

// ids calls a create and gives the ids that come of it.
func (z *zabbixLab) ids(method, key string, params any) []string {
	z.t.Helper()
	var made map[string][]string
	z.call(method, params, &made)
	return made[key]
}

// hosts are the hosts of these technical names or of the graveyard's suffix.
func (z *zabbixLab) hosts(names ...string) []map[string]any {
	z.t.Helper()
	var all []string
	for _, n := range names {
		all = append(all, n, n+"_archived")
	}
	var found []map[string]any
	z.call("host.get", object{
		"filter": object{"host": all}, "output": []string{"hostid", "host", "status"}, "selectParentTemplates": []string{"host"},
	}, &found)
	return found
}

// clean deletes hosts now and at the end of the test.
func (z *zabbixLab) clean(names ...string) {
	z.t.Helper()
	remove := func() {
		var ids []string
		for _, h := range z.hosts(names...) {
			ids = append(ids, fmt.Sprint(h["hostid"]))
		}
		if len(ids) > 0 {
			z.call("host.delete", ids, nil)
		}
	}
	remove()
	z.t.Cleanup(remove)
}

// group is the id of a host group, which is made when it is missing.
func (z *zabbixLab) group(name string) string {
	z.t.Helper()
	ids, err := zabbix.NewStore(z.api, zabbix.StoreOptions{}).Lookup().Groups(z.t.Context(), []string{name}, true)
	if err != nil {
		z.t.Fatal(err)
	}
	return ids[name]
}

// id is the id of what a get method finds by a name.
func (z *zabbixLab) id(method, property, name, key string) string {
	z.t.Helper()
	var found []map[string]any
	z.call(method, object{"filter": object{property: name}, "output": []string{key}}, &found)
	if len(found) != 1 {
		z.t.Fatalf("%s finds %d of %q", method, len(found), name)
	}
	return fmt.Sprint(found[0][key])
}

// access is what a user of Zabbix may do.
type access struct {
	kind       int // 1 user, 2 admin, 3 super admin
	permission int // on host groups: 2 read, 3 write
	methods    []string
}

// The least that a plan and an apply need, as the security model says it.
var (
	planAccess = access{1, 2, []string{
		"host.get", "hostgroup.get", "template.get", "item.get", "discoveryrule.get", "itemprototype.get", "trigger.get", "proxy.get", "maintenance.get",
	}}
	applyAccess = access{2, 3, append([]string{"host.create", "host.update", "host.delete", "hostinterface.update"}, planAccess.methods...)}
	superAccess = access{kind: 3}
)

// role makes a role that may call these methods and no others; without any, all.
func (z *zabbixLab) role(name string, a access) string {
	z.t.Helper()
	rules := object{"api.access": 1}
	if len(a.methods) > 0 {
		rules["api.mode"], rules["api"] = 1, a.methods
	}
	return z.ids("role.create", "roleids", object{"name": name, "type": a.kind, "rules": rules})[0]
}

// token makes a user who may do that on these host groups, and read all groups
// of templates, and gives a token of that user.
func (z *zabbixLab) token(a access, groups ...string) string {
	z.t.Helper()
	var templates []struct {
		ID string `json:"groupid"`
	}
	z.call("templategroup.get", object{"output": []string{"groupid"}}, &templates)
	onHosts, onTemplates := []object{}, []object{}
	for _, g := range groups {
		onHosts = append(onHosts, object{"id": z.group(g), "permission": a.permission})
	}
	for _, g := range templates {
		onTemplates = append(onTemplates, object{"id": g.ID, "permission": 2})
	}
	name := fmt.Sprintf("guide-%d-%d", a.kind, time.Now().UnixNano())
	role := z.role(name, a)
	group := z.ids("usergroup.create", "usrgrpids", object{"name": name, "hostgroup_rights": onHosts, "templategroup_rights": onTemplates})
	user := z.ids("user.create", "userids", object{
		"username": name, "passwd": "Lab-7x-Planted", "roleid": role,
		"usrgrps": []object{{"usrgrpid": group[0]}},
	})
	z.t.Cleanup(func() {
		z.call("user.delete", user, nil)
		z.call("usergroup.delete", group, nil)
		z.call("role.delete", []string{role}, nil)
	})
	token := z.ids("token.create", "tokenids", object{"name": name, "userid": user[0]})
	var made []struct{ Token string }
	z.call("token.generate", token, &made)
	return made[0].Token
}

// newZabbixGuide copies the files of a guide and sets the address of the lab's
// Zabbix and a token, as a reader does.
func (z *zabbixLab) newZabbixGuide(name, token string) *guide {
	z.t.Helper()
	g := &guide{Workspace: acctest.NewWorkspace(z.t, acctest.Binary(z.t)), t: z.t}
	if err := os.CopyFS(g.Dir, os.DirFS(filepath.Join(root, "examples/guides", name))); err != nil {
		z.t.Fatal(err)
	}
	g.edit("main.tf", "https://zabbix.example.net", z.env["ZABBIX_URL"])
	g.Env = append(g.Env, "PROVISION_ZABBIX_TOKEN="+token, "PROVISION_ZABBIX_AGENT_PORT="+z.env["ZABBIX_AGENT_PORT"])
	return g
}

// linked are the names of the templates of a host.
func (z *zabbixLab) linked(host string) []string {
	z.t.Helper()
	var names []string
	for _, h := range z.hosts(host) {
		templates, _ := h["parentTemplates"].([]any)
		for _, t := range templates {
			if m, ok := t.(map[string]any); ok {
				names = append(names, fmt.Sprint(m["host"]))
			}
		}
	}
	return names
}

// relink gives a host exactly these templates, by hand.
func (z *zabbixLab) relink(host string, templates ...string) {
	z.t.Helper()
	list := []object{}
	for _, t := range templates {
		list = append(list, object{"templateid": z.id("template.get", "host", t, "templateid")})
	}
	z.call("host.update", object{"hostid": z.hosts(host)[0]["hostid"], "templates": list}, nil)
}
