package webapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/netprovision/terraform-provider-provision/internal/httpclient"
)

// Request is one request.
type Request struct {
	Method string
	Path   string // below /api; it may have a query
	Body   any    // of other methods than GET, sent as JSON

	// Needs is the permission without which the server refuses it.
	Needs string
	// Reads: a POST that changes nothing. Like a GET it may be sent again.
	Reads bool
	// WriteToken: although it changes nothing, a token that may only read is
	// refused.
	WriteToken bool
}

// changes tells that what the request does is not to be done twice.
func (r Request) changes() bool { return r.Method != http.MethodGet && !r.Reads }

// Get asks for something and reads the answer into a value. Errors are as those
// of Call.
func (c *Client) Get(ctx context.Context, path, needs string, into any) error {
	return c.Call(ctx, Request{Method: http.MethodGet, Path: path, Needs: needs}, into)
}

// Call makes a request and reads the answer into a value, unless that is nil.
// Errors are *Error if there was an answer.
func (c *Client) Call(ctx context.Context, r Request, into any) error {
	resp, err := c.Exchange(ctx, r)
	if err != nil {
		return err
	}
	return c.Read(r, resp, into)
}

// Exchange makes a request and returns the answer if it is one of JSON that does
// what was asked for. Errors are as those of Call.
func (c *Client) Exchange(ctx context.Context, r Request) (*httpclient.Response, error) {
	resp, err := c.send(ctx, r)
	if err != nil {
		return nil, c.broken(ctx, r, err)
	}
	if text := resp.Header.Get(versionHeader); text != "" {
		c.heard.Store(text)
	}
	switch {
	case resp.Status != http.StatusOK && resp.Status != http.StatusCreated:
		return nil, c.refused(r, resp)
	case !strings.Contains(resp.ContentType, "json"):
		return nil, c.Foreign(r, resp, "the answer is not JSON: "+c.whichURL())
	}
	return resp, nil
}

// Read reads the answer to a request into a value, unless that is nil. Whole
// numbers keep all their digits: they are json.Number.
func (c *Client) Read(r Request, resp *httpclient.Response, into any) error {
	if into == nil {
		return nil
	}
	if err := Decode(resp.Body, into); err != nil {
		name := c.product.Name
		return c.Foreign(r, resp, "the answer is not the JSON that "+name+" sends, or was cut short ("+err.Error()+
			"): does something between here and "+name+" change or cut answers?")
	}
	return nil
}

// send sends a request by its method.
func (c *Client) send(ctx context.Context, r Request) (*httpclient.Response, error) {
	header := c.header.Clone()
	header.Set("Accept", "application/json")
	address := c.Base + "/api/" + r.Path
	if r.Method == http.MethodGet {
		return c.plain.Get(ctx, address, header)
	}
	header.Set("Content-Type", "application/json")
	body, err := json.Marshal(r.Body)
	if err != nil {
		return nil, err
	}
	if r.Method == http.MethodPatch {
		return c.plain.Patch(ctx, address, header, body)
	}
	client := c.plain
	if r.Reads {
		client = c.reader
	}
	return client.Post(ctx, address, header, body, r.Reads)
}

// Decode reads JSON that is one value; whole numbers keep all their digits.
func Decode(text []byte, into any) error {
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
