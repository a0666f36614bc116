package httpclient_test

import (
	"context"
	"errors"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
)

// What is known to be there is waited for; what never was is not, nor is what did
// not come back.
func TestPatience(t *testing.T) {
	const limit, soon, never = 20 * time.Second, 3 * time.Second, 24 * time.Hour
	for name, c := range map[string]struct {
		patience *httpclient.Patience
		known    bool
		refused  time.Duration // how long connections are
		status   int           // of every answer then
		least    time.Duration // how long a reading takes
		most     time.Duration
		fails    bool
	}{
		"a restart":                    {httpclient.NewPatience(limit), true, 12 * time.Second, 0, 12 * time.Second, 17 * time.Second, false},
		"a restart behind a gateway":   {httpclient.NewPatience(limit), true, 0, http.StatusBadGateway, limit, limit + 5*time.Second, false},
		"gone":                         {httpclient.NewPatience(limit), true, never, 0, limit, limit + 5*time.Second, true},
		"never there":                  {httpclient.NewPatience(limit), false, never, 0, soon, soon, true},
		"never there behind a gateway": {httpclient.NewPatience(limit), false, 0, http.StatusBadGateway, soon, soon, false},
		"there, and failing":           {httpclient.NewPatience(limit), true, 0, http.StatusInternalServerError, soon, soon, false},
		"no patience":                  {nil, true, never, 0, soon, soon, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				status := http.StatusOK
				l := listen(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
				client := l.client(t, httpclient.Config{Patience: c.patience})
				get := func() (int, time.Duration, error) {
					began := time.Now()
					resp, err := client.Get(t.Context(), "http://api.example/", nil)
					if err != nil {
						return 0, time.Since(began), err
					}
					return resp.Status, time.Since(began), nil
				}
				if c.known {
					if _, _, err := get(); err != nil {
						t.Fatal(err)
					}
				}
				l.until = time.Now().Add(c.refused)
				if c.status != 0 {
					status = c.status
				}
				got, took, err := get()
				if took < c.least || took > c.most || errors.Is(err, syscall.ECONNREFUSED) != c.fails || err == nil && got != status {
					t.Errorf("%d, %v after %s", got, err, took)
				}
				if !c.fails {
					return
				}
				if _, took, err := get(); took != soon || err == nil {
					t.Errorf("the next one: %v after %s", err, took)
				}
			})
		})
	}
}

// Clients of one server know together that it is there, and who gives up does so
// at once.
func TestPatienceIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := listen(t, func(http.ResponseWriter, *http.Request) {})
		cfg := httpclient.Config{Patience: httpclient.NewPatience(20 * time.Second)}
		one, other := l.client(t, cfg), l.client(t, cfg)
		if _, err := one.Post(t.Context(), "http://api.example/", nil, nil, true); err != nil {
			t.Fatal(err)
		}
		l.until = time.Now().Add(10 * time.Second)
		if _, err := other.Get(t.Context(), "http://api.example/", nil); err != nil {
			t.Error(err)
		}
		l.until = time.Now().Add(time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		began := time.Now()
		if _, err := one.Get(ctx, "http://api.example/", nil); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 7*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

// What changes something is never sent again, however patient its client is.
func TestPatienceIsForReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := listen(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
		c := l.client(t, httpclient.Config{Patience: httpclient.NewPatience(time.Minute)})
		if resp, err := c.Post(t.Context(), "http://api.example/", nil, nil, false); err != nil || resp.Status != http.StatusServiceUnavailable || l.posts != 1 {
			t.Errorf("%+v, %v after %d attempts", resp, err, l.posts)
		}
	})
}
