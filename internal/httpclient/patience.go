package httpclient

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"
)

// Patience has what reads outlast a restart of a server: of one that has answered
// before, and for so long. A server that never answered, or did not come back, is
// tried no more often than without. It is safe for concurrent use.
type Patience struct {
	limit time.Duration
	known atomic.Bool // the server has answered, and nobody has given it up since
}

// NewPatience is patience for so long, after the first failure of a request.
func NewPatience(limit time.Duration) *Patience { return &Patience{limit: limit} }

// answered notes that the server is there.
func (p *Patience) answered() {
	if p != nil {
		p.known.Store(true)
	}
}

// again tells whether to try again what has failed. away tells that it was not
// the server that answered.
func (p *Patience) again(ctx context.Context, away bool) bool {
	e := effortOf(ctx)
	if e.failures++; e.failures == 1 {
		e.since = time.Now()
	}
	switch {
	case e.failures <= retries:
		return true
	case !away || !p.known.Load():
		return false
	case time.Since(e.since) < p.limit:
		return true
	}
	p.known.Store(false)
	return false
}

// isAway tells the statuses by which something before a server says that it is
// not there, or the server that it is not ready.
func isAway(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

// effort is what was tried for one request.
type effort struct {
	failures int
	since    time.Time // the first
}

type effortKey struct{}

// withEffort begins to count the failures of a request.
func withEffort(ctx context.Context) context.Context {
	return context.WithValue(ctx, effortKey{}, &effort{})
}

func effortOf(ctx context.Context) *effort {
	e, _ := ctx.Value(effortKey{}).(*effort)
	return e
}
