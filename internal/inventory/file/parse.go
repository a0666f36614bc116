package file

import (
	"errors"
	"fmt"
	"net"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// record is a device as it stands in the file.
type record struct {
	name string
	line int

	Host        string   `yaml:"host"`
	Port        int      `yaml:"port"`
	Driver      string   `yaml:"driver"`
	Platform    string   `yaml:"platform"`
	Site        string   `yaml:"site"`
	Role        string   `yaml:"role"`
	Status      string   `yaml:"status"`
	Tags        []string `yaml:"tags"`
	Credentials string   `yaml:"credentials"`
	Config      *string  `yaml:"config"`
	ConfigFile  string   `yaml:"config_file"`
}

// errorf makes an error at the record.
func (r record) errorf(path, format string, args ...any) error {
	return fmt.Errorf("%s:%d: device %s: "+format, append([]any{path, r.line, r.name}, args...)...)
}

// parse reads the records in the order of the file.
func parse(path string, data []byte) ([]record, error) {
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, located(path, err)
	}
	if len(tree.Docs) > 1 {
		return nil, fmt.Errorf("inventory %s: more than one document (---) in the file", path)
	}
	if len(tree.Docs) == 0 || tree.Docs[0].Body == nil {
		return nil, fmt.Errorf("inventory %s: there is no key devices: a map of devices by name", path)
	}
	var doc struct {
		Devices *map[string]record `yaml:"devices"`
	}
	if err := yaml.NodeToValue(tree.Docs[0].Body, &doc, yaml.Strict()); err != nil {
		return nil, located(path, err)
	}
	if doc.Devices == nil {
		return nil, fmt.Errorf("inventory %s: there is no key devices: a map of devices by name", path)
	}
	var records []record
	for _, pair := range pairs(tree) {
		name := keyName(pair.Key)
		r, ok := (*doc.Devices)[name]
		if !ok {
			continue
		}
		r.name, r.line = name, pair.Key.GetToken().Position.Line
		if strings.TrimSpace(name) == "" {
			return nil, r.errorf(path, "a device needs a name")
		}
		records = append(records, r)
	}
	if len(records) != len(*doc.Devices) {
		return nil, fmt.Errorf("inventory %s: devices must be a map of names, without aliases as keys", path)
	}
	return records, nil
}

// pairs are the entries of the map "devices".
func pairs(tree *ast.File) []*ast.MappingValueNode {
	for _, doc := range tree.Docs {
		for _, top := range values(doc.Body) {
			if keyName(top.Key) == "devices" {
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
func located(path string, err error) error {
	var at yaml.Error
	if !errors.As(err, &at) || at.GetToken() == nil {
		return fmt.Errorf("inventory %s: %w", path, err)
	}
	return fmt.Errorf("%s:%d: %s", path, at.GetToken().Position.Line, said(at))
}

// said puts the library's errors into the file's words.
func said(err yaml.Error) string {
	var wrong *yaml.TypeError
	var unknown *yaml.UnknownFieldError
	switch {
	case errors.As(err, &unknown):
		return unknown.Message + "; a device has " + strings.Join(keys(), ", ")
	case errors.As(err, &wrong) && wrong.DstType.Kind() == reflect.Int:
		return "a number is needed here"
	case errors.As(err, &wrong):
		return "a text is needed here"
	}
	return err.GetMessage()
}

// keys are what a device may have, in the order of record.
func keys() []string {
	var names []string
	for f := range reflect.TypeFor[record]().Fields() {
		if name := f.Tag.Get("yaml"); name != "" {
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
		errs = append(errs, r.errorf(path, "the same address %s as device %s in line %d: one device, two names; give each its own, or remove one", shown(r), other.name, other.line))
	}
	return errs
}

func shown(r record) string {
	if r.Port == 0 {
		return r.Host
	}
	return net.JoinHostPort(r.Host, strconv.Itoa(r.Port))
}
