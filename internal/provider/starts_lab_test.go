//go:build lab

package provider_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/netprovision/terraform-provider-provision/internal/device/frr/frrsim"
	"github.com/netprovision/terraform-provider-provision/internal/device/ssh/sshtest"
	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

const (
	hookSecret = "what webhooks are signed with"
	ciToken    = "glptt-0123456789"
	ciProject  = "https://ci.example.net/network/provision"
	hostile    = "$(touch x)"
)

// event is what the source of truth sent to the CI: the variables of a run.
type event map[string]string

// ci is the part of GitLab's and GitHub's API that starts runs, as strict as
// they are.
type ci struct {
	t      *testing.T
	url    string
	events chan event
}

// startCI listens for webhooks.
func startCI(t *testing.T, l net.Listener) *ci {
	c := &ci{t: t, url: "http://" + l.Addr().String(), events: make(chan event, 100)}
	server := &http.Server{Handler: c, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return c
}

// ServeHTTP answers as the CI would.
func (c *ci) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Error(err)
	}
	sum := hmac.New(sha512.New, []byte(hookSecret))
	sum.Write(body)
	if got := r.Header.Get("X-Hook-Signature"); got != hex.EncodeToString(sum.Sum(nil)) {
		c.t.Errorf("the signature %q is not that of %s", got, body)
	}
	vars, err := started(r, body)
	if err != nil {
		c.t.Errorf("the CI would refuse %s %s: %v: %s", r.Method, r.URL, err, body)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusCreated)
	c.events <- vars
}

// started gives the variables of the run that a call starts.
func started(r *http.Request, body []byte) (event, error) {
	var trigger struct {
		Token, Ref        string
		Variables, Inputs event
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(&trigger); err != nil {
		return nil, err
	}
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || trigger.Ref != "main" {
		return nil, errors.New("method, type or branch")
	}
	switch r.URL.EscapedPath() {
	case "/api/v4/projects/network%2Fprovision/trigger/pipeline":
		if trigger.Token != ciToken {
			return nil, errors.New("unauthorized")
		}
		return trigger.Variables, nil
	case "/repos/network/provision/actions/workflows/one-object.yml/dispatches":
		if r.Header.Get("Authorization") != "Bearer "+ciToken || trigger.Token != "" {
			return nil, errors.New("unauthorized")
		}
		vars := event{}
		for name, v := range trigger.Inputs {
			vars[strings.ToUpper(name)] = v
		}
		return vars, nil
	}
	return nil, errors.New("there is nothing at this path")
}

// next is the event that the server's own worker delivers next.
func (c *ci) next(kind string, id any) event {
	c.t.Helper()
	select {
	case e := <-c.events:
		if e["KIND"] != kind || e["OBJECT_ID"] != fmt.Sprint(id) || e["TRIGGER"] != "hook" || e["ACTOR"] == "" || e["EVENT_TIME"] == "" {
			c.t.Fatalf("the event is %v, want one of %s %v", e, kind, id)
		}
		return e
	case <-time.After(5 * time.Minute):
		c.t.Fatalf("no webhook came for %s %v", kind, id)
		return nil
	}
}

// namespaceListener listens at a private address in a network namespace of its
// own, because Nautobot sends no webhook to loopback.
func namespaceListener(t *testing.T) net.Listener {
	t.Helper()
	name, out := "pst"+strconv.Itoa(os.Getpid()), "psv"+strconv.Itoa(os.Getpid())
	ip := func(args ...string) {
		if text, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %q: %v: %s", args, err, text)
		}
	}
	subnet := fmt.Sprintf("10.203.%d.", os.Getpid()%250)
	ip("netns", "add", name)
	t.Cleanup(func() { ip("netns", "del", name) })
	ip("link", "add", out, "type", "veth", "peer", "name", "eth0", "netns", name)
	ip("address", "add", subnet+"1/30", "dev", out)
	ip("link", "set", out, "up")
	ip("-n", name, "address", "add", subnet+"2/30", "dev", "eth0")
	ip("-n", name, "link", "set", "eth0", "up")
	type result struct {
		net.Listener
		error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this
		fd, err := unix.Open("/run/netns/"+name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			err = unix.Setns(fd, unix.CLONE_NEWNET)
		}
		if err != nil {
			done <- result{nil, err}
			return
		}
		l, err := net.Listen("tcp4", subnet+"2:0")
		done <- result{l, err}
	}()
	r := <-done
	if r.error != nil {
		t.Fatal(r.error)
	}
	return r.Listener
}

// startWorld is a repository with a site, two routers and a virtual machine, and
// the source of truth that holds them.
type startWorld struct {
	t       *testing.T
	a       restAPI
	dir     string   // the repository
	env     []string // of the CI's jobs
	admin   []string // of who sets up button and hook
	ci      *ci
	routers []*frrsim.Router
	zabbix  *zabbixtest.Server

	devices []any // the ids of the two routers
	unready any   // a device without address
	machine any   // the virtual machine
	device  string
	vm      string
	notes   func(kind string, id any) []string
	intend  func(n int, text string) // changes what router n shall be, by a PATCH of it
	touch   func(n int)              // a PATCH of router n that no configuration depends on
	writes  func(n int)              // what applies write back, and a PATCH that changes nothing
	session func() *http.Client      // a person who is logged in
	pages   func(kind string, id any) string
	counts  map[string]int // what button and hook put where
	silent  bool           // the server has conditions: what changes nothing sends nothing
}

// newStartWorld makes the repository and so many routers. They listen at the same port
// of different addresses, as devices do.
func newStartWorld(t *testing.T, routers int, prefix, url, token string) *startWorld {
	t.Helper()
	w := &startWorld{t: t, dir: t.TempDir(), zabbix: zabbixtest.New(t, zabbixtest.Options{})}
	for from, to := range map[string]string{"testdata/starts": ".", "../../examples/ci/scripts": "ci/scripts"} {
		if err := os.CopyFS(filepath.Join(w.dir, to), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	users := map[string]sshtest.User{"netops": {Password: "simulated-Netops1"}}
	known, port := "", 0
	for n := range routers {
		r, err := frrsim.New(frrsim.Options{
			Address: fmt.Sprintf("127.0.0.%d:%d", n+1, port), Users: users,
			Startup: "frr version 8.4.4\nfrr defaults traditional\nhostname r\nservice integrated-vtysh-config\n!\ninterface lo\nexit\n!\nend\n",
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		w.routers, port = append(w.routers, r), r.Server().Port()
		known += r.Server().KnownHostsLine() + "\n"
	}
	server := []string{prefix + "URL=" + url, prefix + "TOKEN=" + token}
	w.admin = append(slices.Clone(server), "CI_TOKEN="+ciToken, "HOOK_SECRET="+hookSecret, "PATH="+os.Getenv("PATH"))
	w.env = append(slices.Clone(server), "PATH="+os.Getenv("PATH"), "HOME="+t.TempDir(), "TF_CLI_CONFIG_FILE="+mirror(t), "CHECKPOINT_DISABLE=1",
		"TF_VAR_known_hosts="+acctest.File(t, "known_hosts", known),
		fmt.Sprintf(`TF_VAR_login={"username":"netops","password":"simulated-Netops1","port":%d}`, port),
		"PROVISION_ZABBIX_URL="+w.zabbix.URL(), "PROVISION_ZABBIX_USERNAME=Admin", "PROVISION_ZABBIX_PASSWORD="+zabbixtest.AdminPassword,
		"REPORT_URL="+ciProject+"/-/pipelines/7", "WRITE_BACK_FIELD=zabbix_hostid", "PLAN_PASSPHRASE="+passphrase, "GATHERED="+filepath.Join(t.TempDir(), "gathered.json"))
	w.a = restAPI{t, url + "/api/", "Token " + token, t.Context()}
	if strings.HasPrefix(token, "nbt_") {
		w.a.auth = "Bearer " + token
	}
	return w
}

// mirror builds the provider into a mirror, from which `terraform init` installs
// it; it gives the CLI configuration that says so.
func mirror(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	place := filepath.Join(dir, "registry.terraform.io/netprovision/provision/0.0.1", runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(place, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(acctest.Binary(t), "terraform-provider-provision"), filepath.Join(place, "terraform-provider-provision_v0.0.1")); err != nil {
		t.Fatal(err)
	}
	return acctest.File(t, "terraformrc", fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", dir))
}

// script runs one-object.sh as a job of the CI does.
func (w *startWorld) script(code int, command string, vars ...string) string {
	w.t.Helper()
	cmd := exec.Command("ci/scripts/one-object.sh", command)
	cmd.Dir, cmd.Env = w.dir, append(slices.Clone(w.env), vars...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	text := acctest.Unwrap(string(out))
	if got := cmd.ProcessState.ExitCode(); got != code {
		w.t.Fatalf("one-object.sh %s with %q: exit code %d, want %d:\n%s", command, vars, got, code, out)
	}
	return text
}

// run plans for an event, and gives what was said and the result.
func (w *startWorld) run(e event, vars ...string) (string, map[string]any) {
	w.t.Helper()
	for name, v := range e {
		vars = append(vars, name+"="+v)
	}
	out := w.script(0, "plan", vars...)
	var result map[string]any
	if err := json.Unmarshal([]byte(w.read("provision-run/result.json")), &result); err != nil {
		w.t.Fatal(err)
	}
	return out, result
}

// read gives a file of the repository; "" if there is none.
func (w *startWorld) read(name string) string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Fatal(err)
	}
	return string(text)
}

// demand is a run that a person starts.
func demand(kind string, id any) event {
	return event{"KIND": kind, "OBJECT_ID": fmt.Sprint(id), "ACTOR": "ann"}
}

// setUp runs start.py, twice, because the second time must change nothing.
func (w *startWorld) setUp(args ...string) {
	w.t.Helper()
	for range 2 {
		cmd := exec.Command("python3", append([]string{"../../examples/source-of-truth/start.py"}, args...)...)
		cmd.Env = w.admin
		if out, err := cmd.CombinedOutput(); err != nil {
			w.t.Fatalf("start.py %q: %v: %s", args, err, out)
		}
	}
}

// holds counts the objects that start.py made.
func (w *startWorld) holds(what string, on bool) {
	w.t.Helper()
	for path, want := range w.counts {
		if !strings.HasPrefix(path, what) {
			continue
		}
		path = strings.TrimPrefix(path, what+" ")
		if !on {
			want = 0
		}
		list, _ := w.a.call(http.MethodGet, "extras/"+path+"/?limit=200", nil)["results"].([]any)
		names := slices.DeleteFunc(texts(list, "name"), func(n string) bool { return !strings.HasPrefix(n, "provision") })
		if len(names) != want {
			w.t.Errorf("%s: there are %q, want %d", path, names, want)
		}
	}
}

// page is a page of the server, as a person sees it.
func (w *startWorld) page(client *http.Client, kind string, id any) string {
	w.t.Helper()
	resp, err := client.Get(strings.TrimSuffix(w.a.base, "/api/") + w.pages(kind, id))
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: %s %v", resp.Request.URL, resp.Status, err)
	}
	return string(text)
}

// login logs in as people do.
func login(t *testing.T, base, user, password string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(base + "/login/")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	m := regexp.MustCompile(`name="csrfmiddlewaretoken" value="(\w+)"`).FindSubmatch(text)
	if err != nil || m == nil {
		t.Fatalf("the page of the login has no form: %v", err)
	}
	resp, err = client.PostForm(base+"/login/", url.Values{"csrfmiddlewaretoken": {string(m[1])}, "username": {user}, "password": {password}, "next": {"/"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK || strings.Contains(resp.Request.URL.Path, "login") {
		t.Fatalf("the login failed: %s", resp.Status)
	}
	return client
}

// TestLabStartNetBox starts runs for one object from a real NetBox.
func TestLabStartNetBox(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	startsRuns(t, netboxStarts(t), l)
}

// TestLabStartNautobot does so from a real Nautobot, whose worker it needs.
func TestLabStartNautobot(t *testing.T) {
	startsRuns(t, nautobotStarts(t), namespaceListener(t))
}

// startsRuns tries the three ways to start a run.
func startsRuns(t *testing.T, w *startWorld, l net.Listener) {
	w.ci = startCI(t, l)
	t.Cleanup(func() {
		w.setUp("hook", "off", "--gitlab", ciProject)
		w.setUp("button", "off", "--gitlab", ciProject)
	})
	w.intend(0, "interface lo\n description one\nexit\n")
	w.intend(1, "interface lo\n description two\nexit\n")
	for _, step := range []struct {
		name string
		run  func(*startWorld)
	}{
		{"on demand", (*startWorld).onDemand},
		{"button", (*startWorld).button},
		{"hook on", (*startWorld).hookOn},
		{"irrelevant", (*startWorld).irrelevant},
		{"nothing", (*startWorld).nothing},
		{"relevant", (*startWorld).relevant},
		{"without a person", (*startWorld).withoutPerson},
		{"together", (*startWorld).together},
		{"virtual machine", (*startWorld).virtualMachine},
		{"github", (*startWorld).github},
		{"off", (*startWorld).off},
	} {
		if !t.Run(step.name, func(t *testing.T) {
			part := *w
			other := *w.ci
			other.t, part.t, part.ci, part.a.t, part.a.ctx = t, t, &other, t, context.Background()
			step.run(&part)
		}) {
			return
		}
	}
	if found, err := filepath.Glob(filepath.Join(w.dir, "*/*/x")); err != nil || len(found) > 0 || w.read("x") != "" {
		t.Errorf("a device's name was run as a command: %q %v", found, err)
	}
	if _, err := os.Stat(filepath.Join(w.dir, "x")); err == nil {
		t.Error("a device's name was run as a command")
	}
}

func (w *startWorld) onDemand() {
	for n, id := range w.devices {
		// Nobody applies a new resource unasked, also where updates are.
		out, result := w.run(demand("device", id), "AUTO_APPLY=quay fra")
		says(w.t, out, "1 to add", "a person must agree", ": create")
		if result["pending"] != true || result["applied"] != false || result["site"] != "quay" {
			w.t.Errorf("the result is %v", result)
		}
		says(w.t, w.read("provision-run/report.md"), "Started by demand, ` ann `", fmt.Sprintf("+ description %s", []string{"one", "two"}[n]))
		if strings.Contains(w.routers[n].Running(), "description") {
			w.t.Error("a plan changed the router")
		}
		says(w.t, strings.Join(w.notes("device", id), "\n"), "waits for a person", "pipelines/7", "create")
		says(w.t, w.script(0, "apply", "ACTOR=bob"), "1 added")
		says(w.t, w.routers[n].Running(), "description "+[]string{"one", "two"}[n])
		says(w.t, w.script(0, "apply", "ACTOR=bob"), "nothing to apply")
	}
	says(w.t, w.read("provision-run/result.json"), `"applied": true`)
	out, _ := w.run(demand("virtual_machine", w.machine))
	says(w.t, out, "1 to add", "zabbix_agent_host.virtual_machine")
	w.script(0, "apply", "ACTOR=ann")
	if hosts := w.zabbix.Hosts(); len(hosts) != 1 {
		w.t.Errorf("Zabbix has %v", hosts)
	}
	says(w.t, w.script(1, "plan", "KIND=device", "OBJECT_ID="+fmt.Sprint(w.unready)), "not ready")
}

func (w *startWorld) button() {
	w.setUp("button", "on", "--gitlab", ciProject)
	w.holds("button", true)
	client := w.session()
	for kind, id := range map[string]any{"device": w.devices[0], "virtual_machine": w.machine} {
		want := fmt.Sprintf("%s/-/pipelines/new?ref=main&var[KIND]=%s&var[OBJECT_ID]=%v&var[TRIGGER]=button", ciProject, kind, id)
		if page := w.page(client, kind, id); !strings.Contains(html.UnescapeString(page), `href="`+want+`"`) {
			w.t.Errorf("the page of %s %v has no link to %s", kind, id, want)
		}
	}
	if page := w.page(client, "device", w.unready); strings.Contains(page, ciProject) {
		w.t.Error("a device that is not ready has the button")
	}
	// What the form sends.
	out, result := w.run(event{"KIND": "device", "OBJECT_ID": fmt.Sprint(w.devices[0]), "TRIGGER": "button", "ACTOR": "ann"})
	says(w.t, out, "Nothing to change")
	if result["changes"] != false {
		w.t.Errorf("the result is %v", result)
	}
	w.setUp("button", "on", "--github", ciProject)
	w.holds("button", true)
	page := w.page(client, "device", w.devices[0])
	says(w.t, page, fmt.Sprintf("Provision (device %v)", w.devices[0]), `href="`+ciProject+`/actions/workflows/one-object.yml"`)
	w.setUp("button", "off", "--github", ciProject)
	w.holds("button", false)
	if page := w.page(client, "device", w.devices[0]); strings.Contains(page, ciProject) {
		w.t.Error("there is still a button")
	}
}

func (w *startWorld) hookOn() {
	w.touch(0) // nobody listens yet
	w.setUp("hook", "on", "--gitlab", ciProject, "--api", w.ci.url+"/api/v4")
	w.holds("hook", true)
}

func (w *startWorld) irrelevant() {
	before := w.notes("device", w.devices[0])
	w.touch(0)
	out, result := w.run(w.ci.next("device", w.devices[0]))
	says(w.t, out, "No changes", "Nothing to change")
	if result["changes"] != false || result["pending"] != false {
		w.t.Errorf("the result is %v", result)
	}
	if after := w.notes("device", w.devices[0]); len(after) != len(before) {
		w.t.Errorf("an empty plan of a hook is told of: %q", after)
	}
}

// nothing is what must start no run: else an apply that writes back would start
// the next one.
func (w *startWorld) nothing() {
	w.writes(0)
	if w.silent {
		return // the next step sees that nothing came
	}
	for range 2 {
		out, result := w.run(w.ci.next("device", w.devices[0]))
		says(w.t, out, "there is nothing to plan")
		if strings.Contains(out, "Terraform") || result["changes"] != false {
			w.t.Errorf("it planned: %s", out)
		}
	}
}

func (w *startWorld) relevant() {
	w.intend(0, "interface lo\n description one anew\nexit\n")
	out, result := w.run(w.ci.next("device", w.devices[0]))
	says(w.t, out, "1 to change", "It waits for a person")
	if result["pending"] != true {
		w.t.Errorf("the result is %v", result)
	}
	says(w.t, w.read("provision-run/report.md"), hostile, "+ description one anew", "Started by hook")
	notes := w.notes("device", w.devices[0])
	says(w.t, notes[len(notes)-1], "Plan by hook", "update", "waits for a person", "[Report]("+ciProject+"/-/pipelines/7)")
	if strings.Contains(w.routers[0].Running(), "anew") {
		w.t.Error("the hook applied without a person")
	}
	says(w.t, w.script(0, "apply", "ACTOR=ann"), "1 changed")
	says(w.t, w.routers[0].Running(), "description one anew")
}

func (w *startWorld) withoutPerson() {
	w.intend(0, "interface lo\n description by itself\nexit\n")
	e := w.ci.next("device", w.devices[0])
	out, result := w.run(e, "AUTO_APPLY=quay", "TF_VAR_replace_config=true")
	says(w.t, out, "a person must agree", "replaces the whole configuration")
	if result["pending"] != true || strings.Contains(w.routers[0].Running(), "by itself") {
		w.t.Errorf("the result is %v", result)
	}
	w.intend(0, "interface lo\n description all by itself\nexit\n")
	out, result = w.run(w.ci.next("device", w.devices[0]), "AUTO_APPLY=quay")
	says(w.t, out, "1 changed", "applied at once")
	if result["applied"] != true || result["pending"] != false {
		w.t.Errorf("the result is %v", result)
	}
	says(w.t, w.routers[0].Running(), "description all by itself")
}

// together is two events within the window, which become one run.
func (w *startWorld) together() {
	w.intend(0, "interface lo\n description together one\nexit\n")
	first := w.ci.next("device", w.devices[0])
	w.intend(1, "interface lo\n description together two\nexit\n")
	second := w.ci.next("device", w.devices[1])
	// GitLab: the first of them goes when a minute is over, and does all.
	out, _ := w.run(first)
	says(w.t, out, "2 to change")
	says(w.t, w.read("provision-run/report.md"), "together one", "together two")
	for _, id := range w.devices {
		notes := w.notes("device", id)
		says(w.t, notes[len(notes)-1], "waits for a person")
	}
	out, _ = w.run(second)
	says(w.t, out, "an earlier run has planned this change")
	// GitHub: the first is cancelled, the second does all.
	out, _ = w.run(second, "GATHERED=")
	says(w.t, out, "2 to change")
	says(w.t, w.script(0, "apply", "ACTOR=ann"), "2 changed")
	says(w.t, w.routers[0].Running()+w.routers[1].Running(), "together one", "together two")
}

func (w *startWorld) virtualMachine() {
	w.a.call(http.MethodPatch, w.vm+fmt.Sprint(w.machine)+"/", map[string]any{"name": "starts web"})
	out, result := w.run(w.ci.next("virtual_machine", w.machine), "AUTO_APPLY=quay")
	says(w.t, out, "1 to change")
	if hosts := w.zabbix.Hosts(); result["applied"] != true || len(hosts) != 1 || hosts[0] != "starts web" {
		w.t.Errorf("the result is %v, Zabbix has %q", result, hosts)
	}
}

func (w *startWorld) github() {
	w.setUp("hook", "on", "--github", ciProject, "--api", w.ci.url)
	w.holds("hook", true)
	w.touch(1)
	e := w.ci.next("device", w.devices[1])
	says(w.t, w.script(0, "find", "KIND="+e["KIND"], "OBJECT_ID="+e["OBJECT_ID"]), "is in site quay")
}

func (w *startWorld) off() {
	w.setUp("hook", "off", "--github", ciProject)
	w.holds("hook", false)
	select {
	case e := <-w.ci.events:
		w.t.Errorf("an event came that nobody waited for: %v", e)
	default:
	}
}

// netboxEstate makes devices in a real NetBox, whose configuration is in their context.
type netboxEstate struct {
	a              restAPI
	template, kind any
}

func newNetBoxEstate(a restAPI) netboxEstate {
	a.t.Helper()
	n := netboxEstate{a: a}
	n.template = n.add("extras/config-templates/", map[string]any{"name": "starts", "template_code": "{{ intended }}"})
	a.put("extras/custom-fields/", url.Values{"name": {"zabbix_hostid"}}, map[string]any{
		"name": "zabbix_hostid", "type": "integer", "object_types": []string{"dcim.device", "virtualization.virtualmachine"},
	})
	n.kind = n.named("dcim/device-types/", "starts", map[string]any{"model": "starts", "manufacturer": n.named("dcim/manufacturers/", "starts", nil)})
	return n
}

// add makes an object that is taken away at the end of the test.
func (n netboxEstate) add(path string, body map[string]any) any {
	n.a.t.Helper()
	id := n.a.call(http.MethodPost, path, body)["id"]
	n.a.remove(fmt.Sprintf("%s%v/", path, id))
	return id
}

// named is an object with a slug, which is made if it is not there.
func (n netboxEstate) named(path, name string, more map[string]any) any {
	n.a.t.Helper()
	body := map[string]any{"name": name, "slug": name}
	maps.Copy(body, more)
	return n.a.put(path, url.Values{"slug": {name}}, body)
}

// device is a device without an address.
func (n netboxEstate) device(name string, site any) any {
	n.a.t.Helper()
	return n.add("dcim/devices/", map[string]any{
		"name": name, "status": "active", "device_type": n.kind, "config_template": n.template, "site": site,
		"role": n.named("dcim/device-roles/", "starts", nil), "platform": n.named("dcim/platforms/", "frr", nil),
	})
}

// address gives a device or virtual machine its primary address, on a port of it.
// Devices may have the same one.
func (n netboxEstate) address(path string, owner any, ip, model string, port any) any {
	n.a.t.Helper()
	id := n.add("ipam/ip-addresses/", map[string]any{"address": ip, "role": "anycast", "assigned_object_type": model, "assigned_object_id": port})
	n.a.call(http.MethodPatch, fmt.Sprintf("%s%v/", path, owner), map[string]any{"primary_ip4": id})
	return id
}

// reachable is a device with an address.
func (n netboxEstate) reachable(name string, site any, ip string) (device, address any) {
	n.a.t.Helper()
	device = n.device(name, site)
	port := n.a.call(http.MethodPost, "dcim/interfaces/", map[string]any{"device": device, "name": "mgmt0", "type": "virtual"})["id"]
	return device, n.address("dcim/devices/", device, ip+"/32", "dcim.interface", port)
}

// netboxStarts is the world of a real NetBox.
func netboxStarts(t *testing.T) *startWorld {
	t.Helper()
	env := serverEnv(t, "PROVISION_NETBOX")
	w := newStartWorld(t, 2, "PROVISION_NETBOX_", env["NETBOX_URL"], env["NETBOX_TOKEN"])
	w.device, w.vm, w.silent = "dcim/devices/", "virtualization/virtual-machines/", true
	w.counts = map[string]int{"button custom-links": 2, "hook webhooks": 1, "hook event-rules": 3}
	n := newNetBoxEstate(w.a)
	site := n.named("dcim/sites/", "quay", nil)
	addresses := []any{}
	for i, name := range []string{hostile, "starts two"} {
		device, address := n.reachable(name, site, fmt.Sprintf("127.0.0.%d", i+1))
		w.devices, addresses = append(w.devices, device), append(addresses, address)
	}
	w.unready = n.device("starts unready", site)
	w.machine = n.add(w.vm, map[string]any{"name": "starts vm", "status": "active", "site": site})
	port := w.a.call(http.MethodPost, "virtualization/interfaces/", map[string]any{"virtual_machine": w.machine, "name": "eth0"})["id"]
	n.address(w.vm, w.machine, "192.0.2.80/32", "virtualization.vminterface", port)
	patch := func(n int, body map[string]any) {
		w.a.call(http.MethodPatch, fmt.Sprintf("%s%v/", w.device, w.devices[n]), body)
	}
	w.intend = func(n int, text string) {
		patch(n, map[string]any{"local_context_data": map[string]any{"intended": text}})
	}
	// A DNS name fires no event of the device.
	w.touch = func(n int) {
		w.a.call(http.MethodPatch, fmt.Sprintf("ipam/ip-addresses/%v/", addresses[n]), map[string]any{"dns_name": fmt.Sprintf("r%d.example.net", time.Now().UnixNano())})
	}
	w.writes = func(n int) {
		patch(n, map[string]any{"custom_fields": map[string]any{"zabbix_hostid": time.Now().Unix() % 100000}})
		patch(n, map[string]any{"status": "active"})
	}
	w.notes = func(kind string, id any) []string {
		model := map[string]string{"device": "dcim.device", "virtual_machine": "virtualization.virtualmachine"}[kind]
		list, _ := w.a.call(http.MethodGet, fmt.Sprintf("extras/journal-entries/?assigned_object_type=%s&assigned_object_id=%v&ordering=id", model, id), nil)["results"].([]any)
		return texts(list, "comments")
	}
	w.session = func() *http.Client { return login(t, env["NETBOX_URL"], env["NETBOX_USER"], env["NETBOX_PASSWORD"]) }
	w.pages = func(kind string, id any) string {
		return fmt.Sprintf("/%s%v/", map[string]string{"device": w.device, "virtual_machine": w.vm}[kind], id)
	}
	return w
}

// nautobotStarts is the world of a real Nautobot.
func nautobotStarts(t *testing.T) *startWorld {
	t.Helper()
	env := serverEnv(t, "PROVISION_NAUTOBOT")
	w := newStartWorld(t, 2, "PROVISION_NAUTOBOT_", env["NAUTOBOT_URL"], env["NAUTOBOT_TOKEN"])
	w.device, w.vm = "dcim/devices/", "virtualization/virtual-machines/"
	w.counts = map[string]int{"button custom-links": 2, "hook webhooks": 1}
	a := w.a
	find := func(path, field, value string) any { return a.put(path, url.Values{field: {value}}, nil) }
	add := func(path string, body map[string]any) any {
		id := a.call(http.MethodPost, path, body)["id"]
		a.remove(fmt.Sprintf("%s%v/", path, id))
		return id
	}
	active, global := find("extras/statuses/", "name", "Active"), find("ipam/namespaces/", "name", "Global")
	for _, prefix := range []string{"127.0.0.0/24", "203.0.113.0/24"} {
		a.put("ipam/prefixes/", url.Values{"prefix": {prefix}}, map[string]any{"prefix": prefix, "status": active, "namespace": global})
	}
	platform := add("dcim/platforms/", map[string]any{"name": "starts frr", "network_driver": "frr"})
	// A site of its own, because a run plans all that changed in its site, also what other tests changed.
	quay := add("dcim/locations/", map[string]any{
		"name": "quay", "status": active, "location_type": find("dcim/location-types/", "name", "Site"), "parent": find("dcim/locations/", "name", "europe"),
	})
	cluster := add("virtualization/clusters/", map[string]any{
		"name": "starts", "cluster_type": find("virtualization/cluster-types/", "name", "KVM"), "location": quay,
	})
	device := func(name string) any {
		return add(w.device, map[string]any{
			"name": name, "status": active, "platform": platform, "role": find("extras/roles/", "name", "edge"),
			"location": quay, "device_type": find("dcim/device-types/", "model", "virtual"),
		})
	}
	stored := []any{}
	for n, name := range []string{hostile, "starts two"} {
		id := device(name)
		address := add("ipam/ip-addresses/", map[string]any{"address": fmt.Sprintf("127.0.0.%d/32", n+1), "status": active, "namespace": global})
		port := a.call(http.MethodPost, "dcim/interfaces/", map[string]any{"device": id, "name": "mgmt0", "type": "virtual", "status": active})["id"]
		a.call(http.MethodPost, "ipam/ip-address-to-interface/", map[string]any{"ip_address": address, "interface": port})
		a.call(http.MethodPatch, fmt.Sprintf("%s%v/", w.device, id), map[string]any{"primary_ip4": address})
		a.inScope("golden config", name)
		stored = append(stored, a.call(http.MethodPost, "plugins/golden-config/golden-config/", map[string]any{"device": id})["id"])
		w.devices = append(w.devices, id)
	}
	w.unready = device("starts unready")
	w.machine = add(w.vm, map[string]any{"name": "starts vm", "status": active, "cluster": cluster})
	address := add("ipam/ip-addresses/", map[string]any{"address": "203.0.113.80/32", "status": active, "namespace": global})
	port := a.call(http.MethodPost, "virtualization/interfaces/", map[string]any{"virtual_machine": w.machine, "name": "eth0", "status": active})["id"]
	a.call(http.MethodPost, "ipam/ip-address-to-interface/", map[string]any{"ip_address": address, "vm_interface": port})
	a.call(http.MethodPatch, fmt.Sprintf("%s%v/", w.vm, w.machine), map[string]any{"primary_ip4": address})
	patch := func(n int, body map[string]any) {
		w.a.call(http.MethodPatch, fmt.Sprintf("%s%v/", w.device, w.devices[n]), body)
	}
	// A new intended configuration is no event of the device; what it was made of is.
	w.intend = func(n int, text string) {
		now := time.Now().UTC().Format(time.RFC3339)
		w.a.call(http.MethodPatch, fmt.Sprintf("plugins/golden-config/golden-config/%v/", stored[n]), map[string]any{
			"intended_config": text, "intended_last_attempt_date": now, "intended_last_success_date": now,
		})
		patch(n, map[string]any{"comments": text})
	}
	w.touch = func(n int) { patch(n, map[string]any{"asset_tag": fmt.Sprint(time.Now().UnixNano())}) }
	w.writes = func(n int) {
		patch(n, map[string]any{"custom_fields": map[string]any{"zabbix_hostid": time.Now().Unix() % 100000}})
		patch(n, map[string]any{"status": active})
	}
	w.notes = func(kind string, id any) []string {
		path := map[string]string{"device": w.device, "virtual_machine": w.vm}[kind]
		list, _ := w.a.call(http.MethodGet, fmt.Sprintf("%s%v/notes/", path, id), nil)["results"].([]any)
		return texts(list, "note")
	}
	add("users/users/", map[string]any{"username": "starts", "password": "starts-Nautobot-1", "is_superuser": true, "is_staff": true})
	w.session = func() *http.Client { return login(t, env["NAUTOBOT_URL"], "starts", "starts-Nautobot-1") }
	w.pages = func(kind string, id any) string {
		return fmt.Sprintf("/%s%v/", map[string]string{"device": w.device, "virtual_machine": w.vm}[kind], id)
	}
	return w
}
