// Package file is the embedded source of truth: a YAML file of devices.
//
//	devices:
//	  r1:
//	    host: 192.0.2.1
//	    driver: frr
//	    site: ams
//	    tags: [edge]
//	    config_file: configs/r1.conf # next to this file; or config: |
//
// A device without status is active.
package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// DefaultStatus is the status of a device that has none in the file.
const DefaultStatus = "active"

// maxSize is how large the file may be; more is a wrong path.
const maxSize = 64 << 20

// Source is an inventory file that has been read. What it says does not change
// while the process runs; intended configurations in files of their own are
// read when they are asked for.
type Source struct {
	path    string
	devices map[string]entry
}

// entry is a device and where its intended configuration is.
type entry struct {
	device     inventory.Device
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
	records, err := parse(path, data)
	if err != nil {
		return nil, err
	}
	s := &Source{path: path, devices: make(map[string]entry, len(records))}
	var errs []error
	for _, r := range records {
		e, err := s.entry(r)
		errs = append(errs, err)
		s.devices[r.name] = e
	}
	errs = append(errs, sameAddress(path, records)...)
	return s, errors.Join(errs...)
}

// entry turns a record into a device.
func (s *Source) entry(r record) (entry, error) {
	status := r.Status
	if status == "" {
		status = DefaultStatus
	}
	e := entry{config: r.Config, device: inventory.Device{
		ID: r.name, Name: r.name, Host: r.Host, Port: r.Port, Driver: r.Driver, Platform: r.Platform,
		Site: r.Site, Role: r.Role, Status: status, Tags: r.Tags, Credentials: r.Credentials,
		URL: fmt.Sprintf("%s:%d", s.path, r.line),
	}}
	if r.Port < 0 || r.Port > 65535 {
		return e, r.errorf(s.path, "port %d is not between 1 and 65535", r.Port)
	}
	if r.ConfigFile == "" {
		return e, nil
	}
	if r.Config != nil {
		return e, r.errorf(s.path, "config and config_file exclude each other")
	}
	e.configFile = r.ConfigFile
	if !filepath.IsAbs(e.configFile) {
		e.configFile = filepath.Join(filepath.Dir(s.path), e.configFile)
	}
	info, err := os.Stat(e.configFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return e, r.errorf(s.path, "config_file %s does not exist (relative paths start at the inventory file)", r.ConfigFile)
	case err != nil:
		return e, r.errorf(s.path, "config_file: %w", err)
	case !info.Mode().IsRegular():
		return e, r.errorf(s.path, "config_file %s is not a file", r.ConfigFile)
	}
	return e, nil
}

// Device implements inventory.Source.
func (s *Source) Device(_ context.Context, name string) (inventory.Device, error) {
	if e, ok := s.devices[name]; ok {
		return clone(e.device), nil
	}
	hint := ""
	if near := inventory.Near(name, slices.Sorted(maps.Keys(s.devices))); len(near) > 0 {
		hint = "; near names: " + strings.Join(near, ", ")
	}
	return inventory.Device{}, fmt.Errorf("%q is %w %s (%d devices)%s", name, inventory.ErrNotFound, s.path, len(s.devices), hint)
}

// Devices implements inventory.Source.
func (s *Source) Devices(_ context.Context, f inventory.Filter) ([]inventory.Device, error) {
	found := []inventory.Device{}
	for _, name := range slices.Sorted(maps.Keys(s.devices)) {
		if d := s.devices[name].device; f.Matches(d) {
			found = append(found, clone(d))
		}
	}
	return found, nil
}

// Config implements inventory.Source.
func (s *Source) Config(_ context.Context, d inventory.Device) ([]byte, error) {
	e, ok := s.devices[d.Name]
	switch {
	case !ok:
		return nil, fmt.Errorf("%q is %w %s", d.Name, inventory.ErrNotFound, s.path)
	case e.config != nil:
		return []byte(*e.config), nil
	case e.configFile == "":
		return nil, nil
	}
	text, err := os.ReadFile(e.configFile)
	if err != nil {
		return nil, fmt.Errorf("%s: config_file: %w", d.URL, err)
	}
	if text == nil {
		text = []byte{} // an empty file is an intent, and a wrong one
	}
	return text, nil
}

// clone keeps callers from changing each other's tags.
func clone(d inventory.Device) inventory.Device {
	d.Tags = slices.Clone(d.Tags)
	return d
}
