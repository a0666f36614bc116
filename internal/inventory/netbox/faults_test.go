package netbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/netbox"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/netbox/netboxtest"
)

// estate are devices e0000 to n-1, each with an address.
func estate(n int) []inventory.Object {
	objects := make([]inventory.Object, n)
	for i := range objects {
		ip := fmt.Sprintf("10.0.%d.%d", i/250, i%250+1)
		objects[i] = inventory.Object{
			Kind: inventory.Device, Name: fmt.Sprintf("e%04d", i), Site: fmt.Sprintf("site%d", i%10), Role: "access", Vendor: "Generic", Model: "box",
			Host: ip, PrimaryIP4: ip, DNSName: fmt.Sprintf("e%04d.example.net", i), DNSName4: fmt.Sprintf("e%04d.example.net", i), Status: "active", Platform: "frr",
		}
	}
	return objects
}

// asks is what a source is asked for.
type asks func(ctx context.Context, s *netbox.Source) error

func find(ctx context.Context, s *netbox.Source) error {
	_, err := s.Object(ctx, inventory.Ref{Kind: inventory.Device, Name: "e0001"})
	return err
}

func list(ctx context.Context, s *netbox.Source) error {
	_, err := s.Objects(ctx, inventory.Device, inventory.Filter{})
	return err
}

// second is the device that find finds.
var second = inventory.Object{Kind: inventory.Device, ID: "2", Name: "e0001", URL: "http://netbox.invalid/dcim/devices/2/"}

func render(ctx context.Context, s *netbox.Source) error {
	_, err := s.Config(ctx, second, inventory.Intent{})
	return err
}

func note(ctx context.Context, s *netbox.Source) error { return s.Note(ctx, second, "hello") }

func set(ctx context.Context, s *netbox.Source) error {
	return s.SetCustomField(ctx, second, "zabbix_id", "7")
}

// What a token lacks is said with the name of the permission, in all versions.
func TestTokens(t *testing.T) {
	for _, version := range versions() {
		s := fake(t, netboxtest.Options{Version: version, Objects: fielded(estate(3))})
		const planted = "planted9876543210"
		for _, c := range []struct {
			token string
			from  string // the version that has it
			asks  asks
			says  []string
		}{
			{planted, "3.7", find, []string{"GET dcim/devices/?name=e0001", "HTTP 403", "Invalid", "does not take the token"}},
			{planted, "3.7", render, []string{"e0001", "does not take the token"}},
			{planted, "3.7", note, []string{"does not take the token"}},
			{"nbt_abcdefghijkl." + planted, "4.5", list, []string{"Invalid v2 token"}},
			{netboxtest.TokenPowerless, "3.7", find, []string{"the permission view on dcim.device"}},
			{netboxtest.TokenPowerless, "3.7", list, []string{"the permission view on dcim.device"}},
			{netboxtest.TokenPowerless, "3.7", render, []string{"the permission view on dcim.device"}},
			{netboxtest.TokenPowerless, "3.7", note, []string{"add on extras.journalentry"}},
			{netboxtest.TokenReadOnly, "4.5", render, []string{"write enabled", "view and render_config on dcim.device"}},
			{netboxtest.TokenReadOnly, "4.5", note, []string{"write enabled", "add on extras.journalentry"}},
			{netboxtest.TokenReadOnly, "4.5", set, []string{"write enabled", "change on dcim.device"}},
			{netboxtest.TokenNoRender, "4.5", render, []string{"the device is there", "view and render_config on dcim.device"}},
		} {
			if version < c.from {
				continue
			}
			err := c.asks(t.Context(), source(t, netbox.Config{URL: s.URL, Token: c.token}))
			complains(t, err, append(c.says, s.URL)...)
			if err != nil && (strings.Contains(err.Error(), planted) || strings.Contains(err.Error(), c.token)) {
				t.Errorf("%s: %v shows the token", version, err)
			}
		}
	}
}

// fielded gives all objects a custom field.
func fielded(objects []inventory.Object) []inventory.Object {
	for i := range objects {
		objects[i].CustomFields = map[string]any{"zabbix_id": nil, "note": "mine"}
	}
	return objects
}

// Answers that are none of NetBox's, at each request that is made.
func TestStrangeAnswers(t *testing.T) {
	const html = "<html><body>Sign in, your token is " + netboxtest.Token + "</body></html>"
	for _, c := range []struct {
		what   string
		answer http.HandlerFunc
		says   []string // of what is read; what a note gets back is not looked at
	}{
		{"HTML", send(200, "text/html", html), []string{"HTTP 200", "not JSON", "without /api", `begins with "<html>`}},
		{"a page not found", send(404, "text/html", html), []string{"HTTP 404", "not the address of NetBox, without /api"}},
		{"JSON, cut", send(200, "application/json", `{"count": 3, "results": [{"id": 1`), []string{"cut short"}},
		{"JSON, two", send(200, "application/json", `{"count": 0, "results": [], "content": "x"} {}`), []string{"more after its end"}},
		{"JSON, another shape", send(200, "application/json", `{"count": "x", "results": 7, "content": 5, "custom_fields": 3}`), []string{"not the JSON that NetBox sends"}},
		{"JSON, another thing", send(200, "application/json", `{"hello": "world"}`), []string{"NetBox"}},
		{"a refusal of fields", send(400, "application/json", `{"name": ["Bad `+netboxtest.Token+`"]}`), []string{"HTTP 400", "Bad <redacted>"}},
		{"a redirection", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://other.example/login", http.StatusFound)
		}, []string{"redirects to https://other.example/login", "set url"}},
		{"a proxy that keeps people out", send(401, "text/plain", "who are you?"), []string{"HTTP 401", "does not take the token"}},
	} {
		s := fake(t, netboxtest.Options{Objects: fielded(estate(3))})
		s.Fault(func(w http.ResponseWriter, r *http.Request) bool { c.answer(w, r); return true })
		all := []asks{find, list, render, set, note}
		for i, asks := range all {
			err := asks(t.Context(), source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token}))
			if err == nil && i == len(all)-1 && strings.HasPrefix(c.what, "JSON") {
				continue
			}
			complains(t, err, append(c.says, s.URL)...)
			if err != nil && strings.Contains(err.Error(), netboxtest.Token) {
				t.Errorf("%s: %v shows the token", c.what, err)
			}
		}
	}
}

// send answers with the same to everything.
func send(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("API-Version", "4.7")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestShapesThatAreNotNetBoxs(t *testing.T) {
	for _, c := range []struct {
		body string
		asks asks
		says string
	}{
		{`{"count": "x"}`, list, "not the JSON that NetBox sends"},
		{`{"count": 1}`, list, "no list of NetBox's"},
		{`{"count": 0, "results": []} {}`, find, "more after its end"},
		{`{"count": 7, "results": []}`, list, "counts 7 objects and gave 0"},
		{`{"count": 1, "results": [{"id": 1}, {"id": 2}]}`, list, "counts 1 objects and gave 2"},
		{`{"hello": "world"}`, render, "no content"},
		{`{"hello": "world"}`, set, `no custom field "zabbix_id"`},
		{`{"count": 1, "results": [{"id": 1, "name": "e0001", "platform": {"id": 3, "display": "frr"}}]}`, find, "view on dcim.platform"},
		{`{"count": 1, "results": [{"id": 1, "name": "e0001", "site": {"id": 3, "display": "x"}}]}`, find, "view on dcim.site"},
		{`{"count": 1, "results": [{"id": 1, "name": "e0001", "tags": [{"id": 3}]}]}`, find, "view on extras.tag"},
		{`{"count": 1, "results": [{"id": 1, "name": "e0001", "device_type": {"id": 3}}]}`, find, "view on dcim.devicetype"},
		{`{"count": 1, "results": [{"id": 1, "name": "e0001", "primary_ip": {"id": 3}}]}`, find, "view on ipam.ipaddress"},
		{`{"count": 1, "results": [{"id": 1, "name": "e0001", "primary_ip4": {"id": 3, "address": "192.0.2.1/24"}}]}`, find, "view on ipam.ipaddress"},
	} {
		s := fake(t, netboxtest.Options{})
		s.Fault(func(w http.ResponseWriter, r *http.Request) bool {
			send(200, "application/json", c.body)(w, r)
			return true
		})
		complains(t, c.asks(t.Context(), source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token})), c.says)
	}
}

// What passes by itself is waited for: a limit, a restart.
func TestPassingFailures(t *testing.T) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable} {
		s := fake(t, netboxtest.Options{Objects: estate(3), Configs: map[string]string{"e0001": "x"}})
		var n atomic.Int32
		s.Fault(func(w http.ResponseWriter, _ *http.Request) bool {
			if n.Add(1)%2 == 0 {
				return false
			}
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(status)
			return true
		})
		for _, asks := range []asks{find, list, render} {
			if err := asks(t.Context(), source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token})); err != nil {
				t.Errorf("%d: %v", status, err)
			}
		}
	}
}

// What is written is never sent twice.
func TestWritesAreSentOnce(t *testing.T) {
	s := fake(t, netboxtest.Options{Objects: fielded(estate(3))})
	s.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	for _, asks := range []asks{note, set} {
		before := len(s.Requests())
		complains(t, asks(t.Context(), source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token})), "HTTP 503", "try again")
		wrote := 0
		for _, r := range s.Requests()[before:] {
			if !strings.HasPrefix(r, http.MethodGet) {
				wrote++
			}
		}
		if wrote != 1 {
			t.Errorf("sent %d times: %q", wrote, s.Requests()[before:])
		}
	}
	s.Fault(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet {
			panic(http.ErrAbortHandler)
		}
		return false
	})
	complains(t, note(t.Context(), source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token})), "not known whether it was done")
}

// A page that fails after the first one: nothing of the list is used.
func TestAPageThatFails(t *testing.T) {
	s := fake(t, netboxtest.Options{Objects: estate(25), MaxPageSize: 10})
	s.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("offset") != "9" {
			return false
		}
		answer := `{"detail": "boom"}`
		send(http.StatusBadRequest, "application/json", answer)(w, r)
		return true
	})
	ns := source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token})
	complains(t, list(t.Context(), ns), "GET dcim/devices/?offset=9", "boom")
	s.Fault(nil)
	if got, err := ns.Objects(t.Context(), inventory.Device, inventory.Filter{}); err != nil || len(got) != 25 {
		t.Errorf("%d, %v", len(got), err)
	}
}

// A list that changes while it is read is read again, and at last given up; also
// when the count stays as it is, because one came for one that went.
func TestAListThatChanges(t *testing.T) {
	for _, replace := range []bool{false, true} {
		for changes, want := range map[int32]string{1: "", 2: "", 100: "changed while it was read 3 times"} {
			s := fake(t, netboxtest.Options{Objects: estate(25), MaxPageSize: 10})
			var n atomic.Int32
			s.Fault(func(_ http.ResponseWriter, r *http.Request) bool {
				if r.URL.Query().Get("offset") != "9" || n.Add(1) > changes {
					return false
				}
				s.Change(inventory.Device, func(all []inventory.Object) []inventory.Object {
					if replace {
						another := all[0]
						another.ID = fmt.Sprint(100 + n.Load())
						all = append(all, another)
					}
					return all[1:]
				})
				return false
			})
			got, err := source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token}).Objects(t.Context(), inventory.Device, inventory.Filter{})
			if want != "" {
				complains(t, err, want)
				continue
			}
			left := 25 - int(changes)
			if replace {
				left = 25
			}
			if err != nil || len(got) != left {
				t.Errorf("%d changes, replaced %v: %d, %v", changes, replace, len(got), err)
			}
			for _, o := range estate(25)[changes:] {
				if !slices.ContainsFunc(got, func(g inventory.Object) bool { return g.Name == o.Name }) {
					t.Errorf("%d changes, replaced %v: %s is missing", changes, replace, o.Name)
				}
			}
		}
	}
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel() // waits between its attempts
	// Not the port of a server that was closed: another may get it.
	const nobody = "http://127.0.0.1:1"
	complains(t, find(t.Context(), source(t, netbox.Config{URL: nobody, Token: netboxtest.Token})), nobody, "GET dcim/devices/?name=e0001", "refused", "is NetBox up")
	complains(t, note(t.Context(), source(t, netbox.Config{URL: nobody, Token: netboxtest.Token})), "no answer: ", "refused")
}

func TestCancelled(t *testing.T) {
	s := fake(t, netboxtest.Options{Objects: estate(3)})
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	for _, asks := range []asks{find, list, render, note} {
		if err := asks(ctx, source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token})); !errors.Is(err, why) {
			t.Errorf("got %v", err)
		}
	}
}

// Deleted or renamed after it was found: the next who asks is told.
func TestDeletedAndRenamed(t *testing.T) {
	s := fake(t, netboxtest.Options{Objects: fielded(estate(3))})
	ns := source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token})
	o := object(t, ns, inventory.Device, "e0001")
	s.Change(inventory.Device, func(all []inventory.Object) []inventory.Object {
		all[1].Name = "e0001-new"
		return all
	})
	err := find(t.Context(), source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token}))
	complains(t, err, "e0001", "not in the inventory", "e0001-new")
	if !errors.Is(err, inventory.ErrNotFound) {
		t.Errorf("%v does not match ErrNotFound", err)
	}
	s.Change(inventory.Device, func(all []inventory.Object) []inventory.Object { return all[:1] })
	_, err = ns.Config(t.Context(), o, inventory.Intent{})
	complains(t, err, "e0001", "not there any more")
	complains(t, ns.SetCustomField(t.Context(), o, "zabbix_id", "7"), "it is not there")
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		cfg  netbox.Config
		says string
	}{
		{netbox.Config{URL: "netbox.example.net", Token: "x"}, "not an address"},
		{netbox.Config{URL: "ftp://netbox.example.net", Token: "x"}, "not an address"},
		{netbox.Config{URL: "https://a:b@netbox.example.net", Token: "x"}, "set token"},
		{netbox.Config{URL: "https://netbox.example.net/?x=y", Token: "x"}, "not an address"},
		{netbox.Config{URL: "https://netbox.example.net"}, "token"},
		{netbox.Config{URL: "https://netbox.example.net", Token: "x", MaxRenders: -1}, "-1"},
		{netbox.Config{URL: "https://netbox.example.net", Token: "x", HTTP: httpclient.Config{CAFile: "/nowhere.pem"}}, "/nowhere.pem"},
	} {
		_, err := netbox.New(c.cfg)
		complains(t, err, c.says)
	}
}
