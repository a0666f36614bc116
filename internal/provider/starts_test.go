package provider_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// fakeTerraform writes down how it was called, and shows the plan that it is told.
const fakeTerraform = `#!/bin/sh
echo "$PROVISION_TRIGGER/$PROVISION_ACTOR: $*" >>"$FAKE/calls"
env >>"$FAKE/environment"
case "$*" in
*" plan "*) for a; do case $a in -out=*) echo saved >"${a#-out=}" ;; esac; done ;;
*" show -json "*) cat "$FAKE/plan.json" ;;
*" show "*) cat "$FAKE/plan.txt" ;;
*" apply "*)
	trap 'echo interrupted >>"$FAKE/calls"' INT
	for a; do last=$a; done
	[ "$(cat "$last")" = saved ] || exit 1
	while [ -e "$FAKE/slow" ]; do : >"$FAKE/applying"; sleep 0.05; done
	echo applied >>"$FAKE/calls" ;;
esac
`

// passphrase is what saved plans are encrypted with.
const passphrase = "0123456789abcdef0123456789abcdef"

const siteUUID, ownUUID = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"

// jobs are the jobs of a CI, with a source of truth and a Terraform that are none.
type jobs struct {
	t    *testing.T
	dir  string
	fake string
	env  []string

	mu     sync.Mutex
	posted func()   // see meanwhile
	asked  []string // requests
	told   []string // journal entries and notes
	answer map[string]string
}

// newJobs makes a repository with the sites ams and fra.
func newJobs(t *testing.T) *jobs {
	t.Helper()
	j := &jobs{t: t, dir: t.TempDir(), fake: t.TempDir(), answer: map[string]string{
		"/api/dcim/devices/":                            `{"results":[{"id":12,"name":"$(touch x)` + "`" + `","site":{"slug":"ams","name":"Amsterdam"}}]}`,
		"/api/virtualization/virtual-machines/":         `{"results":[{"id":5,"name":"web","site":{"slug":"fra","name":"Frankfurt"}}]}`,
		"/api/extras/journal-entries/":                  `{}`,
		"/api/core/object-changes/":                     `{"results":[]}`,
		"/api/dcim/locations/" + siteUUID + "/":         `{"id":"` + siteUUID + `","name":"AMS","parent":null}`,
		"/api/dcim/locations/" + ownUUID + "/":          `{"id":"` + ownUUID + `","name":"Rack 7","parent":{"id":"` + siteUUID + `"}}`,
		"/api/virtualization/clusters/" + ownUUID + "/": `{"id":"` + ownUUID + `","location":{"id":"` + ownUUID + `"}}`,
		"/api/extras/notes/":                            `{}`,
	}}
	for _, site := range []string{"ams", "fra"} {
		if err := os.MkdirAll(filepath.Join(j.dir, "sites", site), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(j.fake, "terraform"), []byte(fakeTerraform), 0o755); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(j)
	t.Cleanup(server.Close)
	j.env = []string{
		"PROVISION_NETBOX_URL=" + server.URL, "PROVISION_NETBOX_TOKEN=nbt_a.b", "PATH=" + j.fake + ":" + os.Getenv("PATH"), "FAKE=" + j.fake,
		"KIND=device", "OBJECT_ID=12", "ACTOR=ann", "PLAN_PASSPHRASE=" + passphrase,
	}
	j.plans(`{"address":"module.site.provision_device.this[\"12\"]","mode":"managed","type":"provision_device","change":{"actions":["update"],"before":{},"after":{}}}`)
	return j
}

// ServeHTTP answers as NetBox and Nautobot do.
func (j *jobs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.asked = append(j.asked, r.Method+" "+r.URL.Path)
	if r.Method == http.MethodPost {
		var body map[string]any
		_ = json.NewDecoder(r.Body).Decode(&body)
		j.told = append(j.told, fmt.Sprint(body["comments"], body["note"]))
		if j.posted != nil {
			j.posted()
		}
	}
	text, ok := j.answer[r.URL.Path]
	if status := 0; ok && len(text) == 3 {
		_, _ = fmt.Sscan(text, &status)
		w.Header().Set("Location", "http://"+r.Host+"/elsewhere")
		w.WriteHeader(status)
		return
	}
	if !ok {
		w.WriteHeader(http.StatusNotFound)
	}
	_, _ = w.Write([]byte(text))
}

// answers sets what is answered to a path; "" is not there, and three digits are a
// status.
func (j *jobs) answers(path, text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.answer[path] = text; text == "" {
		delete(j.answer, path)
	}
}

// meanwhile sets what happens while a journal entry or a note is made.
func (j *jobs) meanwhile(do func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.posted = do
}

// asked are the requests so far, told the journal entries and notes.
func asked(j *jobs) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.asked)
}

func told(j *jobs) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.told)
}

// plans sets what the next plan shows.
func (j *jobs) plans(change string, more ...string) {
	j.write("plan.json", `{"format_version":"1.2","resource_changes":[`+change+`]`+strings.Join(more, "")+`}`)
	j.write("plan.txt", "```\n+ description\n")
}

func (j *jobs) write(name, text string) {
	j.t.Helper()
	if err := os.WriteFile(filepath.Join(j.fake, name), []byte(text), 0o600); err != nil {
		j.t.Fatal(err)
	}
}

// read gives a file; "" if there is none.
func (j *jobs) read(path ...string) string {
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		j.t.Fatal(err)
	}
	return string(text)
}

func (j *jobs) calls() string { return j.read(j.fake, "calls") }

// command is a job that was not started yet; later variables win.
func (j *jobs) command(name string, vars ...string) *exec.Cmd {
	script, err := filepath.Abs("../../examples/ci/scripts/one-object.sh")
	if err != nil {
		j.t.Fatal(err)
	}
	cmd := exec.Command(script, name)
	cmd.Dir, cmd.Env = j.dir, append(slices.Clone(j.env), vars...)
	return cmd
}

// run gives the output of a job that ends with this code.
func (j *jobs) run(code int, name string, vars ...string) string {
	j.t.Helper()
	cmd := j.command(name, vars...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		j.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		j.t.Fatalf("%s with %q: exit code %d, want %d:\n%s", name, vars, got, code, out)
	}
	return string(out)
}

// What comes in is refused before anything is asked or started.
func TestStartRefuses(t *testing.T) {
	for name, values := range map[string][]string{
		"KIND":             {"", "devices", "device;touch x"},
		"OBJECT_ID":        {"", "12;touch x", "$(touch x)", "12\n", "../12", "-1", "1e3", strings.Repeat("1", 30), strings.ToUpper(siteUUID) + "z"},
		"SITES":            {"$(id)", "a b", "sites\n"},
		"SITE":             {"nosuch", "../sites/ams", ".", "ams/", "ams\n", "-ams", strings.Repeat("a", 200)},
		"TRIGGER":          {"cron", "hook\n"},
		"ACTOR":            {"a\nb", "\x1b[31m", strings.Repeat("ä", 65)},
		"AUTO_APPLY":       {"$(id)", "a;b"},
		"EVENT_TIME":       {"yesterday", "2026-11-28T20:00:00Z; id"},
		"CHANGED":          {"$(id)", "a=b"},
		"LOOKBACK":         {"-1", "1d"},
		"REPORT_URL":       {"javascript:alert(1)", "https://ci/ [x](y)"},
		"WRITE_BACK_FIELD": {"a b"},
	} {
		for _, v := range values {
			j := newJobs(t)
			vars := []string{"TRIGGER=hook", name + "=" + v}
			if name == "WRITE_BACK_FIELD" {
				vars = append(vars, "CHANGED=name")
			}
			out := j.run(1, "plan", vars...)
			if !strings.Contains(out, name) && name != "EVENT_TIME" || strings.Contains(out, "Traceback") {
				t.Errorf("%s=%q: %s", name, v, out)
			}
			if strings.Contains(j.calls(), "apply") || name != "REPORT_URL" && j.calls() != "" || len(told(j)) > 0 {
				t.Errorf("%s=%q went on: %s %q", name, v, j.calls(), told(j))
			}
		}
	}
	j := newJobs(t)
	says(t, j.run(2, "destroy"), "usage")
	says(t, j.run(1, "plan", "PROVISION_NETBOX_URL="), "must be set")
	says(t, j.run(1, "plan", "PROVISION_NAUTOBOT_URL=http://127.0.0.1"), "must be set")
	says(t, j.run(1, "plan", "PROVISION_NETBOX_TOKEN="), "PROVISION_NETBOX_TOKEN")
	if out := j.run(1, "plan", "PROVISION_NETBOX_TOKEN=hush\nhush"); strings.Contains(out, "hush") {
		t.Errorf("it shows the token: %s", out)
	}
}

func TestStartPlansOneObject(t *testing.T) {
	j := newJobs(t)
	out := filepath.Join(j.dir, "output")
	says(t, j.run(0, "plan", "TRIGGER=button", "REPORT_URL=https://ci.example.net/7", "GITHUB_OUTPUT="+out), "It waits for a person")
	calls := strings.TrimSpace(j.calls())
	saved := regexp.MustCompile(`-out=(\S+)`).FindStringSubmatch(calls + " -out=none")[1]
	want := []string{
		"button/ann: -chdir=sites/ams init -no-color",
		"button/ann: -chdir=sites/ams plan -no-color -lock-timeout=10m -out=" + saved +
			` -target=module.site.provision_device.this["12"] -target=module.site.provision_device.canary["12"] -target=module.site.zabbix_agent_host.device["12"]`,
		"button/ann: -chdir=sites/ams show -json " + saved,
		"button/ann: -chdir=sites/ams show -no-color " + saved,
	}
	if got := strings.Split(calls, "\n"); !slices.Equal(got, want) {
		t.Errorf("calls %q\nwant  %q", got, want)
	}
	report := j.read(j.dir, "provision-run/report.md")
	says(t, report, "````text\n```\n+ description\n````", "`` $(touch x)` ``", "[12](http")
	says(t, strings.Join(told(j), "\n"), "Plan by button, ` ann `", `["12"]`+" `: update", "[Report](https://ci.example.net/7)")
	says(t, j.read(out), "site=ams\n", "pending=true\n", "applied=false\n")
	info, err := os.Stat(filepath.Join(j.dir, "provision-run/tfplan.enc"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the saved plan: %v %v", info, err)
	}
	if found, err := filepath.Glob(filepath.Join(j.dir, "x")); err != nil || len(found) > 0 {
		t.Errorf("a name was run as a command: %q %v", found, err)
	}
	// A person agrees.
	j.run(0, "apply", "ACTOR=bob")
	says(t, j.calls(), "button/bob: -chdir=sites/ams apply -no-color -lock-timeout=10m /", "applied")
	plain := regexp.MustCompile(`/\S+/tfplan\b`).FindAllString(j.calls(), -1)
	if len(plain) != 4 {
		t.Errorf("the plan was at %q", plain)
	}
	for _, path := range plain {
		if _, err := os.Stat(path); err == nil || strings.HasPrefix(path, j.dir) {
			t.Errorf("the plan is in clear: %s", path)
		}
	}
	says(t, j.run(0, "apply"), "nothing to apply")
}

// The provider that init has put there makes the report; where there is none, or it
// fails, the report has what Terraform shows.
func TestStartReports(t *testing.T) {
	j := newJobs(t)
	binary := func(name, script string) string {
		path := filepath.Join(j.dir, "sites/ams", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const writes = `for a; do case $last in -html) echo page >"$a" ;; -markdown) echo "## of the provider" >"$a" ;; esac; last=$a; done
echo "$*" >"$FAKE/report"; cat >"$FAKE/stdin"; echo "$PROVISION_ACTOR,$PLAN_PASSPHRASE" >>"$FAKE/report"
`
	j.run(0, "plan")
	says(t, j.read(j.dir, "provision-run/report.md"), "+ description")
	binary(".terraform/providers/registry.terraform.io/netprovision/provision/0.0.1/linux_amd64/terraform-provider-provision_v0.0.1", writes)
	j.run(0, "plan", "REPORT_URL=https://ci.example.net/7")
	report := j.read(j.dir, "provision-run/report.md")
	says(t, report, "# Provision device 12\n", "| update |", "\n\n## of the provider\n")
	if strings.Contains(report, "+ description") || j.read(j.dir, "provision-run/report.html") != "page\n" {
		t.Errorf("report: %s", report)
	}
	says(t, j.read(j.fake, "report"), "report plan -title device 12 -site ams -run-url https://ci.example.net/7 -html ", "\nann,\n")
	if j.read(j.fake, "stdin") != j.read(j.fake, "plan.json") {
		t.Errorf("it reads %s", j.read(j.fake, "stdin"))
	}
	for _, program := range []string{binary("broken", "exit 1\n"), filepath.Join(j.dir, "nosuch")} {
		says(t, j.run(0, "plan", "PROVISION_BINARY="+program), "as Terraform shows it")
		if says(t, j.read(j.dir, "provision-run/report.md"), "+ description"); j.read(j.dir, "provision-run/report.html") != "" {
			t.Errorf("%s: there is a page of an earlier run", program)
		}
	}
}

// The sites can be anywhere in the repository.
func TestStartFindsTheSites(t *testing.T) {
	j := newJobs(t)
	if err := os.MkdirAll(filepath.Join(j.dir, "fleet/sites"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(j.dir, "sites/ams"), filepath.Join(j.dir, "fleet/sites/ams")); err != nil {
		t.Fatal(err)
	}
	says(t, j.run(1, "find"), "no folder in sites/", "give SITE")
	says(t, j.run(0, "plan", "SITES=fleet/sites"), "It waits for a person")
	j.run(0, "apply", "SITES=fleet/sites")
	says(t, j.calls(), "-chdir=fleet/sites/ams plan", "-chdir=fleet/sites/ams apply")
}

func TestStartOfAVirtualMachine(t *testing.T) {
	j := newJobs(t)
	j.plans(`{"address":"module.site.zabbix_agent_host.virtual_machine[\"5\"]","mode":"managed","type":"zabbix_agent_host","change":{"actions":["no-op"]}}`)
	says(t, j.run(0, "plan", "KIND=virtual_machine", "OBJECT_ID=5"), "Nothing to change")
	says(t, j.calls(), `-chdir=sites/fra plan`, ` -target=module.site.zabbix_agent_host.virtual_machine["5"]`+"\n")
	// Whoever asked is told; a hook is not.
	if len(told(j)) != 1 || !strings.Contains(told(j)[0], "nothing to change") {
		t.Errorf("told: %q", told(j))
	}
	j.run(0, "plan", "KIND=virtual_machine", "OBJECT_ID=5", "TRIGGER=hook")
	if len(told(j)) != 1 {
		t.Errorf("told: %q", told(j))
	}
}

// Only updates in merge mode, and only where the site has said so.
func TestStartAppliesWithoutAPerson(t *testing.T) {
	change := func(actions, before, after, more string) string {
		return `{"address":"module.site.provision_device.this[\"12\"]","mode":"managed","type":"provision_device","change":{"actions":` +
			actions + `,"before":` + before + `,"after":` + after + more + `}}`
	}
	update := change(`["update"]`, `{"replace_config":false}`, `{"replace_config":false}`, "")
	canary := strings.NewReplacer("this", "canary", "12", "7").Replace(update)
	for name, c := range map[string]struct {
		change, more, sites string
		want                bool
	}{
		"update":            {update, "", "fra ams", true},
		"another site":      {update, "", "amsterdam fra", false},
		"no site":           {update, "", "", false},
		"create":            {change(`["create"]`, `null`, `{}`, ""), "", "ams", false},
		"delete":            {change(`["delete"]`, `{}`, `null`, ""), "", "ams", false},
		"replace":           {change(`["delete","create"]`, `{}`, `{}`, ""), "", "ams", false},
		"replace the other": {change(`["create","delete"]`, `{}`, `{}`, ""), "", "ams", false},
		"forget":            {change(`["forget"]`, `{}`, `null`, ""), "", "ams", false},
		"import":            {change(`["update"]`, `{}`, `{}`, `,"importing":{"id":"r1"}`), "", "ams", false},
		"one of two":        {update + "," + change(`["create"]`, `null`, `{}`, ""), "", "ams", false},
		"replace mode":      {change(`["update"]`, `{"replace_config":false}`, `{"replace_config":true}`, ""), "", "ams", false},
		"was replace mode":  {change(`["update"]`, `{"replace_config":true}`, `{"replace_config":false}`, ""), "", "ams", false},
		"unknown mode":      {change(`["update"]`, `{}`, `{}`, `,"after_unknown":{"replace_config":true}`), "", "ams", false},
		"failed check":      {update, `,"checks":[{"address":{"to_display":"check.drift"},"status":"fail"}]`, "ams", false},
		"passed check":      {update, `,"checks":[{"address":{"to_display":"check.drift"},"status":"pass"}]`, "ams", true},
		"deferred":          {update, `,"deferred_changes":[{}]`, "ams", false},
		"errored":           {update, `,"errored":true`, "ams", false},
		"the host":          {update + "," + strings.Replace(update, "provision_device.this", "zabbix_agent_host.device", 1), "", "ams", true},
		"the canary":        {update + "," + canary, "", "ams", false},
		"only the canary":   {strings.Replace(update, "update", "no-op", 1) + "," + canary, "", "ams", false},
		"idle canary":       {update + "," + strings.Replace(canary, "update", "no-op", 1), "", "ams", true},
	} {
		j := newJobs(t)
		j.plans(c.change, c.more)
		out := j.run(0, "plan", "AUTO_APPLY="+c.sites)
		if applied := strings.Contains(j.calls(), "\napplied"); applied != c.want {
			t.Errorf("%s: applied %t, want %t:\n%s", name, applied, c.want, out)
		}
		if waits := j.read(j.dir, "provision-run/tfplan.enc") != ""; waits == c.want {
			t.Errorf("%s: the saved plan waits: %t", name, waits)
		}
	}
	j := newJobs(t)
	j.write("plan.json", `{"format_version":"2.0"}`)
	says(t, j.run(1, "plan", "AUTO_APPLY=ams"), "format '2.0'")
	// A plan that nobody has seen does not wait, nor does an older one.
	says(t, j.run(1, "apply"), "Start a new run")
	if j.read(j.dir, "provision-run/tfplan")+j.read(j.dir, "provision-run/tfplan.enc") != "" {
		t.Error("the plan of a failed run is still there")
	}
}

// A target brings along what it depends on. A plan that changes that too waits for
// a person, and says so to the log, in the report and at the object.
func TestStartThatChangesTheCanary(t *testing.T) {
	j := newJobs(t)
	device := func(address string) string {
		return `{"address":"module.site.provision_device.` + address + `","mode":"managed","type":"provision_device","change":{"actions":["update"],"before":{},"after":{}}}`
	}
	j.plans(device(`this[\"12\"]`) + "," + device(`canary[\"7\"]`))
	says(t, j.run(0, "plan", "AUTO_APPLY=ams"), `a person must agree: module.site.provision_device.canary["7"] is not of device 12`, "It waits for a person")
	if strings.Contains(j.calls(), " apply ") {
		t.Errorf("it was applied: %s", j.calls())
	}
	const other = "**The plan also changes what they depend on:** ` module.site.provision_device.canary[\"7\"] `: update."
	says(t, j.read(j.dir, "provision-run/report.md"), other)
	says(t, strings.Join(told(j), "\n"), `["12"]`+" `: update. "+other+" It waits for a person.")
	// A hook's run may be for that device too.
	j = newJobs(t)
	j.plans(device(`this[\"12\"]`) + "," + device(`canary[\"7\"]`))
	j.answers("/api/dcim/devices/", `{"results":[{"id":12,"name":"a","site":{"slug":"ams"}},{"id":7,"name":"b","site":{"slug":"ams"}}]}`)
	j.answers("/api/core/object-changes/", `{"results":[`+change(7, "dcim.device", time.Now(), `{"name":"a"}`, `{"name":"b"}`)+`]}`)
	says(t, j.run(0, "plan", "AUTO_APPLY=ams", "TRIGGER=hook"), "device 12, device 7", "It is applied at once")
	if text := strings.Join(told(j), ""); strings.Contains(text, "also changes") {
		t.Errorf("told: %s", text)
	}
}

func TestStartOfWhatIsNotManaged(t *testing.T) {
	j := newJobs(t)
	j.plans("")
	says(t, j.run(1, "plan"), "site ams does not manage device 12")
	says(t, j.run(0, "plan", "TRIGGER=hook"), "Nothing to change")
	j.answers("/api/dcim/devices/", `{"results":[{"id":13,"name":"another","site":{"slug":"ams"}}]}`)
	says(t, j.run(1, "plan"), "NetBox has no device 12, or the token may not see it")
	j.answers("/api/dcim/devices/", `{"results":[{"id":12,"name":"r1","site":{"slug":"lon"}}]}`)
	says(t, j.run(1, "find"), "give SITE")
	says(t, j.run(0, "find", "SITE=fra"), "device 12 is in site fra")
}

func TestStartAsksTheSourceOfTruth(t *testing.T) {
	j := newJobs(t)
	j.answers("/api/dcim/devices/", "403")
	says(t, j.run(1, "plan"), "GET http", "403")
	// The token goes to no other place.
	j.answers("/api/dcim/devices/", "302")
	j.answers("/elsewhere", `{"results":[]}`)
	says(t, j.run(1, "plan"), "302")
	if slices.Contains(asked(j), "GET /elsewhere") {
		t.Errorf("it followed: %q", asked(j))
	}
	// What cannot be told at the object is no failed plan.
	j = newJobs(t)
	j.answers("/api/extras/journal-entries/", "403")
	says(t, j.run(0, "plan"), "not linked at device 12", "It waits for a person")
}

// Nautobot has a tree of locations; the nearest that has a folder is the site.
func TestStartFromNautobot(t *testing.T) {
	j := newJobs(t)
	url, _ := strings.CutPrefix(j.env[0], "PROVISION_NETBOX_URL=")
	j.env = append(j.env, "PROVISION_NETBOX_URL=", "PROVISION_NAUTOBOT_URL="+url, "PROVISION_NAUTOBOT_TOKEN=t", "OBJECT_ID="+ownUUID)
	j.answers("/api/dcim/devices/", `{"results":[{"id":"`+ownUUID+`","name":"r1","location":{"id":"`+ownUUID+`"}}]}`)
	j.answers("/api/virtualization/virtual-machines/", `{"results":[{"id":"`+ownUUID+`","name":"vm","cluster":{"id":"`+ownUUID+`"}}]}`)
	j.plans(`{"address":"module.site.provision_device.this[\"` + ownUUID + `\"]","mode":"managed","type":"provision_device","change":{"actions":["update"],"before":{},"after":{}}}`)
	j.run(0, "plan")
	says(t, j.calls(), `-chdir=sites/ams plan`, `provision_device.this["`+ownUUID+`"]`)
	says(t, strings.Join(told(j), ""), "waits for a person")
	says(t, j.run(0, "find", "KIND=virtual_machine"), "is in site ams")
}

// change is an entry of NetBox's change log.
func change(id int, model string, at time.Time, before, after string) string {
	return fmt.Sprintf(`{"time":%q,"action":{"value":"update"},"changed_object_type":%q,"changed_object_id":%d,"prechange_data":%s,"postchange_data":%s}`,
		at.Format(time.RFC3339Nano), model, id, before, after)
}

// The change log finds the objects of events whose runs were cancelled: an older
// server has it elsewhere, filters that it ignores are applied again, and what
// applies write back does not count.
func TestStartGathers(t *testing.T) {
	now := time.Now().UTC()
	a, b := `{"name":"a","custom_fields":{"zabbix_hostid":null}}`, `{"name":"b","custom_fields":{"zabbix_hostid":null}}`
	written := `{"name":"a","last_updated":"x","custom_fields":{"zabbix_hostid":7}}`
	j := newJobs(t)
	j.answers("/api/core/object-changes/", "")
	changeLog := `{"results":[` + strings.Join([]string{
		change(12, "dcim.device", now, a, b), change(13, "dcim.device", now.Add(-time.Minute), a, b), change(14, "dcim.device", now, a, written),
		change(15, "dcim.device", now.Add(-time.Hour), a, b), change(16, "dcim.device", now, a, b), change(13, "dcim.rack", now, a, b),
		change(99, "ipam.ipaddress", now, a, b),
	}, ",") + `]}`
	j.answers("/api/extras/object-changes/", changeLog)
	j.answers("/api/ipam/ip-addresses/", `{"results":[{"id":99,"assigned_object":{"device":{"id":17}}}]}`)
	site := `,"site":{"slug":"ams"}}`
	j.answers("/api/dcim/devices/", `{"results":[{"id":12,"name":"a"`+site+`,{"id":13,"name":"b"`+site+`,{"id":14,"name":"c"`+site+
		`,{"id":15,"name":"d"`+site+`,{"id":16,"name":"e","site":{"slug":"fra"}},{"id":17,"name":"f"`+site+`]}`)
	gathered := filepath.Join(j.dir, "gathered.json")
	hook := []string{"TRIGGER=hook", "LOOKBACK=600", "WRITE_BACK_FIELD=zabbix_hostid", "GATHERED=" + gathered}
	says(t, j.run(0, "plan", hook...), "site ams: device 12, device 13, device 17\n")

	// They were planned: an event that is as old is done, a newer one is not, and
	// what it finds new is planned alone.
	event := func(at time.Time) []string {
		return append(slices.Clone(hook), "EVENT_TIME="+at.Format(time.RFC3339Nano))
	}
	says(t, j.run(0, "plan", event(now.Add(-time.Second))...), "an earlier run has planned this change")
	says(t, j.run(0, "plan", event(now.Add(time.Second))...), "site ams: device 12\n")
	// Without the file, or with one that cannot be read, all counts as new.
	for _, text := range []string{"{", `{"device/12": 7}`, `[]`} {
		if err := os.WriteFile(gathered, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		says(t, j.run(0, "plan", event(now)...), "everything counts as new", "device 12, device 13, device 17")
	}
	// No change log is not an empty one.
	j.answers("/api/extras/object-changes/", "")
	says(t, j.run(1, "plan", append(event(now), "GATHERED=")...), "may the token view object changes?")
	j.answers("/api/extras/object-changes/", changeLog)
	// A plan that fails has planned nothing.
	j.write("plan.json", "{}")
	_ = os.Remove(gathered)
	j.run(1, "plan", hook...)
	if text := j.read(gathered); text != "" {
		t.Errorf("a failed run wrote down %s", text)
	}
}

// The provider writes down which run of the CI it was.
func TestStartNamesTheRun(t *testing.T) {
	github := []string{"GITHUB_REPOSITORY=network/provision", "GITHUB_RUN_ID=7", "GITHUB_RUN_ATTEMPT=2"}
	gitlab := []string{"CI_PROJECT_PATH=network/provision", "CI_PIPELINE_ID=8", "CI_JOB_ID=9"}
	for name, c := range map[string]struct {
		vars []string
		want string
	}{
		"GitHub":            {github, "network/provision/7-2"},
		"GitLab":            {gitlab, "network/provision/pipeline-8/job-9"},
		"none":              {nil, ""},
		"given":             {append(slices.Clone(github), "PROVISION_RUN_ID=mine"), "mine"},
		"empty":             {append(slices.Clone(gitlab), "PROVISION_RUN_ID="), "network/provision/pipeline-8/job-9"},
		"too long a name":   {append(slices.Clone(github), "GITHUB_REPOSITORY="+strings.Repeat("a", 130)), "7-2"},
		"a name of its own": {append(slices.Clone(gitlab), "CI_PROJECT_PATH=_network/provision"), "gitlab-9"},
	} {
		j := newJobs(t)
		j.run(0, "plan", c.vars...)
		j.run(0, "apply", c.vars...)
		ids := regexp.MustCompile(`(?m)^PROVISION_RUN_ID=(.*)$`).FindAllStringSubmatch(j.read(j.fake, "environment"), -1)
		for _, id := range ids {
			if id[1] != c.want {
				t.Errorf("%s: the run is %q, want %q", name, id[1], c.want)
			}
		}
		if c.want != "" && len(ids) != 6 {
			t.Errorf("%s: %d calls of 6 know the run", name, len(ids))
		}
	}
}

// An event of an update that changed nothing is no reason to plan its object. It can
// have taken the place of others, whose objects are planned all the same.
func TestStartLeavesOutWhatChangedNothing(t *testing.T) {
	for changed, plans := range map[string]bool{
		"last_updated": false, "last_updated custom_fields.zabbix_hostid": false,
		"last_updated name": true, "last_updated custom_fields.owner": true, "": true,
	} {
		j := newJobs(t)
		hook := []string{"TRIGGER=hook", "CHANGED=" + changed, "WRITE_BACK_FIELD=zabbix_hostid"}
		out := j.run(0, "plan", hook...)
		if (j.calls() != "") != plans || strings.Contains(out, "nothing to plan") == plans {
			t.Errorf("%q: %s", changed, out)
		}
		j.answers("/api/dcim/devices/", `{"results":[{"id":12,"name":"a","site":{"slug":"ams"}},{"id":13,"name":"b","site":{"slug":"ams"}}]}`)
		j.answers("/api/core/object-changes/", `{"results":[`+change(13, "dcim.device", time.Now(), `{"name":"a"}`, `{"name":"b"}`)+`]}`)
		want := "site ams: device 13\n"
		if plans {
			want = "site ams: device 12, device 13\n"
		}
		says(t, j.run(0, "plan", hook...), want)
	}
}

// Nautobot's change log does not tell what an update changed: that of an event which
// changed nothing is left out as the event is.
func TestStartLeavesOutWhatChangedNothingInNautobot(t *testing.T) {
	j := newJobs(t)
	url, _ := strings.CutPrefix(j.env[0], "PROVISION_NETBOX_URL=")
	j.env = append(j.env, "PROVISION_NETBOX_URL=", "PROVISION_NAUTOBOT_URL="+url, "PROVISION_NAUTOBOT_TOKEN=t", "OBJECT_ID="+ownUUID)
	j.answers("/api/dcim/devices/", `{"results":[{"id":"`+ownUUID+`","name":"r1","location":{"id":"`+ownUUID+`"}}]}`)
	j.answers("/api/extras/object-changes/", `{"results":[{"time":"`+time.Now().UTC().Format(time.RFC3339)+`","changed_object_id":"`+ownUUID+`"}]}`)
	says(t, j.run(0, "plan", "TRIGGER=hook", "CHANGED=last_updated"), "there is nothing to plan")
	says(t, j.run(0, "plan", "TRIGGER=hook"), "site ams: device "+ownUUID)
}

// The sites of a hook's run are those of all that was changed and not planned yet. One
// that has no folder stops none of the others.
func TestStartFindsTheSitesOfAHook(t *testing.T) {
	j := newJobs(t)
	now := time.Now().UTC()
	j.answers("/api/dcim/devices/", `{"results":[{"id":12,"name":"a","site":{"slug":"ams"}},{"id":13,"name":"b","site":{"slug":"fra"}},{"id":14,"name":"c","site":{"slug":"lon"}}]}`)
	j.answers("/api/core/object-changes/", `{"results":[`+change(13, "dcim.device", now, `{"name":"a"}`, `{"name":"b"}`)+","+
		change(14, "dcim.device", now, `{"name":"a"}`, `{"name":"b"}`)+`]}`)
	out := filepath.Join(j.dir, "output")
	hook := []string{"TRIGGER=hook", "EVENT_TIME=" + now.Format(time.RFC3339Nano), "GATHERED=" + filepath.Join(j.dir, "gathered.json"), "GITHUB_OUTPUT=" + out}
	says(t, j.run(0, "find", hook...), "device 14: no folder in sites/ is called like its site ('lon'): it is left out", "ams\nfra\n")
	says(t, j.read(out), `sites=["ams", "fra"]`)
	j.run(0, "plan", append(hook, "SITE=fra")...)
	says(t, j.calls(), `-chdir=sites/fra plan`, `provision_device.this["13"]`)
	if strings.Contains(j.calls(), `["12"]`) {
		t.Errorf("it planned another site's device: %s", j.calls())
	}
	if got := j.run(0, "find", hook...); strings.Contains(got, "fra") {
		t.Errorf("it finds what was planned: %s", got)
	}
	j.run(0, "plan", append(hook, "SITE=ams")...)
	says(t, j.run(0, "find", append(hook, "OBJECT_ID=13", "EVENT_TIME="+now.Add(-time.Second).Format(time.RFC3339Nano))...), "an earlier run has planned this change of device 13")
	says(t, j.read(out), "sites=[]\n")
}

// The sites that wait for a person are those whose jobs have left a plan.
func TestStartNamesTheSitesThatWait(t *testing.T) {
	j := newJobs(t)
	out := filepath.Join(j.dir, "output")
	j.run(0, "pending", "GITHUB_OUTPUT="+out)
	says(t, j.read(out), "sites=[]\n")
	j.run(0, "plan", "RUN_DIR=kept/provision-run-ams")
	for _, name := range []string{"provision-run-fra/report.md", "other-fra/tfplan.enc"} {
		acctest.Put(t, filepath.Join(j.dir, "kept", name), "")
	}
	if got := j.run(0, "pending", "RUN_DIR=kept", "GITHUB_OUTPUT="+out); got != "ams\n" {
		t.Errorf("it says %q", got)
	}
	says(t, j.read(out), `sites=["ams"]`)
	if got := j.run(0, "pending", "RUN_DIR=kept/provision-run-ams"); got != "ams\n" { // one alone has no folder of its own
		t.Errorf("it says %q", got)
	}
	acctest.Put(t, filepath.Join(j.dir, "kept/provision-run-$(id)/tfplan.enc"), "")
	says(t, j.run(1, "pending", "RUN_DIR=kept"), "SITE: there is no folder")
}

func TestStartSealsThePlan(t *testing.T) {
	j := newJobs(t)
	for _, phrase := range []string{"", "short", passphrase + "\n"} {
		for _, name := range []string{"plan", "apply"} {
			says(t, j.run(1, name, "PLAN_PASSPHRASE="+phrase), "PLAN_PASSPHRASE is missing or shorter than 32 characters", "openssl rand -hex 32", "provision-plan")
		}
	}
	if j.calls() != "" || len(asked(j)) > 0 {
		t.Errorf("it went on: %s %q", j.calls(), asked(j))
	}
	j.run(0, "plan")
	if plain, sealed := j.read(j.dir, "provision-run/tfplan"), j.read(j.dir, "provision-run/tfplan.enc"); plain != "" || !strings.HasPrefix(sealed, "Salted__") {
		t.Errorf("%q %q", plain, sealed)
	}
	says(t, j.run(1, "apply", "PLAN_PASSPHRASE=another that is as long as is wanted"), "is PLAN_PASSPHRASE the same")
	j.run(0, "apply")
	says(t, j.calls(), "\napplied")
	if strings.Contains(j.read(j.fake, "environment"), passphrase) {
		t.Error("Terraform, and with it the configuration, sees the passphrase")
	}
	// An artifact that is gone.
	if err := os.RemoveAll(filepath.Join(j.dir, "provision-run")); err != nil {
		t.Fatal(err)
	}
	says(t, j.run(1, "apply"), "Start a new run")
}

// A cancelled job lets Terraform end in order: one interrupt, whatever comes.
func TestStartIsCancelled(t *testing.T) {
	j := newJobs(t)
	j.write("slow", "")
	cmd := j.command("plan", "AUTO_APPLY=ams")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { _, err := os.Stat(filepath.Join(j.fake, "applying")); return err == nil })
	for range 3 {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		waitFor(t, func() bool { return strings.Contains(j.calls(), "interrupted") })
	}
	if err := os.Remove(filepath.Join(j.fake, "slow")); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if got := j.calls(); strings.Count(got, "interrupted") != 1 || !strings.Contains(got, "\napplied") {
		t.Errorf("calls: %s", got)
	}
}

// A job that is cancelled while it tells of the plan applies nothing.
func TestStartIsCancelledBeforeTheApply(t *testing.T) {
	j := newJobs(t)
	cmd, begun := j.command("plan", "AUTO_APPLY=ams"), make(chan *os.Process, 1)
	j.meanwhile(func() {
		if err := (<-begun).Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
	})
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	begun <- cmd.Process
	if err := cmd.Wait(); err == nil {
		t.Error("a cancelled job succeeded")
	}
	says(t, out.String(), "site ams: cancelled before apply")
	if got := j.calls(); strings.Contains(got, " apply ") || !strings.Contains(got, " plan ") {
		t.Errorf("calls: %s", got)
	}
}

// waitFor waits for a condition.
func waitFor(t *testing.T, yes func() bool) {
	t.Helper()
	deadline, tick := time.After(2*time.Minute), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for !yes() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it did not come")
		}
	}
}

// What a webhook or a person gives reaches a run by the environment only.
func TestStartFilesOfTheCI(t *testing.T) {
	type step struct {
		Run string            `yaml:"run"`
		Env map[string]string `yaml:"env"`
	}
	var github struct {
		On struct {
			Dispatch struct {
				Inputs map[string]any `yaml:"inputs"`
			} `yaml:"workflow_dispatch"`
		} `yaml:"on"`
		Env  map[string]string `yaml:"env"`
		Jobs map[string]struct {
			Environment string `yaml:"environment"`
			Steps       []step `yaml:"steps"`
		} `yaml:"jobs"`
	}
	decode(t, "../../examples/ci/github/one-object.yml", &github)
	for name := range github.On.Dispatch.Inputs {
		if !strings.Contains(github.Env[strings.ToUpper(name)], "inputs."+name) {
			t.Errorf("the input %s does not reach the script: %v", name, github.Env)
		}
	}
	runs := []string{}
	for _, job := range github.Jobs {
		for _, s := range job.Steps {
			runs = append(runs, s.Run)
		}
	}
	if len(runs) < 10 {
		t.Errorf("%+v", github)
	}
	server := []string{"PROVISION_NAUTOBOT_TOKEN", "PROVISION_NETBOX_TOKEN"}
	all := append([]string{"PG_CONN_STR", "PLAN_PASSPHRASE", "PROVISION_CREDENTIALS_DEFAULT_PASSWORD", "PROVISION_CREDENTIALS_DEFAULT_PRIVATE_KEY"},
		append(server, "PROVISION_ZABBIX_TOKEN")...)
	for name, want := range map[string]struct {
		environment string
		secrets     []string
	}{
		"find": {"provision-plan", server}, "wait": {"", nil}, "plan": {"provision-plan", all}, "pending": {"", nil}, "apply": {"provision", all},
	} {
		job, secrets := github.Jobs[name], []string(nil)
		for _, s := range job.Steps {
			for key, value := range s.Env {
				if strings.Contains(value, "secrets.") {
					secrets = append(secrets, key)
				}
			}
		}
		slices.Sort(secrets)
		if job.Environment != want.environment || !slices.Equal(secrets, want.secrets) {
			t.Errorf("%s: environment %q and secrets %q, want %q and %q", name, job.Environment, secrets, want.environment, want.secrets)
		}
	}
	for _, run := range runs {
		if strings.Contains(run, "${{") {
			t.Errorf("a value is put into a shell line: %s", run)
		}
	}
	var gitlab map[string]struct {
		Script    []string          `yaml:"script"`
		Variables map[string]string `yaml:"variables"`
		Rules     []map[string]any  `yaml:"rules"`

		Environment struct{ Name, Action string } `yaml:"environment"`
	}
	decode(t, "../../examples/ci/gitlab/one-object.yml", &gitlab)
	lines := append(slices.Clone(gitlab[".one-object:plan"].Script), gitlab["one-object:apply"].Script...)
	bare := regexp.MustCompile(`(^|[^"])\$[A-Z{(]|\beval\b|` + "`")
	for _, line := range lines {
		if bare.MatchString(line) {
			t.Errorf("a value is used without quotes: %s", line)
		}
	}
	if plan, apply := gitlab[".one-object:plan"].Environment, gitlab["one-object:apply"].Environment; plan.Name != "provision-plan" || plan.Action != "prepare" || apply.Name != "provision" {
		t.Errorf("environments %v and %v", plan, apply)
	}
	if len(lines) < 4 || gitlab["one-object:apply"].Rules[0]["when"] != "manual" {
		t.Errorf("%+v", gitlab)
	}
}

func decode(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// Where there is no fleet, each object has a root by its kind, and a state by itself.
func TestStartWithoutAFleet(t *testing.T) {
	j := newJobs(t)
	acctest.Put(t, filepath.Join(j.dir, "own/device/main.tf"), "")
	j.answers("/api/dcim/devices/", `{"results":[{"id":12,"name":"r 1","site":{"slug":"ams","name":"Amsterdam"}},{"id":13,"name":"r2","site":{"slug":"fra","name":"Frankfurt"}}]}`)
	j.answers("/api/core/object-changes/", `{"results":[`+change(13, "dcim.device", time.Now(), `{"name":"a"}`, `{"name":"b"}`)+`]}`)
	j.plans(`{"address":"module.device.provision_device.this","mode":"managed","type":"provision_device","change":{"actions":["update"],"before":{},"after":{}}}`)
	own := []string{"OBJECTS=own"}
	says(t, j.run(0, "plan", own...), "It waits for a person")
	says(t, j.calls(), "-chdir=own/device init -no-color -backend-config=schema_name=device-12\n", " -var=name=r 1 -var=site=Amsterdam\n")
	says(t, j.read(j.fake, "environment"), "TF_DATA_DIR=.terraform-device-12\n")
	j.run(0, "apply", own...)
	says(t, j.calls(), "-chdir=own/device apply", "\napplied")
	says(t, j.run(0, "find", append(own, "SITE=device-13")...), "device-12\n") // never the state of another one
	hook := append(own, "TRIGGER=hook", "AUTO_APPLY=fra", "STATE=path=/states/{object}.tfstate")
	says(t, j.run(0, "find", hook...), "device-12\ndevice-13\n")
	says(t, j.run(0, "plan", append(hook, "SITE=device-12")...), "It waits for a person")
	says(t, j.run(0, "plan", append(hook, "SITE=device-13")...), "It is applied at once")
	says(t, j.calls(), "-backend-config=path=/states/device-13.tfstate\n")
	for _, wrong := range []string{"SITE=device-x", "SITE=own", "SITE=virtual_machine-5", "STATE=schema_name=all", "OBJECTS=$(id)"} {
		if out := j.run(1, "plan", append(hook, "SITE=device-12", wrong)...); !strings.Contains(out, strings.Split(wrong, "=")[0]+": ") {
			t.Errorf("%s: %s", wrong, out)
		}
	}
	says(t, j.run(1, "find", append(own, "KIND=virtual_machine", "OBJECT_ID=5")...), "virtual_machine 5: there is no folder own/virtual_machine")
}

// The site of an object in Nautobot is the one that the provider takes: the nearest
// location of the type of sites, else the topmost.
func TestStartWithoutAFleetInNautobot(t *testing.T) {
	j := newJobs(t)
	url, _ := strings.CutPrefix(j.env[0], "PROVISION_NETBOX_URL=")
	acctest.Put(t, filepath.Join(j.dir, "own/device/main.tf"), "")
	j.plans(`{"address":"module.device.provision_device.this","mode":"managed","type":"provision_device","change":{"actions":["update"],"before":{},"after":{}}}`)
	own := []string{"OBJECTS=own", "PROVISION_NETBOX_URL=", "PROVISION_NAUTOBOT_URL=" + url, "PROVISION_NAUTOBOT_TOKEN=t", "OBJECT_ID=" + ownUUID}
	const shelf = "33333333-3333-4333-8333-333333333333"
	place := func(id, name, more string) {
		j.answers("/api/dcim/locations/"+id+"/", `{"id":"`+id+`","name":"`+name+`"`+more+`}`)
	}
	j.answers("/api/dcim/devices/", `{"results":[{"id":"`+ownUUID+`","name":"r1","location":{"id":"`+shelf+`"}}]}`)
	place(shelf, "Shelf", `,"parent":{"id":"`+ownUUID+`"}`)
	j.run(0, "plan", own...)
	says(t, j.calls(), " -var=name=r1 -var=site=AMS\n")
	place(ownUUID, "Rack 7", `,"location_type":{"id":"`+siteUUID+`"},"parent":{"id":"`+siteUUID+`"}`)
	j.answers("/api/dcim/location-types/"+siteUUID+"/", `{"name":"site"}`)
	j.run(0, "plan", own...)
	says(t, j.calls(), " -var=name=r1 -var=site=Rack 7\n")
	j.run(0, "plan", append(own, "PROVISION_NAUTOBOT_LOCATION_TYPE=Campus")...)
	if n := strings.Count(j.calls(), "-var=site=AMS\n"); n != 2 {
		t.Errorf("with another type of sites: %s", j.calls())
	}
}

// Nothing that start.py is given can end a template or a string of it.
func TestStartSetUpRefuses(t *testing.T) {
	good := []string{"hook", "on", "--gitlab", "https://ci.example.net/a/b"}
	env := []string{"PATH=" + os.Getenv("PATH"), "PROVISION_NETBOX_URL=http://127.0.0.1:1", "PROVISION_NETBOX_TOKEN=t", "CI_TOKEN=c", "HOOK_SECRET=s"}
	for name, c := range map[string]struct {
		args, env []string
		want      string
	}{
		"page":      {[]string{"hook", "on", "--gitlab", "https://ci.example.net/a\"b"}, nil, "must not have"},
		"script":    {[]string{"button", "on", "--gitlab", "javascript:alert(1)"}, nil, "must not have"},
		"branch":    {append(slices.Clone(good), "--ref", "{{ 7*7 }}"), nil, "must not have"},
		"two":       {append(slices.Clone(good), "--github", "https://github.com/a/b"), nil, "not allowed with"},
		"no CI":     {good[:2], nil, "required"},
		"no server": {good, []string{"PROVISION_NETBOX_URL="}, "must be set"},
		"no answer": {good, nil, "GET http://127.0.0.1:1/api/status/"},
	} {
		cmd := exec.Command("python3", append([]string{"../../examples/source-of-truth/start.py"}, c.args...)...)
		cmd.Env = append(slices.Clone(env), c.env...)
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(acctest.Unwrap(string(out)), c.want) || strings.Contains(string(out), "Traceback") {
			t.Errorf("%s: %v %s", name, err, out)
		}
	}
}

// says checks that an output has these texts.
func says(t *testing.T, out string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(out, text) {
			t.Errorf("it does not say %q:\n%s", text, out)
		}
	}
}
