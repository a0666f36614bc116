//go:build lab

package guides_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// dayTwo is the guide "Day two" on a router and a Zabbix.
type dayTwo struct {
	*guide
	z *zabbixLab
}

// secrets are the variables that the guide takes from the environment.
func (g *dayTwo) secrets(key, psk string) {
	g.t.Helper()
	keys, err := json.Marshal(map[string]string{"edge1": psk, "edge9": psk})
	if err != nil {
		g.t.Fatal(err)
	}
	g.Env = append(g.Env, "TF_VAR_login_key="+key, "TF_VAR_agent_psk="+string(keys))
}

// hostid is the id of the one host of these names.
func (g *dayTwo) hostid(names ...string) string {
	g.t.Helper()
	found := g.z.hosts(names...)
	if len(found) != 1 {
		g.t.Fatalf("Zabbix has %v", found)
	}
	return fmt.Sprint(found[0]["hostid"])
}

// part runs a part of the guide.
func (g *dayTwo) part(name string, run func(*dayTwo)) {
	g.t.Run(name, func(t *testing.T) { run(&dayTwo{g.in(t), g.z}) })
}

const (
	firstPSK  = "7c1f5a0e93d24b6688aa51d0c2e4f39b7c1f5a0e93d24b6688aa51d0c2e4f39b"
	secondPSK = "19d3b64e2f7a4c0db5e8613a90c7f2d419d3b64e2f7a4c0db5e8613a90c7f2d4"
)

func TestGuideDayTwo(t *testing.T) {
	z := readZabbix(t)
	z.clean("edge1", "edge9")
	g := &dayTwo{newGuide(t, "day-two", map[string]string{"192.0.2.11": "r1"}), z}
	g.edit("main.tf", "https://zabbix.example.net", z.env["ZABBIX_URL"])
	g.Env = append(g.Env, "PROVISION_ZABBIX_TOKEN="+z.token(applyAccess, "Linux servers", "graveyard"), "PROVISION_ZABBIX_AGENT_PORT="+z.env["ZABBIX_AGENT_PORT"])
	g.secrets(g.Read(".ssh/id_ed25519"), firstPSK)
	takesOver := g.Read("takes-over/imports.tf")
	g.plan(2, "2 to add")
	g.apply("2 added")
	g.plan(0, "No changes")
	g.part("agent key", (*dayTwo).agentKey)
	g.part("login", (*dayTwo).login)
	g.part("hardware", (*dayTwo).hardware)
	g.part("rename", (*dayTwo).rename)
	g.part("another root", func(g *dayTwo) { g.anotherRoot(takesOver) })
}

// agentKey: another key has another identity, and nothing else changes.
func (g *dayTwo) agentKey() {
	g.edit("inventory.yaml", "edge1-2026", "edge1-2027")
	g.secrets(g.Read(".ssh/id_ed25519"), secondPSK)
	out := g.Must(2, "plan", "-detailed-exitcode", "-out=tfplan")
	g.says(out, "0 to add, 1 to change", "edge1-2027", "tls_psk_hash")
	if strings.Contains(out, "provision_device.edge") && strings.Contains(out, "provision_device.edge[\"edge1\"] will be") {
		g.t.Errorf("the device changes with the agent's key:\n%s", out)
	}
	g.apply("1 changed")
	g.plan(0, "No changes")
}

// login: with the new key in place on the device, a plan with it is empty; the old
// one, taken away, is refused by name.
func (g *dayTwo) login() {
	const keys = "/etc/ssh/keys/netops"
	old := g.Read(".ssh/id_ed25519")
	file := filepath.Join(g.Dir, "new")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file).CombinedOutput(); err != nil {
		g.t.Fatalf("%v: %s", err, out)
	}
	before := g.lab.Script(g.t, "", "exec", "r1", "cat", keys)
	g.lab.Script(g.t, before+g.Read("new.pub"), "exec", "r1", "tee", keys)
	g.t.Cleanup(func() { g.lab.Script(g.t, before, "exec", "r1", "tee", keys) })
	g.secrets(g.Read("new"), secondPSK)
	g.plan(0, "No changes")
	g.lab.Script(g.t, g.Read("new.pub"), "exec", "r1", "tee", keys)
	g.plan(0, "No changes")
	g.secrets(old, secondPSK)
	g.says(g.Must(1, "plan"), "edge1: open failed", "login")
}

// hardware: the new device is refused until its key is known, and then gets what
// the old one had.
func (g *dayTwo) hardware() {
	g.secrets(g.Read(".ssh/id_ed25519"), secondPSK)
	known, r1, r2 := g.Read("known_hosts"), g.lab.Node(g.t, "r1"), g.lab.Node(g.t, "r2")
	g.Write("known_hosts", strings.ReplaceAll(known, r1.HostKey, r2.HostKey))
	g.says(g.Must(1, "plan"), "edge1: open failed", "host key")
	g.Write("known_hosts", known)
	g.byHand("r1", "interface lo", "no description")
	g.plan(2, "edge1: changed outside Terraform since run", "+ description loopback of edge1", "0 to add, 1 to change")
	g.apply("1 changed")
	g.runs("r1", true, " description loopback of edge1")
}

// rename: taken out of the state and brought in under the other name; the host is
// the same one, renamed in place.
func (g *dayTwo) rename() {
	id, commits := g.hostid("edge1"), strings.Count(strings.Join(g.events(), " "), "commit")
	g.Must(0, "state", "rm", `provision_device.edge["edge1"]`, `zabbix_agent_host.edge["edge1"]`)
	g.edit("inventory.yaml", "  edge1:\n", "  edge9:\n")
	g.Write("renamed.tf", strings.NewReplacer(`"edge1"]`, `"edge9"]`, "id = \"edge1\"", "id = \"edge9\"", "id       = \"edge1\"", "id       = \"hostid="+id+"\"").Replace(g.Read("takes-over/imports.tf")))
	g.plan(2, "2 to import, 0 to add, 2 to change, 0 to destroy", "@@ host - edge1 + edge9")
	g.apply("2 imported")
	g.plan(0, "No changes")
	if now := g.hostid("edge9"); now != id {
		g.t.Errorf("the host is another one: %s, was %s", now, id)
	}
	if now := strings.Count(strings.Join(g.events(), " "), "commit"); now != commits+1 { // of the host
		g.t.Errorf("%d commits, want that of the host only: %v", now-commits, g.events())
	}
}

// anotherRoot: two states never hold one device; what is moved is not touched.
func (g *dayTwo) anotherRoot(takesOver string) {
	id := g.hostid("edge9")
	other := &dayTwo{&guide{Workspace: g.With(g.t), lab: g.lab, t: g.t}, g.z}
	other.Dir = filepath.Join(g.t.TempDir(), "other")
	if out, err := exec.Command("cp", "-a", g.Dir, other.Dir).CombinedOutput(); err != nil {
		g.t.Fatalf("%v: %s", err, out)
	}
	for _, file := range []string{"terraform.tfstate", "terraform.tfstate.backup", "renamed.tf"} {
		other.Write(file, "")
	}
	g.Must(0, "state", "rm", `provision_device.edge["edge9"]`, `zabbix_agent_host.edge["edge9"]`)
	other.Write("imports.tf", strings.ReplaceAll(takesOver, "edge1", "edge9"))
	other.plan(2, "2 to import, 0 to add, 2 to change, 0 to destroy")
	other.apply("2 imported")
	other.plan(0, "No changes")
	if now := g.hostid("edge9"); now != id {
		g.t.Errorf("the host is another one: %s, was %s", now, id)
	}
	g.edit("inventory.yaml", g.Read("inventory.yaml"), "devices: {}\n")
	g.Write("renamed.tf", "")
	g.plan(0, "No changes")
}
