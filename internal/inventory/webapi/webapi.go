// Package webapi is what sources of truth behind an HTTP API have in common: a
// client that reads JSON and whose errors say what was asked for, what came and
// what to do; the version of the server; lists that change while they are read.
package webapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// Product is what is particular to one.
type Product struct {
	Name string // as errors call it, "NetBox"

	// Oldest and Newest are the versions that are known.
	Oldest, Newest Version

	// TokenAdvice is what to look at when the token is not taken: "is it right
	// and not expired?".
	TokenAdvice string
	// TokenWords tell a 403 that is about the token from one about permissions,
	// by what it says; in small letters.
	TokenWords []string

	// Label is how errors call a request; nil for its method and path.
	Label func(Request) string
	// Advice is what a status means for a request, where that is not what it
	// means for all; "" where it is. May be nil.
	Advice func(r Request, status int) string

	// Lines: what the server says keeps its lines, which may be a traceback.
	Lines bool
	// FinalReads are the statuses after which a POST that only reads is not sent
	// again, because the next attempt would end in the same way.
	FinalReads []int
}

// Config says where a server is and who asks.
type Config struct {
	// URL is the server's, with its path if it has one, without /api.
	URL  string
	HTTP httpclient.Config
	// Header goes with every request; the token is in it.
	Header http.Header
	// Redact takes the token, and what else is secret, out of errors. What may be
	// secret of HTTP.Headers is taken out as well.
	Redact *secret.Redactor
	// Warn is told in a sentence what a person should know; may be nil.
	Warn func(string)
}

// patience is how long a server that has answered before is waited for: a restart
// of NetBox takes 12 s, one of Nautobot 8 s.
const patience = 20 * time.Second

// Client makes requests to one server. It is safe for concurrent use.
type Client struct {
	// Base is the address that paths are added to, without a slash at its end.
	Base string

	product       Product
	header        http.Header
	plain, reader *httpclient.Client // reader sends the POSTs that only read
	redact        *secret.Redactor
	warn          func(string)

	mu      sync.Mutex // held while the version is asked for
	version *Version
	heard   atomic.Value // the version as an answer has told it, a string
}

// New makes a client; it connects to nothing.
func New(p Product, cfg Config) (*Client, error) {
	base, err := baseURL(p, cfg.URL)
	if err != nil {
		return nil, err
	}
	c := &Client{Base: base, product: p, header: cfg.Header, redact: cfg.Redact, warn: cfg.Warn}
	c.redact = c.redact.WithWords(secret.HeaderWords(cfg.HTTP.Headers)...)
	if cfg.HTTP.Patience == nil {
		cfg.HTTP.Patience = httpclient.NewPatience(patience)
	}
	if c.plain, err = httpclient.New(cfg.HTTP); err != nil {
		return nil, err
	}
	cfg.HTTP.Final = p.FinalReads
	c.reader, err = httpclient.New(cfg.HTTP)
	return c, err
}

// baseURL is the address that paths are added to.
func baseURL(p Product, text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%q is not an address such as https://%s.example.net", text, strings.ToLower(p.Name))
	}
	if u.User != nil {
		return "", errors.New("the address holds a user: set token instead")
	}
	return strings.TrimSuffix(strings.TrimRight(u.String(), "/"), "/api"), nil
}

// Where is what errors call the server: "NetBox https://netbox.example.net".
func (c *Client) Where() string { return c.product.Name + " " + c.Base }

// Redact takes secrets out of a text.
func (c *Client) Redact(text string) string { return c.redact.String(text) }

// Warn tells a person a sentence.
func (c *Client) Warn(format string, args ...any) {
	if c.warn != nil {
		c.warn(fmt.Sprintf(format, args...))
	}
}
