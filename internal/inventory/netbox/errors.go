package netbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
)

// Error is an answer of NetBox, or of what answers in its place, that is not
// what was asked for.
type Error struct {
	URL     string // NetBox's
	Request string // "GET dcim/devices/?name=r1"
	Status  int    // HTTP
	// Detail is what the answer says, without secrets.
	Detail string
	// Reason is what that means and what to do.
	Reason string

	foreign bool // the answer is none of NetBox's
}

// Error implements error.
func (e *Error) Error() string {
	text := fmt.Sprintf("NetBox %s: %s: HTTP %d", e.URL, e.Request, e.Status)
	if e.Detail != "" {
		text += fmt.Sprintf(" (%s)", e.Detail)
	}
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// name is how errors call a request: without the part of the query that is the
// same for all.
func (r request) name() string {
	path, text, ok := strings.Cut(r.path, "?")
	query, err := url.ParseQuery(text)
	if !ok || err != nil {
		return r.method + " " + path
	}
	for _, key := range []string{"fields", "exclude", "ordering", "limit", "id"} {
		query.Del(key)
	}
	if query.Get("offset") == "0" {
		query.Del("offset")
	}
	if len(query) == 0 {
		return r.method + " " + path
	}
	shown, err := url.QueryUnescape(query.Encode())
	if err != nil {
		shown = query.Encode()
	}
	return r.method + " " + path + "?" + shown
}

// broken is the error of a request without an answer.
func (a *api) broken(ctx context.Context, r request, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("NetBox %s: %s: %w", a.base, r.name(), cause)
	}
	what := "no answer"
	var notSent *httpclient.NotSentError
	if r.method != http.MethodGet && !r.again && !errors.As(err, &notSent) {
		what = "no answer, so it is not known whether it was done"
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // the address is said already
	}
	return fmt.Errorf("NetBox %s: %s: %s: %s: is NetBox up, and url right?", a.base, r.name(), what, a.redact.String(err.Error()))
}

// unusual is the error of an answer that was read and cannot be.
func (a *api) unusual(r request, reason string) error {
	return &Error{URL: a.base, Request: a.redact.String(r.name()), Status: http.StatusOK, Reason: reason}
}

// bad is the error of an answer that is none of NetBox's.
func (a *api) bad(r request, resp *httpclient.Response, reason string) error {
	// Half a secret is not found: they are taken out before the text is cut.
	start := beginning(a.redact.String(string(resp.Body[:min(len(resp.Body), maxDetail)])), 80)
	return &Error{
		URL: a.base, Request: a.redact.String(r.name()), Status: resp.Status, foreign: true,
		Detail: fmt.Sprintf("%s, it begins with %q", a.redact.String(resp.ContentType), start), Reason: a.redact.String(reason),
	}
}

// refused is the error of a request that NetBox does not do.
func (a *api) refused(r request, resp *httpclient.Response) error {
	said, ok := a.detail(resp)
	if resp.Location != "" {
		return a.bad(r, resp, "it redirects to "+resp.Location+": set url to where NetBox is")
	}
	if !ok {
		return a.bad(r, resp, reason(r, resp.Status, ""))
	}
	return &Error{URL: a.base, Request: a.redact.String(r.name()), Status: resp.Status, Detail: said, Reason: reason(r, resp.Status, said)}
}

// notTaken is the reason when it is the token.
const notTaken = "NetBox does not take the token: is it right, enabled, not expired, and allowed from this address?"

// reason is what a status means and what to do.
func reason(r request, status int, said string) string {
	switch {
	case status == http.StatusUnauthorized:
		return notTaken
	case status == http.StatusForbidden:
		return forbidden(r, said)
	case status == http.StatusNotFound:
		return "it is not there, or the token's user lacks the permission " + r.needs + "; or url is not the address of NetBox, without /api"
	case status == http.StatusTooManyRequests:
		return "NetBox, or what is before it, has had too many requests: try again later, or with a lower -parallelism"
	case status >= 500:
		return "NetBox, or what is before it, has failed: its own log says why; try again when it is well"
	}
	return ""
}

// forbidden is what a 403 means. NetBox says it of tokens that it does not take
// too, and of those that may only read it says no more than of a missing
// permission.
func forbidden(r request, said string) string {
	switch {
	case aboutToken(said):
		return notTaken
	case r.method != http.MethodGet:
		return "this needs a token with write enabled, whose user has the permission " + r.needs
	}
	return "the token's user needs the permission " + r.needs
}

// aboutToken tells that it is the token that NetBox does not take. Both kinds of
// refusal are a 403; only the text tells.
func aboutToken(said string) bool {
	for _, words := range []string{"invalid", "token expired", "credentials", "inactive", "disabled", "not enabled", "source ip"} {
		if strings.Contains(strings.ToLower(said), words) {
			return true
		}
	}
	return false
}

// detail is what an answer that refuses says, without secrets, if it is one of
// NetBox's.
func (a *api) detail(resp *httpclient.Response) (string, bool) {
	if !strings.Contains(resp.ContentType, "json") {
		return "", false
	}
	var said struct {
		Detail, Error, Exception string
	}
	if err := json.Unmarshal(resp.Body, &said); err != nil && !json.Valid(resp.Body) {
		return "", false
	}
	text := said.Detail + said.Error
	switch {
	case text == "":
		text = string(resp.Body) // errors by the names of fields
	case said.Exception != "":
		text = said.Exception + ": " + text
	}
	text = a.redact.String(strings.TrimSpace(text)) // with its lines: it may be a traceback of a template
	if len(text) > maxDetail {
		text = strings.ToValidUTF8(text[:maxDetail], "") + "..."
	}
	return text, true
}

// maxDetail is how much is shown of what NetBox says, in bytes.
const maxDetail = 4000

// beginning is how a text begins, on one line.
func beginning(text string, limit int) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > limit {
		return string(r[:limit]) + "..."
	}
	return text
}
