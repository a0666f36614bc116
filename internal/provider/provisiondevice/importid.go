package provisiondevice

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// parseImportID reads an import id: "name", or
// "name,site=...,tenant=...,host=...,port=...,driver=...,credentials=...". The name is what stands
// before the first comma that a known or unknown "key=" follows, so that a
// name may hold commas.
func parseImportID(id string) (identity, error) {
	name, rest := splitName(id)
	if name == "" {
		return identity{}, fmt.Errorf("import id %q has no device name", id)
	}
	out := identity{Name: types.StringValue(name)}
	seen := map[string]bool{}
	for _, part := range rest {
		key, value, _ := strings.Cut(part, "=")
		if seen[key] {
			return identity{}, fmt.Errorf("import id %q: %s is given twice", id, key)
		}
		seen[key] = true
		if err := out.set(key, value); err != nil {
			return identity{}, fmt.Errorf("import id %q: %w", id, err)
		}
	}
	return out, nil
}

// splitName splits an import id into the name and its key=value parts.
func splitName(id string) (string, []string) {
	parts := strings.Split(id, ",")
	for i := 1; i < len(parts); i++ {
		if strings.Contains(parts[i], "=") {
			return strings.Join(parts[:i], ","), parts[i:]
		}
	}
	return id, nil
}

// set sets one part of an identity.
func (i *identity) set(key, value string) error {
	if value == "" {
		return fmt.Errorf("%s is empty", key)
	}
	switch key {
	case "site":
		i.Site = types.StringValue(value)
	case "tenant":
		i.Tenant = types.StringValue(value)
	case "host":
		i.Host = types.StringValue(value)
	case "driver":
		i.Driver = types.StringValue(value)
	case "credentials":
		i.Credentials = types.StringValue(value)
	case "port":
		n, err := strconv.ParseUint(value, 10, 16)
		if err != nil || n == 0 {
			return fmt.Errorf("port %q is not a number from 1 to 65535", value)
		}
		i.Port = types.Int64Value(int64(n))
	default:
		return fmt.Errorf("unknown key %q: there are site, tenant, host, port, driver and credentials", key)
	}
	return nil
}
