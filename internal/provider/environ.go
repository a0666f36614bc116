package provider

import (
	"maps"
	"slices"
	"strings"
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
