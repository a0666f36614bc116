package file

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// spot is where a record stands.
type spot struct {
	kind inventory.Kind
	name string
	line int
}

// errorf makes an error at the spot.
func (s spot) errorf(path, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s %s: "+format, append([]any{path, s.line, s.kind, s.name}, args...)...)
}

// Common is what the records of all kinds have; exported, since the YAML library
// embeds nothing else.
type Common struct {
	Host          string         `yaml:"host"`
	IPv4          string         `yaml:"ipv4"`
	IPv6          string         `yaml:"ipv6"`
	OOB           string         `yaml:"oob"`
	DNSName       string         `yaml:"dns_name"`
	Platform      string         `yaml:"platform"`
	Site          string         `yaml:"site"`
	Location      string         `yaml:"location"`
	Role          string         `yaml:"role"`
	Tenant        string         `yaml:"tenant"`
	Cluster       string         `yaml:"cluster"`
	Status        string         `yaml:"status"`
	Tags          []string       `yaml:"tags"`
	CustomFields  map[string]any `yaml:"custom_fields"`
	ConfigContext map[string]any `yaml:"config_context"`
}

// record is a device as it stands in the file.
type record struct {
	at spot

	Common      `yaml:",inline"`
	Port        int     `yaml:"port"`
	Driver      string  `yaml:"driver"`
	Vendor      string  `yaml:"vendor"`
	Model       string  `yaml:"model"`
	Credentials string  `yaml:"credentials"`
	Config      *string `yaml:"config"`
	ConfigFile  string  `yaml:"config_file"`
}

// machine is a virtual machine as it stands in the file.
type machine struct {
	at spot

	Common `yaml:",inline"`
}

// document is a file: what it holds, in the order of the file.
type document struct {
	devices  []record
	machines []machine
}

// parse reads a file.
func parse(path string, data []byte) (document, error) {
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		return document{}, located(path, nil, err)
	}
	if len(tree.Docs) > 1 {
		return document{}, fmt.Errorf("inventory %s: more than one document (---) in the file", path)
	}
	if len(tree.Docs) == 0 || tree.Docs[0].Body == nil {
		return document{}, nothing(path)
	}
	var doc struct {
		Devices         *map[string]record  `yaml:"devices"`
		VirtualMachines *map[string]machine `yaml:"virtual_machines"`
	}
	if err := yaml.NodeToValue(tree.Docs[0].Body, &doc, yaml.Strict()); err != nil {
		return document{}, located(path, tree, err)
	}
	if doc.Devices == nil && doc.VirtualMachines == nil {
		return document{}, nothing(path)
	}
	var out document
	var deviceErr, machineErr error
	out.devices, deviceErr = inOrder(path, tree, keyDevices, doc.Devices, func(r *record, at spot) { r.at = at })
	out.machines, machineErr = inOrder(path, tree, keyVirtualMachines, doc.VirtualMachines, func(m *machine, at spot) { m.at = at })
	return out, errors.Join(deviceErr, machineErr)
}

// The keys of the file.
const (
	keyDevices         = "devices"
	keyVirtualMachines = "virtual_machines"
)

// kindOf is what a key of the file holds.
func kindOf(key string) inventory.Kind {
	if key == keyVirtualMachines {
		return inventory.VirtualMachine
	}
	return inventory.Device
}

// nothing says that the file holds nothing.
func nothing(path string) error {
	return fmt.Errorf("inventory %s: there is no key devices: a map of devices by name (nor virtual_machines)", path)
}

// inOrder gives the records of a map in the order of the file, each with where
// it stands.
func inOrder[R any](path string, tree *ast.File, key string, byName *map[string]R, put func(*R, spot)) ([]R, error) {
	if byName == nil {
		return nil, nil
	}
	var records []R
	for _, pair := range pairs(tree, key) {
		name := keyName(pair.Key)
		r, ok := (*byName)[name]
		if !ok {
			continue
		}
		at := spot{kind: kindOf(key), name: name, line: pair.Key.GetToken().Position.Line}
		if strings.TrimSpace(name) == "" {
			return nil, at.errorf(path, "a %s needs a name", at.kind)
		}
		put(&r, at)
		records = append(records, r)
	}
	if len(records) != len(*byName) {
		return nil, fmt.Errorf("inventory %s: %s must be a map of names, without aliases as keys", path, key)
	}
	return records, nil
}

// pairs are the entries of the map at a key of the file.
func pairs(tree *ast.File, key string) []*ast.MappingValueNode {
	for _, doc := range tree.Docs {
		for _, top := range values(doc.Body) {
			if keyName(top.Key) == key {
				return values(top.Value)
			}
		}
	}
	return nil
}

// values are the entries of a map; none if the node is something else.
func values(n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	case *ast.AnchorNode:
		return values(n.Value)
	}
	return nil
}

// keyName is a key as the decoder sees it, without quotes.
func keyName(k ast.MapKeyNode) string {
	if s, ok := k.(*ast.StringNode); ok {
		return s.Value
	}
	return k.GetToken().Value
}

// located puts file and line before what the YAML library says, without its
// excerpt of the file: that may hold a secret.
func located(path string, tree *ast.File, err error) error {
	var at yaml.Error
	if !errors.As(err, &at) || at.GetToken() == nil {
		return fmt.Errorf("inventory %s: %w", path, err)
	}
	where := at.GetToken().Position
	return fmt.Errorf("%s:%d: %s", path, where.Line, said(at, section(tree, where)))
}

// section is the key of the file below which a position is; "" at the keys
// themselves.
func section(tree *ast.File, where *token.Position) string {
	key := ""
	if tree == nil {
		return key
	}
	for _, top := range values(tree.Docs[0].Body) {
		at := top.Key.GetToken().Position
		switch cmp.Or(cmp.Compare(at.Line, where.Line), cmp.Compare(at.Column, where.Column)) {
		case 0:
			return ""
		case -1:
			key = keyName(top.Key)
		}
	}
	return key
}

// said puts the library's errors into the file's words.
func said(err yaml.Error, section string) string {
	var wrong *yaml.TypeError
	var unknown *yaml.UnknownFieldError
	switch {
	case errors.As(err, &unknown) && section == "":
		return unknown.Message + "; the file has " + keyDevices + " and " + keyVirtualMachines
	case errors.As(err, &unknown) && section == keyVirtualMachines:
		return unknown.Message + "; a virtual machine has " + strings.Join(keys(reflect.TypeFor[machine]()), ", ")
	case errors.As(err, &unknown):
		return unknown.Message + "; a device has " + strings.Join(keys(reflect.TypeFor[record]()), ", ")
	case errors.As(err, &wrong) && wrong.DstType.Kind() == reflect.Int:
		return "a number is needed here"
	case errors.As(err, &wrong):
		return "a text is needed here"
	}
	return err.GetMessage()
}

// keys are what a record may have, in its order.
func keys(of reflect.Type) []string {
	var names []string
	for _, f := range reflect.VisibleFields(of) {
		if name := f.Tag.Get("yaml"); name != "" && !f.Anonymous {
			names = append(names, name)
		}
	}
	return names
}

// sameAddress finds devices that are one device under two names. The
// credentials count, since they choose the jump host: behind two of them the
// same address is two devices.
func sameAddress(path string, records []record) []error {
	first := map[string]record{}
	var errs []error
	for _, r := range records {
		if r.Host == "" {
			continue
		}
		key := strings.ToLower(r.Host) + "\n" + strconv.Itoa(r.Port) + "\n" + r.Credentials
		if r.Port == 0 { // the driver's default
			key += "\n" + r.Driver + "\n" + r.Platform
		}
		other, taken := first[key]
		if !taken {
			first[key] = r
			continue
		}
		errs = append(errs, r.at.errorf(path, "the same address %s as device %s in line %d: one device, two names; give each its own, or remove one", shown(r), other.at.name, other.at.line))
	}
	return errs
}

func shown(r record) string {
	if r.Port == 0 {
		return r.Host
	}
	return net.JoinHostPort(r.Host, strconv.Itoa(r.Port))
}
