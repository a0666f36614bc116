package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// The kinds of requests to a source of truth.
const (
	kindPage   = "page"   // one page of all devices
	kindLookup = "lookup" // anything else that finds devices and what they refer to
	kindConfig = "config" // an intended configuration, and whether it is complete
)

// exchange is a request to a source of truth and when it was answered.
type exchange struct {
	kind, method, path string
	header             http.Header
	body               []byte
	status             int
	version            string // of the server, as it tells it
	from, to           time.Time
}

// tap is a proxy on the loopback before a server that notes what passes.
type tap struct {
	url    string
	server *http.Server

	mu   sync.Mutex
	seen []exchange
}

// openTap starts one.
func openTap(target string) (*tap, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	t := &tap{url: "http://" + l.Addr().String()}
	kept := http.DefaultTransport.(*http.Transport).Clone()
	kept.MaxIdleConnsPerHost, kept.Proxy = atOnce, nil
	forward := &httputil.ReverseProxy{
		Transport: kept,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(u)
			r.Out.Host = u.Host
		},
	}
	t.server = &http.Server{Handler: t.noting(forward), ReadHeaderTimeout: time.Minute}
	go func() { _ = t.server.Serve(l) }()
	return t, nil
}

// close ends the proxy.
func (t *tap) close() { _ = t.server.Close() }

// noting notes what a handler answers.
func (t *tap) noting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		e := exchange{
			kind: kindOf(r.Method, r.URL, body), method: r.Method, path: r.URL.RequestURI(),
			header: r.Header.Clone(), body: body, from: time.Now(),
		}
		status := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(status, r)
		e.status, e.version, e.to = status.status, w.Header().Get("API-Version"), time.Now()
		t.mu.Lock()
		defer t.mu.Unlock()
		t.seen = append(t.seen, e)
	})
}

// statusWriter keeps the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// kindOf is what a request of the provider to NetBox or Nautobot is for.
func kindOf(method string, u *url.URL, body []byte) string {
	const devices = "/api/dcim/devices/"
	_, rest, isDevice := strings.Cut(u.Path, devices)
	switch {
	case strings.HasSuffix(u.Path, "/render-config/"), strings.Contains(u.Path, "/plugins/golden-config/"):
		return kindConfig
	case isDevice && rest != "": // what a rendering is compared with
		return kindConfig
	case isDevice && method == http.MethodGet && u.Query().Has("fields") && !u.Query().Has("name"):
		return kindPage
	case bytes.Contains(body, []byte("objects: devices(id")):
		return kindPage
	}
	return kindLookup
}

// taken is what has passed since it was asked the last time.
func (t *tap) taken() []exchange {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen := t.seen
	t.seen = nil
	slices.SortFunc(seen, func(a, b exchange) int { return a.from.Compare(b.from) })
	return seen
}

// count adds to what a command took the requests that it made.
func (t *took) count(seen []exchange) {
	t.Calls, t.Requests = len(seen), map[string]int{}
	var configs []exchange
	for _, e := range seen {
		t.Requests[e.kind]++
		if e.status >= http.StatusBadRequest {
			t.Refused++
		}
		if e.kind == kindConfig {
			configs = append(configs, e)
		}
	}
	t.Span, t.AtOnce = spanOf(configs)
}

// spanOf is the time from the first request to the last answer, in seconds, and
// how many were open at once.
func spanOf(list []exchange) (seconds float64, most int) {
	if len(list) == 0 {
		return 0, 0
	}
	first, last := list[0].from, list[0].to
	for _, e := range list {
		open := 0
		for _, other := range list {
			if !other.from.After(e.from) && other.to.After(e.from) {
				open++
			}
		}
		most = max(most, open)
		if e.to.After(last) {
			last = e.to
		}
	}
	return last.Sub(first).Seconds(), most
}

// repeat makes the same requests again, some at once, and fails if one is
// refused.
func (t *tap) repeat(ctx context.Context, list []exchange, jobs int) (took, error) {
	kept := http.DefaultTransport.(*http.Transport).Clone()
	kept.MaxIdleConnsPerHost, kept.Proxy = jobs, nil
	client := &http.Client{Transport: kept}
	defer kept.CloseIdleConnections()
	work := make(chan exchange)
	errs := make(chan error, jobs)
	for range jobs {
		go func() {
			var failed error
			for e := range work {
				if failed == nil {
					failed = e.again(ctx, client, t.url)
				}
			}
			errs <- failed
		}()
	}
	t.taken()
	for _, e := range list {
		work <- e
	}
	close(work)
	var failed error
	for range jobs {
		if err := <-errs; err != nil {
			failed = err
		}
	}
	var did took
	did.count(t.taken())
	did.Wall = did.Span
	return did, failed
}

// again makes the request once more.
func (e exchange) again(ctx context.Context, client *http.Client, base string) error {
	req, err := http.NewRequestWithContext(ctx, e.method, base+e.path, bytes.NewReader(e.body))
	if err != nil {
		return err
	}
	req.Header = e.header.Clone()
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != e.status {
		return fmt.Errorf("%s %s: HTTP %d, before %d", e.method, e.path, resp.StatusCode, e.status)
	}
	return nil
}
