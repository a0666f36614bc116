// Package file is the embedded source of truth: a YAML file of devices and
// virtual machines.
//
//	devices:
//	  r1:
//	    host: 192.0.2.1
//	    driver: frr
//	    site: ams
//	    tags: [edge]
//	    config_file: configs/r1.conf # next to this file; or config: |
//	    custom_fields: {rack: A4}
//	virtual_machines:
//	  web1:
//	    host: 192.0.2.80
//	    cluster: c1
//
// What has no status is active.
package file

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// DefaultStatus is the status of what has none in the file.
const DefaultStatus = "active"

// maxSize is how large the file may be; more is a wrong path.
const maxSize = 64 << 20

// Source is an inventory file that has been read. What it says does not change
// while the process runs; intended configurations in files of their own are
// read when they are asked for.
type Source struct {
	path    string
	entries map[inventory.Kind]map[string]entry
}

// entry is an object and where its intended configuration is.
type entry struct {
	object     inventory.Object
	config     *string // the text
	configFile string  // a path from where the process stands
}

// Open reads the file at path. Errors name the file and the line, all of them
// at once where that is possible.
func Open(path string) (*Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxSize {
		return nil, fmt.Errorf("inventory %s: not a file of at most %d MiB", path, maxSize>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	doc, err := parse(path, data)
	if err != nil {
		return nil, err
	}
	s := &Source{path: path, entries: map[inventory.Kind]map[string]entry{inventory.Device: {}, inventory.VirtualMachine: {}}}
	var errs []error
	for _, r := range doc.devices {
		e, err := s.device(r)
		errs = append(errs, err)
		s.entries[inventory.Device][r.at.name] = e
	}
	for _, m := range doc.machines {
		s.entries[inventory.VirtualMachine][m.at.name] = entry{object: s.object(m.at, m.Common)}
	}
	errs = append(errs, sameAddress(path, doc.devices)...)
	return s, errors.Join(errs...)
}

// object is what a record says in the fields that all kinds have.
func (s *Source) object(at spot, r Common) inventory.Object {
	return inventory.Object{
		Kind: at.kind, ID: at.name, Name: at.name, URL: fmt.Sprintf("%s:%d", s.path, at.line),
		Host: r.Host, PrimaryIP4: r.IPv4, PrimaryIP6: r.IPv6, OOBIP: r.OOB, DNSName: r.DNSName,
		Platform: r.Platform, Site: r.Site, Location: r.Location, Role: r.Role, Tenant: r.Tenant, Cluster: r.Cluster,
		Status: cmp.Or(r.Status, DefaultStatus), Tags: r.Tags, CustomFields: r.CustomFields, ConfigContext: r.ConfigContext,
	}
}

// device turns a record into an entry.
func (s *Source) device(r record) (entry, error) {
	e := entry{config: r.Config, object: s.object(r.at, r.Common)}
	e.object.Port, e.object.Driver, e.object.Vendor, e.object.Model = r.Port, r.Driver, r.Vendor, r.Model
	e.object.Credentials = r.Credentials
	if r.Port < 0 || r.Port > 65535 {
		return e, r.at.errorf(s.path, "port %d is not between 1 and 65535", r.Port)
	}
	if r.ConfigFile == "" {
		return e, nil
	}
	if r.Config != nil {
		return e, r.at.errorf(s.path, "config and config_file exclude each other")
	}
	e.configFile = r.ConfigFile
	if !filepath.IsAbs(e.configFile) {
		e.configFile = filepath.Join(filepath.Dir(s.path), e.configFile)
	}
	info, err := os.Stat(e.configFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return e, r.at.errorf(s.path, "config_file %s does not exist (relative paths start at the inventory file)", r.ConfigFile)
	case err != nil:
		return e, r.at.errorf(s.path, "config_file: %w", err)
	case !info.Mode().IsRegular():
		return e, r.at.errorf(s.path, "config_file %s is not a file", r.ConfigFile)
	}
	return e, nil
}

// Object implements inventory.Source.
func (s *Source) Object(_ context.Context, ref inventory.Ref) (inventory.Object, error) {
	e, ok := s.entries[ref.Kind][ref.Name]
	if !ok {
		_, other := s.entries[ref.Kind.Other()][ref.Name]
		return inventory.Object{}, inventory.NotFound(ref, s.path, slices.Sorted(maps.Keys(s.entries[ref.Kind])), other)
	}
	o, err := inventory.Choose(ref, []inventory.Object{e.object}, s.path)
	o = o.Clone()
	if !ref.Context {
		o.ConfigContext = nil
	}
	return o, err
}

// Objects implements inventory.Source.
func (s *Source) Objects(_ context.Context, kind inventory.Kind, f inventory.Filter) ([]inventory.Object, error) {
	found := []inventory.Object{}
	for _, name := range slices.Sorted(maps.Keys(s.entries[kind])) {
		if o := s.entries[kind][name].object; f.Matches(o) {
			o.ConfigContext = nil
			found = append(found, o.Clone())
		}
	}
	return found, nil
}

// Config implements inventory.Source. The file has one configuration of an
// object, and renders nothing.
func (s *Source) Config(_ context.Context, o inventory.Object, intent inventory.Intent) ([]byte, error) {
	e, ok := s.entries[o.Kind][o.Name]
	switch {
	case !ok:
		return nil, fmt.Errorf("%q is %w %s", o.Name, inventory.ErrNotFound, s.path)
	case intent.From == inventory.FromRendered || intent.Branch != "" || intent.Template != "" || len(intent.Variables) > 0:
		return nil, fmt.Errorf("%s: an inventory file renders nothing: it holds the configuration (config, config_file) itself", o.URL)
	case e.config != nil:
		return []byte(*e.config), nil
	case e.configFile == "":
		return nil, nil
	}
	text, err := os.ReadFile(e.configFile)
	if err != nil {
		return nil, fmt.Errorf("%s: config_file: %w", o.URL, err)
	}
	if text == nil {
		text = []byte{} // an empty file is an intent, and a wrong one
	}
	return text, nil
}
