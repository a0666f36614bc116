//go:build lab

package provider_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provider/acctest"
)

// burstSites are the sites of a burst.
var burstSites = []string{"ams1", "fra1", "lon1"}

// burstRouter is a router as a burst knows it.
type burstRouter struct {
	host    string
	port    int
	running func() string
}

// burst is a real NetBox with routers in three sites, whose changes come as webhooks,
// many at once. All of the routers are managed, and have nothing to do before.
type burst struct {
	*startWorld
	routers []burstRouter // of the site that is their number modulo three
	calls   string        // file: how the runs called Terraform
	events  string        // file: what the provider did
}

// newBurst makes one of a world without devices.
func newBurst(t *testing.T, w *startWorld, routers []burstRouter) *burst {
	t.Helper()
	work := t.TempDir()
	b := &burst{startWorld: w, routers: routers, calls: filepath.Join(work, "calls"), events: filepath.Join(work, "events.jsonl")}
	n := newNetBoxEstate(w.a)
	for i, r := range routers {
		device, _ := n.reachable(fmt.Sprintf("burst%d", i), n.named("dcim/sites/", b.site(i), nil), r.host)
		w.devices = append(w.devices, device)
	}
	b.intendAll(len(routers), 0)
	b.roots(work)
	acctest.Put(t, filepath.Join(work, "terraform"), "#!/bin/sh\necho \"$*\" >>"+b.calls+"\nexec terraform \"$@\"\n")
	if err := os.Chmod(filepath.Join(work, "terraform"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.env = append(w.env, "TERRAFORM="+filepath.Join(work, "terraform"))
	return b
}

// site is that of a router.
func (b *burst) site(router int) string { return burstSites[router%len(burstSites)] }

// intendAll changes what the first so many routers shall be, in one request.
func (b *burst) intendAll(routers, round int) {
	b.t.Helper()
	var all []map[string]any
	for _, id := range b.devices[:routers] {
		all = append(all, map[string]any{"id": id, "local_context_data": map[string]any{"intended": fmt.Sprintf("interface lo\n description change %d\nexit\n", round)}})
	}
	b.a.call(http.MethodPatch, "dcim/devices/", all)
}

// roots writes the roots of the sites, with states in a folder, and applies them from
// a copy of the repository.
func (b *burst) roots(states string) {
	b.t.Helper()
	for i, site := range burstSites {
		text := strings.NewReplacer(
			`"quay"`, acctest.Quote(site),
			"default = var.login", fmt.Sprintf("default = merge(var.login, { port = %d })", b.routers[i].port),
			"  ssh  ", "  events_file = "+acctest.Quote(b.events)+"\n\n  ssh  ",
		).Replace(b.read("sites/quay/main.tf"))
		text += fmt.Sprintf("\nterraform {\n  backend \"local\" {\n    path = %q\n  }\n}\n", filepath.Join(states, site+".tfstate"))
		acctest.Put(b.t, filepath.Join(b.dir, "sites", site, "main.tf"), text)
	}
	copied := b.t.TempDir()
	copyInto(b.t, copied, b.dir)
	var all sync.WaitGroup
	for _, site := range burstSites {
		all.Go(func() {
			for _, args := range [][]string{{"init"}, {"apply", "-auto-approve"}} {
				cmd := exec.Command("terraform", append([]string{"-chdir=" + filepath.Join(copied, "sites", site)}, args...)...)
				cmd.Env = b.env
				if out, err := cmd.CombinedOutput(); err != nil {
					b.t.Errorf("site %s: %q: %v:\n%s", site, args, err, out)
				}
			}
		})
	}
	all.Wait()
	if err := os.Remove(b.events); err != nil {
		b.t.Fatal(err)
	}
}

// changes is how many a burst has.
const changes = 200

// fire makes the changes, and gives the event of each as the hook tells of it.
func (b *burst) fire() []event {
	b.t.Helper()
	var events []event
	for round := 1; len(events) < changes; round++ {
		at := time.Now().UTC().Format(time.RFC3339Nano)
		n := min(len(b.devices), changes-len(events))
		b.intendAll(n, round)
		for _, id := range b.devices[:n] {
			events = append(events, event{
				"KIND": "device", "OBJECT_ID": fmt.Sprint(id), "TRIGGER": "hook", "ACTOR": "admin", "EVENT_TIME": at, "CHANGED": "last_updated local_context_data",
			})
		}
	}
	return events
}

// delivered makes the changes, and gives the events that NetBox's own webhooks brought
// to GitHub, as they came.
func (b *burst) delivered() []event {
	b.t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	b.ci = startCI(b.t, l)
	b.t.Cleanup(func() { b.setUp("hook", "off", "--github", ciProject) })
	b.setUp("hook", "on", "--github", ciProject, "--api", b.ci.url)
	var events []event
	var got sync.WaitGroup
	got.Go(func() {
		for late := time.After(10 * time.Minute); len(events) < changes; {
			select {
			case e := <-b.ci.events:
				events = append(events, e)
			case <-late:
				b.t.Errorf("%d webhooks came", len(events))
				return
			}
		}
	})
	b.fire()
	got.Wait()
	return events
}

// once checks that each site was planned and applied once, with all of its routers,
// and that the later runs, so many times, found that it was.
func (b *burst) once(out string, later int) {
	b.t.Helper()
	calls, events := contents(b.t, b.calls), contents(b.t, b.events)
	for _, site := range burstSites {
		for _, command := range []string{"plan", "apply"} {
			if n := strings.Count(calls, "-chdir=sites/"+site+" "+command+" "); n != 1 {
				b.t.Errorf("site %s: %d times %s, want one:\n%s", site, n, command, calls)
			}
		}
	}
	for i, r := range b.routers {
		name := fmt.Sprintf("burst%d", i)
		if n := len(regexp.MustCompile(`"name":"`+name+`".*"outcome":"applied"`).FindAllString(events, -1)); n != 1 {
			b.t.Errorf("%s was changed %d times, want once:\n%s", name, n, events)
		}
		says(b.t, r.running(), fmt.Sprintf("description change %d\n", (changes-1-i)/len(b.routers)+1))
	}
	if n := strings.Count(out, "an earlier run has planned this change"); n != later {
		b.t.Errorf("%d later jobs ended at once, want %d:\n%s", n, later, out)
	}
}

// contents is the text of a file.
func contents(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// queued are the events whose runs GitHub begins, of those that come in the minute of
// the first: in the group of the job that waits one is at work and one waits, and who
// comes takes the place of that one.
func queued(t *testing.T, file string, events []event) []event {
	t.Helper()
	var workflow struct {
		Jobs map[string]struct {
			Needs       any
			Concurrency struct {
				Group  string
				Cancel bool `yaml:"cancel-in-progress"`
			}
		}
	}
	decode(t, file, &workflow)
	wait := workflow.Jobs["wait"]
	if group := wait.Concurrency.Group; wait.Needs != nil || group == "" || strings.Contains(group, "$") || wait.Concurrency.Cancel {
		t.Fatalf("not all hooks wait first, in one group: %+v", wait)
	}
	var begun []event
	for _, e := range events {
		begun = append(begun[:min(1, len(begun))], e)
	}
	return begun
}

// Two hundred changes of routers in three sites come from a real NetBox as two hundred
// webhooks, and become one plan and one apply a site, by GitHub's file.
func TestLabStartManyAtGitHub(t *testing.T) {
	env := serverEnv(t, "PROVISION_NETBOX")
	w := newStartWorld(t, 6, "PROVISION_NETBOX_", env["NETBOX_URL"], env["NETBOX_TOKEN"])
	var routers []burstRouter
	for _, r := range w.routers {
		routers = append(routers, burstRouter{r.Server().Host(), r.Server().Port(), r.Running})
	}
	b := newBurst(t, w, routers)
	events := b.delivered()
	stubSleep(t) // the minute is over when the changes are made
	h := b.hub()
	var outputs [2]strings.Builder
	var all sync.WaitGroup
	begun := queued(t, filepath.Join(h.dir, ".github/workflows/one-object.yml"), events)
	for n, e := range begun {
		cmd := h.started(e)
		cmd.Stdout, cmd.Stderr = &outputs[n], &outputs[n]
		all.Go(func() {
			if err := cmd.Run(); err != nil {
				t.Errorf("%v: %v:\n%s", e, err, outputs[n].String())
			}
		})
	}
	all.Wait()
	b.once(outputs[0].String()+outputs[1].String(), len(burstSites))
}

// stubSleep has runs of act not wait.
func stubSleep(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	acctest.Put(t, filepath.Join(dir, "sleep"), "#!/bin/sh\n")
	if err := os.Chmod(filepath.Join(dir, "sleep"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// hub is the repository at GitHub, where updates of all three sites are applied
// without a person.
func (b *burst) hub() *hub {
	b.t.Helper()
	all := variables(b.env)
	env := variables(b.env, "PATH", "HOME", "PROVISION_NETBOX_TOKEN", "PROVISION_NETBOX_URL", "REPORT_URL", "GATHERED", "PLAN_PASSPHRASE") // which the workflow sets
	h := newHub(b.t, b.dir, map[string]string{"PROVISION_NETBOX_TOKEN": all["PROVISION_NETBOX_TOKEN"], "PLAN_PASSPHRASE": passphrase},
		map[string]string{"PROVISION_NETBOX_URL": all["PROVISION_NETBOX_URL"]}, env)
	file := filepath.Join(h.dir, ".github/workflows/one-object.yml")
	acctest.Put(b.t, file, strings.Replace(contents(b.t, file), `AUTO_APPLY: ""`, `AUTO_APPLY: "`+strings.Join(burstSites, " ")+`"`, 1))
	h.commit()
	return h
}

// The same by GitLab's file, on real routers. Its pipelines all run, one after the
// other: here the first and the last. That each of them ends at once which comes after
// the first, in whatever order, TestStartOfManyEvents shows with the script.
func TestLabStartManyAtGitLab(t *testing.T) {
	lab, env := acctest.ReadLab(t), serverEnv(t, "PROVISION_NETBOX")
	w := newStartWorld(t, 0, "PROVISION_NETBOX_", env["NETBOX_URL"], env["NETBOX_TOKEN"])
	var routers []burstRouter
	for _, name := range []string{"r1", "r2", "r3"} {
		lab.KeepRouter(t, name)
		n := lab.Node(t, name)
		running := func() string { return lab.Script(t, "", "exec", name, "vtysh", "-c", "show running-config") }
		routers = append(routers, burstRouter{n.Host, n.Port, running})
		w.env = append(w.env, "TF_VAR_known_hosts="+filepath.Join(lab.Dir, "known_hosts"),
			fmt.Sprintf(`TF_VAR_login={"username":%q,"password":%q,"port":%d}`, n.User, n.Password, n.Port))
	}
	b := newBurst(t, w, routers)
	events := b.fire()
	g := newGitLab(t, b.dir, append(b.env, "GATHERED=", "KIND=", "OBJECT_ID=", "ACTOR="))
	g.Edit("ci/one-object.yml", `AUTO_APPLY=""`, `AUTO_APPLY="`+strings.Join(burstSites, " ")+`"`)
	g.Commit()
	var said strings.Builder
	for _, e := range []event{events[0], events[changes-1]} {
		said.WriteString(g.Run(0, e))
	}
	b.once(said.String(), 1)
}
