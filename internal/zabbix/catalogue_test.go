package zabbix_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

// stock adds templates that hang together.
func stock(t *testing.T, f *zabbixtest.Server) {
	t.Helper()
	for _, tmpl := range []zabbixtest.Template{
		{Name: "ping", VisibleName: "Ping, seen", Items: []zabbixtest.Item{{Key: "icmpping", Type: 3}}, Triggers: []zabbixtest.Trigger{{Name: "down"}}},
		{Name: "base", Items: []zabbixtest.Item{{Key: "agent.ping"}, {Key: "trap", Type: 2}}, Triggers: []zabbixtest.Trigger{{Name: "no data"}}},
		{Name: "middle", Parents: []string{"base"}, Items: []zabbixtest.Item{{Key: "sysName", Type: 20}}},
		{
			Name: "top", Parents: []string{"middle"}, Items: []zabbixtest.Item{{Key: "own", Type: 2}},
			Triggers: []zabbixtest.Trigger{{Name: "needs ping", DependsOn: []zabbixtest.Dependency{{Template: "ping", Trigger: "down"}}}},
		},
	} {
		tmpl.Groups = []string{"Templates"}
		f.AddTemplate(t, tmpl)
	}
}

func TestCatalogueTemplates(t *testing.T) {
	onFakes(t, func(t *testing.T, f *zabbixtest.Server, s *zabbix.Store) {
		stock(t, f)
		list, err := s.Lookup().Templates(t.Context(), []string{"top", "ping", "base"})
		if err != nil {
			t.Fatal(err)
		}
		for i := range list {
			if list[i].ID == "" {
				t.Errorf("%s has no id", list[i].Name)
			}
			list[i].ID = ""
			slices.Sort(list[i].Parents)
		}
		want := []zabbix.Template{
			{
				Name: "top", Parents: []string{"base", "middle"}, DependsOn: []string{"ping"}, Items: 4, Triggers: 2,
				Needs: map[zabbix.InterfaceType]string{zabbix.TypeAgent: "agent.ping", zabbix.TypeSNMP: "sysName"},
			},
			{Name: "ping", Items: 1, Triggers: 1, Needs: map[zabbix.InterfaceType]string{}},
			{Name: "base", Items: 2, Triggers: 1, Needs: map[zabbix.InterfaceType]string{zabbix.TypeAgent: "agent.ping"}},
		}
		if diff := cmp.Diff(want, list); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

// Who asks together asks with few calls; who asks again, with none.
func TestCatalogueAsksSeldom(t *testing.T) {
	f := zabbixtest.New(t, zabbixtest.Options{})
	stock(t, f)
	s := patientStore(t, f)
	names := []string{"top", "ping", "base", "middle"}
	sideBySide(40, func(i int) {
		if _, err := s.Lookup().Templates(t.Context(), []string{names[i%4], names[(i+1)%4]}); err != nil {
			t.Error(err)
		}
		if _, err := s.Lookup().Groups(t.Context(), []string{"Linux servers"}, false); err != nil {
			t.Error(err)
		}
	})
	if n := f.Posts(); n > 12 {
		t.Errorf("%d POSTs", n)
	}
	f.ForgetCalls()
	if _, err := s.Lookup().Templates(t.Context(), names); err != nil || f.Posts() != 0 {
		t.Errorf("%v after %d POSTs", err, f.Posts())
	}
}

// isMissing checks that an error is mended at a field, and what it says.
func isMissing(t *testing.T, err error, field string, says ...string) {
	t.Helper()
	var at *zabbix.FieldError
	if !errors.As(err, &at) || at.Field != field {
		t.Errorf("%v is not about %s", err, field)
		return
	}
	for _, want := range says {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func TestCatalogueNamesWhatIsNear(t *testing.T) {
	onFakes(t, func(t *testing.T, f *zabbixtest.Server, s *zabbix.Store) {
		stock(t, f)
		f.AddProxy(t, "proxy-north")
		k := s.Lookup()
		_, err := k.Templates(t.Context(), []string{"midle", "top", "Base"})
		isMissing(t, err, "templates", "midle", "middle", "Base", "base")
		_, err = k.Groups(t.Context(), []string{"linux server"}, false)
		isMissing(t, err, "host_groups", "linux server", "Linux servers")
		_, err = k.Proxy(t.Context(), zabbix.Proxy{Name: "proxy-nort"})
		isMissing(t, err, "proxy", "proxy-north")
		// What was made in the meantime is found.
		f.AddTemplate(t, zabbixtest.Template{Name: "midle", Groups: []string{"Templates"}})
		if list, err := k.Templates(t.Context(), []string{"midle"}); err != nil || len(list) != 1 {
			t.Errorf("%v, %v", list, err)
		}
	})
}

func TestCatalogueGroups(t *testing.T) {
	onFakes(t, func(t *testing.T, f *zabbixtest.Server, s *zabbix.Store) {
		k := s.Lookup()
		ids, err := k.Groups(t.Context(), []string{"Linux servers"}, false)
		if err != nil || ids["Linux servers"] != "2" {
			t.Errorf("%v, %v", ids, err)
		}
		f.ForgetCalls()
		sideBySide(10, func(i int) {
			ids, err := k.Groups(t.Context(), []string{"new", "Linux servers", fmt.Sprint("own ", i%2)}, true)
			if err != nil || len(ids) != 3 || ids["new"] == "" {
				t.Errorf("%v, %v", ids, err)
			}
		})
		if n := len(f.CallsOf("hostgroup.create")); n > 2 {
			t.Errorf("made in %d calls", n)
		}
	})
}

// Somebody else makes one of the groups at the same time: none of the array is
// made then.
func TestCatalogueGroupsMeetAnother(t *testing.T) {
	onFakes(t, func(t *testing.T, f *zabbixtest.Server, s *zabbix.Store) {
		f.Inject(zabbixtest.Fault{Method: "hostgroup.create", Before: func() { f.AddHostGroup(t, "b") }})
		ids, err := s.Lookup().Groups(t.Context(), []string{"a", "b", "c"}, true)
		if err != nil || ids["a"] == "" || ids["b"] == "" || ids["c"] == "" {
			t.Errorf("%v, %v", ids, err)
		}
	})
}

// Zabbix notices too late that somebody else makes one of the groups: its database
// refuses it, and PHP breaks off.
func TestCatalogueGroupsMeetAnotherInTheDatabase(t *testing.T) {
	onFakes(t, func(t *testing.T, f *zabbixtest.Server, s *zabbix.Store) {
		f.Inject(zabbixtest.Fault{Method: "hostgroup.create", Empty: true, Before: func() { f.AddHostGroup(t, "b") }})
		ids, err := s.Lookup().Groups(t.Context(), []string{"a", "b"}, true)
		if err != nil || ids["a"] == "" || ids["b"] == "" {
			t.Errorf("%v, %v", ids, err)
		}
		// Somebody else's insert was in the way, of another name.
		f.Inject(zabbixtest.Fault{Method: "hostgroup.create", Empty: true})
		if ids, err := s.Lookup().Groups(t.Context(), []string{"alone"}, true); err != nil || ids["alone"] == "" {
			t.Errorf("%v, %v", ids, err)
		}
		f.Inject(zabbixtest.Fault{Method: "hostgroup.create", Times: zabbixtest.Always, Empty: true})
		if _, err := s.Lookup().Groups(t.Context(), []string{"c"}, true); !errors.Is(err, api.ErrDatabase) || !strings.Contains(err.Error(), "make host groups") {
			t.Errorf("a database that refuses it for good: %v", err)
		}
	})
}

// A group that exists and is not seen cannot be made.
func TestCatalogueGroupsThatAreNotSeen(t *testing.T) {
	f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
	s := storeOf(t, f, zabbix.StoreOptions{})
	f.Inject(zabbixtest.Fault{Method: "hostgroup.create", Times: zabbixtest.Always, Error: &zabbixtest.Error{Code: -32602, Data: `Host group "hidden" already exists.`}})
	_, err := s.Lookup().Groups(t.Context(), []string{"hidden"}, true)
	isMissing(t, err, "host_groups", "hidden")
	f.ClearFaults()
	f.Inject(zabbixtest.Fault{Method: "hostgroup.create", Cut: true})
	if _, err = s.Lookup().Groups(t.Context(), []string{"a"}, true); !errors.Is(err, provision.ErrConnectionLost) {
		t.Errorf("%v", err)
	}
}

func TestCatalogueProxies(t *testing.T) {
	onFakes(t, func(t *testing.T, f *zabbixtest.Server, s *zabbix.Store) {
		id := f.AddProxy(t, "p")
		k := s.Lookup()
		if ids, err := k.Proxy(t.Context(), zabbix.Proxy{}); err != nil || ids != (zabbix.ProxyIDs{}) {
			t.Errorf("%v, %v", ids, err)
		}
		if ids, err := k.Proxy(t.Context(), zabbix.Proxy{Name: "p"}); err != nil || ids != (zabbix.ProxyIDs{Proxy: id}) {
			t.Errorf("%v, %v", ids, err)
		}
		if f.Version()[:1] == "6" {
			_, err := k.Proxy(t.Context(), zabbix.Proxy{Group: "pg"})
			isMissing(t, err, "proxy_group", "7.0")
			return
		}
		group := f.AddProxyGroup(t, "pg")
		if ids, err := k.Proxy(t.Context(), zabbix.Proxy{Group: "pg"}); err != nil || ids != (zabbix.ProxyIDs{Group: group}) {
			t.Errorf("%v, %v", ids, err)
		}
	})
}

// A host that is created through the store in the words of 7.0 is monitored by
// the proxy in every version.
func TestStoreWritesInTheServersWords(t *testing.T) {
	onFakes(t, func(t *testing.T, f *zabbixtest.Server, s *zabbix.Store) {
		n := plainHost("a")
		n.Params["monitored_by"], n.Params["proxyid"] = 1, f.AddProxy(t, "p")
		h, err := s.Create(t.Context(), n)
		if err != nil || h.Proxy != "p" || f.Host("a").Proxy != "p" {
			t.Fatalf("%+v, %v", h, err)
		}
		h, err = s.Update(t.Context(), h.ID, []zabbix.Call{{Method: "host.update", Params: map[string]any{"hostid": h.ID, "monitored_by": 0}}})
		if err != nil || h.Proxy != "" || f.Host("a").Proxy != "" {
			t.Errorf("%+v, %v", h, err)
		}
	})
}

func TestCatalogueSeesAll(t *testing.T) {
	onFakes(t, func(t *testing.T, f *zabbixtest.Server, s *zabbix.Store) {
		if all, err := s.Lookup().SeesAll(t.Context()); err != nil || !all {
			t.Errorf("super admin: %v, %v", all, err)
		}
		f.AddUser(t, zabbixtest.User{Name: "joe", Password: "hunter22", Type: zabbixtest.TypeAdmin, Rights: map[string]zabbixtest.Permission{"Linux servers": zabbixtest.ReadWrite}})
		joe := zabbix.NewStore(clientOf(t, f, "joe", "hunter22"), zabbix.StoreOptions{})
		if all, err := joe.Lookup().SeesAll(t.Context()); err != nil || all {
			t.Errorf("admin: %v, %v", all, err)
		}
		other := storeOf(t, f, zabbix.StoreOptions{})
		f.Inject(zabbixtest.Fault{Method: "authentication.get", Status: 404})
		if all, err := other.Lookup().SeesAll(t.Context()); err == nil || all {
			t.Errorf("no answer: %v, %v", all, err)
		}
	})
}

// A maintenance that has nothing but hosts that go keeps the last of them; who may
// not ask for maintenances leaves that to Zabbix.
func TestCatalogueKeptBy(t *testing.T) {
	onFakes(t, func(t *testing.T, f *zabbixtest.Server, s *zabbix.Store) {
		ids := addHosts(t, f, 4)
		maintenance := func(name string, more map[string]any) {
			m := map[string]any{
				"name": name, "active_since": 1000000000, "active_till": 1000003600,
				"timeperiods": []any{map[string]any{"timeperiod_type": 0, "start_date": 1000000000, "period": 3600}},
			}
			maps.Copy(m, more)
			f.ByHand(t, "maintenance.create", m)
		}
		hosts := func(list ...string) []any {
			var refs []any
			for _, id := range list {
				refs = append(refs, map[string]any{"hostid": id})
			}
			return refs
		}
		groups, err := s.Lookup().Groups(t.Context(), []string{"Linux servers"}, false)
		if err != nil {
			t.Fatal(err)
		}
		maintenance("two", map[string]any{"hosts": hosts(ids[0], ids[1])})
		maintenance("grouped", map[string]any{"hosts": hosts(ids[2]), "groups": []any{map[string]any{"groupid": groups["Linux servers"]}}})
		for i, want := range []string{"", "two", "", ""} {
			if got, err := s.Lookup().KeptBy(t.Context(), ids[i]); err != nil || got != want {
				t.Errorf("host %d is kept by %q, want %q (%v)", i, got, want, err)
			}
		}
		if n := len(f.CallsOf("maintenance.get")); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}
