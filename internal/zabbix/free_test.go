package zabbix_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/netprovision/terraform-provider-provision/internal/zabbix"
	"github.com/netprovision/terraform-provider-provision/internal/zabbix/api"
)

// register is an API with hosts of these names; it counts what it is asked for.
type register struct {
	zabbix.API
	mu     sync.Mutex
	names  []string
	failed bool // the list of all names is refused
	lists  int
	asked  int // hosts by their names
}

func (r *register) Version(context.Context) (api.Version, error) {
	return api.Version{Major: 7, Text: "7.0.9"}, nil
}

func (r *register) Read(_ context.Context, calls ...api.Call) ([]api.Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := calls[0].Params.(map[string]any)
	switch {
	case p["filter"] != nil:
		r.asked++
	case p["sortfield"] == nil:
		if r.lists++; r.failed {
			return nil, errors.New("refused")
		}
	}
	list := []map[string]string{}
	for _, n := range r.names {
		list = append(list, map[string]string{"hostid": n, "host": n, "name": "shown " + n})
	}
	result, err := json.Marshal(list)
	return []api.Answer{{Result: result}}, err
}

// add makes a host, by somebody else.
func (r *register) add(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names = append(r.names, name)
}

// readAhead asks for hosts often enough that all are read ahead.
func readAhead(t *testing.T, s *zabbix.Store) {
	t.Helper()
	for range 2 {
		if _, err := s.ByName(t.Context(), "there"); err != nil {
			t.Fatal(err)
		}
	}
}

// Names that are free cost one list, not a question each.
func TestStoreLooksForFreeNamesInOneList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &register{names: []string{"there"}}
		s := zabbix.NewStore(r, zabbix.StoreOptions{Prefetch: true})
		readAhead(t, s)
		sideBySide(500, func(i int) {
			for _, find := range []func(context.Context, string) (*zabbix.Host, error){s.ByName, s.ByVisibleName} {
				if h, err := find(t.Context(), name(i)); h != nil || err != nil {
					t.Errorf("%d: %v, %v", i, h, err)
				}
			}
		})
		if r.lists != 1 || r.asked > 1 {
			t.Errorf("%d lists, and %d questions", r.lists, r.asked)
		}
	})
}

// The first host waits a moment for the second, and no longer; both come from
// what is read ahead.
func TestStoreReadsAheadForTheFirstAsWell(t *testing.T) {
	for n, asked := range map[int]int{1: 1, 10: 0} {
		synctest.Test(t, func(t *testing.T) {
			r := &register{names: []string{"there"}}
			s := zabbix.NewStore(r, zabbix.StoreOptions{Prefetch: true})
			start := time.Now()
			sideBySide(n, func(i int) {
				<-time.After(time.Duration(i) * 10 * time.Millisecond)
				if h, err := s.ByName(t.Context(), "there"); err != nil || h == nil {
					t.Errorf("%v, %v", h, err)
				}
			})
			if r.asked != asked || time.Since(start) > 100*time.Millisecond {
				t.Errorf("%d hosts: %d questions, after %v", n, r.asked, time.Since(start))
			}
		})
	}
}

// A name that was taken since everything was read is found: at once if the list
// has it, and a moment later in any case.
func TestStoreFindsANewHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &register{names: []string{"there"}}
		s := zabbix.NewStore(r, zabbix.StoreOptions{Prefetch: true})
		readAhead(t, s)
		r.add("new")
		for range 2 {
			if h, err := s.ByName(t.Context(), "new"); err != nil || h == nil {
				t.Errorf("%v, %v", h, err)
			}
		}
		if h, err := s.ByVisibleName(t.Context(), "shown new"); err != nil || h == nil {
			t.Errorf("%v, %v", h, err)
		}
		r.add("newer")
		<-time.After(61 * time.Second)
		if h, err := s.ByName(t.Context(), "newer"); err != nil || h == nil {
			t.Errorf("%v, %v", h, err)
		}
		if r.lists != 2 {
			t.Errorf("%d lists", r.lists)
		}
	})
}

// Without a list each name is asked for.
func TestStoreAsksForNamesWithoutAList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &register{names: []string{"there"}, failed: true}
		s := zabbix.NewStore(r, zabbix.StoreOptions{Prefetch: true})
		readAhead(t, s)
		r.add("new")
		if h, err := s.ByName(t.Context(), "new"); err != nil || h == nil {
			t.Errorf("%v, %v", h, err)
		}
		if h, err := s.ByName(t.Context(), "none"); err != nil || h != nil {
			t.Errorf("%v, %v", h, err)
		}
	})
}
