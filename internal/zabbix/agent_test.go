package zabbix_test

import (
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

// watched adds a host with an agent and items of a template.
func watched(t *testing.T, f *zabbixtest.Server, host, template string, a zabbixtest.Agent) string {
	t.Helper()
	id := f.AddHost(t, zabbixtest.Host{
		Name: host, Templates: []string{template},
		Interfaces: []zabbixtest.Interface{{Type: 1, Main: true, UseIP: true, IP: "192.0.2.1", Port: "10050"}},
	})
	f.SetAgent(t, host, a)
	return id
}

// watch adds the templates that agents are watched with.
func watch(t *testing.T, f *zabbixtest.Server) {
	t.Helper()
	f.AddTemplate(t, zabbixtest.Template{Name: "agent", Groups: []string{"Templates"}, Items: []zabbixtest.Item{
		{Key: "vfs.fs.size[/,free]"}, {Key: "trap", Type: 2}, {Key: "agent.ping"}, {Key: "system.uptime"},
	}})
	f.AddTemplate(t, zabbixtest.Template{Name: "trapper", Groups: []string{"Templates"}, Items: []zabbixtest.Item{{Key: "trap", Type: 2}}})
}

// state asks for an agent's state.
func state(t *testing.T, s *zabbix.Store, id string) zabbix.AgentState {
	t.Helper()
	a, err := s.AgentState(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAgentThatAnswers(t *testing.T) {
	onFakes(t, func(t *testing.T, f *zabbixtest.Server, s *zabbix.Store) {
		watch(t, f)
		id := watched(t, f, "a", "agent", zabbixtest.Agent{State: zabbixtest.Answering})
		// The server does not know the item yet: the order is lost.
		if a := state(t, s, id); a != (zabbix.AgentState{Interface: true, Item: "agent.ping"}) {
			t.Errorf("at once: %+v", a)
		}
		f.Advance(3 * time.Second)
		if a := state(t, s, id); !a.Clock.IsZero() || a.Refusal != "" {
			t.Errorf("after 3 s: %+v", a)
		}
		f.Advance(2 * time.Second)
		first := state(t, s, id)
		if first.Clock.IsZero() || first.Available != zabbix.AvailabilityUnknown {
			t.Errorf("after 5 s: %+v", first)
		}
		f.Advance(10 * time.Second)
		if a := state(t, s, id); a.Available != zabbix.Up || !a.Clock.After(first.Clock) {
			t.Errorf("after 15 s: %+v", a)
		}
	})
}

// Until about a minute after the fact Zabbix tells nothing of what fails.
func TestAgentThatDoesNotAnswer(t *testing.T) {
	for behaviour, says := range map[zabbixtest.AgentState]string{
		zabbixtest.WrongPSK: "TLS", zabbixtest.NoEncryptionHere: "empty response", zabbixtest.Refusing: "refused",
	} {
		onFakes(t, func(t *testing.T, f *zabbixtest.Server, s *zabbix.Store) {
			watch(t, f)
			id := watched(t, f, "a", "agent", zabbixtest.Agent{State: behaviour})
			f.Advance(30 * time.Second)
			if a := state(t, s, id); a.Available != zabbix.AvailabilityUnknown || !a.Clock.IsZero() || a.Error != "" {
				t.Errorf("after 30 s: %+v", a)
			}
			f.Advance(30 * time.Second)
			if a := state(t, s, id); a.Available != zabbix.Down || !strings.Contains(a.Error, says) || !a.Clock.IsZero() {
				t.Errorf("after 60 s: %+v", a)
			}
		})
	}
}

func TestAgentThatIsNotAsked(t *testing.T) {
	onFakes(t, func(t *testing.T, f *zabbixtest.Server, s *zabbix.Store) {
		watch(t, f)
		id := watched(t, f, "a", "trapper", zabbixtest.Agent{State: zabbixtest.Answering})
		if a := state(t, s, id); a != (zabbix.AgentState{Interface: true}) {
			t.Errorf("without an item: %+v", a)
		}
		id = watched(t, f, "b", "agent", zabbixtest.Agent{State: zabbixtest.Answering})
		f.ByHand(t, "host.update", map[string]any{"hostid": id, "status": 1})
		if a := state(t, s, id); a.Item != "agent.ping" || !a.Disabled || !strings.Contains(a.Refusal, "disabled") {
			t.Errorf("disabled: %+v", a)
		}
		if n := len(f.CallsOf("task.create")); n != 0 {
			t.Errorf("asked %d times", n)
		}
		if a := state(t, s, "99999"); a != (zabbix.AgentState{}) {
			t.Errorf("one that is not there: %+v", a)
		}
		f.AddUser(t, zabbixtest.User{Name: "joe", Password: "hunter22", Type: zabbixtest.TypeUser, Rights: map[string]zabbixtest.Permission{"Linux servers": zabbixtest.Read}})
		id = watched(t, f, "c", "agent", zabbixtest.Agent{State: zabbixtest.Answering})
		f.Advance(time.Hour)
		joe := zabbix.NewStore(clientOf(t, f, "joe", "hunter22"), zabbix.StoreOptions{})
		if a := state(t, joe, id); !strings.Contains(a.Refusal, "No permissions") || a.Available != zabbix.Up || a.Clock.IsZero() {
			t.Errorf("without permission: %+v", a)
		}
	})
}

// One host that cannot be asked does not keep the others from it, and hosts that
// are asked for together go together.
func TestAgentsTogether(t *testing.T) {
	f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
	watch(t, f)
	ids := make([]string, 40)
	for i := range ids {
		ids[i] = watched(t, f, name(i), "agent", zabbixtest.Agent{State: zabbixtest.Answering})
	}
	s := patientStore(t, f)
	// Disabled between the question and the order.
	f.Inject(zabbixtest.Fault{Method: "task.create", Before: func() {
		f.ByHand(t, "host.update", map[string]any{"hostid": ids[11], "status": 1})
	}})
	sideBySide(40, func(i int) {
		a, err := s.AgentState(t.Context(), ids[i])
		if err != nil || a.Item == "" || strings.Contains(a.Refusal, "not monitored") != (i == 11) {
			t.Errorf("%d: %+v, %v", i, a, err)
		}
	})
	if n := f.Posts(); n > 16 {
		t.Errorf("%d POSTs", n)
	}
}

func TestAgentWithoutAnswer(t *testing.T) {
	f := zabbixtest.New(t, zabbixtest.Options{Empty: true})
	watch(t, f)
	id := watched(t, f, "a", "agent", zabbixtest.Agent{State: zabbixtest.Answering})
	s := storeOf(t, f, zabbix.StoreOptions{})
	f.Inject(zabbixtest.Fault{Method: "item.get", Status: 404})
	if a, err := s.AgentState(t.Context(), id); err == nil {
		t.Errorf("%+v", a)
	}
	f.Inject(zabbixtest.Fault{Method: "task.create", Cut: true})
	if a, err := s.AgentState(t.Context(), id); err != nil || a.Refusal == "" || !a.Clock.IsZero() {
		t.Errorf("%+v, %v", a, err)
	}
}
