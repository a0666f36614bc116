package netbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/inventory/webapi"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// product is what is particular to NetBox.
func product() webapi.Product {
	return webapi.Product{
		Name: "NetBox", Oldest: oldest(), Newest: newest(),
		TokenAdvice: "is it right, enabled, not expired, and allowed from this address?",
		TokenWords:  []string{"invalid", "token expired", "credentials", "inactive", "disabled", "not enabled", "source ip"},
		Label:       label, Lines: true,
		// What cannot be rendered is a 500, at the next attempt as well.
		FinalReads: []int{http.StatusInternalServerError},
	}
}

// label is how errors call a request: without the part of the query that is the
// same for all.
func label(r webapi.Request) string {
	path, text, ok := strings.Cut(r.Path, "?")
	query, err := url.ParseQuery(text)
	if !ok || err != nil {
		return r.Method + " " + path
	}
	for _, key := range []string{"fields", "exclude", "ordering", "limit", "id"} {
		query.Del(key)
	}
	if query.Get("offset") == "0" {
		query.Del("offset")
	}
	if len(query) == 0 {
		return r.Method + " " + path
	}
	shown, err := url.QueryUnescape(query.Encode())
	if err != nil {
		shown = query.Encode()
	}
	return r.Method + " " + path + "?" + shown
}

// api makes requests to NetBox.
type api struct{ *webapi.Client }

// newAPI makes one; it connects to nothing.
func newAPI(cfg Config) (*api, error) {
	// Of a v2 token the part after the dot is the secret.
	_, word, _ := strings.Cut(cfg.Token, ".")
	scheme := "Token "
	if strings.HasPrefix(cfg.Token, "nbt_") {
		scheme = "Bearer "
	}
	client, err := webapi.New(product(), webapi.Config{
		URL: cfg.URL, HTTP: cfg.HTTP, Warn: cfg.Warn,
		// The language, because what is said is looked at.
		Header: http.Header{"Authorization": {scheme + cfg.Token}, "Accept-Language": {"en"}},
		Redact: (&secret.Redactor{}).WithWords(cfg.Token, word),
	})
	return &api{client}, err
}

// call makes a request and reads the answer into a value. The first answer tells
// the version, which is looked at.
func (a *api) call(ctx context.Context, r webapi.Request, into any) error {
	resp, err := a.Exchange(ctx, r)
	if err != nil {
		return err
	}
	if _, err := a.Version(ctx, a.status); err != nil {
		return err
	}
	return a.Read(r, resp, into)
}

// status asks for the version, when no answer tells it.
func (a *api) status(ctx context.Context) (string, error) {
	r := webapi.Request{Method: http.MethodGet, Path: "status/"}
	resp, err := a.Exchange(ctx, r)
	if err != nil {
		return "", err
	}
	var status struct {
		Version string `json:"netbox-version"`
	}
	if webapi.Decode(resp.Body, &status) != nil {
		return "", a.Foreign(r, resp, "nothing tells the version of NetBox: is url the address of NetBox, without /api?")
	}
	return status.Version, nil
}

// pageSize is how many objects are asked for at once, the most that NetBox gives
// unless it is configured otherwise.
const pageSize = 1000

// identified is something with an id.
type identified interface{ id() int }

// list is all of a list, from as many pages as NetBox makes of it.
func list[T identified](ctx context.Context, a *api, path string, query url.Values, needs string) ([]T, error) {
	query.Set("limit", fmt.Sprint(pageSize))
	query.Set("ordering", "id")
	all, err := webapi.Steady(func() ([]T, error) { return pages[T](ctx, a, path, query, needs) })
	if errors.Is(err, webapi.ErrChanged) {
		return nil, fmt.Errorf("%s: %s: %w; try again when less is changed", a.Where(), path, err)
	}
	return all, err
}

// page is one page of a list.
type page[T any] struct {
	Count   *int `json:"count"`
	Results *[]T `json:"results"`
}

// readPage reads one page.
func readPage[T any](ctx context.Context, a *api, r webapi.Request) (count int, results []T, err error) {
	var p page[T]
	if err := a.call(ctx, r, &p); err != nil {
		return 0, nil, err
	}
	if p.Count == nil || p.Results == nil {
		return 0, nil, a.NoList(r)
	}
	return *p.Count, *p.Results, nil
}

// pages reads a list once. Where the next page begins is counted by what came:
// NetBox may give less than it was asked for. It begins with the last one of the
// page before: if that is another one now, something was deleted meanwhile, and
// one object would be missing though the count may be right.
func pages[T identified](ctx context.Context, a *api, path string, query url.Values, needs string) ([]T, error) {
	var all []T
	seen := webapi.Seen[int]{}
	total := -1
	for {
		query.Set("offset", fmt.Sprint(max(0, len(all)-1)))
		r := webapi.Request{Method: http.MethodGet, Path: path + "?" + query.Encode(), Needs: needs}
		count, results, err := readPage[T](ctx, a, r)
		if err != nil {
			return nil, err
		}
		if total >= 0 && count != total {
			return nil, webapi.ErrChanged
		}
		total = count
		if len(all) > 0 {
			if len(results) == 0 || results[0].id() != all[len(all)-1].id() {
				return nil, webapi.ErrChanged
			}
			results = results[1:]
		}
		for _, one := range results {
			if !seen.New(one.id()) {
				return nil, webapi.ErrChanged
			}
		}
		all = append(all, results...)
		switch {
		case len(all) == total:
			return all, nil
		case len(results) == 0 || len(all) > total:
			return nil, a.Unusual(r, "", fmt.Sprintf("NetBox counts %d objects and gave %d: nothing of it is used", total, len(all)))
		}
	}
}
