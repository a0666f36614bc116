package zabbix_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

// One POST makes the hosts of callers that come together, and reads them back.
func TestStoreCreatesTogether(t *testing.T) {
	onFakes(t, func(t *testing.T, f *zabbixtest.Server, _ *zabbix.Store) {
		s := patientStore(t, f)
		sideBySide(100, func(i int) {
			h, err := s.Create(t.Context(), plainHost(name(i)))
			if err != nil || h.Name != name(i) || h.Mark.Run != "run-"+name(i) || h.Agent == nil || h.Agent.IP != "192.0.2.1" {
				t.Errorf("%d: %+v, %v", i, h, err)
			}
		})
		if n := f.Posts(); n > 3 || len(f.Hosts()) != 100 {
			t.Errorf("%d POSTs, %d hosts", n, len(f.Hosts()))
		}
	})
}

// The host that is refused is found, however the API speaks of it, and its
// neighbours are made.
func TestStoreCreatesAllButTheRefused(t *testing.T) {
	for what, spoil := range map[string]map[string]any{
		"by place":        {"groups": []any{map[string]any{"groupid": "99999"}}},
		"by another name": {"name": "taken"},
		"not at all":      {"interfaces": []any{map[string]any{"type": 1, "main": 1, "useip": 1, "ip": "bad", "dns": "", "port": "1"}}},
	} {
		t.Run(what, func(t *testing.T) {
			onFakes(t, func(t *testing.T, f *zabbixtest.Server, _ *zabbix.Store) {
				s := patientStore(t, f)
				f.AddHost(t, zabbixtest.Host{Name: "other", VisibleName: "taken"})
				sideBySide(100, func(i int) {
					n := plainHost(name(i))
					if i == 61 {
						for k, v := range spoil {
							n.Params[k] = v
						}
					}
					h, err := s.Create(t.Context(), n)
					var refused *api.Error
					switch {
					case i == 61 && (!errors.As(err, &refused) || h != nil):
						t.Errorf("the spoilt one: %v, %v", h, err)
					case i != 61 && (err != nil || h.Name != name(i)):
						t.Errorf("%d: %v, %v", i, h, err)
					}
				})
				if n := f.Posts(); n > 20 || len(f.Hosts()) != 100 { // 99, and the other
					t.Errorf("%d POSTs, %d hosts", n, len(f.Hosts()))
				}
			})
		})
	}
}

// Whom a refusal seems to speak of need not be the one: each is told its own.
func TestStoreTakesOutOnlyTheRefused(t *testing.T) {
	f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
	s := patientStore(t, f)
	f.Inject(zabbixtest.Fault{Method: "host.create", Error: &zabbixtest.Error{Code: -32602, Data: `Invalid parameter "/1/tags": something else.`}})
	sideBySide(3, func(i int) {
		if h, err := s.Create(t.Context(), plainHost(name(i))); err != nil || h == nil {
			t.Errorf("%d: %v, %v", i, h, err)
		}
	})
}

// A role without the method refuses all of them: they are not tried one by one.
func TestStoreDoesNotTryAgainWhatTheRoleRefuses(t *testing.T) {
	f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
	s := patientStore(t, f)
	f.Inject(zabbixtest.Fault{Method: "host.create", Times: zabbixtest.Always, Error: &zabbixtest.Error{
		Code: -32602, Message: "Invalid params.", Data: `No permissions to call "host.create".`,
	}})
	sideBySide(20, func(i int) {
		if h, err := s.Create(t.Context(), plainHost(name(i))); h != nil || !errors.Is(err, api.ErrMethod) || !errors.Is(err, api.ErrPermission) {
			t.Errorf("%d: %v, %v", i, h, err)
		}
	})
	if n := len(f.CallsOf("host.create")); n > 3 {
		t.Errorf("sent %d times", n)
	}
}

// A creation whose answer was lost is known by its mark; one that did not take
// place, or a host of somebody else's, stays unknown.
func TestStoreCreateWithoutAnswer(t *testing.T) {
	for what, c := range map[string]struct {
		fault zabbixtest.Fault
		other bool
		made  bool
	}{
		"made":            {fault: zabbixtest.Fault{Cut: true, Effect: true}, made: true},
		"made, half told": {fault: zabbixtest.Fault{Half: true, Effect: true}, made: true},
		"made, 504":       {fault: zabbixtest.Fault{Status: 504, Effect: true}, made: true},
		"not made":        {fault: zabbixtest.Fault{Cut: true}},
		"somebody's":      {fault: zabbixtest.Fault{Cut: true}, other: true},
	} {
		t.Run(what, func(t *testing.T) {
			f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
			s := patientStore(t, f)
			c.fault.Method = "host.create"
			if c.other {
				c.fault.Before = func() { f.AddHost(t, zabbixtest.Host{Name: name(0)}) }
			}
			f.Inject(c.fault)
			sideBySide(3, func(i int) {
				h, err := s.Create(t.Context(), plainHost(name(i)))
				if c.made && (err != nil || h.Mark.Run != "run-"+name(i)) || !c.made && (h != nil || !errors.Is(err, provision.ErrConnectionLost)) {
					t.Errorf("%d: %v, %v", i, h, err)
				}
			})
			if n := len(f.CallsOf("host.create")); n != 1 {
				t.Errorf("sent %d times", n)
			}
		})
	}
}

// A session that ends between a write and its reading back, when nobody is let in
// any more: what was done is not known, and not taken for refused.
func TestStoreIsBarredAfterAWrite(t *testing.T) {
	for _, does := range []string{"create", "update"} {
		f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
		s := storeOf(t, f, zabbix.StoreOptions{})
		h := agents(t, s, 1)[0]
		f.Inject(zabbixtest.Fault{Method: "host.get", Times: zabbixtest.Always, Error: &zabbixtest.Error{Code: -32602, Data: "Session terminated, re-login, please."}})
		f.Inject(zabbixtest.Fault{Method: "user.login", Times: zabbixtest.Always, Error: &zabbixtest.Error{Code: -32500, Data: "Incorrect user name or password."}})
		var err error
		if does == "create" {
			_, err = s.Create(t.Context(), plainHost("new"))
		} else {
			_, err = s.Update(t.Context(), h.ID, []zabbix.Call{describe(h.ID, "new")})
		}
		if n := len(f.CallsOf("host." + does)); n == 0 || !errors.Is(err, provision.ErrConnectionLost) || !errors.Is(err, provision.ErrAuth) {
			t.Errorf("%s, sent %d times: %v", does, n, err)
		}
	}
}

func TestStoreCreateUnreachable(t *testing.T) {
	f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
	s := storeOf(t, f, zabbix.StoreOptions{})
	f.Down()
	if _, err := s.Create(t.Context(), plainHost("a")); !errors.Is(err, provision.ErrUnreachable) || errors.Is(err, provision.ErrConnectionLost) {
		t.Errorf("%v", err)
	}
}

// Two first inserts that meet are refused by the database: nothing was made, and
// it is tried once more.
func TestStoreCreateMeetsAnother(t *testing.T) {
	met := &zabbixtest.Error{Code: -32603, Message: "Internal error.", Data: "DBEXECUTE_ERROR"}
	told := &zabbixtest.Error{Code: -32500, Message: "Application error.", Data: `SQL statement execution has failed "INSERT INTO hosts"`}
	for i, times := range []int{1, zabbixtest.Always, 1} {
		if i == 2 {
			met = told // to a user who may see what went wrong
		}
		f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
		s := storeOf(t, f, zabbix.StoreOptions{})
		f.Inject(zabbixtest.Fault{Method: "host.create", Error: met, Times: times})
		h, err := s.Create(t.Context(), plainHost("a"))
		if times == 1 && (err != nil || h == nil) || times != 1 && !errors.Is(err, api.ErrDatabase) {
			t.Errorf("%v, %v", h, err)
		}
		if n := len(f.CallsOf("host.create")); n != 2 {
			t.Errorf("sent %d times", n)
		}
	}
}

// Zabbix 7.0 gives an answer without a body when its database refuses: what has not
// been made is tried once more, what has is not.
func TestStoreCreateHasAnEmptyAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		fault zabbixtest.Fault
		sent  int
		fails bool
	}{
		"nothing was made":   {zabbixtest.Fault{Method: "host.create", Empty: true}, 2, false},
		"it was made":        {zabbixtest.Fault{Method: "host.create", Empty: true, Effect: true}, 1, false},
		"it stays like that": {zabbixtest.Fault{Method: "host.create", Empty: true, Times: zabbixtest.Always}, 2, true},
	} {
		f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
		s := storeOf(t, f, zabbix.StoreOptions{})
		f.Inject(c.fault)
		h, err := s.Create(t.Context(), plainHost("a"))
		if c.fails != (err != nil) || !c.fails && h.Name != "a" {
			t.Errorf("%s: %v, %v", name, h, err)
		}
		if err != nil && (!errors.Is(err, provision.ErrConnectionLost) || !strings.Contains(err.Error(), "the answer is empty")) {
			t.Errorf("%s: %v", name, err)
		}
		if n := len(f.CallsOf("host.create")); n != c.sent {
			t.Errorf("%s: sent %d times", name, n)
		}
	}
}

// A caller who leaves while his host is being made learns what became of it; of
// one who had left before, nothing is sent.
func TestStoreCreateIsCancelled(t *testing.T) {
	f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
	s := storeOf(t, f, zabbix.StoreOptions{})
	hold := make(chan struct{})
	f.Inject(zabbixtest.Fault{Method: "host.create", Effect: true, Wait: hold})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		h, err := s.Create(ctx, plainHost("a"))
		if err == nil && h.Name != "a" {
			err = fmt.Errorf("%+v", h)
		}
		done <- err
	}()
	waitFor(t, func() bool { return len(f.CallsOf("host.create")) == 1 })
	cancel()
	close(hold)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := s.Create(ctx, plainHost("b")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if hosts := f.Hosts(); slices.Contains(hosts, "b") {
		t.Errorf("%q", hosts)
	}
}

// Only one array is under way at a time.
func TestStoreHasOneWriter(t *testing.T) {
	f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
	ids := addHosts(t, f, 1)
	s := storeOf(t, f, zabbix.StoreOptions{})
	hold := make(chan struct{})
	f.Inject(zabbixtest.Fault{Method: "host.create", Wait: hold})
	done := make(chan error, 2)
	go func() { _, err := s.Create(t.Context(), plainHost("a")); done <- err }()
	waitFor(t, func() bool { return f.Posts() == 1 })
	go func() { _, err := s.Update(t.Context(), ids[0], []zabbix.Call{describe(ids[0], "x")}); done <- err }()
	if h, err := s.FreshByID(t.Context(), ids[0]); err != nil || h.Description != "" {
		t.Errorf("%+v, %v: reading goes on meanwhile", h, err)
	}
	close(hold)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	var order []string
	for _, c := range f.Calls() {
		if strings.HasSuffix(c.Method, "ate") {
			order = append(order, c.Method)
		}
	}
	if !slices.Equal(order, []string{"host.create", "host.update"}) {
		t.Errorf("%q", order)
	}
}

// port is a call that changes the port of a host's agent interface.
func port(h *zabbix.Host, port string) zabbix.Call {
	return zabbix.Call{Method: "hostinterface.update", Params: map[string]any{"interfaceid": h.Agent.ID, "port": port}}
}

// agents makes hosts with an agent interface.
func agents(t *testing.T, s *zabbix.Store, n int) []*zabbix.Host {
	t.Helper()
	hosts := make([]*zabbix.Host, n)
	sideBySide(n, func(i int) {
		var err error
		if hosts[i], err = s.Create(t.Context(), plainHost(name(i))); err != nil {
			t.Error(err)
		}
	})
	return hosts
}

func TestStoreUpdatesTogether(t *testing.T) {
	onFakes(t, func(t *testing.T, f *zabbixtest.Server, _ *zabbix.Store) {
		s := patientStore(t, f)
		hosts := agents(t, s, 50)
		f.ForgetCalls()
		sideBySide(50, func(i int) {
			calls := []zabbix.Call{describe(hosts[i].ID, "new")}
			if i%2 == 0 {
				calls = []zabbix.Call{port(hosts[i], "10051"), describe(hosts[i].ID, "new")}
			}
			h, err := s.Update(t.Context(), hosts[i].ID, calls)
			if err != nil || h.Description != "new" || (h.Agent.Port == "10051") != (i%2 == 0) {
				t.Errorf("%d: %+v, %v", i, h, err)
			}
		})
		if n := f.Posts(); n > 6 {
			t.Errorf("%d POSTs", n)
		}
	})
}

// A host whose call is refused gets no further one, its neighbours do.
func TestStoreUpdatesAllButTheRefused(t *testing.T) {
	onFakes(t, func(t *testing.T, f *zabbixtest.Server, s *zabbix.Store) {
		hosts := agents(t, s, 20)
		sideBySide(20, func(i int) {
			first, second := port(hosts[i], "10051"), describe(hosts[i].ID, "new")
			switch i {
			case 3:
				first.Params["port"] = "bad"
			case 5:
				second.Params["groups"] = []any{}
			}
			h, err := s.Update(t.Context(), hosts[i].ID, []zabbix.Call{first, second})
			var partial *zabbix.PartialError
			switch {
			case i != 3 && i != 5:
				if err != nil || h.Agent.Port != "10051" || h.Description != "new" {
					t.Errorf("%d: %+v, %v", i, h, err)
				}
			case !errors.As(err, &partial) || partial.Done != i/5 || !errors.As(err, new(*api.Error)):
				t.Errorf("%d: %v", i, err)
			}
		})
		if got := f.Host(name(3)); got.Interfaces[0].Port != "10050" || got.Description != "" {
			t.Errorf("%+v", got)
		}
		if got := f.Host(name(5)); got.Interfaces[0].Port != "10051" || got.Description != "" {
			t.Errorf("%+v", got)
		}
	})
}

// It is told how many of the calls took effect before the connection broke.
func TestStoreUpdateWithoutAnswer(t *testing.T) {
	for method, done := range map[string]int{"hostinterface.update": 0, "host.update": 1} {
		f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
		s := storeOf(t, f, zabbix.StoreOptions{})
		h := agents(t, s, 1)[0]
		f.Inject(zabbixtest.Fault{Method: method, Cut: true})
		_, err := s.Update(t.Context(), h.ID, []zabbix.Call{port(h, "10051"), describe(h.ID, "new")})
		var partial *zabbix.PartialError
		if !errors.Is(err, provision.ErrConnectionLost) || !errors.As(err, &partial) || partial.Done != done {
			t.Errorf("%s: %v", method, err)
		}
		if n := len(f.CallsOf("host.update")); n != done {
			t.Errorf("%s: host.update was sent %d times", method, n)
		}
	}
}

func TestStoreDeletes(t *testing.T) {
	onFakes(t, func(t *testing.T, f *zabbixtest.Server, _ *zabbix.Store) {
		s := patientStore(t, f)
		ids := addHosts(t, f, 50)
		f.DeleteHost(t, name(7))
		maintain(t, f, ids[9])
		sideBySide(50, func(i int) {
			err := s.Delete(t.Context(), ids[i])
			if i == 9 && (err == nil || !strings.Contains(err.Error(), "maintenance")) || i != 9 && err != nil {
				t.Errorf("%d: %v", i, err)
			}
		})
		if hosts := f.Hosts(); !slices.Equal(hosts, []string{name(9)}) {
			t.Errorf("%q", hosts)
		}
		if n := f.Posts(); n > 30 {
			t.Errorf("%d POSTs", n)
		}
	})
}

// maintain puts a host into a maintenance that may not become empty.
func maintain(t *testing.T, f *zabbixtest.Server, id string) {
	t.Helper()
	f.ByHand(t, "maintenance.create", map[string]any{
		"name": "m", "active_since": 1000000000, "active_till": 2000000000, "hosts": []any{map[string]any{"hostid": id}},
		"timeperiods": []any{map[string]any{"timeperiod_type": 0, "start_date": 1000000000, "period": 3600}},
	})
}

// Who does not see every host cannot tell one that is gone from one that he may
// not delete.
func TestStoreDeleteWithoutPermission(t *testing.T) {
	f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
	id := f.AddHost(t, zabbixtest.Host{Name: "a", Groups: []string{"Discovered hosts"}})
	f.AddUser(t, zabbixtest.User{Name: "joe", Password: "hunter22", Type: zabbixtest.TypeAdmin})
	s := zabbix.NewStore(clientOf(t, f, "joe", "hunter22"), zabbix.StoreOptions{})
	if err := s.Delete(t.Context(), id); !errors.Is(err, api.ErrPermission) {
		t.Errorf("%v", err)
	}
}
