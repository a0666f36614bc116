package netconf

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/rpc"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/xmldiff"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/xmltree"
	"github.com/netprovision/terraform-provider-provision/internal/device/netconf/yang"
	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// comparison gives what becomes of before in after.
type comparison func(ctx context.Context, before, after []*xmltree.Node) ([]provision.Hunk, error)

// difference is what becomes of before in after. Whether the order of a list
// means something is asked of the device's data models, and only when the
// entries of a list stand in another order: mostly none do, and the models are
// large.
func (s *session) difference(ctx context.Context, before, after []*xmltree.Node) ([]provision.Hunk, error) {
	var failed error
	hunks := xmldiff.Diff(before, after, s.redact, func(entry *xmltree.Node) bool {
		if failed != nil {
			return false
		}
		lists, err := s.models.of(ctx, s, entry.Space)
		failed = err
		user, known := lists[entry.Local]
		return known && !user
	})
	return hunks, failed
}

// unasked is difference without a question: while a commit waits for its
// confirmation there is no time for them. Where nothing was asked yet, a device that
// has data models is taken to keep an order that is the user's: then what stands in
// another order after a commit or a copy is of a list that has none.
func (s *session) unasked(_ context.Context, before, after []*xmltree.Node) ([]provision.Hunk, error) {
	return xmldiff.Diff(before, after, s.redact, func(entry *xmltree.Node) bool {
		lists, asked := s.models.lists[entry.Space]
		user, known := lists[entry.Local]
		return known && !user || !asked && s.can.monitoring
	}), nil
}

// unknown tells that the device does not give data models that it was asked for.
func (s *session) unknown() bool {
	for _, lists := range s.models.lists {
		if lists == nil {
			return true
		}
	}
	return !s.can.monitoring
}

// models are what a session knows of the device's data models (RFC 6022 section
// 3). What the device does not have, or refuses, is remembered as well.
type models struct {
	schemas []schema
	listed  bool
	lists   map[string]yang.Lists // by name space; nil: not known
}

// schema is a module or submodule that the device has.
type schema struct{ name, version, space string }

// maxModules is how many modules are read for one name space at most.
const maxModules = 200

// of gives the lists of the module with this name space, and of all that it
// imports and includes; nil if the device does not give every one of them, in
// words that can be read. Lists go by their names alone: where a grouping is used
// would take a whole compiler, and a name that stands for a list with an order of
// the user's somewhere is taken for one.
func (m *models) of(ctx context.Context, s *session, space string) (yang.Lists, error) {
	if lists, ok := m.lists[space]; ok || !s.can.monitoring {
		return lists, nil
	}
	err := m.list(ctx, s)
	var lists yang.Lists
	if err == nil {
		lists, err = m.closure(ctx, s, space)
	}
	if err != nil && (errors.Is(err, provision.ErrConnectionLost) || ctx.Err() != nil) {
		return nil, s.failed(err)
	}
	if err != nil {
		lists = nil
	}
	if m.lists == nil {
		m.lists = map[string]yang.Lists{}
	}
	m.lists[space] = lists
	return lists, nil
}

// closure reads the modules of a name space and all that they need.
func (m *models) closure(ctx context.Context, s *session, space string) (yang.Lists, error) {
	var todo []string
	for _, sc := range m.schemas {
		if sc.space == space {
			todo = append(todo, sc.name)
		}
	}
	if len(todo) == 0 {
		return nil, fmt.Errorf("the device has no data model of %s", space)
	}
	all, seen := yang.Lists{}, map[string]bool{}
	for ; len(todo) > 0; todo = todo[1:] {
		if seen[todo[0]] {
			continue
		}
		seen[todo[0]] = true
		if len(seen) > maxModules {
			return nil, fmt.Errorf("the data model of %s needs more than %d modules", space, maxModules)
		}
		needs, err := m.read(ctx, s, todo[0], all)
		if err != nil {
			return nil, err
		}
		todo = append(todo, needs...)
	}
	return all, nil
}

// read adds the lists of a module, in all versions that the device has, and
// gives the modules that it needs.
func (m *models) read(ctx context.Context, s *session, name string, all yang.Lists) ([]string, error) {
	var out []string
	found := false
	for _, sc := range m.schemas {
		if sc.name != name {
			continue
		}
		found = true
		text, err := s.nc.GetSchema(ctx, sc.name, sc.version)
		if err != nil {
			return nil, err
		}
		lists, needs, err := readModule(text)
		if err != nil {
			return nil, fmt.Errorf("data model %s: %w", name, err)
		}
		for l, user := range lists {
			all[l] = all[l] || user
		}
		out = append(out, needs...)
	}
	if !found {
		return nil, fmt.Errorf("data model %s: the device does not have it", name)
	}
	return out, nil
}

// readModule reads a module out of an answer.
func readModule(raw []byte) (yang.Lists, []string, error) {
	nodes, err := xmltree.Parse(raw)
	if err != nil {
		return nil, nil, err
	}
	return yang.Read(nodes[0].Text)
}

// list asks once which modules the device has. One that refuses to tell has none.
func (m *models) list(ctx context.Context, s *session) error {
	if m.listed {
		return nil
	}
	raw, err := s.nc.Get(ctx, `<netconf-state xmlns="`+monitoring+`"><schemas/></netconf-state>`)
	if err != nil {
		var refused *rpc.Error
		m.listed = errors.As(err, &refused)
		return err
	}
	m.listed = true
	nodes, err := xmltree.Parse(raw)
	if err != nil {
		return err
	}
	for _, n := range find(nodes, "schema") {
		if strings.HasSuffix(text(n, "format"), "yang") { // not yin: RFC 6022 has a name for each
			m.schemas = append(m.schemas, schema{text(n, "identifier"), text(n, "version"), text(n, "namespace")})
		}
	}
	return nil
}

// orderOnly tells that nothing but the order of entries differs.
func orderOnly(d provision.Diff) bool {
	for _, h := range d.Hunks {
		if !xmldiff.IsOrder(h) {
			return false
		}
	}
	return !d.Empty()
}

// nothing says what it means that a commit changed nothing.
func (c *change) nothing() error {
	if orderOnly(c.diff) && c.s.unknown() {
		return fmt.Errorf("%w: only the order of entries differs, and it keeps an order of its own: write them in the order in which it shows them", errNothing)
	}
	return errNothing
}
