package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/netprovision/terraform-provider-provision/internal/inventory"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/inventorytest"
	"github.com/netprovision/terraform-provider-provision/internal/inventory/snapshot"
)

// api is a loader that counts what it is asked for.
type api struct {
	objects    []inventory.Object
	named, all atomic.Int32
	fail       atomic.Bool
	hold       chan struct{} // loading everything waits for it
}

func (a *api) Named(_ context.Context, kind inventory.Kind, name string, context bool) ([]inventory.Object, error) {
	a.named.Add(1)
	return a.find(context, func(o inventory.Object) bool { return o.Kind == kind && o.Name == name })
}

func (a *api) All(_ context.Context, kind inventory.Kind, context bool) ([]inventory.Object, error) {
	a.all.Add(1)
	if a.hold != nil {
		<-a.hold
	}
	return a.find(context, func(o inventory.Object) bool { return o.Kind == kind })
}

func (a *api) find(context bool, match func(inventory.Object) bool) ([]inventory.Object, error) {
	if a.fail.Load() {
		return nil, errors.New("the API is down")
	}
	var found []inventory.Object
	for i, o := range a.objects {
		if !match(o) {
			continue
		}
		o.ID, o.URL = fmt.Sprint(i), "https://api.example/"+fmt.Sprint(i)
		if !context {
			o.ConfigContext = nil
		}
		found = append(found, o)
	}
	return found, nil
}

// source makes a source of a snapshot.
type source struct{ *snapshot.Snapshot }

func (source) Config(_ context.Context, o inventory.Object, _ inventory.Intent) ([]byte, error) {
	if o.Name == "none" {
		return nil, inventory.ErrNotFound
	}
	text, ok := inventorytest.Configs()[o.Name]
	if !ok {
		return nil, nil
	}
	return []byte(text), nil
}

func suite() []inventory.Object {
	return slices.Concat(inventorytest.Devices(), inventorytest.VirtualMachines(), inventorytest.Twins())
}

func device(name string) inventory.Ref { return inventory.Ref{Kind: inventory.Device, Name: name} }

func TestSuite(t *testing.T) {
	a := &api{objects: suite()}
	inventorytest.Suite{Source: source{snapshot.New(a, "the API")}, Ambiguous: true}.Run(t)
}

// A few objects are asked for by themselves, more of them are one load.
func TestFewAloneManyAtOnce(t *testing.T) {
	a := &api{objects: suite()}
	s := snapshot.New(a, "the API")
	for range 2 {
		for _, name := range []string{"ams-edge1", "ams-core1"} {
			if _, err := s.Object(t.Context(), device(name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if a.all.Load() != 0 {
		t.Errorf("all objects were loaded for two of them")
	}
	var work sync.WaitGroup
	for range 20 {
		for _, o := range inventorytest.Devices() {
			work.Go(func() {
				if got, err := s.Object(t.Context(), device(o.Name)); err != nil || got.Name != o.Name {
					t.Errorf("%s: %+v, %v", o.Name, got, err)
				}
			})
		}
	}
	work.Wait()
	before := a.named.Load()
	if _, err := s.Object(t.Context(), device("spare")); err != nil || a.all.Load() != 1 || a.named.Load() != before {
		t.Errorf("%v; %d loads, %d more questions", err, a.all.Load(), a.named.Load()-before)
	}
}

// Config contexts are loaded when they are asked for, and serve the others too.
func TestContextIsLoadedWhenAskedFor(t *testing.T) {
	a := &api{objects: suite()}
	s := snapshot.New(a, "the API")
	if _, err := s.Objects(t.Context(), inventory.Device, inventory.Filter{}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for _, name := range []string{"ams-core1", "fra-edge1", "spare", "ams-edge1"} {
			ref := device(name)
			ref.Context = true
			o, err := s.Object(t.Context(), ref)
			if err != nil || (o.ConfigContext != nil) != (name == "ams-edge1") {
				t.Errorf("%s: %v, %v", name, o.ConfigContext, err)
			}
		}
	}
	if a.all.Load() != 2 {
		t.Errorf("%d loads, want one without and one with contexts", a.all.Load())
	}
	if o, err := s.Object(t.Context(), device("ams-edge1")); err != nil || o.Name == "" || a.all.Load() != 2 {
		t.Errorf("%+v, %v", o, err)
	}
}

// What failed is asked for again; a name that is not there is told even if the
// list of names cannot be had.
func TestFailures(t *testing.T) {
	a := &api{objects: suite()}
	s := snapshot.New(a, "the API")
	a.fail.Store(true)
	if _, err := s.Object(t.Context(), device("ams-edge1")); err == nil || !strings.Contains(err.Error(), "the API is down") {
		t.Errorf("got %v", err)
	}
	if _, err := s.Objects(t.Context(), inventory.Device, inventory.Filter{}); err == nil {
		t.Error("a list without an answer")
	}
	if _, err := s.Object(t.Context(), inventory.Ref{Kind: inventory.Device}); !errors.Is(err, inventory.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	a.fail.Store(false)
	if _, err := s.Object(t.Context(), device("ams-edge1")); err != nil {
		t.Error(err)
	}
	if got, err := s.Objects(t.Context(), inventory.Device, inventory.Filter{}); err != nil || len(got) != 6 {
		t.Errorf("%d, %v", len(got), err)
	}
}

// A caller that gives up gets away, and the others get their answer.
func TestACallerThatGivesUp(t *testing.T) {
	a := &api{objects: suite(), hold: make(chan struct{})}
	s := snapshot.New(a, "the API")
	stopped, stop := context.WithCancelCause(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	list := func(ctx context.Context, out chan error) {
		_, err := s.Objects(ctx, inventory.Device, inventory.Filter{})
		out <- err
	}
	go list(stopped, first)
	for a.all.Load() == 0 {
		if _, err := s.Object(t.Context(), device("ams-edge1")); err != nil {
			t.Fatal(err)
		}
	}
	go list(t.Context(), second)
	why := errors.New("enough")
	stop(why)
	if err := <-first; !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
	close(a.hold)
	if err := <-second; err != nil {
		t.Error(err)
	}
}

// The plan of one object asks for it more than once: one question. With its context
// it is another one, without it again none.
func TestOneIsAskedForOnce(t *testing.T) {
	a := &api{objects: suite()}
	s := snapshot.New(a, "the API")
	for _, c := range []struct {
		ref   inventory.Ref
		named int32
	}{
		{device("ams-edge1"), 1},
		{inventory.Ref{Kind: inventory.Device, Name: "ams-edge1", Site: "ams"}, 1},
		{inventory.Ref{Kind: inventory.Device, Name: "ams-edge1", Context: true}, 2},
		{device("ams-edge1"), 2},
		{inventory.Ref{Kind: inventory.Device, Name: "ams-edge1", Context: true, Tenant: "ops"}, 2},
	} {
		o, err := s.Object(t.Context(), c.ref)
		if err != nil || c.ref.Context && o.ConfigContext == nil || a.named.Load() != c.named {
			t.Errorf("%+v: %+v, %v after %d questions", c.ref, o, err, a.named.Load())
		}
	}
	if a.all.Load() != 0 {
		t.Error("all were loaded")
	}
}

// Who had given up before he asked gets no answer, and nothing is asked for.
func TestNothingIsAskedForInVain(t *testing.T) {
	a := &api{objects: suite()}
	s := snapshot.New(a, "the API")
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	for range 50 {
		if _, err := s.Object(ctx, device("ams-edge1")); !errors.Is(err, why) {
			t.Errorf("one: %v", err)
		}
		if _, err := s.Objects(ctx, inventory.Device, inventory.Filter{}); !errors.Is(err, why) {
			t.Errorf("all: %v", err)
		}
		runtime.Gosched() // to what would ask
	}
	if a.named.Load() != 0 || a.all.Load() != 0 {
		t.Errorf("%d questions and %d loads", a.named.Load(), a.all.Load())
	}
}
