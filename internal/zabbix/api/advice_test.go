package api_test

import (
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// Whatever is in the way to Zabbix: what to do next is said in the terms of the
// zabbix block.
func TestAdvice(t *testing.T) {
	quiet := func(s *httptest.Server) string {
		t.Cleanup(s.Close)
		return s.URL
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	plain, secure := httptest.NewServer(status(http.StatusNotFound)), httptest.NewTLSServer(status(http.StatusNotFound))
	plainURL, secureURL := quiet(plain), quiet(secure)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	slow := make(chan struct{})
	waits := quiet(httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-slow })))
	t.Cleanup(func() { close(slow) }) // before the server's end
	// A label of more than 63 letters is no name: no server is asked for it.
	for name, c := range map[string]struct {
		url, ca string
		next    string
		kind    error
	}{
		"refused":            {"http://127.0.0.1:1", "", "web server of Zabbix's frontend is up", provision.ErrUnreachable},
		"name":               {"http://" + strings.Repeat("zabbix", 11) + ".invalid", "", "the name in it cannot be resolved", provision.ErrUnreachable},
		"unknown authority":  {secureURL, "", "set ca_file", provision.ErrUnreachable},
		"another name":       {strings.Replace(secureURL, "127.0.0.1", "localhost", 1), ca, "certificate is for another name", provision.ErrUnreachable},
		"no TLS":             {strings.Replace(plainURL, "http:", "https:", 1), "", "does not speak TLS", provision.ErrUnreachable},
		"slow":               {waits, "", "raise timeout", provision.ErrUnreachable},
		"another program":    {plainURL, "", "is the address of Zabbix's frontend", provision.ErrUnreachable},
		"a failing frontend": {quiet(httptest.NewServer(status(http.StatusBadGateway))), "", "why Zabbix's frontend fails", provision.ErrUnreachable},
		"a guarding proxy":   {quiet(httptest.NewServer(status(http.StatusUnauthorized))), "", "check headers", provision.ErrAuth},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limit := time.Minute
			if c.url == waits {
				limit = 200 * time.Millisecond
			}
			a := client(t, api.Config{URL: c.url, Token: token, HTTP: httpclient.Config{CAFile: c.ca, Timeout: limit}})
			_, err := a.Read(t.Context(), count())
			var advised *provision.AdvisedError
			if !errors.Is(err, c.kind) || !errors.As(err, &advised) || !strings.Contains(advised.Next, c.next) || !strings.Contains(advised.Next, "zabbix block") && !strings.Contains(advised.Next, "log of its web server") {
				t.Errorf("%v; advice %+v", err, advised)
			}
		})
	}
}
