package webapi

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

// Error is an answer of the server, or of what answers in its place, that is not
// what was asked for.
type Error struct {
	Where   string // the server, "NetBox https://netbox.example.net"
	Request string // "GET dcim/devices/?name=r1"
	Status  int    // HTTP
	// Detail is what the answer says, without secrets.
	Detail string
	// Reason is what that means and what to do.
	Reason string

	Foreign bool // the answer is not one of the product's
	Token   bool // the token was not taken
}

// Error implements error.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %s: HTTP %d", e.Where, e.Request, e.Status)
	if e.Detail != "" {
		text += fmt.Sprintf(" (%s)", e.Detail)
	}
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// AsError is the error as an answer; nil if it is none.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// How much is shown of what a server says.
const (
	maxDetail = 4000 // bytes, of what keeps its lines
	maxLine   = 2000 // signs, of what is put on one line
	maxStart  = 80   // signs, of what is not the product's
)

// label is how errors call a request.
func (c *Client) label(r Request) string {
	if c.product.Label != nil {
		return c.redact.String(c.product.Label(r))
	}
	return c.redact.String(r.Method + " " + r.Path)
}

// whichURL asks whether the address is right.
func (c *Client) whichURL() string {
	return "is url the address of " + c.product.Name + ", without /api?"
}

// broken is the error of a request without an answer.
func (c *Client) broken(ctx context.Context, r Request, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("%s: %s: %w", c.Where(), c.label(r), cause)
	}
	what := "no answer"
	var notSent *httpclient.NotSentError
	if r.changes() && !errors.As(err, &notSent) {
		what = "no answer, so it is not known whether it was done"
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // the address is said already
	}
	return fmt.Errorf("%s: %s: %s: %s: is %s up, and url right?", c.Where(), c.label(r), what, c.redact.String(err.Error()), c.product.Name)
}

// Unusual is the error of an answer that was read and cannot be; what it says
// may be empty.
func (c *Client) Unusual(r Request, said, reason string) error {
	return &Error{Where: c.Where(), Request: c.label(r), Status: http.StatusOK, Detail: c.redact.String(said), Reason: reason}
}

// NoList is the error of an answer that is none of a list.
func (c *Client) NoList(r Request) error {
	return c.Unusual(r, "", "the answer is no list of "+c.product.Name+"'s: "+c.whichURL())
}

// Foreign is the error of an answer that is not one of the product's.
func (c *Client) Foreign(r Request, resp *httpclient.Response, reason string) error {
	// Half a secret is not found: they are taken out before the text is cut.
	start := OneLine(c.redact.String(string(resp.Body[:min(len(resp.Body), maxDetail)])), maxStart)
	return &Error{
		Where: c.Where(), Request: c.label(r), Status: resp.Status, Foreign: true,
		Detail: fmt.Sprintf("%s, it begins with %q", c.redact.String(resp.ContentType), start), Reason: c.redact.String(reason),
	}
}

// refused is the error of a request that the server does not do.
func (c *Client) refused(r Request, resp *httpclient.Response) error {
	if resp.Location != "" {
		return c.Foreign(r, resp, "it redirects to "+resp.Location+": set url to where "+c.product.Name+" is")
	}
	said, ok := c.said(resp)
	token := c.aboutToken(resp.Status, said)
	reason := c.reason(r, resp.Status, token)
	if !ok {
		err := c.Foreign(r, resp, reason)
		AsError(err).Token = token
		return err
	}
	return &Error{Where: c.Where(), Request: c.label(r), Status: resp.Status, Detail: said, Reason: reason, Token: token}
}

// aboutToken tells that it is the token that is not taken. That is a 403 like a
// lack of permission; only the text tells.
func (c *Client) aboutToken(status int, said string) bool {
	said = strings.ToLower(said)
	return status == http.StatusUnauthorized ||
		status == http.StatusForbidden && slices.ContainsFunc(c.product.TokenWords, func(w string) bool { return strings.Contains(said, w) })
}

// reason is what a status means and what to do.
func (c *Client) reason(r Request, status int, token bool) string {
	if c.product.Advice != nil {
		if advice := c.product.Advice(r, status); advice != "" {
			return advice
		}
	}
	name := c.product.Name
	switch {
	case token:
		return name + " does not take the token: " + c.product.TokenAdvice
	case status == http.StatusForbidden:
		return c.forbidden(r)
	case status == http.StatusNotFound && r.Needs == "":
		return c.whichURL()
	case status == http.StatusNotFound:
		return "it is not there, or the token's user lacks the permission " + r.Needs + "; or url is not the address of " + name + ", without /api"
	case status == http.StatusTooManyRequests:
		return name + ", or what is before it, has had too many requests: try again later, or with a lower -parallelism"
	case status >= http.StatusInternalServerError:
		return name + ", or what is before it, has failed: its own log says why; try again when it is well"
	}
	return ""
}

// forbidden is what a token that is taken needs. Of one that may only read the
// server says no more than of a missing permission.
func (c *Client) forbidden(r Request) string {
	switch {
	case r.Needs == "":
		return "does something between here and " + c.product.Name + " refuse it?"
	case r.WriteToken || r.changes():
		return "this needs a token with write enabled, whose user has the permission " + r.Needs
	}
	return "the token's user needs the permission " + r.Needs
}

// said is what an answer that refuses says, without secrets, if it is one of the
// product's.
func (c *Client) said(resp *httpclient.Response) (string, bool) {
	if !strings.Contains(resp.ContentType, "json") {
		return "", false
	}
	var said struct {
		Detail, Error, Exception string
		Errors                   []struct{ Message string } // of GraphQL
	}
	if err := json.Unmarshal(resp.Body, &said); err != nil && !json.Valid(resp.Body) {
		return "", false
	}
	text := said.Detail + said.Error
	switch {
	case len(said.Errors) > 0 && said.Errors[0].Message != "":
		text = said.Errors[0].Message
	case text == "":
		text = string(resp.Body) // errors by the names of fields
	case said.Exception != "":
		text = said.Exception + ": " + text
	}
	text = c.redact.String(strings.TrimSpace(text))
	if !c.product.Lines {
		return OneLine(text, maxLine), true
	}
	if len(text) > maxDetail {
		text = strings.ToValidUTF8(text[:maxDetail], "") + "..."
	}
	return text, true
}

// OneLine is how a text begins, on one line: at most so many signs of it.
func OneLine(text string, limit int) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > limit {
		return string(r[:limit]) + "..."
	}
	return text
}
