package nautobot_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/inventorytest"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/nautobot"
)

// values is a JSON object.
type values = map[string]any

const fakeToken = "0123456789abcdef0123456789abcdef01234567"

// fake is a Nautobot that answers as real ones were seen to, and counts.
type fake struct {
	t       *testing.T
	version string
	objects map[string][]values // devices and virtual_machines as GraphQL shows them
	places  []values
	golden  map[string]values // by the id of a device
	// hide is what the token may not see, by the names of fields.
	hide []string
	// postprocess is what config-postprocessing says; by the id of a device.
	postprocess map[string]string
	// data is what configurations are rendered of, if it is not the usual.
	data values
	// headless takes the version out of the headers.
	headless bool
	// before may answer in the fake's place, and say so.
	before func(w http.ResponseWriter, r *http.Request) bool

	mu       sync.Mutex
	requests []string
	patched  values
}

// serve starts the fake.
func (f *fake) serve(t *testing.T) *nautobot.Source {
	t.Helper()
	s, _ := f.serveWith(t, nautobot.Config{})
	return s
}

func (f *fake) serveWith(t *testing.T, cfg nautobot.Config) (*nautobot.Source, *httptest.Server) {
	t.Helper()
	f.t = t
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	cfg.URL = server.URL + "/sot/" // Nautobot below a path
	if cfg.Token == "" {
		cfg.Token = fakeToken
	}
	s, err := nautobot.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s, server
}

func (f *fake) count(prefix string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, r := range f.requests {
		if strings.HasPrefix(r, prefix) {
			n++
		}
	}
	return n
}

// ServeHTTP implements http.Handler.
func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/sot/api/")
	f.mu.Lock()
	f.requests = append(f.requests, r.Method+" "+path)
	f.mu.Unlock()
	if f.before != nil && f.before(w, r) {
		return
	}
	if r.Header.Get("Authorization") != "Token "+fakeToken {
		answer(w, http.StatusForbidden, values{"detail": "Invalid token"})
		return
	}
	if !f.headless {
		w.Header().Set("API-Version", strings.Join(strings.Split(f.version, ".")[:2], "."))
	}
	switch {
	case path == "status/":
		answer(w, http.StatusOK, values{"django-version": "5.2.19", "nautobot-version": f.version})
	case path == "graphql/":
		f.graphql(w, r)
	case strings.HasPrefix(path, "plugins/golden-config/"):
		f.goldenConfig(w, r, strings.TrimPrefix(path, "plugins/golden-config/"))
	case strings.HasPrefix(path, "dcim/devices/"):
		f.rest(w, r, "devices", strings.TrimPrefix(path, "dcim/devices/"))
	case strings.HasPrefix(path, "virtualization/virtual-machines/"):
		f.rest(w, r, "virtual_machines", strings.TrimPrefix(path, "virtualization/virtual-machines/"))
	default:
		f.related(w, path)
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// related answers what REST says of the objects that others refer to.
func (f *fake) related(w http.ResponseWriter, path string) {
	for field, at := range map[string]string{"platform": "dcim/platforms/", "primary_ip4": "ipam/ip-addresses/", "interfaces": "dcim/interfaces/"} {
		if path == at && slices.Contains(f.hide, field) {
			answer(w, http.StatusForbidden, values{"detail": "You do not have permission to perform this action."})
			return
		}
	}
	answer(w, http.StatusOK, values{"count": 0, "next": nil, "previous": nil, "results": []any{}})
}

// graphql answers the questions that the source asks, by their text.
func (f *fake) graphql(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Query     string
		Variables struct {
			Name, IDs []string
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
		f.t.Errorf("the question is no JSON: %v", err)
	}
	kind := "devices"
	if strings.Contains(ask.Query, "virtual_machines(") {
		kind = "virtual_machines"
	}
	cluster := "cluster{name}"
	if strings.HasPrefix(f.version, "3.") {
		cluster = "clusters{name}"
	}
	data := values{}
	v := ask.Variables
	switch {
	case strings.Contains(ask.Query, "objects: locations{"):
		data["objects"] = f.shown(f.places, false)
	case strings.Contains(ask.Query, "objects: locations(id: $ids, parent__isnull: false)"):
		data["objects"] = slices.DeleteFunc(selected(f.places, "id", v.IDs), func(l values) bool { return l["parent"] == nil })
	case strings.Contains(ask.Query, "objects: ") && kind == "devices" && !strings.Contains(ask.Query, cluster):
		answer(w, http.StatusBadRequest, values{"errors": []any{values{"message": `Cannot query field "cluster" on type "DeviceType".`}}})
		return
	case strings.Contains(ask.Query, "(id: $ids)"):
		data["objects"] = f.shown(selected(f.objects[kind], "id", v.IDs), strings.Contains(ask.Query, "config_context"))
	case strings.Contains(ask.Query, "objects: "):
		data["objects"] = f.shown(selected(f.objects[kind], "name", v.Name), strings.Contains(ask.Query, "config_context"))
		f.having(data, ask.Query, selected(f.objects[kind], "name", v.Name))
	default:
		data["ids"] = f.objects[kind]
		f.having(data, ask.Query, f.objects[kind])
	}
	answer(w, http.StatusOK, values{"data": data})
}

// selected are those of which a field has one of the values.
func selected(all []values, field string, of []string) []values {
	return slices.DeleteFunc(slices.Clone(all), func(o values) bool { return !slices.Contains(of, fmt.Sprint(o[field])) })
}

// shown is what the token may see of the objects.
func (f *fake) shown(all []values, contexts bool) []values {
	out := []values{}
	for _, o := range all {
		c := f.concealed(o)
		if !contexts {
			delete(c, "config_context")
		}
		out = append(out, c)
	}
	return out
}

// concealed is an object without what the token may not see: there is null, or an
// empty list.
func (f *fake) concealed(o values) values {
	c := values{}
	for k, v := range o {
		inner, isObject := v.(values)
		_, isList := v.([]any)
		switch {
		case slices.Contains(f.hide, k) && isList:
			c[k] = []any{}
		case slices.Contains(f.hide, k):
			c[k] = nil
		case isObject:
			c[k] = f.concealed(inner)
		default:
			c[k] = v
		}
	}
	return c
}

// having tells who has what, seen or not, as far as it is asked for.
func (f *fake) having(data values, query string, all []values) {
	for what, of := range map[string]struct {
		filter string
		fields []string
	}{
		"platform": {"platform__isnull: false", []string{"platform"}}, "tenant": {"tenant__isnull: false", []string{"tenant"}},
		"address": {"has_primary_ip: true", []string{"primary_ip4", "primary_ip6"}}, "tags": {"tags__isnull: false", []string{"tags"}},
		"role": {"role__isnull: false", []string{"role"}}, "secrets_group": {"secrets_group__isnull: false", []string{"secrets_group"}},
		"location": {"location__isnull: false", []string{"cluster.location"}}, "cluster": {f.clusterFilter(), []string{"cluster", "clusters"}},
	} {
		if !strings.Contains(query, "has_"+what+": ") || !strings.Contains(query, of.filter+"){id}") {
			continue
		}
		list := []values{}
		for _, o := range all {
			if slices.ContainsFunc(of.fields, func(field string) bool { v := at(o, field); return v != nil && fmt.Sprint(v) != "[]" }) {
				list = append(list, values{"id": o["id"]})
			}
		}
		data["has_"+what] = list
	}
}

// clusterFilter is the filter of devices in clusters that the version has.
func (f *fake) clusterFilter() string {
	if strings.HasPrefix(f.version, "3.") {
		return `clusters__n: ["null"]`
	}
	return "cluster__isnull: false"
}

// at is the value at a path of fields.
func at(o values, path string) any {
	field, rest, deeper := strings.Cut(path, ".")
	if inner, ok := o[field].(values); deeper && ok {
		return at(inner, rest)
	}
	if deeper {
		return nil
	}
	return o[field]
}

// rest answers for a list, an object, or its notes.
func (f *fake) rest(w http.ResponseWriter, r *http.Request, kind, rest string) {
	if rest == "" {
		answer(w, http.StatusOK, values{"count": len(f.objects[kind]), "next": nil, "previous": nil, "results": []any{}})
		return
	}
	id, what, _ := strings.Cut(rest, "/")
	i := slices.IndexFunc(f.objects[kind], func(o values) bool { return o["id"] == id })
	if i < 0 {
		answer(w, http.StatusNotFound, values{"detail": "No Device matches the given query."})
		return
	}
	o := f.objects[kind][i]
	if r.Method != http.MethodGet {
		var body values
		_ = json.NewDecoder(r.Body).Decode(&body)
		f.mu.Lock()
		f.patched = body
		f.mu.Unlock()
	}
	if what == "notes/" {
		answer(w, http.StatusCreated, values{"id": "n", "note": f.patched["note"]})
		return
	}
	reference := func(v any) any {
		if v == nil {
			return nil
		}
		return values{"id": "x", "object_type": "x", "url": "x"}
	}
	answer(w, http.StatusOK, values{
		"id": id, "name": o["name"], "platform": reference(o["platform"]), "primary_ip4": reference(o["primary_ip4"]), "role": reference(o["role"]),
		"tags": o["tags"], "custom_fields": values{"zabbix_hostid": 7, "rack": "A4"},
	})
}

// goldenConfig answers for the app.
func (f *fake) goldenConfig(w http.ResponseWriter, r *http.Request, path string) {
	switch {
	case path == "golden-config/":
		id := r.URL.Query().Get("device")
		if !slices.ContainsFunc(f.objects["devices"], func(o values) bool { return o["id"] == id }) {
			answer(w, http.StatusBadRequest, values{"device": []any{"Select a valid choice. " + id + " is not one of the available choices."}})
			return
		}
		list := []values{}
		if row := f.golden[id]; row != nil {
			list = append(list, row)
		}
		answer(w, http.StatusOK, values{"count": len(list), "results": list})
	case strings.HasPrefix(path, "config-postprocessing/"):
		id := strings.Trim(strings.TrimPrefix(path, "config-postprocessing/"), "/")
		text, ok := f.postprocess[id]
		if !ok {
			text = strings.TrimSuffix(fmt.Sprint(f.golden[id]["intended_config"]), "\n")
		}
		answer(w, http.StatusOK, values{"id": id, "config": text})
	case path == "generate-intended-config/":
		f.generate(w, r.URL.Query())
	default:
		f.t.Errorf("nobody has %s", path)
	}
}

func (f *fake) generate(w http.ResponseWriter, query url.Values) {
	id := query.Get("device_id")
	row := f.golden[id]
	if row == nil {
		answer(w, http.StatusBadRequest, values{"detail": "No Golden Config settings found for this device"})
		return
	}
	data := values{"hostname": "x", "platform": values{"name": "x"}, "primary_ip4": values{"address": "x"}, "interfaces": []any{values{"name": "eth0"}}}
	for _, field := range f.hide {
		data[field] = nil
		if field == "interfaces" {
			data[field] = []any{}
		}
	}
	if f.data != nil {
		data = f.data
	}
	answer(w, http.StatusOK, values{"intended_config": row["intended_config"], "graphql_data": data, "diff": ""})
}

// suiteFake holds what the suite wants, in the shape of a version.
func suiteFake(version string) *fake {
	f := &fake{version: version, objects: map[string][]values{}, golden: map[string]values{}, postprocess: map[string]string{}}
	place := func(id, name, kind string, parent values) values {
		p := values{"id": id, "name": name, "location_type": values{"name": kind}, "parent": nil}
		if parent != nil {
			p["parent"] = parent
		}
		return p
	}
	europe := place("l0", "europe", "Region", nil)
	sites := map[string]values{}
	f.places = append(f.places, europe)
	for _, name := range []string{"ams", "fra", "depot"} {
		sites[name] = place("l-"+name, name, "Site", europe)
		f.places = append(f.places, sites[name])
	}
	hall := place("l-hall", "hall 1", "Hall", sites["ams"])
	f.places = append(f.places, hall)
	for i, o := range append(append(inventorytest.Devices(), inventorytest.Twins()...), inventorytest.VirtualMachines()...) {
		adapt(&o)
		v := object(f, i, o)
		at := sites[o.Site]
		if o.Location != "" {
			at = hall
		}
		if o.Kind == inventory.Device {
			v["location"] = at
			f.objects["devices"] = append(f.objects["devices"], v)
			continue
		}
		cluster := values{"name": o.Cluster, "location": nil}
		if at != nil {
			cluster["location"] = at
		}
		v["cluster"] = cluster
		f.objects["virtual_machines"] = append(f.objects["virtual_machines"], v)
	}
	return f
}

// object is an object in the shape of GraphQL.
func object(f *fake, i int, o inventory.Object) values {
	one := func(name string) any {
		if name == "" {
			return nil
		}
		return values{"name": name}
	}
	address := func(host, dnsName string) any {
		if host == "" {
			return nil
		}
		return values{"host": host, "dns_name": dnsName}
	}
	status := strings.ToUpper(o.Status[:min(1, len(o.Status))]) + o.Status[min(1, len(o.Status)):]
	if status == "" {
		status = "Active"
	}
	tags := []any{}
	for _, t := range o.Tags {
		tags = append(tags, one(t))
	}
	v := values{
		"id": fmt.Sprintf("00000000-0000-0000-0000-%012d", i), "name": o.Name, "status": one(status), "role": one(o.Role), "tenant": one(o.Tenant),
		"primary_ip4": address(o.PrimaryIP4, o.DNSName4), "primary_ip6": address(o.PrimaryIP6, o.DNSName6), "tags": tags,
		"_custom_field_data": o.CustomFields, "config_context": o.ConfigContext, "platform": nil,
	}
	if o.Platform != "" {
		v["platform"] = values{"name": "some " + o.Platform, "network_driver": o.Platform}
	}
	if o.Kind == inventory.VirtualMachine {
		if o.Platform != "" { // one without a driver
			v["platform"] = values{"name": o.Platform, "network_driver": ""}
		}
		return v
	}
	v["device_type"] = values{"model": o.Model, "manufacturer": one(o.Vendor)}
	v["secrets_group"] = one(o.SecretsGroup)
	if strings.HasPrefix(f.version, "2.") {
		v["cluster"] = one(o.Cluster)
	} else {
		v["clusters"] = []any{}
		if o.Cluster != "" {
			v["clusters"] = []any{one("c9"), one(o.Cluster)}
		}
	}
	if o.Name == "ams-edge1" {
		f.golden[v["id"].(string)] = values{
			"intended_config": "hostname ams-edge1\n", "intended_last_attempt_date": "2026-11-24T10:00:00.5Z", "intended_last_success_date": "2026-11-24T10:00:00.5Z",
		}
	}
	return v
}
