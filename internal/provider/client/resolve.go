package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/device"
	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// Resolve finds a device: inventory, readiness, driver, credentials. Errors
// that the user mends at one attribute are of type *AttributeError. They match
// [ErrNotReady] when the source of truth does not call the device ready, and
// [ErrUnknown] when the provider's configuration is not yet known. Resolve
// never connects to a device.
func (c *Client) Resolve(ctx context.Context, ref Ref) (Endpoint, error) {
	if len(c.cfg.Unknown) > 0 {
		return Endpoint{}, attributeError("name", "%s: the provider's %s is %w",
			ref.Name, strings.Join(c.cfg.Unknown, ", "), ErrUnknown)
	}
	rec, err := c.lookup(ctx, ref)
	if err != nil {
		return Endpoint{}, err
	}
	known := inventory.Object{}
	if rec != nil {
		known = *rec
	}
	drv, err := c.ready(ref, rec, known)
	if err != nil {
		return Endpoint{}, err
	}
	entryName, entry, err := c.credential(ref, known)
	if err != nil {
		return Endpoint{}, err
	}
	login, err := c.login(entryName, entry, nil)
	if err != nil {
		return Endpoint{}, attributeError("credentials", "%s: %w", ref.Name, err)
	}
	port := cmp.Or(ref.Port, known.Port, entry.Port, drv.DefaultPort())
	return Endpoint{
		Driver: drv, Port: port, Credentials: entryName, Inventory: rec,
		Device: device.Device{
			Name: ref.Name, Host: cmp.Or(ref.Host, known.Host), Port: port, SSH: login,
			EnablePassword: entry.EnablePassword, Options: maps.Clone(entry.Options),
			Redact: c.Redact.WithWords(entry.secrets()...).Learning(c.learned(ref.Name)),
		},
	}, nil
}

// lookup asks the source of truth; nil when it does not know the name and the
// configuration says enough without it.
func (c *Client) lookup(ctx context.Context, ref Ref) (*inventory.Object, error) {
	enough := ref.Host != "" && ref.Driver != ""
	source, err := c.source()
	if err != nil {
		return nil, attributeError("name", "%s: %w", ref.Name, err)
	}
	if source == nil {
		if enough {
			return nil, nil
		}
		missing := "driver"
		if ref.Host == "" {
			missing = "host"
		}
		return nil, attributeError(missing, "%s: %w: there is no %s: set it here, or give the provider a source of truth that has it (netbox, nautobot or inventory_file)",
			ref.Name, ErrNotReady, missing)
	}
	rec, err := source.Object(ctx, inventory.Ref{Kind: inventory.Device, Name: ref.Name, Site: ref.Site, Tenant: ref.Tenant})
	switch {
	case err == nil:
		return &rec, nil
	case errors.Is(err, inventory.ErrAmbiguous):
		return nil, attributeError("name", "%w", err)
	case !errors.Is(err, inventory.ErrNotFound):
		return nil, fmt.Errorf("%s: looking it up in the source of truth: %w", ref.Name, err)
	case enough:
		return nil, nil
	}
	return nil, attributeError("name", "%w; a device that is not in it needs host and driver here", err)
}

// ready tells which driver serves the device, or everything that is missing.
func (c *Client) ready(ref Ref, rec *inventory.Object, known inventory.Object) (device.Driver, error) {
	var missing []string
	if rec != nil && !slices.Contains(c.cfg.Statuses, known.Status) {
		missing = append(missing, c.wrongStatus(known))
	}
	if ref.Host == "" && known.Host == "" {
		missing = append(missing, "it has no address (host)")
	}
	name, none := c.driverName(ref, known)
	if none != "" {
		missing = append(missing, none)
	}
	if len(missing) > 0 {
		return nil, attributeError("name", "%s is %w: %s. Mend it at %s, or set the attribute here",
			ref.Name, ErrNotReady, strings.Join(missing, "; "), known.URL)
	}
	drv, ok := c.drivers[name]
	if !ok {
		return nil, attributeError("driver", "%s: there is no driver %q; the drivers are %s",
			ref.Name, name, names(c.drivers))
	}
	return drv, nil
}

// wrongStatus says why an object with such a status is not ready.
func (c *Client) wrongStatus(o inventory.Object) string {
	return fmt.Sprintf("its status is %q, which is none of %s (the provider's statuses)", o.Status, strings.Join(c.cfg.Statuses, ", "))
}

// driverName is the driver of the configuration, of the source, or of the
// source's platform; or why there is none. It may be the name of no driver.
func (c *Client) driverName(ref Ref, known inventory.Object) (name, none string) {
	if name := cmp.Or(ref.Driver, known.Driver); name != "" {
		return name, ""
	}
	if known.Platform == "" {
		return "", "it has no driver (neither driver nor platform)"
	}
	if name, ok := c.cfg.Platforms[known.Platform]; ok {
		return name, ""
	}
	if _, ok := c.drivers[known.Platform]; ok {
		return known.Platform, ""
	}
	return "", fmt.Sprintf("its platform %q has no driver (map it in the provider's drivers: drivers = { %[1]q = \"...\" }; the drivers are %s)",
		known.Platform, names(c.drivers))
}

// credential finds the entry that serves a device: what the configuration or the
// source names must be there; else that of the device's secrets group, role or
// platform serves if there is one, else the default.
func (c *Client) credential(ref Ref, known inventory.Object) (string, Credential, error) {
	device, wanted := ref.Name, cmp.Or(ref.Credentials, known.Credentials)
	name := cmp.Or(wanted, DefaultCredentials)
	if wanted == "" {
		for _, may := range []string{known.SecretsGroup, known.Role, known.Platform} {
			if _, ok := c.cfg.Credentials[may]; ok && may != "" {
				name = may
				break
			}
		}
	}
	entry, ok := c.cfg.Credentials[name]
	switch {
	case !ok && wanted != "":
		return "", Credential{}, attributeError("credentials",
			"%s: the provider's credentials have no entry %q; the entries are %s", device, wanted, names(c.cfg.Credentials))
	case !ok:
		return "", Credential{}, attributeError("credentials",
			"%s: no credentials: nothing names an entry of the provider's credentials, and there is no entry %q. "+
				"Set credentials = { %s = { username = ..., private_key = ... } } in the provider block "+
				"(or PROVISION_CREDENTIALS_DEFAULT_USERNAME and so on), or name one of: %s",
			device, DefaultCredentials, DefaultCredentials, names(c.cfg.Credentials))
	case len(entry.Unknown) > 0:
		return "", Credential{}, attributeError("credentials", "%s: %s of the provider's credentials entry %q is %w",
			device, strings.Join(entry.Unknown, ", "), name, ErrUnknown)
	}
	return name, entry, nil
}

// names lists the keys of a map, or says that there are none.
func names[V any](m map[string]V) string {
	if len(m) == 0 {
		return "(none)"
	}
	return strings.Join(slices.Sorted(maps.Keys(m)), ", ")
}
