// Package httpclient sends requests to the HTTP APIs of management systems: with
// an own CA, further headers and limits of time. Requests that only read are
// sent again after a failure, others never.
package httpclient

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptrace"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// DefaultTimeout is the limit for one request when none is configured.
const DefaultTimeout = 60 * time.Second

// How often, and after which pauses, reading is tried again: each pause is twice
// the one before. A server says with Retry-After how long it wants to be left
// alone.
const (
	retries  = 4
	minPause = 200 * time.Millisecond
	maxPause = 5 * time.Second
	maxAsked = 20 * time.Second
)

// maxAnswer is how long an answer may be, in bytes.
const maxAnswer = 512 << 20

// Config says how a server is reached.
type Config struct {
	// CAFile is a file of PEM certificates that are trusted beside the system's.
	CAFile string
	// CertFile and KeyFile are a client certificate in PEM form; may be empty.
	CertFile, KeyFile string
	// Headers are added to every request.
	Headers map[string]string
	// Timeout is the limit for one request with its answer; 0 is DefaultTimeout.
	Timeout   time.Duration
	UserAgent string
	// Final are statuses that no request is sent again after, beside those that
	// nothing is: for a server that says 500 of what will not get better.
	Final []int
	// Patience is shared by the clients of one server; nil for none.
	Patience *Patience
	// Pause is the first one before reading is tried again; 0 is 200 ms.
	Pause time.Duration
}

// Client sends requests to one server. It is safe for concurrent use.
type Client struct {
	header      http.Header
	once, again *retryablehttp.Client
}

// New makes a client. Errors name the file that cannot be used.
func New(cfg Config) (*Client, error) {
	trust, err := tlsConfig(cfg)
	if err != nil {
		return nil, err
	}
	kept := http.DefaultTransport.(*http.Transport).Clone()
	kept.TLSClientConfig = trust
	kept.MaxIdleConnsPerHost = 16
	// What changes something has a connection of its own: it would not be known
	// whether it was done if it met a server that closes one that was kept.
	own := kept.Clone()
	own.DisableKeepAlives = true
	c := &Client{header: http.Header{}, once: retrying(own, cfg, 0), again: retrying(kept, cfg, retries)}
	for name, value := range cfg.Headers {
		c.header.Set(name, value)
	}
	if cfg.UserAgent != "" {
		c.header.Set("User-Agent", cfg.UserAgent)
	}
	return c, nil
}

// retrying is a client that tries so often again.
func retrying(transport *http.Transport, cfg Config, times int) *retryablehttp.Client {
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	plain := &http.Client{
		Transport: transport, Timeout: cfg.Timeout,
		// A redirection may lead to another host, and would take the token there.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if times > 0 && cfg.Patience != nil {
		times = math.MaxInt32 // it has the last word
	}
	return &retryablehttp.Client{
		HTTPClient: plain, RetryMax: times, RetryWaitMin: cmp.Or(cfg.Pause, minPause), RetryWaitMax: maxPause,
		CheckRetry: triedAgain(cfg), Backoff: pause,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

// triedAgain tells what is tried again: not what had a final status, and what had
// none as long as there is patience.
func triedAgain(cfg Config) retryablehttp.CheckRetry {
	return func(ctx context.Context, resp *http.Response, err error) (bool, error) {
		away := err != nil || isAway(resp.StatusCode)
		if !away {
			cfg.Patience.answered()
		}
		if err == nil && slices.Contains(cfg.Final, resp.StatusCode) {
			return false, nil
		}
		again, ended := retryablehttp.DefaultRetryPolicy(ctx, resp, err)
		if !again || cfg.Patience == nil {
			return again, ended
		}
		return cfg.Patience.again(ctx, away), nil
	}
}

// pause is how long to wait before the next attempt: what the server asks for
// with Retry-After, within bounds.
func pause(least, most time.Duration, attempt int, resp *http.Response) time.Duration {
	return min(retryablehttp.DefaultBackoff(least, most, attempt, resp), maxAsked)
}

// tlsConfig trusts what the configuration says.
func tlsConfig(cfg Config) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if cfg.CAFile != "" {
		pem, err := os.ReadFile(cfg.CAFile)
		if err != nil {
			return nil, fmt.Errorf("the file of CA certificates: %w", err)
		}
		if c.RootCAs, err = x509.SystemCertPool(); err != nil {
			c.RootCAs = x509.NewCertPool()
		}
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("the file of CA certificates: %s holds no certificate in PEM form", cfg.CAFile)
		}
	}
	if cfg.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(cfg.CertFile, cfg.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("the client certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{cert}
	}
	return c, nil
}

// Response is a server's answer.
type Response struct {
	Status      int // the HTTP status code
	ContentType string
	Location    string // of a redirection, which is not followed
	Header      http.Header
	Body        []byte
}

// NotSentError tells that a request did not leave: the server cannot have done
// anything about it.
type NotSentError struct{ Err error }

// Error implements error.
func (e *NotSentError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *NotSentError) Unwrap() error { return e.Err }

// Get asks for something. It may be sent again, after a connection that failed
// and after 429 and 5xx. A status that tells of a failure is no error here.
func (c *Client) Get(ctx context.Context, url string, header http.Header) (*Response, error) {
	return c.send(ctx, c.again, http.MethodGet, url, header, nil)
}

// Post sends a body. A request that only reads may be sent again, as Get says.
// An error that is no *NotSentError leaves open whether the server did what was
// asked. A status that tells of a failure is no error here.
func (c *Client) Post(ctx context.Context, url string, header http.Header, body []byte, reads bool) (*Response, error) {
	client := c.once
	if reads {
		client = c.again
	}
	return c.send(ctx, client, http.MethodPost, url, header, body)
}

// Patch sends changes. It is never sent again; errors are as those of Post.
func (c *Client) Patch(ctx context.Context, url string, header http.Header, body []byte) (*Response, error) {
	return c.send(ctx, c.once, http.MethodPatch, url, header, body)
}

// send sends a request and reads the answer.
func (c *Client) send(ctx context.Context, client *retryablehttp.Client, method, url string, header http.Header, body []byte) (*Response, error) {
	var connected atomic.Bool
	ctx = withEffort(ctx)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	req, err := retryablehttp.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, &NotSentError{err}
	}
	req.Header = c.header.Clone()
	maps.Copy(req.Header, header)
	resp, err := client.Do(req)
	if err == nil {
		var r *Response
		if r, err = receive(resp); err == nil {
			return r, nil
		}
	}
	if err == nil || connected.Load() {
		return nil, err
	}
	return nil, &NotSentError{err}
}

// receive reads an answer.
func receive(resp *http.Response) (*Response, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = errors.New("the answer is too long")
	}
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return &Response{
		Status: resp.StatusCode, ContentType: resp.Header.Get("Content-Type"),
		Location: resp.Header.Get("Location"), Header: resp.Header, Body: body,
	}, nil
}
