package fleet_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// A plan that fails leaves a report and nothing that could be applied.
func TestFailedPlan(t *testing.T) {
	j := newJobs(t)
	j.run(0, "plan ams1")
	j.plans(1)
	if err := os.Remove(filepath.Join(j.fake, "plan.json")); err != nil {
		t.Fatal(err)
	}
	j.tell("plan.says", `{"@level":"error","@message":"Error: ams1-edge1: open failed","type":"diagnostic","diagnostic":{"severity":"error","summary":"ams1-edge1: open failed","detail":"connection refused"}}`+"\n")
	says(t, j.run(1, "plan ams1"), "ams1-edge1: open failed", "connection refused", "site ams1: plan failed, see above")
	says(t, j.result("ams1", "report.md"), "The plan failed", "connection refused")
	says(t, j.result("ams1", "result.json"), `"status": "failed"`)
	says(t, j.run(1, "apply ams1"), "there is no plan that was agreed to")
	j.tell("plan.says", lockedState+"\n")
	says(t, j.run(1, "plan ams1"), "another run of this site is at work, or was killed", "terraform force-unlock")
	j.clear()
}

// Errors name the site, the step and what next.
func TestStepsThatFail(t *testing.T) {
	j := newJobs(t)
	fails := func(command, name string) string {
		fake := filepath.Join(t.TempDir(), name)
		acctest.Put(t, fake, "#!/bin/sh\ncase \"$*\" in *'"+command+"'*) echo broken >&2; exit 1 ;; esac\nexec "+filepath.Join(j.fake, "terraform")+" \"$@\"\n")
		if err := os.Chmod(fake, 0o755); err != nil {
			t.Fatal(err)
		}
		return fake
	}
	says(t, j.run(1, "plan ams1", "TERRAFORM="+fails(" init ", "terraform")), "broken", "site ams1: init failed", "backend")
	says(t, j.run(1, "plan ams1", "TERRAFORM="+fails(" show ", "terraform")), "site ams1: show failed")
	says(t, j.run(1, "plan ams1", "PROVISION_BINARY=/bin/false"), "site ams1: the report could not be made")
	openssl := fails("enc", "openssl")
	says(t, j.run(1, "plan ams1", "PATH="+filepath.Dir(openssl)+":"+os.Getenv("PATH")), "site ams1: openssl failed on the saved plan")
	if j.result("ams1", "tfplan.enc") != "" {
		t.Error("half a plan is kept")
	}
	says(t, j.run(1, "plan ams1", "PROVISION_BINARY="), "site ams1: init has put no provider", "set PROVISION_BINARY")
	j.clear()
}

// Drift has an exit code of its own; nothing is kept that could be applied.
func TestDrift(t *testing.T) {
	j := newJobs(t)
	says(t, j.run(3, "drift ams1", "PLAN_KEY="), "site ams1: drift: something differs")
	says(t, j.read(j.fake, "environment"), "TF_VAR_nightly=true")
	says(t, j.result("ams1", "result.json"), `"status": "drift"`)
	says(t, j.result("ams1", "report.md"), "description one")
	if j.result("ams1", "tfplan.enc") != "" {
		t.Error("a plan is kept")
	}
	j.plans(0)
	says(t, j.run(0, "drift ams1"), "site ams1: no drift")
	j.plans(1)
	says(t, j.run(1, "drift ams1"), "site ams1: plan failed")
	j.clear()
}

// Reports link the pages of devices.
func TestReportsLinkDevices(t *testing.T) {
	j := newJobs(t)
	j.run(0, "plan ams1")
	if strings.Contains(j.result("ams1", "report.md"), "netbox.example.net") {
		t.Error("a link that nobody has set")
	}
	const page = "DEVICE_URL=https://netbox.example.net/{site}/?name={name}"
	j.run(0, "plan ams1", page)
	for _, name := range []string{"report.md", "report.html"} {
		says(t, j.result("ams1", name), "https://netbox.example.net/ams1/?name=ams1-edge1")
	}
	j.write("fleet/sites/ams1/events.jsonl", `{"time":"2026-11-28T12:00:00Z","run_id":"7","name":"ams1-edge1","driver":"frr","actor":"ann","trigger":"demand","step":"commit","outcome":"ok"}`+"\n")
	j.run(0, "apply ams1", page, "PROVISION_RUN_ID=7")
	says(t, j.result("ams1", "run.html"), "https://netbox.example.net/ams1/?name=ams1-edge1")
	for _, wrong := range []string{"netbox.example.net/{name}", "javascript:alert(1)", "https://netbox.example.net/ {name}"} {
		says(t, j.run(1, "plan ams1", "DEVICE_URL="+wrong), "site ams1: DEVICE_URL", "?name={name}")
	}
}

// A cancelled job is one interrupt to Terraform, which is waited for.
func TestCancel(t *testing.T) {
	j := newJobs(t)
	j.run(0, "plan ams1")
	j.tell("slow", "")
	j.applies("1", "1")
	cmd := j.command([]string{"apply", "ams1"})
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	wait(t, func() bool { return j.exists("applying") })
	for range 2 {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	wait(t, func() bool { return strings.Contains(j.calls(), "interrupted") })
	if err := os.Remove(filepath.Join(j.fake, "slow")); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("%v:\n%s", err, out.String())
	}
	if n := strings.Count(j.calls(), "interrupted"); n != 1 {
		t.Errorf("%d interrupts", n)
	}
	says(t, out.String(), "site ams1: apply failed")
	j.clear()
}

// exists tells that the Terraform has made a file.
func (j *jobs) exists(name string) bool {
	_, err := os.Stat(filepath.Join(j.fake, name))
	return err == nil
}

// wait waits for a condition.
func wait(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for tick := time.NewTicker(20 * time.Millisecond); !done(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it does not come")
		}
	}
}

// job is one of a workflow.
type job struct {
	Environment string
	Permissions map[string]string
	Strategy    struct {
		FailFast *bool `yaml:"fail-fast"`
	}
	Steps []struct {
		Uses, Run string
		With, Env map[string]any
	}
}

// What the guide says of the jobs is so in the workflow.
func TestWorkflowGivesEachJobWhatItNeeds(t *testing.T) {
	text := read(t, filepath.Join(examples, "ci/github/fleet.yml"))
	var workflow struct {
		Permissions map[string]string
		Jobs        map[string]job
	}
	if err := yaml.Unmarshal([]byte(text), &workflow); err != nil {
		t.Fatal(err)
	}
	if len(workflow.Permissions) != 1 || workflow.Permissions["contents"] != "read" || len(workflow.Jobs) != 5 {
		t.Errorf("%v, %d jobs", workflow.Permissions, len(workflow.Jobs))
	}
	for name, want := range map[string]struct {
		environment string
		secrets     []string
	}{
		"sites": {"", nil},
		"post":  {"", nil},
		"plan":  {"fleet-plan", []string{"PG_CONN_STR", "PLAN_KEY", "PROVISION_CREDENTIALS_DEFAULT_PRIVATE_KEY", "PROVISION_ZABBIX_TOKEN"}},
		"apply": {"fleet-apply", []string{"PG_CONN_STR", "PLAN_KEY", "PROVISION_CREDENTIALS_DEFAULT_PRIVATE_KEY", "PROVISION_ZABBIX_TOKEN"}},
		"drift": {"fleet-plan", []string{"PG_CONN_STR", "PROVISION_CREDENTIALS_DEFAULT_PRIVATE_KEY", "PROVISION_ZABBIX_TOKEN"}},
	} {
		got := workflow.Jobs[name]
		if got.Environment != want.environment || name != "sites" && (got.Strategy.FailFast == nil || *got.Strategy.FailFast) {
			t.Errorf("%s: environment %q, fail-fast %v", name, got.Environment, got.Strategy.FailFast)
		}
		if secrets := got.secrets(t); !slices.Equal(secrets, want.secrets) {
			t.Errorf("%s has the secrets %q, want %q", name, secrets, want.secrets)
		}
		if got.Permissions["pull-requests"] != "" && name == "plan" {
			t.Errorf("%s may write comments", name)
		}
	}
}

// fromContext finds what a text takes from outside.
var fromContext = regexp.MustCompile(`\$\{\{\s*([\w.]+)[^}]*\}\}`)

// secrets are the names of a job's secrets. What a person or a branch can choose
// reaches scripts by the environment only; sites' names are checked.
func (j job) secrets(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, s := range j.Steps {
		for _, m := range fromContext.FindAllStringSubmatch(s.Run, -1) {
			if m[1] != "matrix.site" {
				t.Errorf("%q is part of a script", m[0])
			}
		}
		for _, value := range s.Env {
			text, _ := value.(string)
			if m := fromContext.FindStringSubmatch(text); m != nil && strings.HasPrefix(m[1], "secrets.") {
				names = append(names, strings.TrimPrefix(m[1], "secrets."))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
