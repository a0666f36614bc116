//go:build lab

package zabbixagenthost

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/netprovision/terraform-provider-provision/internal/provider/client"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// object is an object of Zabbix's API.
type object = map[string]any

// labRig is a rig on a real Zabbix, with the API as somebody uses it by hand.
type labRig struct {
	*rig
	env map[string]string
	api *api.Client
}

func newLabRig(t *testing.T, env map[string]string) labRig {
	t.Helper()
	r := rigOn(t, client.ZabbixLogin{URL: env["ZABBIX_URL"], Username: env["ZABBIX_USER"], Password: env["ZABBIX_PASSWORD"], Prefetch: true})
	a, err := api.New(api.Config{URL: env["ZABBIX_URL"], Username: env["ZABBIX_USER"], Password: env["ZABBIX_PASSWORD"]})
	if err != nil {
		t.Fatal(err)
	}
	return labRig{r, env, a}
}

// onLab runs a test on both real Zabbix.
func onLab(t *testing.T, test func(r labRig)) {
	for _, version := range []string{"60", "70"} {
		t.Run(version, func(t *testing.T) { test(newLabRig(t, labEnv(t, version))) })
	}
}

// call makes a call by hand, and reads its result into to unless that is nil.
func (r labRig) call(method string, params, to any) {
	r.t.Helper()
	answers, err := r.api.Write(context.Background(), api.Call{Method: method, Params: params})
	if err == nil {
		err = answers[0].Err
	}
	if err == nil && to != nil {
		err = answers[0].Into(to)
	}
	if err != nil {
		r.t.Fatalf("%s: %v", method, err)
	}
}

// made calls a create, has what it made deleted in the end, and gives its id.
func (r labRig) made(kind, key string, params object) string {
	r.t.Helper()
	var ids map[string][]string
	r.call(kind+".create", params, &ids)
	id := ids[key][0]
	r.t.Cleanup(func() { r.call(kind+".delete", []string{id}, nil) })
	return id
}

// group is a reference to a host group.
func (r labRig) group(name string) object {
	r.t.Helper()
	ids, err := r.admin().Lookup().Groups(r.t.Context(), []string{name}, false)
	if err != nil {
		r.t.Fatal(err)
	}
	return object{"groupid": ids[name]}
}

// behindAProxy has the provider reach Zabbix through a reverse proxy that wants a
// header and has Zabbix under a path of its own.
func (r labRig) behindAProxy() {
	to, err := url.Parse(r.env["ZABBIX_URL"])
	if err != nil {
		r.t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.Transport = &http.Transport{DisableKeepAlives: true} // the server may be about to end one that was kept
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("X-Gate") != "planted-gate" {
			http.Error(w, "who are you?", http.StatusForbidden)
			return
		}
		http.StripPrefix("/ops/zabbix", proxy).ServeHTTP(w, req)
	}))
	r.t.Cleanup(s.Close)
	r.login.URL, r.login.Headers = s.URL+"/ops/zabbix/", map[string]string{"X-Gate": "planted-gate"}
}

// items counts those of a host.
func (r labRig) items(name string) int {
	var list []object
	r.call("item.get", object{"hostids": r.id(name), "output": []string{"itemid"}}, &list)
	return len(list)
}

// TestLabAttributes: what the other stories do not use, on real Zabbix, through a
// reverse proxy with a path and a header.
func TestLabAttributes(t *testing.T) {
	onLab(t, func(r labRig) {
		r.behindAProxy()
		monitor, proxy, monitors := `proxy = "attr-proxy"`, "attr-proxy", ""
		if r.env["ZABBIX_VERSION"] == "6.0" {
			const active = 5
			r.made("proxy", "proxyids", object{"host": proxy, "status": active})
		} else {
			proxy, monitors = "", "attr-proxies"
			monitor = fmt.Sprintf("proxy_group = %q", monitors)
			r.made("proxygroup", "proxy_groupids", object{"name": monitors})
		}
		id := r.made("host", "hostids", object{
			"host": "attr-r1", "groups": []object{r.group("Hypervisors")}, "description": "theirs",
			"interfaces": []object{{"type": 1, "main": 1, "useip": 1, "ip": "192.0.2.9", "dns": "", "port": "10050"}},
		})
		config := func(lines ...string) string {
			return block("r1", append([]string{
				`host = "attr-r1"`, `interface = { ip = "192.0.2.1" }`, `host_groups = ["Linux servers"]`, `on_destroy = "disable"`, monitor,
			}, lines...)...) + "data \"zabbix_agent_host\" \"x\" {\n  host = zabbix_agent_host.r1.host\n}\n"
		}
		const by, tls = "data.zabbix_agent_host.x", `tls = { connect = "certificate", accept = ["certificate", "unencrypted"], issuer = "CN=Ca", subject = "CN=%s" }`
		first := config(`adopt = true`, `templates = ["`+icmp+`"]`, fmt.Sprintf(tls, "one"))
		cleared := config(`template_removal = "clear"`, `templates = []`, fmt.Sprintf(tls, "two"))
		is := func(subject string, items int) resource.TestCheckFunc {
			return r.is("attr-r1", func(h *zabbix.Host) string {
				return want("id", h.ID, id) + want("tls", fmt.Sprint(h.TLS), fmt.Sprint(zabbix.TLS{
					Connect: zabbix.Certificate, Accept: []zabbix.Encryption{zabbix.NoEncryption, zabbix.Certificate}, Issuer: "CN=Ca", Subject: "CN=" + subject,
				})) + want("proxy", h.Proxy, proxy) + want("proxy group", h.ProxyGroup, monitors) + want("groups", strings.Join(h.Groups, ","), "Hypervisors,Linux servers") +
					want("ip", h.Agent.IP, "192.0.2.1") + want("items", r.items("attr-r1"), items)
			})
		}
		r.accept(
			refused(config(), "the host exists already", "adopt = true"),
			applies(first, plancheck.ResourceActionCreate, is("one", 3), state(at1, "description", "theirs"),
				state(by, "id", id), state(by, "tls.issuer", "CN=Ca"), state(by, "interface.ip", "192.0.2.1"), state(by, "host_groups.#", "2"), state(by, "templates.0", icmp)),
			applies(cleared, plancheck.ResourceActionUpdate, is("two", 0)),
			resource.TestStep{Config: "# nothing", Check: r.is("attr-r1", func(h *zabbix.Host) string { return want("id", h.ID, id) + want("enabled", h.Enabled, false) })},
			resource.TestStep{Config: cleared, ResourceName: at1, ImportState: true, ImportStateId: "hostid=" + id, ImportStatePersist: true},
			applies(cleared, plancheck.ResourceActionUpdate, state(at1, "enabled", "false"), is("two", 0)),
		)
	})
}

// TestLabSecretMacrosThatNothingNames is TestAccSecretMacrosThatNothingNames on
// real Zabbix.
func TestLabSecretMacrosThatNothingNames(t *testing.T) {
	onLab(t, func(r labRig) { r.secretMacrosGo("macros-r1") })
}

// TestLabOwnershipInThePlan is TestAccOwnershipInThePlan on real Zabbix.
func TestLabOwnershipInThePlan(t *testing.T) {
	onLab(t, func(r labRig) { r.ownershipInThePlan("own-r1") })
}

// TestLabDiscoveredHost: what a discovery rule owns of a host is an error before
// anything is sent, and the rest of the host is ours to set.
func TestLabDiscoveredHost(t *testing.T) {
	onLab(t, func(r labRig) {
		linux := r.group("Linux servers")
		parent := r.made("host", "hostids", object{
			"host": "lld-parent", "groups": []object{linux},
			"interfaces": []object{{"type": 1, "main": 1, "useip": 1, "ip": "192.0.2.1", "dns": "", "port": "10050"}},
		})
		var rules map[string][]string
		r.call("discoveryrule.create", object{
			"hostid": parent, "name": "r", "key_": "r", "type": 21, "delay": "1h", "params": `return JSON.stringify([{"{#NAME}": "one"}]);`, "timeout": "3s",
		}, &rules)
		rule := rules["itemids"][0]
		r.call("hostprototype.create", object{"ruleid": rule, "host": "lld-{#NAME}", "groupLinks": []object{linux}}, nil)
		id := r.discovered(rule, "lld-one")
		r.zabbix.Defaults.OnDestroy = zabbix.DestroyKeep
		config := func(lines ...string) string {
			return block("r1", append([]string{`host = "lld-one"`}, lines...)...)
		}
		ours, tagged := config(`description = "ours"`), config(`description = "ours"`, `tags = { site = ["fra1"] }`)
		last := applies(tagged, plancheck.ResourceActionUpdate, state(at1, "tags.site.0", "fra1"))
		if r.env["ZABBIX_VERSION"] == "6.0" {
			last = refused(tagged, "discovery rule made the host", "tags is read-only")
		}
		unchanged := r.is("lld-one", func(h *zabbix.Host) string {
			return want("id", h.ID, id) + want("groups", strings.Join(h.Groups, ","), "Linux servers") + want("ip", h.Agent.IP, "192.0.2.1") + want("description", h.Description, "ours")
		})
		r.accept(
			resource.TestStep{Config: ours, ResourceName: at1, ImportState: true, ImportStateId: "hostid=" + id, ImportStatePersist: true},
			applies(ours, plancheck.ResourceActionUpdate, unchanged),
			refused(config(`host_groups = ["Hypervisors"]`), "discovery rule made the host", "host groups are read-only"),
			refused(config(`interface = { ip = "192.0.2.2" }`), "discovery rule made the host", "interfaces are read-only"),
			refused(block("r1", `host = "lld-two"`), "discovery rule made the host", "cannot be renamed"),
			refused(config(`visible_name = "One"`, `tls = { connect = "certificate" }`), "visible_name is read-only"),
			applies(ours, plancheck.ResourceActionNoop, unchanged),
			last,
		)
	})
}

// discovered waits until a rule has made a host, and gives its id.
func (r labRig) discovered(rule, name string) string {
	r.t.Helper()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	limit := time.After(3 * time.Minute)
	for {
		r.call("task.create", []object{{"type": 6, "request": object{"itemid": rule}}}, nil)
		if h := r.host(name); h != nil {
			return h.ID
		}
		select {
		case <-tick.C:
		case <-limit:
			r.t.Fatalf("the rule has not made %s", name)
		}
	}
}

// slowZabbix starts a Zabbix whose server takes over a changed configuration only
// after so many seconds.
func slowZabbix(t *testing.T, version, seconds string) map[string]string {
	t.Helper()
	dir, err := os.MkdirTemp("", "provision-slow-zabbix-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // the database runs as another user
		t.Fatal(err)
	}
	_, here, _, _ := runtime.Caller(0)
	script := func(args ...string) string {
		cmd := exec.Command("bash", append([]string{filepath.Join(filepath.Dir(here), "..", "..", "..", "tools", "zabbix", "zabbix.sh")}, args...)...)
		cmd.Env = append(os.Environ(), "ZABBIX_CACHE_UPDATE="+seconds)
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("zabbix.sh %s: %v: %s%s", args[0], err, out, said(err))
		}
		return strings.TrimSpace(string(out))
	}
	t.Cleanup(func() {
		script("down", version, dir)
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if script("up", version, dir, script("port")); t.Failed() {
		t.FailNow()
	}
	return envOf(t, dir)
}

// said is what a program wrote to its standard error before it failed.
func said(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(exit.Stderr)
	}
	return ""
}

// TestLabDataOfTheFormerConfiguration: a Zabbix as it is installed polls by the
// former configuration for a while. An update that breaks the connection is not
// taken for one that works by the data of that time.
func TestLabDataOfTheFormerConfiguration(t *testing.T) {
	for version, c := range map[string]struct {
		seconds string
		refresh time.Duration
	}{"7.0": {"10", 0}, "6.0": {"20", 20 * time.Second}} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			env := slowZabbix(t, version, c.seconds)
			r := newLabRig(t, env)
			r.zabbix.ConfigRefresh = c.refresh
			config := func(identity, key, wait string) string {
				return block("r1", `host = "slow-r1"`, fmt.Sprintf("interface = { ip = \"127.0.0.1\", port = %q }", env["ZABBIX_AGENT_PORT"]),
					`host_groups = ["Linux servers"]`, fmt.Sprintf("templates = [%q]", linux), fmt.Sprintf("wait_for_agent = %q", wait), `on_destroy = "delete"`,
					fmt.Sprintf("tls = { connect = \"psk\", psk_identity = %q }", identity), fmt.Sprintf("tls_psk = %q", key))
			}
			var id string
			same := r.is("slow-r1", func(h *zabbix.Host) string { return want("id", h.ID, id) })
			broken := applies(config("slow-wrong", strings.Repeat("b", 64), "35s"), plancheck.ResourceActionUpdate, state(at1, "agent_state", "unknown"), same)
			broken.ExpectNonEmptyPlan = true
			r.accept(
				applies(config(env["ZABBIX_PSK_IDENTITY"], env["ZABBIX_PSK"], "2m"), plancheck.ResourceActionCreate, state(at1, "agent_state", "available"),
					func(*terraform.State) error { id = r.id("slow-r1"); return nil }),
				broken,
				applies(config(env["ZABBIX_PSK_IDENTITY"], env["ZABBIX_PSK"], "2m"), plancheck.ResourceActionUpdate, state(at1, "agent_state", "available"), same),
			)
		})
	}
}

// TestLabProviderDefaults: enabled, adopt and on_drift of the provider block, for
// a host that somebody made by hand.
func TestLabProviderDefaults(t *testing.T) {
	onLab(t, func(r labRig) {
		const name = "defaults-r1"
		var made map[string][]string
		r.call("host.create", object{
			"host": name, "groups": []object{r.group("Linux servers")},
			"interfaces": []object{{"type": 1, "main": 1, "useip": 1, "ip": "192.0.2.9", "dns": "", "port": "10050"}},
		}, &made)
		t.Cleanup(func() { // of a story that broke off: else it is gone, and this an error
			_, _ = r.api.Write(context.Background(), api.Call{Method: "host.delete", Params: made["hostids"]})
		})
		r.providerDefaults(name, func(more ...string) string {
			return block("r1", append([]string{
				fmt.Sprintf("host = %q", name), `interface = { ip = "192.0.2.1" }`, `host_groups = ["Linux servers"]`, `on_destroy = "delete"`,
			}, more...)...)
		})
	})
}
