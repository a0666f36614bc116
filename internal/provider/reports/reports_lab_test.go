//go:build lab

package reports_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// zabbixEnv is how the real Zabbix 7.0 is reached.
func zabbixEnv(t *testing.T) map[string]string {
	t.Helper()
	dir := os.Getenv("PROVISION_ZABBIX_70")
	if dir == "" {
		t.Fatal("PROVISION_ZABBIX_70 is not set: start a Zabbix with tools/zabbix/zabbix.sh up 7.0 DIR and set it to DIR")
	}
	f, err := os.Open(filepath.Join(dir, "env"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	env := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if k, v, ok := strings.Cut(lines.Text(), "="); ok {
			env[k] = v
		}
	}
	return env
}

// forget deletes the host of the test.
func forget(t *testing.T, env map[string]string, name string) {
	t.Helper()
	client, err := api.New(api.Config{URL: env["ZABBIX_URL"], Username: env["ZABBIX_USER"], Password: env["ZABBIX_PASSWORD"]})
	if err != nil {
		t.Fatal(err)
	}
	store := zabbix.NewStore(client, zabbix.StoreOptions{})
	t.Cleanup(func() {
		ctx := context.Background() // the test's is over
		host, err := store.FreshByName(ctx, name)
		if err == nil && host != nil {
			err = store.Delete(ctx, host.ID)
		}
		if err != nil {
			t.Error(err)
		}
	})
}

// real are real routers and a real Zabbix in place of the simulated ones.
type real struct {
	*network
	lab acctest.Lab
	env map[string]string
}

func newReal(t *testing.T) *real {
	t.Helper()
	r := &real{lab: acctest.ReadLab(t), env: zabbixEnv(t)}
	binary := acctest.Binary(t)
	r.network = &network{Workspace: acctest.NewWorkspace(t, binary), binary: filepath.Join(binary, "terraform-provider-provision"), t: t}
	r.Env = []string{"PROVISION_RUN_ID=real-1", "PROVISION_ACTOR=alice"}
	r.lab.KeepRouter(t, "r1")
	forget(t, r.env, "report-r1")
	return r
}

// intend writes the configuration: a description on two routers, and a host.
func (r *real) intend(description, tag string) {
	r.t.Helper()
	r.Config(r.lab.Provider(r.t, map[string]string{
		"zabbix":      fmt.Sprintf("{ url = %q, username = %q, password = %q }", r.env["ZABBIX_URL"], r.env["ZABBIX_USER"], r.env["ZABBIX_PASSWORD"]),
		"events_file": `"events.jsonl"`,
	}), fmt.Sprintf(`
resource "provision_device" "this" {
  for_each        = { r1 = %q, r2 = "" }
  name            = each.key
  config          = each.value == "" ? "hostname r2\n" : "interface lo\n description ${each.value}\nexit\n"
  on_unreachable  = "skip"
  confirm_timeout = "15s"
}

resource "zabbix_agent_host" "r1" {
  provider    = provision
  host        = "report-r1"
  interface   = { ip = "192.0.2.1" }
  host_groups = ["Linux servers"]
  tags        = { round = [%q] }
}
`, description, tag))
}

// says checks both reports of a plan.
func (r *real) says(texts ...string) {
	r.t.Helper()
	page, markdown := r.report()
	for _, text := range texts {
		if !strings.Contains(markdown, text) {
			r.t.Errorf("the Markdown does not say %q:\n%s", text, markdown)
		}
	}
	if !strings.Contains(page, "</html>") {
		r.t.Error("the page is not whole")
	}
}

// The reports on real routers and a real Zabbix: what will be done, what was
// done, what somebody else did, and what could not be looked at.
func TestRealReports(t *testing.T) {
	r := newReal(t)
	r.intend("of the report", "one")
	if code := r.plan(); code != 2 {
		t.Fatalf("exit code %d:\n%s", code, r.Read("plan.log"))
	}
	r.says("3 to create.", "+ description of the report", "| `host` |  | `report-r1` |", "| `tags` |  | `round: one` |", "run `real-1`", "asked by `alice`")
	r.Must(0, "apply", "tfplan")
	cmd := exec.Command(r.binary, "report", "run", "-html", "run.html", "events.jsonl")
	cmd.Dir, cmd.Env = r.Dir, r.Env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("report run: %v: %s", err, out)
	}
	for _, text := range []string{"2 applied", ">lock<", ">commit<", ">reconnect<", ">confirm<", "description of the report", ">Zabbix host<"} {
		if page := r.Read("run.html"); !strings.Contains(page, text) {
			t.Errorf("the run's page does not say %q", text)
		}
	}
	if code := r.plan(); code != 0 {
		t.Fatalf("the second plan: exit code %d:\n%s", code, r.Read("plan.log"))
	}
	r.says("**No changes.")

	r.lab.Script(t, "", "drift", "r1", "interface lo", "description by hand")
	r.lab.Script(t, "", "cut", "r2", "refuse")
	t.Cleanup(func() { r.lab.Script(t, "", "heal", "r2") })
	r.intend("of the report", "two")
	if code := r.plan(); code != 2 {
		t.Fatalf("exit code %d:\n%s", code, r.Read("plan.log"))
	}
	r.says("**2 to update, 1 not checked.**", "- description by hand", "`r1: changed outside Terraform since run real-1`", "`NOT CHECKED: r2: open: ",
		"| `tags` | `round: one` |  |", "loses tags: round: one")
}
