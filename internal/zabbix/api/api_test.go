package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/zabbixtest"
)

// client makes a client.
func client(t *testing.T, cfg api.Config) *api.Client {
	t.Helper()
	c, err := api.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// admin makes a client of a super admin.
func admin(t *testing.T, s *zabbixtest.Server) *api.Client {
	t.Helper()
	return client(t, api.Config{URL: s.URL(), Username: zabbixtest.AdminUser, Password: zabbixtest.AdminPassword})
}

// count is a call that changes nothing.
func count() api.Call {
	return api.Call{Method: "host.get", Params: map[string]any{"countOutput": true}}
}

// newGroup is a call that makes a host group.
func newGroup(name string) api.Call {
	return api.Call{Method: "hostgroup.create", Params: map[string]any{"name": name}}
}

// canned answers every POST with h, and apiinfo.version as a Zabbix.
func canned(t *testing.T, version string, h http.HandlerFunc) *api.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), "apiinfo.version") {
			answer(w, fmt.Sprintf(`[{"jsonrpc":"2.0","result":%q,"id":0}]`, version))
			return
		}
		h(w, r)
	}))
	t.Cleanup(s.Close)
	return client(t, api.Config{URL: s.URL, Token: token, HTTP: httpclient.Config{Timeout: time.Minute}})
}

// token is one that no text may show.
const token = "5f1c6a2bd4c3a7e8f1c6a2bd4c3a7e85f1c6a2bd4c3a7e8f1c6a2bd4c3a7e85f"

func answer(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, body)
}

func TestEveryVersionIsSpokenTo(t *testing.T) {
	for version, auth := range map[string]string{"6.0": "body", "7.0": "header", "7.2": "header", "7.4": "header"} {
		s := zabbixtest.New(t, zabbixtest.Options{Version: version})
		for _, c := range []*api.Client{admin(t, s), client(t, api.Config{URL: s.URL() + "/", Token: s.Token(t, zabbixtest.AdminUser)})} {
			s.ForgetCalls()
			answers, err := c.Read(t.Context(), count(), api.Call{Method: "host.get", Params: map[string]any{"output": []string{"hostid"}, "limit": 1}})
			if err != nil || len(answers) != 2 {
				t.Fatalf("%s: %v", version, err)
			}
			var n string
			if err := answers[0].Into(&n); err != nil || n == "" {
				t.Errorf("%s: %q, %v", version, n, err)
			}
			for _, call := range s.CallsOf("host.get") {
				if call.Auth != auth {
					t.Errorf("%s: the token was in %q", version, call.Auth)
				}
			}
			if s.Posts() != c.Requests() {
				t.Errorf("%s: %d POSTs, counted %d", version, s.Posts(), c.Requests())
			}
		}
		if n := s.Sessions(); n != 1 {
			t.Errorf("%s: %d sessions", version, n)
		}
	}
}

func TestVersion(t *testing.T) {
	for _, c := range []struct {
		text    string
		unknown bool
		fails   string
	}{
		{"6.0.0", false, ""},
		{"7.4.0rc1", false, ""},
		{"8.0.1", true, ""},
		{"5.4.9", false, "too old"},
		{"nonsense", false, "not a version"},
	} {
		v, err := canned(t, c.text, nil).Version(t.Context())
		if c.fails == "" && (err != nil || v.Text != c.text || v.Unknown() != c.unknown) {
			t.Errorf("%s: %+v, %v", c.text, v, err)
		}
		var advised *provision.AdvisedError
		if c.fails != "" && (!errors.As(err, &advised) || !strings.Contains(err.Error(), c.fails) || !strings.Contains(err.Error(), "http://") || !strings.Contains(advised.Next, "6.0 or later")) {
			t.Errorf("%s: %v", c.text, err)
		}
	}
}

// A frontend without its database tells no version; that is no matter of versions.
func TestVersionOfAFrontendThatIsIll(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, `{"jsonrpc":"2.0","error":{"code":1,"message":"Error connecting to database: refused","data":""},"id":null}`)
	}))
	t.Cleanup(s.Close)
	_, err := client(t, api.Config{URL: s.URL, Token: token}).Version(t.Context())
	var advised *provision.AdvisedError
	if !errors.As(err, &advised) || !strings.Contains(err.Error(), "connecting to database") || !strings.Contains(advised.Next, "healthy") {
		t.Errorf("%v", err)
	}
}

func TestVersionIsAskedForOnce(t *testing.T) {
	s := zabbixtest.New(t, zabbixtest.Options{})
	s.Inject(zabbixtest.Fault{Method: "apiinfo.version", Body: "starting", Status: http.StatusNotFound})
	c := admin(t, s)
	if _, err := c.Version(t.Context()); !errors.Is(err, provision.ErrUnreachable) {
		t.Errorf("%v", err)
	}
	for range 3 {
		if _, err := c.Version(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if n := len(s.CallsOf("apiinfo.version")); n != 2 {
		t.Errorf("asked %d times", n)
	}
}

func TestNewRefusesWhatIsNoAddress(t *testing.T) {
	for _, address := range []string{"", "zabbix.example.net", "ftp://zabbix.example.net", "http://joe:hunter22@zabbix.example.net", "http://[::1"} {
		_, err := api.New(api.Config{URL: address})
		if err == nil || strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%q: %v", address, err)
		}
	}
	for address, want := range map[string]string{
		"https://z.example/zabbix/":        "https://z.example/zabbix/api_jsonrpc.php",
		"https://z.example":                "https://z.example/api_jsonrpc.php",
		"http://z.example/x/a_jsonrpc.php": "http://z.example/x/a_jsonrpc.php",
	} {
		if c := client(t, api.Config{URL: address}); c.URL() != want {
			t.Errorf("%q: %q", address, c.URL())
		}
	}
}

// A session that ended under many callers is renewed once, and what they asked
// for is done once.
func TestSessionThatEnded(t *testing.T) {
	for _, version := range []string{"6.0", "7.0"} {
		s := zabbixtest.New(t, zabbixtest.Options{Version: version})
		c := admin(t, s)
		if _, err := c.Read(t.Context(), count()); err != nil {
			t.Fatal(err)
		}
		s.ExpireSessions()
		s.ForgetCalls()
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				answers, err := c.Write(t.Context(), newGroup(fmt.Sprintf("group %d", i)), count())
				if err != nil || answers[0].Err != nil || answers[1].Err != nil {
					t.Errorf("%s: %v, %v", version, answers, err)
				}
			})
		}
		wg.Wait()
		if n := len(s.CallsOf("user.login")); n != 1 || s.Sessions() != 1 {
			t.Errorf("%s: %d logins, %d sessions", version, n, s.Sessions())
		}
	}
}

// What took effect before the session ended is told, although nobody is let in any
// more; of a read nothing is.
func TestSessionThatEndsInTheMiddle(t *testing.T) {
	for _, version := range []string{"6.0", "7.0"} {
		for name, write := range map[string]bool{"write": true, "read": false} {
			s := zabbixtest.New(t, zabbixtest.Options{Version: version})
			c := admin(t, s)
			if _, err := c.Read(t.Context(), count()); err != nil {
				t.Fatal(err)
			}
			s.Inject(zabbixtest.Fault{Method: "host.get", Error: &zabbixtest.Error{Code: -32602, Data: "Session terminated, re-login, please."}})
			s.Inject(zabbixtest.Fault{Method: "user.login", Error: &zabbixtest.Error{Code: -32500, Data: "Incorrect user name or password."}})
			if !write {
				if _, err := c.Read(t.Context(), api.Call{Method: "hostgroup.get", Params: map[string]any{"countOutput": true}}, count()); !errors.Is(err, provision.ErrAuth) {
					t.Errorf("%s, %s: %v", version, name, err)
				}
				continue
			}
			answers, err := c.Write(t.Context(), newGroup("g"), count())
			if err != nil || answers[0].Err != nil || !errors.Is(answers[1].Err, provision.ErrAuth) {
				t.Errorf("%s, %s: %v, %v", version, name, answers, err)
			}
		}
	}
}

func TestLoginsThatAreRefused(t *testing.T) {
	for _, version := range []string{"6.0", "7.0"} {
		s := zabbixtest.New(t, zabbixtest.Options{Version: version})
		revoked := s.Token(t, zabbixtest.AdminUser)
		s.RevokeTokens()
		for _, cfg := range []api.Config{
			{URL: s.URL(), Username: zabbixtest.AdminUser, Password: "hunter22"},
			{URL: s.URL(), Token: revoked},
			{URL: s.URL()},
		} {
			_, err := client(t, cfg).Read(t.Context(), count())
			if !errors.Is(err, provision.ErrAuth) || !strings.Contains(err.Error(), s.Endpoint()) {
				t.Errorf("%s: %v", version, err)
			}
			if err != nil && (strings.Contains(err.Error(), "hunter22") || strings.Contains(err.Error(), revoked)) {
				t.Errorf("a secret is told: %v", err)
			}
		}
	}
}

// What answers in place of the API: reading is tried again where that may help,
// writing never; the error tells what came and whether a write may have been
// done.
func TestAnswersThatAreNone(t *testing.T) {
	for _, c := range []struct {
		name          string
		fault         zabbixtest.Fault
		again         bool
		reads, writes error
		says          []string
	}{
		{
			"proxy in trouble",
			zabbixtest.Fault{Status: http.StatusBadGateway},
			true,
			provision.ErrUnreachable, provision.ErrConnectionLost,
			[]string{"HTTP 502", "text/html", "Bad Gateway"},
		},
		{"too many", zabbixtest.Fault{Status: http.StatusTooManyRequests, RetryAfter: "0"}, true, provision.ErrUnreachable, provision.ErrUnreachable, []string{"HTTP 429"}},
		{"login page", zabbixtest.Fault{Body: "<html><body>Please log in", Effect: true}, false, provision.ErrUnreachable, provision.ErrConnectionLost, []string{"HTTP 200", "text/html", "Please log in"}},
		{"not there", zabbixtest.Fault{Status: http.StatusNotFound}, false, provision.ErrUnreachable, provision.ErrUnreachable, []string{"HTTP 404"}},
		{"kept out", zabbixtest.Fault{Status: http.StatusForbidden}, false, provision.ErrAuth, provision.ErrAuth, []string{"HTTP 403"}},
		{"cut", zabbixtest.Fault{Cut: true, Effect: true}, true, provision.ErrUnreachable, provision.ErrConnectionLost, []string{"EOF"}},
		{"cut in half", zabbixtest.Fault{Half: true, Effect: true}, false, provision.ErrUnreachable, provision.ErrConnectionLost, []string{"EOF"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := zabbixtest.New(t, zabbixtest.Options{})
			cl := admin(t, s)
			if _, err := cl.Read(t.Context(), count()); err != nil {
				t.Fatal(err)
			}
			c.fault.Method = "host.get"
			s.Inject(c.fault)
			_, err := cl.Read(t.Context(), count())
			if c.again && err != nil {
				t.Errorf("reading was not tried again: %v", err)
			}
			if !c.again && !errors.Is(err, c.reads) {
				t.Errorf("reading: %v", err)
			}
			s.ClearFaults()
			s.ForgetCalls()
			c.fault.Method = "hostgroup.create"
			s.Inject(c.fault)
			_, err = cl.Write(t.Context(), newGroup("g"))
			if !errors.Is(err, c.writes) || s.Posts() != 1 {
				t.Errorf("writing: %v after %d POSTs", err, s.Posts())
			}
			for _, want := range append(c.says, s.Endpoint()) {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not say %q", err, want)
				}
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	s := zabbixtest.New(t, zabbixtest.Options{})
	c := admin(t, s)
	if _, err := c.Read(t.Context(), count()); err != nil {
		t.Fatal(err)
	}
	s.Down()
	if _, err := c.Write(t.Context(), newGroup("g")); !errors.Is(err, provision.ErrUnreachable) || errors.Is(err, provision.ErrConnectionLost) {
		t.Errorf("%v", err)
	}
}

// A write that is not answered in time may have been done.
// A Zabbix that did not answer, however often it was asked, is asked once by the
// next ones; one that answers again is asked with patience as before.
func TestADeadZabbixIsToldAtOnce(t *testing.T) {
	var asked atomic.Int64
	var healthy atomic.Bool
	c := canned(t, "7.0.9", func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if !healthy.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		answer(w, `[{"result":"1","id":0}]`)
	})
	for i, want := range []int64{5, 1, 1} {
		asked.Store(0)
		if _, err := c.Read(t.Context(), count()); !errors.Is(err, provision.ErrUnreachable) || asked.Load() != want {
			t.Errorf("read %d: asked %d times, want %d: %v", i, asked.Load(), want, err)
		}
	}
	healthy.Store(true)
	if _, err := c.Read(t.Context(), count()); err != nil {
		t.Error(err)
	}
	healthy.Store(false)
	asked.Store(0)
	if _, err := c.Read(t.Context(), count()); err == nil || asked.Load() != 5 {
		t.Errorf("asked %d times after it had answered: %v", asked.Load(), err)
	}
}

func TestTimeoutOfAWrite(t *testing.T) {
	s := zabbixtest.New(t, zabbixtest.Options{})
	hold := make(chan struct{})
	defer close(hold)
	s.Inject(zabbixtest.Fault{Method: "hostgroup.create", Effect: true, Wait: hold})
	c := client(t, api.Config{
		URL: s.URL(), Username: zabbixtest.AdminUser, Password: zabbixtest.AdminPassword, HTTP: httpclient.Config{Timeout: 2 * time.Second},
	})
	if _, err := c.Write(t.Context(), newGroup("g")); !errors.Is(err, provision.ErrConnectionLost) {
		t.Errorf("%v", err)
	}
	if n := len(s.CallsOf("hostgroup.create")); n != 1 {
		t.Errorf("sent %d times", n)
	}
}

func TestCancelledRead(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var posts atomic.Int32
	c := canned(t, "7.0.9", func(_ http.ResponseWriter, r *http.Request) {
		posts.Add(1)
		cancel()
		<-r.Context().Done()
	})
	if _, err := c.Read(ctx, count()); !errors.Is(err, context.Canceled) || posts.Load() != 1 {
		t.Errorf("%v after %d POSTs", err, posts.Load())
	}
}

// The API's codes are unreliable; its texts tell.
func TestKindsOfRefusal(t *testing.T) {
	for _, version := range []string{"6.0", "7.0"} {
		s := zabbixtest.New(t, zabbixtest.Options{Version: version})
		s.AddUser(t, zabbixtest.User{Name: "plain", Password: "hunter22", Type: zabbixtest.TypeUser})
		answers, err := admin(t, s).Write(t.Context(), newGroup("Linux servers"), api.Call{Method: "host.delete", Params: []string{"99999"}}, newGroup("new"))
		if err != nil {
			t.Fatal(err)
		}
		if e := answers[0].Err; !errors.Is(e, api.ErrExists) || !strings.Contains(e.Error(), `hostgroup.create: Host group "Linux servers" already exists.`) {
			t.Errorf("%s: %v", version, e)
		}
		if e := answers[1].Err; !errors.Is(e, api.ErrPermission) || errors.Is(e, api.ErrExists) {
			t.Errorf("%s: %v", version, e)
		}
		if e := answers[2].Err; e != nil {
			t.Errorf("%s: its neighbours kept it from taking effect: %v", version, e)
		}
		plain := client(t, api.Config{URL: s.URL(), Username: "plain", Password: "hunter22"})
		if answers, err = plain.Write(t.Context(), newGroup("other")); err != nil || !errors.Is(answers[0].Err, api.ErrPermission) {
			t.Errorf("%s: %v, %v", version, answers, err)
		}
		s.Inject(zabbixtest.Fault{Method: "hostgroup.create", Error: &zabbixtest.Error{Code: -32603, Message: "Internal error.", Data: "DBEXECUTE_ERROR"}})
		if answers, err = admin(t, s).Write(t.Context(), newGroup("race")); err != nil || !errors.Is(answers[0].Err, api.ErrDatabase) {
			t.Errorf("%s: %v, %v", version, answers, err)
		}
	}
}

// Zabbix gives session ids in its answers, and quotes statements of its database
// with everything that is in them.
func TestTextsWithoutSecrets(t *testing.T) {
	psk := strings.Repeat("a1b2", 16)
	for _, body := range []string{
		`[{"jsonrpc":"2.0","result":"` + psk[:32] + `","id":0}`,
		`<html>you sent ` + token + `</html>`,
		`[{"jsonrpc":"2.0","error":{"code":1,"message":"Application error.","data":"SQL statement execution has failed \"INSERT INTO hosts VALUES ('x','` + psk + `','my secret macro')\"."},"id":0}]`,
		`{"jsonrpc":"2.0","error":{"code":1,"message":"` + psk + `","data":""},"id":null}`,
	} {
		c := canned(t, "7.0.9", func(w http.ResponseWriter, _ *http.Request) { answer(w, body) })
		answers, err := c.Write(t.Context(), count())
		if err == nil {
			err = answers[0].Err
		}
		if err == nil {
			t.Errorf("%s was taken", body)
			continue
		}
		for _, secret := range []string{psk, psk[:32], token, "my secret macro"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("a secret is told: %v", err)
			}
		}
	}
}

// Answers come in any order; what does not fit the calls is no answer.
func TestAnswersAreSorted(t *testing.T) {
	body := `[{"result":"b","id":1},{"result":"a","id":0}]`
	c := canned(t, "7.0.9", func(w http.ResponseWriter, _ *http.Request) { answer(w, body) })
	answers, err := c.Read(t.Context(), count(), count())
	if err != nil || string(answers[0].Result) != `"a"` || string(answers[1].Result) != `"b"` {
		t.Errorf("%v, %v", answers, err)
	}
	for _, body = range []string{
		`[{"result":"a","id":0}]`, `[{"result":"a","id":0},{"result":"b","id":0}]`, `[{"result":"a","id":0},{"result":"b"}]`,
		`[{"result":"a","id":0},{"result":"b","id":2}]`, `{"result":"a","id":0}`, `[{"result":"a","id":0},{"resu`, ``,
	} {
		var bad *api.AnswerError
		if _, err := c.Write(t.Context(), count(), count()); !errors.As(err, &bad) || !errors.Is(err, provision.ErrConnectionLost) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestRedirectionIsTold(t *testing.T) {
	c := canned(t, "7.0.9", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://elsewhere.example/zabbix", http.StatusMovedPermanently)
	})
	_, err := c.Write(t.Context(), newGroup("g"))
	if !errors.Is(err, provision.ErrUnreachable) || !strings.Contains(err.Error(), "elsewhere.example") {
		t.Errorf("%v", err)
	}
}
