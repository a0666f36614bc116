package provider

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// environ is the part of the environment that is ours, by name.
type environ map[string]string

// newEnviron takes what is ours out of an environment in the form of
// os.Environ. Empty variables count as not set.
func newEnviron(all []string) environ {
	e := environ{}
	for _, kv := range all {
		name, value, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "PROVISION_") && value != "" {
			e[name] = value
		}
	}
	return e
}

// entries finds PREFIX_NAME_SUFFIX for any NAME and one of the suffixes, and
// returns the suffixes and values by NAME. The longest suffix wins:
// X_ENABLE_PASSWORD is the ENABLE_PASSWORD of X.
func (e environ) entries(prefix string, suffixes []string) map[string]map[string]string {
	longest := slices.Clone(suffixes)
	slices.SortFunc(longest, func(a, b string) int { return len(b) - len(a) })
	found := map[string]map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(e)) {
		rest, ok := strings.CutPrefix(key, prefix+"_")
		if !ok {
			continue
		}
		for _, suffix := range longest {
			if name, ok := strings.CutSuffix(rest, "_"+suffix); ok && name != "" {
				if found[name] == nil {
					found[name] = map[string]string{}
				}
				found[name][suffix] = e[key]
				break
			}
		}
	}
	return found
}

// envName is the name of an entry as it stands in variables: capitals, digits
// and "_".
func envName(entry string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, entry)
}

// prefixes are the beginnings of the variables of named entries, with the ends
// that they may have.
func prefixes() map[string][]string {
	return map[string][]string{credentialsPrefix: credentialSuffixes(), jumpHostsPrefix: jumpHostSuffixes()}
}

// variables are the names of all other variables.
func variables() []string {
	names := []string{
		"PROVISION_INVENTORY_FILE", "PROVISION_STATUSES", "PROVISION_DRIVERS", "PROVISION_ON_UNREACHABLE",
		"PROVISION_MAX_FAILURES", "PROVISION_MAX_SESSIONS", "PROVISION_REDACT", "PROVISION_EVENTS_FILE",
		"PROVISION_BACKUP_DIR", "PROVISION_BACKUP_RETENTION", "PROVISION_KNOWN_HOSTS", "PROVISION_SSH_AGENT",
		"PROVISION_SSH_CONNECT_TIMEOUT", "PROVISION_SSH_COMMAND_TIMEOUT", "PROVISION_SSH_KEEPALIVE",
		"PROVISION_RUN_ID", "PROVISION_ACTOR", "PROVISION_TRIGGER",
	}
	names = append(names, sourceVariables()...)
	for _, end := range zabbixVariables() {
		names = append(names, zabbixPrefix+end)
	}
	return names
}

// misspelt says of each variable that nobody reads and that looks like one of
// ours what was probably meant. Others may have variables of their own with
// the same beginning.
func (e environ) misspelt() []string {
	var said []string
	for _, name := range slices.Sorted(maps.Keys(e)) {
		if slices.Contains(variables(), name) {
			continue
		}
		if hint := meant(name); hint != "" {
			said = append(said, name+" is not read: "+hint)
		}
	}
	return said
}

// meant guesses what a variable was to be; "" if it is one of ours, or not like
// any.
func meant(name string) string {
	for prefix, suffixes := range prefixes() {
		if !strings.HasPrefix(name, strings.TrimSuffix(prefix, "S")) {
			continue
		}
		if len((environ{name: "x"}).entries(prefix, suffixes)) > 0 {
			return ""
		}
		return fmt.Sprintf("such variables are called %s_<NAME>_ and one of %s.", prefix, strings.Join(suffixes, ", "))
	}
	var ends []string
	for _, known := range variables() {
		ends = append(ends, strings.TrimPrefix(known, "PROVISION_"))
	}
	near := inventory.Near(strings.TrimPrefix(name, "PROVISION_"), ends)
	if len(near) == 0 {
		return ""
	}
	return "is PROVISION_" + near[0] + " meant?"
}
