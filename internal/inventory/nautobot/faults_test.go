package nautobot_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/nautobot"
)

func device(name string) inventory.Ref { return inventory.Ref{Kind: inventory.Device, Name: name} }

// wants checks that an error says all of it, and never the token.
func wants(t *testing.T, err error, says ...string) {
	t.Helper()
	for _, s := range says {
		if err == nil || !strings.Contains(err.Error(), s) {
			t.Errorf("%v\ndoes not say %q", err, s)
		}
	}
	if err != nil && strings.Contains(err.Error(), fakeToken) {
		t.Errorf("the token is in %v", err)
	}
}

// respond answers a path in the fake's place.
func respond(end string, status int, kind, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, end) {
			return false
		}
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return true
	}
}

func TestBadAnswers(t *testing.T) {
	const html, js = "text/html; charset=utf-8", "application/json"
	for name, c := range map[string]struct {
		before func(http.ResponseWriter, *http.Request) bool
		says   []string
	}{
		"another page":     {respond("/sot/api/graphql/", 200, html, "<html>\n<title>Login"), []string{"POST graphql/", "not JSON", "<title>Login", "without /api"}},
		"page of an error": {respond("/graphql/", 404, html, "<h1>Not here</h1>"), []string{"POST graphql/", "HTTP 404", "Not here", "without /api"}},
		"another server":   {respond("/status/", 200, js, "{}"), []string{"nothing tells the version"}},
		"cut short":        {respond("/graphql/", 200, js, `{"data": {"objects": [{"id": "1`), []string{"cut short", "unexpected EOF"}},
		"no data":          {respond("/graphql/", 200, js, `{"ok": true}`), []string{"no data of GraphQL"}},
		"null data":        {respond("/graphql/", 200, js, `{"data": null}`), []string{"no data of GraphQL"}},
		"question refused": {respond("/graphql/", 400, js, `{"errors": [{"message": "Cannot query field \"x\""}]}`), []string{`Cannot query field "x"`}},
		"errors and data":  {respond("/graphql/", 200, js, `{"errors": [{"message": "half"}], "data": {"objects": []}}`), []string{"half"}},
		"too old":          {respond("/status/", 200, js, `{"nautobot-version": "1.6.32"}`), []string{"1.6.32", "too old", "2.4"}},
		"no version":       {respond("/status/", 200, js, `{"nautobot-version": "main"}`), []string{`"main" is not a version`}},
		"redirection": {func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "https://sso.example.net/login", http.StatusFound)
			return true
		}, []string{"it redirects to https://sso.example.net/login"}},
		"the token in an answer": {respond("/graphql/", 400, js, `{"detail": "no `+fakeToken+` here"}`), []string{"HTTP 400"}},
		"no permission":          {respond("/graphql/", 403, js, `{"detail": "Authentication credentials were not provided."}`), []string{"does not take the token"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := suiteFake("3.2.7")
			f.before, f.headless = c.before, true
			s, server := f.serveWith(t, nautobot.Config{})
			_, err := s.Object(t.Context(), device("ams-edge1"))
			wants(t, err, append(c.says, "Nautobot "+server.URL+"/sot")...)
		})
	}
}

// What a server asks to wait for is waited for; reading is tried again, writing
// never.
func TestTriesAgain(t *testing.T) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusBadGateway} {
		f := suiteFake("3.2.7")
		var failures atomic.Int32
		f.before = func(w http.ResponseWriter, r *http.Request) bool {
			if failures.Add(1) > 2 {
				return false
			}
			w.WriteHeader(status)
			return true
		}
		s := f.serve(t)
		o, err := s.Object(t.Context(), device("ams-edge1"))
		if err != nil {
			t.Fatalf("%d: %v", status, err)
		}
		failures.Store(-1000)
		f.before = respond("/notes/", status, "text/html", "busy")
		wants(t, s.Note(t.Context(), o, "x"), fmt.Sprintf("HTTP %d", status), `device "ams-edge1"`, "try again")
		if n := f.count("POST dcim/devices/" + o.ID + "/notes/"); n != 1 {
			t.Errorf("the note was sent %d times", n)
		}
	}
}

func TestServerIsDown(t *testing.T) {
	s, err := nautobot.New(nautobot.Config{URL: "http://127.0.0.1:1", Token: fakeToken})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Second, errors.New("the test waits no longer"))
	defer cancel()
	_, err = s.Object(ctx, device("ams-edge1"))
	wants(t, err, "no answer", "is Nautobot up", "connection refused")
	wants(t, s.Note(ctx, inventory.Object{Kind: inventory.Device, ID: "1", Name: "r1"}, "x"), `"r1"`, "no answer:")
}

func TestConfigurationErrors(t *testing.T) {
	for url, says := range map[string]string{
		"nautobot": "not an address", "ftp://a": "not an address", "http://a/?b": "not an address", "https://u:p@a": "holds a user",
	} {
		_, err := nautobot.New(nautobot.Config{URL: url, Token: fakeToken})
		wants(t, err, says)
	}
	_, err := nautobot.New(nautobot.Config{URL: "https://a"})
	wants(t, err, "a token is needed")
	_, err = nautobot.New(nautobot.Config{URL: "https://a", Token: "x", HTTP: httpclient.Config{CAFile: "/nosuch"}})
	wants(t, err, "/nosuch")
}

func TestWrongToken(t *testing.T) {
	f := suiteFake("3.2.7")
	f.t = t
	s, _ := f.serveWith(t, nautobot.Config{Token: "expired"})
	_, err := s.Object(t.Context(), device("ams-edge1"))
	wants(t, err, "HTTP 403 (Invalid token)", "does not take the token")
}

func TestNewerVersion(t *testing.T) {
	var warnings []string
	s, _ := suiteFake("3.10.0b1").serveWith(t, nautobot.Config{Warn: func(w string) { warnings = append(warnings, w) }})
	for _, name := range []string{"ams-edge1", "spare"} {
		if _, err := s.Object(t.Context(), device(name)); err != nil {
			t.Fatal(err)
		}
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "version 3.10,") || !strings.Contains(warnings[0], "up to 3.2") {
		t.Errorf("warnings: %q", warnings)
	}
}

// What the token may not see is null, like what is not there.
func TestWeakToken(t *testing.T) {
	for field, permission := range map[string]string{
		"platform": "dcim.view_platform", "primary_ip4": "ipam.view_ipaddress", "tenant": "tenancy.view_tenant", "tags": "extras.view_tag",
		"secrets_group": "extras.view_secretsgroup", "status": "extras.view_status", "role": "extras.view_role", "location": "dcim.view_location",
		"device_type": "dcim.view_devicetype",
	} {
		f := suiteFake("3.0.0")
		f.hide = []string{field}
		s := f.serve(t)
		_, err := s.Object(t.Context(), device("ams-edge1"))
		wants(t, err, `device "ams-edge1"`, permission)
		_, err = s.Objects(t.Context(), inventory.Device, inventory.Filter{})
		wants(t, err, permission)
	}
	f := suiteFake("3.2.7")
	f.objects["devices"] = nil
	f.before = respond("/devices/", 403, "application/json", `{"detail": "You do not have permission to perform this action."}`)
	_, err := f.serve(t).Object(t.Context(), device("ams-edge1"))
	wants(t, err, "dcim.view_device")
	if errors.Is(err, inventory.ErrNotFound) {
		t.Errorf("lost permission is taken for an object that is not there: %v", err)
	}
}

// Where something is comes over several steps, each of which may be hidden: the
// site would be empty, or another place.
func TestWeakTokenForPlaces(t *testing.T) {
	vm := inventory.Ref{Kind: inventory.VirtualMachine, Name: "db1"}
	for _, c := range []struct {
		version, hide string
		ref           inventory.Ref
		permission    string
	}{
		{"3.2.7", "cluster", vm, "virtualization.view_cluster"},
		{"3.2.7", "location", vm, "dcim.view_location"},
		{"2.4.12", "location", vm, "dcim.view_location"},
		{"3.2.7", "location_type", vm, "dcim.view_locationtype"},
		{"3.2.7", "location_type", device("ams-edge1"), "dcim.view_locationtype"},
		{"3.2.7", "parent", device("ams-edge1"), "dcim.view_location"},
		{"2.4.12", "parent", device("ams-edge1"), "dcim.view_location"},
		{"3.2.7", "clusters", device("ams-edge1"), "virtualization.view_cluster"},
		{"2.4.12", "cluster", device("ams-edge1"), "virtualization.view_cluster"},
	} {
		f := suiteFake(c.version)
		f.hide = []string{c.hide}
		_, err := f.serve(t).Object(t.Context(), c.ref)
		wants(t, err, fmt.Sprintf("%s %q", c.ref.Kind, c.ref.Name), c.permission)
		_, err = f.serve(t).Objects(t.Context(), c.ref.Kind, inventory.Filter{})
		wants(t, err, c.permission)
	}
	// What is above the site is nobody's business.
	f := suiteFake("3.2.7")
	f.hide = []string{"parent"}
	if o, err := f.serve(t).Object(t.Context(), device("ams-core1")); err != nil || o.Site != "ams" {
		t.Errorf("%+v, %v", o, err)
	}
}

// estate adds devices.
func (f *fake) estate(n int) {
	pattern := f.objects["devices"][0]
	for i := range n {
		o := values{}
		for k, v := range pattern {
			o[k] = v
		}
		o["id"], o["name"] = fmt.Sprintf("10000000-0000-0000-0000-%012d", i), fmt.Sprintf("bulk-%05d", i)
		f.objects["devices"] = append(f.objects["devices"], o)
	}
}

// Five thousand devices come in pages; nothing is cut, and one by name is one
// request; in versions that have other words for it, two.
func TestManyDevices(t *testing.T) {
	f := suiteFake("3.2.7")
	f.estate(4994)
	s := f.serve(t)
	if _, err := s.Object(t.Context(), device("bulk-04993")); err != nil {
		t.Fatal(err)
	}
	if n := f.count(""); n != 1 {
		t.Errorf("one device took %d requests", n)
	}
	old := suiteFake("2.4.12")
	if _, err := old.serve(t).Object(t.Context(), device("ams-edge1")); err != nil || old.count("") != 2 {
		t.Errorf("one device of an old version took %d requests: %v", old.count(""), err)
	}
	all, err := s.Objects(t.Context(), inventory.Device, inventory.Filter{})
	if err != nil || len(all) != 5000 {
		t.Fatalf("got %d devices: %v", len(all), err)
	}
	if all[0].Site != "ams" || all[0].Location != "" {
		t.Errorf("the first is at %q, %q", all[0].Site, all[0].Location)
	}
	before := f.count("")
	for i := range 100 {
		if _, err := s.Object(t.Context(), device(fmt.Sprintf("bulk-%05d", i))); err != nil {
			t.Fatal(err)
		}
	}
	if n := f.count(""); n != before {
		t.Errorf("what is loaded is asked for again: %d requests", n-before)
	}
}

// onPage has a fake do something before it answers a page of devices.
func (f *fake) onPage(n int32, act func()) *atomic.Int32 {
	var pages atomic.Int32
	f.before = func(_ http.ResponseWriter, r *http.Request) bool {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if strings.Contains(string(body), "objects: devices(") && pages.Add(1) == n {
			act()
		}
		return false
	}
	return &pages
}

// A thousand devices are four pages. Which they are is known before: one that comes
// while they are read is not among them, and one that goes has them read anew.
func TestFourPages(t *testing.T) {
	f := suiteFake("3.2.7")
	f.estate(994)
	pages := f.onPage(2, func() {
		one := maps.Clone(f.objects["devices"][0])
		one["id"], one["name"] = "one-more", "one-more"
		f.objects["devices"] = append(f.objects["devices"], one)
	})
	all, err := f.serve(t).Objects(t.Context(), inventory.Device, inventory.Filter{})
	if err != nil || len(all) != 1000 || pages.Load() != 4 || f.count("") != 7 {
		t.Errorf("%d devices in %d pages, %d requests: %v", len(all), pages.Load(), f.count(""), err)
	}
	pages = f.onPage(2, func() { f.objects["devices"] = f.objects["devices"][:999] })
	all, err = f.serve(t).Objects(t.Context(), inventory.Device, inventory.Filter{})
	if err != nil || len(all) != 999 || pages.Load() != 4+4 {
		t.Errorf("%d devices in %d pages: %v", len(all), pages.Load(), err)
	}
}

// Nautobot gives what has no name, or the same one, in any order.
func TestNoOrder(t *testing.T) {
	f := suiteFake("3.2.7")
	f.estate(994)
	for i, o := range f.objects["devices"] {
		if i >= 100 {
			o["name"] = nil
		}
	}
	f.before = func(http.ResponseWriter, *http.Request) bool {
		list := slices.Clone(f.objects["devices"])
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		f.objects["devices"] = list
		return false
	}
	var warned string
	s, _ := f.serveWith(t, nautobot.Config{Warn: func(w string) { warned = w }})
	all, err := s.Objects(t.Context(), inventory.Device, inventory.Filter{})
	if err != nil || len(all) != 100 || !strings.Contains(warned, "900 devices without a name") {
		t.Errorf("%d devices, warned %q: %v", len(all), warned, err)
	}
}

func TestPageFails(t *testing.T) {
	f := suiteFake("3.2.7")
	f.estate(1000)
	var asked atomic.Int32
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/graphql/") || asked.Add(1) != 4 {
			return false // the places, the ids and the first page
		}
		answer(w, http.StatusBadRequest, values{"errors": []any{values{"message": "out of memory"}}})
		return true
	}
	s := f.serve(t)
	_, err := s.Objects(t.Context(), inventory.Device, inventory.Filter{})
	wants(t, err, "devices from the 251. on", "out of memory")
	all, err := s.Objects(t.Context(), inventory.Device, inventory.Filter{})
	if err != nil || len(all) != 1006 {
		t.Errorf("the next time: %d, %v", len(all), err)
	}
}

// A list that gives less than is counted is not used, nor one with something
// twice.
func TestNothingIsCut(t *testing.T) {
	f := suiteFake("3.2.7")
	f.before = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/dcim/devices/") {
			return false
		}
		answer(w, http.StatusOK, values{"count": 9, "results": []any{}})
		return true
	}
	_, err := f.serve(t).Objects(t.Context(), inventory.Device, inventory.Filter{})
	wants(t, err, "changed while it was read 3 times", "nothing of it is used")

	f = suiteFake("3.2.7")
	f.objects["devices"] = append(f.objects["devices"], f.objects["devices"][0])
	_, err = f.serve(t).Objects(t.Context(), inventory.Device, inventory.Filter{})
	wants(t, err, "changed while it was read")
}

func TestNameless(t *testing.T) {
	f := suiteFake("3.2.7")
	f.estate(1)
	f.objects["devices"][6]["name"] = nil
	var warned string
	s, _ := f.serveWith(t, nautobot.Config{Warn: func(w string) { warned = w }})
	all, err := s.Objects(t.Context(), inventory.Device, inventory.Filter{})
	if err != nil || len(all) != 6 || !strings.Contains(warned, "1 devices without a name") {
		t.Errorf("got %d, %v, warned %q", len(all), err, warned)
	}
}

func TestLocationType(t *testing.T) {
	for kind, want := range map[string][2]string{
		"": {"ams", "hall 1"}, "region": {"europe", "ams / hall 1"}, "Hall": {"hall 1", ""}, "nosuch": {"europe", "ams / hall 1"},
	} {
		for _, all := range []bool{false, true} {
			s, _ := suiteFake("3.2.7").serveWith(t, nautobot.Config{LocationType: kind})
			if all {
				if _, err := s.Objects(t.Context(), inventory.Device, inventory.Filter{}); err != nil {
					t.Fatal(err)
				}
			}
			o, err := s.Object(t.Context(), device("ams-edge1"))
			if err != nil || o.Site != want[0] || o.Location != want[1] {
				t.Errorf("%q: at %q, %q (%v), want %q", kind, o.Site, o.Location, err, want)
			}
		}
	}
}

// Places deeper than are asked for with an object are found all the same.
func TestDeepLocation(t *testing.T) {
	f := suiteFake("3.2.7")
	at := f.places[1] // a site
	for i := range 9 {
		at = values{"id": fmt.Sprintf("deep%d", i), "name": fmt.Sprintf("d%d", i), "location_type": values{"name": "Part"}, "parent": values{"id": at["id"]}}
		f.places = append(f.places, at)
	}
	f.objects["devices"][0]["location"] = at
	o, err := f.serve(t).Object(t.Context(), device("ams-edge1"))
	if err != nil || o.Site != "ams" || o.Location != "d0 / d1 / d2 / d3 / d4 / d5 / d6 / d7 / d8" {
		t.Errorf("at %q, %q: %v", o.Site, o.Location, err)
	}
}
