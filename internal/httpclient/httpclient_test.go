package httpclient_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
)

// client makes a client.
func client(t *testing.T, cfg httpclient.Config) *httpclient.Client {
	t.Helper()
	c, err := httpclient.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// server serves with h.
func server(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func TestPostSendsWhatItIsTold(t *testing.T) {
	var got http.Header
	var body []byte
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{}")
	})
	c := client(t, httpclient.Config{Headers: map[string]string{"X-Zone": "north"}, UserAgent: "provision/1"})
	resp, err := c.Post(t.Context(), s.URL, http.Header{"Authorization": {"Bearer x"}}, []byte("hello"), true)
	if err != nil || resp.Status != http.StatusOK || resp.ContentType != "application/json" || string(resp.Body) != "{}" {
		t.Fatalf("%+v, %v", resp, err)
	}
	if string(body) != "hello" || got.Get("X-Zone") != "north" || got.Get("User-Agent") != "provision/1" || got.Get("Authorization") != "Bearer x" {
		t.Errorf("sent %q with %v", body, got)
	}
}

// Reading is tried again after 429 and 5xx, with the body; writing never is.
func TestPostTriesReadsAgain(t *testing.T) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable} {
		var posts atomic.Int32
		s := server(t, func(w http.ResponseWriter, r *http.Request) {
			if body, _ := io.ReadAll(r.Body); string(body) != "hello" {
				t.Errorf("attempt %d sent %q", posts.Load()+1, body)
			}
			if posts.Add(1)%2 == 1 {
				w.WriteHeader(status)
			}
		})
		c := client(t, httpclient.Config{})
		if resp, err := c.Post(t.Context(), s.URL, nil, []byte("hello"), true); err != nil || resp.Status != http.StatusOK || posts.Load() != 2 {
			t.Errorf("%d: reading gave %+v, %v after %d attempts", status, resp, err, posts.Load())
		}
		if resp, err := c.Post(t.Context(), s.URL, nil, []byte("hello"), false); err != nil || resp.Status != status || posts.Load() != 3 {
			t.Errorf("%d: writing gave %+v, %v after %d attempts", status, resp, err, posts.Load())
		}
	}
}

func TestGet(t *testing.T) {
	var asked []string
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = append(asked, fmt.Sprintf("%s %s %q %s %s", r.Method, r.URL, body, r.Header.Get("X-Zone"), r.Header.Get("Accept")))
		if len(asked) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		w.Header().Set("API-Version", "4.7")
		_, _ = io.WriteString(w, "[]")
	})
	c := client(t, httpclient.Config{Headers: map[string]string{"X-Zone": "north"}})
	resp, err := c.Get(t.Context(), s.URL+"/a?b=c", http.Header{"Accept": {"application/json"}})
	if err != nil || resp.Status != http.StatusOK || string(resp.Body) != "[]" || resp.Header.Get("Api-Version") != "4.7" {
		t.Errorf("%+v, %v", resp, err)
	}
	want := `GET /a?b=c "" north application/json`
	if !slices.Equal(asked, []string{want, want}) {
		t.Errorf("asked %q", asked)
	}
}

func TestPatchIsSentOnce(t *testing.T) {
	var asked []string
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = append(asked, r.Method+" "+string(body))
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	resp, err := client(t, httpclient.Config{}).Patch(t.Context(), s.URL, nil, []byte("{}"))
	if err != nil || resp.Status != http.StatusServiceUnavailable || !slices.Equal(asked, []string{"PATCH {}"}) {
		t.Errorf("%+v, %v after %q", resp, err, asked)
	}
}

// What a server calls final is an answer, not a failure that passes.
func TestFinalStatuses(t *testing.T) {
	var posts int
	s := server(t, func(w http.ResponseWriter, _ *http.Request) {
		posts++
		w.WriteHeader([]int{http.StatusBadGateway, http.StatusInternalServerError}[posts-1])
	})
	c := client(t, httpclient.Config{Final: []int{http.StatusInternalServerError}})
	if resp, err := c.Post(t.Context(), s.URL, nil, nil, true); err != nil || resp.Status != http.StatusInternalServerError || posts != 2 {
		t.Errorf("%+v, %v after %d attempts", resp, err, posts)
	}
}

func TestPostGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := listen(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
		start := time.Now()
		resp, err := l.client(t, httpclient.Config{}).Post(t.Context(), "http://api.example/", nil, nil, true)
		if err != nil || resp.Status != http.StatusBadGateway {
			t.Errorf("%+v, %v", resp, err)
		}
		if l.posts != 5 || time.Since(start) > time.Minute {
			t.Errorf("%d attempts in %v", l.posts, time.Since(start))
		}
	})
}

// A server says how long it wants to be left alone, but not for an hour.
func TestPostWaitsAsLongAsItIsTold(t *testing.T) {
	for told, want := range map[string]time.Duration{"7": 7 * time.Second, "3600": 20 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			l := listen(t, nil)
			l.serve = func(w http.ResponseWriter, _ *http.Request) {
				if l.posts == 1 {
					w.Header().Set("Retry-After", told)
					w.WriteHeader(http.StatusTooManyRequests)
				}
			}
			start := time.Now()
			resp, err := l.client(t, httpclient.Config{}).Post(t.Context(), "http://api.example/", nil, nil, true)
			if err != nil || resp.Status != http.StatusOK || time.Since(start) != want {
				t.Errorf("Retry-After %s: %+v, %v after %v", told, resp, err, time.Since(start))
			}
		})
	}
}

func TestPostTimesOut(t *testing.T) {
	hold := make(chan struct{})
	var posts atomic.Int32
	s := server(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		posts.Add(1)
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	})
	defer close(hold)
	_, err := client(t, httpclient.Config{Timeout: time.Second}).Post(t.Context(), s.URL, nil, []byte("x"), false)
	var notSent *httpclient.NotSentError
	if err == nil || errors.As(err, &notSent) || posts.Load() != 1 {
		t.Errorf("%v after %d attempts", err, posts.Load())
	}
}

func TestPostTellsThatNothingWasSent(t *testing.T) {
	_, err := client(t, httpclient.Config{}).Post(t.Context(), "http://127.0.0.1:1", nil, nil, false)
	var notSent *httpclient.NotSentError
	if !errors.As(err, &notSent) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("nobody listens: %v", err)
	}
	s := server(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if _, err := client(t, httpclient.Config{}).Post(t.Context(), s.URL, nil, nil, false); err == nil || errors.As(err, &notSent) {
		t.Errorf("the answer was cut: %v", err)
	}
}

// A server closes connections that were kept when it likes, and a write on one
// may or may not have been done.
func TestWritesHaveConnectionsOfTheirOwn(t *testing.T) {
	var conns atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			conns.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	c := client(t, httpclient.Config{})
	for i, reads := range []bool{true, true, false, false, true} {
		if _, err := c.Post(t.Context(), s.URL, nil, nil, reads); err != nil {
			t.Fatal(err)
		}
		if want := []int32{1, 1, 2, 3, 3}[i]; conns.Load() != want {
			t.Errorf("%d connections after request %d", conns.Load(), i+1)
		}
	}
}

func TestPostFollowsNoRedirection(t *testing.T) {
	other := server(t, func(http.ResponseWriter, *http.Request) { t.Error("the redirection was followed") })
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	resp, err := client(t, httpclient.Config{}).Post(t.Context(), s.URL, nil, []byte("x"), true)
	if err != nil || resp.Status != http.StatusTemporaryRedirect || resp.Location != other.URL {
		t.Errorf("%+v, %v", resp, err)
	}
}

func TestCertificates(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile, cert := selfSigned(t, dir)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) != 1 {
			t.Error("no client certificate came")
		}
	}))
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	s.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}
	s.StartTLS()
	t.Cleanup(s.Close)
	ca := write(t, dir, "ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))

	c := client(t, httpclient.Config{CAFile: ca, CertFile: certFile, KeyFile: keyFile})
	if resp, err := c.Post(t.Context(), s.URL, nil, nil, false); err != nil || resp.Status != http.StatusOK {
		t.Errorf("%+v, %v", resp, err)
	}
	_, err := client(t, httpclient.Config{CertFile: certFile, KeyFile: keyFile}).Post(t.Context(), s.URL, nil, nil, false)
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown certificate was accepted: %v", err)
	}
}

func TestNewNamesTheFileThatCannotBeUsed(t *testing.T) {
	dir := t.TempDir()
	text := write(t, dir, "text.pem", []byte("no certificate"))
	for _, cfg := range []httpclient.Config{
		{CAFile: filepath.Join(dir, "missing.pem")},
		{CAFile: text},
		{CertFile: text, KeyFile: text},
	} {
		_, err := httpclient.New(cfg)
		if err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

// listener serves a client inside a bubble of synctest.
type listener struct {
	serve http.HandlerFunc
	until time.Time // connections are refused
	posts int
	conns chan net.Conn
}

func listen(t *testing.T, serve http.HandlerFunc) *listener {
	l := &listener{serve: serve, conns: make(chan net.Conn)}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.posts++
		l.serve(w, r)
	})}
	s.SetKeepAlivesEnabled(false)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { s.Close() })
	return l
}

// client makes a client whose connections end here.
func (l *listener) client(t *testing.T, cfg httpclient.Config) *httpclient.Client {
	c := client(t, cfg)
	c.Dial(l.dial)
	return c
}

// dial connects to the listener.
func (l *listener) dial() (net.Conn, error) {
	if time.Now().Before(l.until) {
		return nil, syscall.ECONNREFUSED
	}
	ours, theirs := net.Pipe()
	l.conns <- theirs
	return ours, nil
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	c, ok := <-l.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

// Close implements net.Listener.
func (l *listener) Close() error {
	close(l.conns)
	return nil
}

// Addr implements net.Listener.
func (l *listener) Addr() net.Addr { return &net.TCPAddr{} }

func selfSigned(t *testing.T, dir string) (certFile, keyFile string, cert *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"}, NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	if cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	certFile = write(t, dir, "client.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	keyFile = write(t, dir, "client.key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
	return certFile, keyFile, cert
}

func write(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
