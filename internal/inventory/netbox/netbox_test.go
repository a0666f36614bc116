package netbox_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/netbox"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/netbox/netboxtest"
)

// The header depends on the kind of the token; headers of the configuration go
// with every request.
func TestHeaders(t *testing.T) {
	for given, want := range map[string]string{netboxtest.Token: "Bearer " + netboxtest.Token, netboxtest.TokenV1: "Token " + netboxtest.TokenV1} {
		s := fake(t, netboxtest.Options{Objects: fielded(estate(3))})
		var mu sync.Mutex
		var got []string
		s.Fault(func(_ http.ResponseWriter, r *http.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, r.Header.Get("Authorization")+"|"+r.Header.Get("X-NetBox-Branch"))
			return false
		})
		ns := source(t, netbox.Config{URL: s.URL + "/api/", Token: given, HTTP: httpclient.Config{Headers: map[string]string{"X-NetBox-Branch": "b1"}}})
		for _, asks := range []asks{find, list, render, note, set} {
			if err := asks(t.Context(), ns); err != nil {
				t.Error(err)
			}
		}
		for _, header := range got {
			if header != want+"|b1" {
				t.Errorf("sent %q, want %q", header, want+"|b1")
			}
		}
	}
}

func TestVersions(t *testing.T) {
	for version, says := range map[string]string{"3.6": "3.7 or later is needed", "2.11": "too old", "4.8": "", "5.0": ""} {
		s := fake(t, netboxtest.Options{Version: version, Objects: estate(3)})
		var warnings []string
		ns := source(t, netbox.Config{URL: s.URL, Token: netboxtest.TokenV1, Warn: func(text string) { warnings = append(warnings, text) }})
		for _, asks := range []asks{find, list} {
			err := asks(t.Context(), ns)
			if says != "" {
				complains(t, err, version, says)
			} else if err != nil {
				t.Errorf("%s: %v", version, err)
			}
		}
		if says == "" && (len(warnings) != 1 || !strings.Contains(warnings[0], version) || !strings.Contains(warnings[0], "newer")) {
			t.Errorf("%s: warnings %q", version, warnings)
		}
	}
}

// Something on the way takes out the header that tells the version.
func TestVersionWithoutItsHeader(t *testing.T) {
	s := fake(t, netboxtest.Options{Objects: estate(3)})
	status := `{"netbox-version": "4.9.1-Docker-3.2.1"}`
	s.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", "application/json")
		body := `{"count": 1, "results": [{"id": 2, "name": "e0001"}]}`
		if strings.HasSuffix(r.URL.Path, "/status/") {
			body = status
		}
		_, _ = w.Write([]byte(body))
		return true
	})
	var warnings []string
	warn := func(text string) { warnings = append(warnings, text) }
	if err := find(t.Context(), source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token, Warn: warn})); err != nil || len(warnings) != 1 {
		t.Errorf("%v, warnings %q", err, warnings)
	}
	for _, status = range []string{`{"netbox-version": "new"}`, `[]`} {
		complains(t, find(t.Context(), source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token})), "version")
	}
}

// One device by name: one request to find it, in old versions one more for its
// DNS name, one to render. More than a few: all at once.
func TestRequests(t *testing.T) {
	for version, want := range map[string][]string{
		"4.7": {"GET dcim/devices/", "POST dcim/devices/2/render-config/"},
		"4.2": {"GET dcim/devices/", "GET ipam/ip-addresses/", "POST dcim/devices/2/render-config/"},
	} {
		s := fake(t, netboxtest.Options{Version: version, Objects: estate(2500), Configs: map[string]string{"e0001": "x"}})
		ns := source(t, netbox.Config{URL: s.URL, Token: token(version)})
		o := object(t, ns, inventory.Device, "e0001")
		if o.DNSName != "e0001.example.net" {
			t.Errorf("%s: %+v", version, o)
		}
		if _, err := ns.Config(t.Context(), o, inventory.Intent{}); err != nil {
			t.Error(err)
		}
		if got := paths(s.Requests()); !slices.Equal(got, want) {
			t.Errorf("%s: requests %q, want %q", version, got, want)
		}
		before := len(s.Requests())
		for _, name := range []string{"e0003", "e0004", "e2499"} {
			if o := object(t, ns, inventory.Device, name); o.DNSName != name+".example.net" {
				t.Errorf("%s: %+v", version, o)
			}
		}
		pages, names := 0, 0
		for _, r := range paths(s.Requests()[before:]) {
			if r == "GET dcim/devices/" {
				pages++
			} else {
				names++
			}
		}
		wantNames := map[string]int{"4.7": 0, "4.2": 1 + 10}[version]
		if pages != 1+3 || names != wantNames {
			t.Errorf("%s: %d requests for devices and %d for names, want 4 and %d", version, pages, names, wantNames)
		}
	}
}

// paths are requests without their queries.
func paths(requests []string) []string {
	var list []string
	for _, r := range requests {
		path, _, _ := strings.Cut(r, "?")
		list = append(list, path)
	}
	return list
}

// Only what is used is asked for; config contexts only when they are.
func TestOnlyTheUsedFields(t *testing.T) {
	s := fake(t, netboxtest.Options{Objects: estate(3)})
	ns := source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token})
	for _, context := range []bool{false, true} {
		if _, err := ns.Object(t.Context(), inventory.Ref{Kind: inventory.Device, Name: "e0001", Context: context}); err != nil {
			t.Fatal(err)
		}
		asked := s.Requests()[len(s.Requests())-1]
		_, query, _ := strings.Cut(asked, "?")
		q, err := url.ParseQuery(query)
		if err != nil || strings.Contains(q.Get("fields"), "config_context") != context || (q.Get("exclude") == "config_context") == context || q.Get("limit") != "1000" {
			t.Errorf("context %v: asked for %s", context, asked)
		}
		if strings.Contains(q.Get("fields"), "comments") {
			t.Errorf("asked for too much: %s", asked)
		}
	}
}

func TestEstate(t *testing.T) {
	for _, version := range []string{"4.2", "4.7"} {
		s := fake(t, netboxtest.Options{Version: version, Objects: estate(5000)})
		ns := source(t, netbox.Config{URL: s.URL, Token: token(version)})
		got, err := ns.Objects(t.Context(), inventory.Device, inventory.Filter{})
		if err != nil || len(got) != 5000 || got[4999].Name != "e4999" || got[4999].DNSName != "e4999.example.net" {
			t.Fatalf("%d, %v", len(got), err)
		}
	}
}

// A server that does not know the filter gives everything: the name is looked at
// here too.
func TestNamesAreLookedAt(t *testing.T) {
	s := fake(t, netboxtest.Options{Objects: estate(30)})
	s.Fault(func(_ http.ResponseWriter, r *http.Request) bool {
		q := r.URL.Query()
		q.Del("name")
		r.URL.RawQuery = q.Encode()
		return false
	})
	if o := object(t, source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token}), inventory.Device, "e0017"); o.ID != "18" {
		t.Errorf("%+v", o)
	}
}

func TestURLs(t *testing.T) {
	objects := append(estate(1), inventory.Object{Kind: inventory.VirtualMachine, Name: "vm"})
	s := fake(t, netboxtest.Options{Objects: objects})
	ns := source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token})
	if o := object(t, ns, inventory.Device, "e0000"); o.URL != s.URL+"/dcim/devices/1/" {
		t.Errorf("%s", o.URL)
	}
	if o := object(t, ns, inventory.VirtualMachine, "vm"); o.URL != s.URL+"/virtualization/virtual-machines/1/" {
		t.Errorf("%s", o.URL)
	}
}

func TestNestedLocations(t *testing.T) {
	objects := estate(4)
	objects[0].Location, objects[1].Location, objects[2].Location = "hall 1", "hall 1 / row 2 / rack 3", "hall 1 / row 2"
	objects[0].Site, objects[1].Site = "site1", "site1"
	s := fake(t, netboxtest.Options{Objects: objects})
	ns := source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token})
	got, err := ns.Objects(t.Context(), inventory.Device, inventory.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range got {
		if o.Location != objects[i].Location {
			t.Errorf("%s: %q, want %q", o.Name, o.Location, objects[i].Location)
		}
	}
	if n := slices.Index(paths(s.Requests()), "GET dcim/locations/"); n < 0 || slices.Contains(paths(s.Requests())[n+1:], "GET dcim/locations/") {
		t.Errorf("locations not loaded once: %q", s.Requests())
	}
	// A location that is not in the list of locations: some may not be seen.
	s.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "locations") {
			return false
		}
		send(200, "application/json", `{"count": 0, "results": []}`)(w, r)
		return true
	})
	complains(t, find(t.Context(), source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token})), "e0001", "rack 3", "view on dcim.location")
}

// Addresses that the token may not see, in versions that have to be asked for
// their names.
func TestNamesThatAreMissing(t *testing.T) {
	s := fake(t, netboxtest.Options{Version: "4.2", Objects: estate(3)})
	s.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "ip-addresses") {
			return false
		}
		send(200, "application/json", `{"count": 0, "results": []}`)(w, r)
		return true
	})
	complains(t, find(t.Context(), source(t, netbox.Config{URL: s.URL, Token: netboxtest.TokenV1})), "10.0.0.2", "view on ipam.ipaddress")
}

func TestChoicesInCustomFields(t *testing.T) {
	for _, version := range []string{"4.5", "4.7"} {
		objects := estate(1)
		objects[0].CustomFields = map[string]any{
			"mode": "auto", "modes": []any{"a", "b"}, "big": 12345678901, "half": 0.5,
			"json": map[string]any{"value": 1, "unit": "m"}, "none": nil,
		}
		s := fake(t, netboxtest.Options{Version: version, Objects: objects, Choices: []string{"mode", "modes", "none"}})
		got := object(t, source(t, netbox.Config{URL: s.URL, Token: netboxtest.Token}), inventory.Device, "e0000").CustomFields
		text, err := json.Marshal(got)
		if want := `{"big":12345678901,"half":0.5,"json":{"unit":"m","value":1},"mode":"auto","modes":["a","b"],"none":null}`; err != nil || string(text) != want {
			t.Errorf("%s: got %s, %v", version, text, err)
		}
		if got["big"] != int64(12345678901) || got["half"] != 0.5 {
			t.Errorf("%s: %#v, %#v", version, got["big"], got["half"])
		}
	}
}
