// Package netbox is NetBox as a source of truth: devices and virtual machines
// over its REST API, intended configurations rendered by NetBox. Versions 3.7 to
// 4.7 are known; what differs between them is in version.go.
package netbox

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/snapshot"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// DefaultMaxRenders is how many configurations are rendered at once when nothing
// else is configured.
const DefaultMaxRenders = 8

// Config says where NetBox is and who asks.
type Config struct {
	// URL is NetBox's, with its path if it has one, without /api.
	URL string
	// Token is of either version; v2 tokens begin with nbt_.
	Token string
	HTTP  httpclient.Config
	// MaxRenders is how many configurations are rendered at once; 0 is
	// DefaultMaxRenders.
	MaxRenders int
	// Warn is told in a sentence what a person should know; may be nil.
	Warn func(string)
}

// Source is one NetBox. It is safe for concurrent use. What it has once loaded it
// keeps.
type Source struct {
	*snapshot.Snapshot
	api     *api
	renders chan struct{} // a place for each that renders

	treeMu sync.Mutex
	tree   map[int]location // of all locations, once it was needed
}

var (
	_ inventory.Source = (*Source)(nil)
	_ inventory.Writer = (*Source)(nil)
	_ snapshot.Loader  = (*Source)(nil)
)

// New makes a source; it connects to nothing.
func New(cfg Config) (*Source, error) {
	base, err := baseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	if cfg.Token == "" {
		return nil, errors.New("NetBox needs a token")
	}
	if cfg.MaxRenders < 0 {
		return nil, fmt.Errorf("%d is not a number of configurations to render at once", cfg.MaxRenders)
	}
	if cfg.MaxRenders == 0 {
		cfg.MaxRenders = DefaultMaxRenders
	}
	a := &api{base: base, token: cfg.Token, warn: cfg.Warn}
	if a.http, err = httpclient.New(cfg.HTTP); err != nil {
		return nil, err
	}
	// What cannot be rendered is a 500, at the next attempt as well.
	rendering := cfg.HTTP
	rendering.Final = []int{500}
	if a.rendering, err = httpclient.New(rendering); err != nil {
		return nil, err
	}
	// Of a v2 token the part after the dot is the secret.
	_, word, _ := strings.Cut(cfg.Token, ".")
	a.redact = (&secret.Redactor{}).WithWords(cfg.Token, word)
	for _, value := range cfg.HTTP.Headers {
		a.redact = a.redact.WithWords(value)
	}
	s := &Source{api: a, renders: make(chan struct{}, cfg.MaxRenders)}
	s.Snapshot = snapshot.New(s, "NetBox "+base)
	return s, nil
}

// baseURL is the address that paths are added to, without a slash at its end.
func baseURL(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%q is not an address such as https://netbox.example.net", text)
	}
	if u.User != nil {
		return "", errors.New("the address holds a user: set token instead")
	}
	return strings.TrimSuffix(strings.TrimRight(u.String(), "/"), "/api"), nil
}

// place is where the objects of a kind are, below the address and below /api.
func place(kind inventory.Kind) string {
	if kind == inventory.VirtualMachine {
		return "virtualization/virtual-machines/"
	}
	return "dcim/devices/"
}

// model is what NetBox calls a kind in permissions and references.
func model(kind inventory.Kind) string {
	if kind == inventory.VirtualMachine {
		return "virtualization.virtualmachine"
	}
	return "dcim.device"
}

// wait waits for a place among those that render, and returns how to leave it.
func (s *Source) wait(ctx context.Context) (leave func(), err error) {
	select {
	case s.renders <- struct{}{}:
		return func() { <-s.renders }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
