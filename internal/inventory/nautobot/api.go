package nautobot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
	"github.com/netprovision/terraform-provider-provision/internal/secret"
)

// api makes requests to Nautobot.
type api struct {
	base, token string
	http        *httpclient.Client
	redact      *secret.Redactor
	warn        func(string)

	mu    sync.Mutex // held while the version is asked for
	known *version
}

// request is one request. Path is below /api and may have a query.
type request struct {
	method, path string
	body         any // sent as JSON, unless nil
	// needs is the permission without which Nautobot refuses it.
	needs string
	// reads: a POST that changes nothing.
	reads bool
}

// notJSON is what to do about an answer that is none.
const notJSON = "the answer is not JSON: is url the address of Nautobot, without /api?"

// where is what errors call this Nautobot.
func (a *api) where() string { return "Nautobot " + a.base }

// get asks for something.
func (a *api) get(ctx context.Context, path, needs string, into any) error {
	return a.call(ctx, request{method: http.MethodGet, path: path, needs: needs}, into)
}

// call makes a request and reads the answer into a value. Errors are *Error
// when there was an answer.
func (a *api) call(ctx context.Context, r request, into any) error {
	resp, err := a.send(ctx, r)
	if err != nil {
		return a.broken(ctx, r, err)
	}
	if resp.Status != http.StatusOK && resp.Status != http.StatusCreated {
		return a.refused(r, resp)
	}
	if !strings.Contains(resp.ContentType, "json") {
		return a.bad(r, resp, notJSON)
	}
	if into == nil {
		return nil
	}
	if err := decode(resp.Body, into); err != nil {
		return a.bad(r, resp, "the answer is not the JSON that Nautobot sends, or was cut short ("+err.Error()+"): does something between here and Nautobot change or cut answers?")
	}
	return nil
}

// send sends a request by its method.
func (a *api) send(ctx context.Context, r request) (*httpclient.Response, error) {
	// The version of the API stays that of the server: only fields that all have are used.
	header := http.Header{"Accept": {"application/json"}, "Authorization": {"Token " + a.token}}
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
	return a.http.Post(ctx, address, header, body, r.reads)
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

// graphql asks a question in GraphQL. What is asked for, and the permission that
// is needed, is for errors.
func (a *api) graphql(ctx context.Context, what, query string, variables map[string]any, into any) error {
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	r := request{
		method: http.MethodPost, path: "graphql/", reads: true,
		body: map[string]any{"query": query, "variables": variables},
	}
	err := a.call(ctx, r, &answer)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if len(answer.Errors) > 0 {
		return fmt.Errorf("%s: %w", what, a.unusual(r, answer.Errors[0].Message, "this Nautobot does not know the question: which version is it?"))
	}
	if err := decode(answer.Data, into); err != nil || string(answer.Data) == "null" {
		return fmt.Errorf("%s: %w", what, a.unusual(r, "", "the answer holds no data of GraphQL: is url the address of Nautobot, without /api?"))
	}
	return nil
}

// version asks for the version, once.
func (a *api) version(ctx context.Context) (version, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known != nil {
		return *a.known, nil
	}
	text, err := a.told(ctx)
	if err != nil {
		return version{}, err
	}
	v, err := parseVersion(text)
	if err != nil {
		return v, fmt.Errorf("%s: %w", a.where(), err)
	}
	a.known = &v
	if v.unknown() && a.warn != nil {
		a.warn(fmt.Sprintf("%s has version %s, which is newer than those that are known (up to %d.%d). It is spoken to like the newest of them.",
			a.where(), text, newestMajor, newestMinor))
	}
	return v, nil
}

// told is the version as each answer of the API has it in a header. The page of
// the status has it too, and takes a second: it looks for workers. It is asked
// when something on the way took the header out.
func (a *api) told(ctx context.Context) (string, error) {
	r := request{method: http.MethodPost, path: "graphql/", reads: true, body: map[string]any{"query": "{__typename}"}}
	resp, err := a.send(ctx, r)
	if err != nil {
		return "", a.broken(ctx, r, err)
	}
	if resp.Status != http.StatusOK {
		return "", a.refused(r, resp)
	}
	if !strings.Contains(resp.ContentType, "json") {
		return "", a.bad(r, resp, notJSON)
	}
	if text := resp.Header.Get("API-Version"); text != "" {
		return text, nil
	}
	var status struct {
		Version string `json:"nautobot-version"`
	}
	if err := a.get(ctx, "status/", "to log in", &status); err != nil {
		return "", err
	}
	if status.Version == "" {
		return "", a.unusual(request{method: http.MethodGet, path: "status/"}, "", "nothing tells the version of Nautobot: is url the address of Nautobot, without /api?")
	}
	return status.Version, nil
}
