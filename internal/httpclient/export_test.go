package httpclient

import (
	"context"
	"net"
	"net/http"
)

// Dial has a client get its connections for reading from f.
func (c *Client) Dial(f func() net.Conn) {
	t := c.again.HTTPClient.Transport.(*http.Transport)
	t.Proxy = nil
	t.DialContext = func(context.Context, string, string) (net.Conn, error) { return f(), nil }
}
