package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/mapping"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// Defaults of the provider's zabbix.
const (
	DefaultGraveyardGroup  = "graveyard"
	DefaultGraveyardSuffix = "_archived"
	DefaultMaxDestroy      = 10
	DefaultAgentPort       = "10050"
)

// The values of manage.
const (
	Additive  = "additive"
	Exclusive = "exclusive"
)

// The values of template_removal.
const (
	RemovalUnlink = "unlink"
	RemovalClear  = "clear"
)

// The values of on_drift.
const (
	DriftRevert = "revert"
	DriftFail   = "fail"
)

// UseAuto reaches an agent by its DNS name if its address has one, and only
// then.
const UseAuto zabbix.Use = "auto"

// The values of address: which of an object's addresses its agent interface gets.
const (
	AddressIPv4 = "ipv4"
	AddressIPv6 = "ipv6"
	AddressOOB  = "oob"
)

// The values of inventory_mode.
const (
	InventoryDisabled  = "disabled"
	InventoryManual    = "manual"
	InventoryAutomatic = "automatic"
)

// The states of an agent.
const (
	AgentAvailable   = "available"
	AgentUnavailable = "unavailable"
	AgentUnknown     = "unknown"
	AgentNone        = "none" // the host has no agent interface
)

// Zabbix is the provider's zabbix in plain Go.
type Zabbix struct {
	// Server is Zabbix; nil when something that it needs is not known.
	Server Server
	// URL is where people find the frontend.
	URL string
	// Secrets are the words of the login that no text may show.
	Secrets []string
	// Unknown names the values of the block that are known only at apply. No host
	// is looked at then.
	Unknown []string

	// Mappings are the rules; nil for none.
	Mappings *mapping.Config
	// CreateGroups allows to make host groups that do not exist.
	CreateGroups bool
	Graveyard    zabbix.Graveyard
	// MaxDestroy is how many hosts one process may destroy or replace.
	MaxDestroy int
	// ConfigRefresh is after how long Zabbix polls by a changed configuration; 0:
	// as its version does by default.
	ConfigRefresh time.Duration
	Defaults      HostDefaults
}

// Server is a Zabbix server.
type Server interface {
	zabbix.Hosts
	zabbix.Agents
	// All are the hosts that are visible.
	All(ctx context.Context) ([]*zabbix.Host, error)
	// Version is the version of the API, which is asked for once.
	Version(ctx context.Context) (api.Version, error)
	// Close ends the session at the server, if there is one.
	Close(ctx context.Context) error
}

// HostDefaults are what a host is where neither its resource nor the mappings
// say it. Empty fields say nothing.
type HostDefaults struct {
	AgentPort     string
	Use           zabbix.Use // may be UseAuto
	Address       string     // AddressIPv4 and so on; empty: the object's primary address
	InventoryMode string
	Enabled       *bool // nil: it stays what Zabbix has
	TLS           *zabbix.TLS
	Adopt         bool // a host that exists is taken over
	OnDestroy     zabbix.Destroy
	OnDrift       string // DriftRevert or DriftFail
	// TemplateRemoval is RemovalUnlink or RemovalClear.
	TemplateRemoval string
	WaitForAgent    time.Duration // 0: it is not waited for
	Manage          map[zabbix.Field]string
}

// withDefaults returns the block with the defaults written out.
func (z Zabbix) withDefaults() Zabbix {
	z.Graveyard.Group = cmp.Or(z.Graveyard.Group, DefaultGraveyardGroup)
	z.Graveyard.Suffix = cmp.Or(z.Graveyard.Suffix, DefaultGraveyardSuffix)
	d := &z.Defaults
	d.AgentPort = cmp.Or(d.AgentPort, DefaultAgentPort)
	d.Use = cmp.Or(d.Use, UseAuto)
	d.OnDestroy = cmp.Or(d.OnDestroy, zabbix.DestroyBury)
	d.OnDrift = cmp.Or(d.OnDrift, DriftRevert)
	d.TemplateRemoval = cmp.Or(d.TemplateRemoval, RemovalUnlink)
	return z
}

// hosts is what the client knows of Zabbix hosts in this process.
type hosts struct {
	keys *zabbix.Keys

	mu        sync.Mutex
	names     map[string]string // technical name -> hostid of the resource that has it; empty for a new one
	ids       map[string]string // hostid -> technical name
	read      map[string]Former // technical name -> host of the state
	ends      map[string]string // technical name -> hostid of one whose resource goes
	succeeded map[string]bool   // hostids of tainted ones: the plan makes others in their place
	destroyed map[string]bool   // hostids of planned and made destroys
	told      bool              // that there are too many
	ended     map[string]bool   // technical names that were given up in this process
}

func newHosts() hosts {
	return hosts{
		keys: zabbix.NewKeys(), names: map[string]string{}, ids: map[string]string{},
		read: map[string]Former{}, ends: map[string]string{}, succeeded: map[string]bool{},
		destroyed: map[string]bool{}, ended: map[string]bool{},
	}
}

// server is Zabbix, or why there is none.
func (c *Client) server() (Server, error) {
	z := c.cfg.Zabbix
	if z == nil {
		return nil, errors.New("the provider has no zabbix: set zabbix = { url = ..., token = ... } in the provider block, or PROVISION_ZABBIX_URL and so on")
	}
	unknown := slices.Concat(z.Unknown, slices.DeleteFunc(slices.Clone(c.cfg.Unknown), onlyForDevices))
	if len(unknown) > 0 {
		return nil, fmt.Errorf("the provider's %s is %w", strings.Join(unknown, ", "), ErrUnknown)
	}
	return z.Server, nil
}

// onlyForDevices tells that an attribute of the provider block has nothing to do
// with Zabbix.
func onlyForDevices(attribute string) bool {
	first, _, _ := strings.Cut(attribute, ".")
	first, _, _ = strings.Cut(first, "[")
	return slices.Contains([]string{"credentials", "ssh", "drivers", "max_sessions", "backup_dir", "backup_retention"}, first)
}

// HostDefaults are the provider's defaults of a host.
func (c *Client) HostDefaults() HostDefaults {
	if c.cfg.Zabbix == nil {
		return Zabbix{}.withDefaults().Defaults
	}
	return c.cfg.Zabbix.Defaults
}

// HostURL leads to the latest data of a host, in every version of the frontend.
func (c *Client) HostURL(id string) string {
	if c.cfg.Zabbix == nil {
		return ""
	}
	base := strings.TrimSuffix(strings.TrimSuffix(c.cfg.Zabbix.URL, "api_jsonrpc.php"), "/")
	return base + "/zabbix.php?action=latest.view&filter_set=1&hostids%5B%5D=" + url.QueryEscape(id)
}

// Destroys are the values of on_destroy.
func Destroys() []string {
	return []string{string(zabbix.DestroyBury), string(zabbix.DestroyDisable), string(zabbix.DestroyKeep), string(zabbix.DestroyDelete)}
}

// InventoryModes are the values of inventory_mode.
func InventoryModes() []string {
	return []string{InventoryDisabled, InventoryManual, InventoryAutomatic}
}

// InventoryMode is a mode by its name.
func InventoryMode(name string) zabbix.InventoryMode {
	for _, m := range []zabbix.InventoryMode{zabbix.InventoryManual, zabbix.InventoryAutomatic} {
		if m.String() == name {
			return m
		}
	}
	return zabbix.InventoryDisabled
}

// encryptions are the kinds of protection.
func encryptions() []zabbix.Encryption {
	return []zabbix.Encryption{zabbix.NoEncryption, zabbix.PSK, zabbix.Certificate}
}

// Encryptions are the names of the kinds of protection.
func Encryptions() []string {
	var names []string
	for _, e := range encryptions() {
		names = append(names, e.String())
	}
	return names
}

// Encryption is a kind of protection by its name; 0 for none of them.
func Encryption(name string) zabbix.Encryption {
	for _, e := range encryptions() {
		if e.String() == name {
			return e
		}
	}
	return 0
}

// AgentState is what Zabbix says of a host's agent interface.
func AgentState(h *zabbix.Host) string {
	switch {
	case h == nil:
		return AgentUnknown
	case h.Agent == nil:
		return AgentNone
	}
	return availability(h.Agent.Available)
}

// availability is what Zabbix says of an agent interface, as a state of an agent.
func availability(a zabbix.Availability) string {
	switch a {
	case zabbix.Up:
		return AgentAvailable
	case zabbix.Down:
		return AgentUnavailable
	}
	return AgentUnknown
}

// SameIP tells that two texts are one address in two spellings.
func SameIP(a, b string) bool {
	x, err1 := netip.ParseAddr(a)
	y, err2 := netip.ParseAddr(b)
	return err1 == nil && err2 == nil && x == y
}
