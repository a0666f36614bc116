// Package nautobot is Nautobot as a source of truth: devices and virtual machines
// over its GraphQL API, intended configurations from the app Golden Config.
// Versions 2.4 to 3.2 are known; what differs between them is in version.go.
package nautobot

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/snapshot"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// DefaultLocationType is the location type of sites when none is configured: the
// one that Nautobot itself gave the sites of version 1.
const DefaultLocationType = "Site"

// Config says where Nautobot is and who asks.
type Config struct {
	// URL is Nautobot's, with its path if it has one, without /api.
	URL string
	// Token is an API token.
	Token string
	HTTP  httpclient.Config
	// LocationType is the location type that is the site: of an object the
	// nearest location of that type, else the topmost. Empty is
	// DefaultLocationType.
	LocationType string
	// Warn is told in a sentence what a person should know; may be nil.
	Warn func(string)
}

// Source is one Nautobot. It is safe for concurrent use. What it has once loaded
// it keeps.
type Source struct {
	*snapshot.Snapshot
	api      *api
	siteType string
	// rendering has a place for one: Golden Config cannot sync one repository
	// twice at a time.
	rendering chan struct{}

	mu     sync.Mutex
	denied map[string]bool // by path, whether the token may see nothing there
}

var (
	_ inventory.Source = (*Source)(nil)
	_ inventory.Writer = (*Source)(nil)
	_ snapshot.Loader  = (*Source)(nil)
)

// New makes a source; it connects to nothing. It is an [inventory.Writer] too.
func New(cfg Config) (*Source, error) {
	base, err := baseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	if cfg.Token == "" {
		return nil, errors.New("a token is needed for Nautobot")
	}
	a := &api{base: base, token: cfg.Token, warn: cfg.Warn}
	if a.http, err = httpclient.New(cfg.HTTP); err != nil {
		return nil, err
	}
	// Git's messages name repositories, with the login in their address.
	a.redact = (&secret.Redactor{}).With(regexp.MustCompile(`://([^/@\s]+)@`)).WithWords(cfg.Token)
	for _, value := range cfg.HTTP.Headers {
		a.redact = a.redact.WithWords(value)
	}
	s := &Source{
		api: a, siteType: cmp.Or(cfg.LocationType, DefaultLocationType),
		rendering: make(chan struct{}, 1), denied: map[string]bool{},
	}
	s.Snapshot = snapshot.New(s, a.where())
	return s, nil
}

// baseURL is the address that paths are added to, without a slash at its end.
func baseURL(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%q is not an address such as https://nautobot.example.net", text)
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

// permission is what Nautobot calls the right to do something with a kind.
func permission(verb string, kind inventory.Kind) string {
	if kind == inventory.VirtualMachine {
		return "virtualization." + verb + "_virtualmachine"
	}
	return "dcim." + verb + "_device"
}
