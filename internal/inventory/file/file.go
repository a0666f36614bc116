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
	"strings"

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
	path     string
	devices  map[string]entry
	machines map[string]inventory.VirtualMachine
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
	doc, err := parse(path, data)
	if err != nil {
		return nil, err
	}
	s := &Source{
		path: path, devices: make(map[string]entry, len(doc.devices)),
		machines: make(map[string]inventory.VirtualMachine, len(doc.machines)),
	}
	var errs []error
	for _, r := range doc.devices {
		e, err := s.entry(r)
		errs = append(errs, err)
		s.devices[r.at.name] = e
	}
	for _, m := range doc.machines {
		s.machines[m.at.name] = s.machine(m)
	}
	errs = append(errs, sameAddress(path, doc.devices)...)
	return s, errors.Join(errs...)
}

// entry turns a record into a device.
func (s *Source) entry(r record) (entry, error) {
	e := entry{config: r.Config, device: inventory.Device{
		ID: r.at.name, Name: r.at.name, Host: r.Host, PrimaryIP4: r.IPv4, PrimaryIP6: r.IPv6, OOBIP: r.OOB, DNSName: r.DNSName, Port: r.Port, Driver: r.Driver, Platform: r.Platform,
		Site: r.Site, Role: r.Role, Cluster: r.Cluster, Status: cmp.Or(r.Status, DefaultStatus), Tags: r.Tags,
		CustomFields: r.CustomFields, Credentials: r.Credentials, URL: s.url(r.at),
	}}
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

// machine turns a record into a virtual machine.
func (s *Source) machine(m machine) inventory.VirtualMachine {
	return inventory.VirtualMachine{
		ID: m.at.name, Name: m.at.name, Host: m.Host, PrimaryIP4: m.IPv4, PrimaryIP6: m.IPv6, OOBIP: m.OOB, DNSName: m.DNSName, Platform: m.Platform, Site: m.Site, Role: m.Role,
		Cluster: m.Cluster, Status: cmp.Or(m.Status, DefaultStatus), Tags: m.Tags, CustomFields: m.CustomFields, URL: s.url(m.at),
	}
}

// url is where a person finds a record.
func (s *Source) url(at spot) string { return fmt.Sprintf("%s:%d", s.path, at.line) }

// Device implements inventory.Source.
func (s *Source) Device(_ context.Context, name string) (inventory.Device, error) {
	if e, ok := s.devices[name]; ok {
		return e.device.Clone(), nil
	}
	return inventory.Device{}, missing(s, kindDevice, name, s.devices, s.machines)
}

// missing says that there is no record of a kind with the name, what is near,
// and whether it is one of the other kind.
func missing[R, O any](s *Source, kind, name string, records map[string]R, others map[string]O) error {
	hint := ""
	if near := inventory.Near(name, slices.Sorted(maps.Keys(records))); len(near) > 0 {
		hint = "; near names: " + strings.Join(near, ", ")
	}
	if _, ok := others[name]; ok {
		other := kindVirtualMachine
		if kind == other {
			other = kindDevice
		}
		hint += "; it is a " + other + " there"
	}
	return fmt.Errorf("%q is %w %s (%d %ss)%s", name, inventory.ErrNotFound, s.path, len(records), kind, hint)
}

// Devices implements inventory.Source.
func (s *Source) Devices(_ context.Context, f inventory.Filter) ([]inventory.Device, error) {
	found := []inventory.Device{}
	for _, name := range slices.Sorted(maps.Keys(s.devices)) {
		if d := s.devices[name].device; f.Matches(d) {
			found = append(found, d.Clone())
		}
	}
	return found, nil
}

// VirtualMachine implements inventory.Source.
func (s *Source) VirtualMachine(_ context.Context, name string) (inventory.VirtualMachine, error) {
	if v, ok := s.machines[name]; ok {
		return v.Clone(), nil
	}
	return inventory.VirtualMachine{}, missing(s, kindVirtualMachine, name, s.machines, s.devices)
}

// VirtualMachines implements inventory.Source.
func (s *Source) VirtualMachines(_ context.Context, f inventory.Filter) ([]inventory.VirtualMachine, error) {
	found := []inventory.VirtualMachine{}
	for _, name := range slices.Sorted(maps.Keys(s.machines)) {
		if v := s.machines[name]; f.MatchesVirtualMachine(v) {
			found = append(found, v.Clone())
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
