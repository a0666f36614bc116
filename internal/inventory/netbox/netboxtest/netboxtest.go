// Package netboxtest is a NetBox in memory, as far as the client uses it: with
// the shapes of the versions 3.7 to 4.7, tokens that may more or less, and
// faults. The lab tests of the client check it against a real one.
package netboxtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// The tokens that a server knows, as those that tools/netbox/seed.py makes.
const (
	Token          = "nbt_fakefakefake.0123456789abcdef0123456789abcdef01234567"
	TokenV1        = "fedcba9876543210fedcba9876543210fedcba98"
	TokenReadOnly  = "nbt_readonlyfake.1123456789abcdef0123456789abcdef01234567"
	TokenNoRender  = "nbt_norenderfake.2123456789abcdef0123456789abcdef01234567"
	TokenPowerless = "ecdba98765432100fedcba9876543210fedcba98"
)

// Options say what a server holds.
type Options struct {
	// Version is "3.7" to "4.7", or a later one; empty for 4.7.
	Version string
	// Objects are its devices and virtual machines. Their IDs are chosen here, in
	// their order from 1 on for each kind.
	Objects []inventory.Object
	// Configs are what is rendered for devices, by name; others have no template.
	Configs map[string]string
	// Broken are the errors of templates, by the name of the device: "UndefinedError: ...".
	Broken map[string]string
	// Choices are the custom fields that are a choice, or a list of choices.
	Choices []string
	// MaxPageSize is how many objects a page has at most; 0 for 1000.
	MaxPageSize int
}

// Server is a NetBox. It is safe for concurrent use.
type Server struct {
	// URL is its address, with a path before /api.
	URL  string
	opts Options
	http *httptest.Server

	mu       sync.Mutex
	objects  map[inventory.Kind][]inventory.Object
	requests []string
	journal  []Entry
	patches  []string
	fault    func(w http.ResponseWriter, r *http.Request) bool
}

// Entry is an entry in the journal of an object.
type Entry struct {
	Type     string `json:"assigned_object_type"`
	ID       int    `json:"assigned_object_id"`
	Kind     string `json:"kind"`
	Comments string `json:"comments"`
}

// Start starts a server.
func Start(opts Options) *Server {
	if opts.Version == "" {
		opts.Version = "4.7"
	}
	if opts.MaxPageSize == 0 {
		opts.MaxPageSize = 1000
	}
	s := &Server{opts: opts, objects: map[inventory.Kind][]inventory.Object{}}
	for _, o := range opts.Objects {
		o.ID = strconv.Itoa(len(s.objects[o.Kind]) + 1)
		s.objects[o.Kind] = append(s.objects[o.Kind], o.Clone())
	}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	s.URL = s.http.URL + "/netbox"
	return s
}

// Close ends the server.
func (s *Server) Close() { s.http.Close() }

// Fault has f look at each request before the server does; f returns whether it
// has answered. nil for none.
func (s *Server) Fault(f func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Requests are those so far, "GET dcim/devices/?name=r1".
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.requests...)
}

// Journal are the entries of all journals.
func (s *Server) Journal() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Entry{}, s.journal...)
}

// Patches are the bodies of the changes that were made.
func (s *Server) Patches() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.patches...)
}

// Change changes what the server holds of a kind.
func (s *Server) Change(kind inventory.Kind, f func([]inventory.Object) []inventory.Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[kind] = f(s.objects[kind])
}

// atLeast tells that the version is this or a later one.
func (s *Server) atLeast(major, minor int) bool {
	var a, b int
	_, _ = fmt.Sscanf(s.opts.Version, "%d.%d", &a, &b)
	return a > major || a == major && b >= minor
}

// serve answers a request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	path, ok := strings.CutPrefix(r.URL.Path, "/netbox/api/")
	name := r.Method + " " + path
	if r.URL.RawQuery != "" {
		name += "?" + r.URL.RawQuery
	}
	s.requests = append(s.requests, name)
	fault := s.fault
	s.mu.Unlock()
	if fault != nil && fault(w, r) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("API-Version", s.opts.Version)
	may, refused := s.authenticate(r.Header.Get("Authorization"))
	switch {
	case !ok:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprint(w, "<!DOCTYPE html>\n<html><title>Page Not Found</title></html>")
	case refused != "":
		answer(w, http.StatusForbidden, map[string]any{"detail": refused})
	case path == "status/":
		answer(w, http.StatusOK, map[string]any{"netbox-version": s.opts.Version + ".0"})
	default:
		s.route(w, r, path, may)
	}
}

// may is what a token allows.
type may struct{ view, render, write bool }

// authenticate finds out what a token allows, or what is said of one that is not
// taken.
func (s *Server) authenticate(header string) (may, string) {
	_, token, ok := strings.Cut(header, " ")
	if !ok {
		return may{}, "Authentication credentials were not provided."
	}
	if strings.HasPrefix(token, "nbt_") && !s.atLeast(4, 5) {
		return may{}, "Invalid token"
	}
	switch token {
	case Token, TokenV1:
		return may{true, true, true}, ""
	case TokenReadOnly:
		return may{view: true, render: true}, ""
	case TokenNoRender:
		return may{view: true, write: true}, ""
	case TokenPowerless:
		return may{write: true}, ""
	}
	switch {
	case !s.atLeast(4, 5):
		return may{}, "Invalid token"
	case strings.HasPrefix(token, "nbt_"):
		return may{}, "Invalid v2 token"
	}
	return may{}, "Invalid v1 token"
}

// refusal is what NetBox says to those who may not.
const refusal = "You do not have permission to perform this action."

// route finds who answers a path.
func (s *Server) route(w http.ResponseWriter, r *http.Request, path string, may may) {
	if path == "extras/journal-entries/" && r.Method == http.MethodPost {
		s.addEntry(w, r, may)
		return
	}
	if !may.view && !strings.HasSuffix(path, "/render-config/") {
		answer(w, http.StatusForbidden, map[string]any{"detail": refusal})
		return
	}
	switch path {
	case "dcim/locations/":
		all := s.locationList()
		s.list(w, r, len(all), func(i int) map[string]any { return all[i] })
		return
	case "ipam/ip-addresses/":
		all := s.addressList(r.URL.Query()["id"])
		s.list(w, r, len(all), func(i int) map[string]any { return all[i] })
		return
	}
	for _, kind := range []inventory.Kind{inventory.Device, inventory.VirtualMachine} {
		if rest, ok := strings.CutPrefix(path, places[kind]); ok {
			s.routeObject(w, r, kind, rest, may)
			return
		}
	}
	answer(w, http.StatusNotFound, map[string]any{"detail": "Not found."})
}

var places = map[inventory.Kind]string{inventory.Device: "dcim/devices/", inventory.VirtualMachine: "virtualization/virtual-machines/"}

// routeObject answers what is asked of devices or of virtual machines.
func (s *Server) routeObject(w http.ResponseWriter, r *http.Request, kind inventory.Kind, rest string, may may) {
	if rest == "" {
		all := s.objects[kind]
		if name := r.URL.Query()["name"]; len(name) > 0 {
			all = slices.DeleteFunc(slices.Clone(all), func(o inventory.Object) bool { return !slices.Contains(name, o.Name) })
		}
		s.list(w, r, len(all), func(i int) map[string]any { return s.shape(all[i]) })
		return
	}
	id, action, _ := strings.Cut(rest, "/")
	i := s.index(kind, id)
	switch {
	case action == "render-config/" && r.Method == http.MethodPost:
		s.render(w, r, kind, i, may)
	case i < 0:
		answer(w, http.StatusNotFound, noObject(kind))
	case action == "" && r.Method == http.MethodGet:
		answer(w, http.StatusOK, picked(s.shape(s.objects[kind][i]), r))
	case action == "" && r.Method == http.MethodPatch:
		s.patch(w, r, &s.objects[kind][i], may)
	default:
		answer(w, http.StatusMethodNotAllowed, map[string]any{"detail": "Method not allowed."})
	}
}

// index is the place of an object, -1 for none.
func (s *Server) index(kind inventory.Kind, id string) int {
	for i, o := range s.objects[kind] {
		if o.ID == id {
			return i
		}
	}
	return -1
}

// noObject is the body of a 404.
func noObject(kind inventory.Kind) map[string]any {
	name := map[inventory.Kind]string{inventory.Device: "Device", inventory.VirtualMachine: "VirtualMachine"}[kind]
	return map[string]any{"detail": "No " + name + " matches the given query."}
}

// answer sends JSON.
func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
