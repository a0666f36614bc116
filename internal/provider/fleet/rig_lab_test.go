//go:build lab

package fleet_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// rig is a copy of the examples as a team has it, with the addresses and logins
// of the lab, and with an empty database for states.
type rig struct {
	*acctest.Workspace
	lab      acctest.Lab
	postgres string // the folder of tools/postgres/postgres.sh
	t        *testing.T
}

// at says which node of the lab stands behind an address of the fleet.
var at = map[string]string{"192.0.2.11": "r1", "192.0.2.12": "r2", "192.0.2.13": "r3", "192.0.2.21": "n1", "192.0.2.31": "n2"}

// hosts are the technical names of the fleet.
var hosts = []string{"ams1-edge1", "ams1-edge2", "ams1-core1", "ams1-web1", "ams1-ups1", "fra1-access1", "fra1-web1", "lon1-access1"}

// environment is a folder of the lab that a variable leads to, and its file env.
func environment(t *testing.T, variable string) (string, map[string]string) {
	t.Helper()
	dir := os.Getenv(variable)
	if dir == "" {
		t.Fatalf("%s is not set: it leads to the folder of a real server, see tools/test.sh", variable)
	}
	env := map[string]string{}
	for line := range strings.Lines(read(t, filepath.Join(dir, "env"))) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			env[k] = v
		}
	}
	return dir, env
}

// newRig makes a rig whose database has this name. Devices are put back at the
// end, and hosts deleted.
func newRig(t *testing.T, database string) *rig {
	t.Helper()
	r := &rig{Workspace: acctest.NewWorkspace(t, t.TempDir()), lab: acctest.ReadLab(t), t: t}
	r.mirror()
	copyTo(t, filepath.Join(r.Dir, "fleet"), "fleet")
	copyTo(t, filepath.Join(r.Dir, "modules"), "modules")
	inventory := r.Read("fleet/inventory.yaml")
	for address, node := range at {
		n := r.lab.Node(t, node)
		if n.Kind == "router" {
			r.lab.KeepRouter(t, node)
		}
		inventory = strings.Replace(inventory, "host: "+address+"\n", "host: "+n.Host+"\n    port: "+strconv.Itoa(n.Port)+"\n", 1)
	}
	r.Write("fleet/inventory.yaml", inventory)
	r.Write("fleet/known_hosts", read(t, filepath.Join(r.lab.Dir, "known_hosts")))
	_, zabbix := environment(t, "PROVISION_ZABBIX_70")
	bury(t, zabbix)
	var conn string
	r.postgres, conn = newDatabase(t, database)
	r.Env = append(r.Env,
		"PG_CONN_STR="+conn, "PROVISION_ZABBIX_URL="+zabbix["ZABBIX_URL"], "PROVISION_ZABBIX_USERNAME="+zabbix["ZABBIX_USER"],
		"PROVISION_ZABBIX_PASSWORD="+zabbix["ZABBIX_PASSWORD"], "PROVISION_ZABBIX_AGENT_PORT="+zabbix["ZABBIX_AGENT_PORT"],
		"PROVISION_CREDENTIALS_DEFAULT_PRIVATE_KEY="+read(t, filepath.Join(r.lab.Dir, "id_ed25519")))
	t.Cleanup(r.empty)
	return r
}

// empty takes the interfaces of the NETCONF devices away.
func (r *rig) empty() {
	for _, name := range []string{"fra1", "lon1"} {
		r.Write("fleet/configs/"+name+"-access1.xml",
			"<config xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><interfaces xmlns=\"urn:ietf:params:xml:ns:yang:ietf-interfaces\"/></config>\n")
		r.Must(0, site(name), "init", "-input=false")
		r.Must(0, site(name), "apply", "-auto-approve", "-var=replace_config=true", "-target=module.site.provision_device.this")
	}
}

// mirror installs the provider as a release is installed, so that init is the
// real one.
func (r *rig) mirror() {
	r.t.Helper()
	to := filepath.Join(r.Dir, "mirror/registry.terraform.io/netprovision/provision/0.0.1", runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(to, 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := acctest.Build(to); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(to, "terraform-provider-provision"), filepath.Join(to, "terraform-provider-provision_v0.0.1")); err != nil {
		r.t.Fatal(err)
	}
	r.Write("terraform.rc", "provider_installation {\n  filesystem_mirror {\n    path = "+acctest.Quote(filepath.Join(r.Dir, "mirror"))+"\n  }\n}\n")
}

// newDatabase makes an empty database in the PostgreSQL of the lab.
func newDatabase(t *testing.T, name string) (dir, conn string) {
	t.Helper()
	dir, env := environment(t, "PROVISION_POSTGRES")
	sql(t, env["PG_CONN_STR"], "drop database if exists "+name+" with (force)")
	sql(t, env["PG_CONN_STR"], "create database "+name)
	return dir, strings.Replace(env["PG_CONN_STR"], "/postgres?", "/"+name+"?", 1)
}

// sql runs a statement and gives the rows, one a line.
func sql(t *testing.T, conn, statement string) string {
	t.Helper()
	out, err := exec.Command("psql", "-XqtA", "-v", "ON_ERROR_STOP=1", "-c", statement, conn).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", statement, err, out)
	}
	return string(out)
}

// script runs tools/postgres/postgres.sh on the rig's PostgreSQL.
func (r *rig) script(command string) {
	r.t.Helper()
	if out, err := exec.Command(filepath.Join(root, "tools/postgres/postgres.sh"), command, r.postgres).CombinedOutput(); err != nil {
		r.t.Fatalf("postgres.sh %s: %v: %s", command, err, out)
	}
}

// bury deletes the fleet's hosts now and at the end of the test.
func bury(t *testing.T, env map[string]string) {
	t.Helper()
	client, err := api.New(api.Config{URL: env["ZABBIX_URL"], Username: env["ZABBIX_USER"], Password: env["ZABBIX_PASSWORD"]})
	if err != nil {
		t.Fatal(err)
	}
	call := func(method string, params, into any) {
		answers, err := client.Write(context.WithoutCancel(t.Context()), api.Call{Method: method, Params: params})
		if err == nil {
			err = answers[0].Err
		}
		if err == nil {
			err = json.Unmarshal(answers[0].Result, into)
		}
		if err != nil {
			t.Fatalf("%s: %v", method, err)
		}
	}
	all := slices.Clone(hosts)
	for _, h := range hosts {
		all = append(all, h+"_archived")
	}
	remove := func() {
		var found []struct{ HostID string }
		var ids []string
		call("host.get", map[string]any{"filter": map[string]any{"host": all}, "output": []string{"hostid"}}, &found)
		for _, h := range found {
			ids = append(ids, h.HostID)
		}
		if len(ids) > 0 {
			call("host.delete", ids, new(any))
		}
	}
	remove()
	t.Cleanup(remove)
}

// site is the argument that makes a site's folder the one that Terraform works in.
func site(name string) string { return "-chdir=fleet/sites/" + name }

// says checks that an output has these texts.
func (r *rig) says(out string, texts ...string) {
	r.t.Helper()
	for _, text := range texts {
		if !strings.Contains(out, text) {
			r.t.Errorf("%q is not in:\n%s", text, out)
		}
	}
}

// in is the rig in a part of its test.
func (r *rig) in(t *testing.T) *rig {
	return &rig{Workspace: r.With(t), lab: r.lab, postgres: r.postgres, t: t}
}

// edit replaces a text in a file.
func (r *rig) edit(name, old, text string) {
	r.t.Helper()
	was := r.Read(name)
	if !strings.Contains(was, old) {
		r.t.Fatalf("%s has no %q:\n%s", name, old, was)
	}
	r.Write(name, strings.Replace(was, old, text, 1))
}

// running is what a router runs.
func (r *rig) running(router string) string {
	r.t.Helper()
	return r.lab.Script(r.t, "", "exec", router, "vtysh", "-c", "show running-config no-header")
}

// describes checks the description of a router's loopback interface.
func (r *rig) describes(router, text string) {
	r.t.Helper()
	if now := r.running(router); !strings.Contains(now, "interface lo\n description "+text+"\n") {
		r.t.Errorf("%s does not have the description %q:\n%s", router, text, now)
	}
}

// intend gives devices of ams1 another description.
func (r *rig) intend(text string, devices ...string) {
	r.t.Helper()
	for _, d := range devices {
		r.Write("fleet/configs/"+d+".conf", fmt.Sprintf("interface lo\n description %s of %s\nexit\n!\nip prefix-list CUSTOMERS seq 10 permit 198.51.100.0/24\n", text, d))
	}
}

// cutsOff makes the configuration of a device of ams1 one that cuts off its
// management.
func (r *rig) cutsOff(device, router string) {
	r.t.Helper()
	name := "fleet/configs/" + device + ".conf"
	r.Write(name, "interface mgmt0\n no ip address "+r.lab.Node(r.t, router).MgmtHost+"/16\nexit\n!\n"+r.Read(name))
}

// runUntil runs a command, does something once it says a text, and gives what it
// said and how it ended.
func runUntil(t *testing.T, cmd *exec.Cmd, text string, then func()) (string, error) {
	t.Helper()
	said, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	done := false
	for lines := bufio.NewReader(said); ; {
		line, err := lines.ReadString('\n')
		all.WriteString(line)
		if !done && strings.Contains(line, text) {
			done = true
			then()
		}
		if err != nil {
			break // it has ended
		}
	}
	err = cmd.Wait()
	if !done {
		t.Fatalf("it never said %q: %v:\n%s", text, err, all.String())
	}
	return all.String(), err
}
