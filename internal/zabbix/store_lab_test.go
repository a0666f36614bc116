//go:build lab

package zabbix_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// labEnv reads how to get into a Zabbix of the lab. A lab that is not there is a
// failure.
func labEnv(t *testing.T, variable string) map[string]string {
	t.Helper()
	dir := os.Getenv(variable)
	if dir == "" {
		t.Fatalf("%s is not set: these tests run on a real Zabbix (make test)", variable)
	}
	f, err := os.Open(filepath.Join(dir, "env"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	env := map[string]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		if k, v, ok := strings.Cut(s.Text(), "="); ok {
			env[k] = v
		}
	}
	return env
}

// onBoth runs a test on Zabbix 6.0 and on 7.0.
func onBoth(t *testing.T, test func(t *testing.T, c *api.Client, env map[string]string)) {
	for _, version := range []string{"60", "70"} {
		t.Run(version, func(t *testing.T) {
			env := labEnv(t, "PROVISION_ZABBIX_"+version)
			c, err := api.New(api.Config{URL: env["ZABBIX_URL"], Username: env["ZABBIX_USER"], Password: env["ZABBIX_PASSWORD"]})
			if err != nil {
				t.Fatal(err)
			}
			test(t, c, env)
		})
	}
}

// groupID is a host group's id.
func groupID(t *testing.T, s *zabbix.Store, name string) string {
	t.Helper()
	ids, err := s.Lookup().Groups(t.Context(), []string{name}, true)
	if err != nil {
		t.Fatal(err)
	}
	return ids[name]
}

// newHost is a host with little in it.
func newHost(name, group string) zabbix.NewHost {
	return zabbix.NewHost{Name: name, Run: "run-1", Params: map[string]any{
		"host": name, "groups": []any{map[string]any{"groupid": group}},
		"tags":         []any{map[string]any{"tag": zabbix.TagRun, "value": "run-1"}, map[string]any{"tag": "site", "value": "ams"}},
		"interfaces":   []any{map[string]any{"type": 1, "main": 1, "useip": 1, "ip": "127.0.0.1", "dns": "", "port": "10050"}},
		"monitored_by": 0,
	}}
}

// each does something with n hosts, so many at once as Terraform does.
func each(n, atOnce int, f func(i int)) {
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() { defer func() { <-slots }(); f(i) })
	}
	wg.Wait()
}

func TestStoreLife(t *testing.T) {
	onBoth(t, func(t *testing.T, c *api.Client, _ map[string]string) {
		s := zabbix.NewStore(c, zabbix.StoreOptions{Prefetch: true})
		group := groupID(t, s, "store life")
		name := func(i int) string { return fmt.Sprintf("store-life-%03d", i) }
		const n = 30
		before := c.Requests()
		each(n, 10, func(i int) {
			h := newHost(name(i), group)
			if i == 7 {
				h.Params["groups"] = []any{map[string]any{"groupid": "999999"}}
			}
			made, err := s.Create(context.Background(), h)
			if i == 7 {
				var refused *api.Error
				if !errors.As(err, &refused) {
					t.Errorf("%s: %v", name(i), err)
				}
				return
			}
			if err != nil || made.Name != name(i) || made.Mark.Run != "run-1" || made.Agent == nil || len(made.Tags) != 1 {
				t.Errorf("%s: %+v, %v", name(i), made, err)
			}
		})
		t.Logf("%d creates in %d POSTs", n, c.Requests()-before)
		all, err := s.ByName(t.Context(), name(3))
		if err != nil || all == nil {
			t.Fatal(all, err)
		}
		updated, err := s.Update(t.Context(), all.ID, []zabbix.Call{
			{Method: "hostinterface.update", Params: map[string]any{"interfaceid": all.Agent.ID, "port": "10051"}},
			{Method: "host.update", Params: map[string]any{"hostid": all.ID, "description": "ü"}},
		})
		if err != nil || updated.Description != "ü" || updated.Agent.Port != "10051" {
			t.Errorf("%+v, %v", updated, err)
		}
		_, err = s.Update(t.Context(), all.ID, []zabbix.Call{
			{Method: "hostinterface.update", Params: map[string]any{"interfaceid": all.Agent.ID, "port": "10052"}},
			{Method: "host.update", Params: map[string]any{"hostid": all.ID, "groups": []any{}}},
		})
		var partial *zabbix.PartialError
		if !errors.As(err, &partial) || partial.Done != 1 {
			t.Errorf("%v", err)
		}
		each(n, 10, func(i int) {
			h, err := s.FreshByName(context.Background(), name(i))
			if err != nil || i != 7 && h == nil {
				t.Errorf("%s: %v, %v", name(i), h, err)
			}
			if h != nil {
				if err := s.Delete(context.Background(), h.ID); err != nil {
					t.Error(err)
				}
			}
		})
		if err := s.Delete(t.Context(), all.ID); err != nil {
			t.Errorf("deleting one that is gone: %v", err)
		}
	})
}

func TestStoreCatalogue(t *testing.T) {
	onBoth(t, func(t *testing.T, c *api.Client, _ map[string]string) {
		s := zabbix.NewStore(c, zabbix.StoreOptions{})
		list, err := s.Lookup().Templates(t.Context(), []string{"Linux by Zabbix agent", "ICMP Ping"})
		if err != nil || len(list) != 2 || list[0].Items == 0 || list[0].Triggers == 0 || list[0].Needs[zabbix.TypeAgent] == "" {
			t.Errorf("%+v, %v", list, err)
		}
		_, err = s.Lookup().Templates(t.Context(), []string{"Linux by Zabbix agnt"})
		var at *zabbix.FieldError
		if !errors.As(err, &at) || at.Field != "templates" || !strings.Contains(err.Error(), "Linux by Zabbix agent") {
			t.Errorf("%v", err)
		}
		if all, err := s.Lookup().SeesAll(t.Context()); err != nil || !all {
			t.Errorf("%v, %v", all, err)
		}
	})
}

func TestStoreThousand(t *testing.T) {
	env := labEnv(t, "PROVISION_ZABBIX_70")
	c, err := api.New(api.Config{URL: env["ZABBIX_URL"], Username: env["ZABBIX_USER"], Password: env["ZABBIX_PASSWORD"]})
	if err != nil {
		t.Fatal(err)
	}
	const n = 1000
	s := zabbix.NewStore(c, zabbix.StoreOptions{Prefetch: true})
	group := groupID(t, s, "store thousand")
	ids := make([]string, n)
	name := func(i int) string { return fmt.Sprintf("store-thousand-%04d", i) }
	timed := func(what string, most int, f func(i int)) {
		before, start := c.Requests(), time.Now()
		each(n, 10, f)
		posts := c.Requests() - before
		t.Logf("%s: %d POSTs, %.1f s", what, posts, time.Since(start).Seconds())
		if posts > most {
			t.Errorf("%s: %d POSTs, at most %d are promised", what, posts, most)
		}
	}
	timed("create", 300, func(i int) {
		h, err := s.Create(context.Background(), newHost(name(i), group))
		if err != nil {
			t.Error(err)
			return
		}
		ids[i] = h.ID
	})
	fresh := zabbix.NewStore(c, zabbix.StoreOptions{Prefetch: true})
	timed("read", 15, func(i int) {
		h, err := fresh.ByID(context.Background(), ids[i])
		if err != nil || h == nil || h.Name != name(i) {
			t.Error(h, err)
		}
	})
	timed("update", 300, func(i int) {
		_, err := s.Update(context.Background(), ids[i], []zabbix.Call{{Method: "host.update", Params: map[string]any{
			"hostid": ids[i], "tags": []any{map[string]any{"tag": "site", "value": "fra"}},
		}}})
		if err != nil {
			t.Error(err)
		}
	})
	timed("delete", 300, func(i int) {
		if err := s.Delete(context.Background(), ids[i]); err != nil {
			t.Error(err)
		}
	})
}

func TestStoreWrongPassword(t *testing.T) {
	onBoth(t, func(t *testing.T, _ *api.Client, env map[string]string) {
		c, err := api.New(api.Config{URL: env["ZABBIX_URL"], Username: env["ZABBIX_USER"], Password: "wrong-password"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = zabbix.NewStore(c, zabbix.StoreOptions{}).FreshByName(t.Context(), "x")
		if !errors.Is(err, provision.ErrAuth) || strings.Contains(err.Error(), "wrong-password") {
			t.Errorf("%v", err)
		}
	})
}
