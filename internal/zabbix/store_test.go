package zabbix_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

// versions are those that the fake speaks.
func versions() []string { return []string{"6.0", "7.0", "7.2", "7.4"} }

// onFakes runs a test on a fake of each version.
func onFakes(t *testing.T, test func(t *testing.T, f *zabbixtest.Server, s *zabbix.Store)) {
	t.Helper()
	for _, v := range versions() {
		t.Run(v, func(t *testing.T) {
			f := zabbixtest.New(t, zabbixtest.Options{Version: v, Empty: true})
			test(t, f, storeOf(t, f, zabbix.StoreOptions{}))
		})
	}
}

// storeOf makes a store of a super admin on a fake that has asked for version
// and session already.
func storeOf(t *testing.T, f *zabbixtest.Server, opts zabbix.StoreOptions) *zabbix.Store {
	t.Helper()
	return zabbix.NewStore(clientOf(t, f, zabbixtest.AdminUser, zabbixtest.AdminPassword), opts)
}

func clientOf(t *testing.T, f *zabbixtest.Server, user, password string) *api.Client {
	t.Helper()
	c, err := api.New(api.Config{URL: f.URL(), Username: user, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(t.Context(), api.Call{Method: "host.get", Params: map[string]any{"countOutput": true}}); err != nil {
		t.Fatal(err)
	}
	f.ForgetCalls()
	return c
}

// patientStore is such a store that brings together what asks together also when
// the machine is busy.
func patientStore(t *testing.T, f *zabbixtest.Server) *zabbix.Store {
	t.Helper()
	return storeOf(t, f, zabbix.StoreOptions{}).Patiently(500 * time.Millisecond)
}

// sideBySide does something n times at once.
func sideBySide(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

// plainHost is a new host in "Linux servers".
func plainHost(name string) zabbix.NewHost {
	return zabbix.NewHost{Name: name, Run: "run-" + name, Params: map[string]any{
		"host": name, "groups": []any{map[string]any{"groupid": "2"}}, "monitored_by": 0,
		"tags":       []any{map[string]any{"tag": zabbix.TagRun, "value": "run-" + name}},
		"interfaces": []any{map[string]any{"type": 1, "main": 1, "useip": 1, "ip": "192.0.2.1", "dns": "", "port": "10050"}},
	}}
}

// addHosts adds hosts by hand and gives their ids.
func addHosts(t *testing.T, f *zabbixtest.Server, n int) []string {
	t.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = f.AddHost(t, zabbixtest.Host{Name: name(i)})
	}
	return ids
}

func name(i int) string { return fmt.Sprintf("h%03d", i) }

// describe is a call that changes a host's description.
func describe(id, text string) zabbix.Call {
	return zabbix.Call{Method: "host.update", Params: map[string]any{"hostid": id, "description": text}}
}

func TestStoreReadsEverythingOfAHost(t *testing.T) {
	onFakes(t, func(t *testing.T, f *zabbixtest.Server, s *zabbix.Store) {
		f.AddTemplate(t, zabbixtest.Template{Name: "B", Groups: []string{"Templates"}})
		f.AddTemplate(t, zabbixtest.Template{Name: "A", VisibleName: "Z", Groups: []string{"Templates"}})
		f.AddProxy(t, "p1")
		discovered := f.Version()[:1] == "7"
		id := f.AddHost(t, zabbixtest.Host{
			Name: "h", VisibleName: "H", Description: "d\nd", Groups: []string{"Linux servers", "Discovered hosts"}, Templates: []string{"B", "A"},
			Tags: []zabbixtest.Tag{
				{Name: "z", Value: "1", Automatic: discovered},
				{Name: zabbix.TagRun, Value: "r"},
				{Name: zabbix.TagName, Value: "n"},
				{Name: zabbix.TagObject, Value: "device:1"},
				{Name: "a"},
			},
			Macros: []zabbixtest.Macro{
				{Name: "{$Z}", Value: "z", Description: "zd"},
				{Name: "{$S}", Value: "hunter22", Type: 1},
				{Name: `{$C:"x"}`, Value: "secret/p:k", Type: 2},
			},
			Interfaces: []zabbixtest.Interface{
				{Type: 1, Main: true, UseIP: true, IP: "2001:db8::1", Port: "10050"},
				{Type: 1, DNS: "h.example", Port: "{$PORT}"},
			},
			Inventory: map[string]string{"os": "linux"}, Proxy: "p1",
			TLSConnect: 2, TLSAccept: 3, PSKIdentity: "i", PSK: strings.Repeat("ab", 16),
		})
		f.Maintain(t, "h", "tonight")
		want := &zabbix.Host{
			ID: id, Name: "h", VisibleName: "H", Description: "d\nd", Enabled: true,
			Templates: []string{"A", "B"}, Groups: []string{"Discovered hosts", "Linux servers"},
			Tags:      []zabbix.Tag{{Name: "z", Value: "1", Automatic: discovered}, {Name: "a"}},
			Macros:    []zabbix.Macro{{Name: `{$C:"x"}`, Value: "secret/p:k", Kind: zabbix.MacroVault}, {Name: "{$S}", Kind: zabbix.MacroSecret}, {Name: "{$Z}", Value: "z", Description: "zd"}},
			Inventory: map[string]string{"os": "linux"}, Proxy: "p1", Maintenance: "tonight",
			Agent:  &zabbix.Interface{Type: zabbix.TypeAgent, Main: true, IP: "2001:db8::1", Port: "10050", Use: zabbix.UseIP},
			Others: []zabbix.Interface{{Type: zabbix.TypeAgent, DNS: "h.example", Port: "{$PORT}", Use: zabbix.UseDNS}},
			TLS:    zabbix.TLS{Connect: zabbix.PSK, Accept: []zabbix.Encryption{zabbix.NoEncryption, zabbix.PSK}},
			Mark:   zabbix.Mark{Run: "r", BuriedName: "n", BuriedObject: "device:1"},
		}
		for way, read := range map[string]func() (*zabbix.Host, error){
			"ByID":          func() (*zabbix.Host, error) { return s.ByID(t.Context(), id) },
			"ByName":        func() (*zabbix.Host, error) { return s.ByName(t.Context(), "h") },
			"ByVisibleName": func() (*zabbix.Host, error) { return s.ByVisibleName(t.Context(), "H") },
			"FreshByID":     func() (*zabbix.Host, error) { return s.FreshByID(t.Context(), id) },
			"FreshByName":   func() (*zabbix.Host, error) { return s.FreshByName(t.Context(), "h") },
			"Buried": func() (*zabbix.Host, error) {
				list, err := s.Buried(t.Context(), "n", "device:1")
				if len(list) != 1 {
					return nil, fmt.Errorf("%v, %w", list, err)
				}
				return list[0], err
			},
		} {
			got, err := read()
			if err != nil || got == nil {
				t.Fatalf("%s: %v, %v", way, got, err)
			}
			if diff := cmp.Diff(want, got, cmp.FilterPath(isPartID, cmp.Ignore())); diff != "" {
				t.Errorf("%s (-want +got):\n%s", way, diff)
			}
			if got.Agent.ID == "" || got.Macros[0].ID == "" || got.Others[0].ID == "" {
				t.Errorf("%s: without the ids of its parts: %+v", way, got)
			}
		}
		for _, h := range []func(context.Context, string) (*zabbix.Host, error){s.ByID, s.ByName, s.FreshByID, s.FreshByName} {
			if got, err := h(t.Context(), "99999"); got != nil || err != nil {
				t.Errorf("a host that is not there: %v, %v", got, err)
			}
		}
	})
}

// isPartID is the id of an interface or a macro.
func isPartID(p cmp.Path) bool {
	return len(p) > 4 && p.Last().String() == ".ID" || strings.HasSuffix(p.String(), "Agent.ID")
}

func TestStoreReadsProxyGroups(t *testing.T) {
	f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
	f.AddProxyGroup(t, "pg")
	id := f.AddHost(t, zabbixtest.Host{Name: "h", ProxyGroup: "pg"})
	h, err := storeOf(t, f, zabbix.StoreOptions{}).ByID(t.Context(), id)
	if err != nil || h.ProxyGroup != "pg" || h.Proxy != "" {
		t.Errorf("%+v, %v", h, err)
	}
}

// What is asked for together is one call.
func TestStoreGathersReads(t *testing.T) {
	f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
	ids := addHosts(t, f, 60)
	s := patientStore(t, f)
	sideBySide(60, func(i int) {
		h, err := s.ByID(t.Context(), ids[i])
		if i%2 == 0 {
			h, err = s.FreshByName(t.Context(), name(i))
		}
		if err != nil || h == nil || h.Name != name(i) {
			t.Errorf("%d: %v, %v", i, h, err)
		}
	})
	if n := f.Posts(); n > 8 {
		t.Errorf("%d POSTs", n)
	}
}

func TestStoreReadsAhead(t *testing.T) {
	f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
	ids := addHosts(t, f, 2100)
	s := storeOf(t, f, zabbix.StoreOptions{Prefetch: true})
	sideBySide(len(ids), func(i int) {
		if h, err := s.ByID(t.Context(), ids[i]); err != nil || h == nil || h.Name != name(i) {
			t.Errorf("%d: %v, %v", i, h, err)
		}
	})
	if n := f.Posts(); n > 15 {
		t.Errorf("%d POSTs", n)
	}
	f.ForgetCalls()
	if h, err := s.ByName(t.Context(), name(7)); err != nil || h.ID != ids[7] || f.Posts() != 0 {
		t.Errorf("%v, %v after %d POSTs", h, err, f.Posts())
	}
	// One that is not in it is asked for.
	late := f.AddHost(t, zabbixtest.Host{Name: "late"})
	if h, err := s.ByName(t.Context(), "late"); err != nil || h == nil || h.ID != late {
		t.Errorf("%v, %v", h, err)
	}
	// Fresh is fresh.
	f.ByHand(t, "host.update", map[string]any{"hostid": ids[7], "description": "new"})
	if h, err := s.FreshByID(t.Context(), ids[7]); err != nil || h.Description != "new" {
		t.Errorf("%+v, %v", h, err)
	}
}

// What a write left is known afterwards, without asking.
func TestStoreRemembersItsWrites(t *testing.T) {
	f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
	ids := addHosts(t, f, 3)
	s := storeOf(t, f, zabbix.StoreOptions{Prefetch: true})
	waitFor(t, func() bool { // until all have been read ahead: a question costs nothing
		before := f.Posts()
		if _, err := s.ByID(t.Context(), ids[0]); err != nil {
			t.Fatal(err)
		}
		return f.Posts() == before
	})
	if _, err := s.Update(t.Context(), ids[0], []zabbix.Call{describe(ids[0], "new")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), ids[1]); err != nil {
		t.Fatal(err)
	}
	made, err := s.Create(t.Context(), plainHost("made"))
	if err != nil {
		t.Fatal(err)
	}
	f.ForgetCalls()
	if h, err := s.ByName(t.Context(), name(0)); err != nil || h.Description != "new" {
		t.Errorf("%+v, %v", h, err)
	}
	if h, err := s.ByName(t.Context(), "made"); err != nil || h == nil || h.ID != made.ID || f.Posts() != 0 {
		t.Errorf("%+v, %v after %d POSTs", h, err, f.Posts())
	}
	if h, err := s.ByID(t.Context(), ids[1]); err != nil || h != nil {
		t.Errorf("a deleted host: %+v, %v", h, err)
	}
}

// slowReader is an API that holds back the hosts that are read ahead.
type slowReader struct {
	zabbix.API
	read, hold chan struct{}
}

func (r *slowReader) Read(ctx context.Context, calls ...api.Call) ([]api.Answer, error) {
	answers, err := r.API.Read(ctx, calls...)
	if p, ok := calls[0].Params.(map[string]any); ok && p["sortfield"] != nil {
		close(r.read)
		<-r.hold
	}
	return answers, err
}

// A host that is changed while everything is read may have been read before.
func TestStoreDoesNotRememberWhatIsOld(t *testing.T) {
	f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
	ids := addHosts(t, f, 2)
	r := &slowReader{clientOf(t, f, zabbixtest.AdminUser, zabbixtest.AdminPassword), make(chan struct{}), make(chan struct{})}
	s := zabbix.NewStore(r, zabbix.StoreOptions{Prefetch: true})
	told := make(chan *zabbix.Host)
	go func() { // until one question comes soon enough after another to be answered ahead
		for {
			h, err := s.ByID(context.WithoutCancel(t.Context()), ids[0])
			if err != nil {
				t.Error(err)
			}
			select {
			case <-r.read:
				told <- h
				return
			default:
			}
		}
	}()
	<-r.read
	if _, err := s.Update(t.Context(), ids[0], []zabbix.Call{describe(ids[0], "new")}); err != nil {
		t.Fatal(err)
	}
	close(r.hold)
	if h := <-told; h == nil || h.Description != "new" {
		t.Errorf("an old host: %+v", h)
	}
}

// waitFor waits until something is so.
func waitFor(t *testing.T, so func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	late := time.After(time.Minute)
	for !so() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("it does not come")
		}
	}
}

func TestStoreReadsOneByOneWhenReadingAheadFails(t *testing.T) {
	f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
	ids := addHosts(t, f, 2)
	// On a busy machine the second question may come too late for reading ahead,
	// and the first is itself what fails.
	waitFor(t, func() bool {
		s := storeOf(t, f, zabbix.StoreOptions{Prefetch: true})
		f.Inject(zabbixtest.Fault{Method: "host.get", Status: 404})
		var found atomic.Int32
		sideBySide(2, func(i int) {
			if h, err := s.ByID(t.Context(), ids[i]); err == nil && h != nil {
				found.Add(1)
			}
		})
		return found.Load() == 2
	})
}

// crowd is an API with so many hosts; it counts those that it was asked for with
// everything that belongs to them.
type crowd struct {
	zabbix.API
	hosts int
	whole atomic.Int32
}

func (c *crowd) Version(context.Context) (api.Version, error) {
	return api.Version{Major: 7, Text: "7.0.9"}, nil
}

func (c *crowd) Read(_ context.Context, calls ...api.Call) ([]api.Answer, error) {
	p := calls[0].Params.(map[string]any)
	count, byID := c.hosts, p["hostids"] != nil
	switch limit, limited := p["limit"].(int); {
	case limited:
		count = min(limit, count)
	case byID:
		count = len(p["hostids"].([]string))
	}
	if p["selectTags"] != nil {
		c.whole.Add(int32(count))
	}
	list := make([]map[string]string, count)
	for i := range list {
		list[i] = map[string]string{"hostid": strconv.Itoa(i)}
		if byID {
			list[i]["hostid"] = p["hostids"].([]string)[i]
		}
	}
	result, err := json.Marshal(list)
	return []api.Answer{{Result: result}}, err
}

// Everything is read ahead if that is not too much.
func TestStoreReadsAheadUpToALimit(t *testing.T) {
	for hosts, most := range map[int]int{20_000: 20_001, 20_001: 1_010} {
		synctest.Test(t, func(t *testing.T) {
			c := &crowd{hosts: hosts}
			s := zabbix.NewStore(c, zabbix.StoreOptions{Prefetch: true})
			for i := range 9 {
				id := strconv.Itoa(2000 * i)
				if h, err := s.ByID(t.Context(), id); err != nil || h == nil || h.ID != id {
					t.Errorf("%d: %s: %+v, %v", hosts, id, h, err)
				}
			}
			if n := int(c.whole.Load()); n > most || n < most-10 {
				t.Errorf("%d: %d were read", hosts, n)
			}
		})
	}
}

func TestStoreReadsAreEndedByTheirContext(t *testing.T) {
	f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
	ids := addHosts(t, f, 1)
	s := storeOf(t, f, zabbix.StoreOptions{})
	hold := make(chan struct{})
	defer close(hold)
	f.Inject(zabbixtest.Fault{Method: "host.get", Wait: hold})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.ByID(ctx, ids[0]); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

// A failed read is everybody's who asked together, and nobody's afterwards.
func TestStoreReadFails(t *testing.T) {
	f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
	ids := addHosts(t, f, 5)
	s := storeOf(t, f, zabbix.StoreOptions{})
	f.Inject(zabbixtest.Fault{Method: "host.get", Status: 404})
	failed := make([]error, 5)
	sideBySide(5, func(i int) { _, failed[i] = s.ByID(t.Context(), ids[i]) })
	if !slices.ContainsFunc(failed, func(err error) bool { return errors.Is(err, provision.ErrUnreachable) }) {
		t.Errorf("%v", failed)
	}
	if h, err := s.ByID(t.Context(), ids[0]); err != nil || h == nil {
		t.Errorf("%v, %v", h, err)
	}
}

func TestStoreFindsTheBuried(t *testing.T) {
	onFakes(t, func(t *testing.T, f *zabbixtest.Server, _ *zabbix.Store) {
		bury := func(host, name, object string) {
			f.AddHost(t, zabbixtest.Host{Name: host, Tags: []zabbixtest.Tag{{Name: zabbix.TagName, Value: name}, {Name: zabbix.TagObject, Value: object}}})
		}
		bury("a_archived", "a", "device:1")
		bury("a_archived-1", "a", "device:1")
		bury("a_archived-2", "a", "device:2")
		bury("b_archived", "b", "device:1")
		for _, again := range []zabbix.StoreOptions{{}, {Prefetch: true}} {
			s := storeOf(t, f, again)
			for range 3 {
				if _, err := s.ByName(t.Context(), "a"); err != nil {
					t.Fatal(err)
				}
			}
			for _, c := range []struct {
				name, object string
				want         int
			}{{"a", "device:1", 2}, {"a", "device:2", 1}, {"b", "device:1", 1}, {"b", "device:2", 0}, {"A", "device:1", 0}, {"c", "device:3", 0}} {
				list, err := s.Buried(t.Context(), c.name, c.object)
				if err != nil || len(list) != c.want {
					t.Errorf("%s, %s: %v, %v", c.name, c.object, list, err)
				}
			}
		}
	})
}
