package httpclient

import (
	"context"
	"net"
	"net/http"

	"github.com/hashicorp/go-retryablehttp"
)

// Dial has a client get its connections from f.
func (c *Client) Dial(f func() (net.Conn, error)) {
	dial(c.again, f)
	dial(c.once, f)
}

func dial(c *retryablehttp.Client, f func() (net.Conn, error)) {
	t := c.HTTPClient.Transport.(*http.Transport)
	t.Proxy = nil
	t.DialContext = func(context.Context, string, string) (net.Conn, error) { return f() }
}
