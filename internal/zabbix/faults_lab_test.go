//go:build lab

package zabbix_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// removeHosts deletes hosts after the test.
func removeHosts(t *testing.T, c *api.Client, names []string) {
	t.Cleanup(func() {
		s := zabbix.NewStore(c, zabbix.StoreOptions{})
		each(len(names), 50, func(i int) {
			h, err := s.FreshByName(context.Background(), names[i])
			if err == nil && h != nil {
				err = s.Delete(context.Background(), h.ID)
			}
			if err != nil {
				t.Error(err)
			}
		})
	})
}

// labNames are names of hosts that a test makes.
func labNames(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%02d", prefix, i)
	}
	return names
}

// However Zabbix speaks of an element that it refuses: it is found, told its
// own, and all others are made.
func TestLabRefusedElements(t *testing.T) {
	agent := func(changes map[string]any) []any {
		i := map[string]any{"type": 1, "main": 1, "useip": 1, "ip": "127.0.0.1", "dns": "", "port": "10050"}
		maps.Copy(i, changes)
		return []any{i}
	}
	spoilt := []map[string]any{
		{"groups": []any{map[string]any{"groupid": "99999"}}},
		{"tags": []any{map[string]any{"tag": "", "value": "x"}}},
		{"tags": []any{map[string]any{"tag": "a", "value": "x"}, map[string]any{"tag": "a", "value": "x"}}},
		{"macros": []any{map[string]any{"macro": "{$A}", "value": "1"}, map[string]any{"macro": "bad", "value": "1"}}},
		{"interfaces": agent(map[string]any{"port": "99999"})},
		{"interfaces": agent(map[string]any{"main": 0})},
		{"interfaces": agent(map[string]any{"ip": "bad"})},
		{"inventory": map[string]any{"nope": "1"}, "inventory_mode": 0},
		{"name": "Zabbix server"},
		{"tls_connect": 2, "tls_accept": 2},
		{"templates": []any{map[string]any{"templateid": "99999"}}},
		{"status": 9},
		{"monitored_by": 1, "proxyid": "99999"},
	}
	onBoth(t, func(t *testing.T, c *api.Client, _ map[string]string) {
		s := zabbix.NewStore(c, zabbix.StoreOptions{})
		group := groupID(t, s, "store refused")
		names := labNames("refused", 40)
		removeHosts(t, c, names)
		before := c.Requests()
		each(len(names), len(names), func(i int) {
			n := newHost(names[i], group)
			if i < len(spoilt) {
				maps.Copy(n.Params, spoilt[i])
			}
			h, err := s.Create(context.Background(), n)
			var refused *api.Error
			switch {
			case i >= len(spoilt) && (err != nil || h.Name != names[i]):
				t.Errorf("%s: %v", names[i], err)
			case i < len(spoilt) && !errors.As(err, &refused):
				t.Errorf("%s: %v: %+v, %v", names[i], spoilt[i], h, err)
			case i < len(spoilt):
				t.Logf("%v: %v", spoilt[i], err)
			}
		})
		t.Logf("%d POSTs", c.Requests()-before)
	})
}

// spoiler is a proxy before a Zabbix that lets the requests of a method through,
// but not their answers.
func spoiler(t *testing.T, env map[string]string, method string) (*api.Client, *atomic.Int32) {
	t.Helper()
	to, err := url.Parse(env["ZABBIX_URL"])
	if err != nil {
		t.Fatal(err)
	}
	cut := &atomic.Int32{}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.Transport = &http.Transport{DisableKeepAlives: true} // the server may be about to end one that was kept
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		if strings.Contains(string(body), `"`+method+`"`) && cut.Add(1) == 1 {
			proxy.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	c, err := api.New(api.Config{URL: server.URL, Username: env["ZABBIX_USER"], Password: env["ZABBIX_PASSWORD"]})
	if err != nil {
		t.Fatal(err)
	}
	return c, cut
}

func TestLabLostAnswers(t *testing.T) {
	onBoth(t, func(t *testing.T, c *api.Client, env map[string]string) {
		names := labNames("lost", 5)
		removeHosts(t, c, names)
		group := groupID(t, zabbix.NewStore(c, zabbix.StoreOptions{}), "store lost")
		lossy, sent := spoiler(t, env, "host.create")
		s := zabbix.NewStore(lossy, zabbix.StoreOptions{}).Patiently(time.Second)
		ids := make([]string, len(names))
		each(len(names), len(names), func(i int) {
			h, err := s.Create(context.Background(), newHost(names[i], group))
			if err != nil {
				t.Errorf("%s: %v", names[i], err)
				return
			}
			ids[i] = h.ID
		})
		if sent.Load() != 1 {
			t.Errorf("sent %d times", sent.Load())
		}
		lossy, _ = spoiler(t, env, "host.update")
		_, err := zabbix.NewStore(lossy, zabbix.StoreOptions{}).Update(t.Context(), ids[0], []zabbix.Call{describe(ids[0], "x")})
		var partial *zabbix.PartialError
		if !errors.As(err, &partial) || partial.Done != 0 || !errors.Is(err, provision.ErrConnectionLost) {
			t.Errorf("%v", err)
		}
	})
}

// Sessions that end are renewed once for all callers.
func TestLabSessionEnds(t *testing.T) {
	onBoth(t, func(t *testing.T, _ *api.Client, env map[string]string) {
		c, err := api.New(api.Config{URL: env["ZABBIX_URL"], Username: env["ZABBIX_USER"], Password: env["ZABBIX_PASSWORD"]})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write(t.Context(), api.Call{Method: "user.logout", Params: []string{}}); err != nil {
			t.Fatal(err)
		}
		before := c.Requests()
		each(10, 10, func(int) {
			answers, err := c.Read(context.Background(), api.Call{Method: "host.get", Params: map[string]any{"countOutput": true}})
			if err != nil || answers[0].Err != nil {
				t.Errorf("%v, %v", answers, err)
			}
		})
		if n := c.Requests() - before; n > 21 {
			t.Errorf("%d POSTs: more than one login", n)
		}
	})
}

// weakUser is an admin, not a super admin, with a right to one host group.
func weakUser(t *testing.T, c *api.Client, env map[string]string, group string) *api.Client {
	t.Helper()
	const password = "Kz9-hunter22x"
	v, err := c.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rights := "hostgroup_rights"
	if !v.AtLeast(6, 2) {
		rights = "rights"
	}
	ug := do(t, c, "usergroup.create", map[string]any{"name": "store weak", rights: []any{map[string]any{"id": group, "permission": 3}}})["usrgrpids"][0]
	t.Cleanup(func() { do(t, c, "usergroup.delete", []string{ug}) })
	user := do(t, c, "user.create", map[string]any{"username": "weak", "passwd": password, "roleid": "2", "usrgrps": []any{map[string]any{"usrgrpid": ug}}})["userids"][0]
	t.Cleanup(func() { do(t, c, "user.delete", []string{user}) })
	weak, err := api.New(api.Config{URL: env["ZABBIX_URL"], Username: "weak", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return weak
}

func TestLabWeakUser(t *testing.T) {
	onBoth(t, func(t *testing.T, c *api.Client, env map[string]string) {
		s := zabbix.NewStore(c, zabbix.StoreOptions{})
		mine, others := groupID(t, s, "store weak"), groupID(t, s, "store others")
		names := labNames("weak", 3)
		removeHosts(t, c, names)
		hidden, err := s.Create(t.Context(), newHost(names[0], others))
		if err != nil {
			t.Fatal(err)
		}
		weak := zabbix.NewStore(weakUser(t, c, env, mine), zabbix.StoreOptions{Prefetch: true})
		if all, err := weak.Lookup().SeesAll(t.Context()); err != nil || all {
			t.Errorf("%v, %v", all, err)
		}
		for range 3 {
			if h, err := weak.ByID(t.Context(), hidden.ID); h != nil || err != nil {
				t.Errorf("%v, %v", h, err)
			}
		}
		if err := weak.Delete(t.Context(), hidden.ID); !errors.Is(err, api.ErrPermission) {
			t.Errorf("%v", err)
		}
		if _, err := weak.Create(t.Context(), newHost(names[0], mine)); !errors.Is(err, api.ErrExists) {
			t.Errorf("%v", err)
		}
		if _, err := weak.Create(t.Context(), newHost(names[1], others)); !errors.Is(err, api.ErrPermission) {
			t.Errorf("%v", err)
		}
		h, err := weak.Create(t.Context(), newHost(names[2], mine))
		if err != nil {
			t.Fatal(err)
		}
		if err := weak.Delete(t.Context(), h.ID); err != nil {
			t.Error(err)
		}
		if _, err := weak.Lookup().Groups(t.Context(), []string{"store not there"}, true); !errors.Is(err, api.ErrPermission) {
			t.Errorf("%v", err)
		}
	})
}

// Several runs need a host group that none of them has found: each gets it, also when
// its insert meets another's in the database, which Zabbix does not catch.
func TestLabGroupsMadeAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, c *api.Client, env map[string]string) {
		const runs, rounds = 4, 15
		var stores [runs]*zabbix.Store
		for i := range stores {
			own, err := api.New(api.Config{URL: env["ZABBIX_URL"], Username: env["ZABBIX_USER"], Password: env["ZABBIX_PASSWORD"]})
			if err != nil {
				t.Fatal(err)
			}
			stores[i] = zabbix.NewStore(own, zabbix.StoreOptions{})
		}
		for round := range rounds {
			name := fmt.Sprintf("store at once %d", round)
			got := make([]string, runs)
			each(runs, runs, func(i int) {
				ids, err := stores[i].Lookup().Groups(t.Context(), []string{name}, true)
				if err != nil {
					t.Errorf("run %d: %v", i, err)
				}
				got[i] = ids[name]
			})
			if slices.Sort(got); got[0] == "" || got[0] != got[runs-1] {
				t.Errorf("the runs have the group as %q", got)
			}
			var groups []map[string]string
			answers, err := c.Read(t.Context(), api.Call{Method: "hostgroup.get", Params: map[string]any{"filter": map[string]any{"name": name}, "output": []string{"groupid"}}})
			if err == nil {
				err = answers[0].Into(&groups)
			}
			if err != nil || len(groups) != 1 || groups[0]["groupid"] != got[0] {
				t.Errorf("Zabbix has it as %v, %v", groups, err)
			}
			for _, g := range groups {
				if _, err := c.Write(t.Context(), api.Call{Method: "hostgroup.delete", Params: []string{g["groupid"]}}); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

// A template needs what its prototypes need as well: Zabbix refuses to link it to
// a host without.
func TestLabNeedsOfPrototypes(t *testing.T) {
	onBoth(t, func(t *testing.T, c *api.Client, _ map[string]string) {
		s := zabbix.NewStore(c, zabbix.StoreOptions{})
		group := map[string]any{"groupid": groupID(t, s, "store prototypes")}
		v, err := c.Version(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if v.AtLeast(6, 2) {
			group["groupid"] = "1" // the template group "Templates"
		}
		id := do(t, c, "template.create", map[string]any{"host": "store prototypes", "groups": []any{group}})["templateids"][0]
		t.Cleanup(func() { do(t, c, "template.delete", []string{id}) })
		rule := do(t, c, "discoveryrule.create", map[string]any{"name": "r", "key_": "r", "hostid": id, "type": 2, "delay": "0"})["itemids"][0]
		do(t, c, "itemprototype.create", map[string]any{
			"ruleid": rule, "hostid": id, "name": "p {#X}", "key_": "net.if.in[{#X}]", "type": 0, "value_type": 3, "delay": "1m",
		})
		list, err := s.Lookup().Templates(t.Context(), []string{"store prototypes"})
		if err != nil || list[0].Needs[zabbix.TypeAgent] != "net.if.in[{#X}]" || list[0].Items != 0 {
			t.Errorf("%+v, %v", list, err)
		}
		n := newHost("needs-prototypes", groupID(t, s, "store prototypes"))
		n.Params["templates"] = []any{map[string]any{"templateid": id}}
		delete(n.Params, "interfaces")
		if _, err := s.Create(t.Context(), n); err == nil || !strings.Contains(err.Error(), "interface") {
			t.Errorf("%v", err)
		}
	})
}

// watchedHost makes a host with an item that the server asks the agent for.
func watchedHost(t *testing.T, c *api.Client, s *zabbix.Store, n zabbix.NewHost, env map[string]string) string {
	t.Helper()
	n.Params["interfaces"].([]any)[0].(map[string]any)["port"] = env["ZABBIX_AGENT_PORT"]
	h, err := s.Create(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	do(t, c, "item.create", map[string]any{
		"hostid": h.ID, "interfaceid": h.Agent.ID, "name": "ping", "key_": "agent.ping", "type": 0, "value_type": 3, "delay": "1h",
	})
	return h.ID
}

// agentAfter asks every 2 s until there is something to say.
func agentAfter(t *testing.T, s *zabbix.Store, id string) (zabbix.AgentState, time.Duration) {
	t.Helper()
	start := time.Now()
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		a, err := s.AgentState(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(start).Round(time.Second)
		if !a.Clock.IsZero() || a.Available == zabbix.Down || took > 4*time.Minute {
			return a, took
		}
		<-tick.C
	}
}

func TestLabAgents(t *testing.T) {
	psk := func(env map[string]string, key string) map[string]any {
		return map[string]any{"tls_connect": 2, "tls_accept": 2, "tls_psk_identity": env["ZABBIX_PSK_IDENTITY"], "tls_psk": key}
	}
	// What is made is made by one after the other, as the product does: first
	// inserts of two clients can meet in the server's database.
	var making sync.Mutex
	for _, version := range []string{"60", "70"} {
		for what, tls := range map[string]func(map[string]string) map[string]any{
			"plain": func(map[string]string) map[string]any { return nil },
			"psk":   func(env map[string]string) map[string]any { return psk(env, env["ZABBIX_PSK"]) },
			"wrong psk": func(env map[string]string) map[string]any {
				p := psk(env, strings.Repeat("b", 64))
				p["tls_psk_identity"] = "unknown"
				return p
			},
		} {
			t.Run(version+" "+what, func(t *testing.T) {
				t.Parallel() // they wait for minutes, and most of that for nothing
				env := labEnv(t, "PROVISION_ZABBIX_"+version)
				c, err := api.New(api.Config{URL: env["ZABBIX_URL"], Username: env["ZABBIX_USER"], Password: env["ZABBIX_PASSWORD"]})
				if err != nil {
					t.Fatal(err)
				}
				s := zabbix.NewStore(c, zabbix.StoreOptions{})
				made := func() string {
					making.Lock()
					defer making.Unlock()
					n := newHost("agent-"+strings.ReplaceAll(what, " ", "-"), groupID(t, s, "store agents"))
					maps.Copy(n.Params, tls(env))
					removeHosts(t, c, []string{n.Name})
					return watchedHost(t, c, s, n, env)
				}
				a, took := agentAfter(t, s, made())
				t.Logf("%v: %+v", took, a)
				if what == "wrong psk" {
					if a.Available != zabbix.Down || !a.Clock.IsZero() || !strings.Contains(a.Error, "TLS") {
						t.Errorf("after %v: %+v", took, a)
					}
				} else if a.Clock.IsZero() || a.Item != "agent.ping" || a.Refusal != "" {
					t.Errorf("after %v: %+v", took, a)
				}
			})
		}
	}
}

func TestLabAgentsThatAreNotAsked(t *testing.T) {
	onBoth(t, func(t *testing.T, c *api.Client, env map[string]string) {
		s := zabbix.NewStore(c, zabbix.StoreOptions{})
		names := labNames("unasked", 2)
		removeHosts(t, c, names)
		group := groupID(t, s, "store agents")
		h, err := s.Create(t.Context(), newHost(names[0], group))
		if err != nil {
			t.Fatal(err)
		}
		if a, err := s.AgentState(t.Context(), h.ID); err != nil || a.Item != "" {
			t.Errorf("without an item: %+v, %v", a, err)
		}
		n := newHost(names[1], group)
		n.Params["status"] = 1
		if a, err := s.AgentState(t.Context(), watchedHost(t, c, s, n, env)); err != nil || a.Item != "agent.ping" || a.Refusal == "" {
			t.Errorf("disabled: %+v, %v", a, err)
		}
	})
}
