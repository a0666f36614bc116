package zabbixtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

// client asks a fake with an API token of the super admin.
type client struct {
	*testing.T
	s     *zabbixtest.Server
	token string
}

func newClient(t *testing.T, version string) *client {
	t.Helper()
	s := zabbixtest.New(t, zabbixtest.Options{Version: version})
	return &client{t, s, s.Token(t, zabbixtest.AdminUser)}
}

// one is one request.
func one(id int, method, params string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","method":%q,"params":%s,"id":%d}`, method, params, id)
}

func (c *client) post(requests ...string) (int, string, error) {
	c.Helper()
	body := requests[0]
	if len(requests) > 1 {
		body = "[" + strings.Join(requests, ",") + "]"
	}
	status, b, err := post(c.T, c.s.Endpoint(), body, c.token)
	return status, string(b), err
}

// create is a host.create of a host in "Linux servers".
func create(id int, name string) string {
	return one(id, "host.create", fmt.Sprintf(`{"host":%q,"groups":[{"groupid":"2"}]}`, name))
}

func (c *client) has(want ...string) {
	c.Helper()
	if got := c.s.Hosts(); strings.Join(got, " ") != strings.Join(want, " ") {
		c.Errorf("hosts %q, not %q", got, want)
	}
}

func TestFaultStrikesTheNthCall(t *testing.T) {
	c := newClient(t, "7.0")
	c.s.Inject(zabbixtest.Fault{Method: "host.create", Call: 2, Times: 2, Status: http.StatusTooManyRequests, RetryAfter: "7"})
	for i, want := range []int{200, 429, 429, 200} {
		if status, _, err := c.post(create(1, fmt.Sprint("h", i))); err != nil || status != want {
			t.Errorf("call %d: %d, %v", i+1, status, err)
		}
		if status, _, _ := c.post(one(1, "host.get", `{"countOutput":true}`)); status != 200 {
			t.Errorf("another method was struck: %d", status)
		}
	}
	c.has("h0", "h3")
	calls := c.s.CallsOf("host.create")
	if len(calls) != 4 || calls[0].Struck || !calls[1].Struck || c.s.Posts() != 8 || calls[3].Post != 7 {
		t.Errorf("%d POSTs, calls %+v", c.s.Posts(), calls)
	}
}

func TestFaultAnswersOfTransport(t *testing.T) {
	c := newClient(t, "7.0")
	for _, k := range []struct {
		fault  zabbixtest.Fault
		status int
		body   string
		broken bool
	}{
		{zabbixtest.Fault{Status: 500}, 500, "Internal Server Error", false},
		{zabbixtest.Fault{Status: 503, RetryAfter: "3"}, 503, "<html>", false},
		{zabbixtest.Fault{Body: "<html>login</html>"}, 200, "<html>login</html>", false},
		{zabbixtest.Fault{Empty: true}, 200, "", false},
		{zabbixtest.Fault{Cut: true}, 0, "", true},
		{zabbixtest.Fault{Half: true}, 200, "", true},
		{zabbixtest.Fault{Restart: true}, 0, "", true},
	} {
		for _, effect := range []bool{false, true} {
			f := k.fault
			f.Method, f.Effect = "host.create", effect
			c.s.Inject(f)
			status, body, err := c.post(create(1, "x"))
			if status != k.status || !strings.Contains(body, k.body) || (err != nil) != k.broken {
				t.Errorf("%+v: %d %q %v", f, status, body, err)
			}
			want := []string{}
			if effect {
				want = append(want, "x")
			}
			c.has(want...)
			if effect {
				c.s.DeleteHost(t, "x")
			}
		}
	}
}

// An error of one call of an array leaves the others alone.
func TestFaultErrorOfOneCall(t *testing.T) {
	c := newClient(t, "7.0")
	for _, effect := range []bool{false, true} {
		c.s.Inject(zabbixtest.Fault{
			Method: "host.create", Call: 2, Effect: effect,
			Error: &zabbixtest.Error{Code: -32603, Message: "Internal error.", Data: "DBEXECUTE_ERROR"},
		})
		_, body, err := c.post(create(1, "a"), create(2, "b"), create(3, "c"))
		if err != nil || strings.Count(body, "hostids") != 2 || strings.Count(body, "DBEXECUTE_ERROR") != 1 {
			t.Errorf("%s %v", body, err)
		}
		if effect {
			c.has("a", "b", "c")
			return
		}
		c.has("a", "c")
		c.s.DeleteHost(t, "a")
		c.s.DeleteHost(t, "c")
	}
}

func TestFaultLateAndByHand(t *testing.T) {
	c := newClient(t, "7.0")
	release := make(chan struct{})
	c.s.Inject(zabbixtest.Fault{Method: "host.create", Effect: true, Wait: release})
	done := make(chan string, 1)
	go func() {
		_, body, _ := c.post(create(1, "late"))
		done <- body
	}()
	deadline := time.After(time.Minute)
	for c.s.Host("late") == nil {
		select {
		case <-deadline:
			t.Fatal("the call had no effect")
		case <-time.After(time.Millisecond):
		}
	}
	select {
	case body := <-done:
		t.Fatalf("answered before it was released: %s", body)
	default:
	}
	close(release)
	if body := <-done; !strings.Contains(body, "hostids") {
		t.Error(body)
	}
	c.s.Inject(zabbixtest.Fault{Method: "host.update", Before: func() { c.s.DeleteHost(t, "late") }})
	id := c.s.ByHand(t, "host.get", map[string]any{"output": []string{}, "filter": map[string]any{"host": "late"}})
	if _, body, _ := c.post(one(1, "host.update", fmt.Sprintf(`{"hostid":%q,"status":1}`, hostID(t, id)))); !strings.Contains(body, "does not exist") {
		t.Error(body)
	}
	if len(c.s.CallsOf("host.get")) != 0 {
		t.Error("what was done by hand was recorded")
	}
}

func hostID(t *testing.T, rows any) string {
	t.Helper()
	list, _ := rows.([]any)
	if len(list) != 1 {
		t.Fatalf("%v", rows)
	}
	return list[0].(map[string]any)["hostid"].(string)
}

func TestFaultExpiresSessions(t *testing.T) {
	s := zabbixtest.New(t, zabbixtest.Options{Version: "7.0"})
	_, b, err := post(t, s.Endpoint(), one(1, "user.login", `{"username":"Admin","password":"zabbix"}`), "")
	if err != nil {
		t.Fatal(err)
	}
	session := decode(t, b)["result"].(string)
	s.Inject(zabbixtest.Fault{Method: "host.get", Call: 2, Expire: true})
	for i, want := range []string{`"result"`, "Session terminated, re-login, please.", "Session terminated, re-login, please."} {
		if _, b, _ := post(t, s.Endpoint(), one(1, "host.get", `{}`), session); !strings.Contains(string(b), want) {
			t.Errorf("call %d: %s", i+1, b)
		}
	}
	if s.Sessions() != 0 {
		t.Error("a session is left")
	}
}

func TestDownAndUp(t *testing.T) {
	c := newClient(t, "7.0")
	c.s.AddHost(t, zabbixtest.Host{Name: "h"})
	c.s.Down()
	if _, _, err := c.post(one(1, "host.get", `{}`)); err == nil {
		t.Error("it answers while it is down")
	}
	if err := c.s.Up(); err != nil {
		t.Fatal(err)
	}
	if _, body, err := c.post(one(1, "host.get", `{"countOutput":true}`)); err != nil || !strings.Contains(body, `"1"`) {
		t.Error(body, err)
	}
	c.s.ClearFaults()
	c.s.ForgetCalls()
	if c.s.Posts() != 0 || len(c.s.Calls()) != 0 {
		t.Error("calls were not forgotten")
	}
}
