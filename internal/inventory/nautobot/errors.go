package nautobot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
)

// Error is an answer of Nautobot, or of what answers in its place, that is not
// what was asked for.
type Error struct {
	URL     string // Nautobot's
	Request string // "GET dcim/devices/?name=r1"
	Status  int    // HTTP
	// Detail is what the answer says, without secrets.
	Detail string
	// Reason is what that means and what to do.
	Reason string
}

// Error implements error.
func (e *Error) Error() string {
	text := fmt.Sprintf("Nautobot %s: %s: HTTP %d", e.URL, e.Request, e.Status)
	if e.Detail != "" {
		text += fmt.Sprintf(" (%s)", e.Detail)
	}
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// name is how errors call a request.
func (r request) name() string { return r.method + " " + r.path }

// broken is the error of a request without an answer.
func (a *api) broken(ctx context.Context, r request, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("%s: %s: %w", a.where(), r.name(), cause)
	}
	what := "no answer"
	var notSent *httpclient.NotSentError
	if r.method != http.MethodGet && !r.reads && !errors.As(err, &notSent) {
		what = "no answer, so it is not known whether it was done"
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // the address is said already
	}
	return fmt.Errorf("%s: %s: %s: %s: is Nautobot up, and url right?", a.where(), r.name(), what, a.redact.String(err.Error()))
}

// unusual is the error of an answer that was read and cannot be.
func (a *api) unusual(r request, detail, reason string) error {
	return &Error{URL: a.base, Request: a.redact.String(r.name()), Status: http.StatusOK, Detail: a.redact.String(detail), Reason: reason}
}

// bad is the error of an answer that is none of Nautobot's.
func (a *api) bad(r request, resp *httpclient.Response, reason string) error {
	return &Error{
		URL: a.base, Request: a.redact.String(r.name()), Status: resp.Status,
		Detail: a.redact.String(fmt.Sprintf("%s, it begins with %q", resp.ContentType, beginning(string(resp.Body), 80))), Reason: a.redact.String(reason),
	}
}

// refused is the error of a request that Nautobot does not do.
func (a *api) refused(r request, resp *httpclient.Response) error {
	if resp.Location != "" {
		return a.bad(r, resp, "it redirects to "+resp.Location+": set url to where Nautobot is")
	}
	said, ok := detail(resp)
	if !ok {
		return a.bad(r, resp, reason(r, resp.Status, ""))
	}
	said = a.redact.String(said)
	return &Error{URL: a.base, Request: a.redact.String(r.name()), Status: resp.Status, Detail: said, Reason: reason(r, resp.Status, said)}
}

// reason is what a status means and what to do.
func reason(r request, status int, said string) string {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return forbidden(r, status, strings.ToLower(said))
	case status == http.StatusNotFound && strings.HasPrefix(r.path, goldenConfig):
		return "is the app Golden Config installed there, and url the address of Nautobot, without /api?"
	case status == http.StatusNotFound && r.needs == "":
		return "is url the address of Nautobot, without /api?"
	case status == http.StatusNotFound:
		return "it is not there, or the token's user lacks the permission " + r.needs + "; or url is not the address of Nautobot, without /api"
	case status == http.StatusTooManyRequests:
		return "Nautobot, or what is before it, has had too many requests: try again later, or with a lower -parallelism"
	case status >= 500:
		return "Nautobot, or what is before it, has failed: its own log says why; try again when it is well"
	}
	return ""
}

// forbidden is what a refusal means. A token that is not taken is a 403 like a
// lack of permission; only the text tells.
func forbidden(r request, status int, said string) string {
	refused := func(word string) bool { return strings.Contains(said, word) }
	switch {
	case status == http.StatusUnauthorized, slices.ContainsFunc([]string{"token", "credentials", "inactive"}, refused):
		return "Nautobot does not take the token: is it right, not expired, and its user active?"
	case r.needs == "":
		return "does something between here and Nautobot refuse it?"
	case r.method != http.MethodGet && !r.reads:
		return "this needs a token with write enabled, whose user has the permission " + r.needs
	}
	return "the token's user needs the permission " + r.needs
}

// detail is what an answer that refuses says, if it is one of Nautobot's.
func detail(resp *httpclient.Response) (string, bool) {
	if !strings.Contains(resp.ContentType, "json") {
		return "", false
	}
	var said struct {
		Detail, Error, Exception string
		Errors                   []struct{ Message string } // of GraphQL
	}
	if err := json.Unmarshal(resp.Body, &said); err != nil {
		return beginning(string(resp.Body), 500), json.Valid(resp.Body) // errors by the names of fields
	}
	text := said.Detail + said.Error
	if said.Exception != "" {
		text = said.Exception + ": " + text
	}
	if len(said.Errors) > 0 {
		text = said.Errors[0].Message
	}
	if text == "" {
		text = string(resp.Body)
	}
	return beginning(text, 2000), true
}

// beginning is how a text begins, on one line.
func beginning(text string, limit int) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > limit {
		return string(r[:limit]) + "..."
	}
	return text
}

// asError is the error as an answer of Nautobot; nil if it is none.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}
