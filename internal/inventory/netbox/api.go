package netbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// api makes requests to NetBox.
type api struct {
	base, token     string
	http, rendering *httpclient.Client
	redact          *secret.Redactor
	warn            func(string)

	mu      sync.Mutex // held while the version is looked at
	version *version
}

// request is one request. Path is below /api and may have a query.
type request struct {
	method, path string
	body         any // sent as JSON, unless nil
	// needs is the permission without which NetBox refuses it.
	needs string
	// again: a POST that only reads.
	again bool
}

// call makes a request and reads the answer into a value. Errors are *Error
// when NetBox answered.
func (a *api) call(ctx context.Context, r request, into any) error {
	resp, err := a.send(ctx, r)
	if err != nil {
		return a.broken(ctx, r, err)
	}
	if resp.Status != http.StatusOK && resp.Status != http.StatusCreated {
		return a.refused(r, resp)
	}
	if !strings.Contains(resp.ContentType, "json") {
		return a.bad(r, resp, "the answer is not JSON: is url the address of NetBox, without /api?")
	}
	if err := a.look(ctx, resp); err != nil {
		return err
	}
	if into == nil {
		return nil
	}
	if err := decode(resp.Body, into); err != nil {
		return a.bad(r, resp, "the answer is not the JSON that NetBox sends, or was cut short ("+err.Error()+"): does something between here and NetBox change or cut answers?")
	}
	return nil
}

// send sends a request by its method.
func (a *api) send(ctx context.Context, r request) (*httpclient.Response, error) {
	header := http.Header{
		"Accept": {"application/json"}, "Accept-Language": {"en"}, // what is said is looked at
		"Authorization": {"Token " + a.token},
	}
	if strings.HasPrefix(a.token, "nbt_") {
		header.Set("Authorization", "Bearer "+a.token)
	}
	address := a.base + "/api/" + r.path
	if r.method == http.MethodGet {
		return a.http.Get(ctx, address, header)
	}
	header.Set("Content-Type", "application/json")
	body, err := json.Marshal(r.body)
	if err != nil {
		return nil, err
	}
	if r.method == http.MethodPatch {
		return a.http.Patch(ctx, address, header, body)
	}
	client := a.http
	if r.again {
		client = a.rendering
	}
	return client.Post(ctx, address, header, body, r.again)
}

// decode reads JSON; whole numbers keep all their digits.
func decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	if d.More() {
		return errors.New("there is more after its end")
	}
	return nil
}

// look checks the version that an answer tells, once.
func (a *api) look(ctx context.Context, resp *httpclient.Response) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.version != nil {
		return nil
	}
	text := resp.Header.Get("API-Version")
	if text == "" { // something on the way took it out
		var err error
		if text, err = a.status(ctx); err != nil {
			return err
		}
	}
	v, err := parseVersion(text)
	if err != nil {
		return fmt.Errorf("NetBox %s: %w", a.base, err)
	}
	a.version = &v
	if v.unknown() && a.warn != nil {
		a.warn(fmt.Sprintf("NetBox %s has version %s, which is newer than those that are known (up to %d.%d). It is spoken to like the newest of them.",
			a.base, text, newestMajor, newestMinor))
	}
	return nil
}

// status asks for the version.
func (a *api) status(ctx context.Context) (string, error) {
	r := request{method: http.MethodGet, path: "status/"}
	resp, err := a.send(ctx, r)
	if err != nil {
		return "", a.broken(ctx, r, err)
	}
	var status struct {
		Version string `json:"netbox-version"`
	}
	if resp.Status != http.StatusOK || decode(resp.Body, &status) != nil {
		return "", a.bad(r, resp, "nothing tells the version of NetBox: is url the address of NetBox, without /api?")
	}
	return status.Version, nil
}

// known is the version, once anything was answered.
func (a *api) known() version {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.version == nil {
		return version{newestMajor, newestMinor}
	}
	return *a.version
}

// pageSize is how many objects are asked for at once, the most that NetBox gives
// unless it is configured otherwise.
const pageSize = 1000

// attempts is how often a list is read from its beginning when it changes while
// it is read.
const attempts = 3

// list is all of a list, from as many pages as NetBox makes of it.
func list[T identified](ctx context.Context, a *api, path string, query url.Values, needs string) ([]T, error) {
	query.Set("limit", fmt.Sprint(pageSize))
	query.Set("ordering", "id")
	for range attempts {
		all, err := pages[T](ctx, a, path, query, needs)
		if !errors.Is(err, errChanged) {
			return all, err
		}
	}
	return nil, fmt.Errorf("NetBox %s: %s: %w %d times; try again when less is changed", a.base, path, errChanged, attempts)
}

// errChanged tells that a list was not the same from its first page to its last.
var errChanged = errors.New("the list changed while it was read")

// identified is something with an id.
type identified interface{ id() int }

// page is one page of a list.
type page[T any] struct {
	Count   *int `json:"count"`
	Results *[]T `json:"results"`
}

// readPage reads one page.
func readPage[T any](ctx context.Context, a *api, r request) (count int, results []T, err error) {
	var p page[T]
	if err := a.call(ctx, r, &p); err != nil {
		return 0, nil, err
	}
	if p.Count == nil || p.Results == nil {
		return 0, nil, a.unusual(r, "the answer is no list of NetBox's: is url the address of NetBox, without /api?")
	}
	return *p.Count, *p.Results, nil
}

// pages reads a list once. Where the next page begins is counted by what came:
// NetBox may give less than it was asked for. It begins with the last one of the
// page before: if that is another one now, something was deleted meanwhile, and
// one object would be missing though the count may be right.
func pages[T identified](ctx context.Context, a *api, path string, query url.Values, needs string) ([]T, error) {
	var all []T
	seen := map[int]bool{}
	total := -1
	for {
		query.Set("offset", fmt.Sprint(max(0, len(all)-1)))
		r := request{method: http.MethodGet, path: path + "?" + query.Encode(), needs: needs}
		count, results, err := readPage[T](ctx, a, r)
		if err != nil {
			return nil, err
		}
		if total >= 0 && count != total {
			return nil, errChanged
		}
		total = count
		if len(all) > 0 {
			if len(results) == 0 || results[0].id() != all[len(all)-1].id() {
				return nil, errChanged
			}
			results = results[1:]
		}
		if !fresh(seen, results) {
			return nil, errChanged
		}
		all = append(all, results...)
		switch {
		case len(all) == total:
			return all, nil
		case len(results) == 0 || len(all) > total:
			return nil, a.unusual(r, fmt.Sprintf("NetBox counts %d objects and gave %d: nothing of it is used", total, len(all)))
		}
	}
}

// fresh notes the objects as seen, and tells whether none of them was before.
func fresh[T identified](seen map[int]bool, objects []T) bool {
	for _, one := range objects {
		if seen[one.id()] {
			return false
		}
		seen[one.id()] = true
	}
	return true
}
