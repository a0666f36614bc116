// Package snapshot is what sources of truth behind an API have in common: all
// objects are loaded once a process, in bulk, when more than a few are asked
// for, and every question is answered from that.
package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
)

// few is how many objects are asked for by themselves before all are loaded.
const few = 2

// Loader asks the API.
type Loader interface {
	// Named loads the objects of a kind that have the name, to the letter: none,
	// one or several. With context each has its config context.
	Named(ctx context.Context, kind inventory.Kind, name string, context bool) ([]inventory.Object, error)

	// All loads every object of a kind; an error if the source has more than it
	// gave.
	All(ctx context.Context, kind inventory.Kind, context bool) ([]inventory.Object, error)
}

// Snapshot answers from what a loader has loaded. It is safe for concurrent use.
type Snapshot struct {
	loader Loader
	where  string
	flight singleflight.Group

	mu    sync.Mutex
	alone map[inventory.Ref]bool               // the names that were asked for by themselves
	found map[inventory.Ref][]inventory.Object // what was found by them
	all   map[key]objects
}

// key is a kind, with or without config contexts.
type key struct {
	kind    inventory.Kind
	context bool
}

// objects are all of a kind, by name.
type objects map[string][]inventory.Object

// New makes a snapshot that is loaded when it is needed; where is what errors
// call the source.
func New(l Loader, where string) *Snapshot {
	return &Snapshot{loader: l, where: where, alone: map[inventory.Ref]bool{}, found: map[inventory.Ref][]inventory.Object{}, all: map[key]objects{}}
}

// Object returns one object, as [inventory.Source] says.
func (s *Snapshot) Object(ctx context.Context, ref inventory.Ref) (inventory.Object, error) {
	named, err := s.named(ctx, ref)
	if err != nil {
		return inventory.Object{}, err
	}
	if len(named) == 0 {
		return inventory.Object{}, s.missing(ctx, ref)
	}
	o, err := inventory.Choose(ref, named, s.where)
	return o.Clone(), err
}

// Objects returns those that match the filter, as [inventory.Source] says.
func (s *Snapshot) Objects(ctx context.Context, kind inventory.Kind, f inventory.Filter) ([]inventory.Object, error) {
	all, err := s.load(ctx, key{kind, false})
	if err != nil {
		return nil, err
	}
	found := []inventory.Object{}
	for _, named := range all {
		for _, o := range named {
			if f.Matches(o) {
				o = o.Clone()
				o.ConfigContext = nil
				found = append(found, o)
			}
		}
	}
	slices.SortFunc(found, func(a, b inventory.Object) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Site, b.Site), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

// named are the objects of the name.
func (s *Snapshot) named(ctx context.Context, ref inventory.Ref) ([]inventory.Object, error) {
	if ref.Name == "" {
		return nil, nil
	}
	if all, ok := s.loaded(key{ref.Kind, ref.Context}); ok {
		return all[ref.Name], nil
	}
	if found := s.known(ref); found != nil {
		return found, nil
	}
	if !s.byItself(ref) {
		all, err := s.load(ctx, key{ref.Kind, ref.Context})
		return all[ref.Name], err
	}
	v, err := s.once(ctx, fmt.Sprintf("%s %q %t", ref.Kind, ref.Name, ref.Context), func(ctx context.Context) (any, error) {
		found, err := s.loader.Named(ctx, ref.Kind, ref.Name, ref.Context)
		if err == nil {
			s.keep(ref, found)
		}
		return found, err
	})
	if err != nil {
		return nil, err
	}
	return v.([]inventory.Object), nil
}

// known are the objects of the name if it was asked for by itself before, with its
// context if that is wanted. A plan asks for the same object more than once.
func (s *Snapshot) known(ref inventory.Ref) []inventory.Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	ref.Site, ref.Tenant = "", ""
	if !ref.Context {
		if found, ok := s.found[ref]; ok {
			return found
		}
	}
	ref.Context = true
	return s.found[ref]
}

// keep remembers what was found by a name. What is not there may be there a moment
// later.
func (s *Snapshot) keep(ref inventory.Ref, found []inventory.Object) {
	if len(found) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ref.Site, ref.Tenant = "", ""
	s.found[ref] = found
}

// byItself tells whether the object may be asked for by itself.
func (s *Snapshot) byItself(ref inventory.Ref) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	ref.Site, ref.Tenant = "", ""
	if !s.alone[ref] && len(s.alone) >= few {
		return false
	}
	s.alone[ref] = true
	return true
}

// loaded are all objects of a kind, if they have been loaded.
func (s *Snapshot) loaded(k key) (objects, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if all, ok := s.all[key{k.kind, true}]; ok {
		return all, true
	}
	all, ok := s.all[k]
	return all, ok
}

// load loads all objects of a kind once. What failed is asked for again by the
// next caller.
func (s *Snapshot) load(ctx context.Context, k key) (objects, error) {
	if all, ok := s.loaded(k); ok {
		return all, nil
	}
	v, err := s.once(ctx, fmt.Sprintf("all %s %t", k.kind, k.context), func(ctx context.Context) (any, error) {
		if all, ok := s.loaded(k); ok {
			return all, nil
		}
		list, err := s.loader.All(ctx, k.kind, k.context)
		if err != nil {
			return nil, err
		}
		all := objects{}
		for _, o := range list {
			all[o.Name] = append(all[o.Name], o)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all[k] = all
		return all, nil
	})
	if err != nil {
		return nil, err
	}
	return v.(objects), nil
}

// once has those who ask for the same at the same time wait for one answer. A
// caller that gives up takes nothing from the others; one that had given up before
// asks for nothing.
func (s *Snapshot) once(ctx context.Context, what string, f func(context.Context) (any, error)) (any, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	answer := s.flight.DoChan(what, func() (any, error) { return f(context.WithoutCancel(ctx)) })
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case a := <-answer:
		return a.Val, a.Err
	}
}

// missing says that there is no such object, with what is near.
func (s *Snapshot) missing(ctx context.Context, ref inventory.Ref) error {
	all, err := s.load(ctx, key{ref.Kind, false})
	if err != nil {
		_, err = inventory.Choose(ref, nil, s.where) // it is not there all the same
		return err
	}
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	other := false
	if ref.Name != "" {
		others, err := s.loader.Named(ctx, ref.Kind.Other(), ref.Name, false)
		other = err == nil && len(others) > 0
	}
	return inventory.NotFound(ref, s.where, names, other)
}
