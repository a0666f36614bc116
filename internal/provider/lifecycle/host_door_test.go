package lifecycle_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// door is a proxy before Zabbix: it counts what goes through it, and can be
// closed.
type door struct {
	address string
	proxy   *httputil.ReverseProxy

	mu     sync.Mutex
	server *http.Server // nil: closed
	counts counts
	logins int // less logouts
}

// newDoor opens a door that ends with the test.
func newDoor(t *testing.T, zabbix string) *door {
	t.Helper()
	to, err := url.Parse(zabbix)
	if err != nil {
		t.Fatal(err)
	}
	d := &door{address: "127.0.0.1:0", proxy: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) },
		// Zabbix may be about to end a connection that was kept.
		Transport: &http.Transport{DisableKeepAlives: true},
	}}
	d.open(t)
	t.Cleanup(d.close)
	return d
}

func (d *door) url() string { return "http://" + d.address }

// open listens, always at the same address.
func (d *door) open(t *testing.T) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.server != nil {
		return
	}
	l, err := net.Listen("tcp", d.address)
	if err != nil {
		t.Fatal(err)
	}
	d.address = l.Addr().String()
	server := &http.Server{Handler: d}
	d.server = server
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			_ = l.Close()
		}
	}()
}

// close refuses connections and breaks those that there are.
func (d *door) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.server != nil {
		_ = d.server.Close()
		d.server = nil
	}
}

// ServeHTTP lets a request through and counts it.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	d.count(methods(body))
	d.proxy.ServeHTTP(w, r)
}

// methods are those of a request of one call or of an array of calls.
func methods(body []byte) []string {
	type call struct {
		Method string `json:"method"`
	}
	var calls []call
	if err := json.Unmarshal(body, &calls); err != nil {
		calls = make([]call, 1)
		if err := json.Unmarshal(body, &calls[0]); err != nil {
			return nil
		}
	}
	var names []string
	for _, c := range calls {
		names = append(names, c.Method)
	}
	return names
}

// count counts a request: as a write if one of its calls writes, else as a read.
// One that only asks for the version or logs in or out is neither.
func (d *door) count(methods []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var reads, writes bool
	for _, m := range methods {
		object, what, _ := strings.Cut(m, ".")
		switch {
		case m == "user.login":
			d.logins++
		case m == "user.logout":
			d.logins--
		case object == "apiinfo" || object == "user":
		case what == "get":
			reads = true
		default:
			writes = true
		}
	}
	switch {
	case writes:
		d.counts.changes++
	case reads:
		d.counts.contacts++
	}
}

// counted are the counts so far, and how many sessions are open.
func (d *door) counted() (counts, int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.counts, d.logins
}

func TestDoorCounts(t *testing.T) {
	d := &door{}
	for _, body := range []string{
		`{"method":"apiinfo.version"}`, `{"method":"user.login"}`, `{"method":"user.login"}`, `{"method":"user.logout"}`,
		`{"method":"host.get"}`, `[{"method":"host.get"},{"method":"template.get"}]`, `[{"method":"host.update"},{"method":"host.get"}]`, `junk`,
	} {
		d.count(methods([]byte(body)))
	}
	if got, open := d.counted(); got != (counts{contacts: 2, changes: 1}) || open != 1 {
		t.Errorf("%+v, %d sessions", got, open)
	}
}
