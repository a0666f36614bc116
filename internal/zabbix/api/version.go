package api

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
)

// Version is the version of an API, as apiinfo.version tells it. Everything that
// differs between 6.0 and 7.4 is a method of it.
type Version struct {
	Major, Minor int
	Text         string // "7.0.9"
}

// The newest version that is known, which later ones are spoken to like, and the
// oldest that will do.
const (
	newestMajor, newestMinor = 7, 4
	oldestMajor              = 6
)

// Newest is the newest version that is known.
func Newest() string { return fmt.Sprintf("%d.%d", newestMajor, newestMinor) }

// NewestRun is the newest version that the tests run on for real; later ones are
// known from their documentation.
func NewestRun() string { return "7.0" }

// parseVersion reads "7.0.9" or "7.4.0rc1".
func parseVersion(text string) (Version, error) {
	parts := strings.SplitN(text, ".", 3)
	v := Version{Text: text}
	var err1, err2 error
	if len(parts) > 1 {
		v.Major, err1 = strconv.Atoi(parts[0])
		v.Minor, err2 = strconv.Atoi(parts[1])
	}
	if len(parts) < 2 || err1 != nil || err2 != nil {
		return v, fmt.Errorf("%q is not a version of Zabbix", text)
	}
	if v.Major < oldestMajor {
		return v, fmt.Errorf("version %s of Zabbix is too old: 6.0 or later is needed", text)
	}
	return v, nil
}

// AtLeast tells that this is the version or a later one.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// Unknown tells that the version is newer than any that is known.
func (v Version) Unknown() bool { return v.AtLeast(newestMajor, newestMinor+1) }

// bearer tells that the token goes into a header; before 6.4 it can only be in
// the body, from 7.2 on only in the header.
func (v Version) bearer() bool { return v.AtLeast(6, 4) }

// SelectGroups is the parameter of host.get and template.get that asks for host
// groups, and the key of the answer. selectGroups is gone from 7.2 on.
func (v Version) SelectGroups() (parameter, key string) {
	if v.AtLeast(6, 2) {
		return "selectHostGroups", "hostgroups"
	}
	return "selectGroups", "groups"
}

// HostOutput are the properties of a host that are asked for.
func (v Version) HostOutput() []string {
	common := []string{
		"hostid", "host", "name", "description", "status", "flags", "inventory_mode",
		"tls_connect", "tls_accept", "tls_issuer", "tls_subject", "maintenance_status", "maintenanceid",
	}
	if v.AtLeast(7, 0) {
		return append(common, "monitored_by", "proxyid", "proxy_groupid")
	}
	return append(common, "proxy_hostid")
}

// ConfigRefresh is after how long the server polls by a changed configuration,
// and how much later a proxy does, as Zabbix sets it (CacheUpdateFrequency and
// ProxyConfigFrequency, manual of 6.0 and of 6.4). The API does not tell what an
// installation has set.
func (v Version) ConfigRefresh() (server, proxy time.Duration) {
	if v.AtLeast(6, 4) {
		return 10 * time.Second, 10 * time.Second
	}
	return time.Minute, time.Hour
}

// InventoryURL is how many characters the urls of an inventory hold.
func (v Version) InventoryURL() int {
	if v.AtLeast(7, 0) {
		return 2048
	}
	return 255
}

// VaultNamespace tells that the path of a vault macro must begin with a
// namespace, as only the parser of 6.0 asks.
func (v Version) VaultNamespace() bool { return !v.AtLeast(6, 2) }

// DiscoveredHostsAreClosed tells that tags, macros and templates of a host that a
// discovery rule made are read-only, as 6.0 has it and 7.0 has not.
func (v Version) DiscoveredHostsAreClosed() bool { return !v.AtLeast(6, 2) }

// HasProxyGroups tells that there are proxy groups.
func (v Version) HasProxyGroups() bool { return v.AtLeast(7, 0) }

// ProxyKeys are a proxy's id and its name.
func (v Version) ProxyKeys() (id, name string) {
	if v.AtLeast(7, 0) {
		return "proxyid", "name"
	}
	return "proxyid", "host"
}

// Host turns the parameters of a host in the words of 7.0 into those of this
// version.
func (v Version) Host(params map[string]any) map[string]any {
	if _, ok := params["monitored_by"]; !ok || v.AtLeast(7, 0) {
		return params
	}
	p := maps.Clone(params)
	p["proxy_hostid"] = "0"
	if id, ok := p["proxyid"]; ok {
		p["proxy_hostid"] = id
	}
	delete(p, "monitored_by")
	delete(p, "proxyid")
	delete(p, "proxy_groupid")
	return p
}
