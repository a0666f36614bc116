package client

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// ZabbixLogin is how Zabbix's API is reached.
type ZabbixLogin struct {
	URL                string
	Token              string // or Username and Password
	Username, Password string
	CAFile             string
	Headers            map[string]string
	Timeout            time.Duration // of one request; 0 is the default
	// Prefetch allows to read all hosts ahead.
	Prefetch bool
}

// Secrets are the words that no text may show.
func (l ZabbixLogin) Secrets() []string {
	return append([]string{l.Token, l.Password}, slices.Sorted(maps.Values(l.Headers))...)
}

// OpenZabbix makes a server of a login. It connects to nothing.
func OpenZabbix(l ZabbixLogin) (Server, error) {
	a, err := api.New(api.Config{
		URL: l.URL, Token: l.Token, Username: l.Username, Password: l.Password,
		HTTP: httpclient.Config{CAFile: l.CAFile, Headers: l.Headers, Timeout: l.Timeout, UserAgent: "terraform-provider-provision"},
	})
	if err != nil {
		return nil, err
	}
	return &store{Store: zabbix.NewStore(a, zabbix.StoreOptions{Prefetch: l.Prefetch}), api: a}, nil
}

// store is a Zabbix on its API.
type store struct {
	*zabbix.Store
	api *api.Client
}

// Version implements Server.
func (s *store) Version(ctx context.Context) (api.Version, error) { return s.api.Version(ctx) }

// Close implements Server.
func (s *store) Close(ctx context.Context) error {
	if err := s.api.Logout(ctx); err != nil {
		return fmt.Errorf("log out of Zabbix: %w", err)
	}
	return nil
}
